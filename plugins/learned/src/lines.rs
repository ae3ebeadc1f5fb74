//! Labelled texts, and the files of lines that the shipped model learns from.

use posthouse_rules::Mood;

/// A text and what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labelled {
    /// Subject; empty for a line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// BCP 47; empty where it is not known.
    pub language: String,
    /// Categories that are right; empty where only the mood is known.
    pub labels: Vec<String>,
    /// How the customer sounds, where that is known.
    pub mood: Option<Mood>,
    /// What is made of it.
    pub kind: Kind,
}

/// Where a text is from, and so what is made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A line with slots, of which mails are made.
    Line,
    /// A whole mail, written for this repository.
    Mail,
    /// A desk's own: taken as it stands, and said again where there are few.
    #[default]
    Own,
}

/// The category of mail that nobody asked for: the model may find it, and no ticket gets it.
pub const SPAM: &str = "spam";

/// Reads a file of lines: category, what of it, text; separated by tabs.
///
/// # Errors
/// The number of the line and what is wrong, to be put behind the file's name.
pub fn read(language: &str, text: &str) -> Result<Vec<Labelled>, String> {
    let mut all = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut cells = line.split('\t');
        let (Some(category), Some(sub), Some(body), None) = (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            return Err(format!(":{}: three cells are wanted: category, sub and text, with a tab between", index + 1));
        };
        if category.is_empty() || body.trim().is_empty() {
            return Err(format!(":{}: the category or the text is empty", index + 1));
        }
        all.push(Labelled {
            subject: String::new(),
            body: body.trim().to_owned(),
            language: language.to_owned(),
            labels: accepted(category, sub),
            mood: None,
            kind: Kind::Line,
        });
    }
    Ok(all)
}

/// Reads a file of moods: mood, urgency, text; separated by tabs. The urgency is not learned from yet.
///
/// # Errors
/// The number of the line and what is wrong, to be put behind the file's name.
pub fn read_moods(language: &str, text: &str) -> Result<Vec<Labelled>, String> {
    let mut all = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let cells: Vec<&str> = line.split('\t').collect();
        let [mood, _, body] = cells.as_slice() else {
            return Err(format!(":{}: three cells are wanted: mood, urgency and text, with a tab between", index + 1));
        };
        let known = Mood::ALL.into_iter().find(|known| known.as_str() == *mood);
        let Some(mood) = known.filter(|_| !body.trim().is_empty()) else {
            return Err(format!(":{}: `{mood}` is no mood, or the text is empty", index + 1));
        };
        let (language, body) = (language.to_owned(), body.trim().to_owned());
        all.push(Labelled { body, language, mood: Some(mood), kind: Kind::Line, ..Labelled::default() });
    }
    Ok(all)
}

/// Reads a file of whole mails: categories with `|` between, mood, urgency, subject, body; separated by tabs, `\n` for a new line.
///
/// # Errors
/// The number of the line and what is wrong, to be put behind the file's name.
pub fn read_mails(language: &str, text: &str) -> Result<Vec<Labelled>, String> {
    let mut all = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let cells: Vec<&str> = line.split('\t').collect();
        let [labels, mood, _, subject, body] = cells.as_slice() else {
            return Err(format!(
                ":{}: five cells are wanted: categories, mood, urgency, subject and body, with a tab between",
                index + 1
            ));
        };
        let mood = Mood::ALL.into_iter().find(|known| known.as_str() == *mood);
        if labels.is_empty() || mood.is_none() || body.trim().is_empty() {
            return Err(format!(":{}: the categories, the mood or the body is missing", index + 1));
        }
        all.push(Labelled {
            subject: (*subject).to_owned(),
            body: body.replace("\\n", "\n"),
            language: language.to_owned(),
            labels: labels.split('|').map(str::to_owned).collect(),
            mood,
            kind: Kind::Mail,
        });
    }
    Ok(all)
}

/// What counts as right. Where desks differ, both do: the model then follows what the rules and the other lines say.
fn accepted(category: &str, sub: &str) -> Vec<String> {
    let list: &[&str] = match (category, sub) {
        // Goods that came and are not as they should be are complaints to this house.
        ("product", "damage" | "defect" | "wrong-item" | "missing-part") => &["complaint"],
        ("product", "warranty") => &["product", "complaint"],
        ("shipping", "damaged-in-transit") => &["complaint", "shipping"],
        ("complaint", "fraud") => &["payment", "complaint"],
        ("order", "status-of-order") => &["order", "shipping"],
        ("refund", "policy") => &["refund", "return"],
        _ => &[],
    };
    if list.is_empty() { vec![category.to_owned()] } else { list.iter().map(|name| (*name).to_owned()).collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_read_with_what_counts_as_right() {
        let all = read("en", "shipping\tlate\twhere is it\n\nproduct\tdefect\tbroken again\n").unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].labels, ["shipping"]);
        assert_eq!(all[1].labels, ["complaint"]);
        assert_eq!(all[1].language, "en");
    }

    #[test]
    fn a_wrong_line_is_named() {
        assert!(read("en", "shipping\tlate\tx\nshipping\tno text\n").unwrap_err().starts_with(":2: three cells"));
        assert!(read("en", "shipping\tlate\ta\tb\n").unwrap_err().starts_with(":1: "));
        assert!(read("en", "\tlate\ta\n").unwrap_err().contains("is empty"));
    }

    #[test]
    fn moods_and_mails_are_read() {
        let moods = read_moods("en", "angry\thigh\tThieves, all of you.\n# a remark\n").unwrap();
        assert_eq!((moods[0].mood, moods[0].labels.len(), moods[0].kind), (Some(Mood::Angry), 0, Kind::Line));
        let mails = read_mails("en", "refund|payment\tneutral\tlow\tMoney\tHello,\\nnothing came back.").unwrap();
        assert_eq!(mails[0].labels, ["refund", "payment"]);
        assert_eq!((mails[0].body.as_str(), mails[0].subject.as_str()), ("Hello,\nnothing came back.", "Money"));
        assert_eq!((mails[0].mood, mails[0].kind), (Some(Mood::Neutral), Kind::Mail));
        assert!(read_moods("en", "cross\tlow\tx").unwrap_err().starts_with(":1: `cross` is no mood"));
        assert!(read_moods("en", "angry\tx").unwrap_err().contains("three cells"));
        assert!(read_mails("en", "refund\tneutral\tlow\tx").unwrap_err().contains("five cells"));
        assert!(read_mails("en", "\tneutral\tlow\tx\ty").unwrap_err().contains("is missing"));
    }

    #[test]
    fn the_shipped_lines_can_be_read() {
        let lines = crate::shipped::lines().unwrap();
        assert!(lines.len() > 1_000, "{}", lines.len());
    }
}
