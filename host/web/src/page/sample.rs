//! Sample data: a morning at a seller's desk. For drawing every page without a store, in tests and for the eye.

mod autonomy;
mod plugins;
mod setup;
mod translation;
mod views;

pub use autonomy::autonomy;
pub use plugins::{plugin, plugins};
pub use setup::{setup, setup_list};
pub use views::{bulk, view, views};

use super::draft::{Check, Conflict, DraftCard, Editor, ReplyPane};
use super::frame::{Frame, Me, Place, Team, Theme, UndoBar};
use super::letter::Letter;
use super::list::{Choices, Due, Headline, ListPane, Row};
use super::messages::{BalanceRow, LedgerRow, MessageRow, MessagesPage};
use super::note::NoteCard;
use super::query::{ListQuery, View};
use super::status::{FailedJobRow, IncidentRow, MailboxRow, PluginRow, SignIn, SignInStands, StatusPage};
use super::ticket::{Colleague, Happening, Missing, SiblingLine, TicketPane};
use super::trail::{Said, Step};
use super::when::Lens;
use crate::words::Lang;
use jiff::tz::TimeZone;
use posthouse_model::Timestamp;
use posthouse_model::decision::{HostCall, World};
use posthouse_model::draft::{CheckFinding, DraftOrigin, DraftProposal, Filled, Question};
use posthouse_model::mail::{Address, Attachment};
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::release::Stage;
use posthouse_model::role::Role;
use posthouse_model::ticket::{Direction, Outcome, TicketStatus};
use posthouse_model::triage::{
    Date, Entity, EntityValue, Evidence, Fact, Money, Order, Risk, Routing, Scored, Sentiment, Span, TextPart, Triage,
    Urgency,
};
use posthouse_store::ReplyFile;
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_772_335_320_000_000);

const MAIL: &str = "Hola,\n\nhice el pedido 1042-88 el 3 de febrero y todavía no ha llegado nada. El seguimiento YT2031188801234567 lleva nueve días parado en aduanas y nadie me dice nada.\n\nEra un regalo para mi hija: la lámpara AC-LUMA-02, 49,90 EUR. Si no llega antes del viernes, quiero que me devuelvan el dinero o abriré una disputa con PayPal.\n\nUn saludo,\nAna García";

const REPLY: &str = "Hola Ana:\n\nsiento mucho la espera. He comprobado su pedido 1042-88: el paquete YT2031188801234567 está en aduanas desde el 20 de febrero y el transportista prevé la entrega en 3 a 5 días laborables.\n\nSi no lo ha recibido el {{delivery_deadline}}, le enviaremos uno nuevo o le devolveremos el importe, como usted prefiera.\n\nUn cordial saludo,\nMei, de Luma Home";

fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// What every page knows.
#[must_use]
pub fn frame(lang: Lang, theme: Theme, place: Place) -> Frame {
    Frame {
        lens: Lens { lang, zone: TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC), now: NOW },
        team: Team { slug: "luma".into(), name: "Luma Home".into() },
        me: Me { name: "Mei Lin".into(), email: "mei@luma.example".into(), role: Role::Lead, audits: true },
        csrf: "sample".into(),
        theme,
        place,
        troubles: 1,
        host: None,
        here: "/t/luma/tickets".into(),
        note: None,
        undo: None,
        back: None,
        mentions: 1,
        bulk: None,
    }
}

/// The undo bar after an approval.
#[must_use]
pub fn undo() -> UndoBar {
    UndoBar { number: 1039, outbox: 7, customer: "Tom Ode".into(), until: NOW.plus(Duration::from_secs(9)) }
}

struct Brief(
    i64,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<Urgency>,
    &'static str,
    u64,
    Option<(u64, u64)>,
    Option<&'static str>,
);

