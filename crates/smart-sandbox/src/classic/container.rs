//! The container itself: its parts, behind its table of routes.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use http::{Method, Request, Response};
use smart_oauth::Timestamp;

use super::oauth::authenticate::{Authenticated, authenticate};
use super::routes::{self, Endpoint, Handler};
use super::rules::{Access, PathScope, permits};
use super::state::ContainerState;
use crate::clock::Clock;
use crate::records::load::LoadError;
use crate::web::browser::comes_from_elsewhere;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};
use crate::web::routes::{handle, router};
use crate::web::{cors, pages, server};

/// A SMART Classic container without a socket.
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
    pub(crate) state: Arc<ContainerState>,
    router: Router,
}

impl Container {
    pub(crate) fn new(state: ContainerState, clock: &Clock) -> Self {
        let state = Arc::new(state);
        let answering = Arc::clone(&state);
        let answer = move |endpoint: &Endpoint, request: RequestContext<'_>| {
            answer(&answering, endpoint, request)
        };
        let preflight = cors::of_one_origin(state.address.origin_header());
        let router = router(routes::table(), Some(&preflight), clock, answer);
        Self {
            state,
            router: cors::respelled(router),
        }
    }

    /// Answers a request as of `now`. Every request gets a response, including invalid ones.
    pub fn handle(&self, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        handle(&self.router, request, now)
    }

    /// Returns the container as a router, to nest into an axum application of your own. The API
    /// base of the container must lead to it.
    ///
    /// ```
    /// use axum::Router;
    /// use smart_sandbox::Sandbox;
    /// use tower::ServiceExt as _;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let container = Sandbox::builder().container("http://localhost:3000/smart")?;
    /// let app: Router = Router::new().nest("/smart", container.into_router());
    ///
    /// let request = http::Request::get("/smart/manifest")
    ///     .header("host", "localhost:3000")
    ///     .body(axum::body::Body::empty())?;
    /// assert_eq!(app.oneshot(request).await?.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_router(self) -> Router {
        server::bounded(self.router)
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// The problems of patient files that were not loaded, or only in part. The others are served.
    pub fn load_problems(&self) -> &[LoadError] {
        self.state.store.problems()
    }

    /// The API base that clients are to use.
    pub fn api_base(&self) -> &str {
        self.state.address.base()
    }
}

impl fmt::Debug for Container {
    /// Neither secrets nor patients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Container").field(&self.state).finish()
    }
}

fn answer(
    container: &ContainerState,
    endpoint: &Endpoint,
    mut request: RequestContext<'_>,
) -> Reply {
    let access = endpoint.access;
    let reply = match endpoint.handler {
        Handler::Page(_)
            if request.method() == Method::POST && comes_from_elsewhere(request.headers()) =>
        {
            return pages::foreign_form();
        }
        Handler::Page(show) => return show(container, &request),
        // The layer in front of the router has answered.
        Handler::Preflight => return reply::not_found(),
        Handler::Public(answer) => answer(container, &request),
        Handler::Record(answer, call) => signed(container, access, &mut request, |request, _| {
            container.with_record(request.parameter("record_id"), |record| {
                answer(container, request, record, call)
            })
        }),
        Handler::Signed(answer) => signed(container, access, &mut request, |request, who| {
            answer(container, request, who)
        }),
    };
    reply::share_with(reply, &container.address.origin_header())
}

/// Answers a signed request whose sender has this access.
fn signed(
    container: &ContainerState,
    access: Access,
    request: &mut RequestContext<'_>,
    answer: impl FnOnce(&RequestContext<'_>, &Authenticated) -> Reply,
) -> Reply {
    let who = match authenticate(container, request) {
        Ok(who) => who,
        Err(rejection) => {
            let reply = rejection.reply();
            let reason = rejection.reason.to_string();
            container.report(request, &reply, rejection.app, reason);
            return reply;
        }
    };
    if !permits(access, &who.principal, PathScope::of(&request.parameters)) {
        let reply = reply::forbidden();
        let reason = format!("this call demands {}", access.demand());
        container.report(request, &reply, Some(who.principal.app), reason);
        return reply;
    }
    answer(request, &who)
}

#[cfg(test)]
mod tests;
