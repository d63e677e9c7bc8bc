//! The user's consent, and the code that it gives
//! ([SMART, app launch](https://hl7.org/fhir/smart-app-launch/app-launch.html)).

mod callback;

use std::borrow::Cow;
use std::fmt;

use ::oauth2::basic::BasicClient;
use ::oauth2::{AuthUrl, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};
use http::{Request, Response};

pub use callback::{Callback, Denial};

use super::client::{Authentication, Client, Unused, flow, record};
use super::credentials::{AuthorizationCode, AuthorizationState, CodeVerifier, IdNonce};
use super::error::{AuthorizeError, CallbackError, RequestError, TokenError};
use super::scope::{Scope, Scopes};
use super::server::Server;
use super::token::{LaunchContext, TokenSet, Wanted};
use super::url::{RedirectUri, ServerUrl};
use crate::time::Timestamp;

/// The longest URL that is counted on to reach a server, in bytes.
const MAX_GET_BYTES: usize = 2000;

/// What is asked of the user, and where the answer goes.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    redirect_uri: RedirectUri,
    scopes: Scopes,
    launch: Option<Launch>,
    parameters: Parameters,
}

/// Further parameters. `Debug` shows their names only: values may name the user, or be an id token.
#[derive(Clone, Default)]
struct Parameters(Vec<(String, String)>);

impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        formatter.debug_list().entries(names).finish()
    }
}

/// The parameters that the request writes itself, and those that would replace what it says or
/// where the answer goes.
const RESERVED: [&str; 13] = [
    "aud",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "launch",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// A launch from within an EHR.
#[derive(Clone)]
struct Launch {
    iss: ServerUrl,
    launch: String,
}

impl fmt::Debug for Launch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Launch({:?})", self.iss.as_str())
    }
}

impl AuthorizationRequest {
    /// Asks for these scopes, the answer to go to that address.
    pub fn new(redirect_uri: RedirectUri, scopes: Scopes) -> Self {
        Self {
            redirect_uri,
            scopes,
            launch: None,
            parameters: Parameters::default(),
        }
    }

    /// Adds a parameter of OpenID Connect or of the server's own, such as `prompt=consent` ([OpenID
    /// Connect Core, section
    /// 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)).
    ///
    /// # Errors
    ///
    /// If the request writes that parameter itself, the parameter could replace what the request
    /// says, or it is there already.
    pub fn with_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, AuthorizeError> {
        let name = name.into();
        let is_known = |(known, _): &(String, String)| *known == name;
        if name.is_empty()
            || RESERVED.contains(&name.as_str())
            || self.parameters.0.iter().any(is_known)
        {
            return Err(AuthorizeError::ReservedParameter { name });
        }
        self.parameters.0.push((name, value.into()));
        Ok(self)
    }

    /// Answers a launch from within an EHR, with the `iss` and `launch` that it came with; `launch`
    /// is asked for beside the other scopes ([SMART, EHR
    /// launch](https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch)).
    #[must_use]
    pub fn for_launch(mut self, iss: ServerUrl, launch: impl Into<String>) -> Self {
        if !self.scopes.means(&Scope::Launch) {
            self.scopes.insert(Scope::Launch);
        }
        let launch = launch.into();
        self.launch = Some(Launch { iss, launch });
        self
    }
}

/// The secrets of one authorization: never used for a second one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationSecrets {
    /// Ties the callback to the request.
    pub state: AuthorizationState,
    /// Ties the exchange to the request.
    pub verifier: CodeVerifier,
    /// Ties the id token to the request.
    pub nonce: IdNonce,
}

impl AuthorizationSecrets {
    /// 256 bits for each of the three. Take them from the operating system's generator, fresh for
    /// every authorization.
    pub fn from_random(state: [u8; 32], verifier: [u8; 32], nonce: [u8; 32]) -> Self {
        Self::new(
            AuthorizationState::from_random(state),
            CodeVerifier::from_random(verifier),
            IdNonce::from_random(nonce),
        )
    }

    /// Secrets read back from wherever the app stored them while the user was away.
    pub fn new(state: AuthorizationState, verifier: CodeVerifier, nonce: IdNonce) -> Self {
        Self {
            state,
            verifier,
            nonce,
        }
    }
}