#[rustfmt::skip]
const ROWS: &[Brief] = &[
    Brief(1042, "Ana García", "¿Dónde está mi paquete?", "hice el pedido 1042-88 el 3 de febrero y todavía no ha llegado nada. El seguimiento…", Some("shipping"), Some(Urgency::Urgent), "es", 4, Some((56, 4)), None),
    Brief(1041, "Greg Paulsen", "Broken zip on arrival, 2nd time", "This is the second bag with the same fault. I attach three photos. I expect…", Some("complaint"), Some(Urgency::High), "en", 12, Some((108, 132)), Some("Jun")),
    Brief(1040, "渡辺 さくら", "返品の送料について", "先日購入したランプですが、色が写真と違うため返品を希望します。送料は…", Some("return"), Some(Urgency::Medium), "ja", 26, Some((26, 454)), None),
    Brief(1038, "Julia Brandt", "Rechnung fehlt", "für die Buchhaltung brauche ich eine Rechnung mit ausgewiesener Mehrwertsteuer zu…", Some("order"), Some(Urgency::Medium), "de", 41, Some((41, 439)), None),
    Brief(1037, "Chloé Martin", "Changer l'adresse de livraison", "je viens de déménager, merci d'envoyer la commande 1039-02 à ma nouvelle adresse…", Some("address"), Some(Urgency::High), "fr", 55, Some((20, 215)), Some("Mei")),
    Brief(1036, "王 建国", "发票抬头能改吗", "你好，上周买的两盏灯，发票抬头写错了，能不能重新开一张？公司名称是…", Some("payment"), Some(Urgency::Medium), "zh", 74, Some((306, 174)), None),
    Brief(1033, "Oluwaseun Adebayo", "Is the LUMA-02 safe for 110 V?", "Hi, I am moving to the US next month. Can I use the lamp there with an adapter or…", Some("product"), Some(Urgency::Low), "en", 118, None, None),
    Brief(1031, "Marek Nowak", "Zwrot pieniędzy", "minęło już 14 dni od odesłania paczki i nadal nie mam zwrotu na koncie. Proszę o…", Some("refund"), Some(Urgency::High), "pl", 190, Some((150, 90)), Some("Jun")),
    Brief(1029, "support@marketplace.example", "A-to-z claim opened for order 1019-55", "A customer has opened a claim. Respond within 48 hours with proof of delivery or…", Some("complaint"), Some(Urgency::Urgent), "en", 200, Some((200, 15)), Some("Mei")),
    Brief(1027, "Lucía Fernández", "Cupón no funciona", "intento usar el cupón LUZ10 y me dice que ha caducado, pero el correo que recibí…", Some("payment"), Some(Urgency::Low), "es", 260, None, None),
    Brief(1024, "Ben Okafor", "Re: Your order has shipped", "Thanks! Could you also tell me whether the spare shade fits the older model?", Some("product"), Some(Urgency::Low), "en", 420, None, None),
    Brief(1021, "김민준", "배송 조회가 안 됩니다", "운송장 번호를 입력해도 조회가 되지 않습니다. 확인 부탁드립니다.", Some("shipping"), Some(Urgency::Medium), "ko", 530, Some((430, 300)), None),
];

/// A dozen tickets that wait.
#[must_use]
pub fn list(open: Option<i64>) -> ListPane {
    let rows = ROWS
        .iter()
        .map(|b| Row {
            number: b.0,
            who: b.1.into(),
            subject: b.2.into(),
            gist: b.3.into(),
            status: TicketStatus::Waiting,
            category: b.4.map(Into::into),
            urgency: b.5,
            language: Some(b.6.into()),
            at: NOW.minus(minutes(b.7)),
            due: b.8.map(|(gone, left)| Due { since: NOW.minus(minutes(gone)), at: NOW.plus(minutes(left)) }),
            assignee: b.9.map(Into::into),
            snoozed_until: None,
            leaves: None,
            version: 1,
        })
        .collect();
    ListPane {
        query: ListQuery::default(),
        counts: vec![
            (View::Waiting, 12),
            (View::Mine, 2),
            (View::Urgent, 2),
            (View::New, 1),
            (View::Sent, 148),
            (View::Handled, 31),
            (View::Spam, 64),
            (View::Automatic, 9),
        ],
        headline: Headline { waiting: 12, oldest: Some(NOW.minus(minutes(530))), overdue: 0, due_within_hour: 4 },
        choices: Choices {
            macros: vec!["Parcel is lost".into()],
            queues: ["general", "refunds", "leads"].map(|q| (q.into(), q.into())).into(),
            categories: vec!["shipping".into(), "refund".into(), "return".into(), "complaint".into(), "product".into()],
            languages: vec!["en".into(), "es".into(), "de".into(), "fr".into(), "ja".into(), "zh".into()],
        },
        rows,
        older: Some("x".into()),
        search: Default::default(),
        counts_cut: false,
        queues: [("inbox", "Inbox", 9), ("returns", "Returns", 3)]
            .map(|(name, title, waiting)| super::list::QueueLine { name: name.into(), title: title.into(), waiting })
            .into(),
        saved: vec![super::list::SavedLine { id: 1, name: "VIP, due today".into() }],
        mark: NOW.0.to_string(),
        open,
        hands: vec![(1, "Li Na".into()), (2, "Chen".into())],
    }
}

