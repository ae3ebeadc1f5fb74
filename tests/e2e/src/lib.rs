//! What the end-to-end tests share: a host's process, and a chat platform that looks at requests as the real one does.
//! The real servers (Dovecot, Postfix, PostgreSQL, Chromium) are in the crate `posthouse-servers`.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::disallowed_methods)]

pub mod answering;
pub mod chat;
pub mod desk;
pub mod door;
pub mod example;
pub mod house;
pub mod lock;
pub mod model;
pub mod set_up;
pub mod smtp;
pub mod telegram;
pub mod torture;
