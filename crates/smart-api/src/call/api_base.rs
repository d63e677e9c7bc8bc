//! Where a container's API lies.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use percent_encoding::percent_decode_str;
use thiserror::Error;

/// A container's API base in one spelling: scheme and host in lower case, no default port, no
/// trailing slash.
///
/// Containers and launch parameters spell the same base in several ways (`:80` appears in record
/// lists of the reference container), so bases are compared, and requests signed, only in this
/// form.
///
/// ```
/// # use smart_api::ApiBase;
/// let base = ApiBase::parse("HTTP://Localhost:80/")?;
/// assert_eq!(base.as_str(), "http://localhost");
/// # Ok::<(), smart_api::ApiBaseError>(())
/// ```
#[derive(Clone)]
pub struct ApiBase {
    text: String,
    /// The same in parts, so that the address of a call is put together and not read anew.
    scheme: Scheme,
    authority: Authority,
}

impl ApiBase {
    /// Reads and normalizes an address such as `http://localhost:7000`.
    ///
    /// # Errors
    ///
    /// The address is not absolute http or https, or carries what no base may carry: user
    /// information (a password would end up in logs), a query, a fragment, or path segments that
    /// step upward.
    pub fn parse(text: &str) -> Result<Self, ApiBaseError> {
        let text = text.trim();
        if text.contains('#') {
            return Err(ApiBaseError::Fragment);
        }
        let uri: Uri = text
            .parse()
            .map_err(|source| ApiBaseError::Malformed { source })?;
        let scheme = match uri.scheme_str() {
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => "http",
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
            _ => return Err(ApiBaseError::Scheme),
        };
        let authority = uri.authority().ok_or(ApiBaseError::Scheme)?;
        if authority.as_str().contains('@') {
            return Err(ApiBaseError::UserInformation);
        }
        if uri.query().is_some() {
            return Err(ApiBaseError::Query);
        }
        let path = uri.path().trim_end_matches('/');
        // Encoded dots step upward too, once a server has decoded them.
        let is_step = |segment| {
            matches!(
                &*percent_decode_str(segment).decode_utf8_lossy(),
                "." | ".."
            )
        };
        if path.split('/').any(is_step) {
            return Err(ApiBaseError::DotSegment);
        }
        let host = authority.host().to_ascii_lowercase();
        let port = port(&authority.as_str()[authority.host().len()..], scheme)?;
        let malformed = |source| ApiBaseError::Malformed { source };
        Ok(Self {
            text: format!("{scheme}://{host}{port}{path}"),
            scheme: Scheme::try_from(scheme).map_err(malformed)?,
            authority: Authority::try_from(format!("{host}{port}")).map_err(malformed)?,
        })
    }

    /// The normalized address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path that all others are below, without a slash at its end: usually empty.
    fn path(&self) -> &str {
        let before = self.scheme.as_str().len() + "://".len() + self.authority.as_str().len();
        &self.text[before..]
    }

    /// The address of a path below the base. The path begins with a slash and is percent-encoded
    /// already.
    ///
    /// # Errors
    ///
    /// Base and path together are no address, because the path holds what has to be encoded or is
    /// too long.
    pub fn join(&self, path: &str) -> Result<Uri, ApiBaseError> {
        // By hand, since every call comes through here and formatting costs as much as the rest.
        let base = self.path();
        let mut whole = String::with_capacity(base.len() + 1 + path.len());
        whole.push_str(base);
        if !path.starts_with('/') {
            whole.push('/');
        }
        whole.push_str(path);
        let malformed = |source| ApiBaseError::Malformed { source };
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::try_from(whole).map_err(malformed)?);
        Uri::from_parts(parts).map_err(|_unfit| ApiBaseError::Address)
    }
}

/// What to write after the host: nothing for the scheme's own port.
fn port(text: &str, scheme: &str) -> Result<String, ApiBaseError> {
    let Some(digits) = text.strip_prefix(':').filter(|digits| !digits.is_empty()) else {
        return Ok(String::new());
    };
    let port: u16 = digits.parse().map_err(|_| ApiBaseError::Port)?;
    match (scheme, port) {
        ("http", 80) | ("https", 443) => Ok(String::new()),
        (_, 0) => Err(ApiBaseError::Port),
        _ => Ok(format!(":{port}")),
    }
}

