//! Where a FHIR server is, and which addresses belong to it.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::error::{BaseError, LinkError, RequestError};

/// The base of a FHIR server, the address that all others are below
/// ([FHIR, service base URL](https://hl7.org/fhir/R4/http.html#root)).
///
/// Scheme and host are kept in lower case, without the scheme's own port and without a slash at the
/// end. Whether tokens may go to a plain `http` address is decided where tokens are, not here.
///
/// ```
/// use smart_fhir::Base;
///
/// let base = Base::parse("HTTPS://EHR.example:443/fhir/")?;
/// assert_eq!(base.as_str(), "https://ehr.example/fhir");
/// assert_eq!(base.origin(), "https://ehr.example");
/// # Ok::<(), smart_fhir::BaseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Base {
    text: String,
    /// Bytes of scheme, host and port.
    origin: usize,
}

impl Base {
    /// Reads and normalizes an address.
    ///
    /// # Errors
    ///
    /// It is no absolute http or https address, or carries what no base may.
    pub fn parse(text: &str) -> Result<Self, BaseError> {
        let parts = Parts::read(text.trim()).map_err(|error| match error {
            LinkError::UserInformation => BaseError::BadPart,
            _ => BaseError::NotAbsolute,
        })?;
        let path = parts.path.trim_end_matches('/');
        let is_step = |segment: &str| {
            let plain = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
            matches!(&*plain, "." | "..")
        };
        if path.contains('?') || path.split('/').any(is_step) {
            return Err(BaseError::BadPart);
        }
        Ok(Self {
            text: format!("{}{path}", parts.origin),
            origin: parts.origin.len(),
        })
    }

    /// The normalized address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port: what a token is bound to.
    pub fn origin(&self) -> &str {
        &self.text[..self.origin]
    }

    /// The address of a path below the base; the path has no slash in front and is percent-encoded
    /// already.
    pub(crate) fn join(&self, path: &str) -> Result<Uri, RequestError> {
        let text = if path.is_empty() {
            self.text.clone()
        } else if path.starts_with('?') {
            format!("{}{path}", self.text)
        } else {
            format!("{}/{path}", self.text)
        };
        Uri::try_from(text).map_err(|_| RequestError::Address)
    }

    /// The absolute address of a link that this server sent, if a token for this server may go
    /// there: the same scheme, host and port. A relative link is resolved against the base, one
    /// that begins with a slash against the origin. What servers forget to encode in path and query
    /// (spaces, quotes, letters beyond ASCII) is encoded as browsers do ([URL, path
    /// state](https://url.spec.whatwg.org/#path-state)), and a fragment is left out.
    ///
    /// # Errors
    ///
    /// [`LinkError::OtherOrigin`] where it leads elsewhere, and others for what is no plain
    /// address.
    pub fn resolve(&self, link: &str) -> Result<Uri, LinkError> {
        let uri = self.resolve_anywhere(link)?;
        let parts = Parts::read(&uri.to_string())?;
        if parts.origin != self.origin() {
            return Err(LinkError::OtherOrigin {
                origin: parts.origin,
                base: self.origin().to_owned(),
            });
        }
        Ok(uri)
    }

    /// The absolute address of a link, wherever it leads. No token may go there.
    pub(crate) fn resolve_anywhere(&self, link: &str) -> Result<Uri, LinkError> {
        let link = &*encoded(link).ok_or(LinkError::Malformed)?;
        let text = if has_scheme(link) {
            let parts = Parts::read(link)?;
            format!("{}{}", parts.origin, parts.path)
        } else if link.starts_with("//") || link.is_empty() {
            return Err(LinkError::Malformed);
        } else if link.starts_with('/') {
            format!("{}{link}", self.origin())
        } else if link.starts_with('?') {
            format!("{}{link}", self.text)
        } else {
            format!("{}/{link}", self.text)
        };
        Uri::try_from(text).map_err(|_| LinkError::Malformed)
    }

