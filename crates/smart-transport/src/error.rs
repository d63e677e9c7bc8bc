//! Why there is no response, and how far the request got.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::destination::Host;
use crate::{OriginError, ProxyError};

/// How far an exchange came before it failed, which decides what may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Nothing of the request reached the host: any request may be repeated.
    NotSent,
    /// The host may have acted on the request, but no answer came: only what is safe to do twice
    /// may be repeated.
    MaybeSent,
    /// The host answered, but the answer could not be read to its end.
    Unreadable,
}

/// No response. Opaque, so that the HTTP library underneath can change; the predicates say what a
/// caller can act on.
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
        "the answer of {host} is longer than {limit} bytes; raise the limit on bodies if that is expected"
    )]
    BodyTooLarge { host: Host, limit: usize },

    #[error("{}", certificate(.host, *.problem))]
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "without TLS there is nothing to go wrong with it")
    )]
    Certificate {
        host: Host,
        problem: CertificateProblem,
    },

    #[error("{host} closed the connection without an answer")]
    Closed { host: Host },

    #[error("no connection to {host}; check the address and that the server is running")]
    Connect { host: Host },

    #[error(
        "no connection to {host} within {after:?}; check the address and that the server is running, or raise connect_timeout"
    )]
    ConnectTimeout { host: Host, after: Duration },

    #[error("the answer of {host} broke off before its end")]
    CutBody { host: Host },

    #[error("the answer of {host} says that it is packed as {coding}, and is not")]
    Damaged { host: Host, coding: &'static str },

    #[error(
        "{host} did not begin to answer within {after:?}; try again, or raise first_byte_timeout"
    )]
    FirstByteTimeout { host: Host, after: Duration },

    #[error(
        "cannot reach {host} over https, because TLS was left out of this build; switch on the feature aws-lc-rs or ring of smart-transport"
    )]
    HttpsUnsupported { host: Host },

    #[error(
        "the answer of {host} stopped for {after:?} before its end; try again, or raise idle_timeout"
    )]
    IdleTimeout { host: Host, after: Duration },

    #[error("{0}")]
    NoOrigin(OriginError),

    #[error("what {host} answered is not HTTP; check the address and the port")]
    NotHttp { host: Host },

    #[error(
        "there is no address for the name in {host}; check its spelling, and this machine's name service"
    )]
    NoSuchName { host: Host },

    #[error("{}", in_words(*.stage))]
    Other { stage: Stage },

    #[error(
        "no complete answer within {after:?}; try again, or use a transport with a limit of its own"
    )]
    Overdue { after: Duration },

    #[error(
        "plain http to {host} would let the network read along; use https or a container on this machine, or allow plain http to this host by name"
    )]
    PlainHttp { host: Host },

    #[error(
        "the proxy opened no way to {host}; check the proxy's address and what it allows, or go without it"
    )]
    Proxy { host: Host },

    #[error("the proxy that is set for {host} cannot be used, and nothing was sent: {problem}")]
    ProxyUnusable { host: Host, problem: ProxyError },

    #[error("the answer is longer than {limit} bytes; raise the limit if that is expected")]
    StreamTooLarge { limit: usize },

    #[error(
        "{host} and this machine cannot agree on TLS; check that it speaks TLS 1.2 or 1.3 on this port, and whether it wants a client certificate"
    )]
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "without TLS there is nothing to go wrong with it")
    )]
    Tls { host: Host },

    #[error("the settings for TLS cannot be used")]
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "without TLS there is nothing to go wrong with it")
    )]
    TlsSettings,

    #[error("no complete answer from {host} within {after:?}; try again, or raise total_timeout")]
    TotalTimeout { host: Host, after: Duration },

    #[error(
        "the answer of {host} is packed as {coding:?}, which nobody asked for; ask its administrator to send it plain"
    )]
    UnknownCoding { host: Host, coding: String },

    #[error(
        "the answer of {host} is longer than {limit} bytes when it is unpacked; raise the limit on bodies if that is expected"
    )]
    UnpackedTooLarge { host: Host, limit: usize },
}

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// Its time is over, or has not begun.
    NotValidNow,
    /// It was made out for another name.
    OtherName,
    /// It was withdrawn.
    Revoked,
    /// No authority that is trusted here has signed it.
    UnknownAuthority,
    /// Something else.
    Other,
}

