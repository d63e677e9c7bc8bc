//! An app at one server.

use std::sync::Arc;

use smart_oauth::oauth2::s4s::{DebugFacts, DebugToken};
use smart_oauth::oauth2::{
    AuthorizationParts, ClientId, RegisteredClient, Registration, Server, ServerUrl, Token,
    TokenSet,
};

use super::{Authorization, Session};
use crate::Error;
use crate::blocking::runtime::BlockingRuntime;
use crate::fhir::{AppBuilder, EhrLaunch, LinkedBrands};
use crate::vault::VaultKey;

/// An app that is registered at one server, for threads that wait: see [`crate::fhir::App`], whose
/// methods these are.
#[derive(Clone, Debug)]
pub struct App {
    app: crate::fhir::App,
    runtime: BlockingRuntime,
}

impl AppBuilder {
    /// An app that the server knows, for threads that wait. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and when the operating system gives no thread.
    pub fn build_blocking(self) -> Result<App, Error> {
        App::new(self.build()?)
    }

    /// Registers the app at the server, for threads that wait.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), and when the operating system gives no thread.
    pub fn register_blocking(self, name: &str, scopes: &str) -> Result<App, Error> {
        let runtime = BlockingRuntime::new()?;
        let app = runtime.block_on(self.register(name, scopes))?;
        Ok(App { app, runtime })
    }

    /// The same, with a look at the registration before it is sent.
    ///
    /// # Errors
    ///
    /// As [`register_with`](Self::register_with), and if the operating system gives no thread.
    pub fn register_with_blocking(
        self,
        name: &str,
        scopes: &str,
        adjust: impl FnOnce(Registration) -> Registration + Send,
    ) -> Result<App, Error> {
        let runtime = BlockingRuntime::new()?;
        let app = runtime.block_on(self.register_with(name, scopes, adjust))?;
        Ok(App { app, runtime })
    }

    /// Registers a backend service at the server, for threads that wait.
    ///
    /// # Errors
    ///
    /// As [`register_backend`](Self::register_backend), and if the operating system gives no
    /// thread.
    #[cfg(feature = "jwt")]
    pub fn register_backend_blocking(self, name: &str, scopes: &str) -> Result<App, Error> {
        let runtime = BlockingRuntime::new()?;
        let app = runtime.block_on(self.register_backend(name, scopes))?;
        Ok(App { app, runtime })
    }

    /// The same, with a look at the registration before it is sent.
    ///
    /// # Errors
    ///
    /// As [`register_backend_with`](Self::register_backend_with), and if the operating system gives
    /// no thread.
    #[cfg(feature = "jwt")]
    pub fn register_backend_with_blocking(
        self,
        name: &str,
        scopes: &str,
        adjust: impl FnOnce(Registration) -> Registration + Send,
    ) -> Result<App, Error> {
        let runtime = BlockingRuntime::new()?;
        let app = runtime.block_on(self.register_backend_with(name, scopes, adjust))?;
        Ok(App { app, runtime })
    }
}

impl App {
    /// The blocking face of an app that was used nowhere else yet: connections stay on the runtime
    /// that opened them.
    ///
    /// # Errors
    ///
    /// When the operating system gives no thread.
    pub fn new(app: crate::fhir::App) -> Result<Self, Error> {
        let runtime = BlockingRuntime::new()?;
        Ok(Self { app, runtime })
    }

    /// The app's name at the server.
    pub fn client_id(&self) -> &ClientId {
        self.app.client_id()
    }

    /// The base of the server's FHIR resources.
    pub fn fhir_base(&self) -> &ServerUrl {
        self.app.fhir_base()
    }

    /// What the server said when this value was registered, to be kept.
    pub fn registration(&self) -> Option<&RegisteredClient> {
        self.app.registration()
    }

    /// What the server says of itself.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::App::server`].
    pub fn server(&self) -> Result<Arc<Server>, Error> {
        self.runtime.block_on(self.app.server())
    }

