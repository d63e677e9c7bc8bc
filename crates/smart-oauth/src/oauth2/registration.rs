//! Making an app known to a server, without a person in between ([RFC
//! 7591](https://www.rfc-editor.org/rfc/rfc7591)). What is done with a registration later is in
//! `management`.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Map, Value};

use super::answer::{Body, Refusal, Unreadable, read, seconds, sendable, text, texts};
use super::client::{Authentication, bearer_header};
use super::credentials::{AccessToken, ClientId, ClientSecret};
use super::error::RegistrationError;
use super::scope::Scopes;
use super::server::Server;
use super::url::{RedirectUri, ServerUrl};
use crate::time::Timestamp;

mod management;

pub use management::RegistrationAccess;

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Members of a request that have a method of their own.
const OWN_MEMBERS: [&str; 8] = [
    "client_name",
    "grant_types",
    "jwks",
    "jwks_uri",
    "redirect_uris",
    "response_types",
    "scope",
    "token_endpoint_auth_method",
];

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
    grant_types: Vec<String>,
    response_types: Vec<String>,
    jwks: Option<Value>,
    jwks_uri: Option<ServerUrl>,
    initial_access_token: Option<AccessToken>,
    extra: Map<String, Value>,
}

impl Registration {
    /// An app with these addresses to come back to; it will ask for a secret to be sent by HTTP
    /// Basic.
    pub fn new(redirect_uris: impl IntoIterator<Item = RedirectUri>) -> Self {
        Self {
            redirect_uris: redirect_uris.into_iter().collect(),
            name: None,
            scopes: Scopes::new(),
            auth_method: AuthMethod::ClientSecretBasic,
            grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
            response_types: vec!["code".to_owned()],
            jwks: None,
            jwks_uri: None,
            initial_access_token: None,
            extra: Map::new(),
        }
    }

    /// A backend service, which acts without a user: it signs statements, uses the
    /// `client_credentials` grant, and no browser comes back to it. Add its keys by
    /// [`with_jwks_uri`](Self::with_jwks_uri) or [`with_jwks`](Self::with_jwks) ([SMART,
    /// registering a
    /// client](https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys)).
    pub fn backend() -> Self {
        Self {
            auth_method: AuthMethod::PrivateKeyJwt,
            grant_types: vec!["client_credentials".to_owned()],
            response_types: Vec::new(),
            ..Self::new([])
        }
    }

