//! How a session ends: at the server, and in the vault.

use smart_oauth::oauth2::Token;

use super::Session;
use super::app::{origin, purpose};
use super::renewal::Unsaved;
use super::stored::Stored;
use crate::Error;
use crate::retry::Repeat;

impl Session {
    /// Ends the session: at the server ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)), and then in the vault.
    ///
    /// # Errors
    ///
    /// When the server has no revocation, as that of Sync for Science has none (show the user
    /// [`Server::manage`](smart_oauth::oauth2::Server::manage), and [`forget`](Self::forget) the session), or does not confirm it. The
    /// session is still in the vault then.
    pub async fn revoke(&self) -> Result<(), Error> {
        let mut newest = self.newest().await?;
        match self.revoke_at_server(&newest.held.stored).await {
            Ok(()) => Ok(newest.held.entry.remove().await?),
            Err(error) => {
                if newest.is_unsaved {
                    self.inner().flights.put_back(newest.held).await;
                }
                Err(error)
            }
        }
    }

    /// Takes the session out of the vault. The server is not told, and the tokens are good until they end.
    ///
    /// # Errors
    ///
    /// When the vault fails.
    pub async fn forget(&self) -> Result<(), Error> {
        let mut newest = self.newest().await?;
        Ok(newest.held.entry.remove().await?)
    }

    /// The refresh token, where there is one: servers end the access tokens that came from it too.
    async fn revoke_at_server(&self, stored: &Stored) -> Result<(), Error> {
        stored.check_is_of(self.app())?;
        let tokens = &stored.tokens;
        let token: Token = match &tokens.refresh_token {
            Some(token) => token.clone().into(),
            None => tokens.access_token.clone().into(),
        };
        let app = self.app().inner();
        let client = app.client().await?;
        let revocation = client.revoke(token);
        let server = client.server();
        let origin = origin(server.revoke.as_ref().unwrap_or(&server.token))?;
        let make = |authentication: &_| revocation.request(authentication);
        let purpose = purpose("revoke", Repeat::Always, &origin);
        let response = app.ask(purpose, &client, make).await?;
        Ok(revocation.receive(&response)?)
    }

    /// The last tokens that there are, with the entry held: those that could not be stored, or those of whichever process
    /// renewed them last.
    async fn newest(&self) -> Result<Newest, Error> {
        if let Some(held) = self.inner().flights.take_unsaved().await {
            let is_unsaved = true;
            return Ok(Newest { held, is_unsaved });
        }
        let mut entry = self.app().settings().vault.lock(self.key()).await?;
        let stored = match entry.read().await? {
            Some(entry) => Stored::from_entry(&entry)?,
            None => Stored::clone(&self.inner().current()),
        };
        Ok(Newest {
            held: Unsaved { stored, entry },
            is_unsaved: false,
        })
    }
}

struct Newest {
    held: Unsaved,
    is_unsaved: bool,
}
