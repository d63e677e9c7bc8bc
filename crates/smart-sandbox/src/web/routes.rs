//! A server's table of routes, and the axum router that it becomes.
//!
//! Slashes at the end are significant, and no request is redirected to another spelling: the
//! Python client crashes on a redirect.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{OriginalUri, RawPathParams};
use axum::routing::{MethodFilter, MethodRouter};
use axum::{RequestPartsExt as _, Router};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use smart_oauth::Timestamp;
use tower::ServiceExt as _;
use tower_http::cors::CorsLayer;

use super::context::RequestContext;
use super::reply::{self, Reply, TEXT};
use crate::clock::Clock;

/// The longest body, in bytes. A clinical note or a scratchpad is far below.
const MOST_BODY_BYTES: usize = 4 * 1024 * 1024;

/// One row of a table.
#[derive(Clone, Debug)]
pub(crate) struct Route<E> {
    pub(crate) methods: Methods,
    /// With `{name}` for each parameter.
    pub(crate) path: &'static str,
    /// Who may use the route, and the function that answers.
    pub(crate) endpoint: E,
}

/// The methods of a route.
#[derive(Clone, Debug)]
pub(crate) enum Methods {
    /// The endpoint looks at the method itself, if at all.
    Any,
    Only(&'static [Method]),
}

/// The decoded values of a path's parameters, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathParameters(Vec<(String, String)>);

impl PathParameters {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of the first parameter with a name other than `name`.
    pub(crate) fn other_than(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other != name)
            .map(|(_, value)| value.as_str())
    }
}

/// Answers a request at an endpoint.
pub(crate) trait Answer<E>: Clone + Send + Sync + 'static {
    fn answer(&self, endpoint: &E, request: RequestContext<'_>) -> Reply;
}

