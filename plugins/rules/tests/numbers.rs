//! Forms of numbers, one by one: what each is taken for, where it stands, and what is none.

use posthouse_rules::{Engine, Entity, Mail, Settings, Value, bundled};

/// 2026-03-12 at noon.
const SENT_AT: i64 = 1_773_316_800;

fn engine(settings: Settings) -> Engine {
    Engine::new(settings, bundled()).unwrap_or_else(|what| panic!("{what}"))
}

fn shown(entity: &Entity) -> String {
    match &entity.value {
        Value::Order(number) => format!("order {number}"),
        Value::Tracking { number, carrier } => format!("shipment {number} {}", carrier.unwrap_or("-")),
        Value::Sku(number) => format!("article {number}"),
        Value::Amount { units, scale, currency } => format!("{} {units}/{scale}", String::from_utf8_lossy(currency)),
        Value::Date(day) => format!("{}-{:02}-{:02}", day.year, day.month, day.day),
    }
}

/// Reads a body and checks that each span cuts out a piece of it.
fn found(engine: &Engine, language: Option<&str>, body: &str) -> Vec<String> {
    let findings = engine.read(&Mail { body, language, sent_at: SENT_AT, ..Mail::default() });
    for entity in &findings.entities {
        let text = body.get(entity.start..entity.end);
        assert!(text.is_some_and(|text| !text.trim().is_empty() && text.trim() == text), "{body}: {entity:?}");
    }
    findings.entities.iter().map(shown).collect()
}

fn each(cases: &[(&str, &str, &str)]) {
    let engine = engine(Settings::default());
    for (language, body, wanted) in cases {
        let language = if language.is_empty() { None } else { Some(*language) };
        assert_eq!(found(&engine, language, body).join("; "), *wanted, "{body}");
    }
}

#[test]
fn marketplaces_order_numbers() {
    each(&[
        ("en", "About 114-7753206-0418642 please", "order 114-7753206-0418642"),
        ("en", "About 26-13984-50277 please", "order 26-13984-50277"),
        ("en", "My Etsy order 3318845097 is late", "order 3318845097"),
        ("en", "AliExpress 8190347265120034, where is it?", "order 8190347265120034"),
        ("en", "TikTok Shop 576912340018273645 has not come", "order 576912340018273645"),
        ("en", "Where is #1042?", "order 1042"),
        ("en", "Where is #AC-20931?", "order AC-20931"),
        ("de", "Meine Bestellung 77120-DE fehlt", "order 77120-DE"),
        ("pl", "zamówienie PL/2026/0391", "order PL/2026/0391"),
        ("zh", "订单号:FA-2026-00981", "order FA-2026-00981"),
        ("ar", "رقم الطلب ٧٧٣١٠", "order 77310"),
    ]);
}

#[test]
fn other_numbers_are_no_orders() {
    each(&[
        ("en", "Call me on +44 7700 900482 or (503) 555-0186", ""),
        ("de", "Tel. 0711 4458120, IBAN DE89 3704 0044 0532 0130 00", ""),
        ("nl", "Bel anders even 06 87654321", ""),
        ("sv", "vårt organisationsnummer 556677-8899, bankgiro 123-4567", ""),
        ("fr", "SIRET 552 100 554 00013, facture 20260117", ""),
        ("zh", "身份证号110101199003078515,手机13800138000", ""),
        ("ko", "사업자번호 123-45-67890, 010-1234-5678", ""),
        ("en", "I ordered 250 of them in 2024", ""),
        ("en", "Does it fit the model from 2019?", ""),
        ("en", "My card 4111111111111111 was charged", ""),
    ]);
}

#[test]
fn shipments_with_words_and_without() {
    each(&[
        ("en", "UPS 1Z999AA10123456784 is stuck", "shipment 1Z999AA10123456784 UPS"),
        ("en", "1Z 999 AA1 0123 4567 84", "shipment 1Z999AA10123456784 UPS"),
        ("en", "RR 123456785 CN", "shipment RR123456785CN China Post"),
        ("en", "my DHL parcel 4123456783", "shipment 4123456783 DHL"),
        ("de", "DPD 01508884382075 liegt im Depot", "shipment 01508884382075 DPD"),
        ("en", "FedEx 986578788855 came", "shipment 986578788855 FedEx"),
        ("zh", "运单号YT2605512345678901", "shipment YT2605512345678901 YunExpress"),
        ("en", "tracking number ABC12345678", "shipment ABC12345678 -"),
        // A wrong check digit: none, but where it is said to be one.
        ("en", "1Z999AA10123456785 is stuck", ""),
        ("en", "RR123456784CN is stuck", ""),
        ("en", "tracking number RR123456784CN", "shipment RR123456784CN -"),
    ]);
}

