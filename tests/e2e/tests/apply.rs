//! `posthouse tenant apply` is all or nothing: refused by the database at its very last step, or killed in the middle, it
//! leaves the set-up in force exactly as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use posthouse_e2e::desk::Desk;
use posthouse_e2e::house::House;
use posthouse_servers::{postgres, sqlite3};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The database, as its own program sees it.
enum Database {
    Sqlite(std::path::PathBuf),
    Postgres(String),
}

impl Database {
    fn command(&self, statement: &str) -> Command {
        let mut command;
        match self {
            Self::Sqlite(path) => {
                command = Command::new("sqlite3");
                command.arg(path).arg(statement);
            }
            Self::Postgres(url) => {
                command = Command::new("psql");
                command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, statement: &str) -> String {
        let output = self.command(statement).output().unwrap();
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// From now on an event of this kind cannot be written. Events are the last thing that a transaction writes.
    fn refuse(&self, kind: &str) {
        match self {
            Self::Sqlite(_) => self.run(&format!(
                "create trigger t before insert on event when new.kind = '{kind}' begin select raise(abort, 'not today'); end"
            )),
            Self::Postgres(_) => self.trigger(kind, "raise exception 'not today';"),
        };
    }

    /// From now on writing an event of this kind takes longer than anybody waits.
    fn drag_out(&self, kind: &str) {
        match self {
            // Ten thousand million rows or more.
            Self::Sqlite(_) => self.run(&format!(
                "create trigger t before insert on event when new.kind = '{kind}' begin \
                 select count(*) from event a, event b, event c, event d, event e, event f, event g, event h, event i, event j \
                 where a.seq + b.seq + c.seq + d.seq + e.seq + f.seq + g.seq + h.seq + i.seq + j.seq > 0; end"
            )),
            Self::Postgres(_) => self.trigger(kind, "perform pg_sleep(600);"),
        };
    }

    fn trigger(&self, kind: &str, does: &str) -> String {
        self.run(&format!(
            "create or replace function f() returns trigger language plpgsql as $$ begin \
             if new.kind = '{kind}' then {does} end if; return new; end $$; \
             create trigger t before insert on event for each row execute function f()"
        ))
    }

    fn as_before(&self) {
        match self {
            Self::Sqlite(_) => self.run("drop trigger t"),
            Self::Postgres(_) => self.run("drop trigger t on event"),
        };
    }

    /// Whether an apply is in the middle of writing: SQLite is locked by it; PostgreSQL says that it sleeps.
    fn is_being_written(&self) -> bool {
        match self {
            Self::Sqlite(_) => {
                (0..10).all(|_| !self.command("begin immediate; rollback").output().unwrap().status.success())
            }
            Self::Postgres(_) => {
                let asleep = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
                self.run(asleep).trim() == "1"
            }
        }
    }

    /// Ends what the server still does for a client that is gone.
    fn end_the_dead(&self) {
        if let Self::Postgres(_) = self {
            self.run(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() \
                 and wait_event = 'PgSleep'",
            );
        }
    }
}

#[test]
fn an_apply_that_fails_at_its_last_step_or_is_killed_changes_nothing_on_sqlite() {
    let Some(_) = sqlite3() else { return };
    let house = House::new(None);
    let database = Database::Sqlite(house.path().join("data/posthouse.db"));
    all_or_nothing(&house, &database);
}

#[tokio::test]
async fn an_apply_that_fails_at_its_last_step_or_is_killed_changes_nothing_on_postgresql() {
    let Some(server) = postgres() else { return };
    let url = server.fresh_database().await;
    all_or_nothing(&House::new(Some(&url)), &Database::Postgres(url));
}

fn all_or_nothing(house: &House, database: &Database) {
    write(house, "before", OLD, "30 days.");
    write(house, "after", NEW, "14 days.");
    house.run(&["tenant", "apply", "before"]);
    let tables = ["tenant", "mailbox", "plugin", "article", "component", "event", "event_head"];
    let everything = || tables.map(|table| database.run(&format!("select * from {table} order by 1, 2")));
    let in_force = everything();
    let is_in_force =
        |folder: &str| house.json(&["tenant", "apply", folder, "--dry-run", "--json"])["changes"] == json!([]);
    assert!(is_in_force("before") && !is_in_force("after"));

    // Whichever part of it comes last: of each, what leaves an event is written before that event is.
    for kind in ["tenant.changed", "mailbox.deactivated", "plugin.removed", "article.changed"] {
        database.refuse(kind);
        let refused = house.try_run(&["tenant", "apply", "after"], "");
        assert_eq!(refused.status.code(), Some(1), "{kind}");
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(words.contains("not today"), "{kind}: {words}");
        assert_eq!(everything(), in_force, "an apply that was refused at {kind} changed something");
        assert!(is_in_force("before"), "{kind}");
        database.as_before();
    }

    for kind in ["tenant.changed", "article.changed"] {
        database.drag_out(kind);
        let mut child = house.command(&["tenant", "apply", "after"]).stdin(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while !database.is_being_written() {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            assert!(Instant::now() < end, "it never came to {kind}");
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        database.end_the_dead();
        assert_eq!(everything(), in_force, "an apply that was killed at {kind} changed something");
        assert!(is_in_force("before") && !is_in_force("after"), "{kind}");
        database.as_before();
    }

    house.run(&["tenant", "apply", "after"]);
    assert!(is_in_force("after") && !is_in_force("before"));
    house.run(&["audit", "verify"]);
}

fn write(house: &House, folder: &str, tenant: &str, article: &str) {
    let folder = house.path().join(folder);
    std::fs::create_dir_all(folder.join("knowledge")).unwrap();
    std::fs::write(folder.join("tenant.toml"), tenant).unwrap();
    std::fs::write(folder.join("knowledge/returns.en.md"), format!("# Returns\n{article}\n")).unwrap();
}

#[tokio::test]
async fn what_was_written_on_the_desk_is_not_lost_by_applying_the_folder() {
    let mut house = House::new(None);
    write(&house, "shop", OLD, "Within 30 days.");
    house.run(&["tenant", "apply", "shop"]);
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    let text = "# Returns\nWithin 14 days.";
    let fields = [("id", "returns.en"), ("language", "en"), ("version", "1"), ("body", text)];
    assert_eq!(desk.form("/knowledge/save", &fields).await.status, 303);

    let refused = house.try_run(&["tenant", "apply", "shop"], "");
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "it was written over");
    assert!(words.contains("returns.en.md\n    li@shop.example wrote another text on the desk"), "{words}");
    assert!(words.contains("posthouse tenant export shop NEW-FOLDER"), "{words}");
    // Taken over into a folder, it is in force as it was.
    house.run(&["tenant", "export", "shop", "copy"]);
    let exported = std::fs::read_to_string(house.path().join("copy/knowledge/returns.en.md")).unwrap();
    assert_eq!(exported, format!("{text}\n"));
    assert_eq!(house.run(&["tenant", "apply", "copy"]), "shop: nothing to change\n");
    // Or replaced on purpose.
    house.run(&["tenant", "apply", "shop", "--replace-desk"]);
    assert!(desk.get("/knowledge/article?id=returns.en&language=en").await.body.contains("Within 30 days."));
    assert_eq!(house.run(&["tenant", "apply", "shop"]), "shop: nothing to change\n");
}

const OLD: &str = r#"
slug = "shop"
name = "The Shop"

[[mailbox]]
name = "support"
address = "support@shop.example"
maildir = { path = "mail" }
files = { path = "out" }

[[mailbox]]
name = "warranty"
address = "warranty@shop.example"
maildir = { path = "mail2" }
files = { path = "out" }

[[plugin]]
name = "router"
"#;

/// Every kind of thing is changed, added or removed.
const NEW: &str = r#"
slug = "shop"
name = "The Better Shop"

[[mailbox]]
name = "support"
address = "help@shop.example"
maildir = { path = "mail" }
files = { path = "out" }

[[mailbox]]
name = "returns"
address = "returns@shop.example"
maildir = { path = "mail3" }
files = { path = "out" }

[[plugin]]
name = "checker"
"#;