fn certificate(host: &Host, problem: CertificateProblem) -> String {
    let (what, advice) = match problem {
        CertificateProblem::NotValidNow => (
            "has expired or is not valid yet",
            "have it renewed, or correct this machine's clock",
        ),
        CertificateProblem::OtherName => (
            "is made out for another name",
            "use the name that it is made out for",
        ),
        CertificateProblem::Revoked => ("was revoked", "have it replaced"),
        CertificateProblem::UnknownAuthority => (
            "comes from an authority that is not trusted here",
            "if that is the right server, trust its authority with trust_certificate",
        ),
        CertificateProblem::Other => ("cannot be accepted", "have it replaced"),
    };
    format!("the certificate of {host} {what}; {advice}")
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

    /// Whether a time limit ended the exchange: for connecting, for the first byte, between two
    /// pieces, for the whole.
    pub fn is_timeout(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::ConnectTimeout { .. }
                | Kind::FirstByteTimeout { .. }
                | Kind::IdleTimeout { .. }
                | Kind::Overdue { .. }
                | Kind::TotalTimeout { .. }
        )
    }

    /// Whether no connection came about: name unknown, refused, unreachable, stopped at the proxy,
    /// or not within the limit.
    pub fn is_connect(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::Connect { .. }
                | Kind::ConnectTimeout { .. }
                | Kind::NoSuchName { .. }
                | Kind::Proxy { .. }
        )
    }

    /// Whether nobody took the connection, or not in time: the address may be wrong, or the server
    /// is not running.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::Connect { .. } | Kind::ConnectTimeout { .. }
        )
    }

    /// Whether the connection ended before the first line of an answer. A server that closes idle
    /// connections does this to the request that comes at the wrong moment, and answers the next.
    pub fn is_closed(&self) -> bool {
        matches!(self.inner.kind, Kind::Closed { .. })
    }

    /// Whether the answer was longer than the limit on bodies, as it came or when it was unpacked.
    pub fn is_body_too_large(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::BodyTooLarge { .. } | Kind::StreamTooLarge { .. } | Kind::UnpackedTooLarge { .. }
        )
    }

    /// What is wrong with the server's certificate, if that was the reason.
    pub fn certificate_problem(&self) -> Option<CertificateProblem> {
        match self.inner.kind {
            Kind::Certificate { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// Whether the URL asks for `https` in a build without TLS.
    pub fn is_https_unsupported(&self) -> bool {
        matches!(self.inner.kind, Kind::HttpsUnsupported { .. })
    }

    /// Whether the URL asks for plain `http` to a machine that was not opened to it.
    pub fn is_plain_http_refused(&self) -> bool {
        matches!(self.inner.kind, Kind::PlainHttp { .. })
    }

    /// Whether this transport does not send to such a URL at all: plain `http` to another machine,
    /// another scheme, a relative URL, a user name in it, `https` without TLS.
    pub fn is_destination_refused(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::HttpsUnsupported { .. } | Kind::NoOrigin(_) | Kind::PlainHttp { .. }
        )
    }

    /// Whether the same will fail again until somebody changes something, so that a repeat cannot
    /// help.
    pub fn is_permanent(&self) -> bool {
        self.is_destination_refused()
            || self.is_body_too_large()
            || matches!(
                self.inner.kind,
                Kind::Certificate { .. }
                    | Kind::Damaged { .. }
                    | Kind::NotHttp { .. }
                    | Kind::ProxyUnusable { .. }
                    | Kind::Tls { .. }
                    | Kind::TlsSettings
                    | Kind::UnknownCoding { .. }
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
