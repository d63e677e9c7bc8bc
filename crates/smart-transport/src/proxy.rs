//! Proxies: which requests go through one.

use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

use crate::destination;

/// Which requests go through an HTTP proxy.
///
/// `https` goes through it in a tunnel (`CONNECT`), which the proxy cannot look into; plain `http` it reads. Requests to
/// this machine never go through a proxy.
#[derive(Clone, Default)]
pub struct Proxy {
    matcher: Option<Arc<Matcher>>,
}

impl Proxy {
    /// No proxy.
    pub fn none() -> Self {
        Self::default()
    }

    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say now, in the forms that curl reads. This is the one
    /// place in the crate that reads the environment.
    pub fn from_environment() -> Self {
        Self {
            matcher: Some(Arc::new(Matcher::from_env())),
        }
    }

    /// One proxy for everything, such as `http://proxy.clinic.example:3128`, with `user:password@` before the host if it
    /// asks for that.
    ///
    /// # Errors
    ///
    /// When the address is not an `http` URL with a host.
    pub fn all(address: &str) -> Result<Self, ProxyError> {
        Self::all_but(address, "")
    }

    /// The same with exceptions, in the form of `NO_PROXY`: `emr.example,.internal.example,10.0.0.0/8`.
    ///
    /// # Errors
    ///
    /// When the address is not an `http` URL with a host.
    pub fn all_but(address: &str, exceptions: &str) -> Result<Self, ProxyError> {
        let uri: Uri = address.parse().map_err(|_malformed| ProxyError)?;
        if uri.scheme_str() != Some("http") || uri.host().is_none_or(str::is_empty) {
            return Err(ProxyError);
        }
        let matcher = Matcher::builder().all(address).no(exceptions).build();
        Ok(Self {
            matcher: Some(Arc::new(matcher)),
        })
    }

    /// The proxy on the way to a URL.
    pub(crate) fn hop(&self, uri: &Uri) -> Option<Hop> {
        let matcher = self.matcher.as_ref()?;
        if destination::is_local(uri) {
            return None;
        }
        let intercept = matcher.intercept(uri)?;
        let authorization = intercept.basic_auth().cloned().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Some(Hop {
            uri: intercept.uri().clone(),
            authorization,
        })
    }
}

/// A proxy on the way.
pub(crate) struct Hop {
    pub(crate) uri: Uri,
    pub(crate) authorization: Option<HeaderValue>,
}

impl fmt::Debug for Proxy {
    /// Leaves the address out: it may carry a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Proxy").finish_non_exhaustive()
    }
}

/// The address is not that of a proxy that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a proxy; give it as in http://proxy.example:3128")]
#[non_exhaustive]
pub struct ProxyError;

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(proxy: &Proxy, uri: &str) -> Option<String> {
        let hop = proxy.hop(&uri.parse().unwrap())?;
        Some(hop.uri.authority()?.to_string())
    }

    #[test]
    fn everything_but_the_exceptions_and_this_machine() {
        let proxy = Proxy::all_but("http://me:pass@proxy.example:3128", "emr.example").unwrap();
        let through = Some("proxy.example:3128".to_owned());
        assert_eq!(hop(&proxy, "https://other.example/"), through);
        assert_eq!(hop(&proxy, "http://other.example/"), through);
        for direct in [
            "https://emr.example/",
            "http://localhost:7000/",
            "http://127.0.0.1:7000/",
            "https://[::1]/",
        ] {
            assert_eq!(hop(&proxy, direct), None, "{direct}");
        }
        assert_eq!(hop(&Proxy::none(), "https://other.example/"), None);
    }

    #[test]
    fn password_goes_to_the_proxy_and_nowhere_else() {
        let proxy = Proxy::all("http://me:canary@proxy.example:3128").unwrap();
        let hop = proxy
            .hop(&Uri::from_static("https://other.example/"))
            .unwrap();
        assert!(hop.authorization.unwrap().is_sensitive());
        assert!(!hop.uri.to_string().contains("canary"));
        assert!(!format!("{proxy:?}").contains("canary"));
    }

    #[test]
    fn other_addresses_are_refused() {
        for address in [
            "",
            "proxy.example",
            "socks5://proxy.example",
            "https://proxy.example",
        ] {
            assert_eq!(Proxy::all(address).unwrap_err(), ProxyError, "{address}");
        }
    }
}
