//! Making an app known to a server, without a person in between
//! ([RFC 7591](https://www.rfc-editor.org/rfc/rfc7591)).

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Map, Value};

use super::answer::{Body, Refusal, Unreadable, read, seconds, text, texts};
use super::client::Authentication;
use super::credentials::{ClientId, ClientSecret};
use super::error::RegistrationError;
use super::scope::Scopes;
use super::server::Server;
use super::url::{RedirectUri, ServerUrl};
use crate::credentials::Timestamp;

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// How an app means to authenticate at the token endpoint
/// ([RFC 7591, section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthMethod {
    /// A secret by HTTP Basic.
    ClientSecretBasic,
    /// A secret in the form.
    ClientSecretPost,
    /// Not at all.
    None,
    /// A signed statement.
    PrivateKeyJwt,
}

impl AuthMethod {
    /// The name that servers know it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::None => "none",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

/// What an app tells a server about itself.
///
/// ```
/// use smart_oauth::oauth2::{RedirectUri, Registration, Server, ServerUrl};
///
/// let mut server = Server::new(ServerUrl::new("http://localhost:9000/api/fhir")?, ServerUrl::new("http://localhost:9000/oauth/token")?);
/// server.register = Some(ServerUrl::new("http://localhost:9000/oauth/register")?);
/// let registration = Registration::new([RedirectUri::new("http://localhost:8000/authorized")?])
///     .with_name("A notebook")
///     .with_scopes("launch/patient patient/*.read offline_access".parse()?);
/// let request = registration.request(&server)?;
/// assert_eq!(request.uri(), "http://localhost:9000/oauth/register");
///
/// let answer = http::Response::builder().status(201).body(r#"{"client_id": "c1", "client_secret": "s1"}"#)?;
/// let app = registration.receive(&answer)?;
/// assert_eq!(app.client_id.as_str(), "c1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Registration {
    redirect_uris: Vec<RedirectUri>,
    name: Option<String>,
    scopes: Scopes,
    auth_method: AuthMethod,
    jwks_uri: Option<ServerUrl>,
    extra: Map<String, Value>,
}

impl Registration {
    /// An app with these addresses to come back to; it will ask for a secret to be sent by HTTP Basic.
    pub fn new(redirect_uris: impl IntoIterator<Item = RedirectUri>) -> Self {
        Self {
            redirect_uris: redirect_uris.into_iter().collect(),
            name: None,
            scopes: Scopes::new(),
            auth_method: AuthMethod::ClientSecretBasic,
            jwks_uri: None,
            extra: Map::new(),
        }
    }

    /// The name that users are shown.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    /// The scopes that the app will ask for. Name them all: S4S grants nothing that was not registered.
    #[must_use]
    pub fn with_scopes(self, scopes: Scopes) -> Self {
        Self { scopes, ..self }
    }

    /// How the app means to authenticate; the server may decide otherwise.
    #[must_use]
    pub fn with_auth_method(self, auth_method: AuthMethod) -> Self {
        Self {
            auth_method,
            ..self
        }
    }

    /// Where the app's public keys are, for [`AuthMethod::PrivateKeyJwt`].
    #[must_use]
    pub fn with_jwks_uri(self, jwks_uri: ServerUrl) -> Self {
        Self {
            jwks_uri: Some(jwks_uri),
            ..self
        }
    }

    /// Any other member, such as `logo_uri`; those that this type writes itself win.
    #[must_use]
    pub fn with_member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    /// Asks to be registered ([RFC 7591, section 3.1](https://www.rfc-editor.org/rfc/rfc7591#section-3.1)).
    ///
    /// # Errors
    ///
    /// When the server has no registration.
    pub fn request(&self, server: &Server) -> Result<Request<Vec<u8>>, RegistrationError> {
        let endpoint = server
            .register
            .as_ref()
            .ok_or(RegistrationError::NoEndpoint)?;
        let mut request = Request::new(Value::Object(self.members()).to_string().into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.to_uri()?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json.clone());
        request.headers_mut().insert(ACCEPT, json);
        Ok(request)
    }

