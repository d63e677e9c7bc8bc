use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};

use smart_oauth::Timestamp;

use crate::builder::{STOCK_SECRET, UI_APP_ID};
use crate::classic::apps::AppManifest;
use crate::classic::testing::{Bench, FORM, Signer, bare, text, with_body};
use crate::classic::tokens::Grant;
use crate::records::testing::ada;
use crate::sandbox::Sandbox;

const VECTOR_TIME: u64 = 1_365_000_000;
const CONNECTOR: &str = "smart-connector@apps.smartplatforms.org";

/// A request with the header that the outside vectors were computed for.
fn vector(
    mut request: Request<Bytes>,
    consumer: &str,
    signature: &str,
    token: &str,
) -> Request<Bytes> {
    let header = format!(
        "OAuth oauth_consumer_key=\"{}\", oauth_nonce=\"kllo9940pd9333jh\", oauth_signature=\"{}\", \
         oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"{VECTOR_TIME}\", oauth_version=\"1.0\"{token}",
        crate::form::encode(consumer),
        crate::form::encode(signature)
    );
    request
        .headers_mut()
        .insert(AUTHORIZATION, header.parse().unwrap());
    request
}

fn first_vector() -> Request<Bytes> {
    let body = "smart_record_id=1&oauth_callback=oob".replace("id=1&", "id=1288992&");
    let request = with_body(Method::POST, "/oauth/request_token", FORM, &body);
    vector(request, UI_APP_ID, "Tjc/V/rLZD7uZqiwwDoD3Ix6XoQ=", "")
}

fn connector() -> AppManifest {
    let manifest = format!(
        "{{\"name\": \"N\", \"description\": \"D\", \"id\": \"{CONNECTOR}\", \"mode\": \"background\"}}"
    );
    AppManifest::from_json(manifest.as_bytes()).unwrap()
}

#[test]
fn requests_signed_elsewhere_are_accepted() {
    let builder = Sandbox::builder()
        .patient("1288992", ada())
        .app(connector(), STOCK_SECRET);
    let bench = Bench::new(builder);
    assert_eq!(bench.now, VECTOR_TIME);
    let response = bench.send(&first_vector());
    assert_eq!(response.status(), 200, "{}", text(&response));

    let path = format!("/apps/{CONNECTOR}/tokens/records/first");
    let request = with_body(Method::POST, &path, FORM, "");
    let response = bench.send(&vector(
        request,
        CONNECTOR,
        "/vbwOSqSOwrWF45lP074Gi70v2g=",
        "",
    ));
    assert_eq!(response.status(), 200, "{}", text(&response));
    assert!(text(&response).contains("smart_record_id=1288992"));
}

#[test]
fn a_call_with_a_token_signed_elsewhere_is_accepted() {
    let bench = Bench::new(Sandbox::builder().patient("1288992", ada()));
    let grant = Grant {
        app: UI_APP_ID.to_owned(),
        record: Some("1288992".to_owned()),
        user: Some("demouser@smartplatforms.org".to_owned()),
    };
    let (key, secret) = ("acctoken0123456789ab", "accsecret0123456789a");
    let now = Timestamp::from_unix_seconds(bench.now);
    bench
        .container
        .state
        .identity()
        .tokens
        .import_access(key, secret, grant, now);
    let path = "/records/1288992/lab_results/?loinc=13457-7%7C2089-1&limit=10";
    let token = format!(", oauth_token=\"{key}\"");
    let request = vector(
        bare(Method::GET, path),
        UI_APP_ID,
        "Y3jFtjwmdM1dkm67CNNTA2FpAFs=",
        &token,
    );
    let response = bench.send(&request);
    assert_eq!(response.status(), 200, "{}", text(&response));
}

#[test]
fn a_request_counts_once() {
    let bench = Bench::small();
    assert_eq!(bench.send(&first_vector()).status(), 200);
    assert_eq!(bench.send(&first_vector()).status(), 401);
}

