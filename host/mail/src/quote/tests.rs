#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
use super::*;

/// What stands above the history in each sample.
const NEW: &str = "Hello, the parcel has not arrived yet.\nCan you check order 4711 please?";

/// One sample per client and language: what stands between the new text and the old.
const INTRODUCTIONS: &[(&str, &str)] = &[
    ("gmail en", "On Wed, May 1, 2024 at 10:15 AM Shop Support <help@shop.example> wrote:"),
    ("gmail en broken", "On Wed, May 1, 2024 at 10:15 AM Shop Support With A Long Name <\nhelp@shop.example> wrote:"),
    ("gmail en 24h", "On Wed, 1 May 2024 at 10:15, Shop Support <help@shop.example> wrote:"),
    ("gmail de", "Am Mi., 1. Mai 2024 um 10:15 Uhr schrieb Shop Support <help@shop.example>:"),
    ("gmail de new", "Shop Support <help@shop.example> schrieb am Mi., 1. Mai 2024, 10:15:"),
    ("gmail fr", "Le mer. 1 mai 2024 à 10:15, Shop Support <help@shop.example> a écrit :"),
    ("gmail fr nbsp", "Le mer. 1 mai 2024 à 10:15, Shop Support <help@shop.example> a\nécrit\u{a0}:"),
    ("gmail es", "El mié, 1 may 2024 a las 10:15, Shop Support (<help@shop.example>) escribió:"),
    ("gmail it", "Il giorno mer 1 mag 2024 alle ore 10:15 Shop Support <help@shop.example> ha scritto:"),
    ("gmail pt", "Em qua., 1 de mai. de 2024 às 10:15, Shop Support <help@shop.example>\nescreveu:"),
    ("gmail pt-PT", "Shop Support <help@shop.example> escreveu (quarta, 1/05/2024 à(s) 10:15):"),
    ("gmail nl", "Op wo 1 mei 2024 om 10:15 schreef Shop Support <help@shop.example>:"),
    ("gmail sv", "Den ons 1 maj 2024 kl 10:15 skrev Shop Support <help@shop.example>:"),
    ("gmail da", "Den ons. 1. maj 2024 kl. 10.15 skrev Shop Support <help@shop.example>:"),
    ("gmail no", "ons. 1. mai 2024 kl. 10:15 skrev Shop Support <help@shop.example>:"),
    ("gmail fi", "ke 1. toukok. 2024 klo 10.15 Shop Support (help@shop.example) kirjoitti:"),
    ("gmail pl", "śr., 1 maj 2024 o 10:15 Shop Support <help@shop.example> napisał(a):"),
    ("gmail cs", "st 1. 5. 2024 v 10:15 odesílatel Shop Support <help@shop.example> napsal:"),
    ("gmail sk", "st 1. 5. 2024 o 10:15 Shop Support <help@shop.example> napísal(a):"),
    ("gmail hu", "Shop Support <help@shop.example> ezt írta (időpont: 2024. máj. 1., Sze, 10:15):"),
    ("gmail ro", "În mie., 1 mai 2024 la 10:15, Shop Support <help@shop.example> a scris:"),
    ("gmail tr", "Shop Support <help@shop.example>, 1 May 2024 Çar, 10:15 tarihinde şunu yazdı:"),
    ("gmail ru", "ср, 1 мая 2024 г. в 10:15, Shop Support <help@shop.example>:"),
    ("gmail uk", "ср, 1 трав. 2024 р. о 10:15 Shop Support <help@shop.example> пише:"),
    ("gmail el", "Στις Τετ 1 Μαΐ 2024 στις 10:15 π.μ., ο/η Shop Support <help@shop.example> έγραψε:"),
    (
        "gmail he",
        "\u{202b}בתאריך יום ד׳, 1 במאי 2024 ב-10:15 מאת \u{202a}Shop Support\u{202c}\u{200f} <\u{202a}help@shop.example\u{202c}\u{200f}>:\u{202c}",
    ),
    ("gmail ar", "في الأربعاء، 1 مايو 2024 في 10:15 ص تمت كتابة ما يلي بواسطة Shop Support <help@shop.example>:"),
    ("gmail ar digits", "في الأربعاء، ١ مايو ٢٠٢٤ في ١٠:١٥ ص كتب Shop Support <help@shop.example>:"),
    ("gmail vi", "Vào Th 4, 1 thg 5, 2024 vào lúc 10:15 Shop Support <help@shop.example> đã viết:"),
    ("gmail id", "Pada Rab, 1 Mei 2024 pukul 10.15 Shop Support <help@shop.example> menulis:"),
    ("gmail th", "ในวันที่ พ. 1 พ.ค. 2024 เวลา 10:15 Shop Support <help@shop.example> เขียนว่า:"),
    ("gmail ja", "2024年5月1日(水) 10:15 Shop Support <help@shop.example>:"),
    ("gmail ko", "2024년 5월 1일 (수) 오전 10:15, Shop Support <help@shop.example>님이 작성:"),
    ("gmail zh-CN", "Shop Support <help@shop.example> 于2024年5月1日周三 10:15写道："),
    ("gmail zh-TW", "Shop Support <help@shop.example> 於 2024年5月1日 週三 上午10:15寫道："),
    ("gmail hr", "sri, 1. svi 2024. u 10:15 Shop Support <help@shop.example> napisao je:"),
    ("gmail bg", "На ср, 1.05.2024 г. в 10:15 ч. Shop Support <help@shop.example> написа:"),
    ("gmail ca", "Missatge de Shop Support <help@shop.example> del dia dc., 1 de maig 2024 a les 10:15 va escriure:"),
    ("apple en", "On May 1, 2024, at 10:15 AM, Shop Support <help@shop.example> wrote:"),
    ("apple en gb", "On 1 May 2024, at 10:15, Shop Support <help@shop.example> wrote:"),
    ("apple de", "Am 01.05.2024 um 10:15 schrieb Shop Support <help@shop.example>:"),
    ("apple fr", "Le 1 mai 2024 à 10:15, Shop Support <help@shop.example> a écrit :"),
    ("apple zh", "在 2024年5月1日，上午10:15，Shop Support <help@shop.example> 写道："),
    ("apple tr", "Shop Support <help@shop.example> şunları yazdı (1 May 2024 10:15):"),
    ("apple ja", "2024/05/01 10:15、Shop Support <help@shop.example>のメール:"),
    ("apple ko", "2024. 5. 1. 오전 10:15, Shop Support <help@shop.example> 작성:"),
    ("apple ru", "1 мая 2024 г., в 10:15, Shop Support <help@shop.example> написал(а):"),
    ("apple nl", "Op 1 mei 2024, om 10:15 heeft Shop Support <help@shop.example> het volgende geschreven:"),
    ("apple sv", "1 maj 2024 kl. 10:15 skrev Shop Support <help@shop.example>:"),
    ("apple pl", "Wiadomość napisana przez Shop Support <help@shop.example> w dniu 01.05.2024, o godz. 10:15:"),
    ("apple it", "Il giorno 1 mag 2024, alle ore 10:15, Shop Support <help@shop.example> ha scritto:"),
    ("thunderbird en", "On 5/1/24 10:15, Shop Support wrote:"),
    ("thunderbird de", "Am 01.05.24 um 10:15 schrieb Shop Support:"),
    ("thunderbird es", "El 1/5/24 a las 10:15, Shop Support escribió:"),
    ("thunderbird zh", "在 2024/5/1 10:15, Shop Support 写道:"),
    ("yahoo en", "On Wednesday, May 1, 2024 at 10:15:32 AM GMT+2, Shop Support <help@shop.example> wrote:"),
    ("yahoo es", "El miércoles, 1 de mayo de 2024, 10:15:32 GMT+2, Shop Support <help@shop.example> escribió:"),
    (
        "yahoo de",
        "Am Mittwoch, 1. Mai 2024 um 10:15:32 MESZ hat Shop Support <help@shop.example> Folgendes geschrieben:",
    ),
    ("yahoo fr", "Le mercredi 1 mai 2024 à 10:15:32 UTC+2, Shop Support <help@shop.example> a écrit :"),
    ("proton", "On Wednesday, May 1st, 2024 at 10:15, Shop Support <help@shop.example> wrote:"),
    ("zoho", "---- On Wed, 01 May 2024 10:15:32 +0200 Shop Support <help@shop.example> wrote ----"),
    ("yandex", "01.05.2024, 10:15, \"Shop Support\" <help@shop.example>:"),
    ("mail.ru", "Среда, 1 мая 2024, 10:15 +03:00 от Shop Support <help@shop.example>:"),
    ("163", "在 2024-05-01 10:15:32，\"Shop Support\" <help@shop.example> 写道："),
    ("163 en", "At 2024-05-01 10:15:32, \"Shop Support\" <help@shop.example> wrote:"),
    (
        "163 client",
        "---- 回复的原邮件 ----\n| 发件人 | Shop Support<help@shop.example> |\n| 日期 | 2024年05月01日 10:15 |",
    ),
    (
        "163 client en",
        "---- Replied Message ----\n| From | Shop Support<help@shop.example> |\n| Date | 05/01/2024 10:15 |",
    ),
    (
        "qq",
        "------------------ 原始邮件 ------------------\n发件人: \"Shop Support\" <help@shop.example>;\n发送时间: 2024年5月1日(星期三) 上午10:15\n收件人: \"我\" <a@qq.example>;\n主题: Re: order",
    ),
    ("qq nbsp", "------------------\u{a0}原始邮件\u{a0}------------------"),
    ("qq en", "------------------ Original ------------------\nFrom: \"Shop Support\" <help@shop.example>;"),
    ("qq mobile", "---原始邮件---\n发件人: \"Shop Support\"<help@shop.example>"),
    ("foxmail", "发件人： Shop Support\n发送时间： 2024-05-01 10:15\n收件人： a@qq.example\n主题： Re: order"),
    (
        "outlook zh",
        "发件人: Shop Support <help@shop.example>\n发送时间: 2024年5月1日 10:15\n收件人: a@x.example\n主题: Re: order",
    ),
    (
        "outlook zh-TW",
        "寄件者: Shop Support <help@shop.example>\n寄件日期: 2024年5月1日 上午 10:15\n收件者: a@x.example\n主旨: Re: order",
    ),
    (
        "aliyun",
        "------------------------------------------------------------------\n发件人：Shop Support <help@shop.example>\n发送时间：2024年5月1日(星期三) 10:15\n收件人：a <a@x.example>\n主　题：Re: order",
    ),
    (
        "outlook en",
        "From: Shop Support <help@shop.example>\nSent: Wednesday, May 1, 2024 10:15 AM\nTo: a@x.example\nSubject: Re: order",
    ),
    (
        "outlook en bold",
        "*From:* Shop Support <help@shop.example>\n*Sent:* Wednesday, May 1, 2024 10:15 AM\n*To:* a@x.example\n*Subject:* Re: order",
    ),
    (
        "outlook rule",
        "________________________________\nFrom: Shop Support <help@shop.example>\nSent: Wednesday, May 1, 2024 10:15 AM",
    ),
    ("outlook old", "-----Original Message-----\nFrom: Shop Support [mailto:help@shop.example]"),
    (
        "outlook de",
        "Von: Shop Support <help@shop.example>\nGesendet: Mittwoch, 1. Mai 2024 10:15\nAn: a@x.example\nBetreff: AW: order",
    ),
    ("outlook de old", "-----Ursprüngliche Nachricht-----\nVon: Shop Support"),
    (
        "outlook fr",
        "De : Shop Support <help@shop.example>\nEnvoyé : mercredi 1 mai 2024 10:15\nÀ : a@x.example\nObjet : RE: order",
    ),
    (
        "outlook es",
        "De: Shop Support <help@shop.example>\nEnviado: miércoles, 1 de mayo de 2024 10:15\nPara: a@x.example\nAsunto: RE: order",
    ),
    (
        "outlook it",
        "Da: Shop Support <help@shop.example>\nInviato: mercoledì 1 maggio 2024 10:15\nA: a@x.example\nOggetto: R: order",
    ),
    (
        "outlook pt",
        "De: Shop Support <help@shop.example>\nEnviada em: quarta-feira, 1 de maio de 2024 10:15\nPara: a@x.example\nAssunto: RES: order",
    ),
    (
        "outlook nl",
        "Van: Shop Support <help@shop.example>\nVerzonden: woensdag 1 mei 2024 10:15\nAan: a@x.example\nOnderwerp: RE: order",
    ),
    (
        "outlook sv",
        "Från: Shop Support <help@shop.example>\nSkickat: den 1 maj 2024 10:15\nTill: a@x.example\nÄmne: SV: order",
    ),
    (
        "outlook da",
        "Fra: Shop Support <help@shop.example>\nSendt: 1. maj 2024 10:15\nTil: a@x.example\nEmne: SV: order",
    ),
    (
        "outlook fi",
        "Lähettäjä: Shop Support <help@shop.example>\nLähetetty: keskiviikko 1. toukokuuta 2024 10.15\nVastaanottaja: a@x.example\nAihe: VS: order",
    ),
    (
        "outlook pl",
        "Od: Shop Support <help@shop.example>\nWysłano: środa, 1 maja 2024 10:15\nDo: a@x.example\nTemat: Odp: order",
    ),
    (
        "outlook cs",
        "Od: Shop Support <help@shop.example>\nOdesláno: středa 1. května 2024 10:15\nKomu: a@x.example\nPředmět: RE: order",
    ),
    (
        "outlook hu",
        "Feladó: Shop Support <help@shop.example>\nElküldve: 2024. május 1., szerda 10:15\nCímzett: a@x.example\nTárgy: RE: order",
    ),
    (
        "outlook ro",
        "De la: Shop Support <help@shop.example>\nTrimis: miercuri, 1 mai 2024 10:15\nCătre: a@x.example\nSubiect: RE: order",
    ),
    (
        "outlook tr",
        "Kimden: Shop Support <help@shop.example>\nGönderildi: 1 Mayıs 2024 Çarşamba 10:15\nKime: a@x.example\nKonu: YNT: order",
    ),
    (
        "outlook ru",
        "От: Shop Support <help@shop.example>\nОтправлено: 1 мая 2024 г. 10:15\nКому: a@x.example\nТема: RE: order",
    ),
    (
        "outlook ja",
        "差出人: Shop Support <help@shop.example>\n送信日時: 2024年5月1日 10:15\n宛先: a@x.example\n件名: RE: order",
    ),
    (
        "outlook ko",
        "보낸 사람: Shop Support <help@shop.example>\n보낸 날짜: 2024년 5월 1일 수요일 오전 10:15\n받는 사람: a@x.example\n제목: RE: order",
    ),
    (
        "outlook vi",
        "Từ: Shop Support <help@shop.example>\nĐã gửi: Thứ Tư, 1 tháng 5, 2024 10:15\nĐến: a@x.example\nChủ đề: RE: order",
    ),
    (
        "outlook th",
        "จาก: Shop Support <help@shop.example>\nส่ง: วันพุธที่ 1 พฤษภาคม 2567 10:15\nถึง: a@x.example\nเรื่อง: RE: order",
    ),
    (
        "samsung",
        "-------- Original message --------\nFrom: Shop Support <help@shop.example>\nDate: 5/1/24 10:15 AM (GMT+01:00)",
    ),
    ("samsung de", "-------- Ursprüngliche Nachricht --------\nVon: Shop Support"),
    ("samsung ja", "-------- 元のメッセージ --------\nFrom: Shop Support"),
    ("samsung ko", "-------- 원본 메시지 --------\n보낸 사람: Shop Support"),
    ("phone signature", "Sent from my iPhone\n\nOn May 1, 2024, at 10:15 AM, Shop Support <help@shop.example> wrote:"),
    ("phone signature zh", "发自我的iPhone\n\n在 2024年5月1日，上午10:15，Shop Support <help@shop.example> 写道："),
    ("phone signature ja", "iPhoneから送信\n\n2024/05/01 10:15、Shop Support <help@shop.example>のメール:"),
    (
        "phone signature de",
        "Von meinem iPhone gesendet\n\nAm 01.05.2024 um 10:15 schrieb Shop Support <help@shop.example>:",
    ),
    ("phone signature ko", "나의 iPhone에서 보냄\n\n2024. 5. 1. 오전 10:15, Shop Support <help@shop.example> 작성:"),
    (
        "outlook app",
        "Get Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Shop Support <help@shop.example>\nSent: Wednesday, May 1, 2024 10:15 AM",
    ),
    ("signature", "-- \nAna Example\nWarehouse 3"),
    ("help desk line", "##- Please type your reply above this line -##"),
];

