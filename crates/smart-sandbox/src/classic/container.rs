//! The container itself: a function from a request and the time to a response.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use smart_oauth::Timestamp;
use smart_oauth::oauth1::MemoryNonces;

use crate::classic::accounts::Accounts;
use crate::classic::apps::Apps;
use crate::classic::calls::blobs::{Blobs, Place};
use crate::classic::calls::container::Ontology;
use crate::classic::calls::{self, documents, posting, reading, search, users};
use crate::classic::oauth::authenticate::{Authenticated, Strictness, authenticate};
use crate::classic::oauth::{self, Which};
use crate::classic::people;
use crate::classic::refusal::{Listener, Refusal};
use crate::classic::router::{Destination, Router};
use crate::classic::rules::{Access, permits};
use crate::classic::tokens::Tokens;
use crate::classic::view::View;
use crate::records::demographics::Patient;
use crate::records::load::LoadError;
use crate::records::record::Record;
use crate::records::store::Store;
use crate::web::reply::{self, JSON, Reply};
use crate::web::sessions::Sessions;
use crate::web::visit::Visit;

/// A SMART Classic container without a socket or a clock: whoever calls [`handle`](Self::handle) brings both.
///
/// [`Sandbox`](crate::Sandbox) puts a server around it. Tests call it directly:
///
/// ```
/// use bytes::Bytes;
/// use smart_oauth::Timestamp;
/// use smart_sandbox::Sandbox;
///
/// let container = Sandbox::builder().container("http://localhost:7000")?;
/// let request = http::Request::get("/manifest").body(Bytes::new()).unwrap();
/// let response = container.handle(&request, Timestamp::from_unix_seconds(1_365_000_000));
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.headers()["content-type"], "application/json");
/// # Ok::<(), smart_sandbox::SandboxError>(())
/// ```
pub struct Container {
    pub(crate) api_base: String,
    pub(crate) apps: Apps,
    pub(crate) accounts: Accounts,
    /// What the login page tells about the demo account.
    pub(crate) login_hint: Option<String>,
    pub(crate) store: Arc<Store>,
    pub(crate) ontology: Ontology,
    pub(crate) strictness: Strictness,
    refusals: Listener,
    router: Router,
    manifest: Bytes,
    /// The origin whose pages may read what the API answers.
    origin: HeaderValue,
    desk: Mutex<Desk>,
    blobs: Mutex<Blobs>,
}

/// Everything about identity that changes while the container runs.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    pub(crate) nonces: MemoryNonces,
}

/// Requests of the last minutes to remember: enough for a load test that runs flat out.
const NONCE_CAPACITY: usize = 8_000_000;

/// What a container is made of.
pub(crate) struct Parts {
    pub(crate) api_base: String,
    pub(crate) origin: HeaderValue,
    pub(crate) apps: Apps,
    pub(crate) accounts: Accounts,
    pub(crate) login_hint: Option<String>,
    pub(crate) store: Arc<Store>,
    pub(crate) strictness: Strictness,
    pub(crate) refusals: Listener,
}

