//! One error for everything that an app can meet, sorted by whose fault it is.

pub(crate) mod advice;
pub(crate) mod mask;
#[cfg(feature = "classic")]
pub(crate) mod refusal;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
#[cfg(feature = "classic")]
use smart_api::{ApiBase, ApiBaseError, CallError, MissingValue, RecordId, ResponseError};
#[cfg(feature = "classic")]
use smart_oauth::oauth1::{DanceError, SignError};
use smart_rdf::QueryError;
#[cfg(feature = "classic")]
use smart_rdf::visible;
use smart_transport::{OriginError, TransportError};

use crate::exchange::retry::Repeat;
#[cfg(feature = "classic")]
use crate::{Refusal, classic::ManifestError};

/// What went wrong. Each message is one sentence that says what to do; no message holds a secret.
///
/// Three questions cut across the variants: how far the exchange came ([`stage`](Self::stage)),
/// what the container answered ([`status`](Self::status)), and whether to try again
/// ([`is_retryable`](Self::is_retryable)).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // --- The caller's: the same again fails again, and nothing was sent.
    /// The API base is not a valid URL.
    #[cfg(feature = "classic")]
    #[error(transparent)]
    ApiBase(#[from] ApiBaseError),
    /// A call got a parameter that it cannot take.
    #[cfg(feature = "classic")]
    #[error(transparent)]
    Call(#[from] CallError),
    /// The builder lacks a setting.
    #[error("the client has no {}; set it when the client is built", .setting.replace('_', " "))]
    MissingSetting {
        /// The builder's method that was not called.
        setting: &'static str,
    },
    /// A handle without a token was asked to make a call.
    #[cfg(feature = "classic")]
    #[error("{call} needs a token, and this handle of {owner} has none; {}", token_advice(.owner))]
    NoToken {
        /// The call.
        call: &'static str,
        /// Whose handle it is: `record` or `user` and the id.
        owner: String,
    },
    /// An address leads nowhere that a request could go.
    #[error("an address that the container gave cannot be used")]
    NoOrigin {
        /// What is wrong with it.
        source: OriginError,
    },
    /// A request or a link would take a credential where it does not belong.
    #[error(
        "the address lies outside {origin}, where the credentials belong; nothing was sent to it"
    )]
    OtherOrigin {
        /// Where the credentials belong.
        origin: String,
    },
    /// A handle was asked to make a call that is about somebody else.
    #[cfg(feature = "classic")]
    #[error(
        "{call} was prepared for {asked} and given to the handle of {handle}; send it with a handle of its own"
    )]
    OtherHandle {
        /// The call.
        call: &'static str,
        /// What the call is about: `record` or `user` and the id.
        asked: String,
        /// Whose handle it was given to.
        handle: String,
    },
    /// A query cannot be run.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A request cannot be signed.
    #[cfg(feature = "classic")]
    #[error(transparent)]
    Sign(#[from] SignError),

    // --- This machine's.
    /// The clock stands before 1970.
    #[error(
        "this machine's clock is set before 1970; correct it, since every signature carries the time"
    )]
    Clock,
    /// There is no randomness for a nonce.
    #[error("the operating system gave no randomness, without which nothing can be signed")]
    Randomness {
        /// What the source of randomness said.
        source: Box<dyn StdError + Send + Sync>,
    },

    /// A handle of the blocking face was used where waiting would stop other tasks.
    #[error(
        "a blocking handle cannot wait inside an asynchronous runtime; use the asynchronous handles there"
    )]
    BlockingInsideAsync,
    /// There is no runtime for the blocking face.
    #[error("the operating system gave no thread for the blocking client")]
    Runtime {
        /// What it said.
        source: std::io::Error,
    },

    // --- The container's.
    /// A step of the dance or of the record loop failed, by the container's answer or by the
    /// callback's content.
    #[cfg(feature = "classic")]
    #[error("{}", dance(.0))]
    Dance(DanceError),
    /// The container's manifest cannot be used.
    #[cfg(feature = "classic")]
    #[error("the manifest of {api_base} cannot be used")]
    Manifest {
        /// Where the container is.
        api_base: ApiBase,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// The container said no to a call.
    #[cfg(feature = "classic")]
    #[error(transparent)]
    Refused(Refusal),
    /// The answer lacks a value that the ontology requires.
    #[cfg(feature = "classic")]
    #[error(transparent)]
    MissingValue(#[from] MissingValue),
    /// The answer is not of the kind that was asked for.
    #[cfg(feature = "classic")]
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The container gives no token for a record because it does not know it.
    #[cfg(feature = "classic")]
    #[error(
        "the container answered the request for record {id} with {status}, as for one that it does not know; check the id"
    )]
    UnknownRecord {
        /// The record that was asked for.
        id: RecordId,
        /// The status of the answer: 404, or the 500 of the reference container.
        status: StatusCode,
    },

    /// Something between an app and a SMART on FHIR server.
    #[cfg(feature = "fhir")]
    #[error(transparent)]
    Fhir(#[from] crate::fhir::FhirError),

    // --- The network's.
    /// There is no answer.
    #[error(transparent)]
    Transport(Unanswered),

    /// A sweep ended before its time, for one of the reasons above.
    #[cfg(feature = "classic")]
    #[error(
        "the sweep stopped after record {last} had come; go on after the last record that was read to its end"
    )]
    Sweep {
        /// The last record that came. It need not have been read.
        last: RecordId,
        /// Why the next one did not.
        source: Box<Self>,
    },
}

