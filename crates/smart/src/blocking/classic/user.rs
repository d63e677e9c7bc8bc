//! A handle of one user of the container.

use bytes::Bytes;
use http::Response;
use smart_api::{AppId, BlockingCaller, CallRequest, Caller as _, UserId};
use smart_oauth::oauth1::AccessToken;

use crate::Error;
use crate::blocking::runtime::BlockingRuntime;

/// A user's account, for threads that wait: see [`crate::classic::User`], whose methods these are.
#[derive(Clone, Debug)]
pub struct User {
    user: crate::classic::User,
    runtime: BlockingRuntime,
}

impl User {
    pub(super) fn new(user: crate::classic::User, runtime: BlockingRuntime) -> Self {
        Self { user, runtime }
    }

    /// The user's id: the mail address of the account.
    pub fn id(&self) -> &UserId {
        self.user.id()
    }

    /// The id of the app whose preferences the calls are about.
    pub fn app_id(&self) -> &AppId {
        self.user.app_id()
    }

    /// The token. Its secret opens a record: treat it like one.
    pub fn token(&self) -> Option<&AccessToken> {
        self.user.token()
    }

    /// The same user with this token.
    #[must_use]
    pub fn with_token(self, token: AccessToken) -> Self {
        Self {
            user: self.user.with_token(token),
            runtime: self.runtime,
        }
    }
}

impl BlockingCaller for User {
    type Error = Error;

    fn call(&self, request: CallRequest) -> Result<Response<Bytes>, Error> {
        self.runtime.block_on(self.user.call(request))
    }
}
