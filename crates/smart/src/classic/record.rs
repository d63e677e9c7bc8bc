//! A handle of one patient's record.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use smart_api::{AppId, CallRequest, Caller, RecordId, UserId};
use smart_oauth::oauth1::AccessToken;

use crate::Error;
use crate::classic::Client;
use crate::classic::signing::Credential;

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
    state: Arc<RecordState>,
}

/// Every prepared call holds a handle, so that its clone has to be cheap.
#[derive(Clone, Debug)]
struct RecordState {
    client: Client,
    id: RecordId,
    credential: Option<Arc<Credential>>,
    user_id: Option<UserId>,
}

impl Record {
    pub(crate) fn new(client: Client, id: RecordId) -> Self {
        Self {
            state: Arc::new(RecordState {
                client,
                id,
                credential: None,
                user_id: None,
            }),
        }
    }

    pub(crate) fn with_user_id(mut self, user_id: Option<UserId>) -> Self {
        Arc::make_mut(&mut self.state).user_id = user_id;
        self
    }

    /// The record's id.
    pub fn id(&self) -> &RecordId {
        &self.state.id
    }

    /// The id of the app that reads it.
    pub fn app_id(&self) -> &AppId {
        self.state.client.app_id()
    }

    /// The token, to keep it for a later run. Its secret opens the record: treat it like one.
    pub fn token(&self) -> Option<&AccessToken> {
        self.credential().map(|credential| &credential.token)
    }

    /// What signs the calls, if there is a token.
    pub(crate) fn credential(&self) -> Option<&Credential> {
        self.state.credential.as_deref()
    }

    /// The user who authorized the app, as the container named them in the dance. The reference
    /// container gives an identifier of its own there and not the mail address that its paths take,
    /// so it may not do for [`Client::user`].
    pub fn user_id(&self) -> Option<&UserId> {
        self.state.user_id.as_ref()
    }

    /// The same record with this token.
    #[must_use]
    pub fn with_token(mut self, token: AccessToken) -> Self {
        let credential = self.state.client.credential(token);
        Arc::make_mut(&mut self.state).credential = Some(Arc::new(credential));
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
        let client = &self.state.client;
        client.call_with(request, Some(credential)).await
    }
}
