//! What can go wrong with a server of the second generation.

use std::sync::Arc;

use http::StatusCode;
use smart_fhir::rdf::RdfError;
use smart_fhir::{
    AnswerError, BaseError, ExportError, LineError, LinkError, OperationOutcome, PageError,
    ReadError,
};
#[cfg(feature = "jwt")]
use smart_oauth::oauth2::{AssertionError, IdTokenError, IssuerError, JwksError};
use smart_oauth::oauth2::{
    AuthorizeError, CallbackError, Denial, DiscoveryError, RegistrationError, Remedy, RequestError,
    ScopeError, TokenError, UrlError,
};
use smart_rdf::visible;

use crate::Stage;
use crate::error::advice;
use crate::vault::VaultError;

/// What went wrong between an app and a SMART on FHIR server, inside
/// [`Error::Fhir`](crate::Error::Fhir). No message holds a secret or a patient.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FhirError {
    // --- The caller's: the same again fails again, and nothing was sent.
    /// The authorization cannot be asked for.
    #[error(transparent)]
    Authorize(#[from] AuthorizeError),
    /// The FHIR base has a part that no base may have.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// The callback came more than an hour after the user was sent away.
    #[error("this authorization was begun over an hour ago and is over; begin a new one")]
    AuthorizationOver,
    /// An address that is no launch.
    #[error("a launch has {name} exactly once, and iss is an address with https")]
    BadLaunch {
        /// What is missing or there twice.
        name: &'static str,
    },
    /// A token that no header can hold.
    #[error(
        "the server's access token holds characters that cannot be sent; ask the user to authorize again"
    )]
    BadToken,
    /// A callback that was believed once is not believed again.
    #[error("this authorization has had its callback; begin a new one")]
    CallbackUsed,
    /// What is asked for cannot be put into a request.
    #[error(transparent)]
    Interaction(#[from] smart_fhir::RequestError),
    /// The request names no absolute address.
    #[error("the request has no absolute address; make it from the session's base")]
    NoAddress,
    /// The granted scopes do not cover what is asked for. Nothing was sent.
    #[error(
        "the user's grant does not cover {needed}, only {granted:?}; ask for that scope, or let the app send beyond its scopes"
    )]
    OutsideScopes {
        /// The permission that is missing, as scopes write it, whatever the context.
        needed: String,
        /// What was granted.
        granted: String,
    },
    /// A request cannot be made.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A text is no scope.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// An EHR launched the app that the app does not know.
    #[error(
        "the launch comes from {iss}, where this app is not registered; register it there first, if you trust that server"
    )]
    UnknownIssuer {
        /// The FHIR base that the launch names.
        iss: String,
    },
    /// An address cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),

    // --- The session's.
    /// The runtime ended while a session was being renewed.
    #[error("the runtime ended while the session was being renewed; open the session again")]
    Abandoned,
    /// The app's own session was ended by this app.
    #[error("the app's own session was revoked or forgotten; begin a new one")]
    Closed,
    /// The server refused to renew the session at an earlier time, or the access token is over and
    /// there is no refresh token. The server was not asked again.
    #[error("the grant has ended; log in again")]
    Ended {
        /// When, in seconds since 1970.
        since: u64,
    },
    /// The entry belongs to another server or app.
    #[error(
        "the stored session belongs to another server or another registration of the app; nothing was sent"
    )]
    ForeignSession,
    /// The vault has no such entry.
    #[error("there is no such session in the vault; let the user authorize the app")]
    NoSession,
    /// A renewal was begun and never ended, and the old refresh token is no good any more.
    #[error(
        "a refresh that began at {since} (unix time) was cut off, and its answer with the new tokens is lost; ask the user to authorize again"
    )]
    RefreshLost {
        /// When the refresh that was cut off began, in seconds since 1970.
        since: u64,
        /// What the server says now.
        source: TokenError,
    },
    /// The entry is another patient's or another user's by now, or nothing tells that it is not.
    #[error(
        "the stored session was replaced by one for another patient or user; open it again, and do not mix what was read before and after"
    )]
    Replaced,
    /// The session cannot be renewed, for one of the other reasons. All tasks that waited for the
    /// same renewal get it.
    #[error("the session could not be renewed")]
    Renewal {
        /// Why.
        source: Arc<crate::Error>,
    },
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),

    // --- The server's.
    /// The server said no to a question about data, or its answer cannot be read.
    #[error("{}", answered(.0))]
    Answer(AnswerError),
    /// A callback that is not believed. The authorization is still open.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The user said no.
    #[error("the user did not allow it: {}", advice::oauth2_sentence(&.0.refusal))]
    Denied(Denial),
    /// The server's addresses could not be found out.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// A bulk export went wrong.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The server could not ask the user.
    #[error("the server could not authorize the app: {}", advice::oauth2_sentence(&.0.refusal))]
    Failed(Denial),
    /// A line of an export cannot be read.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The server names an address that the token is not for, or one that was read before. What
    /// came until then is all that can be read.
    #[error("there is more, but it cannot be had")]
    Link(#[from] LinkError),
    /// A page of a search cannot be fetched.
    #[error(transparent)]
    Page(#[from] PageError),
    /// Resources cannot be written as a graph.
    #[error(transparent)]
    Rdf(#[from] RdfError),
    /// A resource is not of the type that it is read as.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The app is not registered.
    #[error("{}", registration(.0))]
    Registration(RegistrationError),
    /// The server does not give the app a token of its own. No user can change that.
    #[error("the server refuses the app itself: {}", of_own(.0))]
    AppRefused(TokenError),
    /// The server refuses the access token of a session that has no refresh token.
    #[error("the server refuses the access token, and there is no refresh token; log in again")]
    TokenRefused {
        /// What the server says.
        source: Box<crate::Error>,
    },
    /// The token endpoint, or one of its neighbors, gave nothing of use.
    #[error("{}", token(.0))]
    Token(TokenError),

    /// The app cannot sign a statement about itself.
    #[cfg(feature = "jwt")]
    #[error(transparent)]
    Assertion(#[from] AssertionError),
    /// What the issuer of an id token says of itself cannot be used.
    #[cfg(feature = "jwt")]
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The id token is not believed.
    #[cfg(feature = "jwt")]
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// The server tells no keys.
    #[cfg(feature = "jwt")]
    #[error("the server names no keys, without which its id tokens cannot be checked")]
    NoKeys,
    /// The server's keys cannot be used.
    #[cfg(feature = "jwt")]
    #[error(transparent)]
    Jwks(#[from] JwksError),
}

/// What the server says, on one line without control characters, and what to do about a refusal.
fn answered(error: &AnswerError) -> String {
    let said = error.to_string();
    match error {
        AnswerError::Refused { status, .. } => {
            format!("{}; {}", visible(&said), advice::of_fhir_status(*status))
        }
        AnswerError::Unreadable { source, .. } => {
            visible(&format!("{said}: {source}")).into_owned()
        }
        _ => visible(&said).into_owned(),
    }
}

fn registration(error: &RegistrationError) -> String {
    match error {
        RegistrationError::Refused { status, refusal } => {
            let sentence = advice::oauth2_sentence(refusal);
            format!("the server refused the registration with {status}: {sentence}")
        }
        error => visible(&error.to_string()).into_owned(),
    }
}

fn token(error: &TokenError) -> String {
    match error {
        TokenError::Refused { status, refusal } => {
            let sentence = advice::oauth2_sentence(refusal);
            format!("the server refused with {status}: {sentence}")
        }
        error => visible(&error.to_string()).into_owned(),
    }
}

/// The refusal of a token of the app's own.
fn of_own(error: &TokenError) -> String {
    match error {
        TokenError::Refused { status, refusal } => {
            format!("it answered {status}: {}", advice::app_sentence(refusal))
        }
        error => visible(&error.to_string()).into_owned(),
    }
}

impl From<AnswerError> for FhirError {
    fn from(error: AnswerError) -> Self {
        Self::Answer(error)
    }
}

impl From<RegistrationError> for FhirError {
    fn from(error: RegistrationError) -> Self {
        Self::Registration(error)
    }
}

impl From<TokenError> for FhirError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl FhirError {
    /// What to do about a refusal, in one sentence; it is part of the error's text too. `None` for
    /// what is no refusal.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Denied(denial) | Self::Failed(denial) => Some(advice::of_oauth2(&denial.refusal)),
            Self::Registration(RegistrationError::Refused { refusal, .. })
            | Self::Token(TokenError::Refused { refusal, .. })
            | Self::RefreshLost {
                source: TokenError::Refused { refusal, .. },
                ..
            } => Some(advice::of_oauth2(refusal)),
            Self::AppRefused(TokenError::Refused { refusal, .. }) => Some(advice::of_app(refusal)),
            Self::Renewal { source } => source.advice(),
            _ => match self.answer()? {
                AnswerError::Refused { status, .. } => Some(advice::of_fhir_status(*status)),
                _ => None,
            },
        }
    }

    /// How far the exchange came.
    pub fn stage(&self) -> Stage {
        if let Some(answer) = self.answer() {
            return match answer {
                AnswerError::Refused { .. } => Stage::Refused,
                _ => Stage::Unreadable,
            };
        }
        match self {
            Self::Renewal { source } => source.stage(),
            Self::TokenRefused { source } => source.stage(),
            Self::Export(_) | Self::Line(_) | Self::Link(_) | Self::Page(_) | Self::Read(_) => {
                Stage::Unreadable
            }
            Self::Registration(
                RegistrationError::Refused { .. } | RegistrationError::RefusedSilently { .. },
            )
            | Self::Discovery(DiscoveryError::Refused { .. })
            | Self::RefreshLost { .. }
            | Self::AppRefused(_)
            | Self::Token(
                TokenError::Refused { .. }
                | TokenError::RefusedSilently { .. }
                | TokenError::GrantUnusable { .. }
                | TokenError::Unavailable { .. },
            ) => Stage::Refused,
            Self::Denied(_) | Self::Failed(_) => Stage::Refused,
            Self::Registration(
                RegistrationError::Malformed { .. }
                | RegistrationError::OtherClient
                | RegistrationError::TooLong { .. }
                | RegistrationError::Unreadable(_),
            )
            | Self::Discovery(
                DiscoveryError::Unreadable(_)
                | DiscoveryError::TooLong { .. }
                | DiscoveryError::Incomplete { .. }
                | DiscoveryError::NoOauth
                | DiscoveryError::BadUrl { .. },
            )
            | Self::Token(_) => Stage::Unreadable,
            _ => Stage::NotSent,
        }
    }

    /// The status of the answer, if it was a refusal.
    pub fn status(&self) -> Option<StatusCode> {
        if let Some(AnswerError::Refused { status, .. }) = self.answer() {
            return Some(*status);
        }
        match self {
            Self::Renewal { source } => source.status(),
            Self::TokenRefused { source } => source.status(),
            Self::AppRefused(source) | Self::RefreshLost { source, .. } | Self::Token(source) => {
                match source {
                    TokenError::Refused { status, .. }
                    | TokenError::RefusedSilently { status }
                    | TokenError::GrantUnusable { status }
                    | TokenError::Unavailable { status } => Some(*status),
                    _ => None,
                }
            }
            Self::Discovery(DiscoveryError::Refused { status })
            | Self::Registration(
                RegistrationError::Refused { status, .. }
                | RegistrationError::RefusedSilently { status },
            ) => Some(*status),
            _ => None,
        }
    }

    /// Whether the same may go through later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Renewal { source } => source.is_retryable(),
            Self::Token(error) => error.remedy() == Remedy::RetryLater,
            Self::Discovery(error) => error.is_passing(),
            Self::Vault(VaultError::Busy { .. } | VaultError::File { .. }) => true,
            _ => matches!(
                self.status(),
                Some(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            ),
        }
    }

    /// What the server says of its refusal, if it says so in FHIR. It may name a patient: show it
    /// to the user, and keep it out of logs.
    pub fn outcome(&self) -> Option<&OperationOutcome> {
        self.answer()?.outcome()
    }

    fn answer(&self) -> Option<&AnswerError> {
        match self {
            Self::Answer(answer)
            | Self::Page(PageError::Answer(answer))
            | Self::Export(ExportError::Answer(answer)) => Some(answer),
            Self::TokenRefused { source } => match &**source {
                crate::Error::Fhir(error) => error.answer(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the user has to be asked again: the session, or the authorization, is over.
    pub fn needs_user(&self) -> bool {
        match self {
            Self::Renewal { source } => source.needs_user(),
            Self::Token(error) => error.remedy() == Remedy::Reauthorize,
            Self::AuthorizationOver
            | Self::CallbackUsed
            | Self::Denied(_)
            | Self::Ended { .. }
            | Self::NoSession
            | Self::RefreshLost { .. }
            | Self::TokenRefused { .. }
            | Self::Request(RequestError::NoRefreshToken) => true,
            _ => false,
        }
    }
}

impl FhirError {
    /// The refusal of a token of the app's own: what would send a user to log in again is no user's
    /// affair there.
    pub(super) fn of_app(error: TokenError) -> Self {
        if error.remedy() == Remedy::Reauthorize {
            Self::AppRefused(error)
        } else {
            Self::Token(error)
        }
    }
}

/// A renewal's failure, given to everybody who waited for it.
#[derive(Clone, Debug)]
pub(crate) struct SharedFailure(Arc<crate::Error>);

impl SharedFailure {
    pub(crate) fn new(error: crate::Error) -> Self {
        Self(Arc::new(error))
    }

    pub(crate) fn needs_user(&self) -> bool {
        self.0.needs_user()
    }
}

impl From<SharedFailure> for crate::Error {
    fn from(failure: SharedFailure) -> Self {
        FhirError::Renewal { source: failure.0 }.into()
    }
}

/// The `?` from a layer's error to the facade's, past [`FhirError`].
macro_rules! two_steps {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for crate::Error {
            fn from(error: $error) -> Self {
                FhirError::from(error).into()
            }
        }
    )*};
}

two_steps!(
    AnswerError,
    AuthorizeError,
    BaseError,
    CallbackError,
    DiscoveryError,
    ExportError,
    LineError,
    LinkError,
    PageError,
    ReadError,
    RegistrationError,
    RequestError,
    RdfError,
    ScopeError,
    TokenError,
    UrlError,
    VaultError,
    smart_fhir::RequestError,
);
#[cfg(feature = "jwt")]
two_steps!(AssertionError, IdTokenError, IssuerError, JwksError);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    /// Stage, status, whether to try again, whether to ask the user.
    type Told = (Stage, Option<u16>, bool, bool);

    fn told(error: &Error) -> Told {
        let status = error.status().map(|status| status.as_u16());
        let (again, user) = (error.is_retryable(), error.needs_user());
        (error.stage(), status, again, user)
    }

    #[test]
    fn every_error_says_what_to_do() {
        let unusable = || TokenError::GrantUnusable {
            status: StatusCode::INTERNAL_SERVER_ERROR,
        };
        let busy = StatusCode::SERVICE_UNAVAILABLE;
        let cases: Vec<(FhirError, Told)> = vec![
            (
                FhirError::AuthorizationOver,
                (Stage::NotSent, None, false, true),
            ),
            (FhirError::CallbackUsed, (Stage::NotSent, None, false, true)),
            (FhirError::NoAddress, (Stage::NotSent, None, false, false)),
            (FhirError::NoSession, (Stage::NotSent, None, false, true)),
            (
                FhirError::ForeignSession,
                (Stage::NotSent, None, false, false),
            ),
            (FhirError::Replaced, (Stage::NotSent, None, false, false)),
            (FhirError::Closed, (Stage::NotSent, None, false, false)),
            (
                FhirError::Ended { since: 1 },
                (Stage::NotSent, None, false, true),
            ),
            (
                FhirError::of_app(unusable()),
                (Stage::Refused, Some(500), false, false),
            ),
            (
                FhirError::Request(RequestError::NoRefreshToken),
                (Stage::NotSent, None, false, true),
            ),
            (unusable().into(), (Stage::Refused, Some(500), false, true)),
            (
                TokenError::Unavailable { status: busy }.into(),
                (Stage::Refused, Some(503), true, false),
            ),
            (
                TokenError::RefusedSilently {
                    status: StatusCode::UNAUTHORIZED,
                }
                .into(),
                (Stage::Refused, Some(401), false, false),
            ),
            (
                TokenError::OtherUser.into(),
                (Stage::Unreadable, None, false, true),
            ),
            (
                TokenError::Incomplete { name: "x" }.into(),
                (Stage::Unreadable, None, false, false),
            ),
            (
                TokenError::OtherPatient.into(),
                (Stage::Unreadable, None, false, true),
            ),
            (
                DiscoveryError::Refused { status: busy }.into(),
                (Stage::Refused, Some(503), true, false),
            ),
            (
                DiscoveryError::NoOauth.into(),
                (Stage::Unreadable, None, false, false),
            ),
            (
                VaultError::Busy { seconds: 1 }.into(),
                (Stage::NotSent, None, true, false),
            ),
            (
                VaultError::Unopened.into(),
                (Stage::NotSent, None, false, false),
            ),
            (
                FhirError::RefreshLost {
                    since: 1,
                    source: unusable(),
                },
                (Stage::Refused, Some(500), false, true),
            ),
        ];
        for (error, expected) in cases {
            let error = Error::from(error);
            assert_eq!(told(&error), expected, "{error}");
            // and the same when it is shared by all who waited
            let shared = Error::from(SharedFailure::new(error));
            assert_eq!(told(&shared), expected, "{shared}");
        }
    }
}