    /// What follows the base in an absolute address, without the slash between; `None` for an
    /// address elsewhere.
    pub fn below(&self, address: &str) -> Option<String> {
        let parts = Parts::read(address).ok()?;
        let path = parts.path.strip_prefix(&self.text[self.origin..])?;
        let path = path.strip_prefix('/')?;
        (parts.origin == self.origin()).then(|| path.to_owned())
    }
}

/// An absolute address, taken apart.
struct Parts {
    origin: String,
    /// With its query.
    path: String,
}

impl Parts {
    fn read(text: &str) -> Result<Self, LinkError> {
        if !is_plain(text) {
            return Err(LinkError::Malformed);
        }
        let uri: Uri = text.parse().map_err(|_| LinkError::Malformed)?;
        let scheme = match uri.scheme_str() {
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => "http",
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
            _ => return Err(LinkError::Malformed),
        };
        let authority = uri.authority().ok_or(LinkError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(LinkError::UserInformation);
        }
        let host = authority.host().to_ascii_lowercase();
        let digits = &authority.as_str()[authority.host().len()..];
        let port = match digits.strip_prefix(':').filter(|digits| !digits.is_empty()) {
            None => None,
            Some(digits) => Some(digits.parse::<u16>().map_err(|_| LinkError::Malformed)?),
        };
        let port = match (scheme, port) {
            (_, None) | ("http", Some(80)) | ("https", Some(443)) => String::new(),
            (_, Some(port)) => format!(":{port}"),
        };
        if host.is_empty() {
            return Err(LinkError::Malformed);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            origin: format!("{scheme}://{host}{port}"),
            path: if path.starts_with('?') {
                format!("/{path}")
            } else {
                path.to_owned()
            },
        })
    }
}

/// What browsers encode in a path or a query: what no URL may hold, less `%`, which begins what is
/// encoded already.
const UNENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A link without its fragment, with path and query encoded. The host is left as it is, to be
/// refused if it is odd.
fn encoded(link: &str) -> Option<String> {
    let link = link.trim_matches(' ');
    if link.contains(|one: char| one.is_ascii_control() || one == '\\') {
        return None;
    }
    let link = link.split('#').next()?;
    let path = match link.find("://") {
        Some(at) if has_scheme(link) => {
            let host = at + "://".len();
            link[host..]
                .find(['/', '?'])
                .map_or(link.len(), |path| host + path)
        }
        _ => 0,
    };
    let (host, path) = link.split_at(path);
    Some(format!("{host}{}", utf8_percent_encode(path, UNENCODED)))
}

/// Whether a text has none of the characters that parsers treat differently or drop silently.
fn is_plain(text: &str) -> bool {
    let odd = |byte: u8| byte <= b' ' || byte >= 0x7f || matches!(byte, b'\\' | b'#');
    !text.bytes().any(odd)
}

