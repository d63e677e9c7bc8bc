//! The debug addresses of the Sync for Science server. They ask nobody who he is and are no part of
//! any standard: for development servers only, and never to be taken for token exchange or
//! introspection.

use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use serde_json::{Map, Value};

use super::answer::{text, texts, truth};
use super::credentials::{AccessToken, ClientId, RefreshToken};
use super::error::{RequestError, TokenError};
use super::revocation::Token;
use super::scope::Scopes;
use super::token::{access_token, read_answer, refresh_token};
use super::url::ServerUrl;
use crate::encode::percent_encode;
use crate::time::Timestamp;

mod date;

/// Makes tokens out of nothing, for tests of an app: `POST /oauth/debug/token`.
///
/// They carry no security labels, so that every search with them is empty; reads by id work.
///
/// ```
/// use smart_oauth::oauth2::{ServerUrl, s4s::DebugToken};
///
/// let token = DebugToken::new("api-test", "daniel-adams", "smart-1288992").with_access_lifetime(-1); // over already
/// let request = token.request(&ServerUrl::new("http://localhost:9000/oauth/debug/token")?)?;
/// assert_eq!(request.method(), "POST");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DebugToken {
    client_id: ClientId,
    username: String,
    patient: String,
    access_lifetime: Option<i64>,
    approval_expires: Option<Timestamp>,
    scopes: Option<Scopes>,
}

impl DebugToken {
    /// Tokens for this app, in the name of this user, to this patient's record.
    pub fn new(
        client_id: impl Into<ClientId>,
        username: impl Into<String>,
        patient: impl Into<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            username: username.into(),
            patient: patient.into(),
            access_lifetime: None,
            approval_expires: None,
            scopes: None,
        }
    }

    /// How long the access token lives, in seconds; below zero it is over already. An hour
    /// otherwise.
    #[must_use]
    pub fn with_access_lifetime(self, seconds: i64) -> Self {
        Self {
            access_lifetime: Some(seconds),
            ..self
        }
    }

    /// When the approval ends, and with it the refresh token; in a year otherwise.
    #[must_use]
    pub fn with_approval_expires(self, at: Timestamp) -> Self {
        Self {
            approval_expires: Some(at),
            ..self
        }
    }

    /// The scopes, which the server does not check; those of the app otherwise.
    #[must_use]
    pub fn with_scopes(self, scopes: Scopes) -> Self {
        Self {
            scopes: Some(scopes),
            ..self
        }
    }

    /// The patient whose record the tokens will open.
    pub fn patient(&self) -> &str {
        &self.patient
    }

    /// What to send.
    ///
    /// # Errors
    ///
    /// When the address cannot be requested.
    pub fn request(&self, endpoint: &ServerUrl) -> Result<Request<Vec<u8>>, RequestError> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("client_id", self.client_id.as_str().into());
        put("username", self.username.as_str().into());
        put("patient_id", self.patient.as_str().into());
        if let Some(seconds) = self.access_lifetime {
            put("access_lifetime", seconds.into());
        }
        if let Some(at) = self.approval_expires {
            put("approval_expires", at.as_unix_seconds().into());
        }
        if let Some(scopes) = &self.scopes {
            put("scope", scopes.to_string().into());
        }
        let mut request = Request::new(Value::Object(members).to_string().into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.to_uri().map_err(|_| RequestError::BadUrl)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json.clone());
        request.headers_mut().insert(ACCEPT, json);
        Ok(request)
    }

    /// Takes the tokens. The server says nothing else about them.
    ///
    /// # Errors
    ///
    /// When the server refuses, with a code such as `no_user` or `no_patient_for_user`, or breaks
    /// down.
    pub fn receive<B: AsRef<[u8]>>(
        &self,
        response: &Response<B>,
    ) -> Result<DebugTokens, TokenError> {
        let answer = read_answer(response)?;
        let lacks = TokenError::Incomplete {
            name: "refresh_token",
        };
        Ok(DebugTokens {
            access_token: access_token(&answer)?,
            refresh_token: refresh_token(&answer)?.ok_or(lacks)?,
        })
    }
}