#[test]
fn a_wrong_signature_leaves_the_nonce_alone() {
    let bench = Bench::small();
    let mut forged = first_vector();
    *forged.body_mut() = Bytes::from_static(b"smart_record_id=2&oauth_callback=oob");
    assert_eq!(bench.send(&forged).status(), 401);
    assert_eq!(bench.send(&first_vector()).status(), 200);
}

#[test]
fn time_is_minded_on_both_sides() {
    for (now, status) in [
        (VECTOR_TIME + 300, 200),
        (VECTOR_TIME + 301, 401),
        (VECTOR_TIME - 300, 200),
        (VECTOR_TIME - 301, 401),
    ] {
        let mut bench = Bench::small();
        bench.now = now;
        assert_eq!(bench.send(&first_vector()).status(), status, "{now}");
    }
}

/// Changes one thing of a right header and tells the status.
fn check(from: &str, to: &str) -> u16 {
    let bench = Bench::small();
    let mut request = first_vector();
    let header = request.headers()[AUTHORIZATION]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(header.contains(from), "{from}");
    request
        .headers_mut()
        .insert(AUTHORIZATION, header.replacen(from, to, 1).parse().unwrap());
    let response = bench.send(&request);
    if response.status() == 401 {
        assert_eq!(text(&response), "Unauthorized");
        assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(!response.headers().contains_key("www-authenticate"));
    }
    response.status().as_u16()
}

#[test]
fn every_flaw_of_a_header_has_its_status() {
    for (from, to, status) in [
        ("OAuth ", "OAuth realm=\"\", ", 200),
        ("OAuth ", "OAuth realm=\"http://localhost:7000\", ", 200),
        ("OAuth ", "OAuth oauth_token=\"\", ", 401),
        ("OAuth ", "Basic ", 401),
        ("OAuth ", "", 401),
        ("my-app", "your-app", 401),
        ("kllo", "klla", 401),
        ("oauth_nonce=\"kllo9940pd9333jh\", ", "", 401),
        ("oauth_version=\"1.0\"", "oauth_version=\"2.0\"", 401),
        ("oauth_timestamp=\"1365000000\", ", "", 401),
        ("oauth_signature_method=\"HMAC-SHA1\", ", "", 500),
        ("HMAC-SHA1", "PLAINTEXT", 500),
        ("HMAC-SHA1", "RSA-SHA1", 500),
        ("1365000000", "soon", 500),
        (
            "oauth_version",
            "oauth_token=\"nobody\", oauth_version",
            401,
        ),
    ] {
        assert_eq!(check(from, to), status, "{from} -> {to}");
    }
    assert_eq!(check("kllo9940pd9333jh", &"n".repeat(101)), 500);
}

/// Sends a header of these parameters and tells the status.
fn status_of(parameters: &[(&str, &str)]) -> u16 {
    let bench = Bench::small();
    let parameters: Vec<_> = parameters
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}=\"{value}\""))
        .collect();
    let mut request = bare(Method::GET, "/records/1/demographics");
    let header = format!("OAuth {}", parameters.join(", "));
    request
        .headers_mut()
        .insert(AUTHORIZATION, header.parse().unwrap());
    bench.send(&request).status().as_u16()
}