/// Whether a text begins as `http:` or any other scheme does.
pub(crate) fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Base {
    type Err = BaseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_with_a_user_is_told_from_one_that_is_not_absolute() {
        assert!(matches!(
            Base::parse("https://u:p@ehr.example/fhir"),
            Err(BaseError::BadPart)
        ));
        assert!(matches!(
            Base::parse("ehr.example/fhir"),
            Err(BaseError::NotAbsolute)
        ));
    }

    #[test]
    fn bases_have_one_spelling() {
        for (text, normal) in [
            ("https://ehr.example/fhir", "https://ehr.example/fhir"),
            ("https://EHR.example:443/fhir/", "https://ehr.example/fhir"),
            (
                "http://localhost:9000/api/fhir//",
                "http://localhost:9000/api/fhir",
            ),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            let base = Base::parse(text).unwrap();
            assert_eq!(base.as_str(), normal, "{text}");
            assert_eq!(base.to_string(), normal, "{text}");
        }
        for bad in [
            "",
            "ehr.example/fhir",
            "ftp://ehr.example/",
            "https://u:p@ehr.example/fhir",
            "https://ehr.example/fhir?x=1",
            "https://ehr.example/fhir#x",
            "https://ehr.example/../fhir",
            "https://ehr.example/%2e%2e/fhir",
            "https://ehr.example:99999/",
            "https://ehr.exa mple/",
            "https:\\\\ehr.example",
            "https://ehr.example/fhïr",
            "https://ehr.example/fhir\u{7f}",
        ] {
            assert!(Base::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_is_never_encoded_and_a_path_always() {
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        for bad in [
            "https://ehr.ex ample/fhir",
            "https://ehr.exämple/fhir",
            "a\tb",
            "a\\b",
            "/a\nb",
        ] {
            assert_eq!(base.resolve(bad), Err(LinkError::Malformed), "{bad:?}");
        }
        assert_eq!(
            base.resolve("/a b?to=https://x.example/c d")
                .unwrap()
                .to_string(),
            "https://ehr.example/a%20b?to=https://x.example/c%20d"
        );
    }

    #[test]
    fn links_stay_within_the_origin() {
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        for (link, address) in [
            (
                "https://ehr.example/fhir?_getpages=1",
                "https://ehr.example/fhir?_getpages=1",
            ),
            ("https://EHR.example:443/other", "https://ehr.example/other"),
            (
                "Patient?_page=2",
                "https://ehr.example/fhir/Patient?_page=2",
            ),
            ("?_page=2", "https://ehr.example/fhir?_page=2"),
            (
                "/fhir/Patient?_page=2",
                "https://ehr.example/fhir/Patient?_page=2",
            ),
            (
                "https://ehr.example/fhir?name=Mü \"Adams\"&x=%20a|b",
                "https://ehr.example/fhir?name=M%C3%BC%20%22Adams%22&x=%20a%7Cb",
            ),
            (
                " ?name=d'Or&_page=2#top ",
                "https://ehr.example/fhir?name=d'Or&_page=2",
            ),
            ("https://ehr.example/a#b", "https://ehr.example/a"),
        ] {
            assert_eq!(base.resolve(link).unwrap().to_string(), address, "{link}");
        }
        for elsewhere in [
            "http://ehr.example/fhir?_page=2",
            "https://ehr.example:8443/fhir",
            "https://ehr.example./fhir",
            "https://ehr.example.evil.example/fhir",
            "https://evil.example/fhir",
            "https://xn--hr-via.example/",
        ] {
            assert!(
                matches!(base.resolve(elsewhere), Err(LinkError::OtherOrigin { .. })),
                "{elsewhere}"
            );
        }
        for trick in [
            "https://ehr.example@evil.example/fhir",
            "https://ehr.example:443@evil.example/",
        ] {
            assert_eq!(
                base.resolve(trick),
                Err(LinkError::UserInformation),
                "{trick}"
            );
        }
        for bad in [
            "//evil.example/fhir",
            "\\\\evil.example",
            "/\\evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "https://ehr.example\t@evil.example/",
            "https://ehr.ex\u{e4}mple/",
            "https://ehr.example evil.example/",
            "",
            "#page2",
            "urn:uuid:1",
        ] {
            assert_eq!(base.resolve(bad), Err(LinkError::Malformed), "{bad}");
        }
    }

    #[test]
    fn what_is_below_the_base_is_found() {
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        assert_eq!(
            base.below("https://ehr.example:443/fhir/Patient/1")
                .as_deref(),
            Some("Patient/1")
        );
        for elsewhere in [
            "https://ehr.example/fhirx/Patient/1",
            "https://ehr.example/fhir",
            "https://ehr.example/Patient/1",
            "https://other.example/fhir/Patient/1",
            "Patient/1",
        ] {
            assert_eq!(base.below(elsewhere), None, "{elsewhere}");
        }
    }
}
