use std::sync::Mutex;

use http::{HeaderName, HeaderValue, Method};
use proptest::prelude::*;

use super::*;
use crate::classic::testing::{Bench, FORM, Signer, bare, text};
use crate::sandbox::Sandbox;

#[test]
fn the_manifest_is_public_json() {
    let bench = Bench::small();
    let response = bench.send(&bare(Method::GET, "/manifest"));
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "http://localhost:7000"
    );
    assert!(text(&response).contains("\n    \"api_base\": \"http://localhost:7000\",\n"));
}

#[test]
fn fifty_invented_patients_are_there_by_default() {
    let mut bench = Bench::new(Sandbox::builder());
    assert_eq!(bench.container.state.store.len(), 50);
    let app = bench.background_with(smart_patients::DANIEL_ADAMS);
    let path = format!("/records/{}/medications/", smart_patients::DANIEL_ADAMS);
    assert!(crate::classic::testing::graph(&bench.get(&app, &path)).len() > 20);
}

#[test]
fn no_call_is_ever_redirected() {
    let mut bench = Bench::small();
    let app = bench.ui_with("1");
    for call in smart_api::CALLS {
        let path: String = call.path.replace(['{', '}'], "").replace("record_id", "1");
        for path in [
            path.clone(),
            path.trim_end_matches('/').to_owned(),
            format!("{path}/"),
        ] {
            let response = bench.call(&app, call.method.into(), &path);
            assert!(!response.status().is_redirection(), "{path}");
        }
    }
}

#[test]
fn debug_output_of_a_container_holds_no_secret() {
    let mut bench = Bench::small();
    let app = bench.ui_with("1");
    let cookie = bench.log_in();
    let shown = format!("{:?}", bench.container);
    for secret in [
        "smartapp-secret",
        app.access.as_ref().unwrap().secret().expose(),
        cookie.strip_prefix("sessionid=").unwrap(),
    ] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

/// Collects everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = self.0.lock().unwrap();
        event.record(
            &mut |field: &tracing::field::Field, value: &dyn fmt::Debug| {
                text.push_str(&format!("{field}={value:?} "));
            },
        );
        text.push('\n');
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn the_log_tells_reasons_but_no_secret_and_no_patient() {
    let log = Log::default();
    let secrets = tracing::subscriber::with_default(log.clone(), || {
        let mut bench = Bench::small();
        let app = bench.ui_with("1");
        let background = bench.background_with("1");
        let token = app.access.clone().unwrap();
        let stale = bench.signed(&app, bare(Method::GET, "/records/1/demographics"));
        bench.get(&app, "/records/2/demographics");
        bench.get(&background, "/records/search?family_name=Example");
        bench.get(
            &background,
            "/records/search?sparql=SELECT%20%22Ada%20Example%22",
        );
        bench.send(&bare(Method::GET, "/records/1/demographics"));
        bench.now += 4000;
        bench.send(&stale);
        bench.get(&app, "/records/1/demographics");
        let wrong = Signer::new(crate::builder::UI_APP_ID, "not the secret");
        bench.get(&wrong, "/records/1/demographics");
        let key = token.key().as_str().to_owned();
        [
            key,
            token.secret().expose().to_owned(),
            "smartapp-secret".to_owned(),
            "not the secret".to_owned(),
        ]
    });
    let text = log.0.lock().unwrap().clone();
    for reason in [
        "there is no oauth header",
        "unknown or has expired",
        "signature does not match",
    ] {
        assert!(text.contains(reason), "{reason}: {text}");
    }
    for secret in secrets
        .iter()
        .map(String::as_str)
        .chain(["Ada", "Example", "1987-03-04"])
    {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

fn any_method() -> impl Strategy<Value = Method> {
    prop_oneof![
        Just(Method::GET),
        Just(Method::POST),
        Just(Method::PUT),
        Just(Method::DELETE),
        Just(Method::HEAD),
        Just(Method::OPTIONS),
    ]
}

/// Paths that exist, paths that nearly exist, and noise.
fn any_target() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(
        smart_api::CALLS
            .iter()
            .map(|call| call.path)
            .chain([
                "/",
                "/login",
                "/logout",
                "/oauth/authorize",
                "/oauth/deny",
                "/oauth/request_token",
                "/oauth/access_token",
                "/apps/{smart_app_id}/launch",
                "/apps/{smart_app_id}/tokens/records/{record_id}/next",
            ])
            .collect::<Vec<_>>(),
    );
    let filled = (known, "[ -~]{0,12}").prop_map(|(path, value)| {
        let value = value.replace(
            [' ', '#', '<', '>', '"', '{', '}', '\\', '^', '`', '|'],
            "%",
        );
        path.replace("{record_id}", "1").replace(['{', '}'], &value)
    });
    let query = "(\\?[a-z_]{0,12}=[!-~&&[^#<>\"{}\\\\^`|]]{0,40})?";
    (
        prop_oneof![filled, "/[!-~&&[^#<>\"{}\\\\^`|?]]{0,60}"],
        query,
    )
        .prop_map(|(path, query)| path + &query)
}

fn any_header() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    let name = proptest::sample::select(vec![
        http::header::AUTHORIZATION,
        http::header::CONTENT_TYPE,
        http::header::COOKIE,
        http::header::HOST,
        http::header::ORIGIN,
    ]);
    let value = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        "OAuth [ -~]{0,120}".prop_map(String::into_bytes),
        Just(FORM.as_bytes().to_vec()),
    ];
    (name, value).prop_filter_map("not a header value", |(name, value)| {
        Some((name, HeaderValue::from_bytes(&value).ok()?))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_sent_makes_the_container_panic(
        method in any_method(),
        target in any_target(),
        headers in proptest::collection::vec(any_header(), 0..5),
        body in proptest::collection::vec(any::<u8>(), 0..200),
        now in any::<u64>(),
    ) {
        thread_local!(static BENCH: Bench = Bench::small());
        let Ok(uri) = target.parse::<http::Uri>() else { return Ok(()) };
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        request.headers_mut().extend(headers);
        BENCH.with(|bench| {
            let response = bench.container.handle(&request, Timestamp::from_unix_seconds(now / 2));
            prop_assert!(response.status().as_u16() >= 200);
            Ok(())
        })?;
    }

    /// The same for requests that get past the signature.
    #[test]
    fn nothing_that_is_signed_makes_the_container_panic(
        target in any_target(),
        body in "\\PC{0,80}",
        content_type in prop_oneof![Just(FORM), Just("application/rdf+xml"), Just("text/plain")],
        method in prop_oneof![Just(Method::GET), Just(Method::PUT), Just(Method::POST)],
    ) {
        let Ok(uri) = target.parse::<http::Uri>() else { return Ok(()) };
        let mut bench = Bench::small();
        let app = Signer::background().with_access(bench.background_with("1").access.unwrap());
        let mut request = crate::classic::testing::with_body(method.clone(), "/", content_type, &body);
        *request.uri_mut() = uri;
        let time = Timestamp::from_unix_seconds(bench.now);
        if let Some(request) = bench.try_signed(&app, request) {
            let response = bench.container.handle(&request, time);
            prop_assert!(!response.status().is_redirection() || method != Method::PUT);
        }
    }
}
