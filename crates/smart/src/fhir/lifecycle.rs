//! The life of a session, as decisions without I/O: what a handle does next, from what it knows and
//! what the vault has.
//!
//! ```text
//!             login                        refresh answered, tokens stored
//!   (nothing) ─────► Held ◄─────────────────────────────────────────────┐
//!                     │  note written        refused for this time      │
//!                     ├────────────► Noted ──────────────────► Held     │
//!                     │                │  refresh sent                  │
//!                     │                ├── new tokens ──────► Unsaved ──┤ (in memory until the vault takes them)
//!                     │                ├── grant refused ───► Ended     │
//!                     │                └── no answer ───────► Noted     │ (the next refresh tells)
//!                     └── revoked, forgotten ► (nothing)     Ended ─────┘ (a new login)
//! ```
//!
//! Two locks guard it, taken in this order and never in the other: first the handle's own renewal
//! queue, then the vault's entry. Neither is held while a handle is idle. Whoever needs the
//! server's addresses asks for them before the entry is held.

use http::StatusCode;
use smart_oauth::Timestamp;
use smart_oauth::oauth2::{Remedy, RequestError, TokenError};

use super::error::FhirError;
use super::stored::{Renewal, Stored};
use crate::{Error, Stage};

/// Why other tokens are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The app asks for it, whatever is known.
    Asked,
    /// The access token ends soon.
    Due,
    /// The server refused the access token.
    Refused,
}

/// What a handle knows when it looks at the vault.
pub(super) struct View<'v> {
    /// The handle's tokens.
    pub(super) mine: &'v Stored,
    /// The tokens that will no longer do.
    pub(super) used: &'v Stored,
    /// New tokens that the vault has not taken yet.
    pub(super) unsaved: Option<&'v Stored>,
    pub(super) cause: Cause,
    pub(super) now: Timestamp,
}

/// What a handle does to get other tokens.
#[derive(Debug)]
pub(super) enum Step {
    /// Ask with the app's own credentials.
    AskAsApp(Stored),
    /// Write the note, and send the refresh token.
    Refresh(Stored),
    /// Store the tokens that the vault has not taken.
    Store(Stored),
    /// Take over what somebody else got.
    Take(Stored),
}

/// The next step of a renewal, from the entry as it is found.
pub(super) fn renewing(view: &View<'_>, found: Option<Stored>) -> Result<Step, FhirError> {
    let Some(found) = found else {
        return Err(match view.mine.renewal {
            Renewal::Own => FhirError::Closed,
            Renewal::NoLogin | Renewal::Refresh => FhirError::NoSession,
        });
    };
    if !found.continues(view.mine) {
        return Err(FhirError::Replaced);
    }
    if let Some(unsaved) = view.unsaved
        && unsaved.is_successor_of(&found)
    {
        return Ok(Step::Store(unsaved.clone()));
    }
    if found.is_newer_than(view.used) {
        return Ok(Step::Take(found));
    }
    if found.renewal == Renewal::Own {
        return Ok(Step::AskAsApp(found));
    }
    if let Some(since) = found.ended
        && view.cause != Cause::Asked
    {
        return Err(FhirError::Ended {
            since: since.as_unix_seconds(),
        });
    }
    match (&found.tokens.refresh_token, found.tokens.expires_at) {
        (Some(_), _) => Ok(Step::Refresh(found)),
        (None, Some(end)) if !found.lives(view.now) => Err(FhirError::Ended {
            since: end.as_unix_seconds(),
        }),
        (None, _) => Err(FhirError::Request(RequestError::NoRefreshToken)),
    }
}

/// What becomes of the entry after a refresh that brought no tokens.
#[derive(Debug)]
pub(super) enum Conclusion {
    /// The grant is over: the note goes, and the entry says so.
    End(Stored),
    /// Nobody can tell whether the server replaced the refresh token: the note stays.
    LeaveNote,
    /// The old refresh token is still good: the note of this refresh goes.
    TakeBack(Stored),
}

/// Reads the failure of a refresh. What a gateway says of a server that did not answer in time does
/// not tell whether the old refresh token is still good, and neither does an answer that cannot be
/// read.
pub(super) fn failed(found: &Stored, error: &Error, now: Timestamp) -> Conclusion {
    let Error::Fhir(FhirError::Token(refusal)) = error else {
        return if error.stage() == Stage::NotSent {
            Conclusion::TakeBack(found.clone())
        } else {
            Conclusion::LeaveNote
        };
    };
    match refusal {
        TokenError::OtherPatient | TokenError::OtherUser => Conclusion::End(found.ended(now)),
        TokenError::Refused { .. } if refusal.remedy() == Remedy::Reauthorize => {
            Conclusion::End(found.ended(now))
        }
        TokenError::Refused { .. }
        | TokenError::RefusedSilently { .. }
        | TokenError::Unavailable {
            status: StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE,
        } => Conclusion::TakeBack(found.clone()),
        _ => Conclusion::LeaveNote,
    }
}