    /// Fetches the brands that the server links to.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::App::brands`].
    pub fn brands(&self, etag: Option<&str>) -> Result<LinkedBrands, Error> {
        self.runtime.block_on(self.app.brands(etag))
    }

    /// Begins an authorization.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::App::authorize`].
    pub fn authorize(&self, scopes: &str) -> Result<Authorization, Error> {
        let begun = self.runtime.block_on(self.app.authorize(scopes))?;
        Ok(Authorization::new(begun, self.runtime.clone()))
    }

    /// Begins an authorization with further parameters.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::App::authorize_with`].
    pub fn authorize_with(
        &self,
        scopes: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Authorization, Error> {
        let begun = self.app.authorize_with(scopes, parameters);
        let begun = self.runtime.block_on(begun)?;
        Ok(Authorization::new(begun, self.runtime.clone()))
    }

    /// Answers a launch from within an EHR.
    ///
    /// # Errors
    ///
    /// As [`EhrLaunch::authorize`].
    pub fn answer_launch(&self, launch: &EhrLaunch, scopes: &str) -> Result<Authorization, Error> {
        let begun = self.runtime.block_on(launch.authorize(&self.app, scopes))?;
        Ok(Authorization::new(begun, self.runtime.clone()))
    }

    /// Answers a launch from within an EHR, with further parameters.
    ///
    /// # Errors
    ///
    /// As [`EhrLaunch::authorize_with`].
    pub fn answer_launch_with(
        &self,
        launch: &EhrLaunch,
        scopes: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Authorization, Error> {
        let begun = launch.authorize_with(&self.app, scopes, parameters);
        let begun = self.runtime.block_on(begun)?;
        Ok(Authorization::new(begun, self.runtime.clone()))
    }

    /// Goes on with an authorization that another process, or an earlier request to this one,
    /// began.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::App::resume_authorization`].
    pub fn resume_authorization(&self, parts: AuthorizationParts) -> Result<Authorization, Error> {
        let resumed = self
            .runtime
            .block_on(self.app.resume_authorization(parts))?;
        Ok(Authorization::new(resumed, self.runtime.clone()))
    }

    /// A session of the app's own.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::App::client_credentials`].
    pub fn client_credentials(&self, scopes: &str) -> Result<Session, Error> {
        self.session(self.app.client_credentials(scopes))
    }

    /// The session that the vault has under this name.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::open`].
    pub fn open_session(&self, key: VaultKey) -> Result<Session, Error> {
        self.session(crate::fhir::Session::open(&self.app, key))
    }

    /// A session of tokens that came another way.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::with_tokens`].
    pub fn session_with_tokens(&self, key: VaultKey, tokens: TokenSet) -> Result<Session, Error> {
        self.session(crate::fhir::Session::with_tokens(&self.app, key, tokens))
    }

    /// A session with tokens that a development server makes without asking anybody.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::App::debug_session`].
    pub fn debug_session(&self, token: &DebugToken) -> Result<Session, Error> {
        self.session(self.app.debug_session(token))
    }

    /// A session with tokens that a development server makes, under a name of the app's choice.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::App::debug_session_as`].
    pub fn debug_session_as(&self, token: &DebugToken, key: VaultKey) -> Result<Session, Error> {
        self.session(self.app.debug_session_as(token, key))
    }

    /// What a development server has on file about a token.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::App::debug_introspect`].
    pub fn debug_introspect(
        &self,
        token: impl Into<Token> + Send,
    ) -> Result<Option<DebugFacts>, Error> {
        self.runtime.block_on(self.app.debug_introspect(token))
    }

    fn session(
        &self,
        session: impl Future<Output = Result<crate::fhir::Session, Error>>,
    ) -> Result<Session, Error> {
        let session = self.runtime.block_on(session)?;
        Ok(Session::new(session, self.runtime.clone()))
    }
}
