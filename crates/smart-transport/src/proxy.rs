//! Proxies: which requests go through one.

mod exceptions;

use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

use crate::destination;
use exceptions::Exceptions;

/// Which requests go through a proxy.
///
/// | address | https | plain http |
/// |---|---|---|
/// | `http://proxy.example:3128` | in a tunnel (`CONNECT`), which the proxy cannot look into | the proxy reads it |
/// | `socks5://proxy.example:1080` | in a tunnel to an address that is looked up here | the same |
/// | `socks5h://proxy.example:1080` | in a tunnel to a name that the proxy looks up | the same |
///
/// Other schemes are refused by name before anything is sent, proxies that are themselves reached
/// over TLS (`https://`) among them. Requests to this machine never go through a proxy.
#[derive(Clone, Default)]
pub struct Proxy {
    rules: Option<Arc<Rules>>,
}

struct Rules {
    http: Option<Setting>,
    https: Option<Setting>,
    exceptions: Exceptions,
}

/// A proxy, or why what was given cannot be used as one. Requests that would need it are refused
/// then: bypassing it silently is not what was asked for.
type Setting = Result<Hop, ProxyError>;

impl Proxy {
    /// No proxy.
    pub fn none() -> Self {
        Self::default()
    }

    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (or the same in lower case) say
    /// now. An address without a scheme is that of an HTTP proxy. This is the one place in the
    /// crate that reads the environment.
    ///
    /// In a CGI program (`REQUEST_METHOD` is set) `HTTP_PROXY` is not read: there, the client of
    /// the web server sets it.
    ///
    /// What cannot be used is reported by the requests that would need it.
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    pub(crate) fn from_variables(read: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| {
            let mut values = names.iter().filter_map(|name| read(name));
            values.find(|value| !value.trim().is_empty())
        };
        let setting = |names: &[&str]| first(names).map(|address| Hop::parse(&address));
        let http_names: &[_] = match read("REQUEST_METHOD") {
            Some(_) => &["http_proxy"],
            None => &["HTTP_PROXY", "http_proxy"],
        };
        let all = setting(&["ALL_PROXY", "all_proxy"]);
        let exceptions = first(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
        Self {
            rules: Some(Arc::new(Rules {
                http: setting(http_names).or_else(|| all.clone()),
                https: setting(&["HTTPS_PROXY", "https_proxy"]).or(all),
                exceptions: Exceptions::parse(&exceptions),
            })),
        }
    }

    /// One proxy for everything, such as `http://proxy.clinic.example:3128`, with `user:password@`
    /// before the host if it asks for that.
    ///
    /// # Errors
    ///
    /// When the address is not a URL with a host and one of the schemes above.
    pub fn all(address: &str) -> Result<Self, ProxyError> {
        Self::all_but(address, "")
    }

    /// The same with exceptions, in the form of `NO_PROXY`:
    /// `emr.example,.internal.example,10.0.0.0/8,lab.example:8443`.
    ///
    /// An entry is a name, which stands for its subdomains as well (with or without a leading `.`
    /// or `*.`), an IP address, a range of them, or `*` for everything. Entries but `*` and ranges
    /// can end with a port, and hold only for that port then.
    ///
    /// # Errors
    ///
    /// When the address is not a URL with a host and one of the schemes above.
    pub fn all_but(address: &str, exceptions: &str) -> Result<Self, ProxyError> {
        if !address.contains("://") {
            return Err(ProxyError::Malformed);
        }
        let hop = Hop::parse(address)?;
        Ok(Self {
            rules: Some(Arc::new(Rules {
                http: Some(Ok(hop.clone())),
                https: Some(Ok(hop)),
                exceptions: Exceptions::parse(exceptions),
            })),
        })
    }

    /// The proxy on the way to a URL.
    pub(crate) fn hop(&self, uri: &Uri) -> Result<Option<Hop>, ProxyError> {
        let Some(rules) = &self.rules else {
            return Ok(None);
        };
        if destination::is_local(uri) {
            return Ok(None);
        }
        let https = uri.scheme_str() == Some("https");
        let setting = if https { &rules.https } else { &rules.http };
        match setting {
            Some(setting) if !rules.exceptions.hold_for(uri) => setting.clone().map(Some),
            _ => Ok(None),
        }
    }
}

/// A proxy on the way.
#[derive(Clone)]
pub(crate) struct Hop {
    /// Scheme, host and port, without the password.
    pub(crate) uri: Uri,
    pub(crate) protocol: Protocol,
}

/// How to ask a proxy.
#[derive(Clone)]
pub(crate) enum Protocol {
    Http {
        authorization: Option<HeaderValue>,
    },
    Socks5 {
        credentials: Option<Credentials>,
        /// Whether the proxy looks names up, and not this machine.
        resolves_names: bool,
    },
}

/// A name and a password for a SOCKS proxy.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Hop {
    fn parse(address: &str) -> Setting {
        let address = address.trim();
        let scheme = match address.split_once("://") {
            Some((scheme, _)) => scheme.to_ascii_lowercase(),
            None => "http".to_owned(),
        };
        let is_socks = match scheme.as_str() {
            "http" => false,
            "socks5" | "socks5h" => true,
            // Only what looks like a scheme is shown: anything else could be a part of a password.
            _ if scheme.len() < 10 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                return Err(ProxyError::Scheme { scheme });
            }
            _ => return Err(ProxyError::Malformed),
        };
        // hyper-util takes the address apart, percent-encoding included.
        let matcher = Matcher::builder().all(address).build();
        let any = Uri::from_static("http://any.example/");
        let intercept = matcher.intercept(&any).ok_or(ProxyError::Malformed)?;
        let uri = intercept.uri();
        if uri.host().is_none_or(str::is_empty) {
            return Err(ProxyError::Malformed);
        }
        if !is_socks {
            let mut authorization = intercept.basic_auth().cloned();
            if let Some(value) = &mut authorization {
                value.set_sensitive(true);
            }
            return Ok(Self {
                uri: uri.clone(),
                protocol: Protocol::Http { authorization },
            });
        }
        let credentials = intercept.raw_auth().map(|(user, password)| Credentials {
            user: user.to_owned(),
            password: password.to_owned(),
        });
        Ok(Self {
            uri: with_port(uri, SOCKS_PORT).ok_or(ProxyError::Malformed)?,
            protocol: Protocol::Socks5 {
                credentials,
                resolves_names: scheme == "socks5h",
            },
        })
    }

    /// What a proxy wants to see in each request that it reads.
    pub(crate) fn authorization(self) -> Option<HeaderValue> {
        match self.protocol {
            Protocol::Http { authorization } => authorization,
            Protocol::Socks5 { .. } => None,
        }
    }
}

/// [RFC 1928, section 3](https://www.rfc-editor.org/rfc/rfc1928#section-3).
const SOCKS_PORT: u16 = 1080;

fn with_port(uri: &Uri, default: u16) -> Option<Uri> {
    let host = uri.host()?;
    let port = uri.port_u16().unwrap_or(default);
    Uri::try_from(format!("http://{host}:{port}/")).ok()
}

/// The port of a URL: that of its scheme if it names none.
pub(crate) fn port(uri: &Uri) -> u16 {
    let https = uri.scheme_str() == Some("https");
    uri.port_u16().unwrap_or(if https { 443 } else { 80 })
}

impl fmt::Debug for Proxy {
    /// Leaves the address out: it may carry a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Proxy").finish_non_exhaustive()
    }
}

/// The address is not that of a proxy that can be used. The address itself is not shown, since it
/// may carry a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// It is not a URL with a host.
    #[error("not the address of a proxy; give it as in http://proxy.example:3128")]
    Malformed,
    /// It is that of a kind of proxy that is not supported.
    #[error("{scheme} proxies are not supported; use one with http, socks5 or socks5h")]
    Scheme {
        /// The kind.
        scheme: String,
    },
}

#[cfg(test)]
mod tests;
