//! Laws: no request makes the server panic or stumble, and nothing that it says gives a secret
//! away.

use http::{Method, Request};
use proptest::prelude::*;
use serde_json::json;

use super::super::testing::*;

fn paths() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "/oauth/register",
        "/oauth/authorize",
        "/oauth/token",
        "/oauth/debug/token",
        "/oauth/debug/introspect",
        "/oauth/revoke",
        "/oauth/introspect",
        "/oauth/errors",
        "/login",
        "/apps",
        "/revoke/1",
        "/api/me",
        "/api/fhir/metadata",
        "/api/fhir/Patient",
        "/api/fhir/Observation",
        "/api/dstu2/Patient/smart-1288992",
    ]);
    let query = prop::collection::vec(
        (
            prop::sample::select(vec![
                "client_id",
                "response_type",
                "redirect_uri",
                "scope",
                "state",
                "aud",
                "code_challenge",
                "token",
                "next",
                "_count",
                "_offset",
                "_lastUpdated",
                "category",
                "patient",
                "_format",
                "x",
            ]),
            "[ -~]{0,12}",
        ),
        0..6,
    );
    prop_oneof![
        (known, query).prop_map(|(path, query)| {
            let query: Vec<_> = query
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            format!("{path}?{}", crate::form::encode_pairs(&query))
        }),
        "/[a-zA-Z0-9_./%-]{0,30}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_request_makes_it_stumble(
        method in prop::sample::select(vec![Method::GET, Method::POST, Method::PUT, Method::OPTIONS, Method::HEAD]),
        path in paths(),
        content_type in prop::sample::select(vec!["", "application/json", "application/x-www-form-urlencoded"]),
        body in prop_oneof!["[ -~]{0,60}", Just("{\"redirect_uris\":[\"a:b\"]}".to_owned())],
        authorization in prop::option::of("(Basic|Bearer) [ -~]{0,20}"),
        host in prop::option::of("[!-~]{1,20}"),
        signed_in in any::<bool>(),
    ) {
        thread_local! {
            static BENCH: (Bench, String, String) = {
                let bench = Bench::new();
                let cookie = bench.log_in("daniel-adams");
                let token = bench.debug_token(&bench.register(REDIRECT), json!({})).access;
                (bench, cookie, token)
            };
        }
        let mut request = Request::builder().method(method).uri(&path).header("content-type", content_type);
        if let Some(host) = &host {
            request = request.header("host", host);
        }
        BENCH.with(|(bench, cookie, token)| {
            request = match (&authorization, signed_in) {
                (Some(authorization), _) => request.header("authorization", authorization),
                (None, true) => request.header("authorization", format!("Bearer {token}")).header("cookie", cookie),
                (None, false) => request,
            };
            let Ok(request) = request.body(body.clone().into()) else {
                return Ok(());
            };
            let response = bench.send(&request);
            prop_assert!(response.status().as_u16() < 500, "{request:?} {response:?}");
            prop_assert!(response.headers().contains_key("access-control-allow-origin"));
            Ok(())
        })?;
    }
}

#[test]
fn debug_output_holds_no_secret() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let tokens = bench.dance(&app);
    let text = format!("{:?} {:?}", bench.server, bench.server.state.registry());
    for secret in [&app.secret, &tokens.access, &tokens.refresh] {
        assert!(!text.contains(secret.as_str()), "{text}");
    }
}