#[test]
fn checks_come_in_the_order_of_the_reference_container() {
    const STALE: &str = "1364999699";
    // whatever is wrong in the columns to the right does not matter
    for (signature, app, token, timestamp, nonce, method, status) in [
        ("", UI_APP_ID, "", "1365000000", "n", "HMAC-SHA1", 401),
        ("", "nobody", "", "soon", "", "PLAINTEXT", 401),
        ("", UI_APP_ID, "", "soon", "", "", 401),
        ("s", "", "", "soon", "", "", 401),
        ("s", "nobody", "", "1365000000", "n", "PLAINTEXT", 401),
        ("s", "nobody", "", "1365000000", "n", "", 401),
        ("s", "nobody", "", "soon", "", "", 401),
        ("s", UI_APP_ID, "nothing", "1365000000", "n", "", 401),
        ("s", UI_APP_ID, "nothing", "soon", "", "PLAINTEXT", 401),
        ("s", UI_APP_ID, "", "", "n", "", 401),
        ("s", UI_APP_ID, "", STALE, "n", "PLAINTEXT", 401),
        ("s", UI_APP_ID, "", STALE, "", "", 401),
        ("s", UI_APP_ID, "", "soon", "", "", 500),
        ("s", UI_APP_ID, "", "1365000000", "", "PLAINTEXT", 401),
        ("s", UI_APP_ID, "", "1365000000", "n", "PLAINTEXT", 500),
        ("s", UI_APP_ID, "", "1365000000", "n", "", 500),
        ("s", UI_APP_ID, "", "1365000000", "n", "HMAC-SHA1", 401),
    ] {
        let parameters = [
            ("oauth_signature", signature),
            ("oauth_consumer_key", app),
            ("oauth_token", token),
            ("oauth_timestamp", timestamp),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", method),
        ];
        assert_eq!(status_of(&parameters), status, "{parameters:?}");
    }
    assert_eq!(status_of(&[]), 401);
}

#[test]
fn a_wrong_consumer_secret_is_refused() {
    let mut bench = Bench::small();
    let wrong = Signer::new(UI_APP_ID, "guess");
    let body = "smart_record_id=1&oauth_callback=oob";
    let response = bench.call_with(&wrong, Method::POST, "/oauth/request_token", FORM, body);
    assert_eq!(response.status(), 401);
}

#[test]
fn a_token_is_good_for_its_own_app_only() {
    let mut bench = Bench::small();
    let own = bench.background_with("1");
    let thief = Signer::ui().with_access(own.access.clone().unwrap());
    assert_eq!(bench.get(&own, "/records/1/medications/").status(), 200);
    assert_eq!(bench.get(&thief, "/records/1/medications/").status(), 401);
}

#[test]
fn a_token_ends_after_an_hour() {
    let mut bench = Bench::small();
    let app = bench.background_with("1");
    bench.now += 3599;
    assert_eq!(bench.get(&app, "/records/1/demographics").status(), 200);
    bench.now += 1;
    assert_eq!(bench.get(&app, "/records/1/demographics").status(), 401);
}

/// A signed PUT whose header has no body hash, as signpost makes it.
fn put_without_hash(bench: &mut Bench, app: &Signer) -> Request<Bytes> {
    let path = format!("/records/1/apps/{UI_APP_ID}/scratchpad");
    let mut request = bench.signed(app, bare(Method::PUT, &path));
    let header = request.headers()[AUTHORIZATION]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(!header.contains("oauth_body_hash"));
    *request.body_mut() = Bytes::from_static(b"a note");
    request
}

#[test]
fn bodies_without_a_hash_are_taken_on_request_only() {
    let mut strict = Bench::small();
    let app = strict.ui_with("1");
    let request = put_without_hash(&mut strict, &app);
    assert_eq!(strict.send(&request).status(), 401);

    let mut lenient = Bench::new(
        Sandbox::builder()
            .patient("1", ada())
            .accept_unsigned_bodies(),
    );
    let app = lenient.ui_with("1");
    let request = put_without_hash(&mut lenient, &app);
    assert_eq!(lenient.send(&request).status(), 200);
}

