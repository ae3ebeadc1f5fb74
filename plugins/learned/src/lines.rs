//! Labelled texts, and the files of lines that the shipped model learns from.

/// A text and what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labelled {
    /// Subject; empty for a line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// BCP 47; empty where it is not known.
    pub language: String,
    /// Categories that are right; never empty.
    pub labels: Vec<String>,
    /// A line with slots, of which mails are made; else it is taken as it stands.
    pub is_line: bool,
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
            is_line: true,
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
    fn the_shipped_lines_can_be_read() {
        let lines = crate::shipped::lines().unwrap();
        assert!(lines.len() > 1_000, "{}", lines.len());
    }
}
