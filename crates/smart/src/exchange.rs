//! One request and its answer, in as many attempts as it takes: sign, send, look, and perhaps once
//! more.

pub(crate) mod clock;
pub(crate) mod environment;
pub(crate) mod randomness;
pub(crate) mod recorder;
pub(crate) mod retry;
pub(crate) mod span;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use smart_transport::{
    Body, Deadline, FreshConnection, Origin, SharedTransport, Transport as _, TransportError,
};
use tracing::Instrument as _;

use crate::Error;
use crate::error::Unanswered;
use crate::error::mask::Sent;
use crate::exchange::clock::{Ahead, ServerClock};
use crate::exchange::environment::Environment;
use crate::exchange::retry::{Attempts, Next, Outcome, Repeat};
use crate::exchange::span::CallSpan;

/// What an exchange is for.
#[derive(Clone, Copy)]
pub(crate) struct Purpose<'p> {
    /// The name of the call, or of the step of a dance.
    pub(crate) name: &'static str,
    /// The template of its path, which names nobody.
    pub(crate) path: &'static str,
    /// The record that it is about.
    pub(crate) record: Option<&'p str>,
    /// Whether it may be made again.
    pub(crate) repeat: Repeat,
    /// What in it carries the time.
    pub(crate) timed: Timed,
    /// Where its credentials belong.
    pub(crate) origin: &'p Origin,
}

/// What in a request carries the time, and may be refused for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timed {
    #[cfg_attr(not(feature = "fhir"), expect(dead_code, reason = "FHIR requests"))]
    Nothing,
    /// A signature of OAuth 1.0a, which the time is part of.
    #[cfg_attr(
        not(feature = "classic"),
        expect(dead_code, reason = "Classic requests")
    )]
    Signature,
    /// A statement that the app signed (`private_key_jwt`).
    #[cfg_attr(not(feature = "fhir"), expect(dead_code, reason = "FHIR apps"))]
    Statement,
}

impl Timed {
    /// Whether a refusal with this status may be one of the time.
    fn may_be_refused_with(self, status: StatusCode) -> bool {
        match self {
            Self::Nothing => false,
            Self::Signature => status == StatusCode::UNAUTHORIZED,
            Self::Statement => matches!(
                status,
                StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
            ),
        }
    }
}

/// Makes a request for a server whose clock is this far ahead. It is called for every attempt,
/// since a container refuses a nonce that it has seen.
pub(crate) type MakeRequest<'m> =
    &'m (dyn Fn(Ahead) -> Result<Request<Bytes>, Error> + Send + Sync);

impl Environment {
    /// Carries out an exchange, and reads the answer to its end.
    pub(crate) async fn exchange(
        &self,
        purpose: Purpose<'_>,
        make: MakeRequest<'_>,
    ) -> Result<Response<Bytes>, Error> {
        let (response, _empty) = self.watched(purpose, Reading::Whole, make).await?;
        Ok(response)
    }

    /// Carries out an exchange up to the head of the answer, whose body then follows as it comes.
    /// The rules for repeats are the same.
    #[cfg(feature = "fhir")]
    pub(crate) async fn exchange_stream(
        &self,
        purpose: Purpose<'_>,
        make: MakeRequest<'_>,
    ) -> Result<Response<Body>, Error> {
        let (response, body) = self.watched(purpose, Reading::Head, make).await?;
        Ok(response.map(|_empty| body))
    }

    /// Makes the attempts within the span of the call, if anything listens.
    async fn watched(
        &self,
        purpose: Purpose<'_>,
        reading: Reading,
        make: MakeRequest<'_>,
    ) -> Result<Answer, Error> {
        let span = CallSpan::new(self, &purpose);
        if span.is_disabled() {
            return attempts(self, purpose, reading, make, &span).await;
        }
        // In a box, so that a call that nobody watches is not as large as two.
        let attempts = Box::pin(attempts(self, purpose, reading, make, &span));
        let outcome = attempts.instrument(span.span().clone()).await;
        span.end(outcome.as_ref().map(|(response, _body)| response));
        outcome
    }
}

/// How much of an answer an exchange waits for.
#[derive(Clone, Copy)]
enum Reading {
    #[cfg_attr(
        not(feature = "fhir"),
        expect(dead_code, reason = "for FHIR's streams")
    )]
    Head,
    Whole,
}

