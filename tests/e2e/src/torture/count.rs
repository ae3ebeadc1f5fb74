//! After it all: what is there, and how often.

use super::rest::contains;
use super::{Torture, number_of, reply};
use crate::chat::link_of;
use serde_json::Value;
use std::collections::BTreeMap;

impl Torture {
    /// How often the chat group was told of each ticket, by the link in the card.
    pub(super) fn told(&self) -> BTreeMap<String, usize> {
        let mut told = BTreeMap::new();
        for posted in self.feishu.posted() {
            // A link is signed anew for each card: the ticket's part of it stays.
            if let Some(link) = link_of(&posted.body["card"]) {
                *told.entry(link.split('?').next().unwrap_or_default().to_owned()).or_insert(0) += 1;
            }
        }
        told
    }

    /// Counts with a process that is left alone.
    pub(super) async fn count(&mut self) {
        self.house.serve().await;
        self.report.mails = self.mails;
        let mut tickets = vec![0_usize; self.mails];
        for row in self.tickets("all").await.unwrap_or_default() {
            if let Some(count) = number_of(&row).and_then(|number| tickets.get_mut(number)) {
                *count += 1;
            }
        }
        let copies = self.copies().await;
        for (number, tickets) in tickets.into_iter().enumerate() {
            let arrived = self.arrived(number).await;
            let copied = copies.iter().filter(|raw| contains(raw, &reply(number))).count();
            let counts = [
                (tickets == 0, &mut self.report.lost),
                (tickets > 1, &mut self.report.twice),
                (arrived == 0, &mut self.report.unsent),
                (arrived > 1, &mut self.report.sent_twice),
                (copied == 0, &mut self.report.without_copy),
                (copied > 1, &mut self.report.copied_twice),
            ];
            for (holds, list) in counts {
                if holds {
                    list.push(number);
                }
            }
        }
        let told = self.told();
        self.report.untold = self.mails.saturating_sub(told.len());
        self.report.told_again = told.values().map(|times| times - 1).sum();
        self.report.refused_by_chat = self.feishu.refused();
        let ledger = self.house.try_run(&["ledger", "--tenant", "shop", "--json"], "");
        let balances: Value = serde_json::from_slice(&ledger.stdout).unwrap_or_default();
        let even = balances.as_array().is_some_and(|all| {
            !all.is_empty() && all.iter().all(|balance| balance["missing"].as_array().is_some_and(Vec::is_empty))
        });
        self.report.ledger_is_even = ledger.status.success() && even;
        self.house.kill();
        self.report.chain_is_whole = self.house.try_run(&["audit", "verify"], "").status.success();
    }
}
