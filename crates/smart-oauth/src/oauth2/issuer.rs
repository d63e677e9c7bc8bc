//! What an issuer of tokens says of itself: [OpenID Connect
//! Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html) and [RFC
//! 8414](https://www.rfc-editor.org/rfc/rfc8414). SMART finds the keys of id tokens there.

use http::header::ACCEPT;
use http::{HeaderValue, Request, Response, StatusCode};
use serde_json::{Map, Value};

use super::answer::{Body, Unreadable, read, text};
use super::error::{IssuerError, UrlError};
use super::url::{Reading, ServerUrl};

/// The longest document that is read, in bytes.
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// The metadata of an issuer.
///
/// ```
/// use smart_oauth::oauth2::{IssuerMetadata, ServerUrl};
///
/// let issuer = ServerUrl::new("https://login.example/tenant")?;
/// let request = IssuerMetadata::request(&issuer)?;
/// assert_eq!(request.uri(), "https://login.example/tenant/.well-known/openid-configuration");
/// let answer = http::Response::new(r#"{"issuer": "https://login.example/tenant", "jwks_uri": "https://login.example/keys"}"#);
/// let metadata = IssuerMetadata::receive(&issuer, &answer)?;
/// assert_eq!(metadata.jwks.map(|url| url.to_string()).as_deref(), Some("https://login.example/keys"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuerMetadata {
    /// The name under which the issuer signs, letter by letter the one that was asked for.
    pub issuer: String,
    /// The keys that id tokens are signed with.
    pub jwks: Option<ServerUrl>,
    /// Where claims about the user can be read with an access token.
    pub user_info: Option<ServerUrl>,
    document: Map<String, Value>,
}

impl IssuerMetadata {
    /// Asks for `{issuer}/.well-known/openid-configuration` ([section
    /// 4.1](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest)).
    ///
    /// # Errors
    ///
    /// If the issuer's name does not make a URL.
    pub fn request(issuer: &ServerUrl) -> Result<Request<Vec<u8>>, UrlError> {
        Ok(get(issuer.child(".well-known/openid-configuration")?))
    }

    /// Asks for `oauth-authorization-server` at the well-known address of RFC 8414, which stands
    /// before the issuer's path ([section
    /// 3.1](https://www.rfc-editor.org/rfc/rfc8414#section-3.1)): for issuers without OpenID
    /// Connect.
    ///
    /// # Errors
    ///
    /// If the issuer's name does not make a URL.
    pub fn oauth_request(issuer: &ServerUrl) -> Result<Request<Vec<u8>>, UrlError> {
        Ok(get(
            issuer.well_known(".well-known/oauth-authorization-server")?
        ))
    }

    /// Takes the answer to either request.
    ///
    /// # Errors
    ///
    /// If the answer is not a document, or is that of another issuer: it says nothing about this
    /// one ([section
    /// 4.3](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation)).
    pub fn receive<B: AsRef<[u8]>>(
        issuer: &ServerUrl,
        response: &Response<B>,
    ) -> Result<Self, IssuerError> {
        let status = response.status();
        if status != StatusCode::OK {
            return Err(IssuerError::Refused { status });
        }
        let limit = MAX_DOCUMENT_BYTES;
        let body = read(response, limit).ok_or(IssuerError::TooLong { limit })?;
        let Body::Object(document) = body else {
            return Err(IssuerError::Unreadable(Unreadable::new(response)));
        };
        if text(&document, "issuer") != Some(issuer.as_str()) {
            return Err(IssuerError::OtherIssuer);
        }
        let url = |name| {
            let named = issuer.named(text(&document, name)?, Reading::Standard);
            named.ok().map(|(url, _)| url)
        };
        Ok(Self {
            issuer: issuer.as_str().to_owned(),
            jwks: url("jwks_uri"),
            user_info: url("userinfo_endpoint"),
            document,
        })
    }

    /// Any member as it came.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.document.get(name)
    }
}

fn get(url: http::Uri) -> Request<Vec<u8>> {
    let mut request = Request::new(Vec::new());
    *request.uri_mut() = url;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, json);
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth2::testing::{answer, url};

    #[test]
    fn the_two_well_known_addresses() {
        for (issuer, openid, oauth) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/t/1/",
                "https://a.example/t/1/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server/t/1",
            ),
        ] {
            let issuer = url(issuer);
            let request = IssuerMetadata::request(&issuer).unwrap();
            assert_eq!(request.uri(), openid);
            let request = IssuerMetadata::oauth_request(&issuer).unwrap();
            assert_eq!(request.uri(), oauth);
        }
    }

    #[test]
    fn only_the_issuer_s_own_document_counts() {
        let issuer = url("https://a.example");
        let receive = |status, body: &str| {
            let response = answer(status, "application/json", body);
            IssuerMetadata::receive(&issuer, &response)
        };
        let found = receive(
            200,
            r#"{"issuer": "https://a.example", "jwks_uri": "http://a.example/plain", "userinfo_endpoint": "https://a.example/me", "x": 1}"#,
        )
        .unwrap();
        assert!(found.jwks.is_none(), "plain http proves nothing");
        assert_eq!(
            found.user_info.as_ref().unwrap().as_str(),
            "https://a.example/me"
        );
        assert_eq!(found.get("x"), Some(&1.into()));
        for other in [
            "https://a.example/",
            "https://A.example",
            "https://b.example",
        ] {
            let error = receive(200, &format!(r#"{{"issuer": "{other}"}}"#));
            assert!(matches!(error, Err(IssuerError::OtherIssuer)), "{other}");
        }
        assert!(matches!(receive(200, "{}"), Err(IssuerError::OtherIssuer)));
        assert!(matches!(
            receive(404, "{}"),
            Err(IssuerError::Refused { .. })
        ));
        assert!(matches!(
            receive(200, "<html>"),
            Err(IssuerError::Unreadable(_))
        ));
    }
}
