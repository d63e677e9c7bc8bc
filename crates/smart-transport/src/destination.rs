//! Where a request may go at all, decided before a name is looked up.

use std::net::IpAddr;

use http::Uri;

use crate::error::Kind;
use crate::{Stage, TransportError};

/// The hosts beyond this machine that may be reached over plain http, by name and in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlainHttp {
    hosts: Vec<String>,
}

impl PlainHttp {
    pub(crate) fn open(&mut self, host: &str) {
        self.hosts.push(bare(host).to_ascii_lowercase());
    }

    fn allows(&self, host: &str) -> bool {
        is_this_machine(host)
            || self
                .hosts
                .iter()
                .any(|open| open.eq_ignore_ascii_case(host))
    }
}

/// Checks the URL and returns its host and port, for messages.
pub(crate) fn check(uri: &Uri, plain_http: &PlainHttp) -> Result<String, TransportError> {
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refused(Kind::NotAbsolute));
    };
    let host = match authority.port_u16() {
        Some(port) => format!("{}:{port}", authority.host()),
        None => authority.host().to_owned(),
    };
    // Credentials in a URL would be dropped in silence, and `http://localhost@elsewhere/` is a trick to deceive a reader.
    if authority.as_str().contains('@') {
        return Err(refused(Kind::UserInfo { host }));
    }
    match scheme {
        "http" if plain_http.allows(bare(authority.host())) => Ok(host),
        "http" => Err(refused(Kind::PlainHttp { host })),
        "https" => Err(refused(Kind::HttpsUnsupported { host })),
        other => Err(refused(Kind::Scheme {
            scheme: other.to_owned(),
        })),
    }
}

fn refused(kind: Kind) -> TransportError {
    TransportError::of(kind, Stage::NotSent)
}

/// Loopback, as an address or as the name that is reserved for it
/// ([RFC 6761](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
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
        let mut plain_http = PlainHttp::default();
        plain_http.open("EMR.clinic.example");
        plain_http.open("[fd00::1]");
        let uri: Uri = uri.parse().unwrap();
        match check(&uri, &plain_http) {
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
            ("https://localhost/", "cannot reach localhost over https"),
            ("ftp://localhost/", "ftp is not http"),
            (
                "http://localhost@evil.example/",
                "the URL of evil.example carries",
            ),
            ("http://me:pass@localhost/", "the URL of localhost carries"),
        ] {
            let message = verdict(uri);
            assert!(message.starts_with(start), "{message}");
            assert!(!message.contains("pass@"));
        }
    }
}