/// The tokens to end: the last ones that there are of this handle's session.
pub(super) fn ending(
    mine: &Stored,
    unsaved: Option<&Stored>,
    found: Option<Stored>,
) -> Result<Stored, FhirError> {
    if mine.renewal == Renewal::NoLogin {
        return Err(FhirError::NoSession);
    }
    let last_known = unsaved.unwrap_or(mine);
    match found {
        None => Ok(last_known.clone()),
        Some(found) if !found.continues(mine) => Err(FhirError::Replaced),
        Some(found) if last_known.is_successor_of(&found) => Ok(last_known.clone()),
        Some(found) => Ok(found),
    }
}

/// Whether renewing helps against a 401. Tokens that came after one are on trial: if they are
/// refused as well, it is not the token that the server minds, and for a while no 401 leads to a
/// renewal.
#[derive(Debug, Default)]
pub(super) struct Trial {
    on_trial: Option<Renewed>,
    refused_at: Option<Timestamp>,
}

/// Tokens that came after a 401.
#[derive(Debug)]
struct Renewed {
    tokens: Stored,
    /// The path whose 401 they came after, when that is known.
    path: Option<String>,
    /// Whether the server has taken them at another path.
    accepted: bool,
}

impl Trial {
    /// How long, in seconds.
    const PAUSE: u64 = 15;

    /// These tokens came after a 401.
    pub(super) fn begin(&mut self, tokens: Stored) {
        self.on_trial = Some(Renewed {
            tokens,
            path: None,
            accepted: false,
        });
    }

    /// They came after a 401 at this path.
    pub(super) fn blame(&mut self, path: &str, renewed: &Stored) {
        if let Some(trial) = &mut self.on_trial
            && trial.tokens.is_same_as(renewed)
        {
            trial.path.get_or_insert_with(|| path.to_owned());
        }
    }

    /// The server answered a request to this path with these tokens.
    pub(super) fn hear(&mut self, status: StatusCode, path: &str, used: &Stored, now: Timestamp) {
        let Some(trial) = &mut self.on_trial else {
            return;
        };
        if !trial.tokens.is_same_as(used) {
            return;
        }
        let is_same_path = trial.path.as_deref() == Some(path);
        if status != StatusCode::UNAUTHORIZED {
            trial.accepted = true;
            if is_same_path {
                self.on_trial = None;
            }
        } else if (is_same_path || !trial.accepted)
            && is_within(trial.tokens.received_at, now, Self::PAUSE)
        {
            self.fail(now);
        }
    }

    /// The new tokens did not help.
    pub(super) fn fail(&mut self, now: Timestamp) {
        (self.on_trial, self.refused_at) = (None, Some(now));
    }

    pub(super) fn is_in_vain(&self, now: Timestamp) -> bool {
        self.refused_at
            .is_some_and(|since| is_within(since, now, Self::PAUSE))
    }
}

/// Whether so few seconds have gone by. A clock that was set back does not prolong it.
pub(super) fn is_within(since: Timestamp, now: Timestamp, seconds: u64) -> bool {
    let gone_by = now.as_unix_seconds().checked_sub(since.as_unix_seconds());
    gone_by.is_some_and(|gone_by| gone_by < seconds)
}