#[test]
fn amounts_in_the_notations_of_many_countries() {
    each(&[
        ("de", "Es waren 1.299,00 €.", "EUR 129900/2"),
        ("fr", "J'ai payé 1 120,50 € et 49€90", "EUR 112050/2; EUR 4990/2"),
        ("en", "It cost $1,249.00, US$18.50 and A$12", "USD 124900/2; USD 1850/2; AUD 12/0"),
        ("ja", "¥7,700と3万円", "JPY 7700/0; JPY 30000/0"),
        ("zh", "付了¥268,还有49.9元", "CNY 268/0; CNY 499/1"),
        ("pl", "Zapłaciłem 49,90 zł", "PLN 4990/2"),
        ("pt", "Foram R$ 1.129,00", "BRL 112900/2"),
        ("sv", "Det kostade 2 450,00 kr", "SEK 245000/2"),
        ("da", "Det kostede 99 kr.", "DKK 99/0"),
        ("no", "Det kostet 99 kr.", "NOK 99/0"),
        ("ko", "89,000원 냈어요", "KRW 89000/0"),
        ("ru", "Это стоило 12 300,50 руб.", "RUB 1230050/2"),
        ("th", "จ่าย ฿450 แล้ว", "THB 450/0"),
        ("id", "Harganya Rp275.000", "IDR 275000/0"),
        ("vi", "Giá 450.000đ", "VND 450000/0"),
        ("tr", "1.299,00 TL ödedim", "TRY 129900/2"),
        ("ar", "دفعت ٣٤٩ ريال", "SAR 349/0"),
        ("zh-Hant", "NT$1,290 和 HK$468.00", "TWD 1290/0; HKD 46800/2"),
    ]);
}

#[test]
fn days_in_the_notations_of_many_countries() {
    each(&[
        ("en", "2026-03-01 and 1 March 2026 and March 2nd", "2026-03-01; 2026-03-02"),
        ("de", "am 24.02.2026 und am 7.3.", "2026-02-24; 2026-03-07"),
        ("fr", "le 19/02/2026", "2026-02-19"),
        ("es", "el 3 de marzo de 2026", "2026-03-03"),
        ("sv", "den 9/3 eller den 16 februari", "2026-03-09; 2026-02-16"),
        ("th", "วันที่ 27 กุมภาพันธ์ 2569", "2026-02-27"),
        ("ja", "令和8年3月1日", "2026-03-01"),
        ("zh-Hant", "民國115年3月1日", "2026-03-01"),
        ("ko", "2026. 2. 28.에 주문", "2026-02-28"),
        ("vi", "ngày 17 tháng 2", "2026-02-17"),
        ("ar", "يوم 15 فبراير", "2026-02-15"),
        ("tr", "16 Şubat'ta", "2026-02-16"),
        ("en", "yesterday", "2026-03-11"),
        // "To this day" names none.
        ("pt", "não chegou até hoje", ""),
        ("de", "Bis heute nichts", ""),
    ]);
}

#[test]
fn nothing_is_near_a_day_that_nobody_told() {
    let engine = engine(Settings::default());
    let findings = engine.read(&Mail { body: "I ordered yesterday", ..Mail::default() });
    assert!(findings.entities.is_empty(), "{:?}", findings.entities);
}

#[test]
fn a_tenants_own_patterns_come_first() {
    let settings =
        Settings { order_numbers: vec!["XQ####".to_owned()], skus: vec!["LX-####".to_owned()], ..Settings::default() };
    assert_eq!(found(&engine(settings), Some("en"), "xq1234 is for LX-4410"), ["order xq1234", "article LX-4410"]);
}

#[test]
fn a_number_that_looks_like_an_orders_is_one_where_the_mail_names_no_other() {
    each(&[
        ("en", "Nothing has come back from H-260122 yet.", "order H-260122"),
        ("de", "Am Donnerstag war es wieder soweit (2026-10-04471).", "order 2026-10-04471"),
        ("en", "I never bought these: LW558213, LW558214.", "order LW558213; order LW558214"),
        // It names one: what else looks so is something else.
        (
            "en",
            "My order number is 88123456. The box is blue, it has a scratch and a sticker that says H-260122.",
            "order 88123456",
        ),
        // Telephone numbers, sizes, spans of prices, standards, numbers for value-added tax.
        ("en", "Call me at 415-555-0123. Does 122/128 fit, or 90-60-90? It says EN14683, DE123456789.", ""),
    ]);
}
