//! An app at one server: who it is, what the server offers, and the way there.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::lock::Mutex;
use http::{Request, Response, Uri};
use smart_fhir::Limits;
#[cfg(feature = "jwt")]
use smart_oauth::oauth2::AssertionKeys;
use smart_oauth::oauth2::{
    AuthMethod, Authentication, Client, ClientId, ClientSecret, RedirectUri, RegisteredClient,
    Registration, RequestError, Scopes, Server, ServerUrl, TokenDialect,
};
use smart_transport::Origin;

use super::builder::{AppBuilder, sendable};
use super::discovery::Known;
use crate::Error;
use crate::exchange::clock::Ahead;
use crate::exchange::environment::Environment;
use crate::exchange::retry::Repeat;
use crate::exchange::{self, MakeRequest, Purpose, Timed};
use crate::vault::SharedVault;

/// An app that is registered at one SMART on FHIR server. A clone is cheap and shares connections,
/// vault, and what is known of the server.
///
/// ```
/// # use bytes::Bytes;
/// # use http::{Request, Response};
/// # async fn ehr(request: Request<Bytes>) -> Result<Response<Bytes>, smart::transport::TransportError> {
/// #     let (status, body) = match request.uri().path() {
/// #         "/fhir/.well-known/smart-configuration" => (200, r#"{
/// #             "authorization_endpoint": "https://ehr.example/authorize", "token_endpoint": "https://ehr.example/token",
/// #             "registration_endpoint": "https://ehr.example/register", "capabilities": ["launch-standalone", "permission-v2"]}"#),
/// #         "/register" => (201, r#"{"client_id": "c1", "client_secret": "hush"}"#),
/// #         "/token" => (200, r#"{"access_token": "t1", "token_type": "Bearer", "expires_in": 3600, "patient": "123"}"#),
/// #         "/fhir/Patient/123" => (200, r#"{"resourceType": "Patient"}"#),
/// #         _ => (404, ""),
/// #     };
/// #     let response = Response::builder().status(status).header("content-type", "application/json");
/// #     Ok(response.body(Bytes::from(body)).unwrap())
/// # }
/// # fn the_browser_comes_back(url: &str) -> String {
/// #     let state = url.split("state=").nth(1).unwrap().split('&').next().unwrap();
/// #     format!("http://localhost:8000/back?code=c&state={state}")
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use smart::fhir::App;
///
/// let app = App::builder("https://ehr.example/fhir")
///     .redirect_uri("http://localhost:8000/back")
///     .transport(ehr) // answers from memory here; leave it out to talk to the server
///     .register("Pill counter", "launch/patient patient/*.rs offline_access")
///     .await?;
/// let authorization = app.authorize("launch/patient patient/*.rs").await?;
/// let callback = the_browser_comes_back(authorization.authorize_url());
/// let session = authorization.exchange(&callback).await?;
///
/// let patient = session.patient().ok_or("the server named no patient")?;
/// let request = http::Request::get(format!("https://ehr.example/fhir/Patient/{patient}")).body(Bytes::new())?;
/// let response = session.send(request).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// What all clones have in common.
pub(super) struct Inner {
    client_id: ClientId,
    registration: Option<RegisteredClient>,
    settings: Settings,
    known: Mutex<Option<Known>>,
    #[cfg(feature = "jwt")]
    pub(super) keys: Mutex<Option<super::identity::KnownKeys>>,
}

/// What a builder was told.
pub(super) struct Settings {
    pub(super) fhir_base: ServerUrl,
    /// Where tokens belong.
    pub(super) origin: Origin,
    pub(super) redirect_uri: Option<RedirectUri>,
    pub(super) credential: Credential,
    pub(super) dialect: Option<TokenDialect>,
    /// Whether what the scopes do not cover is refused here.
    pub(super) checks_scopes: bool,
    pub(super) limits: Limits,
    pub(super) vault: SharedVault,
    pub(super) environment: Environment,
}

/// How an app proves who it is.
pub(super) enum Credential {
    #[cfg(feature = "jwt")]
    Key(Box<AssertionKeys>),
    Public,
    Secret(ClientSecret),
    SecretInForm(ClientSecret),
}

