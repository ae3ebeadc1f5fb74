//! Export and import: everything comes over, between all pairs of databases, all or nothing.

use crate::world::{World, agent, host};
use posthouse_model::capability::Grants;
use posthouse_model::decision::{NewDecision, World as PluginWorld};
use posthouse_model::job::{Job, JobFailure};
use posthouse_model::limits::Limits;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Scored, Triage};
use posthouse_model::{TicketId, notice::NoticeKind};
use posthouse_store::{
    Article, ClaimRequest, Cursor, ExportReport, ModelCall, ModelReservation, NewAgent, NewNotification, NewPlugin,
    Reserved, Store, StoreError, Taken,
};
use std::time::Duration;

async fn export(world: &World) -> (Vec<u8>, ExportReport) {
    let mut out = Vec::new();
    let report = world.store.export(&mut out).await.unwrap();
    (out, report)
}

async fn import(world: &World, bytes: &[u8]) -> Result<ExportReport, StoreError> {
    world.store.import(&mut std::io::Cursor::new(bytes)).await
}

/// Something in every table, and nothing about to be sent.
async fn fill(world: &World) {
    let (ticket, outbox) = world.approved("a@x").await;
    let mail = match world.scope.lease_outbox(outbox, "w", Duration::from_secs(9)).await.unwrap() {
        posthouse_store::OutboxLease::Ready(mail) => mail,
        other => panic!("{other:?}"),
    };
    let mut html = world.reply("b@x", "nowhere@x");
    html.read.html = Some("<p>你好</p>".into());
    html.raw = (0..=255).cycle().take((1 << 20) + 256).collect();
    let (_, kept) = world.take_new(&html).await;
    let mut other = world.mail("c@x");
    other.read.from = Some(crate::world::address("garcia@work.example"));
    let (_, gone) = world.take_new(&other).await;
    let digest = world.store.put_component(&[0, 159, 146, 150]).await.unwrap();
    let mut tx = world.scope.begin().await.unwrap();
    let accepted = posthouse_model::outbox::SubmitOutcome::Accepted { reply: "250".into() };
    tx.settle_outbox(outbox, mail.attempt, &[(mail.open[0].clone(), accepted)], b"raw", true, &host()).await.unwrap();
    let message = mail.row.answers.unwrap();
    let triage = Triage { category: Some(Scored { value: "shipping".into(), confidence: 0.1 }), ..Triage::default() };
    tx.set_triage(ticket, message, &triage, &host()).await.unwrap();
    tx.set_cursor(&Cursor { mailbox: world.mailbox, folder: "INBOX".into(), uid_validity: 7, last_uid: 9 })
        .await
        .unwrap();
    let new = NewAgent {
        email: "li@shop.example".into(),
        name: "Li".into(),
        role: posthouse_model::role::Role::Admin,
        password_hash: "hash".into(),
        language: "zh-CN".into(),
    };
    let li = tx.add_agent(&new, &host()).await.unwrap();
    tx.propose_second_factor(li, &[7, 255], &agent()).await.unwrap();
    tx.confirm_second_factor(li, &["hash of a code".into()], &agent()).await.unwrap();
    tx.set_preferences(li, "zh-CN", Some("Asia/Shanghai"), &agent()).await.unwrap();
    let new_token = posthouse_store::NewToken {
        agent: li,
        name: "CRM",
        token: "ph_secret",
        begins: "ph_se",
        scope: posthouse_model::role::TokenScope::Act,
        lasts: Duration::from_secs(99),
    };
    tx.add_token(&new_token, &agent()).await.unwrap();
    tx.follow_webhook("crm", 7).await.unwrap();
    let delivery = posthouse_store::NewDelivery {
        webhook: "crm".into(),
        seq: 7,
        kind: posthouse_model::config::WebhookEvent::TicketOpened,
        body: "{}".into(),
    };
    tx.add_deliveries(&[delivery]).await.unwrap();
    tx.begin_half(li, "half").await.unwrap();
    tx.invite(li, "invitation", &agent()).await.unwrap();
    let mut seen = NewAgent { email: "wu@shop.example".into(), ..new.clone() };
    seen.role = posthouse_model::role::Role::Agent;
    let wu = tx.add_agent(&seen, &host()).await.unwrap();
    let change = posthouse_store::AgentChange {
        name: "Wu".into(),
        role: seen.role,
        active: true,
        queues: Some(vec!["inbox".into()]),
    };
    tx.set_agent(wu, &change, &host()).await.unwrap();
    tx.open_session(li, "token", Duration::from_secs(99), &agent()).await.unwrap();
    tx.assign(ticket, Some(li), &agent()).await.unwrap();
    let view = posthouse_store::NewView {
        name: "Mine".into(),
        shared: false,
        filter: posthouse_model::view::Filter::Overdue,
        sort: posthouse_model::view::ViewSort::Due,
    };
    tx.add_view(li, &view, &agent()).await.unwrap();
    let plugin = NewPlugin {
        name: "rules".into(),
        world: PluginWorld::Classifier,
        version: "1".into(),
        digest: digest.clone(),
        settings: serde_json::json!({}),
        grants: Grants::default(),
        limits: Limits { memory_mib: Some(128), ..Limits::default() },
    };
    tx.set_plugins(&[plugin], &host()).await.unwrap();
    let article = Article { id: "a".into(), language: "en".into(), title: "A".into(), body: "B".into() };
    tx.set_articles(&[article], &host()).await.unwrap();
    let front = serde_json::json!({ "category": "refund" }).as_object().unwrap().clone();
    let template =
        posthouse_model::template::Template { plugin: "drafter".into(), id: "a".into(), front, body: "B".into() };
    tx.set_templates(&[template], &host()).await.unwrap();
    let file = posthouse_store::NewReplyFile { name: "a.pdf", media_type: "application/pdf", content: &[0, 159] };
    tx.add_reply_file(ticket, &file, &agent()).await.unwrap();
    tx.put_secret("smtp", &[1, 2, 255], &host()).await.unwrap();
    let set_up = posthouse_model::config::TenantConfig::new("acme", "Acme");
    let mut next = set_up.clone();
    next.review.undo_seconds = 20;
    tx.change_set_up(&set_up, &next, &agent()).await.unwrap();
    tx.ask_trial("model", &agent()).await.unwrap();
    tx.open_incident("fetch:support", "down", &host()).await.unwrap();
    let wanted = ModelReservation {
        day: "2026-03-02",
        plugin: "rules",
        tokens: 5,
        tenant_tokens: 100,
        cost: 0,
        tenant_cost: None,
        plugin_tokens: None,
        plugin_calls: Some(9),
    };
    assert_eq!(tx.reserve_model_call(&wanted).await.unwrap(), Reserved::Yes);
    let call = ModelCall {
        at: tx.now(),
        ticket: Some(ticket),
        plugin: "rules".into(),
        version: "1.0.0".into(),
        model: "m".into(),
        tokens_in: 1,
        tokens_out: 2,
        duration_ms: 3,
        outcome: "ok".into(),
        cost: 0,
        currency: String::new(),
    };
    let aside = posthouse_store::SetAside { tokens: 5, cost: 0 };
    let id = tx.record_model_call("2026-03-02", aside, &call, &host()).await.unwrap();
    let said = posthouse_store::ModelExchange {
        task: posthouse_model::config::ModelTask::Draft,
        instructions: "Write.".into(),
        inputs: vec!["你好".into()],
        output_tokens_max: Some(10),
        answer: Some("Dear Ana".into()),
    };
    tx.keep_exchange(id, call.at, &said).await.unwrap();
    let mut changes = posthouse_model::keep::Changes::within(100);
    changes.write("seen".into(), Some(vec![1]));
    let decision = NewDecision {
        ticket: Some(ticket),
        message: Some(message),
        world: PluginWorld::Classifier,
        plugin: "rules".into(),
        version: "1".into(),
        digest,
        input_hash: "i".into(),
        output: None,
        error: Some("trap".into()),
        host_calls: Vec::new(),
        cost: posthouse_model::decision::CallCost::default(),
        call: Default::default(),
        log: vec![posthouse_model::decision::LogLine {
            level: posthouse_model::decision::LogLevel::Warn,
            text: "hm".into(),
        }],
        changes,
    };
    tx.add_decision(&decision, &host()).await.unwrap();
    let notice = posthouse_model::notice::Notice {
        id: "n".into(),
        kind: NoticeKind::Ticket,
        language: "zh-CN".into(),
        title: "T".into(),
        lines: Vec::new(),
        fields: Vec::new(),
        link: None,
        urgency: None,
        deadline: None,
    };
    let new = NewNotification { notifier: "feishu".into(), key: "k".into(), ticket: Some(ticket), notice };
    tx.notify(&new, &host()).await.unwrap();
    tx.enqueue(&Job::Draft { ticket: TicketId(77) }).await.unwrap();
    tx.hand_in("hook.phx", &[1, 2, 3], &host()).await.unwrap();
    tx.follow_from(world.mailbox, "INBOX", 7, 1).await.unwrap();
    tx.set_balance(world.mailbox, "INBOX", 9, 1, &serde_json::json!({ "missing": [4] })).await.unwrap();
    tx.teach_spam(message, &[3, i64::MAX], true, &host()).await.unwrap();
    let bounce = posthouse_model::mail::Bounce { hard: true, ..Default::default() };
    tx.take_bounce(outbox, &bounce, &host()).await.unwrap().expect("it has one recipient");
    tx.add_note(ticket, "@Li: look at this", &host()).await.unwrap();
    let proposal = posthouse_model::draft::DraftProposal { template: Some("shipping".into()), ..Default::default() };
    let draft = tx.add_drafts(ticket, "drafter", &[(proposal, Vec::new())], &host()).await.unwrap()[0];
    tx.say_misfit(draft, posthouse_model::draft::Misfit::Tone, "curt", &agent()).await.unwrap();
    let typed = posthouse_store::NewTyped { draft: Some(draft), body: "typed".into(), ..Default::default() };
    tx.keep_typed(ticket, li, &typed).await.unwrap();
    let of = posthouse_model::translation::TranslationOf::Draft(draft);
    tx.ask_translation(of, "zh", &agent()).await.unwrap();
    tx.merge_tickets(gone, kept, &agent()).await.unwrap();
    tx.commit().await.unwrap();
    world.store.set_meta("installation", "abc").await.unwrap();
    let request = ClaimRequest { worker: "w", kinds: &["draft"], limit: 1, lease: Duration::from_secs(9) };
    let job = world.store.claim(&request).await.unwrap().remove(0);
    world.store.fail(&job, &JobFailure::fail("no")).await.unwrap();
}