/// An authorization in one of its states: [`AwaitingCallback`], then [`Authorized`].
///
/// A code cannot be exchanged before a callback was believed, and it cannot be exchanged twice:
///
/// ```compile_fail,E0599
/// # use smart_oauth::oauth2::{Authentication, Authorization, AwaitingCallback};
/// fn too_early(authorization: Authorization<AwaitingCallback>) {
///     let _ = authorization.request(&Authentication::Public);
/// }
/// ```
///
/// ```compile_fail,E0382
/// # use smart_oauth::oauth2::{Authorization, Authorized};
/// # use smart_oauth::Timestamp;
/// fn twice(authorization: Authorization<Authorized>, answer: http::Response<Vec<u8>>, now: Timestamp) {
///     let _ = authorization.receive(&answer, now);
///     let _ = authorization.receive(&answer, now);
/// }
/// ```
///
/// ```compile_fail,E0277
/// # use smart_oauth::oauth2::{Authorization, Authorized};
/// fn needs_clone(_: impl Clone) {}
/// fn copied(authorization: Authorization<Authorized>) {
///     needs_clone(authorization);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Authorization<S> {
    client: Client,
    redirect_uri: RedirectUri,
    scopes: Scopes,
    state: S,
}

/// The user was asked, or is about to be.
#[derive(Clone, Debug)]
pub struct AwaitingCallback {
    secrets: AuthorizationSecrets,
    page: ServerUrl,
    launch: Option<Launch>,
    parameters: Parameters,
}

/// The user has consented, and the callback was believed.
#[derive(Debug)]
pub struct Authorized {
    code: AuthorizationCode,
    verifier: CodeVerifier,
    nonce: Option<IdNonce>,
}

impl Client {
    /// Begins an authorization.
    ///
    /// # Errors
    ///
    /// When no scope is asked for, the server has no page that asks users, says that it can do no
    /// `S256` ([RFC 7636, section 4.2](https://www.rfc-editor.org/rfc/rfc7636#section-4.2)), or is
    /// not the one that the launch names.
    pub fn authorize(
        &self,
        request: AuthorizationRequest,
        secrets: AuthorizationSecrets,
    ) -> Result<Authorization<AwaitingCallback>, AuthorizeError> {
        if request.scopes.is_empty() {
            return Err(AuthorizeError::NoScopes);
        }
        if self.server().refuses_s256() {
            return Err(AuthorizeError::NoS256);
        }
        if let Some(launch) = &request.launch
            && !launch.iss.is_same_base(&self.server().fhir_base)
        {
            return Err(AuthorizeError::ForeignLaunch);
        }
        let page = self.server().authorize.clone();
        Ok(Authorization {
            client: self.clone(),
            redirect_uri: request.redirect_uri,
            scopes: request.scopes,
            state: AwaitingCallback {
                secrets,
                page: page.ok_or(AuthorizeError::NoEndpoint)?,
                launch: request.launch,
                parameters: request.parameters,
            },
        })
    }
}

impl Authorization<AwaitingCallback> {
    /// Where to send the user's browser by GET ([SMART, authorization
    /// code](https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code)).
    ///
    /// There may never be a callback: S4S shows fatal errors on a page of its own.
    pub fn authorize_url(&self) -> String {
        let page = self.state.page.url();
        let joint = if page.query().is_some() { '&' } else { '?' };
        format!("{page}{joint}{}", self.form())
    }

