//! Every way to fail, one enum for each question.

use http::StatusCode;
use thiserror::Error;

use super::answer::{Refusal, Unreadable};

/// Why a text cannot be an address to send secrets to, or to come back to.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// A space, a control character or a backslash.
    #[error("the address holds a space, control character or backslash; percent-encode it")]
    BadCharacter,
    /// A `#` and what follows it.
    #[error("the address has a fragment; remove it")]
    Fragment,
    /// No scheme, or nothing that parses.
    #[error("the address is not an absolute url")]
    NotAbsolute,
    /// `http` to another machine.
    #[error("http is for this machine only; use https, or allow plain http on purpose")]
    PlainHttp,
    /// More text than any address needs.
    #[error("the address is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// A scheme that this address cannot have.
    #[error("the address has a scheme that cannot be used here")]
    UnsupportedScheme,
    /// A name or password before the host.
    #[error("the address holds user information; remove it")]
    UserInformation,
}

/// Why a text cannot be a code verifier.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a code verifier is 43 to 128 letters, digits and '-', '.', '_', '~'")]
#[non_exhaustive]
pub struct VerifierError;

/// Why a server's addresses could not be found out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// An address that the server names cannot be used.
    #[error("the server's {name} cannot be used")]
    BadUrl {
        /// The member that holds it.
        name: &'static str,
        /// What is wrong with it.
        #[source]
        source: UrlError,
    },
    /// The document lacks an address that every app needs.
    #[error("the server's description lacks {name}; check the fhir base")]
    Incomplete {
        /// The missing member.
        name: &'static str,
    },
    /// The statement has no SMART extension.
    #[error(
        "the server's statement does not name oauth addresses; it may be an open server, or another base is meant"
    )]
    NoOauth,
    /// A status other than 200.
    #[error("the server answered {status}; {}", if is_passing(*status) { "try again later" } else { "check the fhir base" })]
    Refused {
        /// The answer's status.
        status: StatusCode,
    },
    /// An answer longer than any description.
    #[error("the server's description is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// Something else than a capability statement.
    #[error("the answer is not a capability statement ({0}); check the fhir base")]
    Unreadable(Unreadable),
    /// The base does not make a URL.
    #[error("the fhir base does not make a url")]
    Url(#[from] UrlError),
}

impl DiscoveryError {
    /// Whether the same question may be answered later: the server is down or busy, which says
    /// nothing about what it is.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Refused { status } if is_passing(*status))
    }
}

fn is_passing(status: StatusCode) -> bool {
    let busy = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    status.is_server_error() || busy.contains(&status)
}

/// Why what an issuer says of itself cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The document is that of another issuer.
    #[error("the document at the issuer's address names another issuer; check the issuer")]
    OtherIssuer,
    /// A status other than 200.
    #[error("the issuer answered {status} for its description")]
    Refused {
        /// The answer's status.
        status: StatusCode,
    },
    /// An answer longer than any description.
    #[error("the issuer's description is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// Not a JSON object.
    #[error("the answer is not a description of an issuer ({0}); check the issuer")]
    Unreadable(Unreadable),
}

/// Why a text is no scope.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeError {
    /// A character that scopes cannot hold.
    #[error("a scope holds visible ascii characters without '\"' and '\\'")]
    BadCharacter,
    /// No text at all.
    #[error("a scope must not be empty")]
    Empty,
    /// More text than a scope may have.
    #[error("a scope is at most {limit} bytes long")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// More scopes than are read.
    #[error("there are more than {limit} scopes")]
    TooMany {
        /// The most allowed.
        limit: usize,
    },
}

/// Why an app is not registered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// A token that cannot be written into a header.
    #[error("the token for the registration contains characters that cannot be sent")]
    BadToken,
    /// A member of the answer that could not be used later.
    #[error("the server's registration contains a `{name}` that cannot be used")]
    Malformed {
        /// The member.
        name: &'static str,
    },
    /// The server gave no address and token for the registration, or they were not kept.
    #[error(
        "there is no address and token for this registration; ask the server's staff to change it"
    )]
    NoAccess,
    /// The server names no registration address.
    #[error("the server has no dynamic registration; register the app by hand")]
    NoEndpoint,
    /// The answer is about another app.
    #[error("the server's answer is about another app than the one that was asked for")]
    OtherClient,
    /// The server said no.
    #[error("the server refused the registration with {status}: {refusal}")]
    Refused {
        /// The answer's status.
        status: StatusCode,
        /// The server's reason.
        refusal: Refusal,
    },
    /// The server said no without a reason.
    #[error("the server refused access to the registration with {status} and without a reason")]
    RefusedSilently {
        /// The answer's status.
        status: StatusCode,
    },
    /// A member was given by name that has a setting of its own, so that one of the two would be
    /// lost.
    #[error("the member `{name}` has a setting of its own; use that in place of a member")]
    ReservedMember {
        /// The member.
        name: &'static str,
    },
    /// An answer longer than any registration.
    #[error("the server's answer is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// The answer names no client.
    #[error("the server's answer is not a registration ({0})")]
    Unreadable(Unreadable),
    /// The registration address cannot be requested.
    #[error("the registration address does not make a url")]
    Url(#[from] UrlError),
}