#[test]
fn history_goes_in_every_language() {
    let mut wrong = Vec::new();
    for (name, introduction) in INTRODUCTIONS {
        for (kind, old) in [
            ("plain", "Dear customer,\n\nwe shipped it on Monday.\n\nBest regards\nShop"),
            ("quoted", "> Dear customer,\n>\n> we shipped it on Monday.\n>> Where is it?"),
        ] {
            for gap in ["\n\n", "\n"] {
                let text = format!("{NEW}{gap}{introduction}{gap}{old}\n");
                let got = reply_text(&text);
                if got != NEW {
                    wrong.push(format!("{name} ({kind}, {} line ends): {got:?}", gap.len()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Text that looks a little like history and is none.
#[test]
fn ordinary_text_stays() {
    for text in [
        "Hello,\n\nOn Monday I ordered three items. They are still not here.\n\nRegards",
        "From: Berlin\nTo: Madrid\nHow long does shipping take?",
        "I have two questions:\n1. Where is it?\n2. When was it sent?",
        "On 1 May 2024 I wrote to you about order 55:\nno answer so far.",
        "My address is:\nAna <3 Example\nMain Street 5\n10115 Berlin",
        "I bought it for:\n- 20 EUR\n- on 5 May 2024",
        "Date: 5 May 2024\nplease deliver then",
        "The label says \"original message\" but the box is empty - original is missing.",
        "Please send it to new@x.example instead:\nthanks",
        "Sent from the wrong warehouse, the parcel took three weeks to arrive here in Spain.",
        "您好，\n我在2024年5月1日下了订单，请问什么时候发货？\n谢谢",
        "来自中国的包裹还没有收到",
        "5 > 3 and I paid > 20",
        "Re: nothing here:\nplain",
        "A: yes\nB: no",
        "🎉\n\n—\nJohn Doe\nCEO at Pandaland",
    ] {
        assert_eq!(reply_text(text), text, "{text}");
    }
}

#[test]
fn answers_between_and_below_quotes_are_new() {
    let text =
        "On 1 May 2024 Shop <help@shop.example> wrote:\n> Which colour?\n\nBlue, please.\n\n> Which size?\n\nM\n";
    assert_eq!(reply_text(text), "Blue, please.\n\nM");
    let text = "Yes.\n\n> 在 2024年5月1日，10:15，Shop Support <help@shop.example> 写道：\n> \n> Blue?";
    assert_eq!(reply_text(text), "Yes.");
    let text = "> Which colour?\nBlue.";
    assert_eq!(split(text), Split { reply: "Blue.".into(), quoted: true, signature: false });
}

#[test]
fn broken_quotes_are_put_together() {
    let text = "Yes.\n\nOn 1 May 2024 Shop <help@shop.example> wrote:\n> a line that was long enough to be broken by the next mailer in\nthe row\n> and goes on";
    assert_eq!(reply_text(text), "Yes.");
}

#[test]
fn only_history_is_empty() {
    assert_eq!(reply_text("> old\n> older"), "");
    assert_eq!(reply_text(""), "");
    assert_eq!(reply_text("-----Original Message-----\nold"), "");
    assert!(split("Hi\n-- \nAna").signature);
}

#[test]
fn any_text_is_taken_apart_in_linear_time() {
    let started = std::time::Instant::now();
    for piece in
        ["> a\n", "On 1 May 2024 a@x\n", "From: a\n", "2024 10:00 ", "--\n", "\n", "a@x:\n", "写道：", "____\n"]
    {
        let _ = split(&piece.repeat(200_000 / piece.len()));
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}
