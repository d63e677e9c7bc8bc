use bytes::Bytes;
use http::Request;
use smart_oauth::Timestamp;

use super::*;
use crate::clock::Clock;
use crate::web::cors;
use crate::web::reply::{self, TEXT};
use crate::web::routes::{PathParameters, handle, router};

/// What a request leads to: the access that the route demands and the parameters of its path, or
/// the status and the allowed methods.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Route(&'static str, PathParameters),
    Preflight,
    WrongMethod(String),
    Nowhere,
}

/// The path of a route, for a table whose endpoints are their own paths.
fn find(method: Method, path: &str) -> Found {
    let table = table().into_iter().map(|route| Route {
        methods: route.methods,
        path: route.path,
        endpoint: route.path,
    });
    let found = std::sync::Arc::new(std::sync::Mutex::new(None));
    let noted = std::sync::Arc::clone(&found);
    let answer = move |path: &&'static str, request: RequestContext<'_>| {
        *noted.lock().unwrap() = Some(Found::Route(path, request.parameters.clone()));
        reply::answer(http::StatusCode::OK, TEXT, "")
    };
    let preflight = cors::of_one_origin(http::HeaderValue::from_static("http://h"));
    let router = router(table.collect(), Some(&preflight), &Clock::system(), answer);
    let request = Request::builder()
        .method(method.clone())
        .uri(path)
        .body(Bytes::new())
        .unwrap();
    let reply = handle(&router, &request, Timestamp::from_unix_seconds(0));
    if let Some(found) = found.lock().unwrap().take() {
        return found;
    }
    match reply.status().as_u16() {
        200 if method == Method::OPTIONS => Found::Preflight,
        405 => Found::WrongMethod(reply.headers()["allow"].to_str().unwrap().to_owned()),
        404 => Found::Nowhere,
        other => panic!("{method} {path}: {other}"),
    }
}

fn endpoint(name: &str) -> Endpoint {
    Endpoint::of_call(CallInfo::by_name(name).unwrap()).unwrap()
}

#[test]
fn every_call_is_reached_by_its_own_path() {
    for call in CALLS {
        assert!(Endpoint::of_call(call).is_some(), "{}", call.name);
        let path: String = call
            .path
            .split('/')
            .map(|segment| {
                if segment.starts_with('{') {
                    "x@y.z"
                } else {
                    segment
                }
            })
            .collect::<Vec<_>>()
            .join("/");
        let Found::Route(found, values) = find(call.method.into(), &path) else {
            panic!("{} {path}", call.name)
        };
        assert_eq!(found, call.path, "{}", call.name);
        for parameter in call.path_parameters {
            assert_eq!(values.get(parameter.name), Some("x@y.z"), "{}", call.name);
        }
    }
}

#[test]
fn calls_have_the_handlers_of_their_kind() {
    let name = |name: &str| CallInfo::by_name(name).unwrap().name;
    for (call, access) in [
        ("get_container_manifest", Access::Public),
        ("get_ontology", Access::Public),
        ("get_app_manifest", Access::AnyToken),
        ("get_app_manifests", Access::AnyToken),
        ("get_user", Access::AnyToken),
        ("search_users", Access::AnyToken),
        ("search_records", Access::RecordSearch),
        ("get_scratchpad_data", Access::ScratchpadRead),
        ("put_scratchpad_data", Access::ScratchpadWrite),
        ("delete_user_preferences", Access::Preferences),
        ("get_medications", Access::RecordData),
        ("get_demographics", Access::RecordData),
        ("post_clinical_note", Access::RecordData),
    ] {
        assert_eq!(endpoint(call).access, access, "{call}");
    }
    for call in ["get_medications", "get_demographics", "post_clinical_note"] {
        let Handler::Record(_, info) = endpoint(call).handler else {
            panic!("{call} answers from no record")
        };
        assert_eq!(info.name, name(call));
    }
}

