//! The dance in which a user allows an app to read a record.

use smart_api::RecordId;
use smart_oauth::oauth1::Verifier;

use super::Record;
use crate::Error;
use crate::blocking::runtime::BlockingRuntime;
use crate::classic::AuthorizationParts;

/// A dance that waits for the user, for blocking code: see
/// [`crate::classic::Authorization`], whose methods these are.
#[derive(Clone, Debug)]
pub struct Authorization {
    authorization: crate::classic::Authorization,
    runtime: BlockingRuntime,
}

impl Authorization {
    pub(super) fn new(
        authorization: crate::classic::Authorization,
        runtime: BlockingRuntime,
    ) -> Self {
        Self {
            authorization,
            runtime,
        }
    }

    /// The record that the user is asked for.
    pub fn record_id(&self) -> &RecordId {
        self.authorization.record_id()
    }

    /// The public half of the request token.
    pub fn request_token(&self) -> &str {
        self.authorization.request_token()
    }

    /// Where to send the user's browser.
    pub fn authorize_url(&self) -> String {
        self.authorization.authorize_url()
    }

    /// Takes the URL that the container opened after the user agreed.
    ///
    /// # Errors
    ///
    /// As [`crate::classic::Authorization::exchange`].
    pub fn exchange(&self, callback_url: &str) -> Result<Record, Error> {
        let finished = self.authorization.exchange(callback_url);
        self.runtime
            .block_on(finished)
            .map(|record| Record::new(record, self.runtime.clone()))
    }

    /// The same with a verifier that the user typed in.
    ///
    /// # Errors
    ///
    /// As [`crate::classic::Authorization::exchange_verifier`].
    pub fn exchange_verifier(&self, verifier: impl Into<Verifier>) -> Result<Record, Error> {
        let finished = self.authorization.exchange_verifier(verifier);
        self.runtime
            .block_on(finished)
            .map(|record| Record::new(record, self.runtime.clone()))
    }

    /// The state, to be kept while the user is away.
    pub fn into_parts(self) -> AuthorizationParts {
        self.authorization.into_parts()
    }
}