fn span(of: &str, part: TextPart) -> Option<Span> {
    let start = u32::try_from(MAIL.find(of)?).ok()?;
    Some(Span { part, start, end: start + u32::try_from(of.len()).ok()? })
}

fn entities() -> Vec<Entity> {
    let entity = |value, confidence, of: &str| Entity { value, confidence, span: span(of, TextPart::Body) };
    vec![
        entity(EntityValue::OrderNumber { value: "1042-88".into() }, 0.99, "1042-88"),
        entity(
            EntityValue::TrackingNumber { value: "YT2031188801234567".into(), carrier: Some("YunExpress".into()) },
            0.99,
            "YT2031188801234567",
        ),
        entity(EntityValue::Sku { value: "AC-LUMA-02".into() }, 0.85, "AC-LUMA-02"),
        entity(
            EntityValue::Amount { value: Money { units: 4990, scale: 2, currency: "EUR".into() } },
            0.97,
            "49,90 EUR",
        ),
        entity(EntityValue::Date { value: Date { year: 2026, month: 2, day: 3 } }, 0.7, "3 de febrero"),
    ]
}

fn risks(lang: Lang) -> Vec<Risk> {
    let reason = match lang {
        Lang::En => "The customer says she will open a dispute with PayPal.",
        Lang::Zh => "客户表示将向 PayPal 提出争议。",
    };
    vec![Risk {
        kind: "chargeback".into(),
        reason: reason.into(),
        span: span("abriré una disputa con PayPal", TextPart::Body),
    }]
}

fn letters(lang: Lang) -> Vec<Letter> {
    let ana = Address { name: Some("Ana García".into()), address: "ana.garcia@correo.example".into() };
    let ours = Address { name: Some("Luma Home".into()), address: "help@luma.example".into() };
    let plain = |id, direction, from: &Address, at, text: &str| Letter {
        id,
        direction,
        from: from.clone(),
        to: vec![],
        at,
        offset_minutes: Some(60),
        text: text.into(),
        full_text: None,
        has_html: false,
        remote_images: 0,
        pictures_always: false,
        attachments: vec![],
        entities: vec![],
        risks: vec![],
        sent_by: Some("Jun".into()),
        damaged: false,
        reason: None,
        let_go: false,
    };
    vec![
        plain(1, Direction::Incoming, &ana, NOW.minus(minutes(8_000)), "Hola, ¿cuándo sale mi pedido?"),
        plain(
            2,
            Direction::Outgoing,
            &ours,
            NOW.minus(minutes(7_900)),
            "Hola Ana: su pedido salió ayer. Un saludo, Jun",
        ),
        Letter {
            full_text: Some(format!("{MAIL}\n\n> Hola Ana: su pedido salió ayer.")),
            has_html: true,
            remote_images: 2,
            attachments: vec![Attachment {
                name: Some("captura-seguimiento.pdf".into()),
                media_type: "application/pdf".into(),
                size: 214_300,
                sha256: String::new(),
                content_id: None,
                inline: false,
                part: 2,
            }],
            entities: entities(),
            risks: risks(lang),
            ..plain(3, Direction::Incoming, &ana, NOW.minus(minutes(4)), MAIL)
        },
    ]
}

