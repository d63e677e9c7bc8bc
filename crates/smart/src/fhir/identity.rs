//! Who the user is: the id token, validated.

use smart_oauth::oauth2::{IdClaims, IdTokenError, Jwks, ServerUrl};

use super::Session;
use super::app::{Inner, origin, purpose};
use super::builder::get;
use super::error::FhirError;
use crate::Error;
use crate::exchange::Exchanger as _;
use crate::retry::Repeat;

impl Session {
    /// Who the user is, as the server says in an id token: for scopes `openid` and `fhirUser`
    /// ([SMART, identity](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data)).
    /// Signature, server, audience, times and nonce are checked before anything in it can be read. The server's keys are fetched
    /// once, and once more when the token names none of them.
    ///
    /// An id token is good for minutes after the login: ask soon. `None` where the server sent none.
    ///
    /// # Errors
    ///
    /// When the token is not to be believed ([`FhirError::IdToken`]), or the server's keys cannot be had.
    pub async fn identity(&self) -> Result<Option<IdClaims>, Error> {
        let Some(token) = self.tokens().id_token else {
            return Ok(None);
        };
        let app = self.app().inner();
        let client = app.client().await?;
        let address = client.server().jwks.as_ref();
        let address = address.ok_or(FhirError::NoKeys)?;
        let now = self.app().means().now()?;
        let mut keys = app.keys.lock().await;
        let mut are_fresh = false;
        if keys.is_none() {
            *keys = Some(fetch(app, address).await?);
            are_fresh = true;
        }
        loop {
            let known = keys.as_ref().expect("they were fetched above");
            match token.validate(known, &client, now) {
                Err(IdTokenError::UnknownKey) if !are_fresh => {
                    *keys = Some(fetch(app, address).await?);
                    are_fresh = true;
                }
                outcome => return Ok(outcome.map(Some)?),
            }
        }
    }
}

async fn fetch(app: &Inner, address: &ServerUrl) -> Result<Jwks, Error> {
    let origin = origin(address)?;
    let response = app
        .exchange(purpose("keys", Repeat::Always, &origin), |_ahead| {
            get(address)
        })
        .await?;
    Ok(Jwks::receive(&response)?)
}
