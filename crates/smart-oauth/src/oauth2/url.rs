//! Addresses that may carry codes, secrets and tokens, and the app's own address that the browser
//! comes back to.

use std::fmt;

use ::oauth2::url::{Host, Url};
use http::Uri;

use super::error::UrlError;

/// The longest address that is taken, in bytes.
const MAX_URL_BYTES: usize = 4096;

/// An address of a server that may be trusted with secrets: `https`, or `http` on this machine
/// ([RFC 6749, section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2),
/// [RFC 8252, section 8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3)).
///
/// The text is kept as it was given, since servers compare it letter by letter.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl {
    text: String,
    url: Url,
    plain_http: bool,
}

impl ServerUrl {
    /// Takes an absolute `https` address, or an `http` one whose host is `localhost`, `127.0.0.0/8`
    /// or `[::1]`.
    ///
    /// # Errors
    ///
    /// When the text is no such address, or holds user information, a fragment, spaces or control
    /// characters.
    pub fn new(text: &str) -> Result<Self, UrlError> {
        Self::with_policy(text, false)
    }

    /// Takes any `http` or `https` address. Whoever listens on the way to an `http` server reads
    /// every secret: use this only on networks that are yours.
    ///
    /// # Errors
    ///
    /// As [`ServerUrl::new`], but for the rule about `http`.
    pub fn with_plain_http(text: &str) -> Result<Self, UrlError> {
        Self::with_policy(text, true)
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, the part of the address that a token is bound to.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The address with one more step in its path.
    pub(crate) fn child(&self, step: &str) -> Result<Uri, UrlError> {
        let mut url = self.url.clone();
        let path = format!("{}/{step}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        to_uri(&url)
    }

    /// Whether both are the same FHIR base, compared as parsed URLs: the case of scheme and host, a
    /// default port and a slash at the end make no difference ([RFC 3986, section
    /// 6.2](https://www.rfc-editor.org/rfc/rfc3986#section-6.2)).
    pub fn is_same_base(&self, other: &Self) -> bool {
        let trimmed = |url: &Self| url.url.as_str().trim_end_matches('/').to_owned();
        trimmed(self) == trimmed(other)
    }

    /// A well-known address that stands before the path.
    pub(crate) fn well_known(&self, step: &str) -> Result<Uri, UrlError> {
        let mut url = self.url.clone();
        let path = format!("/{step}{}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        to_uri(&url)
    }

    /// An address that this server names, with this address's own policy. A relative one is
    /// resolved as [RFC 3986, section 5](https://www.rfc-editor.org/rfc/rfc3986#section-5) says,
    /// from this address or, for [`Reading::BelowBase`], from this address with a slash at its end.
    /// `true` when it had to be resolved.
    ///
    /// A server elsewhere may not name a plain address on this machine.
    pub(crate) fn named(&self, text: &str, reading: Reading) -> Result<(Self, bool), UrlError> {
        match Self::with_policy(text, self.plain_http) {
            Ok(named)
                if named.url.scheme() == "http" && !self.plain_http && !is_loopback(&self.url) =>
            {
                Err(UrlError::PlainHttp)
            }
            Err(UrlError::NotAbsolute) => {
                let mut base = self.url.clone();
                if reading == Reading::BelowBase && !base.path().ends_with('/') {
                    base.set_path(&format!("{}/", base.path()));
                }
                let joined = base.join(text).map_err(|_| UrlError::NotAbsolute)?;
                Ok((Self::with_policy(joined.as_str(), self.plain_http)?, true))
            }
            other => Ok((other?, false)),
        }
    }

    pub(crate) fn to_uri(&self) -> Result<Uri, UrlError> {
        to_uri(&self.url)
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    fn with_policy(text: &str, plain_http: bool) -> Result<Self, UrlError> {
        let url = parse(text)?;
        match url.scheme() {
            "https" => {}
            "http" if plain_http || is_loopback(&url) => {}
            "http" => return Err(UrlError::PlainHttp),
            _ => return Err(UrlError::UnsupportedScheme),
        }
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::UserInformation);
        }
        let text = text.to_owned();
        Ok(Self {
            text,
            url,
            plain_http,
        })
    }
}

/// How a relative address in a server's description is read. Both readings are the same for a base
/// that ends in a slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As if the base ended in a slash, which is what some servers mean.
    BelowBase,
    /// As `new URL(relative, base)`, the expression that SMART gives.
    Standard,
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ServerUrl({:?})", self.text)
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Where the user's browser returns to: `https`, `http` on this machine, or a scheme of the app's
/// own ([RFC 6749, section 3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2), [RFC 8252,
/// section 7](https://www.rfc-editor.org/rfc/rfc8252#section-7)).
///
/// Sent letter by letter as given, and to be registered the same way: servers compare it as plain
/// text, so that a trailing slash or another port is another address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Takes the address as it is registered.
    ///
    /// # Errors
    ///
    /// When the text is not absolute, holds a fragment, spaces or control characters, is `http` to
    /// another machine, or a scheme that a browser would run (`javascript:`, `data:`).
    pub fn new(text: &str) -> Result<Self, UrlError> {
        Self::with_policy(text, false)
    }

    /// Takes any `http` address too. The code travels to it in the clear: it is worth nothing
    /// without the code verifier, which stays with the app, but only where the server checks that.
    ///
    /// # Errors
    ///
    /// As [`RedirectUri::new`], but for the rule about `http`.
    pub fn with_plain_http(text: &str) -> Result<Self, UrlError> {
        Self::with_policy(text, true)
    }

    fn with_policy(text: &str, plain_http: bool) -> Result<Self, UrlError> {
        let url = parse(text)?;
        match url.scheme() {
            "http" if !plain_http && !is_loopback(&url) => return Err(UrlError::PlainHttp),
            "javascript" | "data" | "file" | "blob" | "vbscript" | "about" => {
                return Err(UrlError::UnsupportedScheme);
            }
            _ => {}
        }
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        Ok(Self(text.to_owned()))
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn parse(text: &str) -> Result<Url, UrlError> {
    if text.len() > MAX_URL_BYTES {
        return Err(UrlError::TooLong {
            limit: MAX_URL_BYTES,
        });
    }
    // the parser drops them silently, and what is sent would be another text than what was
    // checked
    if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) || text.contains('\\') {
        return Err(UrlError::BadCharacter);
    }
    Url::parse(text).map_err(|_| UrlError::NotAbsolute)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn to_uri(url: &Url) -> Result<Uri, UrlError> {
    Uri::try_from(url.as_str()).map_err(|_| UrlError::NotAbsolute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for fine in [
            "https://ehr.example/fhir",
            "http://localhost:9000/api/fhir/",
            "http://127.0.0.1:9000",
            "http://127.8.9.1/",
            "http://[::1]:9000/x",
        ] {
            assert_eq!(ServerUrl::new(fine).unwrap().as_str(), fine);
        }
        for plain in [
            "http://ehr.example/fhir",
            "http://localhost.ehr.example/",
            "http://10.0.0.1/",
            "http://localhost./",
        ] {
            assert_eq!(ServerUrl::new(plain), Err(UrlError::PlainHttp), "{plain}");
            assert!(ServerUrl::with_plain_http(plain).is_ok(), "{plain}");
        }
    }

    #[test]
    fn odd_addresses_are_refused() {
        for (text, error) in [
            ("ftp://localhost/", UrlError::UnsupportedScheme),
            ("localhost:9000/fhir", UrlError::UnsupportedScheme),
            ("/oauth/token", UrlError::NotAbsolute),
            ("https://u:p@ehr.example/", UrlError::UserInformation),
            ("https://localhost@ehr.example/", UrlError::UserInformation),
            ("https://ehr.example/#x", UrlError::Fragment),
            ("https://ehr.example/a b", UrlError::BadCharacter),
            ("https://ehr.exam\nple/", UrlError::BadCharacter),
            ("https:\\\\ehr.example\\", UrlError::BadCharacter),
        ] {
            assert_eq!(ServerUrl::new(text), Err(error), "{text}");
        }
    }

    #[test]
    fn named_addresses_keep_the_policy_of_the_base() {
        let base = ServerUrl::new("https://ehr.example/api/fhir").unwrap();
        for plain in ["http://ehr.example/t", "http://localhost/t"] {
            let named = base.named(plain, Reading::Standard);
            assert_eq!(named, Err(UrlError::PlainHttp), "{plain}");
        }
        let base = ServerUrl::with_plain_http("http://ehr.example/fhir").unwrap();
        assert!(
            base.named("http://other.example/t", Reading::Standard)
                .is_ok()
        );
    }

    #[test]
    fn relative_addresses_are_resolved_as_the_standard_says() {
        for (base, relative, standard, below_base) in [
            (
                "https://ehr.example/api/fhir",
                "auth/token",
                "https://ehr.example/api/auth/token",
                "https://ehr.example/api/fhir/auth/token",
            ),
            (
                "https://ehr.example/api/fhir/",
                "auth/token",
                "https://ehr.example/api/fhir/auth/token",
                "https://ehr.example/api/fhir/auth/token",
            ),
            (
                "https://ehr.example/api/fhir",
                "/oauth/token",
                "https://ehr.example/oauth/token",
                "https://ehr.example/oauth/token",
            ),
            (
                "https://ehr.example/api/fhir",
                "../token?x=1",
                "https://ehr.example/token?x=1",
                "https://ehr.example/api/token?x=1",
            ),
        ] {
            let base = ServerUrl::new(base).unwrap();
            for (reading, expected) in [
                (Reading::Standard, standard),
                (Reading::BelowBase, below_base),
            ] {
                let (url, resolved) = base.named(relative, reading).unwrap();
                assert!(resolved);
                assert_eq!(url.as_str(), expected, "{relative} {reading:?}");
            }
        }
    }

    #[test]
    fn bases_are_compared_as_parsed_urls() {
        let base = ServerUrl::new("https://ehr.example/fhir").unwrap();
        for same in [
            "https://EHR.example/fhir",
            "HTTPS://ehr.example:443/fhir/",
            "https://ehr.example/x/../fhir",
        ] {
            assert!(base.is_same_base(&ServerUrl::new(same).unwrap()), "{same}");
        }
        for other in [
            "https://ehr.example:8443/fhir",
            "https://ehr.example/FHIR",
            "https://ehr.example/fhir?x",
            "https://ehr.example.evil.example/fhir",
        ] {
            let other = ServerUrl::new(other).unwrap();
            assert!(!base.is_same_base(&other), "{other}");
        }
    }

    #[test]
    fn children_do_not_double_the_slash() {
        for base in ["https://ehr.example/fhir", "https://ehr.example/fhir/"] {
            let child = ServerUrl::new(base).unwrap().child("metadata").unwrap();
            assert_eq!(child, "https://ehr.example/fhir/metadata");
        }
    }

    #[test]
    fn redirect_uris() {
        for fine in [
            "http://localhost:8000/authorized",
            "https://app.example/cb?x=1",
            "org.example.app:/cb",
        ] {
            assert_eq!(RedirectUri::new(fine).unwrap().as_str(), fine);
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "http://app.example/cb",
            "/cb",
            "https://app.example/#f",
            "https://app.example/ cb",
        ] {
            assert!(RedirectUri::new(bad).is_err(), "{bad}");
            let on_purpose = RedirectUri::with_plain_http(bad);
            assert_eq!(on_purpose.is_ok(), bad == "http://app.example/cb", "{bad}");
        }
    }
}
