//! Why there is no response, and how far the request got.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// How far an exchange came before it failed, which decides what may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Nothing of the request reached the host: any request may be repeated.
    NotSent,
    /// The host may have acted on the request, but no answer came: only what is safe to do twice may be repeated.
    MaybeSent,
    /// The host answered, but the answer could not be read to its end.
    Unreadable,
}

/// No response. Opaque, so that the HTTP library underneath can change; the predicates say what a caller can act on.
///
/// Neither the message nor `Debug` shows more of the request than its host and port.
#[derive(Debug)]
pub struct TransportError {
    // A box keeps `Result<Response<Bytes>, TransportError>` small.
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    stage: Stage,
    kind: Kind,
    source: Option<BoxError>,
}

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error(
        "the answer of {host} is longer than {limit} bytes; raise body_limit if that is expected"
    )]
    BodyTooLarge { host: String, limit: usize },

    #[error("{host} closed the connection without an answer")]
    Closed { host: String },

    #[error("no connection to {host}; check the address and that the server is running")]
    Connect { host: String },

    #[error(
        "no connection to {host} within {after:?}; check the address and that the server is running, or raise connect_timeout"
    )]
    ConnectTimeout { host: String, after: Duration },

    #[error("the answer of {host} broke off before its end")]
    CutBody { host: String },

    #[error(
        "cannot reach {host} over https, because TLS is not built into this version yet; use a container that speaks http on this machine"
    )]
    HttpsUnsupported { host: String },

    #[error("the URL is not absolute; give it a scheme and a host")]
    NotAbsolute,

    #[error("what {host} answered is not HTTP; check the address and the port")]
    NotHttp { host: String },

    #[error("{}", in_words(*.stage))]
    Other { stage: Stage },

    #[error(
        "plain http to {host} would let the network read along; use a container on this machine, or open this host by name with allow_plain_http_to"
    )]
    PlainHttp { host: String },

    #[error("{scheme} is not http; correct the URL")]
    Scheme { scheme: String },

    #[error("no complete answer from {host} within {after:?}; try again, or raise total_timeout")]
    TotalTimeout { host: String, after: Duration },

    #[error("the URL of {host} carries a user name or password; remove it")]
    UserInfo { host: String },
}

fn in_words(stage: Stage) -> &'static str {
    match stage {
        Stage::NotSent => "the request was not sent",
        Stage::MaybeSent => "the request may have been sent, but no answer came",
        Stage::Unreadable => "an answer came, but it could not be read",
    }
}

impl TransportError {
    /// A failure of a transport of your own: how far the request got, and why it failed.
    ///
    /// ```
    /// use smart_transport::{Stage, TransportError};
    ///
    /// let error = TransportError::new(Stage::NotSent, "the cable is out");
    /// assert_eq!(error.stage(), Stage::NotSent);
    /// assert_eq!(error.to_string(), "the request was not sent");
    /// ```
    pub fn new(stage: Stage, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::of(Kind::Other { stage }, stage).caused_by(cause)
    }

    pub(crate) fn of(kind: Kind, stage: Stage) -> Self {
        Self {
            inner: Box::new(Inner {
                stage,
                kind,
                source: None,
            }),
        }
    }

    pub(crate) fn caused_by(mut self, cause: impl Into<BoxError>) -> Self {
        self.inner.source = Some(cause.into());
        self
    }

    /// How far the exchange came.
    pub fn stage(&self) -> Stage {
        self.inner.stage
    }

    /// Whether a time limit ended the exchange, the one for connecting or the one for the whole.
    pub fn is_timeout(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::ConnectTimeout { .. } | Kind::TotalTimeout { .. }
        )
    }

    /// Whether no connection came about: name unknown, refused, unreachable, or not within the limit.
    pub fn is_connect(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::Connect { .. } | Kind::ConnectTimeout { .. }
        )
    }

    /// Whether the answer was longer than the limit on bodies.
    pub fn is_body_too_large(&self) -> bool {
        matches!(self.inner.kind, Kind::BodyTooLarge { .. })
    }

    /// Whether the URL asks for `https`, which this version cannot speak yet.
    pub fn is_https_unsupported(&self) -> bool {
        matches!(self.inner.kind, Kind::HttpsUnsupported { .. })
    }

    /// Whether this transport does not send to such a URL at all, so that a repeat cannot help: plain `http` to another
    /// machine, `https` for now, another scheme, a relative URL, a user name in it.
    pub fn is_destination_refused(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::HttpsUnsupported { .. }
                | Kind::NotAbsolute
                | Kind::PlainHttp { .. }
                | Kind::Scheme { .. }
                | Kind::UserInfo { .. }
        )
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.kind.fmt(formatter)
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.source.as_deref().map(|cause| cause as _)
    }
}