impl Credential {
    fn is_key(&self) -> bool {
        !matches!(self, Self::Public | Self::Secret(_) | Self::SecretInForm(_))
    }
}

impl App {
    /// A builder for an app at the server whose FHIR resources are below this base.
    pub fn builder(fhir_base: impl Into<String>) -> AppBuilder {
        AppBuilder::new(fhir_base.into())
    }

    /// An app that the server knows, by its name and the secret that both share. See
    /// [`builder`](Self::builder) for all else.
    ///
    /// # Errors
    ///
    /// When an address cannot be used.
    pub fn new(
        fhir_base: &str,
        client_id: impl Into<ClientId>,
        secret: impl Into<ClientSecret>,
        redirect_uri: &str,
    ) -> Result<Self, Error> {
        Self::builder(fhir_base)
            .client_id(client_id)
            .client_secret(secret)
            .redirect_uri(redirect_uri)
            .build()
    }

    /// Registers an app at a server, by a name that users are shown, the address that browsers come
    /// back to, and all scopes that it will ever ask for. See [`AppBuilder::register`], which has
    /// more to set.
    ///
    /// # Errors
    ///
    /// When the server has no registration or refuses it, or an address or scope cannot be used.
    pub async fn register(
        fhir_base: &str,
        name: &str,
        redirect_uri: &str,
        scopes: &str,
    ) -> Result<Self, Error> {
        let builder = Self::builder(fhir_base).redirect_uri(redirect_uri);
        builder.register(name, scopes).await
    }

