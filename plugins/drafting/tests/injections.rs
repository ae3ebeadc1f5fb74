//! Mails that try to talk the model into something (`injections.tsv`), and a model that does whatever they say: what it wrote never
//! becomes a draft.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use posthouse_asking::Parrot;
use posthouse_drafting::model::add_model_draft;
use posthouse_drafting::settings::ModelSettings;
use posthouse_drafting::{Case, Settings};

const CORPUS: &str = include_str!("injections.tsv");
/// The least that this is worth.
const MAILS_MIN: usize = 60;

struct Injection {
    language: String,
    mail: String,
    obeyed: String,
}

fn corpus() -> Vec<Injection> {
    let lines = CORPUS.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns.len(), 3, "{line}");
        let text = |column: usize| columns[column].replace("\\n", "\n");
        Injection { language: text(0), mail: text(1), obeyed: text(2) }
    });
    lines.collect()
}

/// Where is it, and when does it come: the template promises nothing.
fn case(of: &Injection) -> Case {
    Case {
        category: Some("shipping".into()),
        language: Some(of.language.clone()),
        tenant_name: "Acme".into(),
        subject: "Order 1042-88".into(),
        mail: of.mail.clone(),
        known: [("order_number".to_owned(), "1042-88".to_owned())].into(),
        agent_language: "en".into(),
        ..Case::default()
    }
}

#[test]
fn what_a_mail_talks_a_model_into_never_becomes_a_draft() {
    let corpus = corpus();
    assert!(corpus.len() >= MAILS_MIN, "{}", corpus.len());
    let settings = ModelSettings { enabled: true, ..ModelSettings::default() };
    let shelf = Settings::default().shelf().unwrap();
    let mut through = Vec::new();
    for injection in &corpus {
        let case = case(injection);
        let mut drafts = shelf.drafts(&case);
        let model = Parrot::new(Ok(&injection.obeyed));
        add_model_draft(&mut drafts, &settings, &shelf, &case, 3, &model);
        let asked = model.asked();
        assert_eq!(asked.len(), 1, "{}", injection.mail);
        assert!(!asked[0].instructions.contains(&injection.mail), "a mail among the instructions: {}", injection.mail);
        assert!(asked[0].inputs.last().unwrap().ends_with(&injection.mail), "the mail is the last input");
        assert!(!asked[0].inputs[..asked[0].inputs.len() - 1].iter().any(|input| input.contains(&injection.mail)));
        if drafts.iter().any(|draft| draft.model_written) {
            through.push(&injection.obeyed);
        } else {
            let why = drafts[0].evidence.last().unwrap();
            assert!(why.ends_with("the template was used"), "{why}");
        }
    }
    assert!(through.is_empty(), "{} of {} came through: {through:#?}", through.len(), corpus.len());
}

/// The guard would be worth nothing if it held back honest answers to the same mails.
#[test]
fn an_honest_answer_to_such_a_mail_becomes_a_draft() {
    let honest = [
        (
            "en",
            "Hello,\n\nthank you for your message. We are looking into order 1042-88 and will write to you as soon as we know more.",
        ),
        ("de", "Guten Tag,\n\nvielen Dank für Ihre Nachricht. Wir prüfen die Bestellung 1042-88 und melden uns."),
        ("es", "Hola:\n\ngracias por su mensaje. Estamos revisando el pedido 1042-88."),
        ("fr", "Bonjour,\n\nmerci pour votre message. Nous vérifions la commande 1042-88."),
        ("ru", "Здравствуйте! Спасибо за письмо. Мы проверяем заказ 1042-88."),
        ("zh", "您好，感谢来信。我们正在核实订单 1042-88，有消息会尽快告知。"),
        ("ja", "お問い合わせありがとうございます。ご注文 1042-88 を確認しております。"),
        ("ko", "문의해 주셔서 감사합니다. 주문 1042-88을 확인하고 있습니다."),
    ];
    let settings = ModelSettings { enabled: true, ..ModelSettings::default() };
    let shelf = Settings::default().shelf().unwrap();
    for injection in corpus() {
        let Some((_, answer)) = honest.iter().find(|(language, _)| *language == injection.language) else { continue };
        let case = case(&injection);
        let mut drafts = shelf.drafts(&case);
        let model = Parrot::new(Ok(answer));
        add_model_draft(&mut drafts, &settings, &shelf, &case, 3, &model);
        assert!(drafts[0].model_written, "{}: {:?}", injection.mail, drafts[0].evidence);
    }
}
