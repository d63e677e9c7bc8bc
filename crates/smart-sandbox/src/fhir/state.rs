//! What the FHIR server is made of: everything that its handlers read and change.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use http::header;
use smart_oauth::Timestamp;

use super::api::export::Exports;
use super::edges::Edges;
use super::oauth::approvals::Approvals;
use super::oauth::clients::Clients;
use super::replies::with_plain_loopback;
use super::resources::Release;
use super::time::Time;
use crate::fhir::oauth::users::Users;
use crate::records::store::Store;
use crate::web::address::Address;
use crate::web::context::RequestContext;
use crate::web::sessions::Sessions;

/// The parts of a FHIR server.
pub(crate) struct FhirState {
    pub(crate) address: Address,
    pub(crate) fhir_base: String,
    pub(crate) store: Arc<Store>,
    /// Chosen when they are first needed, because that looks into records.
    users: OnceLock<Users>,
    /// When the records that were there from the start were last updated.
    pub(crate) began: Time,
    pub(crate) edges: Box<dyn Edges>,
    registry: Mutex<Registry>,
}

/// Everything that changes while the server runs.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) clients: Clients,
    pub(crate) approvals: Approvals,
    pub(crate) sessions: Sessions,
    pub(crate) exports: Exports,
}

impl FhirState {
    pub(crate) fn new(
        address: Address,
        store: Arc<Store>,
        began: Timestamp,
        edges: impl Edges + 'static,
    ) -> Self {
        Self {
            fhir_base: format!("{}{}", address.base(), Release::R4.path()),
            address,
            store,
            users: OnceLock::new(),
            began: began.into(),
            edges: Box::new(edges),
            registry: Mutex::new(Registry {
                clients: Clients::built_in(),
                approvals: Approvals::default(),
                sessions: Sessions::default(),
                exports: Exports::default(),
            }),
        }
    }

    /// Scheme and host of this server as the request names them: a browser that came to
    /// `127.0.0.1` would lose its cookie on the way to `localhost`.
    pub(crate) fn origin(&self, request: &RequestContext<'_>) -> String {
        let own = self.address.origin();
        let host = request.headers().get(header::HOST);
        host.and_then(|host| host.to_str().ok())
            .filter(|host| !host.contains('/'))
            .map(|host| format!("http://{host}"))
            .filter(|origin| with_plain_loopback(origin) == with_plain_loopback(own))
            .unwrap_or_else(|| own.to_owned())
    }

    /// The base of this server as the request names it.
    pub(crate) fn base(&self, request: &RequestContext<'_>) -> String {
        format!("{}{}", self.origin(request), self.address.path())
    }

    pub(crate) fn users(&self) -> &Users {
        self.users.get_or_init(|| Users::choose(&self.store))
    }

    /// Ignores that a holder of the lock panicked: what it guards is whole after every step.
    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FhirState {
    /// Neither secrets nor patients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FhirState")
            .field("fhir_base", &self.fhir_base)
            .field("records", &self.store.len())
            .finish_non_exhaustive()
    }
}