fn cards() -> Vec<DraftCard> {
    let proposal = DraftProposal {
        body: REPLY.into(),
        language: Some("es".into()),
        template: Some("shipping-es".into()),
        confidence: Some(0.86),
        filled: [("customer_name", "Ana"), ("order_number", "1042-88"), ("tracking_number", "YT2031188801234567")]
            .map(|(v, x)| Filled { variable: v.into(), value: x.into() })
            .into(),
        unfilled: vec!["delivery_deadline".into()],
        questions: vec![Question {
            key: "photo".into(),
            question: "¿Podría enviarnos una foto de la página de seguimiento?".into(),
        }],
        ..DraftProposal::default()
    };
    let card = |position, origin, proposal: &DraftProposal, findings: Vec<CheckFinding>| DraftCard {
        id: position,
        position,
        revision: 1,
        origin,
        author: None,
        proposal: proposal.clone(),
        findings,
        check: Check::Done,
    };
    vec![
        card(
            1,
            DraftOrigin::Template,
            &proposal,
            vec![CheckFinding {
                blocks: false,
                code: "promised-refund".into(),
                reason: "“le devolveremos el importe” promises a refund. Is that what you want?".into(),
                span: None,
            }],
        ),
        card(2, DraftOrigin::Template, &proposal, vec![]),
    ]
}

fn trail() -> Vec<Step> {
    let step = |world, said, plugin: &str, micros, at| Step {
        world,
        said,
        plugin: plugin.into(),
        version: "1.2.0".into(),
        digest: "5f2b9a1c77d0e3".into(),
        host_calls: vec![],
        duration_us: micros,
        at: NOW.minus(minutes(at)),
        stage: Stage::Active,
    };
    let found = |rule: &str, words: &str| Evidence::Match { rule: rule.into(), words: words.into(), span: None };
    let triage = Triage {
        category: Some(Scored { value: "shipping".into(), confidence: 0.93 }),
        urgency: Some(Scored { value: Urgency::Urgent, confidence: 0.9 }),
        sentiment: Some(Scored { value: Sentiment::Negative, confidence: 0.8 }),
        evidence: vec![
            found("where-is-it", "todavía no ha llegado"),
            found("customs", "parado en aduanas"),
            found("dispute", "abriré una disputa"),
        ],
        ..Triage::default()
    };
    let routing = Routing {
        queue: Some("leads".into()),
        priority: Some(90),
        deadline: Some(NOW.plus(minutes(4))),
        notifiers: vec!["team".into()],
        evidence: vec![
            Evidence::Text { text: "urgent: answer within 60 business minutes".into() },
            found("priority/base", "+90 urgent"),
            found("priority/deadline", "+10 4"),
            found("priority/history", "+5 1"),
            found("priority/bound", "-15 "),
        ],
        ..Routing::default()
    };
    let mut told = step(World::Notifier, Said::Told, "feishu", 182_000, 3);
    told.host_calls = vec![HostCall {
        capability: "http".into(),
        what: "POST open.feishu.cn".into(),
        outcome: "200".into(),
        duration_us: 181_000,
        exchange: None,
    }];
    vec![
        step(World::Classifier, Said::Sorted(Box::new(triage)), "classifier", 48, 4),
        step(World::Router, Said::Routed(Box::new(routing)), "router", 21, 4),
        step(World::Drafter, Said::Proposed(cards().into_iter().map(|c| c.proposal).collect()), "drafter", 130, 4),
        step(World::Enricher, Said::Failed("shop.example did not answer within 5 s".into()), "orders", 5_000_300, 4),
        told,
    ]
}