    /// Takes the server's answer. What it changed is compared with what was asked, in
    /// [`notes`](RegisteredClient::notes).
    ///
    /// # Errors
    ///
    /// When the server refuses, or its answer names no client.
    pub fn receive<B: AsRef<[u8]>>(
        &self,
        response: &Response<B>,
    ) -> Result<RegisteredClient, RegistrationError> {
        let body = read(response, MAX_ANSWER_BYTES).ok_or(RegistrationError::TooLong {
            limit: MAX_ANSWER_BYTES,
        })?;
        let Body::Object(answer) = body else {
            return Err(RegistrationError::Unreadable(Unreadable::new(response)));
        };
        let status = response.status();
        if let Some(refusal) = Refusal::from_object(&answer) {
            return Err(RegistrationError::Refused { status, refusal });
        }
        match text(&answer, "client_id") {
            Some(id) if matches!(status, StatusCode::OK | StatusCode::CREATED) => {
                Ok(self.registered(ClientId::new(id), &answer))
            }
            _ => Err(RegistrationError::Unreadable(Unreadable::new(response))),
        }
    }

    fn members(&self) -> Map<String, Value> {
        let mut members = self.extra.clone();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        let uris = self.redirect_uris.iter().map(RedirectUri::as_str);
        put("redirect_uris", uris.collect());
        put(
            "token_endpoint_auth_method",
            self.auth_method.as_str().into(),
        );
        put("response_types", Value::from_iter(["code"]));
        put(
            "grant_types",
            Value::from_iter(["authorization_code", "refresh_token"]),
        );
        if let Some(name) = &self.name {
            put("client_name", name.as_str().into());
        }
        if !self.scopes.is_empty() {
            put("scope", self.scopes.to_string().into());
        }
        if let Some(jwks_uri) = &self.jwks_uri {
            put("jwks_uri", jwks_uri.as_str().into());
        }
        members
    }

    fn registered(&self, client_id: ClientId, answer: &Map<String, Value>) -> RegisteredClient {
        let redirect_uris = texts(answer, "redirect_uris");
        let scopes = answer
            .get("scope")
            .and_then(Value::as_str)
            .map(Scopes::read_leniently);
        let mut notes = Vec::new();
        let kept = |uri: &RedirectUri| redirect_uris.iter().any(|known| known == uri.as_str());
        if answer.contains_key("redirect_uris") && !self.redirect_uris.iter().all(kept) {
            notes.push(RegistrationNote::OtherRedirectUris);
        }
        let granted = scopes.as_ref().unwrap_or(&self.scopes);
        if granted.is_empty() {
            notes.push(RegistrationNote::NoScopes);
        } else if !granted.covers(&self.scopes) {
            notes.push(RegistrationNote::FewerScopes);
        }
        RegisteredClient {
            client_id,
            client_secret: text(answer, "client_secret").map(ClientSecret::from),
            secret_expires_at: seconds(answer, "client_secret_expires_at")
                .filter(|seconds| *seconds != 0)
                .map(Timestamp::from_unix_seconds),
            name: text(answer, "client_name").map(str::to_owned),
            redirect_uris,
            scopes,
            auth_method: text(answer, "token_endpoint_auth_method").map(str::to_owned),
            notes,
        }
    }
}

/// An app as the server knows it ([RFC 7591, section 3.2.1](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1)).
///
/// Members that the server left out are `None` or empty: S4S sends six.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegisteredClient {
    /// The app's name at this server.
    pub client_id: ClientId,
    /// The secret, which makes the app a confidential one whatever it asked for.
    pub client_secret: Option<ClientSecret>,
    /// When the secret ends; `None` means never, or that the server does not say.
    pub secret_expires_at: Option<Timestamp>,
    /// The name that users are shown.
    pub name: Option<String>,
    /// The addresses that the server will send browsers back to.
    pub redirect_uris: Vec<String>,
    /// What the app may ask for, if the server said.
    pub scopes: Option<Scopes>,
    /// How the app is to authenticate, if the server said.
    pub auth_method: Option<String>,
    /// What is not as it was asked.
    pub notes: Vec<RegistrationNote>,
}

impl RegisteredClient {
    /// How to authenticate from now on: with the secret if there is one, by form where the server says so. An app that is to
    /// sign statements makes them itself.
    pub fn authentication(&self) -> Authentication {
        let in_form = self.auth_method.as_deref() == Some(AuthMethod::ClientSecretPost.as_str());
        match &self.client_secret {
            Some(secret) if in_form => Authentication::SecretForm(secret.clone()),
            Some(secret) => Authentication::SecretBasic(secret.clone()),
            None => Authentication::Public,
        }
    }
}

/// A difference between a registration and what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationNote {
    /// Some scopes were left out.
    FewerScopes,
    /// There are no scopes at all. At S4S such an app can never be authorized.
    NoScopes,
    /// An address to come back to was changed or left out.
    OtherRedirectUris,
}

#[cfg(test)]
mod tests;
