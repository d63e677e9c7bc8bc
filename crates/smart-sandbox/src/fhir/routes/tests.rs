use bytes::Bytes;
use http::Request;
use smart_oauth::Timestamp;

use super::*;
use crate::clock::Clock;
use crate::web::reply::{self, TEXT};
use crate::web::routes::{handle, router};

/// The path of the route that a request leads to, or the status and the allowed methods.
fn find(method: Method, path: &str) -> String {
    let table = table().into_iter().map(|route| Route {
        methods: route.methods,
        path: route.path,
        endpoint: route.path,
    });
    let answer = |path: &&'static str, _: RequestContext<'_>| {
        reply::answer(StatusCode::OK, TEXT, path.to_string())
    };
    let router = router(table.collect(), None, &Clock::system(), answer);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Bytes::new())
        .unwrap();
    let reply = handle(&router, &request, Timestamp::from_unix_seconds(0));
    match reply.status().as_u16() {
        200 => String::from_utf8(reply.body().to_vec()).unwrap(),
        405 => reply.headers()["allow"].to_str().unwrap().to_owned(),
        status => status.to_string(),
    }
}

#[test]
fn pages_have_their_methods() {
    const GET: &str = "GET, HEAD, OPTIONS";
    const POST: &str = "POST, OPTIONS";
    for (method, path, found) in [
        (Method::GET, "/", "/"),
        (Method::POST, "/", GET),
        (Method::GET, "/oauth/register", POST),
        (Method::GET, "/oauth/token", POST),
        (Method::POST, "/oauth/debug/introspect", GET),
        (Method::DELETE, "/login", "GET, HEAD, POST, OPTIONS"),
        (Method::POST, "/revoke/7", "/revoke/{approval}"),
        (Method::GET, "/revoke/7", POST),
        (Method::POST, "/revoke/", "404"),
        (Method::GET, "/api/fhir", "404"),
        (Method::GET, "/api/fhir/", "404"),
        (Method::PUT, "/api/fhir/Patient/1", "/api/fhir/{*path}"),
        (Method::GET, "/api/dstu2/metadata", "/api/dstu2/{*path}"),
        (Method::GET, "/api/open-fhir/Patient/1", "404"),
        (Method::GET, "/.well-known/smart-configuration", "404"),
        (Method::GET, "/.well-known/openid-configuration", "404"),
    ] {
        assert_eq!(find(method.clone(), path), found, "{method} {path}");
    }
}

#[test]
fn a_page_answers_head_without_a_body() {
    assert_eq!(find(Method::HEAD, "/"), "");
}
