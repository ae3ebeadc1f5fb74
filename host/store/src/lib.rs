//! Everything Posthouse remembers: SQLite by default, PostgreSQL when there is more than one process,
//! both through one set of queries.
//!
//! [`Store`] is the host's side: tenants, the job queue, components, health, backup. Everything that belongs
//! to a client is behind [`Store::tenant`]: a [`Scope`] reads, [`Scope::begin`] gives a [`Tx`] that
//! writes. No other function takes a tenant's id, so a query without a tenant cannot be written outside.
//!
//! What never happens here:
//! - An act is never half done: each operation is one transaction, with its events in the audit chain and the
//!   jobs it asks for.
//! - A mail is never stored twice, and never lost because something about it was odd.
//! - Mail is never submitted without its lease being on disk first, and never again when nobody knows how
//!   far the last try came.
//! - No query text is made from anything but constants; values are always bound.

mod account;
mod actions;
mod agents;
mod approve;
mod articles;
mod audit;
mod autonomy;
mod bulk;
mod caps;
mod chain;
mod claim;
mod components;
mod counts;
mod crew;
mod decisions;
mod devices;
mod digest;
mod dispatch;
mod drafts;
mod engine;
mod error;
mod events;
mod export;
mod factor;
mod files;
mod filter;
mod gaps;
mod import;
mod incidents;
mod intake;
mod jobs;
mod keep;
mod labels;
mod lane;
mod ledger;
mod list;
mod mailboxes;
mod merge;
mod messages;
mod meta;
mod misfits;
mod model_exchanges;
mod models;
mod notes;
mod notifications;
mod oidc;
mod outbox;
mod pace;
mod people;
mod pictures;
mod plugin_log;
mod plugins;
mod proof;
mod releases;
mod scheduled;
mod schema;
mod scope;
mod search;
mod secrets;
mod set_up;
mod sight;
mod sign_in;
mod spam;
mod sql;
mod store;
mod tables;
mod take_up;
mod template_blocks;
mod template_trial;
mod template_use;
mod templates;
mod tenants;
mod thread;
mod tickets;
mod tokens;
mod translations;
mod triage;
mod trials;
mod turns;
mod typed;
mod uploads;
pub mod vault;
mod views;
mod visit;
mod wake;
mod webhooks;

pub use account::USED_EVERY;
pub use agents::{AgentRow, NewAgent, SessionRow, SignedInFrom, USER_AGENT_CHARS_MAX, hash_token};
pub use approve::Approval;
pub use articles::{
    ARTICLE_BYTES_MAX, ARTICLE_VERSIONS_MAX, ARTICLES_MAX, Article, ArticleRow, ArticleSaved, ArticleStamp,
    ArticleVersion,
};
pub use audit::{AuditPage, AuditQuery, FOUND_MAX, LOOKED_AT_MAX};
pub use autonomy::{AutonomyDraft, AutonomyRow, AutonomyStep, NewAutonomyDraft, Noted, Stopped};
pub use bulk::{BULK_MAX, BULK_UNDO, BulkAct, BulkLeft, BulkReport, MacroActs, MacroHands, Picked};
pub use claim::{ClaimRequest, ClaimedJob, DEATHS_MAX};
pub use components::ComponentRow;
pub use counts::Counts;
pub use crew::Candidate;
pub use decisions::RecordedQuery;
pub use devices::{DEVICE_LASTS, DEVICES_MAX, DeviceRow};
pub use digest::{DigestNumbers, LedgerRow, Progress};
pub use dispatch::{OutboxLease, OutboxMail};
pub use drafts::{DraftEdit, DraftRow};
pub use error::{Result, StoreError, StoreTrouble};
pub use events::ChainReport;
pub use export::ExportReport;
pub use factor::{FACTOR_TRIES, FACTOR_WINDOW, FactorRow, GivenCode, HALF_LASTS, RECOVERY_CODES, TriedCode};
pub use files::{NewReplyFile, REPLY_BYTES_MAX, REPLY_FILES_MAX, ReplyFile, files_shown};
pub use gaps::{AnsweredGap, GapRow, PROPOSAL_BYTES_MAX, ProposedArticle};
pub use incidents::IncidentRow;
pub use intake::{Intake, Relayed, Source, Taken};
pub use jobs::{JobCounts, JobError, JobRow, JobState};
pub use labels::{TAG_CHARS_MAX, normal_tag};
pub use ledger::{BalanceRow, StoredUid};
pub use list::{Assigned, Page, TicketQuery, TicketSort, TicketSummary};
pub use mailboxes::{Cursor, MailboxRow, NewMailbox};
pub use merge::Sibling;
pub use messages::{MessageRow, MessageSummary};
pub use misfits::{MISFIT_CHARS_MAX, MisfitCount};
pub use model_exchanges::{EXCHANGE_BYTES_MAX, KeptCall, ModelExchange};
pub use models::{ModelCall, ModelReservation, ModelUse, PluginModelUse, Reserved, SetAside};
pub use notes::{MENTIONS_MAX, MentionRow, NOTE_CHARS_MAX, NOTES_MAX, NoteRow};
pub use notifications::{NewNotification, NotificationRow, NotificationState};
pub use oidc::OidcWay;
pub use outbox::{AttemptRow, OutboxRow, RecipientRow};
pub use pace::{PACE_WINDOW_MAX, Place};
pub use people::{AGENTS_MAX, AgentChange, AgentStands, INVITATION_LASTS};
pub use pictures::PICTURE_SENDERS_MAX;
pub use plugin_log::LogRow;
pub use plugins::{NewPlugin, PluginRow};
pub use proof::BounceNote;
pub use releases::{NewRelease, ReleaseRow, RolledBack};
pub use scheduled::SCHEDULE_MAX;
pub use scope::{Scope, Tx};
pub use secrets::SecretRow;
pub use set_up::DeskSetting;
pub use sight::SEEN_QUEUES_MAX;
pub use sign_in::SignInRow;
pub use spam::SpamCount;
pub use store::{Store, StoreOptions};
pub use template_blocks::{TEMPLATE_REPLIES_MAX, TemplateReply};
pub use template_trial::{TRIAL_LASTS, TRIALS_MAX, TemplateTrialRow};
pub use template_use::TemplateUse;
pub use templates::{
    TEMPLATE_BYTES_MAX, TEMPLATE_VERSIONS_MAX, TEMPLATES_MAX, TemplateRow, TemplateSaved, TemplateVersion,
    takes_templates,
};
pub use tenants::{NewTenant, TenantRow};
pub use tickets::{TicketDetail, TicketRow};
pub use tokens::{NewToken, SERVICE_DOMAIN, TOKEN_LASTS_MAX, TOKENS_MAX, TokenRow};
pub use translations::{NewTranslation, TranslationRow};
pub use triage::Triaged;
pub use trials::TrialRow;
pub use typed::{NewTyped, TYPED_LASTS, TypedRow, WRITING_LASTS, Writing};
pub use uploads::UploadRow;
pub use views::{NewView, SavedView};
pub use visit::{Brought, CODE_BYTES_MAX, Returned, VISIT_LASTS, VISITS_MAX, VisitCode, visit_name};
pub use webhooks::{
    DELIVERIES_KEPT, DeliveryRow, NewDelivery, Told, WEBHOOK_ANSWER_CHARS_MAX, WEBHOOK_FAILS_MAX, WebhookRow,
};
