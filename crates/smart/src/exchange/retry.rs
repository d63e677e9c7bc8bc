//! When a request is made again, and after how long.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER};
use http::{Response, StatusCode};
use smart_transport::{Stage, TransportError};

/// How a client makes requests again that failed for a passing reason.
///
/// Only what is safe is repeated, by what is known of the first attempt:
///
/// | request | not sent | sent, no answer; answer broken off | 429, 503 with `Retry-After` | 503 without | 502, 504 |
/// |---|---|---|---|---|---|
/// | does twice what it does once: `GET`, `PUT`, `DELETE`, most steps of a login | yes | yes | yes | yes | yes |
/// | `POST`; exchange of a Classic verifier, renewal of tokens, registration | yes | no | yes | no | no |
/// | exchange of an OAuth 2 code, which is good for one attempt | yes | no | no | no | no |
///
/// `Retry-After` on a 503, and a 429 in any case, say that the server did not act on the request. A
/// 503 alone may come from a gateway that lost the answer of the server behind it.
///
/// Every attempt is signed afresh. The pauses double, and each is a random part of its full length,
/// so that many clients do not come back at the same moment; a container that says how long to wait
/// (`Retry-After`) is obeyed. The time limit of the transport holds for all attempts together: what
/// would end after it is not begun.
///
/// A connection that dies before the status line says nothing about the container: some front ends
/// close each connection after an answer without saying so. So that is tried once more at once, on
/// a new connection, beside what is counted here.
///
/// Pauses need a tokio runtime; without one, only what needs no pause is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
    budget: u32,
}

impl Default for Retries {
    /// Four attempts, pauses of up to 100, 200 and 400 milliseconds, a budget of 20.
    fn default() -> Self {
        Self {
            attempts: 4,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
            budget: 20,
        }
    }
}

impl Retries {
    /// Nothing is made again, not even on a connection that died.
    pub fn none() -> Self {
        Self::default().with_attempts(1)
    }

    /// How often a request is made at most, the first time included.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The longest that the first pause can be, and the longest that any can be.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest;
        self
    }

    /// How many repeats the client and all its clones may make beyond a tenth of the calls that are
    /// answered. When a container is down, this keeps the client from asking it four times as often
    /// as before.
    #[must_use]
    pub fn with_budget(mut self, repeats: u32) -> Self {
        self.budget = repeats;
        self
    }

    /// The pause before the attempt of this number, the first repeat being 1. `chance` lies between
    /// 0 and 1.
    fn pause(&self, repeat: u32, chance: f64) -> Duration {
        let doubled = 1_u32.checked_shl(repeat - 1).unwrap_or(u32::MAX);
        let full = self
            .first_pause
            .saturating_mul(doubled)
            .min(self.longest_pause);
        full.mul_f64(chance)
    }
}

/// The repeats that a client has left, in tenths.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Mutex<u32>,
    full: u32,
}

impl Budget {
    pub(crate) fn new(retries: &Retries) -> Self {
        let full = retries.budget.saturating_mul(10);
        Self {
            left: Mutex::new(full),
            full,
        }
    }

    fn earn(&self) {
        let mut left = self
            .left
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *left = self.full.min(left.saturating_add(1));
    }

    fn spend(&self) -> bool {
        let mut left = self
            .left
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let rest = left.checked_sub(10);
        *left = rest.unwrap_or(*left);
        rest.is_some()
    }
}

/// Whether a request may be made again, by what its first attempt may have done. See the table at
/// [`Retries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Made twice, it does what it does once.
    Always,
    /// Only if the server did not act on it.
    IfUnprocessed,
    /// Only if nothing of it was sent: any answer is final.
    #[cfg_attr(
        not(any(feature = "fhir", test)),
        expect(dead_code, reason = "OAuth 2 codes")
    )]
    IfUnsent,
}

impl Repeat {
    /// For a request that may be made twice as well as once, or may not.
    pub(crate) fn safe(is_safe: bool) -> Self {
        if is_safe {
            Self::Always
        } else {
            Self::IfUnprocessed
        }
    }

    /// Whether it may be made again after an exchange that ended at this stage, without an answer.
    pub(crate) fn after_stage(self, stage: Stage) -> bool {
        self == Self::Always || stage == Stage::NotSent
    }

    /// Whether it may be made again after an answer with this status, which passes.
    pub(crate) fn after_status(self, status: StatusCode, says_when: bool) -> bool {
        let unprocessed = match status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::SERVICE_UNAVAILABLE => says_when,
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => false,
            _ => return false,
        };
        match self {
            Self::Always => true,
            Self::IfUnprocessed => unprocessed,
            Self::IfUnsent => false,
        }
    }
}