#[cfg(test)]
mod tests {
    use super::super::stored::tests::stored;
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    fn session() -> Stored {
        stored(r#"{"access_token": "a", "token_type": "Bearer", "refresh_token": "r"}"#)
    }

    #[test]
    fn a_span_ends_before_its_last_second_and_with_a_clock_that_was_set_back() {
        for (now, expected) in [(999, false), (1000, true), (1014, true), (1015, false)] {
            assert_eq!(is_within(at(1000), at(now), 15), expected, "{now}");
        }
    }

    #[test]
    fn renewing_is_in_vain_for_a_while_after_new_tokens_were_refused() {
        const OK: StatusCode = StatusCode::OK;
        const REFUSED: StatusCode = StatusCode::UNAUTHORIZED;
        // the tokens came at second 1000, after a 401 at /a
        let check = |heard: &[(StatusCode, &str, u64)], expected: bool| {
            let tokens = session();
            let mut trial = Trial::default();
            trial.begin(tokens.clone());
            trial.blame("/a", &tokens);
            trial.blame("/later", &tokens);
            for (status, path, second) in heard {
                trial.hear(*status, path, &tokens, at(*second));
            }
            assert_eq!(trial.is_in_vain(at(1014)), expected, "{heard:?}");
        };
        check(&[], false);
        check(&[(REFUSED, "/a", 1001)], true);
        // another path, and the tokens were taken nowhere
        check(&[(REFUSED, "/b", 1001)], true);
        // they were taken elsewhere, so that /b is what the server minds
        check(&[(OK, "/c", 1001), (REFUSED, "/b", 1002)], false);
        check(&[(OK, "/c", 1001), (REFUSED, "/a", 1002)], true);
        // they were taken where the first 401 came from: the trial is over
        check(&[(OK, "/a", 1001), (REFUSED, "/a", 1002)], false);
        // tokens that are older than that may have been ended since
        check(&[(REFUSED, "/a", 1015)], false);
    }

    #[test]
    fn only_the_tokens_on_trial_count() {
        let (tokens, others) = (session(), session());
        let mut trial = Trial::default();
        trial.begin(tokens.clone());
        trial.blame("/other", &others);
        trial.hear(StatusCode::UNAUTHORIZED, "/a", &others, at(1001));
        assert!(!trial.is_in_vain(at(1001)));
        trial.hear(StatusCode::OK, "/b", &tokens, at(1001));
        trial.hear(StatusCode::UNAUTHORIZED, "/other", &tokens, at(1001));
        assert!(!trial.is_in_vain(at(1001)), "blamed on other tokens");
    }

    #[test]
    fn without_a_refresh_token_the_session_ends_with_its_access_token() {
        let mut found =
            stored(r#"{"access_token": "a", "token_type": "Bearer", "expires_in": 3600}"#);
        let next = |found: &Stored, now: u64| {
            let view = View {
                mine: found,
                used: found,
                unsaved: None,
                cause: Cause::Refused,
                now: at(now),
            };
            renewing(&view, Some(found.clone())).unwrap_err()
        };
        let end = found.tokens.expires_at.unwrap().as_unix_seconds();
        let error = next(&found, end - 1);
        let is_told = matches!(error, FhirError::Request(RequestError::NoRefreshToken));
        assert!(is_told, "{error:?}");
        let error = next(&found, end + 1);
        assert!(matches!(error, FhirError::Ended { since } if since == end));
        // when it ends, the server did not say
        found.tokens.expires_at = None;
        let error = next(&found, end + 1);
        let is_told = matches!(error, FhirError::Request(RequestError::NoRefreshToken));
        assert!(is_told, "{error:?}");
    }

    #[test]
    fn what_becomes_of_the_entry_after_a_refresh_that_failed() {
        let conclusion = |error: TokenError| {
            let error = Error::Fhir(FhirError::Token(error));
            failed(&session(), &error, at(2000))
        };
        for error in [TokenError::OtherPatient, TokenError::OtherUser] {
            assert!(matches!(
                conclusion(error),
                Conclusion::End(entry) if entry.ended == Some(at(2000))
            ));
        }
        for (status, is_taken_back) in [
            (StatusCode::TOO_MANY_REQUESTS, true),
            (StatusCode::SERVICE_UNAVAILABLE, true),
            (StatusCode::BAD_GATEWAY, false),
            (StatusCode::GATEWAY_TIMEOUT, false),
            (StatusCode::INTERNAL_SERVER_ERROR, false),
        ] {
            let conclusion = conclusion(TokenError::Unavailable { status });
            let expected = if is_taken_back {
                matches!(conclusion, Conclusion::TakeBack(_))
            } else {
                matches!(conclusion, Conclusion::LeaveNote)
            };
            assert!(expected, "{status}: {conclusion:?}");
        }
    }

    #[test]
    fn the_last_tokens_of_the_session_are_ended() {
        let mine = session();
        let renewed = |session: &Stored| session.renewed(session.tokens.clone(), at(1100));
        let (second, third) = (renewed(&mine), renewed(&renewed(&mine)));
        let check = |unsaved: Option<&Stored>, found: Option<&Stored>, expected: &Stored| {
            let ended = ending(&mine, unsaved, found.cloned()).unwrap();
            assert!(ended.is_same_as(expected));
        };
        check(None, None, &mine);
        check(Some(&second), None, &second);
        check(Some(&second), Some(&mine), &second);
        check(Some(&second), Some(&third), &third);
        check(None, Some(&second), &second);
        let other = ending(&mine, None, Some(session()));
        assert!(matches!(other, Err(FhirError::Replaced)));
    }
}
