//! Which pages of other origins may read what a server answers
//! ([the CORS protocol](https://fetch.spec.whatwg.org/#http-cors-protocol)).

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Response};
use tower::util::{MapRequestLayer, MapResponseLayer};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// Answers preflights of pages of one origin, for signed requests.
pub(crate) fn of_one_origin(origin: HeaderValue) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::exact(origin))
        .allow_methods([Method::POST, Method::GET, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            HeaderName::from_static("x-requested-with"),
            header::CONTENT_TYPE,
        ])
        .max_age(Duration::from_secs(60))
        .vary([])
}

/// Lets pages of every origin read every answer of a router, but never with a person's cookie:
/// credentials are not allowed.
pub(crate) fn open(router: Router) -> Router {
    let methods = [
        Method::DELETE,
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::PATCH,
        Method::POST,
        Method::PUT,
    ];
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods(methods)
        .allow_headers(AllowHeaders::mirror_request())
        .vary([]);
    respelled(router.layer(layer))
        .layer(MapResponseLayer::new(with_any_origin))
        .layer(MapRequestLayer::new(with_lower_case_headers))
}

/// Spells lists of methods as older servers do: with a blank after each comma.
pub(crate) fn respelled(router: Router) -> Router {
    router.layer(MapResponseLayer::new(|mut response: Response<Body>| {
        let headers = response.headers_mut();
        let spelled = headers
            .get(header::ACCESS_CONTROL_ALLOW_METHODS)
            .and_then(|methods| methods.to_str().ok())
            .and_then(|methods| HeaderValue::from_str(&methods.replace(',', ", ")).ok());
        if let Some(spelled) = spelled {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, spelled);
        }
        response
    }))
}

/// A request without an origin is answered with `*`, as by the original server; all others
/// depend on their origin.
fn with_any_origin(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    } else {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
    }
    response
}

/// The original server echoes the requested headers in lower case.
fn with_lower_case_headers(mut request: Request<Body>) -> Request<Body> {
    if let Some(asked) = request
        .headers_mut()
        .get_mut(header::ACCESS_CONTROL_REQUEST_HEADERS)
        && let Ok(lower) = HeaderValue::from_bytes(&asked.as_bytes().to_ascii_lowercase())
    {
        *asked = lower;
    }
    request
}
