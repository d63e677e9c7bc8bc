//! Ending a token before its time ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::client::{Authentication, Client};
use super::credentials::{AccessToken, RefreshToken};
use super::error::{RequestError, TokenError};
use super::token::{failure, read_answer};
use crate::encode::{into_text, push_encoded};
use crate::oauth1::request::FORM;

/// A token of either kind.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the registry of section 4.1.2 holds these two"
)]
pub enum Token {
    /// An access token.
    Access(AccessToken),
    /// A refresh token.
    Refresh(RefreshToken),
}

impl Token {
    pub(super) fn expose(&self) -> &str {
        match self {
            Self::Access(token) => token.expose(),
            Self::Refresh(token) => token.expose(),
        }
    }

    /// Its name in `token_type_hint`.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Access(_) => "access_token",
            Self::Refresh(_) => "refresh_token",
        }
    }
}

impl From<AccessToken> for Token {
    fn from(token: AccessToken) -> Self {
        Self::Access(token)
    }
}

impl From<RefreshToken> for Token {
    fn from(token: RefreshToken) -> Self {
        Self::Refresh(token)
    }
}

/// The end of a token. Revoke the refresh token: servers then end the access tokens that came from
/// it too.
#[derive(Clone, Debug)]
pub struct Revocation {
    client: Client,
    token: Token,
}

impl Client {
    /// Asks for the end of a token.
    pub fn revoke(&self, token: impl Into<Token>) -> Revocation {
        Revocation {
            client: self.clone(),
            token: token.into(),
        }
    }
}

impl Revocation {
    /// What to send ([RFC 7009, section 2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)).
    ///
    /// # Errors
    ///
    /// When the server has no revocation, as S4S has none: send the user to
    /// [`Server::manage`](super::Server::manage) then. And when the client's credentials cannot be
    /// written in the server's dialect.
    pub fn request(
        &self,
        authentication: &Authentication,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        let endpoint = self.client.server().revoke.as_ref();
        let endpoint = endpoint.ok_or(RequestError::NoEndpoint { name: "revocation" })?;
        // the oauth2 crate revokes over https only, also on this machine
        let mut form = Vec::new();
        let mut push = |name: &str, value: &str| {
            if !form.is_empty() {
                form.push(b'&');
            }
            push_encoded(&mut form, name.as_bytes());
            form.push(b'=');
            push_encoded(&mut form, value.as_bytes());
        };
        push("token", self.token.expose());
        push("token_type_hint", self.token.hint());
        for (name, value) in authentication.fields(&self.client) {
            push(name, &value);
        }
        let mut request = Request::new(into_text(form).into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.to_uri().map_err(|_| RequestError::BadUrl)?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        authentication.apply(&self.client, &mut request)?;
        Ok(request)
    }

    /// Takes the answer. Success means that the token is over, also when the server never knew it
    /// ([RFC 7009, section 2.2](https://www.rfc-editor.org/rfc/rfc7009#section-2.2)).
    ///
    /// # Errors
    ///
    /// When the server refuses or cannot answer: the token is to be taken for alive.
    pub fn receive<B: AsRef<[u8]>>(&self, response: &Response<B>) -> Result<(), TokenError> {
        if matches!(response.status(), StatusCode::OK | StatusCode::NO_CONTENT) {
            return Ok(());
        }
        match read_answer(response) {
            Err(error) => Err(error),
            Ok(_) => Err(failure(response)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth2::Server;
    use crate::oauth2::error::Remedy;
    use crate::oauth2::testing::{answer, fields, server, url};

    fn revocation(endpoint: &str) -> Revocation {
        let server = Server {
            revoke: Some(url(endpoint)),
            ..server()
        };
        Client::new("app", server).revoke(RefreshToken::new("r 1"))
    }

    #[test]
    fn the_request_goes_to_this_machine_too() {
        for endpoint in ["https://ehr.example/revoke", "http://localhost:9000/revoke"] {
            let request = revocation(endpoint)
                .request(&Authentication::Public)
                .unwrap();
            assert_eq!(
                (request.method(), &*request.uri().to_string()),
                (&Method::POST, endpoint)
            );
            let expected = [
                ("token", "r 1"),
                ("token_type_hint", "refresh_token"),
                ("client_id", "app"),
            ];
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(fields(request.body()), expected);
        }
    }

    #[test]
    fn requests_are_authenticated() {
        let revocation = revocation("https://ehr.example/revoke");
        let request = revocation
            .request(&Authentication::SecretBasic("s".into()))
            .unwrap();
        assert_eq!(request.headers()["authorization"], "Basic YXBwOnM=");
        assert_eq!(fields(request.body()).len(), 2);
    }

    #[test]
    fn row_revocation_is_missing_at_s4s() {
        let revocation = Client::new("app", server()).revoke(AccessToken::new("a"));
        let error = revocation.request(&Authentication::Public).unwrap_err();
        assert!(matches!(
            error,
            RequestError::NoEndpoint { name: "revocation" }
        ));
    }

    #[test]
    fn a_refusal_without_a_reason_has_its_status() {
        for (status, content_type, body) in [
            (401, "text/html", ""),
            (401, "text/html", "<html>UNAUTHORIZED"),
            (401, "application/json", "{}"),
            (403, "", ""),
            (400, "text/plain", "no"),
        ] {
            let response = answer(status, content_type, body);
            let error = revocation("https://ehr.example/r").receive(&response);
            let TokenError::RefusedSilently { status: told } = error.unwrap_err() else {
                panic!("{status} {body}")
            };
            assert_eq!(told.as_u16(), status);
        }
    }

    #[test]
    fn answers() {
        let receive = |status, body| {
            revocation("https://ehr.example/r").receive(&answer(status, "application/json", body))
        };
        assert!(receive(200, "").is_ok());
        assert!(receive(200, "whatever").is_ok());
        assert!(receive(204, "").is_ok());
        for (status, body, remedy) in [
            (401, r#"{"error": "invalid_client"}"#, Remedy::CheckClient),
            (
                400,
                r#"{"error": "unsupported_token_type"}"#,
                Remedy::CheckRequest,
            ),
            (503, "", Remedy::RetryLater),
            (404, "<html>", Remedy::CheckRequest),
            (302, "", Remedy::CheckRequest),
        ] {
            assert_eq!(
                receive(status, body).unwrap_err().remedy(),
                remedy,
                "{status} {body}"
            );
        }
    }
}
