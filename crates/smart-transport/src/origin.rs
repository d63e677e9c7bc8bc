//! Where a credential belongs: scheme, host and port.

use std::fmt;

use http::Uri;
use http::uri::Scheme;

/// Scheme, host and port of a URL after [RFC
/// 6454](https://www.rfc-editor.org/rfc/rfc6454#section-4), in one spelling: a credential goes to
/// the origin that it was issued for, and to no other.
///
/// Hosts are compared as text, in lower case. So `emr.example.` with a dot at its end, `127.0.0.1`
/// and `localhost`, and names that only look alike are all different origins, which is the safe
/// mistake.
///
/// ```
/// use smart_transport::Origin;
///
/// let issued_for = Origin::of(&"https://EMR.example/api".parse()?)?;
/// assert_eq!(issued_for, Origin::of(&"https://emr.example:443/records/1".parse()?)?);
/// assert_ne!(issued_for, Origin::of(&"https://emr.example.evil.example/".parse()?)?);
/// assert!(Origin::of(&"https://emr.example@evil.example/".parse()?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an absolute URL.
    ///
    /// # Errors
    ///
    /// When the URL is relative, of another scheme than `http` and `https`, carries a user name, or
    /// has no port that is a number.
    pub fn of(uri: &Uri) -> Result<Self, OriginError> {
        let (https, host, port) = parts(uri)?;
        Ok(Self {
            https,
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    /// Whether a URL lies in this origin. A URL without an origin of its own does not.
    pub fn holds(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return false;
        };
        // No host has an `@` in it, so a user name before it makes another text, and one after it
        // another port.
        let split = authority.as_str().split_at_checked(self.host.len());
        split.is_some_and(|(host, rest)| {
            (host == self.host || host.eq_ignore_ascii_case(&self.host))
                && is_https(scheme) == Ok(self.https)
                && port(rest, self.https) == Ok(self.port)
        })
    }
}

/// Whether it is `https`, the host as it is written, and the port.
fn parts(uri: &Uri) -> Result<(bool, &str, u16), OriginError> {
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err(OriginError::Relative);
    };
    let https = is_https(scheme)?;
    if authority.as_str().contains('@') {
        return Err(OriginError::UserInfo);
    }
    let host = authority.host();
    if host.is_empty() {
        return Err(OriginError::Port);
    }
    let port = port(&authority.as_str()[host.len()..], https)?;
    Ok((https, host, port))
}

fn is_https(scheme: &Scheme) -> Result<bool, OriginError> {
    if *scheme == Scheme::HTTPS {
        Ok(true)
    } else if *scheme == Scheme::HTTP {
        Ok(false)
    } else {
        Err(OriginError::Scheme)
    }
}

/// The port that follows a host, or the scheme's own.
fn port(rest: &str, https: bool) -> Result<u16, OriginError> {
    if matches!(rest, "" | ":") {
        return Ok(if https { 443 } else { 80 });
    }
    let digits = rest.strip_prefix(':').ok_or(OriginError::Port)?;
    if digits.starts_with('+') {
        return Err(OriginError::Port);
    }
    let port = digits.parse().map_err(|_digits| OriginError::Port)?;
    if port == 0 {
        return Err(OriginError::Port);
    }
    Ok(port)
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default) = if self.https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(formatter, "{scheme}://{}", self.host)?;
        if self.port == default {
            return Ok(());
        }
        write!(formatter, ":{}", self.port)
    }
}

/// Why a URL has no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// There is no host or port to go to.
    #[error("the URL has no host, or a port that is none; give it both")]
    Port,
    /// There is no scheme or host.
    #[error("the URL is not absolute; give it a scheme and a host")]
    Relative,
    /// It is neither `http` nor `https`.
    #[error("the URL is neither http nor https")]
    Scheme,
    /// There is a user name before the host, which is how one host is dressed up as another.
    #[error("the URL carries a user name or password; remove it")]
    UserInfo,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<Origin, OriginError> {
        Origin::of(&text.parse().unwrap())
    }

    #[test]
    fn one_origin_has_many_spellings() {
        for (one, other) in [
            ("http://localhost/a", "HTTP://LOCALHOST:80/b?c=d"),
            ("https://emr.example", "https://EMR.example:443/"),
            ("http://[::1]:7000/", "http://[::1]:7000"),
            ("http://emr.example:/", "http://emr.example/"),
        ] {
            assert_eq!(origin(one), origin(other), "{one} {other}");
            assert!(origin(one).is_ok());
        }
    }

    #[test]
    fn look_alikes_are_other_origins() {
        let own = origin("https://emr.example:8443/api").unwrap();
        for other in [
            "http://emr.example:8443/api",
            "https://emr.example/api",
            "https://emr.example:443/api",
            "https://emr.example.:8443/api",
            "https://emr.example.evil.example:8443/api",
            "https://evil.example:8443/emr.example:8443/api",
            "https://xn--emr-8cd.example:8443/api",
            "https://emr-example:8443/api",
            "https://emr.example@evil.example:8443/api",
            "https://evil@emr.example:8443/api",
            "https://emr.example:8443@evil.example/api",
            "https://emr.example:8443:8443/api",
            "https://emr.example:+8443/api",
            "https://emr.example",
            "/api",
        ] {
            let held = other.parse().is_ok_and(|other| own.holds(&other));
            assert!(!held, "{other}");
        }
        // What is not ASCII is no URL at all here: nothing can look like a host without being
        // spelled like it.
        assert!("https://еmr.example:8443/".parse::<Uri>().is_err());
    }

    #[test]
    fn what_has_no_origin_says_why() {
        for (text, expected) in [
            ("/manifest", OriginError::Relative),
            ("ftp://emr.example/", OriginError::Scheme),
            ("http://localhost@evil.example/", OriginError::UserInfo),
            ("http://emr.example:0/", OriginError::Port),
            ("http://emr.example:99999/", OriginError::Port),
        ] {
            let Ok(uri) = text.parse::<Uri>() else {
                continue;
            };
            assert_eq!(Origin::of(&uri), Err(expected), "{text}");
        }
    }

    #[test]
    fn default_ports_are_not_shown() {
        assert_eq!(
            origin("HTTPS://Emr.example:443/x").unwrap().to_string(),
            "https://emr.example"
        );
        assert_eq!(
            origin("http://[::1]:7000/").unwrap().to_string(),
            "http://[::1]:7000"
        );
    }
}