#[test]
fn only_two_calls_are_public() {
    let public: Vec<&str> = CALLS
        .iter()
        .filter(|call| Endpoint::of_call(call).unwrap().access == Access::Public)
        .map(|call| call.name)
        .collect();
    assert_eq!(public, ["get_container_manifest", "get_ontology"]);
}

#[test]
fn only_pages_and_public_calls_are_open_to_everybody() {
    for Route { path, endpoint, .. } in table() {
        let is_open = !matches!(endpoint.handler, Handler::Record(..) | Handler::Signed(_));
        assert_eq!(endpoint.access == Access::Public, is_open, "{path}");
    }
}

#[test]
fn paths_are_told_apart() {
    for (path, route) in [
        ("/users/search", "/users/search"),
        ("/users/a@b.c", "/users/{user_id}"),
        ("/users/a%40b.c", "/users/{user_id}"),
        ("/apps/manifests/", "/apps/manifests/"),
        ("/apps/manifests", "/apps/manifests"),
        ("/apps/a@b/manifest", "/apps/{descriptor}/manifest"),
        ("/apps/a@b/launch", "/apps/{smart_app_id}/launch"),
        (
            "/apps/a@b/tokens/records/first",
            "/apps/{smart_app_id}/tokens/records/first",
        ),
        (
            "/apps/a@b/tokens/records/1/next",
            "/apps/{smart_app_id}/tokens/records/{record_id}/next",
        ),
        (
            "/apps/a@b/tokens/records/1",
            "/apps/{smart_app_id}/tokens/records/{record_id}",
        ),
        ("/records/search", "/records/search"),
        ("/records/1/lab_panels/", "/records/{record_id}/lab_panels/"),
        (
            "/records/1/lab_panels/7",
            "/records/{record_id}/lab_panels/{lab_panel_id}",
        ),
        ("/", "/"),
    ] {
        let found = find(Method::GET, path);
        assert!(
            matches!(&found, Found::Route(other, _) if *other == route),
            "{path}: {found:?}"
        );
    }
}

#[test]
fn what_is_not_in_the_table_is_nowhere() {
    for path in [
        "*",
        "//",
        "/records/",
        "/records/1",
        "/records/1/medications",
        "/records/1/demographics/",
        "/records//medications/",
        "/records/1/allergy_exclusions/7",
        "/manifest/",
        "/users/%ff",
        "/oauth/internal/session_create",
    ] {
        assert_eq!(find(Method::GET, path), Found::Nowhere, "{path}");
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    for (method, path, allow) in [
        (Method::POST, "/manifest", "GET"),
        (Method::HEAD, "/records/1/medications/", "GET"),
        (Method::PUT, "/records/1/clinical_notes/", "GET, POST"),
        (Method::DELETE, "/records/1/medications/7", "GET"),
        (Method::OPTIONS, "/records/1/medications/", "GET"),
        (
            Method::POST,
            "/records/1/apps/a/scratchpad",
            "DELETE, GET, PUT, OPTIONS",
        ),
        (Method::GET, "/users/", "OPTIONS"),
        (Method::DELETE, "/login", "GET, HEAD, POST"),
    ] {
        let expected = Found::WrongMethod(allow.to_owned());
        assert_eq!(find(method.clone(), path), expected, "{method} {path}");
    }
}

#[test]
fn four_paths_answer_browsers_that_ask_first() {
    for path in [
        "/apps/a/manifest",
        "/records/1/apps/a/scratchpad",
        "/users/",
        "/users/u/apps/a/preferences",
    ] {
        assert_eq!(find(Method::OPTIONS, path), Found::Preflight, "{path}");
    }
}

#[test]
fn token_endpoints_take_any_method() {
    for path in [
        "/oauth/request_token",
        "/oauth/access_token",
        "/apps/a/tokens/records/first",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT] {
            assert!(matches!(find(method, path), Found::Route(..)), "{path}");
        }
    }
}
