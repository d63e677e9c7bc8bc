//! How a session ends: at the server, and in the vault.

use std::sync::Arc;

use smart_oauth::oauth2::{Client, Token, TokenError};

use super::Session;
use super::app::{origin, purpose};
use super::error::FhirError;
use super::lifecycle::ending;
use super::renewal::detached;
use super::session::Inner;
use super::stored::Stored;
use crate::Error;
use crate::exchange::retry::Repeat;

impl Session {
    /// Ends the session: at the server ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)), first
    /// the refresh token and then the access token, and after that in the vault. It runs to its end
    /// when the call is given up.
    ///
    /// # Errors
    ///
    /// When the server has no revocation, as that of Sync for Science has none (show the user
    /// [`Server::manage`](smart_oauth::oauth2::Server::manage), and [`forget`](Self::forget) the
    /// session), or does not confirm it; when somebody else logged in under the same name
    /// ([`FhirError::Replaced`]), whose session is left alone. The session is still in the vault
    /// then.
    pub async fn revoke(&self) -> Result<(), Error> {
        let session = Arc::clone(self.inner());
        detached(async move {
            let client = session.app.inner().client().await?;
            session.end(Some(&client)).await
        })
        .await
    }

    /// Takes the session out of the vault. The server is not told, and the tokens are good until
    /// they end. It runs to its end when the call is given up.
    ///
    /// # Errors
    ///
    /// When the vault fails, or somebody else logged in under the same name.
    pub async fn forget(&self) -> Result<(), Error> {
        let session = Arc::clone(self.inner());
        detached(async move { session.end(None).await }).await
    }
}

impl Inner {
    /// Ends the last tokens that there are: those that could not be stored, or those of whichever
    /// process renewed them last. Nothing is let go before it is done.
    async fn end(&self, at: Option<&Client>) -> Result<(), Error> {
        let mut last = self.queue.last.lock().await;
        let mut entry = self.app.settings().vault.lock(&self.key).await?;
        let found = self.stored(entry.read().await?)?;
        let newest = ending(&self.current(), last.unsaved.as_ref(), found)?;
        if let Some(client) = at {
            self.revoke_at_server(client, &newest).await?;
        }
        entry.remove().await?;
        last.unsaved = None;
        Ok(())
    }

    /// Both tokens: a server that ends a refresh token should end the access tokens that came from
    /// it, but need not ([RFC 7009, section
    /// 2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)).
    async fn revoke_at_server(&self, client: &Client, stored: &Stored) -> Result<(), Error> {
        let tokens = &stored.tokens;
        let access_token = tokens.access_token.clone();
        let Some(refresh_token) = tokens.refresh_token.clone() else {
            return self.revoke_token(client, access_token).await;
        };
        self.revoke_token(client, refresh_token).await?;
        match self.revoke_token(client, access_token).await {
            Err(error) if is_unsupported(&error) => {
                tracing::warn!(target: "smart", "the server ends refresh tokens only; the access token lives until it ends by itself");
                Ok(())
            }
            outcome => outcome,
        }
    }

    async fn revoke_token(&self, client: &Client, token: impl Into<Token>) -> Result<(), Error> {
        let revocation = client.revoke(token);
        let server = client.server();
        let origin = origin(server.revoke.as_ref().unwrap_or(&server.token))?;
        let make = |authentication: &_| revocation.request(authentication);
        let purpose = purpose("revoke", Repeat::Always, &origin);
        let response = self.app.inner().ask(purpose, client, &make).await?;
        Ok(revocation.receive(&response)?)
    }
}

/// Whether the server cannot end this kind of token
/// ([RFC 7009, section 2.2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1)).
fn is_unsupported(error: &Error) -> bool {
    match error {
        Error::Fhir(FhirError::Token(TokenError::Refused { refusal, .. })) => {
            refusal.code() == "unsupported_token_type"
        }
        _ => false,
    }
}