/// Why an authorization cannot be asked for. Nothing was sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuthorizeError {
    /// The launch comes from another server than the one it is answered to.
    #[error(
        "the launch names another fhir server than the one that was discovered; discover that one, if you trust it"
    )]
    ForeignLaunch,
    /// The server has no page that asks users.
    #[error("the server names no authorization page")]
    NoEndpoint,
    /// The server can do no `S256`, so that whoever sees the code could use it.
    #[error("the server allows no S256 code challenge; its codes cannot be protected")]
    NoS256,
    /// No scope was asked for.
    #[error("ask for at least one scope")]
    NoScopes,
    /// A parameter that the request writes itself, or that was added before.
    #[error(
        "the parameter {name:?} is set by the authorization request itself, or was added twice"
    )]
    ReservedParameter {
        /// The parameter's name.
        name: String,
    },
}

/// Why a callback is not believed. The authorization that it claims to answer is still open.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackError {
    /// A code and an error at once.
    #[error("the callback has a code and an error; ask the user to authorize again")]
    Contradictory,
    /// The callback was made by another server than the one asked.
    #[error("the callback comes from another server than the one that was asked")]
    ForeignIssuer,
    /// The callback answers another request, or none.
    #[error(
        "the callback answers another request: an old browser tab, another browser, or an attack"
    )]
    ForeignState,
    /// Neither code nor error.
    #[error("the callback has neither code nor error; the address was perhaps opened by hand")]
    Lacks,
    /// No `iss`, though the server promises one.
    #[error("the callback does not say which server made it, though this server always does")]
    MissingIssuer,
    /// No `state`.
    #[error("the callback has no state, so that it may answer another request")]
    MissingState,
    /// A parameter twice.
    #[error("the callback has {name} more than once; ask the user to authorize again")]
    Repeats {
        /// The parameter's name.
        name: &'static str,
    },
    /// Longer than any server makes it.
    #[error("the callback is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
}

/// Why a request to the token endpoint or its neighbors cannot be made. Nothing was sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A token that a header cannot contain.
    #[error("the token contains characters that cannot be sent")]
    BadToken,
    /// The address cannot be requested.
    #[error("the address does not make a url")]
    BadUrl,
    /// The server names no such address.
    #[error("the server has no {name} address")]
    NoEndpoint {
        /// What it lacks.
        name: &'static str,
    },
    /// There is nothing to refresh with.
    #[error("there is no refresh token; ask for offline_access when authorizing")]
    NoRefreshToken,
    /// An app that cannot prove who it is.
    #[error("this request needs a confidential app; authenticate with a secret or an assertion")]
    PublicClient,
    /// A colon in a name or secret that is sent as it is.
    #[error("a client id or secret with ':' cannot be sent raw; use the standard dialect")]
    RawColon,
    /// A refresh that asks for more than was granted.
    #[error("a refresh cannot widen the scopes; authorize again")]
    WiderScopes,
}

/// Why an answer of the token endpoint or its neighbors is no use.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The server broke down over the grant: S4S does for codes and refresh tokens that have become
    /// useless. Elsewhere the same page says nothing about the grant, and is
    /// [`Unavailable`](Self::Unavailable).
    #[error("the server broke down over the grant ({status}); ask the user to authorize again")]
    GrantUnusable {
        /// The answer's status.
        status: StatusCode,
    },
    /// A member that has the wrong type, or contains characters that cannot be sent back. Its value
    /// is not shown.
    #[error("the server's {name} has the wrong type, or contains characters that cannot be sent")]
    Malformed {
        /// The member.
        name: &'static str,
    },
    /// A successful answer that lacks something.
    #[error("the server's answer lacks {name}")]
    Incomplete {
        /// The missing member.
        name: &'static str,
    },
    /// The refreshed token is for another patient.
    #[error("the server answered the refresh with a token for another patient; it was dropped")]
    OtherPatient,
    /// The refreshed tokens are for another user.
    #[error("the server answered the refresh with tokens for another user; they were dropped")]
    OtherUser,
    /// The server said no.
    #[error("the server refused with {status}: {refusal}")]
    Refused {
        /// The answer's status.
        status: StatusCode,
        /// The server's reason.
        refusal: Refusal,
    },
    /// The server said no by its status alone: the body is empty, a page, or without a code.
    #[error(
        "the server refused with {status} and gave no reason{}",
        if *status == StatusCode::UNAUTHORIZED { "; check the app's credentials" } else { "" }
    )]
    RefusedSilently {
        /// The answer's status.
        status: StatusCode,
    },
    /// An answer longer than any.
    #[error("the server's answer is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// The server cannot answer now.
    #[error("the server cannot answer now ({status}); try again later")]
    Unavailable {
        /// The answer's status.
        status: StatusCode,
    },
    /// Not what was asked for.
    #[error("the answer cannot be read ({0}); check the address")]
    Unreadable(Unreadable),
    /// A token that is not simply shown.
    #[error("the server's tokens are of type {kind:?}, and only bearer tokens are known")]
    UnsupportedTokenType {
        /// The type.
        kind: String,
    },
}