/// Tokens made out of nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DebugTokens {
    /// Opens the patient's record.
    pub access_token: AccessToken,
    /// Buys another one.
    pub refresh_token: RefreshToken,
}

/// Looks at a token: `GET /oauth/debug/introspect`. The token travels in the URL, and the answer
/// holds both tokens of the pair.
#[derive(Clone, Debug)]
pub struct DebugIntrospection {
    token: Token,
}

impl DebugIntrospection {
    /// Looks at this token.
    pub fn new(token: impl Into<Token>) -> Self {
        Self {
            token: token.into(),
        }
    }

    /// What to send.
    ///
    /// # Errors
    ///
    /// When the address cannot be requested.
    pub fn request(&self, endpoint: &ServerUrl) -> Result<Request<Vec<u8>>, RequestError> {
        let url = endpoint.url();
        let joint = if url.query().is_some() { '&' } else { '?' };
        let token = percent_encode(self.token.expose());
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = format!("{url}{joint}token={token}")
            .parse()
            .map_err(|_| RequestError::BadUrl)?;
        Ok(request)
    }

    /// Takes the answer; `None` when the server does not know the token, be it revoked, replaced or
    /// never made.
    ///
    /// # Errors
    ///
    /// When the server refuses for another reason, or its answer does not say whether the token is
    /// active.
    pub fn receive<B: AsRef<[u8]>>(
        &self,
        response: &Response<B>,
    ) -> Result<Option<DebugFacts>, TokenError> {
        match read_answer(response) {
            Ok(answer) => DebugFacts::read(&answer).map(Some),
            Err(TokenError::Refused { refusal, .. }) if refusal.code() == "no_token" => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What the server has on file about a pair of tokens. It does not say whose record they open.
#[derive(Clone)]
#[non_exhaustive]
pub struct DebugFacts {
    /// Whether the token asked about is good: an access token until it expires, a refresh token
    /// until the approval does.
    pub is_active: bool,
    /// The access token of the pair.
    pub access_token: Option<AccessToken>,
    /// The refresh token of the pair.
    pub refresh_token: Option<RefreshToken>,
    /// What the pair is good for.
    pub scopes: Option<Scopes>,
    /// The app.
    pub client_id: Option<ClientId>,
    /// The user.
    pub username: Option<String>,
    /// The categories of data that the user has consented to.
    pub security_labels: Vec<String>,
    /// When the access token ends.
    pub access_expires: Option<Timestamp>,
    /// When the approval ends.
    pub approval_expires: Option<Timestamp>,
}

impl fmt::Debug for DebugFacts {
    /// Leaves the user out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DebugFacts")
            .field("is_active", &self.is_active)
            .field("scopes", &self.scopes)
            .field("client_id", &self.client_id)
            .field("access_expires", &self.access_expires)
            .field("approval_expires", &self.approval_expires)
            .finish_non_exhaustive()
    }
}

impl DebugFacts {
    fn read(answer: &Map<String, Value>) -> Result<Self, TokenError> {
        let is_active = truth(answer, "active").ok_or(TokenError::Incomplete { name: "active" })?;
        let date = |name| text(answer, name).and_then(date::http_date);
        Ok(Self {
            is_active,
            access_token: text(answer, "access_token").map(AccessToken::new),
            refresh_token: text(answer, "refresh_token").map(RefreshToken::new),
            scopes: text(answer, "scope").map(Scopes::read_leniently),
            client_id: text(answer, "client_id").map(ClientId::new),
            username: text(answer, "username").map(str::to_owned),
            security_labels: texts(answer, "security_labels"),
            access_expires: date("access_expires"),
            approval_expires: date("approval_expires"),
        })
    }
}

#[cfg(test)]
mod tests;
