//! How an app is put together, and how it becomes known to a server.

use std::error::Error as StdError;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use smart_fhir::Limits;
#[cfg(feature = "jwt")]
use smart_oauth::oauth2::AssertionKeys;
use smart_oauth::oauth2::{
    AuthMethod, ClientId, ClientSecret, RedirectUri, Registration, Scopes, ServerUrl, TokenDialect,
};
use smart_transport::{SharedTransport, Transport};

use super::app::{App, Credential, Inner, Settings};
use super::session::Session;
use crate::exchange::environment::EnvironmentBuilder;
use crate::exchange::recorder::Recorder;
use crate::vault::{MemoryVault, SharedVault, Vault};
use crate::{Error, Retries};

/// The settings of an [`App`]. Made by [`App::builder`]; ends with [`register`](Self::register), or
/// with [`build`](Self::build) for an app that the server knows already.
#[must_use = "a builder does nothing until build or register is called"]
pub struct AppBuilder {
    fhir_base: String,
    plain_http: bool,
    client_id: Option<ClientId>,
    credential: Credential,
    redirect_uri: Option<String>,
    dialect: Option<TokenDialect>,
    checks_scopes: bool,
    limits: Limits,
    vault: SharedVault,
    environment: EnvironmentBuilder,
}

impl AppBuilder {
    pub(super) fn new(fhir_base: String) -> Self {
        Self {
            fhir_base,
            plain_http: false,
            client_id: None,
            credential: Credential::Public,
            redirect_uri: None,
            dialect: None,
            checks_scopes: true,
            limits: Limits::default(),
            vault: SharedVault(Arc::new(MemoryVault::new())),
            environment: EnvironmentBuilder::default(),
        }
    }

    /// The app's name at this server.
    pub fn client_id(mut self, client_id: impl Into<ClientId>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The secret that app and server share. It is sent by HTTP Basic; by form where the server
    /// says that it takes nothing else.
    pub fn client_secret(mut self, secret: impl Into<ClientSecret>) -> Self {
        self.credential = Credential::Secret(secret.into());
        self
    }

    /// The key that the app signs statements with, in place of a secret (`private_key_jwt`): an
    /// [`AssertionKey`](smart_oauth::oauth2::AssertionKey), or several [`AssertionKeys`].
    #[cfg(feature = "jwt")]
    pub fn signing_key(mut self, keys: impl Into<AssertionKeys>) -> Self {
        self.credential = Credential::Key(Box::new(keys.into()));
        self
    }

    /// Where the user's browser comes back to, letter by letter as it is registered.
    pub fn redirect_uri(mut self, redirect_uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(redirect_uri.into());
        self
    }

    /// How the token endpoint is spoken to, where what was found out about the server leads to the
    /// wrong choice.
    pub fn dialect(mut self, dialect: TokenDialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Sends what the granted scopes do not cover, too. Without this it is refused before it is
    /// sent, with the reason; servers that read scopes in their own way may allow more than the
    /// scopes say.
    pub fn send_beyond_scopes(mut self) -> Self {
        self.checks_scopes = false;
        self
    }

    /// How much of the server's answers about data is read.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Allows plain `http` to other machines: for the server, for what it names, and for the
    /// redirect URI. Whoever is on the way reads every secret. A transport has to allow it too.
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Where tokens are kept; without it, in memory. Apps that share a vault share its sessions.
    pub fn vault(mut self, vault: impl Vault) -> Self {
        self.vault = SharedVault(Arc::new(vault));
        self
    }

    /// What carries the requests; without it, a
    /// [`HyperTransport`](crate::transport::HyperTransport) with its defaults and the proxy of the
    /// environment.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.environment.transport = Some(SharedTransport::new(transport));
        self
    }

    /// How requests are made again that failed for a passing reason.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.environment.retries = retries;
        self
    }

    /// Writes down every exchange for a bug report, without ids, secrets, tokens, parameters'
    /// values and bodies.
    pub fn record_exchanges(mut self, sink: impl Write + Send + 'static) -> Self {
        self.environment.recorder = Recorder::to(sink);
        self
    }

