//! The one timer of an exchange.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Wakes a task when a moment has come. An exchange waits for one thing after another, each with a
/// limit of its own, and nearly always gets it in time: so there is one timer for all, which is set
/// once and looked at again when it goes off.
pub(crate) struct Watch {
    timer: Option<Pin<Box<Sleep>>>,
    /// How long the first wait is at most before the timer is looked at again: no later limit is
    /// shorter, so that the timer need not be set to an earlier moment.
    shortest: Duration,
}

impl Watch {
    pub(crate) fn new(shortest: Duration) -> Self {
        Self {
            timer: None,
            shortest,
        }
    }

    /// Ready when the moment has come.
    pub(crate) fn poll_until(&mut self, moment: Instant, context: &mut Context<'_>) -> Poll<()> {
        let shortest = self.shortest;
        let timer = self.timer.get_or_insert_with(|| {
            let soon = Instant::now().checked_add(shortest);
            Box::pin(sleep_until(soon.map_or(moment, |soon| soon.min(moment))))
        });
        if moment < timer.deadline() {
            timer.as_mut().reset(moment);
        }
        loop {
            ready!(timer.as_mut().poll(context));
            if Instant::now() >= moment {
                return Poll::Ready(());
            }
            timer.as_mut().reset(moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn each_wait_ends_at_its_own_moment() {
        let began = Instant::now();
        let mut watch = Watch::new(2 * SECOND);
        for seconds in [5, 6, 6, 9, 1, 30] {
            let moment = began + seconds * SECOND;
            poll_fn(|context| watch.poll_until(moment, context)).await;
            assert!(Instant::now() >= moment);
        }
        assert_eq!(began.elapsed(), 30 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn moment_before_that_of_the_timer_is_not_missed() {
        let began = Instant::now();
        let mut watch = Watch::new(60 * SECOND);
        let mut wait = |seconds, context: &mut Context<'_>| {
            watch.poll_until(began + seconds * SECOND, context)
        };
        poll_fn(|context| {
            assert!(wait(50, context).is_pending());
            Poll::Ready(())
        })
        .await;
        poll_fn(|context| wait(3, context)).await;
        assert_eq!(began.elapsed(), 3 * SECOND);
    }
}