/// The ticket that Ana's mail became.
#[must_use]
pub fn ticket(lang: Lang) -> TicketPane {
    let at = |n| NOW.minus(minutes(n));
    let event =
        |n, kind: &str, actor: &str| Happening { at: at(n), kind: kind.into(), actor: actor.into(), detail: None };
    TicketPane {
        number: 1042,
        seen: 3,
        subject: "¿Dónde está mi paquete?".into(),
        status: TicketStatus::Waiting,
        reason: None,
        category: Some("shipping".into()),
        urgency: Some(Urgency::Urgent),
        sentiment: Some(Sentiment::Negative),
        language: Some("es".into()),
        queue: Some("leads".into()),
        assignee: None,
        due: Some(Due { since: at(56), at: NOW.plus(minutes(4)) }),
        tags: vec!["repeat".into(), "gift".into()],
        customer: Address { name: Some("Ana García".into()), address: "ana.garcia@correo.example".into() },
        priority: 90,
        snoozed_until: None,
        notes: vec![NoteCard {
            id: 1,
            by: "Jun".into(),
            mine: false,
            at: at(2),
            edited_at: None,
            body: "@Mei Lin the carrier called: customs wants an invoice copy.".into(),
            mentions: std::iter::once(0..8).collect(),
        }],
        note_refused: None,
        letters: letters(lang),
        missing: vec![
            Missing {
                key: "photo".into(),
                question: Some("¿Podría enviarnos una foto de la página de seguimiento?".into()),
            },
            Missing { key: "new-address".into(), question: None },
        ],
        entities: entities(),
        risks: risks(lang),
        facts: vec![Fact { key: "orders".into(), label: "Orders".into(), value: "3 since 2024".into() }],
        orders: vec![Order {
            number: "1042-88".into(),
            status: Some("shipped".into()),
            placed_on: Some(Date { year: 2026, month: 2, day: 3 }),
            total: Some(Money { units: 4990, scale: 2, currency: "EUR".into() }),
            country: Some("ES".into()),
            tracking_number: Some("YT2031188801234567".into()),
            carrier: Some("YunExpress".into()),
        }],
        reply: reply(),
        sendings: vec![],
        would_send: None,
        trail: trail(),
        events: vec![
            event(3, "notification.sent", "host:notify"),
            event(4, "draft.added", "host:draft"),
            event(4, "ticket.routed", "host:triage"),
            event(4, "ticket.triaged", "host:triage"),
            event(4, "message.received", "host:intake"),
        ],
        colleagues: vec![
            Colleague { id: 1, name: "Mei Lin".into(), me: true },
            Colleague { id: 2, name: "Jun".into(), me: false },
        ],
        siblings: vec![SiblingLine {
            number: 871,
            subject: "Invoice for my order".into(),
            status: TicketStatus::Handled,
            at: NOW.minus(minutes(40 * 1440)),
        }],
        translations: translation::translated(),
        merged_into: None,
        categories: [
            "shipping",
            "refund",
            "return",
            "complaint",
            "product",
            "address",
            "order",
            "payment",
            "account",
            "other",
        ]
        .map(Into::into)
        .into(),
        query: ListQuery::default(),
    }
}

fn reply() -> ReplyPane {
    ReplyPane {
        customer_language: Some("es".into()),
        macros: vec![("Parcel is lost".into(), true), ("Solved by phone".into(), false)],
        number: 1042,
        seen: 3,
        drafts: cards(),
        chosen: Some(0),
        editor: Editor {
            to: "Ana García <ana.garcia@correo.example>".into(),
            cc: String::new(),
            subject: "Re: ¿Dónde está mi paquete?".into(),
            body: REPLY.into(),
            unsaved: false,
            typed_at: None,
            conflict: None,
        },
        writing: None,
        others: Vec::new(),
        translation: None,
        difference: None,
        misfits: 2,
        coming: false,
        folded: false,
        may_send: true,
        files: vec![ReplyFile { id: 1, name: "label.pdf".into(), media_type: "application/pdf".into(), size: 84_200 }],
        query: ListQuery::default(),
    }
}

/// The same ticket after a colleague saved another text.
#[must_use]
pub fn conflict(lang: Lang) -> TicketPane {
    let mut pane = ticket(lang);
    pane.reply.editor.unsaved = true;
    pane.reply.editor.conflict = Some(Conflict {
        who: Some("Jun".into()),
        theirs: Some("Hola Ana:\n\nle enviamos hoy otra lámpara.\n\nJun".into()),
    });
    pane
}

/// The same ticket put aside, with a scheduled reply, a comparison, and a colleague at it.
#[must_use]
pub fn working(lang: Lang) -> TicketPane {
    let mut pane = ticket(lang);
    pane.status = TicketStatus::Snoozed;
    pane.snoozed_until = Some(NOW.plus(minutes(1_300)));
    pane.notes[0].mine = true;
    pane.notes[0].edited_at = Some(NOW.minus(minutes(1)));
    pane.sendings = vec![super::ticket::Sending {
        id: 7,
        state: posthouse_model::outbox::OutboxState::Queued,
        at: NOW.plus(minutes(1_300)),
        scheduled: true,
        automatic: false,
        overtaken: true,
        tries: 0,
        words: None,
        returned: vec![],
    }];
    let text = REPLY.replace("3 a 5", "2 a 4");
    pane.reply.difference = Some(super::tools::Difference::Pieces(crate::text::difference::pieces(REPLY, &text)));
    pane.reply.writing = Some("Jun".into());
    pane
}

