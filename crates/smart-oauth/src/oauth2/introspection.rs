//! Asking a server about a token ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662),
//! [SMART, introspection](https://hl7.org/fhir/smart-app-launch/token-introspection.html)).

use std::fmt;

use ::oauth2::IntrospectionUrl;
use ::oauth2::basic::BasicTokenIntrospectionResponse;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde_json::{Map, Value};

use super::answer::{scalar, seconds, text, truth};
use super::client::{Authentication, Client, bearer_header, flow, recorded};
use super::credentials::AccessToken;
use super::error::{RequestError, TokenError};
use super::revocation::Token;
use super::scope::Scopes;
use super::token::{granted, read_answer};
use crate::time::Timestamp;

/// A question about a token.
#[derive(Clone, Debug)]
pub struct Introspection {
    client: Client,
    token: Token,
}

/// What a server says about a token.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "section 2.2 knows active and not, and says nothing more about the latter"
)]
pub enum Introspected {
    /// The token is good.
    Active(Box<TokenFacts>),
    /// The token is not good here: over, revoked, unknown, or none of the asker's business.
    Inactive,
}

/// The facts about an active token ([RFC 7662, section
/// 2.2](https://www.rfc-editor.org/rfc/rfc7662#section-2.2)). `Debug` leaves out whatever tells of
/// people.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct TokenFacts {
    /// What it is good for.
    pub scopes: Option<Scopes>,
    /// The app that it was given to.
    pub client_id: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whose record it opens, by FHIR id.
    pub patient: Option<String>,
    /// The encounter, by FHIR id.
    pub encounter: Option<String>,
    /// The user, as a FHIR resource.
    pub fhir_user: Option<String>,
    /// The user, as the server names them within `iss`.
    pub subject: Option<String>,
    /// The server.
    pub issuer: Option<String>,
    extra: Map<String, Value>,
}

impl fmt::Debug for TokenFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenFacts")
            .field("scopes", &self.scopes)
            .field("client_id", &self.client_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl TokenFacts {
    /// Any member as it came.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.extra.get(name)
    }

    fn read(answer: Map<String, Value>) -> Self {
        let owned = |name| text(&answer, name).map(str::to_owned);
        Self {
            scopes: granted(&answer),
            client_id: owned("client_id"),
            expires_at: seconds(&answer, "exp").map(Timestamp::from_unix_seconds),
            patient: scalar(&answer, "patient"),
            encounter: scalar(&answer, "encounter"),
            fhir_user: owned("fhirUser"),
            subject: scalar(&answer, "sub"),
            issuer: owned("iss"),
            extra: answer,
        }
    }
}

impl Client {
    /// Asks about a token.
    pub fn introspect(&self, token: impl Into<Token>) -> Introspection {
        Introspection {
            client: self.clone(),
            token: token.into(),
        }
    }
}

impl Introspection {
    /// What to send ([RFC 7662, section 2.1](https://www.rfc-editor.org/rfc/rfc7662#section-2.1)).
    ///
    /// # Errors
    ///
    /// When the server has no introspection; what S4S has is [another
    /// thing](super::s4s::DebugIntrospection). And when the client's credentials cannot be written
    /// in the server's dialect.
    pub fn request(
        &self,
        authentication: &Authentication,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        let fields = authentication.fields(&self.client);
        self.write(fields, |request| {
            authentication.apply(&self.client, request)
        })
    }

    /// The same with an access token as the proof of who asks, for apps that are allowed to ask
    /// about tokens of others ([SMART,
    /// introspection](https://hl7.org/fhir/smart-app-launch/token-introspection.html#authorization-to-perform-token-introspection)).
    ///
    /// # Errors
    ///
    /// If the server has no introspection, or no header can hold the token.
    pub fn request_with_bearer(
        &self,
        bearer: &AccessToken,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        self.write(Vec::new(), |request| {
            request
                .headers_mut()
                .insert(AUTHORIZATION, bearer_header(bearer.expose())?);
            Ok(())
        })
    }