    pub(super) fn of(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The app's name at the server.
    pub fn client_id(&self) -> &ClientId {
        &self.inner.client_id
    }

    /// The base of the server's FHIR resources. Tokens go to its origin and nowhere else.
    pub fn fhir_base(&self) -> &ServerUrl {
        &self.inner.settings.fhir_base
    }

    /// What the server said when this value was registered: the client id and the secret, to be
    /// kept.
    pub fn registration(&self) -> Option<&RegisteredClient> {
        self.inner.registration.as_ref()
    }

    /// What the server says of itself: `.well-known/smart-configuration`, or for old servers the
    /// capability statement. It is asked once, and again when the answer has become stale by the
    /// rules of [HTTP](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.1); a stale answer
    /// serves on while the server is not there.
    ///
    /// # Errors
    ///
    /// When the server does not answer, or is no SMART on FHIR server.
    pub async fn server(&self) -> Result<Arc<Server>, Error> {
        self.inner.server().await
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.inner.settings.environment
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    pub(super) fn new(client_id: ClientId, settings: Settings) -> Self {
        Self {
            client_id,
            registration: None,
            settings,
            known: Mutex::new(None),
            #[cfg(feature = "jwt")]
            keys: Mutex::new(None),
        }
    }

    pub(super) async fn register(
        self,
        registration: Registration,
        scopes: Scopes,
    ) -> Result<Self, Error> {
        let server = self.server().await?;
        let registration = registration.with_scopes(spelled_for(&server, &scopes));
        let endpoint = server.register.as_ref();
        let origin = origin(endpoint.unwrap_or(&server.token))?;
        let purpose = purpose("register", Repeat::IfUnprocessed, &origin);
        let make = |_ahead| Ok(sendable(registration.request(&server)?));
        let response = self.exchange(purpose, &make).await?;
        let registered = registration.receive(&response)?;
        let in_form =
            registered.auth_method.as_deref() == Some(AuthMethod::ClientSecretPost.as_str());
        let mut settings = self.settings;
        // whatever was asked, a secret makes the app a confidential one
        match registered.client_secret.clone() {
            // a secret that no method was named for does not replace the key
            Some(_) if settings.credential.is_key() && !registered.sends_a_secret() => {}
            Some(secret) if in_form => settings.credential = Credential::SecretInForm(secret),
            Some(secret) => settings.credential = Credential::Secret(secret),
            None => {}
        }
        Ok(Self {
            client_id: registered.client_id.clone(),
            registration: Some(registered),
            settings,
            ..self
        })
    }

    pub(super) async fn server(&self) -> Result<Arc<Server>, Error> {
        // whoever comes while the server is being asked gets the same answer
        let mut known = self.known.lock().await;
        super::discovery::server(self, &mut known).await
    }

    /// The server is to be asked again: an address of its led nowhere.
    pub(super) async fn forget_server(&self) {
        *self.known.lock().await = None;
    }

    /// The app and the server as the layer below wants them.
    pub(super) async fn client(&self) -> Result<Client, Error> {
        let server = self.server().await?;
        let client = Client::new(self.client_id.clone(), Server::clone(&server));
        Ok(match self.settings.dialect {
            Some(dialect) => client.with_dialect(dialect),
            None => client,
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Carries out an exchange that the app need not prove itself in.
    pub(super) async fn exchange(
        &self,
        purpose: Purpose<'_>,
        make: MakeRequest<'_>,
    ) -> Result<Response<Bytes>, Error> {
        self.settings.environment.exchange(purpose, &make).await
    }

    /// Sends a request to an address that the app has to prove itself at. A signed statement is
    /// made anew for each attempt, and with the server's time when it was refused with this
    /// machine's.
    pub(super) async fn ask(
        &self,
        purpose: Purpose<'_>,
        client: &Client,
        make: &MakeAuthenticated<'_>,
    ) -> Result<Response<Bytes>, Error> {
        let timed = if self.signs_statements() {
            Timed::Statement
        } else {
            Timed::Nothing
        };
        let make = |ahead| Ok(sendable(make(&self.authentication(client, ahead)?)?));
        self.exchange(Purpose { timed, ..purpose }, &make).await
    }

    #[cfg_attr(
        not(feature = "jwt"),
        expect(
            clippy::unnecessary_wraps,
            unused_variables,
            reason = "signing takes the time, and can fail"
        )
    )]
    fn authentication(&self, client: &Client, ahead: Ahead) -> Result<Authentication, Error> {
        Ok(match &self.settings.credential {
            #[cfg(feature = "jwt")]
            Credential::Key(keys) => {
                let key = keys.for_server(client.server());
                let environment = &self.settings.environment;
                let statement = key.assert(
                    client,
                    environment.random()?,
                    environment.clock().time(ahead)?,
                )?;
                Authentication::Assertion(statement)
            }
            Credential::Public => Authentication::Public,
            Credential::Secret(secret) if takes_forms_only(client.server()) => {
                Authentication::SecretForm(secret.clone())
            }
            Credential::Secret(secret) => Authentication::SecretBasic(secret.clone()),
            Credential::SecretInForm(secret) => Authentication::SecretForm(secret.clone()),
        })
    }

    /// Whether the app cannot prove who it is.
    pub(super) fn is_public(&self) -> bool {
        matches!(self.settings.credential, Credential::Public)
    }

    fn signs_statements(&self) -> bool {
        self.settings.credential.is_key()
    }
}

fn takes_forms_only(server: &Server) -> bool {
    let takes = |method: AuthMethod| {
        let mut methods = server.token_auth_methods.iter();
        methods.any(|known| known == method.as_str())
    };
    takes(AuthMethod::ClientSecretPost) && !takes(AuthMethod::ClientSecretBasic)
}

/// The scopes as the server reads them: as version 1 writes them, unless it announces version 2.
pub(super) fn spelled_for(server: &Server, scopes: &Scopes) -> Scopes {
    if server.speaks_scopes_v2() {
        scopes.clone()
    } else {
        scopes.to_v1()
    }
}

/// An exchange that is about nobody's record.
pub(super) fn purpose<'p>(name: &'static str, repeat: Repeat, origin: &'p Origin) -> Purpose<'p> {
    Purpose {
        name,
        path: name,
        record: None,
        repeat,
        timed: Timed::Nothing,
        origin,
    }
}

pub(super) fn origin(url: &ServerUrl) -> Result<Origin, Error> {
    let uri: Result<Uri, _> = url.as_str().parse();
    exchange::origin(&uri.map_err(|_| RequestError::BadUrl)?)
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("App")
            .field("client_id", self.client_id())
            .field("fhir_base", self.fhir_base())
            .finish_non_exhaustive()
    }
}

/// Makes a request by which the app proves itself.
type MakeAuthenticated<'m> =
    dyn Fn(&Authentication) -> Result<Request<Vec<u8>>, RequestError> + Send + Sync + 'm;