/// What came of an attempt.
pub(crate) type Outcome = Result<Response<Bytes>, TransportError>;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Next {
    /// Hand the outcome on.
    Done,
    /// Repeat, on a connection that nobody has used.
    AtOnce,
    /// Repeat after a pause.
    After(Duration),
}

/// The attempts at one request.
pub(crate) struct Attempts<'c> {
    retries: &'c Retries,
    budget: &'c Budget,
    repeat: Repeat,
    made: u32,
    reconnected: bool,
}

impl<'c> Attempts<'c> {
    pub(crate) fn new(retries: &'c Retries, budget: &'c Budget, repeat: Repeat) -> Self {
        Self {
            retries,
            budget,
            repeat,
            made: 0,
            reconnected: false,
        }
    }

    /// What follows from this outcome. `chance` is a random number between 0 and 1, `remaining`
    /// tells the time that is left.
    pub(crate) fn next(
        &mut self,
        outcome: &Outcome,
        chance: impl FnOnce() -> f64,
        remaining: impl FnOnce() -> Duration,
    ) -> Next {
        if self.retries.attempts == 1 {
            return Next::Done;
        }
        if let Err(error) = outcome {
            let may_repeat = self.repeat.after_stage(error.stage());
            if error.is_closed() && may_repeat && !self.reconnected {
                self.reconnected = true;
                return Next::AtOnce;
            }
        }
        self.made += 1;
        if !self.is_passing(outcome) {
            if outcome.is_ok() {
                self.budget.earn();
            }
            return Next::Done;
        }
        if self.made >= self.retries.attempts {
            return Next::Done;
        }
        let mut pause = self.retries.pause(self.made, chance());
        if let Some(wanted) = outcome.as_ref().ok().and_then(retry_after) {
            // The random part stays: others were told to wait as long.
            pause = pause.saturating_add(wanted);
        }
        if pause >= remaining() || !self.budget.spend() {
            return Next::Done;
        }
        Next::After(pause)
    }

    fn is_passing(&self, outcome: &Outcome) -> bool {
        match outcome {
            Ok(response) => {
                let says_when = retry_after(response).is_some();
                self.repeat.after_status(response.status(), says_when)
            }
            Err(error) => self.repeat.after_stage(error.stage()) && !error.is_permanent(),
        }
    }
}

/// How long the container wants to be left alone ([RFC 9110, section
/// 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)): a number of seconds, or a date,
/// which counts from the date of the answer, since clocks differ.
pub(crate) fn retry_after<B>(response: &Response<B>) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = date(response).unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

