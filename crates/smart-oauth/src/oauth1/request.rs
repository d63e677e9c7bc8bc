//! The view of an HTTP request that signatures are made over.

use std::fmt;

use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, Method, Uri};

use crate::oauth1::error::SignError;

/// What a signature covers of a request, borrowed from it: method, scheme, host, path, query, and
/// the body if it is a form ([RFC 5849, section
/// 3.4.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1)).
#[derive(Clone, Copy)]
pub struct SignableRequest<'a> {
    pub(crate) method: &'a Method,
    pub(crate) scheme: Scheme,
    /// Host and port as they travel, without user information.
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// The two schemes that section 3.4.1.2 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl<'a> SignableRequest<'a> {
    /// Views a request that is about to be sent. Its URL must be absolute. An explicit `Host`
    /// header is what the server will see, so it goes before the URL's host.
    ///
    /// # Errors
    ///
    /// When the URL is relative, or its scheme neither `http` nor `https`.
    pub fn from_http<B: AsRef<[u8]>>(request: &'a http::Request<B>) -> Result<Self, SignError> {
        let authority = request.uri().authority().ok_or(SignError::MissingHost)?;
        let scheme = request.uri().scheme_str().ok_or(SignError::MissingHost)?;
        let authority = host_header(request.headers())?.unwrap_or(authority.as_str());
        Self::new(scheme, authority, request)
    }

    /// Views a request that was received: its URL is usually just a path, the host stands in the
    /// `Host` header, and only the server knows whether the scheme is `http` or `https`.
    ///
    /// # Errors
    ///
    /// When no host, or more than one, is named, or the scheme is neither `http` nor `https`.
    pub fn from_received<B: AsRef<[u8]>>(
        scheme: &str,
        request: &'a http::Request<B>,
    ) -> Result<Self, SignError> {
        let authority = match request.uri().authority() {
            Some(authority) => authority.as_str(),
            None => host_header(request.headers())?.ok_or(SignError::MissingHost)?,
        };
        Self::new(scheme, authority, request)
    }

    fn new<B: AsRef<[u8]>>(
        scheme: &str,
        authority: &'a str,
        request: &'a http::Request<B>,
    ) -> Result<Self, SignError> {
        let authority = without_user_information(authority);
        if authority.is_empty() {
            return Err(SignError::MissingHost);
        }
        Ok(Self {
            method: request.method(),
            scheme: Scheme::parse(scheme)?,
            authority,
            path: path(request.uri()),
            query: request.uri().query().unwrap_or_default(),
            content_type: content_type(request.headers()),
            body: request.body().as_ref(),
        })
    }

    /// The same request with nothing after its path.
    pub(crate) fn without_query(self) -> Self {
        Self { query: "", ..self }
    }

    /// The content type without its parameters.
    pub(crate) fn media_type(&self) -> Option<&'a str> {
        self.content_type.map(media_type)
    }

    /// Whether the body's parameters are signed: the content type says that it is a form
    /// ([RFC 5849, section 3.4.1.3.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3.1)).
    pub(crate) fn is_form(&self) -> bool {
        self.media_type()
            .is_some_and(|media_type| media_type.eq_ignore_ascii_case(FORM))
    }

    /// The body's parameters as they were written; empty when it is not a form.
    pub(crate) fn form(&self) -> &'a [u8] {
        if self.is_form() { self.body } else { &[] }
    }

    /// Whether it travels over TLS.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.scheme == Scheme::Https
    }

    pub(crate) fn is_get(&self) -> bool {
        self.method == Method::GET
    }
}

impl fmt::Debug for SignableRequest<'_> {
    /// Leaves query and body out: they may hold secrets and patients' data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignableRequest")
            .field("method", self.method)
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Scheme {
    fn parse(text: &str) -> Result<Self, SignError> {
        if text.eq_ignore_ascii_case("http") {
            Ok(Self::Http)
        } else if text.eq_ignore_ascii_case("https") {
            Ok(Self::Https)
        } else {
            Err(SignError::UnsupportedScheme)
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The content type that makes a body's parameters part of the signature.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The part of a content type before its parameters.
pub(crate) fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
}

fn host_header(headers: &HeaderMap) -> Result<Option<&str>, SignError> {
    let mut hosts = headers.get_all(HOST).iter();
    let Some(host) = hosts.next() else {
        return Ok(None);
    };
    if hosts.next().is_some() {
        return Err(SignError::MalformedHost);
    }
    host.to_str()
        .map(Some)
        .map_err(|_| SignError::MalformedHost)
}

fn without_user_information(authority: &str) -> &str {
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

/// An empty path is sent, and signed, as `/`.
fn path(uri: &Uri) -> &str {
    match uri.path() {
        "" => "/",
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(uri: &str) -> http::Request<Vec<u8>> {
        http::Request::get(uri).body(Vec::new()).unwrap()
    }

    #[test]
    fn relative_urls_cannot_be_signed() {
        assert!(matches!(
            SignableRequest::from_http(&get("/manifest")),
            Err(SignError::MissingHost)
        ));
    }

    #[test]
    fn explicit_host_header_is_what_the_server_will_see() {
        let mut request = get("http://127.0.0.1:7000/a");
        request
            .headers_mut()
            .insert(HOST, "example.org".parse().unwrap());
        let view = SignableRequest::from_http(&request).unwrap();
        assert_eq!(view.authority, "example.org");
    }

    #[test]
    fn user_information_is_left_out() {
        let request = get("http://user:password@example.org:8080/a");
        assert_eq!(
            SignableRequest::from_http(&request).unwrap().authority,
            "example.org:8080"
        );
    }

    #[test]
    fn empty_path_is_a_slash() {
        for uri in ["http://example.org", "http://example.org?a=b"] {
            assert_eq!(
                SignableRequest::from_http(&get(uri)).unwrap().path,
                "/",
                "{uri}"
            );
        }
    }

    #[test]
    fn received_request_takes_the_host_header() {
        let mut request = get("/records/1?a=b");
        assert!(matches!(
            SignableRequest::from_received("http", &request),
            Err(SignError::MissingHost)
        ));
        request
            .headers_mut()
            .append(HOST, "localhost:7000".parse().unwrap());
        let view = SignableRequest::from_received("http", &request).unwrap();
        assert_eq!(
            (view.authority, view.path, view.query),
            ("localhost:7000", "/records/1", "a=b")
        );
        assert!(matches!(
            SignableRequest::from_received("ftp", &request),
            Err(SignError::UnsupportedScheme)
        ));
        request.headers_mut().append(HOST, "other".parse().unwrap());
        assert!(matches!(
            SignableRequest::from_received("http", &request),
            Err(SignError::MalformedHost)
        ));
    }

    #[test]
    fn form_is_recognized_with_parameters_and_any_case() {
        for (content_type, expected) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded ; charset=utf-8", true),
            ("application/x-www-form-urlencoded-not", false),
            ("text/plain", false),
        ] {
            let mut request = get("http://example.org/");
            request
                .headers_mut()
                .insert(CONTENT_TYPE, content_type.parse().unwrap());
            assert_eq!(
                SignableRequest::from_http(&request).unwrap().is_form(),
                expected,
                "{content_type}"
            );
        }
    }
}
