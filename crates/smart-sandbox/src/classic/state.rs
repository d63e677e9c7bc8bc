//! What a container is made of: everything that its handlers read and change.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smart_oauth::oauth1::MemoryNonces;

use super::apps::Apps;
use super::calls::blobs::Blobs;
use super::calls::container::Ontology;
use super::oauth::authenticate::Strictness;
use super::refusal::{Listener, Refusal};
use super::tokens::Tokens;
use crate::records::accounts::Accounts;
use crate::records::demographics::Patient;
use crate::records::record::Record;
use crate::records::store::Store;
use crate::web::address::Address;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};
use crate::web::sessions::Sessions;

/// The parts of a container.
pub(crate) struct ContainerState {
    /// Where clients find the container: the API base.
    pub(crate) address: Address,
    pub(crate) apps: Apps,
    pub(crate) accounts: Accounts,
    /// What the login page tells about the demo account.
    pub(crate) login_hint: Option<String>,
    pub(crate) store: Arc<Store>,
    pub(crate) ontology: Ontology,
    pub(crate) strictness: Strictness,
    pub(crate) refusals: Listener,
    identity: Mutex<Identity>,
    blobs: Mutex<Blobs>,
}

/// Everything about identity that changes while the container runs.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    pub(crate) nonces: MemoryNonces,
}

/// Requests of the last minutes to remember: enough for a load test that runs flat out.
const NONCE_CAPACITY: usize = 8_000_000;

impl ContainerState {
    pub(crate) fn new(
        address: Address,
        apps: Apps,
        accounts: Accounts,
        store: Arc<Store>,
        strictness: Strictness,
    ) -> Self {
        Self {
            address,
            apps,
            accounts,
            login_hint: None,
            store,
            ontology: Ontology::default(),
            identity: Mutex::new(Identity {
                tokens: Tokens::default(),
                sessions: Sessions::default(),
                nonces: MemoryNonces::with_capacity(strictness.window, NONCE_CAPACITY),
            }),
            blobs: Mutex::default(),
            strictness,
            refusals: Listener::default(),
        }
    }

    /// Tells the listener why a request is refused.
    pub(crate) fn report(
        &self,
        request: &RequestContext<'_>,
        reply: &Reply,
        app: Option<String>,
        reason: String,
    ) {
        let refusal = Refusal {
            method: request.method().clone(),
            path: request.http.uri().path().to_owned(),
            status: reply.status(),
            app,
            reason,
        };
        tracing::debug!(status = %refusal.status, app = refusal.app, reason = %refusal.reason, "refused");
        self.refusals.tell(&refusal);
    }

    /// Answers from a record.
    pub(crate) fn with_record(
        &self,
        record_id: &str,
        answer: impl FnOnce(&Record) -> Reply,
    ) -> Reply {
        match self.store.record(record_id) {
            Ok(Some(record)) => answer(&record),
            Ok(None) => reply::not_found(),
            Err(error) => {
                tracing::error!(%error, "a record cannot be made");
                reply::server_error()
            }
        }
    }

    /// The patient of a record, as far as the record tells.
    pub(crate) fn patient(&self, record_id: &str) -> Patient {
        let record = self.store.record(record_id).unwrap_or_else(|error| {
            tracing::error!(%error, "a record cannot be made");
            None
        });
        Patient::of(record_id, record.as_deref())
    }

    /// The patients whose records a user may open.
    pub(crate) fn patients_of(&self, email: &str) -> Vec<Patient> {
        let Some(account) = self.accounts.get(email) else {
            return Vec::new();
        };
        let ids = self.store.ids().filter(|id| account.may_open(id));
        ids.map(|id| self.patient(id)).collect()
    }

    pub(crate) fn identity(&self) -> MutexGuard<'_, Identity> {
        lock(&self.identity)
    }

    pub(crate) fn blobs(&self) -> MutexGuard<'_, Blobs> {
        lock(&self.blobs)
    }
}

impl fmt::Debug for ContainerState {
    /// Neither secrets nor patients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContainerState")
            .field("api_base", &self.address.base())
            .field("records", &self.store.len())
            .field("apps", &self.apps.ids())
            .finish_non_exhaustive()
    }
}

/// Ignores that a holder of the lock panicked: what the lock guards is whole after every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
