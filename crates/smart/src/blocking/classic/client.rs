//! The client, and what it gives out.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use smart_api::{ApiBase, AppId, BlockingCaller, CallRequest, Caller as _, RecordId, UserId};
use smart_oauth::oauth1::AccessToken;

use super::{Authorization, Record, User};
use crate::Error;
use crate::blocking::runtime::BlockingRuntime;
use crate::classic::{
    AuthorizationParts, ClientBuilder, ContainerManifest, RecordSweep, SweepReport,
};

/// An app on one container, for threads that wait: see [`crate::classic::Client`], whose methods
/// these are.
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::classic::Client,
    runtime: BlockingRuntime,
}

impl ClientBuilder {
    /// The client, for threads that wait. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and when the operating system gives no thread.
    pub fn build_blocking(self) -> Result<Client, Error> {
        Client::new(self.build()?)
    }
}

impl Client {
    /// A builder without settings. It ends with [`build_blocking`](ClientBuilder::build_blocking).
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The blocking face of a client that was used nowhere else yet: connections stay on the
    /// runtime that opened them.
    ///
    /// # Errors
    ///
    /// When the operating system gives no thread.
    pub fn new(client: crate::classic::Client) -> Result<Self, Error> {
        Ok(Self {
            client,
            runtime: BlockingRuntime::new()?,
        })
    }

    /// The app's id.
    pub fn app_id(&self) -> &AppId {
        self.client.app_id()
    }

    /// Where the container's API is.
    pub fn api_base(&self) -> &ApiBase {
        self.client.api_base()
    }

    /// By how many seconds the container's clock is ahead: see
    /// [`crate::classic::Client::clock_correction`].
    pub fn clock_correction(&self) -> i64 {
        self.client.clock_correction()
    }

    /// A handle of a record, without a token yet.
    pub fn record(&self, id: impl Into<RecordId>) -> Record {
        Record::new(self.client.record(id), self.runtime.clone())
    }

    /// A handle of a user, without a token yet.
    pub fn user(&self, id: impl Into<UserId>) -> User {
        User::new(self.client.user(id), self.runtime.clone())
    }

    /// All records of the container, each with a token of its own.
    pub fn records(&self) -> Records {
        self.sweep(self.client.records())
    }

    /// The records that come after this one.
    pub fn records_after(&self, id: impl Into<RecordId>) -> Records {
        self.sweep(self.client.records_after(id))
    }

    fn sweep(&self, sweep: RecordSweep) -> Records {
        Records {
            sweep,
            runtime: self.runtime.clone(),
        }
    }

    /// One record, with a token that the container gives a background app for it.
    ///
    /// # Errors
    ///
    /// As [`crate::classic::Client::open_record`].
    pub fn open_record(&self, id: impl Into<RecordId>) -> Result<Record, Error> {
        let record = self.runtime.block_on(self.client.open_record(id))?;
        Ok(Record::new(record, self.runtime.clone()))
    }

    /// The same client, whose calls to the container as a whole are signed with this token.
    #[must_use]
    pub fn with_token(self, token: AccessToken) -> Self {
        Self {
            client: self.client.with_token(token),
            runtime: self.runtime,
        }
    }

    /// The container's manifest, fetched once and then kept.
    ///
    /// # Errors
    ///
    /// As [`crate::classic::Client::manifest`].
    pub fn manifest(&self) -> Result<Arc<ContainerManifest>, Error> {
        self.runtime.block_on(self.client.manifest())
    }

    /// The page of the container where a user chooses a record for this app.
    ///
    /// # Errors
    ///
    /// As [`crate::classic::Client::launch_url`].
    pub fn launch_url(&self) -> Result<String, Error> {
        self.runtime.block_on(self.client.launch_url())
    }

    /// Begins the dance for a record.
    ///
    /// # Errors
    ///
    /// As [`crate::classic::Client::authorize`].
    pub fn authorize(&self, record_id: impl Into<RecordId>) -> Result<Authorization, Error> {
        let begun = self.runtime.block_on(self.client.authorize(record_id))?;
        Ok(Authorization::new(begun, self.runtime.clone()))
    }

    /// Goes on with a dance that another process began.
    ///
    /// # Errors
    ///
    /// As [`crate::classic::Client::resume_authorization`].
    pub fn resume_authorization(&self, parts: AuthorizationParts) -> Result<Authorization, Error> {
        let resumed = self.client.resume_authorization(parts);
        let resumed = self.runtime.block_on(resumed)?;
        Ok(Authorization::new(resumed, self.runtime.clone()))
    }
}

impl BlockingCaller for Client {
    type Error = Error;

    fn call(&self, request: CallRequest) -> Result<Response<Bytes>, Error> {
        self.runtime.block_on(self.client.call(request))
    }
}

/// The records of a container, one after the other: [`crate::classic::RecordSweep`] as an iterator.
#[derive(Debug)]
pub struct Records {
    sweep: RecordSweep,
    runtime: BlockingRuntime,
}

impl Records {
    /// How far the sweep has come: see [`RecordSweep::report`].
    pub fn report(&self) -> &SweepReport {
        self.sweep.report()
    }
}

impl Iterator for Records {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.runtime.block_on(self.sweep.try_next()).transpose()?;
        Some(next.map(|record| Record::new(record, self.runtime.clone())))
    }
}
