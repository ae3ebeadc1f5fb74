//! Callers that go away in the middle: a browser that closes its connection, a page of which one part failed.

use posthouse_model::job::Job;
use std::future::Future;

/// Begins something, looks at it so many times, and lets it go.
async fn abandon<T>(looks: usize, work: impl Future<Output = T>) {
    let mut work = Box::pin(work);
    for _ in 0..looks {
        if futures::poll!(work.as_mut()).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

on_both! {
    async fn they_leave_no_transaction_behind(world) {
        let (_, ticket) = world.waiting("a@x").await;
        for round in 0..120 {
            let looks = round % 30 + 1;
            abandon(looks, world.scope.ticket_detail(1)).await;
            abandon(looks, async {
                let mut tx = world.scope.begin_durable().await?;
                tx.enqueue(&Job::Draft { ticket }).await?;
                tx.commit().await
            })
            .await;
            // More at once than there are connections: whichever was left behind is among them.
            let readers = futures::future::join_all((0..6).map(|_| world.scope.ticket_detail(1))).await;
            for detail in readers {
                assert_eq!(detail.unwrap().ticket.number, 1, "after {looks} looks");
            }
            world.scope.begin().await.unwrap().commit().await.unwrap();
        }
    }
}