impl fmt::Display for ApiBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ApiBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApiBase").field(&self.text).finish()
    }
}

// There is one spelling, so the text is the base.
impl PartialEq for ApiBase {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ApiBase {}

impl PartialOrd for ApiBase {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ApiBase {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for ApiBase {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl FromStr for ApiBase {
    type Err = ApiBaseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Why a text is not an API base.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApiBaseError {
    /// Base and path do not make an address together.
    #[error("the path does not make an address with the API base; it is too long, or no path")]
    Address,
    /// The path steps upward.
    #[error("an API base has no `.` or `..` in its path")]
    DotSegment,
    /// There is something after a `#`.
    #[error("an API base has no fragment: leave out the `#` and what follows")]
    Fragment,
    /// The text is not an address at all.
    #[error("not an address: give the API base as in http://localhost:7000")]
    Malformed {
        /// What the reader of addresses stumbled over.
        source: http::uri::InvalidUri,
    },
    /// The port is not between 1 and 65535.
    #[error("the port of an API base is a number from 1 to 65535")]
    Port,
    /// There is something after a `?`.
    #[error("an API base has no query: leave out the `?` and what follows")]
    Query,
    /// The address is relative, or of another scheme.
    #[error("an API base begins with http:// or https:// and names a host")]
    Scheme,
    /// There is a user name before the host.
    #[error("an API base carries no user name or password")]
    UserInformation,
}

#[cfg(test)]
mod tests {
    use super::{ApiBase, ApiBaseError};

    fn check(text: &str, expected: &str) {
        assert_eq!(ApiBase::parse(text).unwrap().as_str(), expected, "{text}");
    }

    #[test]
    fn equal_bases_are_spelled_alike() {
        check("http://localhost:7000", "http://localhost:7000");
        check("http://localhost:7000///", "http://localhost:7000");
        check(
            " HTTP://Sandbox.Example.ORG:80 ",
            "http://sandbox.example.org",
        );
        check(
            "https://sandbox.example.org:443/smart/",
            "https://sandbox.example.org/smart",
        );
        check(
            "https://sandbox.example.org:80",
            "https://sandbox.example.org:80",
        );
        check("http://localhost:", "http://localhost");
        check("http://[::1]:7000/", "http://[::1]:7000");
    }

    #[test]
    fn what_no_base_may_carry_is_refused() {
        let error = |text: &str| ApiBase::parse(text).unwrap_err();
        assert!(matches!(
            error("http://me:secret@localhost"),
            ApiBaseError::UserInformation
        ));
        assert!(matches!(
            error("http://localhost/?record_id=1"),
            ApiBaseError::Query
        ));
        assert!(matches!(
            error("http://localhost/#top"),
            ApiBaseError::Fragment
        ));
        assert!(matches!(
            error("http://localhost/a/../b"),
            ApiBaseError::DotSegment
        ));
        assert!(matches!(
            error("http://localhost/a/%2e%2E/b"),
            ApiBaseError::DotSegment
        ));
        assert!(matches!(error("ftp://localhost"), ApiBaseError::Scheme));
        assert!(matches!(error("/records"), ApiBaseError::Scheme));
        assert!(matches!(
            error("localhost:7000"),
            ApiBaseError::Scheme | ApiBaseError::Malformed { .. }
        ));
        assert!(matches!(
            error("http://local host"),
            ApiBaseError::Malformed { .. }
        ));
        assert!(matches!(error(""), ApiBaseError::Malformed { .. }));
        for port in ["0", "65536", "70000"] {
            let text = format!("http://localhost:{port}");
            assert!(
                matches!(
                    error(&text),
                    ApiBaseError::Port | ApiBaseError::Malformed { .. }
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn a_password_never_reaches_the_message() {
        let error = ApiBase::parse("http://me:hunter2@localhost").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn paths_are_appended() {
        let base = ApiBase::parse("https://sandbox.example.org/smart/").unwrap();
        assert_eq!(
            base.join("/manifest").unwrap(),
            "https://sandbox.example.org/smart/manifest"
        );
        assert_eq!(
            base.join("manifest").unwrap(),
            "https://sandbox.example.org/smart/manifest"
        );
        assert!(base.join("/no spaces").is_err());
    }
}
