//! The second generation: a server that speaks OAuth 2 and FHIR, as that of Sync for Science did,
//! over the records of the container. See [`FhirServer`].

pub(crate) mod api;
pub(crate) mod edges;
pub(crate) mod oauth;
mod pages;
mod people;
pub(crate) mod replies;
pub(crate) mod resources;
mod routes;
pub(crate) mod state;
pub(crate) mod time;

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

pub use oauth::users::{FHIR_PASSWORD, FHIR_USER};

/// A SMART on FHIR server without a socket.
///
/// To clients that follow the rules it is the server of Sync for Science. It has the same paths,
/// the same two users and two built-in clients, dynamic registration, login and consent as plain
/// forms, opaque tokens with the same lifetimes, and the debug endpoints.
///
/// It is stricter where that server was weak. A code is valid once. A PKCE challenge and `aud` are
/// verified if they are sent. Users share only their own patients. A token reads only its own
/// patient, and only what its scopes cover. A refusal returns the `state`. Clients that register
/// without a secret (`token_endpoint_auth_method` `none`) must use PKCE.
///
/// It also has `.well-known/smart-configuration`, revocation
/// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)) and introspection
/// ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)). It issues no `id_token`.
///
/// `$export` and `Patient/$export` are [bulk exports](https://hl7.org/fhir/uv/bulkdata/export.html)
/// of the one patient of the token. The first request for the status of a job is always answered
/// with 202.
///
/// Resources are FHIR R4 at `/api/fhir`. A second base, `/api/dstu2`, has them in the shapes of
/// DSTU2.
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

    /// Answers a request as of `now`. Every request gets a response, including invalid ones.
    pub fn handle(&self, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        handle(&self.router, request, now)
    }

    /// Returns the server as a router, to nest into an axum application of your own. The address
    /// of the server must lead to it.
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