/// A refusal with the container's words and with what they point to.
#[cfg(feature = "classic")]
fn dance(error: &DanceError) -> String {
    let DanceError::Refused { step, status, body } = error else {
        return visible(&error.to_string()).into_owned();
    };
    let words = refusal::words(body.expose(), None);
    // Nothing is quoted of what may contain a token, whatever its status is.
    let is_refusal = status.is_client_error() || status.is_server_error();
    let words = if is_refusal && !words.contains("oauth_token") {
        words
    } else {
        String::new()
    };
    match advice::of_classic_words(&words) {
        Some(advice) if *status == StatusCode::UNAUTHORIZED => {
            format!(
                "the container answered the {step} with {status}; {advice}{}",
                advice::quoted(&words)
            )
        }
        _ if words.is_empty() || status.canonical_reason() == Some(&words) => error.to_string(),
        _ => format!("{error}{}", advice::quoted(&words)),
    }
}

#[cfg(feature = "classic")]
impl From<DanceError> for Error {
    fn from(error: DanceError) -> Self {
        Self::Dance(error)
    }
}

#[cfg(feature = "classic")]
fn token_advice(owner: &str) -> &'static str {
    if owner.starts_with("record") {
        "let a user authorize it, take the handle from a sweep, or give it a token"
    } else {
        "give it that of a record which the user authorized"
    }
}

