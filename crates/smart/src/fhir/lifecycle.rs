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