/// Notes that speak to the reader.
#[must_use]
pub fn mentions() -> Vec<super::note::MentionLine> {
    let line = |number, fresh| super::note::MentionLine {
        number,
        subject: "¿Dónde está mi paquete?".into(),
        note: 1,
        by: "Jun".into(),
        gist: "@Mei Lin the carrier called: customs wants an invoice copy.".into(),
        at: NOW.minus(minutes(2)),
        fresh,
    };
    vec![line(1042, true), line(1036, false)]
}

/// What works and what does not.
#[must_use]
pub fn status() -> StatusPage {
    StatusPage {
        incidents: vec![IncidentRow {
            text: "Mailbox sales@luma.example: the server refuses the password. Set a new one with `posthouse secret set`.".into(),
            since: NOW.minus(minutes(95)),
        }],
        mailboxes: vec![
            MailboxRow {
                address: "help@luma.example".into(),
                way_in: "IMAP imap.luma.example".into(),
                way_out: Some("SMTP smtp.luma.example".into()),
                active: true,
                trouble: None,
                left: None,
                fetched_at: Some(NOW.minus(minutes(1))),
                sign_in: None,
            },
            MailboxRow {
                address: "sales@luma.example".into(),
                way_in: "IMAP imap.luma.example".into(),
                way_out: Some("SMTP smtp.luma.example".into()),
                active: true,
                trouble: Some("the server said: AUTHENTICATIONFAILED".into()),
                left: None,
                fetched_at: Some(NOW.minus(minutes(95))),
                sign_in: Some(SignIn {
                    mailbox: "sales".into(),
                    by_code: true,
                    by_browser: Some("https://desk.example/oauth/callback".into()),
                    stands: SignInStands::Waiting {
                        code: "WDJB-MJHT".into(),
                        address: "https://microsoft.com/devicelogin".into(),
                        until: NOW.plus(minutes(14)),
                    },
                }),
            },
        ],
        plugins: [("classifier", World::Classifier), ("router", World::Router), ("drafter", World::Drafter)]
            .map(|(name, world)| PluginRow {
                cut_off: (world == World::Drafter).then(|| NOW.minus(minutes(20))),
                name: name.into(),
                world,
                version: "1.2.0".into(),
                digest: "5f2b9a1c77d0e3".into(),
                hosts: vec![],
                model: world == World::Drafter,
            })
            .into(),
        failed: vec![FailedJobRow {
            kind: "notify".into(),
            error: "open.feishu.cn answered 19024: keyword not found".into(),
            tries: 7,
            at: NOW.minus(minutes(300)),
        }],
    }
}

/// Mail that became no ticket.
#[must_use]
pub fn messages() -> MessagesPage {
    let row = |id, who: &str, subject: &str, outcome, code, words: &str| MessageRow {
        id,
        at: NOW.minus(minutes(40 * u64::try_from(id).unwrap_or(1))),
        from: who.into(),
        subject: subject.into(),
        mailbox: "help@luma.example".into(),
        outcome,
        reason: Some(Reason::new(code, words)),
        whole: id != 3,
        ticket: None,
    };
    MessagesPage {
        only: None,
        keep_days: 90,
        may_act: true,
        rows: vec![
            row(1, "scanner@office.example", "", Outcome::Parked, ReasonCode::TooLarge, "61.0 MiB"),
            row(2, "help@luma.example", "Re: Order 1031", Outcome::Skipped, ReasonCode::OwnMail, "X-Posthouse-Loop"),
            row(
                3,
                "ana.garcia@correo.example",
                "¿Dónde está mi paquete?",
                Outcome::Skipped,
                ReasonCode::Duplicate,
                "message 17",
            ),
        ],
        balances: [("hello@luma.example", "INBOX", 1840, 0), ("help@luma.example", "Orders", 311, 2)]
            .map(|(mailbox, folder, held, missing)| BalanceRow {
                mailbox: mailbox.into(),
                folder: folder.into(),
                held,
                missing,
                checked_at: NOW.minus(minutes(95)),
                name: "help".into(),
                comparing: missing == 0,
            })
            .to_vec(),
        ledger: (1..=3)
            .map(|d| LedgerRow {
                day: format!("2026-02-2{}", 8 - d),
                counts: vec![
                    (Outcome::Ticket, 40 + d),
                    (Outcome::Spam, 9),
                    (Outcome::Automatic, 3),
                    (Outcome::Skipped, 1),
                ],
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
