//! Mails for a large store: threads of customers in five languages, each with words of its own that a search can look for.

use posthouse_model::Timestamp;
use std::fmt::Write as _;

/// Mails of one ticket, nearly: a million are 333,334 tickets.
pub const TICKET_MAILS: usize = 3;

const LANGUAGES: [&str; 5] = ["en", "de", "es", "zh", "ja"];
const SENTENCES: [[&str; 6]; 5] = [
    [
        "I ordered this coat three weeks ago and it has still not arrived.",
        "The colour is not the one on your page, and I would like to send it back.",
        "Please tell me when the refund will be on my account.",
        "The zip broke on the first day, a photo is attached.",
        "Could you change the address to the one below before it leaves your warehouse?",
        "Nobody has answered my last letter, and I am losing patience.",
    ],
    [
        "Ich habe vor drei Wochen bestellt und das Päckchen ist noch immer nicht da.",
        "Die Farbe stimmt nicht mit dem Bild überein, ich möchte die Ware zurückschicken.",
        "Wann wird mir der Betrag erstattet?",
        "Der Reißverschluss ist am ersten Tag kaputtgegangen.",
        "Bitte ändern Sie die Anschrift, bevor das Paket Ihr Lager verlässt.",
        "Auf meinen letzten Brief hat niemand geantwortet.",
    ],
    [
        "Hice el pedido hace tres semanas y todavía no ha llegado.",
        "El color no es el de la página y quiero devolverlo.",
        "¿Cuándo recibiré el reembolso en mi cuenta?",
        "La cremallera se rompió el primer día.",
        "¿Pueden cambiar la dirección antes del envío?",
        "Nadie ha contestado mi última carta.",
    ],
    [
        "我三个星期前下的单，到现在还没有收到货。",
        "颜色和页面上的不一样，我想退货。",
        "请问退款什么时候能到账？",
        "拉链第一天就坏了，照片在附件里。",
        "发货之前能不能改一下收货地址？",
        "上一封信没有人回复，我快没有耐心了。",
    ],
    [
        "三週間前に注文しましたが、まだ届いていません。",
        "色がページの写真と違うので、返品したいです。",
        "返金はいつ口座に入りますか。",
        "初日にファスナーが壊れました。写真を添付します。",
        "発送の前に住所を変更していただけますか。",
        "前のメールにまだ返事がありません。",
    ],
];
const NAMES: [&str; 5] = ["Mary Walker", "Jürgen Groß", "Ana García", "李小明", "佐藤花子"];
const SUBJECTS: [&str; 5] =
    ["Where is my order", "Wo bleibt meine Bestellung", "Dónde está mi pedido", "我的订单在哪里", "注文はどこですか"];
/// Nonsense that stands in a few mails each: what a search for a rare word finds.
const SYLLABLES: [&str; 16] =
    ["bal", "dor", "fen", "gim", "hus", "jor", "kel", "lum", "mir", "nop", "pax", "ruv", "sil", "tog", "vex", "zan"];

/// Writes them; the same number is always the same mail.
#[derive(Clone, Copy, Debug, Default)]
pub struct Letters;

impl Letters {
    /// BCP 47, of a thread.
    pub fn language(thread: usize) -> &'static str {
        LANGUAGES[thread % LANGUAGES.len()]
    }

    /// One of 16⁴ words.
    fn rare(number: usize) -> String {
        let mixed = number.wrapping_mul(2_654_435_761) >> 7;
        (0..4).map(|at| SYLLABLES[mixed >> (4 * at) & 15]).collect()
    }

    fn order(thread: usize) -> String {
        format!("1042-{thread:07}")
    }

    /// What somebody looks for: a rare word, an order, a customer's address, or common words; fit for an address.
    pub fn search(self, n: usize, mails: usize) -> String {
        let number = n * 7_907 * 31 % mails;
        match n % 5 {
            0 => Self::rare(number),
            1 => Self::order(number / TICKET_MAILS),
            2 => format!("c{}%40customer.example", number / TICKET_MAILS % 100_000),
            3 => "refund+account".to_owned(),
            _ => "%E9%80%80%E8%B4%A7".to_owned(),
        }
    }

    /// A mail as it comes from a server: some 800 bytes.
    pub fn mail(self, number: usize, when: Timestamp) -> Vec<u8> {
        let (thread, place) = (number / TICKET_MAILS, number % TICKET_MAILS);
        let language = thread % LANGUAGES.len();
        let mut raw = String::with_capacity(1_000);
        let name = NAMES[language];
        let customer = thread % 100_000;
        // Written as it is: RFC 6532 allows UTF-8 in headers, and the reader takes it.
        let _ = write!(
            raw,
            "Return-Path: <c{customer}@customer.example>\r\nReceived: from mx.customer.example by mail.shop.example; {date}\r\n\
             From: {name} <c{customer}@customer.example>\r\nTo: support@shop.example\r\nDate: {date}\r\n\
             Subject: {re}{subject} {order}\r\nMessage-ID: <{number}@desk.customer.example>\r\n",
            date = rfc_5322(when),
            re = if place > 0 { "Re: " } else { "" },
            subject = SUBJECTS[language],
            order = Self::order(thread),
        );
        if place > 0 {
            let _ = write!(raw, "In-Reply-To: <{}@desk.customer.example>\r\n", number - 1);
        }
        raw.push_str(
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
        );
        for line in 0..4 {
            let mixed = number.wrapping_mul(0x9e37_79b9).wrapping_add(line * 7_919) >> 3;
            raw.push_str(SENTENCES[language][mixed % 6]);
            raw.push_str("\r\n");
        }
        let _ = write!(raw, "\r\n{} {}\r\n{name}\r\n", Self::order(thread), Self::rare(number));
        raw.into_bytes()
    }
}

fn rfc_5322(when: Timestamp) -> String {
    let time = jiff::Timestamp::from_microsecond(when.0).expect("a time of our own");
    jiff::fmt::rfc2822::to_string(&time.to_zoned(jiff::tz::TimeZone::UTC)).expect("a time of our own")
}
