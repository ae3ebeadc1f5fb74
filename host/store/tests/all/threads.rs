//! A thread's mails are one ticket in whatever order and in whatever batches they come.

use crate::world::{World, host};
use posthouse_model::TicketId;
use posthouse_store::{Intake, Relayed, TicketQuery};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

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

on_both! {
    async fn a_buyer_at_a_marketplace_goes_on_about_the_same_order(world) {
        let buyer = |id: &str, subject: &str, order: Option<&str>| {
            let mut mail = world.mail(id);
            mail.read.from = Some(crate::world::address("8x2k@marketplace.amazon.de"));
            mail.read.subject = subject.into();
            mail.relayed = Some(Relayed { order: order.map(Into::into), subject: subject.to_lowercase() });
            mail
        };
        let number = "302-1234567-7654321";
        let (_, first) = world.take_new(&buyer("a@x", &format!("Frage (Bestellung: {number})"), Some(number))).await;
        let (_, again) = world.take_new(&buyer("b@x", &format!("Re: Frage (Bestellung: {number})"), Some(number))).await;
        assert_eq!(again, first);
        let (_, other) = world.take_new(&buyer("c@x", "Frage (Bestellung: 302-0000000-0000000)", Some("302-0000000-0000000"))).await;
        assert_ne!(other, first, "another order is another matter");
        let (_, plain) = world.take_new(&buyer("d@x", "Größen", None)).await;
        assert!(plain != first && plain != other);
        let (_, more) = world.take_new(&buyer("e@x", "Größen", None)).await;
        assert_eq!(more, plain);
        // Another buyer's mail about the same is another's.
        let mut stranger = buyer("f@x", &format!("Frage (Bestellung: {number})"), Some(number));
        stranger.read.from = Some(crate::world::address("9y3m@marketplace.amazon.de"));
        assert_ne!(world.take_new(&stranger).await.1, first);
        // A month later it is a new matter.
        let mut late = buyer("g@x", &format!("Frage (Bestellung: {number})"), Some(number));
        late.received_at = late.received_at.plus(Duration::from_secs(32 * 24 * 3600));
        assert_ne!(world.take_new(&late).await.1, first);
    }
}
