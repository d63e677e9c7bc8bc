//! A handle of one patient's record.

use bytes::Bytes;
use http::Response;
use smart_api::{AppId, BlockingCaller, CallRequest, Caller as _, RecordId, UserId};
use smart_oauth::oauth1::AccessToken;

use crate::Error;
use crate::blocking::runtime::BlockingRuntime;

/// A patient's record, for threads that wait: see [`crate::classic::Record`], whose methods these
/// are.
#[derive(Clone, Debug)]
pub struct Record {
    record: crate::classic::Record,
    runtime: BlockingRuntime,
}

impl Record {
    pub(super) fn new(record: crate::classic::Record, runtime: BlockingRuntime) -> Self {
        Self { record, runtime }
    }

    /// The record's id.
    pub fn id(&self) -> &RecordId {
        self.record.id()
    }

    /// The id of the app that reads it.
    pub fn app_id(&self) -> &AppId {
        self.record.app_id()
    }

    /// The token, to keep it for a later run. Its secret opens the record: treat it like one.
    pub fn token(&self) -> Option<&AccessToken> {
        self.record.token()
    }

    /// The user who authorized the app, as the container named them in the dance.
    pub fn user_id(&self) -> Option<&UserId> {
        self.record.user_id()
    }

    /// The same record with this token.
    #[must_use]
    pub fn with_token(self, token: AccessToken) -> Self {
        Self {
            record: self.record.with_token(token),
            runtime: self.runtime,
        }
    }
}

impl BlockingCaller for Record {
    type Error = Error;

    fn call(&self, request: CallRequest) -> Result<Response<Bytes>, Error> {
        self.runtime.block_on(self.record.call(request))
    }
}