    fn write(
        &self,
        fields: Vec<(&'static str, String)>,
        prove: impl FnOnce(&mut Request<Vec<u8>>) -> Result<(), RequestError>,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        let server = self.client.server();
        let endpoint = server.introspect.as_ref().ok_or(RequestError::NoEndpoint {
            name: "introspection",
        })?;
        let flow = flow(&self.client, &server.token)
            .set_introspection_url(IntrospectionUrl::from_url(endpoint.url().clone()));
        let token = ::oauth2::AccessToken::new(self.token.expose().to_owned());
        let mut question = flow
            .introspect(&token)
            .set_token_type_hint(self.token.hint());
        for (name, value) in fields {
            question = question.add_extra_param(name, value);
        }
        let mut request = recorded(|recorder| {
            question
                .request(recorder)
                .map(|_: BasicTokenIntrospectionResponse| ())
        })?;
        prove(&mut request)?;
        Ok(request)
    }

    /// Takes the answer. Only `"active": true` makes a token active.
    ///
    /// # Errors
    ///
    /// When the server refuses or cannot answer, or its answer does not say whether the token is
    /// active.
    pub fn receive<B: AsRef<[u8]>>(
        &self,
        response: &Response<B>,
    ) -> Result<Introspected, TokenError> {
        let answer = read_answer(response)?;
        match truth(&answer, "active") {
            Some(true) => Ok(Introspected::Active(Box::new(TokenFacts::read(answer)))),
            Some(false) => Ok(Introspected::Inactive),
            None => Err(TokenError::Incomplete { name: "active" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth2::testing::{answer, fields, server, url};
    use crate::oauth2::{ClientAssertion, Server};

    fn introspection() -> Introspection {
        let server = Server {
            introspect: Some(url("http://localhost:9000/introspect")),
            ..server()
        };
        Client::new("app", server).introspect(AccessToken::new("a1"))
    }

    fn receive(body: &str) -> Result<Introspected, TokenError> {
        introspection().receive(&answer(200, "application/json", body))
    }

    #[test]
    fn the_request() {
        let assertion = Authentication::Assertion(ClientAssertion::new("x.y.z"));
        let request = introspection().request(&assertion).unwrap();
        assert_eq!(request.uri(), "http://localhost:9000/introspect");
        let names: Vec<_> = fields(request.body())
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            names,
            [
                "token",
                "token_type_hint",
                "client_assertion_type",
                "client_assertion"
            ]
        );
        assert!(!request.headers().contains_key("authorization"));
        let without = Client::new("app", server()).introspect(AccessToken::new("a1"));
        assert!(matches!(
            without.request(&assertion),
            Err(RequestError::NoEndpoint { .. })
        ));
    }

    #[test]
    fn an_access_token_can_prove_who_asks() {
        let bearer = AccessToken::new("mine");
        let request = introspection().request_with_bearer(&bearer).unwrap();
        let header = &request.headers()["authorization"];
        assert_eq!(header, "Bearer mine");
        assert!(header.is_sensitive());
        let expected = [("token", "a1"), ("token_type_hint", "access_token")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields(request.body()), expected);
        let bad = AccessToken::new("a\r\nb");
        assert!(matches!(
            introspection().request_with_bearer(&bad),
            Err(RequestError::BadToken)
        ));
    }

    #[test]
    fn facts_of_other_types_are_read_as_a_grant_reads_them() {
        let body =
            r#"{"active": true, "scope": ["openid", "patient/*.rs"], "patient": 12, "sub": 7}"#;
        let Ok(Introspected::Active(facts)) = receive(body) else {
            panic!()
        };
        assert_eq!(facts.scopes.unwrap().to_string(), "openid patient/*.rs");
        assert_eq!(
            (facts.patient.as_deref(), facts.subject.as_deref()),
            (Some("12"), Some("7"))
        );
    }

    #[test]
    fn active_means_active() {
        let facts = receive(
            r#"{"active": true, "scope": "patient/*.rs", "client_id": "app", "exp": "1800000000", "patient": "123",
                "fhirUser": "Practitioner/9", "vendor": 1}"#,
        );
        let Ok(Introspected::Active(facts)) = facts else {
            panic!()
        };
        assert_eq!(
            facts.expires_at,
            Some(Timestamp::from_unix_seconds(1_800_000_000))
        );
        assert_eq!(
            (facts.patient.as_deref(), facts.fhir_user.as_deref()),
            (Some("123"), Some("Practitioner/9"))
        );
        assert_eq!(facts.get("vendor"), Some(&1.into()));
        assert!(!format!("{facts:?}").contains("123"));
    }

    #[test]
    fn inactive_means_inactive() {
        for body in [
            r#"{"active": false}"#,
            r#"{"active": false, "scope": "patient/*.rs"}"#,
            r#"{"active": "false"}"#,
        ] {
            assert_eq!(receive(body).unwrap(), Introspected::Inactive);
        }
        for body in [
            "{}",
            r#"{"active": 1}"#,
            r#"{"active": null}"#,
            r#"{"active": "yes"}"#,
        ] {
            assert!(
                matches!(
                    receive(body),
                    Err(TokenError::Incomplete { name: "active" })
                ),
                "{body}"
            );
        }
    }
}
