//! placeholder
use crate::net::{Auth, ProbeReport, Security};
use crate::{BatchLimit, Fetched, Wake};
use posthouse_model::Timestamp;
use std::time::Duration;