/// What to do about a [`TokenError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Check the app's name, secret or key.
    CheckClient,
    /// Check addresses, scopes and parameters; the same request will fail again.
    CheckRequest,
    /// Ask the user again: code or refresh token are of no more use.
    Reauthorize,
    /// Try again later; nothing is lost.
    RetryLater,
}

impl TokenError {
    /// What to do. Decided by the server's code, since statuses differ: S4S answers 401 where
    /// others answer 400.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::GrantUnusable { .. } | Self::OtherPatient | Self::OtherUser => {
                Remedy::Reauthorize
            }
            Self::RefusedSilently { status } if *status == StatusCode::UNAUTHORIZED => {
                Remedy::CheckClient
            }
            Self::Unavailable { .. } => Remedy::RetryLater,
            Self::Refused { status, refusal } => match refusal.code() {
                "access_denied"
                | "account_selection_required"
                | "consent_required"
                | "interaction_required"
                | "invalid_grant"
                | "login_required" => Remedy::Reauthorize,
                "invalid_client" | "unauthorized_client" => Remedy::CheckClient,
                "server_error" | "slow_down" | "temporarily_unavailable" => Remedy::RetryLater,
                _ if status.is_server_error() => Remedy::RetryLater,
                _ => Remedy::CheckRequest,
            },
            _ => Remedy::CheckRequest,
        }
    }
}

/// Why an app cannot sign a statement about itself.
#[cfg(feature = "jwt")]
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssertionError {
    /// A text that is not a key of the kind asked for, or one too small.
    #[error(
        "the key is not a private key of that kind as pem or jwk, has a passphrase, or has fewer than 2048 bits"
    )]
    BadKey,
    /// The key is the only one that signs.
    #[error("the only key that signs cannot be removed; let another one sign first")]
    LastKey,
    /// There is a key with that id already.
    #[error("there is a key with the id {key_id:?} already")]
    SameKeyId {
        /// The id.
        key_id: String,
    },
    /// The key cannot sign.
    #[error("the key cannot sign")]
    Signing,
    /// There is no key with that id.
    #[error("there is no key with the id {key_id:?}")]
    UnknownKeyId {
        /// The id.
        key_id: String,
    },
}

/// Why a server's keys cannot be used.
#[cfg(feature = "jwt")]
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JwksError {
    /// An answer longer than any key set.
    #[error("the server's key set is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// Not a key set.
    #[error("the answer is not a key set ({0}); check the address")]
    Unreadable(Unreadable),
}

/// Why an id token is not believed. Nothing in it may be used.
#[cfg(feature = "jwt")]
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdTokenError {
    /// The signature is not by the server's key.
    #[error("the id token's signature does not match")]
    BadSignature,
    /// No user, or a name too long.
    #[error("the id token names no user")]
    BadSubject,
    /// A time that is missing, no number, in the future, or before another that it cannot precede.
    #[error("the id token's times are missing or impossible; check the clocks")]
    BadTime,
    /// The token is over.
    #[error("the id token has expired")]
    Expired,
    /// The token was issued with another access token.
    #[error("the id token belongs to another access token than the one that it came with")]
    ForeignAccessToken,
    /// The token is for another app.
    #[error("the id token is for another app")]
    ForeignAudience,
    /// The token is from another server.
    #[error("the id token is from another server than the one that was asked")]
    ForeignIssuer,
    /// Not a signed JWT.
    #[error("the id token is not a signed jwt that can be understood")]
    Malformed,
    /// The server has not told its name.
    #[error("the server has told no issuer, so that its id tokens cannot be checked")]
    NoIssuer,
    /// Longer than any token.
    #[error("the id token is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// None of the server's keys, or more than one, can have signed it.
    #[error("the id token names none of the server's keys; fetch the keys once more")]
    UnknownKey,
    /// An algorithm that proves nothing, or that is not known.
    #[error("the id token is not signed by an algorithm that is allowed")]
    UnsupportedAlgorithm,
    /// The token answers another request.
    #[error("the id token answers another request than this one")]
    WrongNonce,
}
