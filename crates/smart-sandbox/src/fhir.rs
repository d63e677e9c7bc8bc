//! The second generation: a server that speaks OAuth 2 and FHIR, as the one of Sync for Science did, over the records of the
//! container. See [`FhirServer`].

mod answers;
mod api;
mod forms;
mod moment;
mod oauth;
mod people;
mod resources;
mod routes;
mod users;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use smart_oauth::Timestamp;

use crate::classic::router::PathValues;
use crate::faults::{FhirFault, FhirFaults};
use crate::records::store::Store;
use crate::web::reply::{self, Reply};
use crate::web::sessions::Sessions;
use crate::web::visit::Visit;

use api::discovery;
use api::export::Exports;
use moment::Moment;
use oauth::approvals::Approvals;
use oauth::clients::Clients;
use oauth::{authorize, debug, register, standard, token};
use routes::{Page, Route};
use users::Users;

pub use users::{FHIR_PASSWORD, FHIR_USER};

/// A SMART on FHIR server without a socket or a clock: whoever calls [`handle`](Self::handle) brings both.
///
/// To honest clients it is the server of Sync for Science: the same addresses below its own, the same two users and two
/// built-in clients, dynamic registration, a login and a consent that work as plain forms, opaque tokens of the same lives, and
/// the debug endpoints. It is stricter where that server was weak: a code is good once, a PKCE challenge is verified and so is
/// `aud` when they are sent, a user shares only his own patients, a token reads only its own patient and only what its scopes
/// say, and a refusal brings the `state` back. Beyond that it has `.well-known/smart-configuration`, revocation
/// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)) and introspection ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)).
/// Clients that register without a secret (`token_endpoint_auth_method` `none`) have to use PKCE. It issues no `id_token`.
///
/// `$export` and `Patient/$export` are [bulk exports](https://hl7.org/fhir/uv/bulkdata/export.html) of the one patient of the token; the first look at
/// a job finds it at work.
///
/// Resources are FHIR R4 at `/api/fhir`. `/api/dstu2` is a second base, on which they have the shapes of DSTU2.
///
/// [`Sandbox`](crate::Sandbox) puts a server around it. Tests call it directly:
///
/// ```
/// use bytes::Bytes;
/// use smart_oauth::Timestamp;
/// use smart_sandbox::Sandbox;
///
/// let server = Sandbox::builder().fhir_server("http://localhost:9000")?;
/// let request = http::Request::get("/api/fhir/Patient/smart-1288992").body(Bytes::new()).unwrap();
/// let response = server.handle(&request, Timestamp::from_unix_seconds(1_530_812_484));
/// assert_eq!(response.status(), 401, "no token");
/// # Ok::<(), smart_sandbox::SandboxError>(())
/// ```
pub struct FhirServer {
    /// Scheme, host and port, without a slash.
    server: String,
    fhir_base: String,
    store: Arc<Store>,
    /// Chosen when they are first needed, because that looks into records.
    users: OnceLock<Users>,
    /// When the records that were there from the start were last updated.
    began: Moment,
    faults: FhirFaults,
    desk: Mutex<Desk>,
}

/// Everything that changes while the server runs.
#[derive(Debug)]
struct Desk {
    clients: Clients,
    approvals: Approvals,
    sessions: Sessions,
    exports: Exports,
}

impl FhirServer {
    pub(crate) fn new(
        server: &str,
        store: Arc<Store>,
        began: Timestamp,
        faults: FhirFaults,
    ) -> Self {
        let server = server.trim_end_matches('/').to_owned();
        Self {
            fhir_base: format!("{server}{}", resources::Release::R4.path()),
            server,
            store,
            users: OnceLock::new(),
            began: began.into(),
            faults,
            desk: Mutex::new(Desk {
                clients: Clients::built_in(),
                approvals: Approvals::new(faults),
                sessions: Sessions::default(),
                exports: Exports::default(),
            }),
        }
    }

    /// The base of the FHIR resources, for example `http://localhost:9000/api/fhir`.
    pub fn fhir_base(&self) -> &str {
        &self.fhir_base
    }

    /// Answers one request at one time. Never fails and never panics, whatever is asked: what cannot be done is an answer, too.
    pub fn handle(&self, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        if request.method() == Method::OPTIONS {
            return answers::shared(answers::preflight(request.headers()), request.headers());
        }
        let visit = Visit::new(request, PathValues::default(), now);
        answers::shared(self.answer(&visit), request.headers())
    }

    fn answer(&self, visit: &Visit<'_>) -> Reply {
        let page = match routes::find(visit.method(), visit.path()) {
            Route::Nowhere => return reply::not_found(),
            Route::WrongMethod(allow) => return reply::method_not_allowed(allow),
            Route::Api(release, path) => return api::answer(self, visit, release, path),
            Route::Page(page) => page,
        };
        match page {
            Page::Apps => people::apps(self, visit),
            Page::Authorize => authorize::answer(self, visit),
            Page::DebugIntrospect => debug::introspect(self, visit),
            Page::DebugToken => debug::token(self, visit),
            Page::Errors => answers::echo(&visit.query),
            Page::Home => people::home(self, visit),
            Page::Introspect => standard::introspect(self, visit),
            Page::Keys => discovery::keys(),
            Page::Login => people::login(self, visit),
            Page::Logout => people::logout(self, visit),
            Page::Me => debug::me(self, visit),
            Page::Register => register::answer(self, visit),
            Page::RevokeApproval(row) => people::revoke(self, visit, row),
            Page::RevokeToken => standard::revoke(self, visit),
            Page::Token => token::answer(self, visit),
        }
    }

    /// This server as the request names it: a browser that came to `127.0.0.1` would lose its cookie on the way to `localhost`.
    fn origin(&self, visit: &Visit<'_>) -> String {
        let host = visit.headers().get(header::HOST);
        let origin = host
            .and_then(|host| host.to_str().ok())
            .filter(|host| !host.contains('/'))
            .map(|host| format!("http://{host}"));
        origin
            .filter(|origin| self.is_own(origin))
            .unwrap_or_else(|| self.server.clone())
    }

    /// Whether an origin, or an address below it, is this server's under one of the names of the loopback interface.
    fn is_own(&self, address: &str) -> bool {
        answers::with_plain_loopback(address) == answers::with_plain_loopback(&self.server)
    }

    /// Whether it was told to do this wrong.
    fn does(&self, fault: FhirFault) -> bool {
        self.faults.has(fault)
    }

    fn users(&self) -> &Users {
        self.users.get_or_init(|| Users::choose(&self.store))
    }

    /// Whoever held the lock may have panicked; what it guards is still whole after every single step.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FhirServer {
    /// Neither secrets nor patients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FhirServer")
            .field("fhir_base", &self.fhir_base)
            .field("records", &self.store.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
