//! A handle of one user of the container.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use smart_api::{AppId, CallRequest, Caller, UserId};
use smart_oauth::oauth1::AccessToken;

use crate::Error;
use crate::classic::Client;
use crate::classic::signing::Credential;

/// A user's account on the container, with a token.
///
/// The calls about users are its methods (`get_user_preferences`, …). They are signed with the
/// token of a record which that user authorized, since a container issues tokens for records only:
/// `client.user("me@example.org").with_token(token)`.
#[derive(Clone, Debug)]
pub struct User {
    client: Client,
    id: UserId,
    credential: Option<Arc<Credential>>,
}

impl User {
    pub(crate) fn new(client: Client, id: UserId) -> Self {
        Self {
            client,
            id,
            credential: None,
        }
    }

    /// The user's id: the mail address of the account.
    pub fn id(&self) -> &UserId {
        &self.id
    }

    /// The id of the app whose preferences the calls are about.
    pub fn app_id(&self) -> &AppId {
        self.client.app_id()
    }

    /// The token. Its secret opens a record: treat it like one.
    pub fn token(&self) -> Option<&AccessToken> {
        self.credential
            .as_deref()
            .map(|credential| &credential.token)
    }

    /// The same user with this token.
    #[must_use]
    pub fn with_token(mut self, token: AccessToken) -> Self {
        self.credential = Some(Arc::new(self.client.credential(token)));
        self
    }
}

impl Caller for User {
    type Error = Error;

    async fn call(&self, request: CallRequest) -> Result<Response<Bytes>, Error> {
        if let Some(asked) = request.user_id().filter(|id| *id != self.id.as_str()) {
            return Err(Error::OtherHandle {
                call: request.info().name,
                asked: format!("user {asked}"),
                handle: format!("user {}", self.id),
            });
        }
        let Some(credential) = self.credential.as_deref() else {
            return Err(Error::NoToken {
                call: request.info().name,
                owner: format!("user {}", self.id),
            });
        };
        self.client.call_with(request, Some(credential)).await
    }
}
