//! The second generation: a server that speaks OAuth 2 and FHIR, as the one of Sync for Science did, over the records of the
//! container. See [`FhirServer`].

pub(crate) mod answers;
pub(crate) mod api;
pub(crate) mod edges;
pub(crate) mod moment;
pub(crate) mod oauth;
mod pages;
mod people;
pub(crate) mod resources;
mod routes;
pub(crate) mod state;
mod users;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use http::{Request, Response};
use smart_oauth::Timestamp;

use crate::clock::Clock;
use crate::web::context::RequestContext;
use crate::web::routes::{handle, router};
use crate::web::{cors, server};

use routes::Handler;
use state::FhirState;

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
    pub(crate) state: Arc<FhirState>,
    router: Router,
}

impl FhirServer {
    pub(crate) fn new(state: FhirState, clock: &Clock) -> Self {
        let state = Arc::new(state);
        let answering = Arc::clone(&state);
        let answer = move |handler: &Handler, mut request: RequestContext<'_>| {
            answering.edges.before(&mut request, &answering);
            let mut reply = handler.answer(&answering, &request);
            answering.edges.after(&request, &mut reply, &answering);
            reply
        };
        let router = router(routes::table(), None, clock, answer);
        Self {
            state,
            router: cors::open(router),
        }
    }

    /// The base of the FHIR resources, for example `http://localhost:9000/api/fhir`.
    pub fn fhir_base(&self) -> &str {
        &self.state.fhir_base
    }

    /// Answers one request at one time. Never fails and never panics, whatever is asked: what
    /// cannot be done is an answer, too.
    pub fn handle(&self, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        handle(&self.router, request, now)
    }

    /// The server as a service to nest into an application of your own, at the address that the
    /// server was made with.
    pub fn into_router(self) -> Router {
        server::bounded(self.router)
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }
}

impl fmt::Debug for FhirServer {
    /// Neither secrets nor patients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FhirServer").field(&self.state).finish()
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
