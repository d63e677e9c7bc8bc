//! The user's consent.

use smart_oauth::oauth2::{AuthorizationParts, Scopes};

use super::Session;
use crate::Error;
use crate::blocking::runtime::BlockingRuntime;
use crate::vault::VaultKey;

/// An authorization that waits for the user, for blocking code: see
/// [`crate::fhir::Authorization`], whose methods these are.
#[derive(Clone, Debug)]
pub struct Authorization {
    authorization: crate::fhir::Authorization,
    runtime: BlockingRuntime,
}

impl Authorization {
    pub(super) fn new(authorization: crate::fhir::Authorization, runtime: BlockingRuntime) -> Self {
        Self {
            authorization,
            runtime,
        }
    }

    /// Where to send the user's browser.
    pub fn authorize_url(&self) -> &str {
        self.authorization.authorize_url()
    }

    /// What the browser has to post, and where to, in place of the address.
    pub fn form(&self) -> Option<(String, String)> {
        self.authorization.form()
    }

    /// The `state`, by which a web app finds the authorization that a callback belongs to.
    pub fn state(&self) -> &str {
        self.authorization.state()
    }

    /// Scopes that were asked for although the server does not announce them.
    pub fn unannounced(&self) -> Scopes {
        self.authorization.unannounced()
    }

    /// The state, to be kept while the user is away.
    pub fn into_parts(self) -> AuthorizationParts {
        self.authorization.into_parts()
    }

    /// Takes the address that the browser came back to.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Authorization::exchange`].
    pub fn exchange(&self, callback: &str) -> Result<Session, Error> {
        self.session(self.authorization.exchange(callback))
    }

    /// The same, under a name of the app's choice.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Authorization::exchange_as`].
    pub fn exchange_as(&self, callback: &str, key: VaultKey) -> Result<Session, Error> {
        self.session(self.authorization.exchange_as(callback, key))
    }

    fn session(
        &self,
        session: impl Future<Output = Result<crate::fhir::Session, Error>>,
    ) -> Result<Session, Error> {
        let session = self.runtime.block_on(session)?;
        Ok(Session::new(session, self.runtime.clone()))
    }
}
