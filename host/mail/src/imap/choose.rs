//! Which of a server's folders are followed.

use super::{Folder, FolderRole};

/// Folders of one mailbox that are followed at most: one connection looks at them one after the other.
pub const FOLDERS_FOLLOWED_MAX: usize = 100;

/// A folder to follow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chosen {
    /// Its name, decoded.
    pub name: String,
    /// The pattern that meant it; none when it was named.
    pub pattern: Option<String>,
}

/// The folders that names and patterns mean, in the order of the patterns, then by name, each once. A name is taken as it is,
/// whether the server lists it or not. A pattern means what exists and can hold messages, but for special folders (see
/// [`FolderRole`]: sent, drafts, junk, trash, all) and what `skip` names.
///
/// The list may be longer than [`FOLDERS_FOLLOWED_MAX`]: the caller says so.
#[must_use]
pub fn choose(listed: &[Folder], wanted: &[String], skip: &[String]) -> Vec<Chosen> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for want in wanted {
        let mut found: Vec<Chosen> = if want.contains(['*', '%']) {
            let meant = listed.iter().filter(|f| f.selectable && !is_special(f.role) && matches(want, f));
            let left = meant.filter(|f| !skip.iter().any(|pattern| matches(pattern, f)));
            left.map(|f| Chosen { name: f.name.clone(), pattern: Some(want.clone()) }).collect()
        } else {
            vec![Chosen { name: want.clone(), pattern: None }]
        };
        found.sort();
        for one in found {
            if !chosen.iter().any(|other| same(&other.name, &one.name)) {
                chosen.push(one);
            }
        }
    }
    chosen
}

fn is_special(role: Option<FolderRole>) -> bool {
    matches!(role, Some(FolderRole::Sent | FolderRole::Drafts | FolderRole::Junk | FolderRole::Trash | FolderRole::All))
}

/// INBOX is the one name in which case does not matter (RFC 9051, 5.1).
fn same(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case("INBOX") && b.eq_ignore_ascii_case("INBOX"))
}

/// As LIST matches (RFC 9051, 6.3.9): `*` is anything, `%` anything but the delimiter.
fn matches(pattern: &str, folder: &Folder) -> bool {
    if same(pattern, &folder.name) {
        return true;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = folder.name.chars().collect();
    // reached[n]: the pattern so far can match the first n characters of the name. Linear memory, and no pattern makes it slow.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for p in pattern {
        let before = reached.clone();
        let mut so_far = false;
        for n in 0..=name.len() {
            reached[n] = match p {
                '*' => {
                    so_far |= before[n];
                    so_far
                }
                '%' => {
                    so_far = before[n] || (so_far && n > 0 && Some(name[n - 1]) != folder.delimiter);
                    so_far
                }
                other => n > 0 && before[n - 1] && name[n - 1] == other,
            };
        }
    }
    reached[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, role: Option<FolderRole>) -> Folder {
        Folder { name: name.to_owned(), role, selectable: true, delimiter: Some('/') }
    }

    fn names(wanted: &[&str], skip: &[&str]) -> Vec<String> {
        let mut listed: Vec<Folder> = ["INBOX", "Shop", "Shop/Returns", "Shop/Returns/Old", "Shop/已退货", "Private"]
            .iter()
            .map(|name| folder(name, None))
            .collect();
        listed.push(folder("Shop/Sent", Some(FolderRole::Sent)));
        listed.push(folder("Trash", Some(FolderRole::Trash)));
        listed.push(Folder { selectable: false, ..folder("Shop/Node", None) });
        let owned = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        choose(&listed, &owned(wanted), &owned(skip)).into_iter().map(|chosen| chosen.name).collect()
    }

    #[test]
    fn a_name_is_itself_and_a_pattern_what_it_means() {
        assert_eq!(names(&["INBOX"], &[]), ["INBOX"]);
        assert_eq!(names(&["INBOX", "Shop/*"], &[]), ["INBOX", "Shop/Returns", "Shop/Returns/Old", "Shop/已退货"]);
        assert_eq!(names(&["Shop/%"], &[]), ["Shop/Returns", "Shop/已退货"]);
        assert_eq!(names(&["Shop%"], &[]), ["Shop"]);
        assert_eq!(names(&["*Old"], &[]), ["Shop/Returns/Old"]);
        assert_eq!(names(&["S*/R*s"], &[]), ["Shop/Returns"]);
        assert_eq!(names(&["Nothing*"], &[]), Vec::<String>::new());
    }

    #[test]
    fn special_and_skipped_folders_are_followed_only_by_name() {
        assert_eq!(names(&["*"], &["Shop/*", "Private"]), ["INBOX", "Shop"]);
        assert_eq!(names(&["Trash", "Shop/Sent", "Private"], &["Private"]), ["Trash", "Shop/Sent", "Private"]);
    }

    #[test]
    fn each_is_there_once_and_inbox_in_any_case() {
        assert_eq!(names(&["inbox", "*", "Shop"], &["Shop/*", "Private"]), ["inbox", "Shop"]);
    }

    #[test]
    fn a_pattern_of_wildcards_alone_is_not_slow() {
        let long = folder(&"a".repeat(5_000), None);
        assert!(!matches(&format!("{}b", "*a%".repeat(200)), &long));
    }
}
