//! Links on the cards that chat groups are shown.
//!
//! `{desk}/r/{ticket}.{day}.{seal}`: signed, so that nobody makes one up; bound to one team and one ticket; good through its last day
//! (counted since 1970, UTC). A link lets nobody in: who follows it signs in as ever, and sees what she may see.

use posthouse_mail::thread::Installation;
use posthouse_model::Timestamp;
use std::time::Duration;

const PURPOSE: &str = "card";
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The last part of a link to a ticket, good for so many days from now.
#[must_use]
pub fn seal(installation: &Installation, slug: &str, ticket: i64, now: Timestamp, days: u32) -> String {
    let last = now.seconds().div_euclid(DAY.as_secs().cast_signed()) + i64::from(days);
    let named = format!("{ticket}.{last}");
    let seal = installation.seal(PURPOSE, &sealed(slug, &named));
    format!("{named}.{seal}")
}

/// The ticket that a link leads to, and until when; none where the link is not one of ours for this team.
#[must_use]
pub fn open(installation: &Installation, slug: &str, link: &str) -> Option<(i64, Timestamp)> {
    let (named, seal) = link.rsplit_once('.')?;
    if !installation.is_sealed(PURPOSE, &sealed(slug, named), seal) {
        return None;
    }
    let (ticket, last) = named.split_once('.')?;
    let end = DAY.checked_mul(last.parse::<u32>().ok()?.checked_add(1)?)?;
    Some((ticket.parse().ok()?, Timestamp(0).plus(end)))
}

fn sealed(slug: &str, named: &str) -> String {
    format!("{slug}\n{named}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_one_teams_and_one_tickets_and_ends() {
        let ours = Installation::new(&[7; 32]);
        let now = Timestamp::from_seconds(1_795_773_600);
        let link = seal(&ours, "acme", 1042, now, 30);
        let (ticket, until) = open(&ours, "acme", &link).unwrap();
        assert_eq!((ticket, until), (1042, Timestamp::from_seconds(1_798_416_000)), "the end of the thirtieth day");

        assert_eq!(open(&ours, "luma", &link), None, "another team");
        assert_eq!(open(&Installation::new(&[8; 32]), "acme", &link), None, "another host");
        for (from, to) in [("1042.", "1043."), ("1042.", "01042."), (".", ".1"), (".", "..")] {
            assert_eq!(open(&ours, "acme", &link.replacen(from, to, 1)), None, "{from} → {to}");
        }
        let shorter = &link[..link.len() - 1];
        for bad in ["", ".", "1042", "1042..", "1042.20000.", "x.y.z", shorter] {
            assert_eq!(open(&ours, "acme", bad), None, "{bad}");
        }
    }
}