#[test]
fn bodies_without_a_hash_are_taken_from_a_marked_app_alone() {
    const JAVA: &str = "java@apps.example.org";
    let manifest =
        format!(r#"{{"name": "N", "description": "D", "id": "{JAVA}", "mode": "background"}}"#);
    let manifest = AppManifest::from_json(manifest.as_bytes()).unwrap();
    let mut bench = Bench::new(
        Sandbox::builder()
            .patient("1", ada())
            .app(manifest, "s")
            .accept_unsigned_bodies_from(JAVA),
    );
    for (app, status) in [(Signer::new(JAVA, "s"), 200), (Signer::background(), 401)] {
        let path = format!("/apps/{}/tokens/records/1", app.consumer.key());
        let mut request = bench.signed(&app, bare(Method::POST, &path));
        *request.body_mut() = Bytes::from_static(b"not signed");
        let response = bench.send(&request);
        assert_eq!(response.status(), status, "{path}");
    }
}

#[test]
fn a_form_that_is_not_signed_is_not_read() {
    let mut bench = Bench::new(
        Sandbox::builder()
            .patient("1", ada())
            .accept_unsigned_bodies(),
    );
    // a GET is signed without its form, as the container has it
    let request = bare(Method::GET, "/oauth/request_token");
    let mut request = bench.signed(&Signer::ui(), request);
    *request.body_mut() = Bytes::from_static(b"oauth_callback=oob");
    let content_type = FORM.parse().unwrap();
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    assert_eq!(bench.send(&request).status(), 401, "there is no callback");
}

#[test]
fn refusals_are_told_with_their_reason_and_without_secrets() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&told);
    let builder = Sandbox::builder().patient("1", ada());
    let mut bench = Bench::new(builder.on_refusal(move |refusal| {
        hear.lock().unwrap().push(refusal.to_string());
    }));
    let app = bench.ui_with("1");
    let demographics = "/records/1/demographics";
    let with_header = |header: &str| {
        let mut request = bare(Method::GET, demographics);
        request
            .headers_mut()
            .insert(AUTHORIZATION, header.parse().unwrap());
        request
    };
    let unsigned_body = put_without_hash(&mut bench, &app);
    bench.send(&unsigned_body);
    bench.send(&bare(Method::GET, demographics));
    bench.send(&bare(
        Method::GET,
        "/records/1/demographics?oauth_consumer_key=a",
    ));
    bench.send(&with_header("OAuth a"));
    bench.send(&with_header(
        "OAuth oauth_consumer_key=nobody,oauth_signature=s",
    ));
    bench.get(&Signer::new(UI_APP_ID, "guess"), demographics);
    bench.get(&app, "/records/2/demographics?family_name=Example");
    bench.call(&Signer::ui(), Method::POST, "/oauth/request_token");
    bench.get(&app, demographics);
    let told = told.lock().unwrap();
    let expected = [
        "401 PUT /records/1/apps/my-app@apps.smartplatforms.org/scratchpad from my-app@apps.smartplatforms.org: the body is not \
         covered by the signature: the client must send oauth_body_hash, or the sandbox accept unsigned bodies",
        "401 GET /records/1/demographics from an unknown app: there is no oauth header",
        "401 GET /records/1/demographics from an unknown app: the oauth parameters stand in the query or form, and a classic \
         container reads the header only",
        "401 GET /records/1/demographics from an unknown app: the oauth header cannot be read: a parameter of the authorization \
         header is not of the form name=\"value\"",
        "401 GET /records/1/demographics from an unknown app: the app is not installed",
        "401 GET /records/1/demographics from my-app@apps.smartplatforms.org: the signature does not match",
        "403 GET /records/2/demographics from my-app@apps.smartplatforms.org: this call demands an access token of the record in \
         the path",
        "401 POST /oauth/request_token from my-app@apps.smartplatforms.org: there is no oauth_callback",
    ];
    assert_eq!(*told, expected);
}

#[test]
fn a_query_that_is_not_signed_is_not_read() {
    let mut bench = Bench::small();
    let app = bench.ui_with("1");
    // On a GET the query is part of the signature.
    let mut request = bench.signed(&app, bare(Method::GET, "/records/1/medications/?limit=1"));
    assert_eq!(bench.send(&request).status(), 200);
    request = bench.signed(&app, bare(Method::GET, "/records/1/medications/"));
    *request.uri_mut() = "/records/1/medications/?limit=1".parse().unwrap();
    assert_eq!(bench.send(&request).status(), 401);
}

#[test]
fn public_views_are_served_whatever_the_header_says() {
    let bench = Bench::small();
    for path in ["/manifest", "/ontology"] {
        let mut request = bare(Method::GET, path);
        request
            .headers_mut()
            .insert(AUTHORIZATION, "OAuth nonsense".parse().unwrap());
        assert_eq!(bench.send(&request).status(), 200, "{path}");
    }
}