impl Container {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            api_base,
            origin,
            apps,
            accounts,
            login_hint,
            store,
            strictness,
            refusals,
        } = parts;
        Self {
            manifest: calls::container::manifest(&api_base).into(),
            origin,
            api_base,
            apps,
            accounts,
            login_hint,
            store,
            ontology: Ontology::default(),
            router: Router::new(),
            desk: Mutex::new(Desk {
                tokens: Tokens::default(),
                sessions: Sessions::default(),
                nonces: MemoryNonces::with_capacity(strictness.window, NONCE_CAPACITY),
            }),
            blobs: Mutex::default(),
            strictness,
            refusals,
        }
    }

    /// Answers one request at one time. Never fails and never panics, whatever is asked: what cannot be done is an answer, too.
    pub fn handle(&self, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        match self.router.find(request.method(), request.uri().path()) {
            Destination::Nowhere => reply::not_found(),
            Destination::WrongMethod(allow) => reply::method_not_allowed(&allow),
            Destination::Preflight => reply::share_with(reply::preflight(), &self.origin),
            Destination::View(view, values) => {
                let visit = Visit::new(request, values, now);
                if view.is_page() {
                    people::show(self, &visit, view)
                } else {
                    reply::share_with(self.serve(visit, view), &self.origin)
                }
            }
        }
    }

    /// What is wrong with the patient files that could not be loaded, or not as a whole. The others are served.
    pub fn load_problems(&self) -> &[LoadError] {
        self.store.problems()
    }

    /// The API base that clients are to use.
    pub fn api_base(&self) -> &str {
        &self.api_base
    }

    /// Asks the rules, then does what the view is for.
    fn serve(&self, mut visit: Visit<'_>, view: View) -> Reply {
        match view {
            View::ContainerManifest => {
                return reply::answer(http::StatusCode::OK, JSON, self.manifest.clone());
            }
            View::Ontology => return self.ontology.reply(),
            _ => debug_assert_ne!(view.access(), Access::Public),
        }
        let who = match authenticate(self, &mut visit) {
            Ok(who) => who,
            Err(rejection) => {
                let reply = rejection.reply();
                self.report(&visit, &reply, rejection.app, rejection.reason.to_string());
                return reply;
            }
        };
        if !permits(view.access(), &who.principal, visit.place()) {
            let reply = reply::forbidden();
            let reason = format!("this call demands {}", view.access().demand());
            self.report(&visit, &reply, Some(who.principal.app), reason);
            return reply;
        }
        self.carry_out(&visit, view, &who)
    }

    /// Tells why a request is refused.
    pub(crate) fn report(
        &self,
        visit: &Visit<'_>,
        reply: &Reply,
        app: Option<String>,
        reason: String,
    ) {
        let refusal = Refusal {
            method: visit.method().clone(),
            path: visit.path().to_owned(),
            status: reply.status(),
            app,
            reason,
        };
        tracing::debug!(status = %refusal.status, app = refusal.app, reason = %refusal.reason, "refused");
        self.refusals.tell(&refusal);
    }

    fn carry_out(&self, visit: &Visit<'_>, view: View, who: &Authenticated) -> Reply {
        let app = || visit.app_id().to_owned();
        match view {
            View::AccessToken => oauth::access_token(self, visit, who),
            View::AppManifest => match self.apps.get(visit.app_id()) {
                Some(app) => json(crate::classic::apps::indented(app.manifest.json())),
                None => reply::not_found(),
            },
            View::AppManifests => json(self.apps.manifests()),
            View::FirstRecordToken => {
                oauth::record_token(self, visit, &who.principal, Which::First)
            }
            View::NextRecordToken => oauth::record_token(self, visit, &who.principal, Which::Next),
            View::PostStatement(_) => {
                self.with_record(visit, |record| posting::add(self, visit, record))
            }
            View::Preferences(method) => {
                let place = Place::Preferences {
                    app: app(),
                    user: visit.user_id().to_owned(),
                };
                lock(&self.blobs).answer(place, method, visit)
            }
            View::RecordItem(call) => self.with_record(visit, |record| {
                if documents::is_about_files(call) {
                    documents::item(visit, record, call)
                } else {
                    reading::item(self, visit, record, call)
                }
            }),
            View::RecordList(call) => self.with_record(visit, |record| {
                if documents::is_about_files(call) {
                    documents::list(visit, record, call)
                } else {
                    reading::list(self, visit, record, call)
                }
            }),
            View::RecordToken => oauth::record_token(self, visit, &who.principal, Which::This),
            View::RequestToken => oauth::request_token(self, visit, who),
            View::Scratchpad(method) => {
                let place = Place::Scratchpad {
                    app: app(),
                    record: visit.record_id().to_owned(),
                };
                lock(&self.blobs).answer(place, method, visit)
            }
            View::SearchRecords => search::records(self, visit),
            View::SearchUsers => users::search(self, visit),
            View::User => users::one(self, visit),
            View::Authorize
            | View::ContainerManifest
            | View::Deny
            | View::Home
            | View::Launch
            | View::LoggedOut
            | View::Login
            | View::Logout
            | View::Ontology => reply::not_found(),
        }
    }

    fn with_record(&self, visit: &Visit<'_>, view: impl FnOnce(&Record) -> Reply) -> Reply {
        match self.store.record(visit.record_id()) {
            Ok(Some(record)) => view(&record),
            Ok(None) => reply::not_found(),
            Err(error) => {
                tracing::error!(%error, "a record cannot be made");
                reply::server_error()
            }
        }
    }

    /// Who the patient of a record is, as far as the record tells.
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

    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }
}

impl fmt::Debug for Container {
    /// Neither secrets nor patients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Container")
            .field("api_base", &self.api_base)
            .field("records", &self.store.len())
            .field("apps", &self.apps.ids())
            .finish_non_exhaustive()
    }
}

fn json(body: String) -> Reply {
    reply::answer(http::StatusCode::OK, JSON, body)
}

/// Whoever held the lock may have panicked; what it guards is still whole after every single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
