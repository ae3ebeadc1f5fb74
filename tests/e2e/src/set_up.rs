//! A tenant's `tenant.toml` as most tests want it: one mailbox, some plugins, a chat group.

use std::fmt::Write as _;

/// The name of the secret with which mailboxes sign in.
pub const MAIL_PASSWORD: &str = "mail_password";

/// A set-up that is being written. What is asked for stands in it, and nothing else.
#[derive(Clone, Debug)]
pub struct SetUp {
    head: String,
    address: String,
    mailbox: String,
    rest: String,
}

impl SetUp {
    /// A tenant with the mailbox `support` at this address, in English.
    #[must_use]
    pub fn new(slug: &str, name: &str, address: &str) -> Self {
        let head = format!("slug = \"{slug}\"\nname = \"{name}\"\n");
        let mailbox = format!("\n[[mailbox]]\nname = \"support\"\naddress = \"{address}\"\n");
        Self { head, address: address.to_owned(), mailbox, rest: String::new() }
    }

    /// Adds a line above all tables.
    #[must_use]
    pub fn head(mut self, line: &str) -> Self {
        let _ = writeln!(self.head, "{line}");
        self
    }

    /// Adds a line to the mailbox.
    #[must_use]
    pub fn mailbox(mut self, line: &str) -> Self {
        let _ = writeln!(self.mailbox, "{line}");
        self
    }

    /// Mail comes in over IMAP on this port, with the secret [`MAIL_PASSWORD`].
    #[must_use]
    pub fn imap(self, port: u16) -> Self {
        self.imap_with(port, "")
    }

    /// The same, and what is stored is marked as read on the server.
    #[must_use]
    pub fn imap_that_marks(self, port: u16) -> Self {
        self.imap_with(port, ", mark_seen = true")
    }

    fn imap_with(self, port: u16, more: &str) -> Self {
        let user = self.address.clone();
        self.mailbox(&format!(
            "imap = {{ host = \"127.0.0.1\", port = {port}, security = \"plain\", user = \"{user}\", \
             password = {{ secret = \"{MAIL_PASSWORD}\" }}{more} }}"
        ))
    }

    /// What lies in the mailbox already comes in too.
    #[must_use]
    pub fn import_existing(self) -> Self {
        self.mailbox("import_existing = true")
    }

    /// Mail goes out over SMTP on this port.
    #[must_use]
    pub fn smtp(self, port: u16) -> Self {
        self.mailbox(&format!("smtp = {{ host = \"127.0.0.1\", port = {port}, security = \"plain\" }}"))
    }

    /// Mail goes out into the folder `out`.
    #[must_use]
    pub fn files(self) -> Self {
        self.mailbox("files = { path = \"out\" }")
    }

    /// These bundled plugins.
    #[must_use]
    pub fn plugins(self, names: &[&str]) -> Self {
        names.iter().fold(self, |set_up, name| set_up.more(&format!("[[plugin]]\nname = \"{name}\"\n")))
    }

    /// The Feishu group `team` on a platform at this address, told of everything.
    ///
    /// # Panics
    /// When the address has no port.
    #[must_use]
    pub fn feishu(self, base_url: &str) -> Self {
        let port: u16 = base_url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("an address with a port");
        self.more(&format!(
            r#"[[plugin]]
name = "team"
component = "notifier-feishu"
settings = {{ base_url = "{base_url}" }}
[plugin.grants]
http = [{{ host = "127.0.0.1", port = {port}, scheme = "http", methods = ["POST"], private = true }}]
secrets = {{ feishu_token = ["127.0.0.1"], feishu_sign = ["127.0.0.1"] }}

[notify]
notifiers = ["team"]
"#
        ))
    }

    /// For how long an approved reply can be taken back.
    #[must_use]
    pub fn undo_seconds(self, seconds: u32) -> Self {
        self.more(&format!("[review]\nundo_seconds = {seconds}\n"))
    }

    /// Adds tables at the end.
    #[must_use]
    pub fn more(mut self, tables: &str) -> Self {
        let _ = write!(self.rest, "\n{tables}");
        self
    }

    /// The text of `tenant.toml`.
    #[must_use]
    pub fn toml(&self) -> String {
        format!("{}{}{}", self.head, self.mailbox, self.rest)
    }
}