    /// The grants that the app will use, such as `authorization_code`, in place of the usual ones.
    #[must_use]
    pub fn with_grant_types<T: Into<String>>(self, grants: impl IntoIterator<Item = T>) -> Self {
        Self {
            grant_types: grants.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// What the app will ask the authorization page for, such as `code`, in place of the usual.
    #[must_use]
    pub fn with_response_types<T: Into<String>>(self, types: impl IntoIterator<Item = T>) -> Self {
        Self {
            response_types: types.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// The app's public keys themselves, as a JSON Web Key Set, if they cannot be served at an
    /// address. Takes the place of [`with_jwks_uri`](Self::with_jwks_uri), as a server takes only
    /// one of them.
    #[must_use]
    pub fn with_jwks(self, jwks: Value) -> Self {
        Self {
            jwks: Some(jwks),
            jwks_uri: None,
            ..self
        }
    }

    /// The token that allows the registration, at servers that do not register just any app
    /// ([RFC 7591, section 3](https://www.rfc-editor.org/rfc/rfc7591#section-3)).
    #[must_use]
    pub fn with_initial_access_token(self, token: impl Into<AccessToken>) -> Self {
        Self {
            initial_access_token: Some(token.into()),
            ..self
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

    /// The scopes that the app will ask for. Name them all: S4S grants nothing that was not
    /// registered.
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

    /// Where the app's public keys are, for [`AuthMethod::PrivateKeyJwt`]. Takes the place of
    /// [`with_jwks`](Self::with_jwks).
    #[must_use]
    pub fn with_jwks_uri(self, jwks_uri: ServerUrl) -> Self {
        Self {
            jwks: None,
            jwks_uri: Some(jwks_uri),
            ..self
        }
    }

    /// Any other member, such as `logo_uri`. A member that has a method of its own fails in
    /// [`request`](Self::request).
    #[must_use]
    pub fn with_member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    /// Asks to be registered ([RFC 7591, section
    /// 3.1](https://www.rfc-editor.org/rfc/rfc7591#section-3.1)).
    ///
    /// # Errors
    ///
    /// If the server has no registration, a member was given that has a method of its own, or the
    /// initial access token cannot be sent.
    pub fn request(&self, server: &Server) -> Result<Request<Vec<u8>>, RegistrationError> {
        let endpoint = server
            .register
            .as_ref()
            .ok_or(RegistrationError::NoEndpoint)?;
        let token = self.initial_access_token.as_ref().map(AccessToken::expose);
        request(Method::POST, endpoint, token, Some(self.members()?))
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
        let answer = answer(response)?;
        let malformed = |name| move |_| RegistrationError::Malformed { name };
        let id = sendable(&answer, "client_id").map_err(malformed("client_id"))?;
        match id {
            Some(id) if matches!(response.status(), StatusCode::OK | StatusCode::CREATED) => {
                self.registered(ClientId::new(id), answer)
            }
            _ => Err(RegistrationError::Unreadable(Unreadable::new(response))),
        }
    }

    fn members(&self) -> Result<Map<String, Value>, RegistrationError> {
        let mut members = self.extra.clone();
        if let Some(name) = OWN_MEMBERS.iter().find(|name| members.contains_key(**name)) {
            return Err(RegistrationError::ReservedMember { name });
        }
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        if !self.redirect_uris.is_empty() {
            let uris = self.redirect_uris.iter().map(RedirectUri::as_str);
            put("redirect_uris", uris.collect());
        }
        put(
            "token_endpoint_auth_method",
            self.auth_method.as_str().into(),
        );
        // left out, it would mean "code"
        put("response_types", self.response_types.clone().into());
        put("grant_types", self.grant_types.clone().into());
        if let Some(name) = &self.name {
            put("client_name", name.as_str().into());
        }
        if !self.scopes.is_empty() {
            put("scope", self.scopes.to_string().into());
        }
        if let Some(jwks) = &self.jwks {
            put("jwks", jwks.clone());
        }
        if let Some(jwks_uri) = &self.jwks_uri {
            put("jwks_uri", jwks_uri.as_str().into());
        }
        Ok(members)
    }

    fn registered(
        &self,
        client_id: ClientId,
        members: Map<String, Value>,
    ) -> Result<RegisteredClient, RegistrationError> {
        let answer = &members;
        let secret =
            sendable(answer, "client_secret").map_err(|_| RegistrationError::Malformed {
                name: "client_secret",
            })?;
        let auth_method = text(answer, "token_endpoint_auth_method").map(str::to_owned);
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
        let grant_types = texts(answer, "grant_types");
        let is_granted = |grant: &String| grant_types.contains(grant);
        if answer.contains_key("grant_types") && !self.grant_types.iter().all(is_granted) {
            notes.push(RegistrationNote::FewerGrantTypes);
        }
        let is_same = |method: &String| method == self.auth_method.as_str();
        if !auth_method.as_ref().is_none_or(is_same) {
            notes.push(RegistrationNote::OtherAuthMethod);
        }
        // the app is registered whatever became of the way back
        let access = RegistrationAccess::read(answer).unwrap_or_else(|_| {
            notes.push(RegistrationNote::UnusableAccess);
            None
        });
        let secret_expires_at = seconds(answer, "client_secret_expires_at")
            .filter(|seconds| *seconds != 0)
            .map(Timestamp::from_unix_seconds);
        let name = text(answer, "client_name").map(str::to_owned);
        let mut others = members;
        others.retain(|name, _| !READ_MEMBERS.contains(&name.as_str()));
        Ok(RegisteredClient {
            client_id,
            client_secret: secret.map(ClientSecret::from),
            secret_expires_at,
            name,
            redirect_uris,
            scopes,
            auth_method,
            access,
            members: others,
            notes,
        })
    }
}

/// A request to an endpoint of registration, with a token if there is one.
fn request(
    method: Method,
    endpoint: &ServerUrl,
    token: Option<&str>,
    members: Option<Map<String, Value>>,
) -> Result<Request<Vec<u8>>, RegistrationError> {
    let json = HeaderValue::from_static("application/json");
    let mut request = Request::new(Vec::new());
    *request.method_mut() = method;
    *request.uri_mut() = endpoint.to_uri()?;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, json.clone());
    if let Some(token) = token {
        let bearer = bearer_header(token).map_err(|_| RegistrationError::BadToken)?;
        headers.insert(AUTHORIZATION, bearer);
    }
    if let Some(members) = members {
        headers.insert(CONTENT_TYPE, json);
        *request.body_mut() = Value::Object(members).to_string().into_bytes();
    }
    Ok(request)
}

/// The members of an answer that is not a refusal.
fn answer<B: AsRef<[u8]>>(response: &Response<B>) -> Result<Map<String, Value>, RegistrationError> {
    let body = read(response, MAX_ANSWER_BYTES).ok_or(RegistrationError::TooLong {
        limit: MAX_ANSWER_BYTES,
    })?;
    let Body::Object(answer) = body else {
        return Err(RegistrationError::Unreadable(Unreadable::new(response)));
    };
    match Refusal::from_object(&answer) {
        Some(refusal) => Err(RegistrationError::Refused {
            status: response.status(),
            refusal,
        }),
        None => Ok(answer),
    }
}

/// Members of an answer that have a field of their own, or are secret.
const READ_MEMBERS: [&str; 9] = [
    "client_id",
    "client_name",
    "client_secret",
    "client_secret_expires_at",
    "redirect_uris",
    "registration_access_token",
    "registration_client_uri",
    "scope",
    "token_endpoint_auth_method",
];

/// An app as the server knows it ([RFC 7591, section
/// 3.2.1](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1)).
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
    /// The way back to this registration, if the server gave one.
    pub access: Option<RegistrationAccess>,
    /// Everything else in the answer, such as `client_id_issued_at` or `grant_types`.
    pub members: Map<String, Value>,
    /// What is not as it was asked.
    pub notes: Vec<RegistrationNote>,
}

impl RegisteredClient {
    /// Whether the secret has expired at this time. The server then refuses the app until the
    /// registration is [read](Self::read_request) for a new secret, or made anew.
    pub fn secret_has_expired(&self, now: Timestamp) -> bool {
        self.client_secret.is_some() && self.secret_expires_at.is_some_and(|end| end <= now)
    }

    /// Whether the server says that the app signs statements.
    pub fn signs_statements(&self) -> bool {
        self.auth_method.as_deref() == Some(AuthMethod::PrivateKeyJwt.as_str())
    }

    /// Whether the server says that the app sends its secret.
    pub fn sends_a_secret(&self) -> bool {
        let methods = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost];
        let said = self.auth_method.as_deref();
        methods.iter().any(|method| said == Some(method.as_str()))
    }

    /// How to authenticate from now on: with the secret if there is one, by form where the server
    /// says so. An app that [signs statements](Self::signs_statements) makes them itself, and gets
    /// [`Authentication::Public`] here.
    pub fn authentication(&self) -> Authentication {
        if self.signs_statements() {
            return Authentication::Public;
        }
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
    /// A grant that the app will use was left out.
    FewerGrantTypes,
    /// Some scopes were left out.
    FewerScopes,
    /// There are no scopes at all. At S4S such an app can never be authorized.
    NoScopes,
    /// The app is to authenticate in another way.
    OtherAuthMethod,
    /// An address to come back to was changed or left out.
    OtherRedirectUris,
    /// The address and the token of the registration cannot be used, so that it can be changed by
    /// hand only.
    UnusableAccess,
}

#[cfg(test)]
mod tests;