/// The lines of an export, without the first, which carries the time.
fn content(bytes: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(bytes).unwrap();
    let lines: Vec<_> = text.lines().collect();
    lines[1..lines.len() - 1].to_vec()
}

on_both! {
    async fn everything_comes_over(world) {
        fill(&world).await;
        let (bytes, report) = export(&world).await;
        let before = world.scope.ticket_detail(1).await.unwrap();
        for postgres in [false, true] {
            let Some(other) = world.empty(postgres).await else { continue };
            assert_eq!(import(&other, &bytes).await.unwrap(), report);
            let (again, _) = export(&other).await;
            assert_eq!(content(&again), content(&bytes));
            let after = other.scope.ticket_detail(1).await.unwrap();
            assert_eq!(serde_json::to_value(&after).unwrap(), serde_json::to_value(&before).unwrap());
            assert_eq!(other.scope.verify_chain().await.unwrap().faults, []);
            // Nobody is signed in there.
            assert!(other.scope.session("token").await.unwrap().is_none());
            // Ids and numbers go on where they were.
            let Taken::New { number, message, .. } = other.take(&world.mail("new@x")).await else { panic!() };
            assert_eq!(number, 4);
            assert!(message > before.messages[1].id);
        }
    }

    async fn every_table_has_a_row_in_this_test(world) {
        fill(&world).await;
        let (bytes, _) = export(&world).await;
        let mut empty = Vec::new();
        let mut table = None;
        for line in content(&bytes) {
            if line.starts_with('{') {
                empty.extend(table.replace(line.to_owned()));
            } else {
                table = None;
            }
        }
        empty.extend(table);
        assert_eq!(empty, Vec::<String>::new());
    }

    async fn what_was_about_to_be_sent_waits_for_a_person(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        let (bytes, _) = export(&world).await;
        let other = world.empty(false).await.unwrap();
        import(&other, &bytes).await.unwrap();
        let row = other.scope.outbox(outbox).await.unwrap();
        assert_eq!(row.state, OutboxState::Uncertain);
        assert_eq!(row.recipients[0].state, OutboxState::Uncertain);
        assert!(row.reason.unwrap().contains("restored from a backup"));
        assert_eq!(other.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
        assert_eq!(other.kinds().await.last().unwrap(), "outbox.uncertain");
        assert_eq!(other.scope.verify_chain().await.unwrap().faults, []);
    }

    async fn a_damaged_file_is_refused_and_leaves_nothing(world) {
        fill(&world).await;
        let (bytes, _) = export(&world).await;
        let text = String::from_utf8(bytes.clone()).unwrap();
        let other = world.empty(world.store.kind() == "postgres").await.unwrap();
        let altered = text.replacen("shop.example", "evil.example", 1);
        let without_row: String = text.lines().filter(|l| !l.contains("shipping")).map(|l| format!("{l}\n")).collect();
        let newer = text.replacen("\"schema\":", "\"schema\":9", 1);
        let cases = [
            (altered.as_str(), "altered or damaged"),
            (&text[..text.len() - 10], "the file was cut"),
            (&text[..text.len() / 2], "the file was cut"),
            (&without_row, ""),
            (&newer, "a newer version of the host"),
            ("", "the file was cut"),
            ("hello\n", "not an export"),
            ("{\"format\":\"x\",\"version\":1,\"schema\":1,\"taken_at\":0}\n", "not an export"),
        ];
        for (bytes, words) in cases {
            let error = import(&other, bytes.as_bytes()).await.unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(other.store.tenants().await.unwrap().is_empty());
            assert!(other.store.components().await.unwrap().is_empty());
        }
        import(&other, &bytes).await.unwrap();
    }

    async fn an_export_of_an_older_schema_is_read_as_that_and_migrated(world) {
        let old = include_bytes!("../fixtures/schema-2.export");
        let postgres = world.store.kind() == "postgres";
        // Into a database that is at this host's version already, and into one that was never migrated.
        for migrated in [true, false] {
            let other = if migrated { world.empty(postgres).await } else { world.blank(postgres).await };
            let Some(other) = other else { continue };
            let report = import(&other, old).await.unwrap();
            assert_eq!(report.schema, 2);
            assert_eq!(other.store.schema_version().await.unwrap(), Store::schema_wanted());
            let plugins = other.scope.plugins().await.unwrap();
            assert_eq!((plugins.len(), plugins[0].plugin.name.as_str()), (1, "orders"));
            assert!(plugins[0].plugin.limits.is_empty(), "what came later has its default");
            assert_eq!(other.scope.verify_chain().await.unwrap().faults, []);
            // It goes on as any other: ids count on, and it can be backed up again.
            let Taken::New { number, .. } = other.take(&world.mail("new@x")).await else { panic!() };
            assert_eq!(number, 2);
            let (again, report) = export(&other).await;
            assert_eq!(report.schema, Store::schema_wanted());
            import(&world.empty(postgres).await.unwrap(), &again).await.unwrap();
        }
        // Not over what is there, and nothing of a damaged one.
        let error = import(&world, old).await.unwrap_err().to_string();
        assert!(error.contains("the database is not empty"), "{error}");
        let Some(other) = world.blank(postgres).await else { return };
        let damaged = String::from_utf8_lossy(old).replacen("acme.example", "evil.example", 1);
        assert!(import(&other, damaged.as_bytes()).await.unwrap_err().to_string().contains("altered or damaged"));
        assert_eq!(other.store.schema_version().await.unwrap(), 0, "nothing was written");
    }

    async fn only_into_an_empty_database(world) {
        let (bytes, _) = export(&world).await;
        let error = import(&world, &bytes).await.unwrap_err();
        assert_eq!(error.to_string(), "the backup cannot be restored: the database is not empty: restore into a new one");
    }

    async fn an_export_is_of_one_moment(world) {
        let scope = world.scope.clone();
        let mails: Vec<_> = (0..40).map(|n| world.mail(&format!("{n}@x"))).collect();
        let writer = tokio::spawn(async move {
            for mail in mails {
                let mut tx = scope.begin().await.unwrap();
                tx.intake(&mail, &host()).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
        for _ in 0..5 {
            let (bytes, _) = export(&world).await;
            let other = world.empty(false).await.unwrap();
            import(&other, &bytes).await.unwrap();
            assert_eq!(other.scope.verify_chain().await.unwrap().faults, []);
        }
        writer.await.unwrap();
    }
}