    /// The time, by which tokens are refreshed; without it, the system's. For tests.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.environment.set_clock(clock);
        self
    }

    /// What fills states, verifiers and nonces with random bytes; without it, the operating system.
    /// For tests: an app whose states can be guessed can be given other people's records.
    pub fn randomness(
        mut self,
        fill: impl Fn(&mut [u8]) -> Result<(), Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        self.environment.set_randomness(fill);
        self
    }

    /// An app that the server knows. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When the client id is missing ([`Error::MissingSetting`]), or an address cannot be used.
    pub fn build(mut self) -> Result<App, Error> {
        let client_id = self.client_id.take();
        let settings = self.settings()?;
        let client_id = client_id.ok_or(Error::MissingSetting {
            setting: "client_id",
        })?;
        Ok(App::of(Inner::new(client_id, settings)))
    }

    /// A session at a server that requires no login, such as a public test server: nothing is
    /// registered, and no token is sent.
    ///
    /// # Errors
    ///
    /// When an address cannot be used.
    pub fn without_login(self) -> Result<Session, Error> {
        let nameless = App::of(Inner::new(ClientId::new(""), self.settings()?));
        Session::without_login(nameless)
    }

    /// Registers the app at the server, under a name that users are shown, for scopes such as
    /// `launch/patient patient/*.read offline_access` ([RFC
    /// 7591](https://www.rfc-editor.org/rfc/rfc7591)). Name all scopes that the app will ever ask
    /// for.
    ///
    /// Keep what [`App::registration`] holds: a registration is forever, and is not to be made anew
    /// at every start. At the server of Sync for Science an app has one authorization at a time, so
    /// that there it needs a registration for each participant.
    ///
    /// # Errors
    ///
    /// When the server has no registration or refuses it, or a setting is missing or cannot be
    /// used.
    pub async fn register(self, name: &str, scopes: &str) -> Result<App, Error> {
        self.register_with(name, scopes, |registration| registration)
            .await
    }

    /// The same, with a look at the registration before it is sent: to add a logo, the app's public
    /// keys ([`with_jwks_uri`](Registration::with_jwks_uri)), or the token that allows the
    /// registration ([`with_initial_access_token`](Registration::with_initial_access_token)).
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register).
    pub async fn register_with(
        self,
        name: &str,
        scopes: &str,
        adjust: impl FnOnce(Registration) -> Registration + Send,
    ) -> Result<App, Error> {
        let scopes: Scopes = scopes.parse()?;
        let auth_method = match &self.credential {
            #[cfg(feature = "jwt")]
            Credential::Key(_) => AuthMethod::PrivateKeyJwt,
            _ => AuthMethod::ClientSecretBasic,
        };
        let settings = self.settings()?;
        let redirect_uri = settings.redirect_uri.clone();
        let redirect_uri = redirect_uri.ok_or(Error::MissingSetting {
            setting: "redirect_uri",
        })?;
        let registration = Registration::new([redirect_uri])
            .with_name(name)
            .with_auth_method(auth_method);
        // the app has no name yet, and needs none to look the server up
        let nameless = Inner::new(ClientId::new(""), settings);
        let app = nameless.register(adjust(registration), scopes).await?;
        Ok(App::of(app))
    }

    /// Registers a backend service, which acts without a user, with the public halves of its
    /// [signing keys](Self::signing_key). It needs no redirect URI. See [`App::client_credentials`]
    /// for what comes next.
    ///
    /// # Errors
    ///
    /// If there is no signing key, and as [`register`](Self::register).
    #[cfg(feature = "jwt")]
    pub async fn register_backend(self, name: &str, scopes: &str) -> Result<App, Error> {
        self.register_backend_with(name, scopes, |registration| registration)
            .await
    }

    /// The same, with a look at the registration before it is sent: to name the address where the
    /// keys are served ([`with_jwks_uri`](Registration::with_jwks_uri)), or to add the token that
    /// allows the registration
    /// ([`with_initial_access_token`](Registration::with_initial_access_token)).
    ///
    /// # Errors
    ///
    /// As [`register_backend`](Self::register_backend).
    #[cfg(feature = "jwt")]
    pub async fn register_backend_with(
        self,
        name: &str,
        scopes: &str,
        adjust: impl FnOnce(Registration) -> Registration + Send,
    ) -> Result<App, Error> {
        let scopes: Scopes = scopes.parse()?;
        let settings = self.settings()?;
        let Credential::Key(keys) = &settings.credential else {
            return Err(Error::MissingSetting {
                setting: "signing_key",
            });
        };
        let registration = Registration::backend()
            .with_name(name)
            .with_jwks(keys.to_jwks()?);
        let nameless = Inner::new(ClientId::new(""), settings);
        let app = nameless.register(adjust(registration), scopes).await?;
        Ok(App::of(app))
    }

    fn settings(self) -> Result<Settings, Error> {
        let (fhir_base, redirect_uri) = if self.plain_http {
            let redirect_uri = self
                .redirect_uri
                .as_deref()
                .map(RedirectUri::with_plain_http);
            (ServerUrl::with_plain_http(&self.fhir_base)?, redirect_uri)
        } else {
            let redirect_uri = self.redirect_uri.as_deref().map(RedirectUri::new);
            (ServerUrl::new(&self.fhir_base)?, redirect_uri)
        };
        Ok(Settings {
            origin: super::app::origin(&fhir_base)?,
            fhir_base,
            redirect_uri: redirect_uri.transpose()?,
            credential: self.credential,
            dialect: self.dialect,
            checks_scopes: self.checks_scopes,
            limits: self.limits,
            vault: self.vault,
            environment: self.environment.build(),
        })
    }
}

impl fmt::Debug for AppBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AppBuilder")
            .field("fhir_base", &self.fhir_base)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Requests as the layer below makes them, as the transport takes them.
pub(super) fn sendable(request: http::Request<Vec<u8>>) -> http::Request<Bytes> {
    request.map(Bytes::from)
}

/// Fetches what is at an address.
pub(super) fn get(address: &ServerUrl) -> Result<http::Request<Bytes>, Error> {
    let mut request = http::Request::new(Bytes::new());
    let uri = address.as_str().parse();
    *request.uri_mut() = uri.map_err(|_| smart_oauth::oauth2::RequestError::BadUrl)?;
    let json = http::HeaderValue::from_static("application/json");
    request.headers_mut().insert(http::header::ACCEPT, json);
    Ok(request)
}
