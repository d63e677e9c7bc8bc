//! One request and its answer, in as many attempts as it takes: sign, send, look, and perhaps once more.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use smart_transport::{Deadline, FreshConnection, Origin, Transport as _};
use tracing::Instrument as _;

use crate::error::Unanswered;
use crate::policy::Policy;
use crate::retry::{Attempts, Next, Outcome};
use crate::span::CallSpan;
use crate::{Client, Error, retry};

/// What an exchange is for.
#[derive(Clone, Copy)]
pub(crate) struct Purpose<'p> {
    /// The name of the call, or of the step of a dance.
    pub(crate) name: &'static str,
    /// The template of its path, which names nobody.
    pub(crate) path: &'static str,
    /// The record that it is about.
    pub(crate) record: Option<&'p str>,
    /// Whether it may be made twice as well as once.
    pub(crate) repeatable: bool,
    /// Whether it is over with the first answer, even one that says "later".
    pub(crate) single_use: bool,
    /// Where its credentials belong.
    pub(crate) origin: &'p Origin,
}

/// Who makes exchanges: a client of either generation.
pub(crate) trait Exchanger: Sync + Sized {
    /// How it goes about them.
    fn policy(&self) -> &Policy;

    /// A number between 0 and 1 that nobody can guess, for the length of pauses.
    fn chance(&self) -> f64;

    /// Learns the server's clock from a refusal that may have been about the time, so that the request is worth making once
    /// more.
    fn corrects_clock(&self, outcome: &Outcome) -> bool;

    /// Carries out an exchange. `make` signs a request, for every attempt a new one, since a container refuses a nonce that
    /// it has seen.
    fn exchange(
        &self,
        purpose: Purpose<'_>,
        make: impl Fn() -> Result<Request<Bytes>, Error> + Send,
    ) -> impl Future<Output = Result<Response<Bytes>, Error>> + Send {
        async move { exchange(self, purpose, make).await }
    }
}

async fn exchange(
    by: &impl Exchanger,
    purpose: Purpose<'_>,
    make: impl Fn() -> Result<Request<Bytes>, Error> + Send,
) -> Result<Response<Bytes>, Error> {
    let span = CallSpan::new(by.policy(), &purpose);
    if span.is_disabled() {
        return attempts(by, purpose, make, &span).await;
    }
    // In a box, so that a call that nobody watches is not as large as two.
    let attempts = Box::pin(attempts(by, purpose, make, &span));
    let outcome = attempts.instrument(span.span().clone()).await;
    span.end(&outcome);
    outcome
}

async fn attempts(
    by: &impl Exchanger,
    purpose: Purpose<'_>,
    make: impl Fn() -> Result<Request<Bytes>, Error> + Send,
    span: &CallSpan,
) -> Result<Response<Bytes>, Error> {
    let policy = by.policy();
    let limit = policy.transport.total_timeout();
    let deadline = Deadline::after(limit.unwrap_or(WITHOUT_LIMIT));
    let mut attempts = Attempts::new(&policy.retries, &policy.budget, purpose.repeatable);
    // What cannot be repeated does not go out on a connection that may just be closing.
    let mut fresh = !purpose.repeatable;
    let mut clock_corrected = false;
    let mut made = 0;
    loop {
        let mut request = make()?;
        if !purpose.origin.holds(request.uri()) {
            return Err(Error::OtherOrigin {
                origin: purpose.origin.to_string(),
            });
        }
        if made > 0 {
            // The first attempt has the whole time, which the transport knows by itself.
            request.extensions_mut().insert(deadline);
        }
        if fresh {
            request.extensions_mut().insert(FreshConnection::new());
        }
        made += 1;
        let recording = policy.recorder.begin(&purpose, &request, made);
        let exchange = policy.transport.fetch(request);
        let outcome = match limit {
            Some(_) => exchange.await,
            // In a box, since most transports have one.
            None if has_timer() => Box::pin(deadline.bound(exchange)).await,
            None => exchange.await,
        };
        policy.recorder.end(recording, &outcome);
        span.attempt(made, &outcome);

        if !clock_corrected && by.corrects_clock(&outcome) {
            clock_corrected = true;
            continue;
        }
        if purpose.single_use && outcome.is_ok() {
            return told(purpose, outcome, made);
        }
        let chance = || by.chance();
        match attempts.next(&outcome, chance, || deadline.remaining()) {
            Next::AtOnce => {
                fresh = true;
                tracing::debug!("the connection died before the answer; trying again on a new one");
            }
            Next::After(pause) if has_timer() => {
                let milliseconds = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                tracing::debug!(milliseconds, "trying again after a pause");
                tokio::time::sleep(pause).await;
            }
            _ => return told(purpose, outcome, made),
        }
    }
}

fn told(purpose: Purpose<'_>, outcome: Outcome, attempts: u32) -> Result<Response<Bytes>, Error> {
    outcome.map_err(|error| {
        let container = purpose.origin.to_string();
        Error::Transport(Unanswered::new(
            container,
            purpose.repeatable,
            attempts,
            error,
        ))
    })
}

impl Exchanger for Client {
    fn policy(&self) -> &Policy {
        self.policy()
    }

    fn chance(&self) -> f64 {
        self.signer().chance()
    }

    /// Once is enough for a call: if it fails again, the time was not the reason.
    fn corrects_clock(&self, outcome: &Outcome) -> bool {
        let Ok(response) = outcome else {
            return false;
        };
        if response.status() != StatusCode::UNAUTHORIZED {
            return false;
        }
        let learned = retry::date(response).and_then(|date| self.signer().learn_clock(date));
        if let Some(seconds) = learned {
            tracing::warn!(
                seconds,
                "the container's clock is ahead of this machine's by so much; signing with its time from now on"
            );
        }
        learned.is_some()
    }
}

fn has_timer() -> bool {
    tokio::runtime::Handle::try_current().is_ok()
}

/// How long a call takes at most if its transport has no limit of its own.
const WITHOUT_LIMIT: Duration = Duration::from_secs(60);