    /// What the browser has to post to [`page`](Self::page) instead, as
    /// `application/x-www-form-urlencoded` ([SMART, authorize by
    /// POST](https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code)).
    pub fn form(&self) -> String {
        let mut page = self.state.page.url().clone();
        page.set_query(None);
        let client_id = ::oauth2::ClientId::new(self.client.id().as_str().to_owned());
        let client = BasicClient::new(client_id).set_auth_uri(AuthUrl::from_url(page));
        let AuthorizationSecrets {
            state,
            verifier,
            nonce,
        } = &self.state.secrets;
        let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
        let redirect_uri = RedirectUrl::new(self.redirect_uri.as_str().to_owned());
        let scope = |scope: &Scope| ::oauth2::Scope::new(scope.to_string());
        let mut request = client
            .authorize_url(|| CsrfToken::new(state.expose().to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .set_redirect_uri(Cow::Owned(redirect_uri.expect("it parsed before")))
            .add_scopes(self.scopes.iter().map(scope))
            .add_extra_param("aud", self.audience());
        if let Some(launch) = &self.state.launch {
            request = request.add_extra_param("launch", launch.launch.as_str());
        }
        for (name, value) in &self.state.parameters.0 {
            request = request.add_extra_param(name.as_str(), value.as_str());
        }
        if self.scopes.means(&Scope::OpenId) {
            request = request.add_extra_param("nonce", nonce.expose());
        }
        let (url, _) = request.url();
        url.query().unwrap_or_default().to_owned()
    }

    /// The page that asks the user.
    pub fn page(&self) -> &ServerUrl {
        &self.state.page
    }

    /// Whether the server says that it takes the request by POST, which SMART prefers then:
    /// addresses end up in histories and logs.
    pub fn takes_post(&self) -> bool {
        self.client.server().has_capability("authorize-post")
    }

    /// Whether the request should not be sent by GET: the URL is over 2,000 bytes long, and the
    /// server says that it takes a POST.
    pub fn prefers_post(&self) -> bool {
        self.authorize_url().len() > MAX_GET_BYTES && self.takes_post()
    }

    /// What is asked for.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// The text under which an app may file the authorization while the user is away. It comes back
    /// in the callback.
    pub fn state(&self) -> &AuthorizationState {
        &self.state.secrets.state
    }

    /// Takes the state apart, for an app that has to store it while the user is away.
    pub fn into_parts(self) -> AuthorizationParts {
        AuthorizationParts {
            redirect_uri: self.redirect_uri,
            scopes: self.scopes,
            secrets: self.state.secrets,
            begun_at: None,
        }
    }

    /// Puts the state together again. It is ready for its callback; the user need not be asked once
    /// more.
    ///
    /// # Errors
    ///
    /// As [`Client::authorize`].
    pub fn from_parts(client: &Client, parts: AuthorizationParts) -> Result<Self, AuthorizeError> {
        let request = AuthorizationRequest::new(parts.redirect_uri, parts.scopes);
        client.authorize(request, parts.secrets)
    }

    /// The launch's own words for the server, which compares them; the FHIR base where there is no
    /// launch.
    fn audience(&self) -> &str {
        match &self.state.launch {
            Some(launch) => launch.iss.as_str(),
            None => self.client.server().fhir_base.as_str(),
        }
    }

    fn server(&self) -> &Server {
        self.client.server()
    }

    fn authorized(self, code: AuthorizationCode) -> Authorization<Authorized> {
        let AuthorizationSecrets {
            verifier, nonce, ..
        } = self.state.secrets;
        let nonce = self.scopes.means(&Scope::OpenId).then_some(nonce);
        Authorization {
            client: self.client,
            redirect_uri: self.redirect_uri,
            scopes: self.scopes,
            state: Authorized {
                code,
                verifier,
                nonce,
            },
        }
    }
}

/// What has to be kept while the user is away. Secrets are in it: store it where the user cannot
/// read it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationParts {
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// What was asked for.
    pub scopes: Scopes,
    /// State, verifier and nonce.
    pub secrets: AuthorizationSecrets,
    /// When the user was sent away, if that is known.
    pub begun_at: Option<Timestamp>,
}

impl AuthorizationParts {
    /// Parts read back from wherever the app stored them.
    pub fn new(redirect_uri: RedirectUri, scopes: Scopes, secrets: AuthorizationSecrets) -> Self {
        Self {
            redirect_uri,
            scopes,
            secrets,
            begun_at: None,
        }
    }

    /// Adds the time at which the user was sent away, so that an authorization that was never
    /// finished can be given up.
    #[must_use]
    pub fn with_begun_at(self, begun_at: Timestamp) -> Self {
        Self {
            begun_at: Some(begun_at),
            ..self
        }
    }
}

impl Authorization<Authorized> {
    /// Exchanges the code for tokens ([RFC 6749, section
    /// 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3), [RFC 7636, section
    /// 4.5](https://www.rfc-editor.org/rfc/rfc7636#section-4.5)).
    ///
    /// Send it once. When no answer came it may be sent again; when any came, the code is used up
    /// or no good.
    ///
    /// # Errors
    ///
    /// When the client's credentials cannot be written in the server's dialect.
    pub fn request(
        &self,
        authentication: &Authentication,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        let redirect_uri = RedirectUrl::new(self.redirect_uri.as_str().to_owned())
            .map_err(|_| RequestError::BadUrl)?;
        let verifier = PkceCodeVerifier::new(self.state.verifier.expose().to_owned());
        let code = ::oauth2::AuthorizationCode::new(self.state.code.expose().to_owned());
        let flow = flow(&self.client, &self.client.server().token);
        let mut exchange = flow
            .exchange_code(code)
            .set_pkce_verifier(verifier)
            .set_redirect_uri(Cow::Owned(redirect_uri));
        for (name, value) in authentication.fields(&self.client) {
            exchange = exchange.add_extra_param(name, value);
        }
        record(&self.client, authentication, |recorder| {
            exchange.request(recorder).map(|_: Unused| ())
        })
    }

    /// Takes the tokens, and the time at which they came. The code is gone after this, whatever the
    /// answer.
    ///
    /// # Errors
    ///
    /// When the server refuses or breaks down, or its answer holds no token.
    pub fn receive<B: AsRef<[u8]>>(
        self,
        response: &Response<B>,
        received_at: Timestamp,
    ) -> Result<TokenSet, TokenError> {
        let wanted = Wanted {
            scopes: self.scopes,
            nonce: self.state.nonce,
            context: LaunchContext::default(),
            dialect: self.client.dialect(),
        };
        TokenSet::read(response, wanted, received_at)
    }
}

#[cfg(test)]
mod tests;