/// When the container says that it answered.
pub(crate) fn date<B>(response: &Response<B>) -> Option<SystemTime> {
    let value = response.headers().get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(headers: &[(&str, &str)]) -> Response<Bytes> {
        let response = headers.iter().fold(
            Response::builder().status(503),
            |response, (name, value)| response.header(*name, *value),
        );
        response.body(Bytes::new()).unwrap()
    }

    #[test]
    fn wait_is_read_in_both_forms() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (headers, expected) in [
            (vec![("retry-after", "120")], Some(120)),
            (vec![("retry-after", " 0 ")], Some(0)),
            (
                vec![
                    ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"),
                    ("date", date),
                ],
                Some(30),
            ),
            // In the past, seen from the container and from here.
            (
                vec![
                    ("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT"),
                    ("date", date),
                ],
                Some(0),
            ),
            (vec![("retry-after", date)], Some(0)),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "soon")], None),
            (vec![], None),
        ] {
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&busy(&headers)), expected, "{headers:?}");
        }
    }

    #[test]
    fn what_is_repeated_after_what() {
        use Repeat::{Always, IfUnprocessed, IfUnsent};
        let all = [Always, IfUnprocessed, IfUnsent];
        let check = |what: &str, repeated: &[Repeat], may: &dyn Fn(Repeat) -> bool| {
            let found: Vec<_> = all.into_iter().filter(|repeat| may(*repeat)).collect();
            assert_eq!(found, repeated, "{what}");
        };
        for (stage, repeated) in [
            (Stage::NotSent, &all[..]),
            (Stage::MaybeSent, &[Always]),
            (Stage::Unreadable, &[Always]),
        ] {
            check(&format!("{stage:?}"), repeated, &|repeat| {
                repeat.after_stage(stage)
            });
        }
        let none: &[Repeat] = &[];
        for (status, says_when, repeated) in [
            (429, false, &[Always, IfUnprocessed][..]),
            (429, true, &[Always, IfUnprocessed]),
            (503, false, &[Always]),
            (503, true, &[Always, IfUnprocessed]),
            (502, true, &[Always]),
            (504, true, &[Always]),
            (500, true, none),
            (501, true, none),
            (401, true, none),
            (200, true, none),
        ] {
            let code = StatusCode::from_u16(status).unwrap();
            let what = format!("{status} {says_when}");
            check(&what, repeated, &|repeat| {
                repeat.after_status(code, says_when)
            });
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_cut_by_chance() {
        let retries = Retries::default();
        let pauses =
            |chance: f64| [1, 2, 3, 7, 40, 400].map(|n| retries.pause(n, chance).as_millis());
        assert_eq!(pauses(1.0), [100, 200, 400, 5000, 5000, 5000]);
        assert_eq!(pauses(0.5), [50, 100, 200, 2500, 2500, 2500]);
        assert_eq!(pauses(0.0), [0; 6]);
    }

    #[test]
    fn pauses_are_as_long_as_asked_for() {
        let millis = Duration::from_millis;
        let retries = Retries::default().with_pauses(millis(10), millis(15));
        assert_eq!(
            [1, 2, 3].map(|n| retries.pause(n, 1.0)),
            [millis(10), millis(15), millis(15)]
        );
    }

    #[test]
    fn attempts_end_with_their_number() {
        for (retries, repeats) in [
            (Retries::none(), 0),
            (Retries::default().with_attempts(0), 0),
            (Retries::default().with_attempts(2), 1),
            (Retries::default(), 3),
        ] {
            let budget = Budget::new(&retries);
            let mut attempts = Attempts::new(&retries, &budget, Repeat::Always);
            let mut next = || attempts.next(&Ok(busy(&[])), || 1.0, || Duration::MAX);
            for repeat in 0..repeats {
                assert!(matches!(next(), Next::After(_)), "{retries:?} {repeat}");
            }
            assert_eq!(next(), Next::Done, "{retries:?}");
        }
    }

    #[test]
    fn a_failure_that_passes_is_repeated_after_a_pause_if_it_may_be() {
        let retries = Retries::default();
        let budget = Budget::new(&retries);
        let next = |repeat, stage| {
            let failure = Err(TransportError::new(stage, "no route"));
            Attempts::new(&retries, &budget, repeat).next(&failure, || 1.0, || Duration::MAX)
        };
        let after = Next::After(Duration::from_millis(100));
        assert_eq!(next(Repeat::Always, Stage::MaybeSent), after);
        assert_eq!(next(Repeat::IfUnsent, Stage::NotSent), after);
        assert_eq!(next(Repeat::IfUnsent, Stage::MaybeSent), Next::Done);
    }

    #[test]
    fn the_budget_is_never_more_than_full() {
        let retries = Retries::default().with_budget(1);
        let budget = Budget::new(&retries);
        for _ in 0..100 {
            budget.earn();
        }
        assert_eq!([budget.spend(), budget.spend()], [true, false]);
    }

    #[test]
    fn what_would_end_after_the_deadline_is_not_begun() {
        let retries = Retries::default();
        let budget = Budget::new(&retries);
        let mut attempts = Attempts::new(&retries, &budget, Repeat::Always);
        let outcome = Ok(busy(&[("retry-after", "30")]));
        let next = attempts.next(&outcome, || 0.0, || Duration::from_secs(30));
        assert_eq!(next, Next::Done);
        let next = attempts.next(&outcome, || 0.0, || Duration::from_secs(31));
        assert_eq!(next, Next::After(Duration::from_secs(30)));
    }

    #[test]
    fn budget_is_spent_by_repeats_and_earned_by_answers() {
        let retries = Retries::default().with_budget(2);
        let budget = Budget::new(&retries);
        let repeats = || {
            let mut attempts = Attempts::new(&retries, &budget, Repeat::Always);
            let minute = Duration::from_secs(60);
            std::iter::repeat_with(|| attempts.next(&Ok(busy(&[])), || 0.0, || minute))
                .take_while(|next| *next != Next::Done)
                .count()
        };
        assert_eq!(repeats(), 2);
        assert_eq!(repeats(), 0);
        for _ in 0..10 {
            let fine = Ok(Response::new(Bytes::new()));
            let next = Attempts::new(&retries, &budget, Repeat::Always).next(
                &fine,
                || 0.0,
                || Duration::MAX,
            );
            assert_eq!(next, Next::Done);
        }
        assert_eq!(repeats(), 1);
    }
}
