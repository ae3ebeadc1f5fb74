//! Who looks at which ticket, for as long as the page is open: what a live stream says when it begins, forgotten when it ends.
//!
//! It is kept in memory, since it is worth nothing once the pages are closed. Of several web processes each knows its own pages only.

use posthouse_model::{AgentId, TenantId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Tickets of one team that are told of at once.
const SHOWN_MAX: usize = 200;

/// One ticket of a team.
type Place = (TenantId, i64);

/// Who looks at what.
pub(crate) struct Presence {
    open: Mutex<Open>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Open {
    next: u64,
    pages: HashMap<u64, (Place, AgentId)>,
}

impl Presence {
    pub(crate) fn new() -> Self {
        Self { open: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// An agent looks at a ticket until what is returned is dropped.
    pub(crate) fn looks(self: &Arc<Self>, tenant: TenantId, number: i64, agent: AgentId) -> Looking {
        let page = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.next += 1;
            let page = open.next;
            open.pages.insert(page, ((tenant, number), agent));
            page
        };
        self.changed.send_modify(|n| *n += 1);
        Looking { presence: Arc::clone(self), page }
    }

    /// Goes up whenever anybody comes or goes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Which tickets others of the team look at, each with who does, at most 200 tickets.
    pub(crate) fn others(&self, tenant: TenantId, me: AgentId) -> BTreeMap<i64, Vec<AgentId>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut others: BTreeMap<i64, Vec<AgentId>> = BTreeMap::new();
        for ((of, number), agent) in open.pages.values() {
            let room = others.len() < SHOWN_MAX || others.contains_key(number);
            if *of == tenant && *agent != me && room {
                let here = others.entry(*number).or_default();
                if !here.contains(agent) {
                    here.push(*agent);
                }
            }
        }
        others.values_mut().for_each(|agents| agents.sort_unstable());
        others
    }
}

/// An open page. Dropped, it is closed.
pub(crate) struct Looking {
    presence: Arc<Presence>,
    page: u64,
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.presence.open.lock().unwrap_or_else(PoisonError::into_inner).pages.remove(&self.page);
        self.presence.changed.send_modify(|n| *n += 1);
    }
}

/// Two characters for a name: first letters of its first and last word, or its first two characters.
pub(crate) fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let text: String = match words[..] {
        [] => String::new(),
        [one] => one.chars().take(2).collect(),
        [first, .., last] => first.chars().take(1).chain(last.chars().take(1)).collect(),
    };
    text.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_forgotten_when_it_is_closed() {
        let presence = Arc::new(Presence::new());
        let (luma, other) = (TenantId(1), TenantId(2));
        let first = presence.looks(luma, 7, AgentId(1));
        let second = presence.looks(luma, 7, AgentId(1));
        let _theirs = presence.looks(other, 7, AgentId(9));
        assert_eq!(presence.others(luma, AgentId(2)), BTreeMap::from([(7, vec![AgentId(1)])]));
        assert!(presence.others(luma, AgentId(1)).is_empty(), "not herself");
        drop(first);
        assert_eq!(presence.others(luma, AgentId(2)).len(), 1, "the other page is open still");
        drop(second);
        assert!(presence.others(luma, AgentId(2)).is_empty());
    }

    #[test]
    fn a_team_s_tickets_are_bounded() {
        let presence = Arc::new(Presence::new());
        let open: Vec<_> = (0..300).map(|n| presence.looks(TenantId(1), n, AgentId(1))).collect();
        assert_eq!(presence.others(TenantId(1), AgentId(2)).len(), SHOWN_MAX);
        drop(open);
    }

    #[test]
    fn names_become_two_characters() {
        for (name, short) in [("Mei Lin Chen", "MC"), ("eve", "EV"), ("李娜", "李娜"), ("", ""), ("  Ö b ", "ÖB")]
        {
            assert_eq!(initials(name), short);
        }
    }
}