impl Error {
    /// How far the exchange came.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Transport(unanswered) => unanswered.stage(),
            #[cfg(feature = "classic")]
            Self::Refused(_)
            | Self::UnknownRecord { .. }
            | Self::Dance(DanceError::Refused { .. }) => Stage::Refused,
            #[cfg(feature = "classic")]
            Self::Manifest { .. } | Self::MissingValue(_) | Self::Response(_) => Stage::Unreadable,
            #[cfg(feature = "classic")]
            Self::Dance(
                DanceError::Incomplete { .. }
                | DanceError::LoopStuck { .. }
                | DanceError::TooLong { .. }
                | DanceError::WrongRecord { .. },
            ) => Stage::Unreadable,
            #[cfg(feature = "classic")]
            Self::Sweep { source, .. } => source.stage(),
            #[cfg(feature = "fhir")]
            Self::Fhir(error) => error.stage(),
            _ => Stage::NotSent,
        }
    }

    /// The status of the answer, if it was a refusal.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            #[cfg(feature = "classic")]
            Self::Refused(refusal) => Some(refusal.status()),
            #[cfg(feature = "classic")]
            Self::UnknownRecord { status, .. } => Some(*status),
            #[cfg(feature = "classic")]
            Self::Dance(DanceError::Refused { status, .. }) => Some(*status),
            #[cfg(feature = "classic")]
            Self::Sweep { source, .. } => source.status(),
            #[cfg(feature = "fhir")]
            Self::Fhir(error) => error.status(),
            _ => None,
        }
    }

    /// What to do about a refusal, in one sentence; it is part of the error's text too. `None` for
    /// what is no refusal, and for refusals that say nothing of their reason.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            #[cfg(feature = "classic")]
            Self::Refused(refusal) => Some(refusal.advice()),
            #[cfg(feature = "classic")]
            Self::Dance(DanceError::Refused { body, .. }) => {
                advice::of_classic_words(&refusal::words(body.expose(), None))
            }
            #[cfg(feature = "classic")]
            Self::Sweep { source, .. } => source.advice(),
            #[cfg(feature = "fhir")]
            Self::Fhir(error) => error.advice(),
            _ => None,
        }
    }

    /// How long the container asked to be left alone, if it did (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            #[cfg(feature = "classic")]
            Self::Refused(refusal) => refusal.retry_after(),
            #[cfg(feature = "classic")]
            Self::Sweep { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    /// Whether the same may go through later: the container was not there, or busy, or did not
    /// answer in time, and doing it twice does no harm. A repeat through the facade is signed
    /// afresh, as it has to be.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(unanswered) => unanswered.is_retryable(),
            #[cfg(feature = "classic")]
            Self::Refused(refusal) => refusal.is_retryable(),
            #[cfg(feature = "classic")]
            Self::Dance(DanceError::Refused { status, .. }) => matches!(
                *status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            ),
            #[cfg(feature = "classic")]
            Self::Sweep { source, .. } => source.is_retryable(),
            #[cfg(feature = "fhir")]
            Self::Fhir(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether the user has to be asked again, the session or the authorization being over
    /// ([`FhirError::needs_user`](crate::fhir::FhirError::needs_user)).
    #[cfg(feature = "fhir")]
    pub fn needs_user(&self) -> bool {
        matches!(self, Self::Fhir(error) if error.needs_user())
    }
}

/// How far an exchange with the container came before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Nothing reached the container.
    NotSent,
    /// The container may have acted on the request, but no answer came.
    MaybeSent,
    /// The container answered, but not with what can be read.
    Unreadable,
    /// The container answered, and said no.
    Refused,
}

impl From<smart_transport::Stage> for Stage {
    fn from(stage: smart_transport::Stage) -> Self {
        match stage {
            smart_transport::Stage::NotSent => Self::NotSent,
            smart_transport::Stage::Unreadable => Self::Unreadable,
            // What is not known to be harmless is taken for the worst.
            _ => Self::MaybeSent,
        }
    }
}

/// No answer came from the container, or no whole one.
#[derive(Debug)]
pub struct Unanswered {
    container: String,
    repeat: Repeat,
    attempts: u32,
    error: TransportError,
}

impl Unanswered {
    pub(crate) fn new(
        container: String,
        repeat: Repeat,
        attempts: u32,
        error: TransportError,
    ) -> Self {
        Self {
            container,
            repeat,
            attempts,
            error,
        }
    }

    /// What the transport says of it.
    pub fn transport_error(&self) -> &TransportError {
        &self.error
    }

    /// How often it was tried.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    fn stage(&self) -> Stage {
        self.error.stage().into()
    }

    fn is_retryable(&self) -> bool {
        self.repeat.after_stage(self.error.stage()) && !self.error.is_permanent()
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name that is unknown and a proxy that refuses have sentences of their own.
        if self.error.is_connect() && self.error.is_unreachable() {
            write!(
                formatter,
                "cannot reach the container at {}; check the address and that the container is running",
                self.container
            )?;
        } else {
            self.error.fmt(formatter)?;
        }
        match self.attempts {
            0 | 1 => Ok(()),
            attempts => write!(formatter, " (tried {attempts} times)"),
        }
    }
}

impl StdError for Unanswered {
    /// The cause below the transport's error, whose sentence is already part of this one.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}
