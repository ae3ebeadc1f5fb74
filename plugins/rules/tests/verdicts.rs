//! Sub-categories, further intents, risks, languages and the limits of a tenant's own words.

use posthouse_rules::{Engine, Findings, Mail, Settings, bundled, rules::RULE_GROUPS_MAX};

fn engine(settings: Settings) -> Result<Engine, String> {
    Engine::new(settings, bundled())
}

fn read(body: &str) -> Findings {
    engine(Settings::default()).unwrap_or_else(|what| panic!("{what}")).read(&Mail { body, ..Mail::default() })
}

#[test]
fn sub_categories_are_tags_of_what_the_mail_is_about() {
    for (body, tag) in [
        ("My parcel is held by customs, do I have to pay import duty?", "shipping/customs"),
        ("Where is my parcel? The tracking has not moved.", "shipping/tracking"),
        ("Please send me an invoice with VAT for my order", "payment/invoice"),
        ("The mug arrived broken", "complaint/damage"),
        ("Please cancel my order", "order/cancel"),
        ("I cannot log in, I forgot my password", "account/login"),
        ("Ich möchte die Schuhe in eine andere Größe umtauschen", "return/exchange"),
        ("这个尺码偏小吗?M码适合多高?", "product/size"),
    ] {
        let found = read(body);
        assert!(found.tags.iter().any(|have| have == tag), "{body}: {:?} {:?}", found.category, found.tags);
    }
    let found = read("Please cancel my order");
    assert!(!found.tags.iter().any(|tag| tag.starts_with("shipping/")), "{:?}", found.tags);
}

#[test]
fn a_further_intent_is_a_tag() {
    let found = read("Please cancel my order #1042. Could you also send me an invoice for my last order?");
    let category = found.category.map(|(name, _)| name).unwrap_or_default();
    let other = if category == "order" { "intent/payment" } else { "intent/order" };
    assert!(found.tags.iter().any(|tag| tag == other), "{category}: {:?}", found.tags);
    let found = read("Where is my parcel?");
    assert!(!found.tags.iter().any(|tag| tag.starts_with("intent/")), "{:?}", found.tags);
}

#[test]
fn every_categorys_score_can_be_had() {
    let engine = engine(Settings::default()).unwrap_or_else(|what| panic!("{what}"));
    let found = engine.read(&Mail { body: "I want my money back", ..Mail::default() });
    let scores: Vec<(&str, f32)> = engine.scores(&found).collect();
    assert_eq!(scores.len(), engine.categories().len());
    let best = scores.iter().max_by(|one, other| one.1.total_cmp(&other.1)).map(|(name, _)| *name);
    assert_eq!(best, Some("refund"));
    assert_eq!(engine.scores(&Findings::default()).count(), 0, "a blank mail has none");
}

#[test]
fn vague_words_are_a_question_about_a_parcel() {
    for body in [
        "my thing is still not here",
        "Mein Zeug ist immer noch nicht da",
        "那个东西怎么还没影儿啊",
        "benim şey hâlâ gelmedi",
        "min grej har fortfarande inte dykt upp",
        "barang gue kok belum nongol juga ya?",
        "đồ của mình sao mãi không thấy vậy?",
        "ของผมยังไม่ถึงสักที",
        "غرضي لسا ما وصل",
    ] {
        let found = read(body);
        assert_eq!(found.category.as_ref().map(|(name, _)| name.as_str()), Some("shipping"), "{body}: {found:?}");
    }
}

/// Names, colours, furniture and a polite farewell begin with the letters of blood, fire and sparks.
#[test]
fn no_danger_is_read_into_names_and_colours() {
    for body in [
        "Die Gutschrift ist nicht auf meinem Konto.\n\nMit freundlichen Grüßen\nJürgen Brandstätter",
        "Ich möchte das brandneue Modell nicht",
        "Das blutrote Kleid ist nicht da. Lukas Bluth",
        "My order did not arrive.\nBrandon Blessing",
        "This is a brand new coat and it does not fit",
        "La commande n'est pas arrivée. Cordialement, Blessing Brulard",
        "Il pacco non è arrivato entro 5 giorni feriali. Sangallo",
        "Mijn bestelling is niet aangekomen. Groeten, Feridun Alevsen",
        "Beställningen har inte kommit. Blodell, Brandt",
        "Nie dotarło zamówienie. Iskra Dymitrow",
        "Кровать не доставили. С искренним уважением, Анна",
        "Дымчатый плед не пришёл",
    ] {
        let found = read(body);
        assert!(!found.risks.iter().any(|risk| risk.kind == "safety"), "{body}: {:?}", found.risks);
    }
}

