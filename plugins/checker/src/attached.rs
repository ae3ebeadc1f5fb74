//! A reply that speaks of a file and has none.

use crate::words::{found_any, sentence};
use std::ops::Range;

/// How people say that a file comes with the mail. What only asks for one (`please attach`) is not among them.
const SAID: &[&str] = &[
    "attached is",
    "attached are",
    "is attached",
    "are attached",
    "attached you will find",
    "attached you'll find",
    "attached please find",
    "find attached",
    "find the attached",
    "find enclosed",
    "see attached",
    "see the attached",
    "see attachment",
    "use the attached",
    "i have attached",
    "i've attached",
    "i attached",
    "i am attaching",
    "i'm attaching",
    "we have attached",
    "we've attached",
    "we attached",
    "we are attaching",
    "as an attachment",
    "in the attachment",
    "in the attached",
    "attached to this",
    "见附件",
    "見附件",
    "查收附件",
    "查看附件",
    "参见附件",
    "随信附上",
    "已附上",
    "附上了",
    "附件为",
    "附件是",
    "在附件中",
    "在附件里",
    "添加在附件",
    "im anhang",
    "als anhang",
    "in der anlage",
    "anbei",
    "angehängt",
    "beigefügt",
    "ci-joint",
    "pièce jointe",
    "pièces jointes",
    "en annexe",
    "adjunto",
    "adjuntamos",
    "adjuntos",
    "in allegato",
    "allego",
    "alleghiamo",
    "em anexo",
    "segue anexo",
    "segue anexa",
    "anexamos",
    "anexei",
    "in de bijlage",
    "als bijlage",
    "bijgevoegd",
    "w załączniku",
    "w załączeniu",
    "załączam",
    "во вложении",
    "во вложение",
    // Alone it is also "in the app".
    "в приложении к",
    "в приложении вы найд",
    "смотрите в приложении",
    "прилагаю",
    "прилагаем",
    "прикрепил",
    "прикладываю",
    "添付します",
    "添付しました",
    "添付いたし",
    "添付させて",
    "添付しており",
    "添付ファイルを",
    "添付ファイルの",
    "添付のファイル",
    "첨부하였습니다",
    "첨부했습니다",
    "첨부합니다",
    "첨부해 드",
    "첨부드립니다",
    "첨부된 파일",
    "bifogar",
    "bifogat",
    "bifogad",
    "vedhæftet",
    "vedlagt",
    "liitteenä",
    "v příloze",
    "ektedir",
    "ekteki",
    "في المرفق",
    "مرفق طي",
    "מצורף",
];

/// In a sentence with one of these, the file is the customer's: she sent it, or is to send it.
const THEIRS: &[&str] = &[
    "please attach",
    "please send",
    "please reply",
    "could you",
    "can you",
    "would you",
    "you attached",
    "you sent",
    "you have attached",
    "thank you for",
    "thanks for",
    "your photo",
    "your attach",
    "请提供",
    "请发送",
    "请发",
    "请您发",
    "请上传",
    "您附件",
    "您的附件",
    "您发",
    "您提供",
    "senden sie",
    "schicken sie",
    "könnten sie",
    "können sie uns",
    "danke für",
    "vielen dank für",
    "de votre pièce",
    "votre pièce jointe",
    "veuillez joindre",
    "veuillez nous envoyer",
    "pouvez-vous",
    "pourriez-vous",
    "merci pour",
    "merci de",
    "envíenos",
    "por favor envíe",
    "por favor, envíe",
    "podría",
    "puede enviar",
    "gracias por",
    "può inviar",
    "ci invii",
    "potrebbe",
    "grazie per",
    "envie-nos",
    "por favor envie",
    "poderia",
    "obrigado pel",
    "kunt u",
    "proszę o",
    "пришлите",
    "не могли бы",
    "отправьте",
    "お送りください",
    "お送りいただ",
    "添付してください",
    "添付いただ",
    "보내 주",
    "보내주",
];

/// Where it says so first: only text above quoted mail counts.
#[must_use]
pub fn said(body: &str) -> Option<Range<usize>> {
    let mut found: Vec<Range<usize>> = found_any(body, SAID);
    found.sort_by_key(|range| range.start);
    found.into_iter().find(|range| {
        let line = body[..range.start].rsplit('\n').next().unwrap_or_default();
        let around = sentence(body, range.start);
        !line.trim_start().starts_with('>') && found_any(around, THEIRS).is_empty()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn what_is_said_to_come_along_is_found() {
        for (text, words) in [
            ("Hello Ana, please find attached the label.", "find attached"),
            ("The invoice is attached.", "is attached"),
            ("发票请见附件。", "见附件"),
            ("Das Etikett finden Sie im Anhang.", "im Anhang"),
            ("Vous trouverez l'étiquette ci-joint.", "ci-joint"),
            ("Le adjuntamos la etiqueta.", "adjuntamos"),
            ("返送ラベルを添付いたします。", "添付いたし"),
            ("L'etichetta è in allegato.", "in allegato"),
            ("A etiqueta segue em anexo.", "em anexo"),
            ("Счёт смотрите в приложении.", "смотрите в приложении"),
            ("Het label zit in de bijlage.", "in de bijlage"),
            ("Etykieta jest w załączniku.", "w załączniku"),
            ("라벨을 첨부합니다.", "첨부합니다"),
            ("Could you tell us the size?\nThe label is attached.", "is attached"),
        ] {
            let range = said(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(&text[range], words, "{text}");
        }
    }

    #[test]
    fn a_file_of_the_customer_s_is_none_of_ours() {
        for text in [
            "Thank you for the photo.",
            "Could you send a photo as an attachment?",
            "Bitte senden Sie uns das Foto im Anhang.",
            "Thanks for the photo that is attached to this mail.",
            "请发送照片,附上订单号,并在附件中注明。",
            "您的附件是空的。",
            "写真を添付してください。",
            "You can follow it in the app. Вы можете отследить его в приложении.",
            "Hello\n> the invoice is attached",
            "The lamp is detachable; is it unattached?",
            "",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
