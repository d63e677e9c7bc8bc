//! What a failure of hyper means for the request: how far it came, and whose fault it was.

use std::error::Error as StdError;

use hyper_util::client::legacy::Error;

use super::HyperTransport;
use crate::connector::{ConnectTimedOut, NoSuchName, ProxyFailed};
use crate::destination::Host;
use crate::error::Kind;
use crate::hyper_client::root_cause::{cause, root_cause};
use crate::{Stage, TransportError};

impl HyperTransport {
    /// No head came. `taken` tells whether a connection was found for the request.
    pub(super) fn unanswered(&self, host: &Host, error: &Error, taken: bool) -> TransportError {
        let host = host.clone();
        let (kind, stage) = if error.is_connect() {
            (self.unconnected(host, error), Stage::NotSent)
        } else if !taken || was_not_sent(error) {
            (Kind::Closed { host }, Stage::NotSent)
        } else if cause::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) {
            (Kind::NotHttp { host }, Stage::Unreadable)
        } else {
            (Kind::Closed { host }, Stage::MaybeSent)
        };
        TransportError::of(kind, stage).caused_by(root_cause(error))
    }

    fn unconnected(&self, host: Host, error: &(dyn StdError + 'static)) -> Kind {
        if cause::<ConnectTimedOut>(error).is_some() {
            let after = self.settings.connect_timeout;
            return Kind::ConnectTimeout { host, after };
        }
        if cause::<ProxyFailed>(error).is_some() {
            return Kind::Proxy { host };
        }
        if cause::<NoSuchName>(error).is_some() {
            return Kind::NoSuchName { host };
        }
        unsecured(&host, error).unwrap_or(Kind::Connect { host })
    }
}

/// What is wrong with TLS, if that was it.
#[cfg(feature = "tls")]
fn unsecured(host: &Host, error: &(dyn StdError + 'static)) -> Option<Kind> {
    use rustls::CertificateError;

    use crate::CertificateProblem;
    use crate::tls::Unusable;

    let host = host.clone();
    if cause::<Unusable>(error).is_some() {
        return Some(Kind::TlsSettings);
    }
    let rustls::Error::InvalidCertificate(problem) = cause::<rustls::Error>(error)? else {
        return Some(Kind::Tls { host });
    };
    let problem = match problem {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => CertificateProblem::NotValidNow,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::OtherName
        }
        CertificateError::Revoked => CertificateProblem::Revoked,
        CertificateError::UnknownIssuer => CertificateProblem::UnknownAuthority,
        _ => CertificateProblem::Other,
    };
    Some(Kind::Certificate { host, problem })
}

#[cfg(not(feature = "tls"))]
fn unsecured(_host: &Host, _error: &(dyn StdError + 'static)) -> Option<Kind> {
    None
}

/// Whether the connection took nothing of the request: hyper hands it back as cancelled only then.
fn was_not_sent(error: &Error) -> bool {
    cause::<hyper::Error>(error)
        .is_some_and(|error| error.is_canceled() || was_not_processed(error))
}

/// Whether an HTTP/2 server said that it left the request alone: a GOAWAY in peace reaches only
/// requests behind the last that it looked at ([RFC 9113, section
/// 6.8](https://www.rfc-editor.org/rfc/rfc9113#section-6.8)), and a refused stream was not
/// processed ([section 8.7](https://www.rfc-editor.org/rfc/rfc9113#section-8.7)).
#[cfg(feature = "http2")]
fn was_not_processed(error: &hyper::Error) -> bool {
    cause::<h2::Error>(error).is_some_and(|error| {
        let reason = error.reason();
        let in_peace = error.is_go_away() && reason == Some(h2::Reason::NO_ERROR);
        in_peace || reason == Some(h2::Reason::REFUSED_STREAM)
    })
}

#[cfg(not(feature = "http2"))]
fn was_not_processed(_error: &hyper::Error) -> bool {
    false
}