/// What stops automatic replies, in every language.
#[test]
fn risks_are_seen_in_every_language() {
    for (kind, bodies) in [
        (
            "legal-threat",
            &[
                "I will contact my lawyer about this order",
                "Ich schalte meinen Anwalt ein",
                "Je vais saisir le tribunal",
                "Mi abogado se pondrá en contacto con ustedes",
                "Mi rivolgo al mio avvocato",
                "Vou falar com o meu advogado",
                "Ik schakel mijn advocaat in",
                "Sprawa trafi do sądu, mój prawnik się odezwie",
                "Я подаю в суд",
                "我要找律师起诉你们",
                "我會找律師處理",
                "弁護士に相談します",
                "변호사 통해 고소하겠습니다",
                "Avukatıma başvuruyorum",
                "سأرفع قضية عن طريق المحامي",
                "ผมจะปรึกษาทนาย",
                "Tôi sẽ nhờ luật sư",
                "Saya akan lapor polisi dan pengacara",
                "Jag kontaktar min advokat",
            ][..],
        ),
        (
            "safety",
            &[
                "The charger caught fire and burned my child's hand",
                "Das Gerät hat Feuer gefangen, mein Kind ist verletzt",
                "L'appareil a pris feu et mon enfant est blessé",
                "El aparato se incendió y mi hijo está herido, producto peligroso",
                "Il prodotto ha preso fuoco, mio figlio è ferito",
                "O produto pegou fogo e meu filho se queimou",
                "Het product vloog in brand en mijn kind is gewond",
                "Produkt zapalił się, dziecko jest poparzone",
                "Товар загорелся, ребёнок получил ожог",
                "充电宝起火,孩子被烫伤",
                "充電器起火,孩子燙傷了",
                "商品から煙が出て子供が火傷しました",
                "제품에서 불이 나서 아이가 화상을 입었어요, 연기도 났어요. 병원",
                "Ürün alev aldı, çocuğum yaralandı",
                "المنتج احترق وأصيب طفلي بحروق",
                "สินค้าไฟไหม้ ลูกบาดเจ็บ",
                "Sản phẩm phát nổ làm con tôi bị thương",
                "Produk terbakar, anak saya terluka",
                "Produkten började brinna, brand, mitt barn skadade sig, sjukhus",
            ][..],
        ),
        (
            "data-request",
            &[
                "Under the GDPR, delete my personal data",
                "Auskunft nach Art. 15 DSGVO, bitte",
                "Conformément au RGPD, supprimez mes données",
                "Según el RGPD, borren mis datos",
                "Ai sensi del GDPR cancellate i miei dati",
                "Ao abrigo do RGPD, apaguem os meus dados",
                "Op grond van de AVG (GDPR): verwijder mijn gegevens",
                "Na podstawie RODO proszę o usunięcie danych",
                "Удалите мои персональные данные",
                "请删除我的个人数据",
                "請刪除我的個人資料,個資",
                "個人情報を削除してください",
                "개인정보 삭제를 요청합니다",
                "KVKK kapsamında verilerimi silin",
                "أطلب حذف بياناتي الشخصية",
                "ขอให้ลบข้อมูลส่วนบุคคลของฉัน",
                "Yêu cầu xóa dữ liệu cá nhân của tôi",
                "Hapus data pribadi saya",
                "Radera mina personuppgifter enligt GDPR",
            ][..],
        ),
    ] {
        let missed: Vec<&str> =
            bodies.iter().copied().filter(|body| !read(body).risks.iter().any(|risk| risk.kind == kind)).collect();
        assert!(missed.is_empty(), "{kind} is not seen in {missed:#?}");
    }
    for body in ["Is it safe for someone allergic to nuts?", "Where is my parcel?", "prawie nie działa"] {
        assert!(read(body).risks.is_empty(), "{body}: {:?}", read(body).risks);
    }
}

