//! The search index.

use crate::world::{World, address, agent, host};
use posthouse_model::TicketId;
use posthouse_model::mail::Address;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::triage::{Enrichment, Entity, EntityValue, Order, Triage};
use posthouse_store::{Scope, Taken, TicketQuery};

async fn find(scope: &Scope, text: &str) -> Vec<i64> {
    let query = TicketQuery { text: Some(text.into()), limit: 200, ..TicketQuery::default() };
    scope
        .tickets(&query)
        .await
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .rows
        .iter()
        .map(|t| t.number)
        .collect()
}

/// A ticket of its own with this subject and text.
async fn say(world: &World, id: &str, subject: &str, text: &str) -> TicketId {
    let mut mail = world.mail(id);
    mail.read.from = Some(address(&format!("{id}@somebody.example")));
    mail.read.subject = subject.into();
    mail.read.reply_text = text.into();
    world.take_new(&mail).await.1
}

fn order(number: &str, tracking: &str) -> Enrichment {
    let order = Order {
        number: number.into(),
        status: None,
        placed_on: None,
        total: None,
        country: None,
        tracking_number: Some(tracking.into()),
        carrier: None,
    };
    Enrichment { orders: vec![order], ..Enrichment::default() }
}

on_both! {
    async fn words_of_mails_people_and_numbers_are_found(world) {
        let mut mail = world.mail("a@x");
        mail.read.subject = "Wo ist mein PAKET 100%?".into();
        mail.read.reply_text = "我的包裹在哪里 Hilfe_bitte".into();
        let (message, ticket) = world.take_new(&mail).await;
        world.take_new(&world.mail("b@x")).await;
        let so = Entity { value: EntityValue::OrderNumber { value: "SO-777".into() }, confidence: 1.0, span: None };
        let mut tx = world.scope.begin().await.unwrap();
        let triage = Triage { entities: vec![so], ..Triage::default() };
        tx.set_triage(ticket, message, &triage, &host()).await.unwrap();
        tx.set_enrichment(ticket, &order("1042-88", "YT2012345678"), &host()).await.unwrap();
        tx.commit().await.unwrap();
        for (text, found) in [
            ("paket", true),
            ("mein paket", true),
            ("MEIN pak", true),
            ("pak mein", false),
            ("paket nichts", false),
            ("包裹", true),
            ("包裹在哪", true),
            ("里", true),
            ("包在", false),
            ("hilfe", true),
            ("hilfe_bitte", true),
            ("so-777", true),
            ("SO777", true),
            ("so-7", true),
            ("so-7 ", false),
            ("yt2012345678", true),
            ("yt2012", true),
            ("104288 garcia", true),
            ("1042-88", true),
            ("1042-89", false),
            ("garcía", true),
            ("ana@customer.example", true),
            ("customer.example paket", true),
            ("100%", true),
            ("#1", true),
            ("1", true),
            ("#7", false),
            ("#1 paket", true),
            ("#2 paket", false),
            ("\"mein paket\"", true),
            ("\"ist paket\"", false),
            ("\"的包裹在\"", true),
            ("\"mein paket\" hilfe", true),
        ] {
            assert_eq!(find(&world.scope, text).await.contains(&1), found, "{text}");
        }
        // What asks for nothing finds nothing; an empty question is none.
        assert_eq!(find(&world.scope, "-- ?!").await, Vec::<i64>::new());
        assert_eq!(find(&world.scope, "  ").await.len(), 2);
    }

    async fn every_script_is_found(world) {
        say(&world, "de", "Größe", "Die Müllerstraße ist gesperrt").await;
        say(&world, "ja", "荷物について", "私の荷物はどこですか。パソコンを注文しました").await;
        say(&world, "th", "พัสดุ", "พัสดุของฉันอยู่ที่ไหน").await;
        say(&world, "ko", "배송", "제 소포는 어디에 있나요").await;
        say(&world, "ru", "Где посылка", "Мой заказ ещё не пришёл").await;
        say(&world, "ar", "طلب", "أين طلبي").await;
        say(&world, "zh", "退货", "请问如何退货？订单号 2026-0042").await;
        for (text, number) in [
            ("grosse", 1), ("GRÖSSE", 1), ("groesse", 1), ("mullerstrasse", 1), ("Muellerstraße", 1), ("müllerstr", 1),
            ("荷物", 2), ("ﾊﾟｿｺﾝ", 2), ("どこですか", 2),
            ("พัสดุ", 3), ("อยู่ที่ไหน", 3),
            ("소포", 4), ("어디", 4),
            ("посылка", 5), ("еще", 5), ("ПРИШЕЛ", 5),
            ("طلبي", 6),
            ("退货", 7), ("如何退", 7), ("20260042", 7),
        ] {
            assert_eq!(find(&world.scope, text).await, [number], "{text}");
        }
    }

    async fn hostile_questions_are_only_words(world) {
        say(&world, "a", "Near and far", "a OR b").await;
        let long = "x".repeat(100_000);
        let many = "paket ".repeat(20_000);
        for text in [
            "\"", "\"\"\"", "'", "''", "*", "a*", "NEAR(near far, 5)", "near AND", "OR OR", "NOT", "-near", "^near", "{words}:near",
            "words:near", "near)", "((((", ":*", "near & | !", "near <-> far", "\\", "\u{0}", "%", "_", "; drop table search_index",
            "'; drop table ticket; --", "$1", "?1", "\u{202e}near", "💥", long.as_str(), many.as_str(),
        ] {
            find(&world.scope, text).await;
        }
        assert_eq!(find(&world.scope, "near -far").await, [1]);
        assert_eq!(find(&world.scope, "far*").await, [1]);
    }

    async fn a_search_is_narrowed_and_paged_newest_first(world) {
        for n in 0..23 {
            world.advance(1);
            say(&world, &format!("m{n}"), "Lieferung", "gemeinsam").await;
        }
        // Twice on one ticket: once in the list.
        let mut again = world.reply("again@x", "m3");
        again.read.reply_text = "gemeinsam".into();
        world.take_new(&again).await;
        let mut query = TicketQuery { text: Some("gemeinsam".into()), limit: 10, ..TicketQuery::default() };
        let mut all = Vec::new();
        loop {
            let page = world.scope.tickets(&query).await.unwrap();
            assert!(!page.cut);
            all.extend(page.rows.iter().map(|row| row.number));
            // What comes in meanwhile moves nothing.
            say(&world, &format!("late{}", all.len()), "Lieferung", "gemeinsam").await;
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        let mut wanted: Vec<i64> = (1..=23).rev().filter(|n| *n != 4).collect();
        wanted.insert(0, 4);
        assert_eq!(all, wanted);
        let waiting = TicketQuery { status: vec![TicketStatus::Waiting], after: None, ..query };
        assert!(world.scope.tickets(&waiting).await.unwrap().rows.is_empty());
        let bad = TicketQuery { after: Some("12.3".into()), ..waiting };
        assert!(world.scope.tickets(&bad).await.unwrap_err().to_string().contains("first page"));
    }

    async fn a_search_says_where_it_stops(world) {
        // More tickets than a search lists, beyond one shelf of mails would take too long to make: the list's end comes first.
        let mut tx = world.scope.begin().await.unwrap();
        for n in 0..510 {
            let mut mail = world.mail(&format!("c{n}@x"));
            mail.read.from = Some(address(&format!("c{n}@somebody.example")));
            tx.intake(&mail, &host()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut query = TicketQuery { text: Some("parcel".into()), limit: 200, ..TicketQuery::default() };
        let mut listed = 0;
        let last = loop {
            let page = world.scope.tickets(&query).await.unwrap();
            listed += page.rows.len();
            match page.next.clone() {
                Some(next) => query.after = Some(next),
                None => break page,
            }
        };
        assert_eq!((listed, last.cut), (500, true));
    }

    async fn the_index_follows_the_mails(world) {
        let first = say(&world, "first", "Eins", "zebra").await;
        let second = say(&world, "second", "Zwei", "giraffe").await;
        // Merged: what was said is found where it is now.
        let mut tx = world.scope.begin().await.unwrap();
        tx.merge_tickets(first, second, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(find(&world.scope, "zebra").await, [2]);
        // Split off again.
        let detail = world.scope.ticket_detail(2).await.unwrap();
        let zebra = detail.messages.iter().find(|m| m.read.reply_text == "zebra").unwrap().id;
        let mut tx = world.scope.begin().await.unwrap();
        let (_, number) = tx.split_message(zebra, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(find(&world.scope, "zebra").await, [number]);
        assert_eq!(find(&world.scope, "giraffe").await, [2]);
        // What we send is found too.
        let (ticket, outbox) = world.approved("sent@x").await;
        let lease = world.scope.lease_outbox(outbox, "w", std::time::Duration::from_secs(9)).await.unwrap();
        let posthouse_store::OutboxLease::Ready(mail) = lease else { panic!("{lease:?}") };
        let mut tx = world.scope.begin().await.unwrap();
        let accepted = posthouse_model::outbox::SubmitOutcome::Accepted { reply: "250".into() };
        tx.settle_outbox(outbox, mail.attempt, &[(mail.open[0].clone(), accepted)], b"raw", true, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let number = world.scope.ticket(ticket).await.unwrap().number;
        assert_eq!(find(&world.scope, "\"on its way\"").await, [number]);
    }

    async fn what_is_let_go_is_not_found(world) {
        let mut mail = world.mail("junk@x");
        mail.read.subject = "Casino".into();
        mail.read.reply_text = "Gewinnspiel".into();
        let (message, _) = world.take_new(&mail).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_outcome(message, Outcome::Spam, Some(&Reason::new(ReasonCode::SpamByAgent, "")), &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(find(&world.scope, "gewinnspiel").await, [1]);
        world.advance(10);
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(tx.let_go(tx.now(), &host()).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(find(&world.scope, "gewinnspiel").await, Vec::<i64>::new());
        assert_eq!(find(&world.scope, "casino").await, [1], "the subject stays");
        // A tenant that is removed leaves nothing behind.
        world.store.remove_tenant("acme").await.unwrap();
        assert_eq!(rows_in_index(&world).await, 0);
    }

    async fn tenants_are_apart_in_the_index(world) {
        say(&world, "ours", "Ours", "geheim").await;
        let other = world.other_tenant("other").await;
        assert_eq!(find(&other, "geheim").await, Vec::<i64>::new());
        assert_eq!(find(&other, "gehe").await, Vec::<i64>::new());
        // Not even by a word that looks like one of the other's.
        for forged in ["1x0xgeheim", "\"1x0xgeheim\"", "2x0xours", "#1"] {
            assert_eq!(find(&other, forged).await, Vec::<i64>::new(), "{forged}");
            }
        let tokens = tokens(&world).await;
        let prefix = format!("{}x", world.scope.id());
        assert!(tokens.iter().any(|token| token.ends_with("xgeheim")) && tokens.iter().all(|token| token.starts_with(&prefix)));
    }

    async fn an_earlier_database_is_indexed_step_by_step(world) {
        for n in 0..250 {
            say(&world, &format!("m{n}"), &format!("Nummer{n}"), "altbestand").await;
        }
        world.tamper("delete from search_index").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.index_anew().await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.search_behind().await.unwrap().is_some());
        assert_eq!(find(&world.scope, "nummer3").await, Vec::<i64>::new());
        // New mail is found meanwhile; a step that is not committed is made again.
        say(&world, "new", "Nummer3000", "frisch").await;
        assert_eq!(find(&world.scope, "frisch").await, [251]);
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.catch_up_search().await.unwrap());
        drop(tx);
        for more in [true, true, false] {
            let mut tx = world.scope.begin().await.unwrap();
            assert_eq!(tx.catch_up_search().await.unwrap(), more);
            tx.commit().await.unwrap();
        }
        assert!(world.scope.search_behind().await.unwrap().is_none());
        for n in [0, 99, 249] {
            assert_eq!(find(&world.scope, &format!("nummer{n} altbestand")).await.len(), 1, "{n}");
        }
        assert_eq!(rows_in_index(&world).await, 251);
    }

    async fn a_restored_database_is_indexed(world) {
        let ticket = say(&world, "a", "Umzug", "karton").await;
        let Taken::New { message, .. } = world.take(&world.mail("b@x")).await else { panic!() };
        let mut tx = world.scope.begin().await.unwrap();
        let number = Entity { value: EntityValue::OrderNumber { value: "Q-31337".into() }, confidence: 1.0, span: None };
        let triage = Triage { entities: vec![number], ..Triage::default() };
        let second = world.scope.message(message).await.unwrap().ticket.unwrap();
        tx.set_triage(second, message, &triage, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let mut bytes = Vec::new();
        world.store.export(&mut bytes).await.unwrap();
        for postgres in [false, true] {
            let Some(other) = world.empty(postgres).await else { continue };
            other.store.import(&mut bytes.as_slice()).await.unwrap();
            assert_eq!(find(&other.scope, "karton").await, [1]);
            assert_eq!(find(&other.scope, "q-31337").await, [2]);
            assert!(other.scope.search_behind().await.unwrap().is_none());
            assert_eq!(other.scope.ticket(ticket).await.unwrap().number, 1);
        }
    }

    async fn names_from_the_reply_address_are_found(world) {
        let mut mail = world.mail("relay@x");
        let buyer = Address { name: Some("Jürgen Groß".into()), address: "buyer-77@market.example".into() };
        mail.read.reply_to = vec![buyer];
        world.take_new(&mail).await;
        for text in ["jurgen", "Juergen gross", "buyer-77@market.example", "buyer77"] {
            assert_eq!(find(&world.scope, text).await, [1], "{text}");
        }
    }
}

async fn rows_in_index(world: &World) -> i64 {
    use sqlx::{Connection as _, Row as _};
    sqlx::any::install_default_drivers();
    let mut on = sqlx::AnyConnection::connect(&world.url).await.unwrap();
    // FTS5 keeps no texts: what it holds is in the table of sizes.
    let query = if world.store.kind() == "postgres" {
        "select count(*) from search_index"
    } else {
        "select count(*) from search_index_docsize"
    };
    sqlx::query(query).fetch_one(&mut on).await.unwrap().get(0)
}

/// Every word in the index, as it stands there.
async fn tokens(world: &World) -> Vec<String> {
    use sqlx::{Connection as _, Row as _};
    sqlx::any::install_default_drivers();
    let mut on = sqlx::AnyConnection::connect(&world.url).await.unwrap();
    let query = if world.store.kind() == "postgres" {
        "select distinct unnest(tsvector_to_array(words)) from search_index"
    } else {
        "create virtual table temp.search_words using fts5vocab (main, search_index, row); select term from search_words"
    };
    if let Some((make, query)) = query.split_once("; ") {
        sqlx::raw_sql(sqlx::AssertSqlSafe(make.to_owned())).execute(&mut on).await.unwrap();
        let rows = sqlx::query(sqlx::AssertSqlSafe(query.to_owned())).fetch_all(&mut on).await.unwrap();
        return rows.iter().map(|row| row.get(0)).collect();
    }
    sqlx::query(query).fetch_all(&mut on).await.unwrap().iter().map(|row| row.get(0)).collect()
}
