//! The dance in which a user allows an app to read a record.

use smart_api::RecordId;
use smart_oauth::oauth1::{
    AwaitingVerifier, Dance, DanceParts, Endpoints, RequestToken, SignError, Verified, Verifier,
};

use crate::Error;
use crate::classic::{Client, Record};
use crate::exchange::retry::Repeat;
use crate::exchange::{Purpose, Timed, origin};

/// A dance that waits for the user. Made by [`Client::authorize`].
///
/// Send the user's browser to [`authorize_url`](Self::authorize_url). The container asks there, and
/// then opens the address that the app's manifest names as `oauth_callback`; hand that URL to
/// [`exchange`](Self::exchange). There may never be a callback: containers have no way to pass on a
/// refusal.
///
/// A web app that answers many users keeps [`into_parts`](Self::into_parts) in the user's session,
/// and goes on with [`Client::resume_authorization`] when the callback comes, in whichever process.
#[derive(Clone, Debug)]
pub struct Authorization {
    client: Client,
    record_id: RecordId,
    dance: Dance<AwaitingVerifier>,
}

impl Client {
    /// Begins the dance for a record: asks the container for a request token.
    ///
    /// # Errors
    ///
    /// When the container does not answer, its manifest cannot be used, or it does not know the app
    /// ([`Error::Dance`]).
    pub async fn authorize(&self, record_id: impl Into<RecordId>) -> Result<Authorization, Error> {
        let record_id = record_id.into();
        if record_id.as_str().is_empty() {
            let id = String::new();
            return Err(SignError::UnusableId { id }.into());
        }
        let asked = Some(record_id.as_str().to_owned());
        let endpoints = self.endpoints().await?;
        let purpose = Purpose {
            name: "request_token",
            path: "request_token",
            record: Some(record_id.as_str()),
            // A request token that is never used harms nobody.
            repeat: Repeat::Always,
            timed: Timed::Signature,
            origin: &origin(&endpoints.request_token)?,
        };
        let dance = Dance::new(self.consumer().clone(), endpoints, asked);
        let signed = |ahead| {
            let request = dance.request(self.nonce()?, self.time(ahead)?)?;
            Ok(request.map(Into::into))
        };
        let response = self.environment().exchange(purpose, &signed).await?;
        Ok(Authorization {
            client: self.clone(),
            record_id,
            dance: dance.receive(&response)?,
        })
    }

    /// Goes on with a dance that another process, or an earlier request to this one, began.
    ///
    /// # Errors
    ///
    /// When the container's manifest cannot be fetched or used.
    pub async fn resume_authorization(
        &self,
        parts: AuthorizationParts,
    ) -> Result<Authorization, Error> {
        let AuthorizationParts {
            record_id,
            request_token,
        } = parts;
        let asked = Some(record_id.as_str().to_owned());
        let dance = Dance::from_parts(
            self.consumer().clone(),
            self.endpoints().await?,
            // Nothing hangs on a confirmation, which the reference container never sends.
            DanceParts::new(request_token, asked, false),
        );
        Ok(Authorization {
            client: self.clone(),
            record_id,
            dance,
        })
    }

    /// Where the steps of the dance are: always from the manifest, never made up from the API base.
    async fn endpoints(&self) -> Result<Endpoints, Error> {
        let manifest = self.manifest().await?;
        let urls = manifest.launch_urls();
        urls.check_not_weaker_than(self.api_base())
            .map_err(|source| self.manifest_error(source))?;
        Ok(Endpoints {
            request_token: urls.request_token().clone(),
            authorize: urls.authorize_token().clone(),
            access_token: urls.exchange_token().clone(),
        })
    }
}

impl Authorization {
    /// The record that the user is asked for.
    pub fn record_id(&self) -> &RecordId {
        &self.record_id
    }

    /// The public half of the request token, by which a web app that has several dances under way
    /// finds the one that a callback (its parameter `oauth_token`) belongs to.
    pub fn request_token(&self) -> &str {
        self.dance.request_token().key().as_str()
    }

    /// Where to send the user's browser.
    pub fn authorize_url(&self) -> String {
        self.dance.authorize_url()
    }

    /// Takes the URL that the container opened after the user agreed, or its query, and exchanges
    /// the request token.
    ///
    /// A callback that belongs to another dance is refused before anything is sent, and this one
    /// goes on waiting.
    ///
    /// # Errors
    ///
    /// When the callback is not that of this dance, or the container refuses the exchange or grants
    /// another record ([`Error::Dance`]). After a lost answer the token may be used up: begin
    /// again.
    pub async fn exchange(&self, callback_url: &str) -> Result<Record, Error> {
        self.exchange_request_token(self.dance.clone().callback(callback_url)?)
            .await
    }

    /// The same with a verifier that the user typed in, for an app without a web address.
    ///
    /// # Errors
    ///
    /// When the container refuses the exchange or grants another record ([`Error::Dance`]).
    pub async fn exchange_verifier(&self, verifier: impl Into<Verifier>) -> Result<Record, Error> {
        self.exchange_request_token(self.dance.clone().verifier(verifier.into()))
            .await
    }

    /// The state, to be kept while the user is away.
    pub fn into_parts(self) -> AuthorizationParts {
        AuthorizationParts {
            record_id: self.record_id,
            request_token: self.dance.into_parts().request_token,
        }
    }

    async fn exchange_request_token(&self, dance: Dance<Verified>) -> Result<Record, Error> {
        let endpoints = self.client.endpoints().await?;
        let purpose = Purpose {
            name: "access_token",
            path: "access_token",
            record: Some(self.record_id.as_str()),
            // Request token and verifier are good for one exchange.
            repeat: Repeat::IfUnprocessed,
            timed: Timed::Signature,
            origin: &origin(&endpoints.access_token)?,
        };
        let signed = |ahead| {
            let request = dance.request(self.client.nonce()?, self.client.time(ahead)?)?;
            Ok(request.map(Into::into))
        };
        let response = self.client.environment().exchange(purpose, &signed).await?;
        let authorized = dance.receive(&response)?;
        Ok(self
            .client
            .record(self.record_id.clone())
            .with_user_id(authorized.user_id.map(Into::into))
            .with_token(authorized.token))
    }
}

/// What has to be kept of a dance while the user is away.
///
/// The token holds a secret: keep it where the user cannot read it, such as a server-side session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationParts {
    /// The record that the user is asked for.
    pub record_id: RecordId,
    /// The token that waits for the user.
    pub request_token: RequestToken,
}

impl AuthorizationParts {
    /// Parts that were kept somewhere.
    pub fn new(record_id: impl Into<RecordId>, request_token: RequestToken) -> Self {
        Self {
            record_id: record_id.into(),
            request_token,
        }
    }
}