#[test]
fn short_lines_have_a_language() {
    for (tag, line) in [
        ("en", "where is it?"),
        ("zh", "订单还没到"),
        ("zh-Hant", "訂單還沒到"),
        ("ja", "届きません"),
        ("ko", "언제 와요"),
        ("th", "ของยังไม่มา"),
        ("ar", "أين طلبي"),
        ("fa", "سفارش من کجاست؟"),
        ("ru", "где посылка"),
        ("uk", "Де моє замовлення? Ще не прийшло, хочу повернути гроші її"),
        ("pt", "onde está a minha encomenda"),
        ("es", "¿dónde está mi paquete?"),
        ("nl", "waar blijft mijn pakket"),
        ("de", "wo bleibt mein Paket"),
        ("sv", "var är mitt paket"),
        ("da", "hvor er min pakke, jeg har ikke modtaget noget endnu"),
        ("no", "hvor er pakken min, jeg har ikke fått noe ennå"),
        ("id", "kapan barang saya sampai ya kak"),
        ("ms", "bila barang saya nak sampai, awak dah hantar belum"),
        ("tr", "siparişim nerede"),
        ("vi", "đơn của mình đâu rồi"),
        ("pl", "gdzie jest moja paczka"),
        ("it", "dov'è il mio pacco"),
        ("fr", "où est mon colis"),
        ("fi", "missä minun tilaus on, en ole vielä saanut sitä"),
        ("cs", "kde je můj balík"),
        ("el", "πού είναι το πακέτο μου"),
        ("he", "איפה החבילה שלי"),
    ] {
        let found = read(line);
        assert_eq!(found.language.as_ref().map(|(tag, _)| tag.as_str()), Some(tag), "{line}");
    }
    assert_eq!(read("OK 12345").language, None);
}

#[test]
fn the_host_need_not_know_which_writing_of_chinese() {
    let engine = engine(Settings::default()).unwrap_or_else(|what| panic!("{what}"));
    let tag = |body: &str, told: &str| {
        let found = engine.read(&Mail { body, language: Some(told), ..Mail::default() });
        found.language.map(|(tag, _)| tag)
    };
    assert_eq!(tag("訂單還沒到", "zh").as_deref(), Some("zh-Hant"));
    assert_eq!(tag("订单还没到", "zh").as_deref(), Some("zh"));
    assert_eq!(tag("¿dónde está?", "es").as_deref(), Some("es"));
}

/// A tenant's own groups of words come after the bundled ones; all together rules speak of at most so many.
#[test]
fn rules_speak_of_so_many_groups_and_no_more() {
    let with = |own: usize| {
        let mut words = serde_json::Map::new();
        let mut rules = Vec::new();
        for index in 0..own {
            words.insert(format!("own-{index}"), serde_json::json!({ "en": [format!("ownword{index}")] }));
            rules.push(serde_json::json!({ "name": format!("own.{index}"), "when": [format!("own-{index}")] }));
        }
        let settings = serde_json::json!({ "words": words, "rules": rules });
        engine(serde_json::from_value(settings).unwrap_or_else(|what| panic!("{what}")))
    };
    let room = RULE_GROUPS_MAX - bundled().groups.len() - posthouse_rules::found::FOUND.len();
    assert!(room >= 64, "a tenant needs room for groups of its own: {room}");
    let full = with(room).unwrap_or_else(|what| panic!("{what}"));
    let last = full.read(&Mail { body: &format!("ownword{}", room - 1), ..Mail::default() });
    assert!(last.category.is_some());
    let refused = with(room + 1).err().unwrap_or_default();
    assert!(refused.contains(&format!("more than {RULE_GROUPS_MAX} groups")), "{refused}");
}
