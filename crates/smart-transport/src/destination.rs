//! Where a request may go at all, decided before a name is looked up.

use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::error::Kind;
use crate::{OriginError, Stage, TransportError};

/// Where requests may go: anywhere over `https`; over plain `http` to this machine, and to hosts
/// that were opened by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destinations {
    /// By name and in lower case.
    plain_http: Vec<String>,
    /// The first that was found to be allowed: most transports know no other, and need not look at
    /// each URL anew.
    known: OnceLock<(Scheme, Host)>,
}

impl Destinations {
    pub(crate) fn open(&mut self, host: &str) {
        self.plain_http.push(bare(host).to_ascii_lowercase());
    }

    /// Checks the URL and returns its host.
    pub(crate) fn check(&self, uri: &Uri) -> Result<Host, TransportError> {
        if let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) {
            // As it is written, so that nothing about it has to be understood.
            let is_known = |(known, host): &&(Scheme, Host)| {
                known == scheme && host.0.as_str() == authority.as_str()
            };
            if let Some((_, host)) = self.known.get().filter(is_known) {
                return Ok(host.clone());
            }
        }
        let host = self.check_anew(uri)?;
        if let Some(scheme) = uri.scheme() {
            // Somebody else may have been first.
            let _ = self.known.set((scheme.clone(), host.clone()));
        }
        Ok(host)
    }

    fn check_anew(&self, uri: &Uri) -> Result<Host, TransportError> {
        let origin = |problem| refused(Kind::NoOrigin(problem));
        let Some(authority) = uri.authority() else {
            return Err(origin(OriginError::Relative));
        };
        // Credentials in a URL would be dropped silently, and `http://localhost@elsewhere/` is a
        // trick to deceive a reader.
        if authority.as_str().contains('@') {
            return Err(origin(OriginError::UserInfo));
        }
        let host = Host(authority.clone());
        match uri.scheme_str() {
            Some("http") if self.allows_plain_http(bare(authority.host())) => Ok(host),
            Some("http") => Err(refused(Kind::PlainHttp { host })),
            Some("https") if cfg!(feature = "tls") => Ok(host),
            Some("https") => Err(refused(Kind::HttpsUnsupported { host })),
            _ => Err(origin(OriginError::Scheme)),
        }
    }

    fn allows_plain_http(&self, host: &str) -> bool {
        is_this_machine(host)
            || self
                .plain_http
                .iter()
                .any(|open| open.eq_ignore_ascii_case(host))
    }
}

/// Host and port as the URL has them, for messages. Made from a URL without user name, so it holds
/// nothing that may not be shown.
#[derive(Clone)]
pub(crate) struct Host(Authority);

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_str().fmt(formatter)
    }
}

/// Whether a URL leads to this machine, where no proxy is asked.
pub(crate) fn is_local(uri: &Uri) -> bool {
    uri.host().is_some_and(|host| is_this_machine(bare(host)))
}

fn refused(kind: Kind) -> TransportError {
    TransportError::of(kind, Stage::NotSent)
}

/// Loopback, as an address or as the name that is reserved for it
/// ([RFC 6761](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
fn is_this_machine(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1")
        || host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// The host without the brackets of an IPv6 literal.
fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(uri: &str) -> String {
        let mut destinations = Destinations::default();
        destinations.open("EMR.clinic.example");
        destinations.open("[fd00::1]");
        // What is known already says nothing of another URL.
        let known = "http://localhost:7000/".parse().unwrap();
        destinations.check(&known).unwrap();
        let uri: Uri = uri.parse().unwrap();
        match destinations.check(&uri) {
            Ok(host) => format!("to {host}"),
            Err(error) => {
                assert_eq!(error.stage(), Stage::NotSent);
                assert!(error.is_destination_refused());
                error.to_string()
            }
        }
    }

    #[test]
    fn loopback_and_opened_hosts_are_reached() {
        for (uri, expected) in [
            ("http://localhost:7000/manifest", "to localhost:7000"),
            ("http://LOCALHOST/", "to LOCALHOST"),
            ("http://127.0.0.1/", "to 127.0.0.1"),
            ("http://127.9.9.9:1/", "to 127.9.9.9:1"),
            ("http://[::1]:7000/", "to [::1]:7000"),
            ("http://[::ffff:127.0.0.1]/", "to [::ffff:127.0.0.1]"),
            ("http://emr.CLINIC.example:80/", "to emr.CLINIC.example:80"),
            ("http://[fd00::1]/", "to [fd00::1]"),
        ] {
            assert_eq!(verdict(uri), expected);
        }
    }

    #[test]
    fn look_alikes_are_not_this_machine() {
        for host in [
            "localhost.example",
            "localhost.",
            "127.0.0.1.example",
            "127.1",
            "0.0.0.0",
            "10.0.0.1",
            "[::]",
            "sub.emr.clinic.example",
        ] {
            let message = verdict(&format!("http://{host}/"));
            assert!(message.starts_with("plain http to "), "{host}: {message}");
        }
    }

    #[test]
    fn other_urls_are_refused_by_reason() {
        for (uri, start) in [
            ("/manifest", "the URL is not absolute"),
            ("ftp://localhost/", "the URL is neither http nor https"),
            (
                "http://localhost@evil.example/",
                "the URL carries a user name",
            ),
            ("http://me:pass@localhost/", "the URL carries a user name"),
            (
                "https://me:pass@emr.example/",
                "the URL carries a user name",
            ),
        ] {
            let message = verdict(uri);
            assert!(message.starts_with(start), "{message}");
            assert!(!message.contains("pass@"));
        }
    }

    #[test]
    #[cfg(feature = "tls")]
    fn https_goes_anywhere() {
        assert_eq!(verdict("https://emr.example:8443/"), "to emr.example:8443");
    }
}