impl Reading {
    /// Sends a request. The bytes are those that were read here, the body is what follows.
    async fn send(
        self,
        transport: &SharedTransport,
        request: Request<Bytes>,
    ) -> Result<(Response<Bytes>, Body), TransportError> {
        match self {
            Self::Whole => {
                let response = transport.fetch(request).await?;
                Ok((response, Body::empty()))
            }
            Self::Head => {
                let (head, body) = transport.send(request).await?.into_parts();
                Ok((Response::from_parts(head, Bytes::new()), body))
            }
        }
    }
}

type Answer = (Response<Bytes>, Body);

async fn attempts(
    environment: &Environment,
    purpose: Purpose<'_>,
    reading: Reading,
    make: MakeRequest<'_>,
    span: &CallSpan,
) -> Result<Answer, Error> {
    let limit = environment.transport.total_timeout();
    let deadline = Deadline::after(limit.unwrap_or(WITHOUT_LIMIT));
    let mut attempts = Attempts::new(&environment.retries, &environment.budget, purpose.repeat);
    // What cannot be repeated does not go out on a connection that may just be closing.
    let mut fresh = purpose.repeat != Repeat::Always;
    let mut time = RequestTime::new(environment.clock(), purpose.timed);
    let mut made = 0;
    loop {
        let mut request = make(time.ahead)?;
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
        let sent = Sent::of(&request);
        let recording = environment.recorder.begin(&purpose, &request, made);
        let exchange = reading.send(&environment.transport, request);
        let answer = match limit {
            Some(_) => exchange.await,
            // In a box, since most transports have one.
            None if has_timer() => Box::pin(deadline.bound(exchange)).await,
            None => exchange.await,
        };
        let (outcome, body) = match answer {
            Ok((response, body)) => (Ok(response), body),
            Err(error) => (Err(error), Body::empty()),
        };
        environment.recorder.end(recording, &outcome);
        span.attempt(made, &outcome);

        if time.is_corrected_by(&outcome) {
            continue;
        }
        let chance = || environment.chance();
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
            _ => {
                let response = told(purpose, outcome, made)?;
                return Ok((sent.masked(environment.signing_secret(), response), body));
            }
        }
    }
}

/// The time that the attempts at a request carry.
struct RequestTime<'c> {
    clock: &'c ServerClock,
    timed: Timed,
    ahead: Ahead,
    /// Whether it is the time of a refusal. Once is enough: if that is refused too, the time was
    /// not the reason.
    is_tried: bool,
}

impl<'c> RequestTime<'c> {
    fn new(clock: &'c ServerClock, timed: Timed) -> Self {
        Self {
            clock,
            timed,
            ahead: clock.ahead(),
            is_tried: false,
        }
    }

    /// Takes over the server's time from a refusal that may have been about the time, so that the
    /// request is worth making once more. The time counts from the one that this request carried:
    /// others may have learned the server's meanwhile.
    fn is_corrected_by(&mut self, outcome: &Outcome) -> bool {
        let Ok(response) = outcome else {
            return false;
        };
        if self.is_tried {
            if response.status().is_success() {
                self.clock.keep(self.ahead);
            }
            return false;
        }
        if !self.timed.may_be_refused_with(response.status()) {
            return false;
        }
        let date = retry::date(response);
        let Some(ahead) = date.and_then(|date| self.clock.correction(date, self.ahead)) else {
            return false;
        };
        self.ahead = ahead;
        self.is_tried = true;
        true
    }
}

fn told(purpose: Purpose<'_>, outcome: Outcome, attempts: u32) -> Result<Response<Bytes>, Error> {
    outcome.map_err(|error| {
        let container = purpose.origin.to_string();
        Error::Transport(Unanswered::new(container, purpose.repeat, attempts, error))
    })
}

/// The origin of a URL that a server named, or that was checked before.
pub(crate) fn origin(uri: &Uri) -> Result<Origin, Error> {
    Origin::of(uri).map_err(|source| Error::NoOrigin { source })
}

fn has_timer() -> bool {
    tokio::runtime::Handle::try_current().is_ok()
}

/// How long a call takes at most if its transport has no limit of its own.
const WITHOUT_LIMIT: Duration = Duration::from_secs(60);