impl<E, F> Answer<E> for F
where
    F: Fn(&E, RequestContext<'_>) -> Reply + Clone + Send + Sync + 'static,
{
    fn answer(&self, endpoint: &E, request: RequestContext<'_>) -> Reply {
        self(endpoint, request)
    }
}

/// Builds the router of a table. `preflight` answers `OPTIONS` on the paths that list it.
pub(crate) fn router<E>(
    table: Vec<Route<E>>,
    preflight: Option<&CorsLayer>,
    clock: &Clock,
    answer: impl Answer<E>,
) -> Router
where
    E: Clone + Send + Sync + 'static,
{
    let mut by_path: BTreeMap<&'static str, Vec<Route<E>>> = BTreeMap::new();
    for route in table {
        by_path.entry(route.path).or_default().push(route);
    }
    let mut router = Router::new();
    for (path, routes) in by_path {
        router = router.route(path, method_router(routes, preflight, clock, &answer));
    }
    router.fallback(|| async { reply::not_found().map(Body::from) })
}

fn method_router<E>(
    routes: Vec<Route<E>>,
    preflight: Option<&CorsLayer>,
    clock: &Clock,
    answer: &impl Answer<E>,
) -> MethodRouter
where
    E: Clone + Send + Sync + 'static,
{
    let methods = methods_of(&routes);
    let allow = methods
        .iter()
        .map(|method| method.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let refuse = move || {
        let reply = reply::method_not_allowed(&allow).map(Body::from);
        async { reply }
    };
    let mut router = MethodRouter::new();
    // axum would answer HEAD wherever GET is allowed.
    if !methods.contains(&&Method::HEAD) {
        router = router.on(MethodFilter::HEAD, refuse.clone());
    }
    router = router.fallback(refuse);
    for route in routes {
        let (endpoint, clock, answer) = (route.endpoint, clock.clone(), answer.clone());
        // The endpoint reads what a wildcard matches from the path.
        let is_wild = route.path.contains("{*");
        let handler = move |request: axum::extract::Request| {
            let (endpoint, clock, answer) = (endpoint.clone(), clock.clone(), answer.clone());
            async move {
                let at = request.extensions().get::<At>().copied();
                let reply = match receive(request, is_wild).await {
                    Ok((request, path, parameters)) => {
                        let now = at.map_or_else(|| clock.now(), |at| at.0);
                        let context = RequestContext::new(&request, &path, parameters, now);
                        answer.answer(&endpoint, context)
                    }
                    Err(refusal) => refusal,
                };
                reply.map(Body::from)
            }
        };
        router = match route.methods {
            Methods::Any => axum::routing::any(handler),
            Methods::Only(only) => only
                .iter()
                .filter(|method| **method != Method::OPTIONS)
                .filter_map(|method| MethodFilter::try_from(method.clone()).ok())
                .fold(router, |router, filter| router.on(filter, handler.clone())),
        };
    }
    if let Some(preflight) = preflight.filter(|_| methods.contains(&&Method::OPTIONS)) {
        router = router.layer(preflight.clone());
    }
    router
}

/// The methods of the routes of one path, in the order of an `Allow` header.
fn methods_of<E>(routes: &[Route<E>]) -> Vec<&'static Method> {
    let mut methods: Vec<&'static Method> = routes
        .iter()
        .flat_map(|route| match route.methods {
            Methods::Any => &[],
            Methods::Only(only) => only,
        })
        .collect();
    methods.sort_by_key(|method| (*method == Method::OPTIONS, method.as_str()));
    methods
}

/// The time at which [`handle`] answers a request, instead of the clock's.
#[derive(Clone, Copy)]
struct At(Timestamp);

/// Reads the body and the parameters of a request. The request gets back the URI that was sent,
/// of which a router around this one may have cut the start.
async fn receive(
    request: axum::extract::Request,
    is_wild: bool,
) -> Result<(Request<Bytes>, String, PathParameters), Reply> {
    let (mut head, body) = request.into_parts();
    let parameters = if is_wild {
        PathParameters::default()
    } else {
        parameters(&mut head).await.ok_or_else(reply::not_found)?
    };
    let body = match Limited::new(body, MOST_BODY_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(unread(StatusCode::PAYLOAD_TOO_LARGE));
        }
        Err(_) => return Err(unread(StatusCode::BAD_REQUEST)),
    };
    let path = head.uri.path().to_owned();
    if let Some(OriginalUri(uri)) = head.extensions.remove() {
        head.uri = uri;
    }
    let request = Request::from_parts(head, body);
    Ok((request, path, parameters))
}

/// The parameters of a path. None if one is empty or not UTF-8, and names nothing here.
async fn parameters(head: &mut http::request::Parts) -> Option<PathParameters> {
    let parameters = match head.extract::<RawPathParams>().await {
        Ok(parameters) => parameters,
        Err(RawPathParamsRejection::MissingPathParams(_)) => return Some(PathParameters::default()),
        Err(_) => return None,
    };
    let parameters = parameters
        .iter()
        .map(|(name, value)| (!value.is_empty()).then(|| (name.to_owned(), value.to_owned())));
    parameters.collect::<Option<_>>().map(PathParameters)
}

/// Refuses a request without having read all of its body.
fn unread(status: StatusCode) -> Reply {
    let text = status.canonical_reason().unwrap_or_default();
    let mut reply = reply::answer(status, TEXT, text);
    // The rest of the body would be read as the next request.
    let close = http::HeaderValue::from_static("close");
    reply.headers_mut().insert(header::CONNECTION, close);
    reply
}

/// Answers a request that is complete, at a given time, without a socket.
pub(crate) fn handle(router: &Router, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
    let mut request = request.clone().map(Body::from);
    request.extensions_mut().insert(At(now));
    let reply = async {
        let Ok(response) = router.clone().oneshot(request).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok::<_, axum::Error>(Response::from_parts(head, body))
    };
    // No handler waits for anything, and all bodies are in memory.
    match reply.now_or_never() {
        Some(Ok(reply)) => reply,
        Some(Err(_)) | None => reply::server_error(),
    }
}
