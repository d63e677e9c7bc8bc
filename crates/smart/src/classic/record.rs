//! A handle of one patient's record.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use smart_api::{AppId, CallRequest, Caller, RecordId, UserId};
use smart_oauth::oauth1::AccessToken;

use crate::Error;
use crate::classic::Client;
use crate::classic::signer::Credential;

/// A patient's record, with the token that opens it.
///
/// The calls about records are its methods (`get_medications`, `get_demographics`, …), each signed
/// with its own token. A handle is immutable and shares none of its state with others, so any
/// number of records can be read at once without one's token ending up on another's call. A clone
/// is cheap.
///
/// # Where the token comes from
///
/// - A user allows it: [`Client::authorize`].
/// - A background app gets it from the container: [`Client::records`], [`Client::open_record`].
/// - It was kept from an earlier run: [`with_token`](Self::with_token).
#[derive(Clone, Debug)]
pub struct Record {
    inner: Arc<Inner>,
}

/// Every prepared call holds a handle, so that its clone has to be cheap.
#[derive(Clone, Debug)]
struct Inner {
    client: Client,
    id: RecordId,
    credential: Option<Arc<Credential>>,
    user_id: Option<UserId>,
}

impl Record {
    pub(crate) fn new(client: Client, id: RecordId) -> Self {
        Self {
            inner: Arc::new(Inner {
                client,
                id,
                credential: None,
                user_id: None,
            }),
        }
    }

    pub(crate) fn with_user_id(mut self, user_id: Option<UserId>) -> Self {
        Arc::make_mut(&mut self.inner).user_id = user_id;
        self
    }

    /// The record's id.
    pub fn id(&self) -> &RecordId {
        &self.inner.id
    }

    /// The id of the app that reads it.
    pub fn app_id(&self) -> &AppId {
        self.inner.client.app_id()
    }

    /// The token, to keep it for a later run. Its secret opens the record: treat it like one.
    pub fn token(&self) -> Option<&AccessToken> {
        self.credential().map(|credential| &credential.token)
    }

    /// What signs the calls, if there is a token.
    pub(crate) fn credential(&self) -> Option<&Credential> {
        self.inner.credential.as_deref()
    }

    /// The user who authorized the app, as the container named them in the dance. The reference
    /// container gives an identifier of its own there and not the mail address that its paths take,
    /// so it may not do for [`Client::user`].
    pub fn user_id(&self) -> Option<&UserId> {
        self.inner.user_id.as_ref()
    }

    /// The same record with this token.
    #[must_use]
    pub fn with_token(mut self, token: AccessToken) -> Self {
        let credential = self.inner.client.signer().credential(token);
        Arc::make_mut(&mut self.inner).credential = Some(Arc::new(credential));
        self
    }
}

impl Caller for Record {
    type Error = Error;

    async fn call(&self, request: CallRequest) -> Result<Response<Bytes>, Error> {
        if let Some(asked) = request.record_id().filter(|id| *id != self.id().as_str()) {
            return Err(Error::OtherHandle {
                call: request.info().name,
                asked: format!("record {asked}"),
                handle: format!("record {}", self.id()),
            });
        }
        let Some(credential) = self.credential() else {
            return Err(Error::NoToken {
                call: request.info().name,
                owner: format!("record {}", self.id()),
            });
        };
        let client = &self.inner.client;
        client.call_with(request, Some(credential)).await
    }
}
