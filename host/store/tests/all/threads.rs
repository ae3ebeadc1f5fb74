//! A thread's mails are one ticket in whatever order and in whatever batches they come.

use crate::world::{World, host};
use posthouse_model::TicketId;
use posthouse_store::{Intake, TicketQuery};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A mail of a thread: which earlier one it answers, and whether it names all its ancestors or only that one.
#[derive(Clone, Debug)]
struct Node {
    parent: usize,
    whole: bool,
}

fn threads() -> impl Strategy<Value = (Vec<Node>, Vec<usize>, Vec<bool>)> {
    (1_usize..8)
        .prop_flat_map(|answers| {
            let nodes: Vec<_> = (0..answers)
                .map(|n| (0..=n, any::<bool>()).prop_map(|(parent, whole)| Node { parent, whole }))
                .collect();
            let order = Just((0..=answers).collect::<Vec<_>>()).prop_shuffle();
            (nodes, order, proptest::collection::vec(any::<bool>(), answers + 1))
        })
        .no_shrink()
}

fn mails(world: &World, nodes: &[Node]) -> Vec<Intake> {
    let id = |n: usize| format!("{n}@thread.example");
    let mut chains: Vec<Vec<String>> = vec![Vec::new()];
    let mut mails = vec![world.mail(&id(0))];
    for (n, node) in nodes.iter().enumerate() {
        let mut chain = chains[node.parent].clone();
        chain.push(id(node.parent));
        let mut mail = world.mail(&id(n + 1));
        mail.read.in_reply_to = vec![id(node.parent)];
        if node.whole {
            mail.read.references = chain.clone();
        }
        mails.push(mail);
        chains.push(chain);
    }
    mails
}

async fn one_ticket(world: World, nodes: &[Node], order: &[usize], cuts: &[bool]) {
    let mails = mails(&world, nodes);
    let mut batch: Vec<Intake> = Vec::new();
    for (at, &n) in order.iter().enumerate() {
        batch.push(mails[n].clone());
        if cuts[at] || at + 1 == order.len() {
            let mut tx = world.scope.begin().await.unwrap();
            tx.intake_many(&batch, &host()).await.unwrap();
            tx.commit().await.unwrap();
            batch.clear();
        }
    }
    let rows = world.scope.tickets(&TicketQuery::default()).await.unwrap().rows;
    let mut on: BTreeSet<Option<TicketId>> = BTreeSet::new();
    let mut count = 0;
    for row in &rows {
        let detail = world.scope.ticket_detail(row.number).await.unwrap();
        for message in &detail.messages {
            on.insert(message.ticket);
            count += 1;
        }
    }
    assert_eq!((on.len(), count), (1, mails.len()), "{nodes:?} {order:?} {cuts:?}");
    assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_first((nodes, order, cuts) in threads()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async { one_ticket(World::on_sqlite().await, &nodes, &order, &cuts).await });
    }
}

/// The last answer first, then the first mail, then the one between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_parent_that_has_a_ticket_brings_its_waiting_answers_along() {
    let chain = [Node { parent: 0, whole: false }, Node { parent: 1, whole: false }];
    one_ticket(World::on_sqlite().await, &chain, &[2, 0, 1], &[true; 3]).await;
    if let Some(world) = World::on_postgres().await {
        one_ticket(world, &chain, &[2, 0, 1], &[true; 3]).await;
    }
}
