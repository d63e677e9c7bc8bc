use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response};

use crate::builder::{BACKGROUND_APP_ID, DEMO_USER};
use crate::classic::testing::{Bench, FORM, Signer, access_token, request_token, text, with_body};
use crate::form::Pairs;

#[test]
fn a_request_token_says_that_the_callback_is_confirmed() {
    let mut bench = Bench::small();
    let body = "smart_record_id=1&oauth_callback=oob";
    let response = bench.call_with(
        &Signer::ui(),
        Method::POST,
        "/oauth/request_token",
        FORM,
        body,
    );
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/plain");
    let pairs = Pairs::parse(text(&response));
    assert_eq!(pairs.get("oauth_callback_confirmed"), Some("true"));
    for name in ["oauth_token", "oauth_token_secret"] {
        assert_eq!(pairs.get(name).unwrap().len(), 20, "{name}");
    }
}

#[test]
fn a_request_token_needs_a_callback() {
    let mut bench = Bench::small();
    for body in ["smart_record_id=1", "smart_record_id=1&oauth_callback="] {
        let response = bench.call_with(
            &Signer::ui(),
            Method::POST,
            "/oauth/request_token",
            FORM,
            body,
        );
        assert_eq!(response.status(), 401, "{body}");
    }
}

#[test]
fn token_requests_of_the_wrong_kind_are_forbidden() {
    let mut bench = Bench::small();
    let body = "smart_record_id=1&oauth_callback=oob";
    let background = Signer::background();
    let granted = bench.ui_with("1");
    for signer in [&background, &granted] {
        let response = bench.call_with(signer, Method::POST, "/oauth/request_token", FORM, body);
        assert_eq!(response.status(), 403);
    }
    for signer in [&Signer::ui(), &granted] {
        assert_eq!(
            bench
                .call(signer, Method::POST, "/oauth/access_token")
                .status(),
            403
        );
    }
}

#[test]
fn the_dance_ends_with_a_token_for_record_and_user() {
    let mut bench = Bench::small();
    let response = bench.call_with(
        &Signer::ui(),
        Method::POST,
        "/oauth/request_token",
        FORM,
        "smart_record_id=1&oauth_callback=oob",
    );
    let token = request_token(&response);
    let early = Signer::ui().with_request(token.clone(), Some("guess"));
    assert_eq!(
        bench
            .call(&early, Method::POST, "/oauth/access_token")
            .status(),
        401
    );

    let key = token.key().as_str().to_owned();
    let verifier = {
        let now = smart_oauth::Timestamp::from_unix_seconds(bench.now);
        let mut identity = bench.container.state.identity();
        identity.tokens.claim(&key, DEMO_USER, now).unwrap();
        identity
            .tokens
            .approve(&key, DEMO_USER, now)
            .unwrap()
            .unwrap()
    };
    for wrong in [None, Some(""), Some("guess")] {
        let signer = Signer::ui().with_request(token.clone(), wrong);
        assert_eq!(
            bench
                .call(&signer, Method::POST, "/oauth/access_token")
                .status(),
            401
        );
    }
    let signer = Signer::ui().with_request(token, Some(&verifier));
    let response = bench.call(&signer, Method::GET, "/oauth/access_token");
    assert_eq!(response.headers()[CONTENT_TYPE], "text/plain");
    let pairs = Pairs::parse(text(&response));
    assert_eq!(pairs.get("record_id"), Some("1"));
    assert_eq!(pairs.get("user_id"), Some(DEMO_USER));
    let granted = Signer::ui().with_access(access_token(&response));
    assert_eq!(bench.get(&granted, "/records/1/demographics").status(), 200);
    assert_eq!(bench.get(&granted, "/records/2/demographics").status(), 403);

    // The request token has ended with the exchange.
    assert_eq!(
        bench
            .call(&signer, Method::POST, "/oauth/access_token")
            .status(),
        401
    );
}

/// Signs a form with the callback in the header; whatever is changed in `tamper` keeps the set of
/// parameters as it was.
fn request_token_with(tamper: impl FnOnce(&mut Request<Bytes>)) -> (Bench, Response<Bytes>) {
    let mut bench = Bench::small();
    let mut app = Signer::ui();
    app.callback = Some("oob".to_owned());
    let form = with_body(
        Method::POST,
        "/oauth/request_token",
        FORM,
        "smart_record_id=1",
    );
    let mut request = bench.signed(&app, form);
    tamper(&mut request);
    let response = bench.send(&request);
    (bench, response)
}

#[test]
fn the_callback_may_stand_in_the_header_or_as_ios_has_it_in_both_places() {
    for body in ["smart_record_id=1", "oauth_callback=oob&smart_record_id=1"] {
        let (_, response) = request_token_with(|request| *request.body_mut() = Bytes::from(body));
        assert_eq!(response.status(), 200, "{body}");
    }
}

#[test]
fn the_record_may_stand_in_the_header() {
    let (bench, response) = request_token_with(|request| {
        let header = request.headers()[AUTHORIZATION].to_str().unwrap();
        let header = format!("{header}, smart_record_id=\"1\"").parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, header);
        *request.body_mut() = Bytes::new();
    });
    let token = request_token(&response);
    let now = smart_oauth::Timestamp::from_unix_seconds(bench.now);
    let claim = bench
        .container
        .state
        .identity()
        .tokens
        .claim(token.key().as_str(), DEMO_USER, now);
    assert_eq!(claim.unwrap().record, "1");
}

#[test]
fn the_verifier_may_stand_in_the_body() {
    let mut bench = Bench::small();
    let body = "smart_record_id=1&oauth_callback=oob";
    let response = bench.call_with(
        &Signer::ui(),
        Method::POST,
        "/oauth/request_token",
        FORM,
        body,
    );
    let token = request_token(&response);
    let key = token.key().as_str().to_owned();
    let now = smart_oauth::Timestamp::from_unix_seconds(bench.now);
    bench
        .container
        .state
        .identity()
        .tokens
        .claim(&key, DEMO_USER, now)
        .unwrap();
    let verifier = bench
        .container
        .state
        .identity()
        .tokens
        .approve(&key, DEMO_USER, now)
        .unwrap()
        .unwrap();
    let in_body = Signer::ui().with_request(token, None);
    let body = format!("oauth_verifier={verifier}");
    let response = bench.call_with(&in_body, Method::POST, "/oauth/access_token", FORM, &body);
    assert_eq!(response.status(), 200, "{}", text(&response));
}

/// One step of the loop: the record's id, or nothing at the end.
fn step(bench: &mut Bench, path: &str) -> Option<(String, Signer)> {
    let path = format!("/apps/{BACKGROUND_APP_ID}/tokens/records/{path}");
    let response = bench.call_with(&Signer::background(), Method::POST, &path, FORM, "");
    if response.status() == 404 {
        return None;
    }
    assert_eq!(response.status(), 200, "{response:?}");
    assert_eq!(
        response.headers()[CONTENT_TYPE],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN],
        "http://localhost:7000"
    );
    let pairs = Pairs::parse(text(&response));
    assert!(pairs.get("user_id").is_none());
    let signer = Signer::background().with_access(access_token(&response));
    Some((pairs.get("smart_record_id").unwrap().to_owned(), signer))
}

#[test]
fn a_background_app_sees_every_record_once() {
    let mut bench = Bench::small();
    let mut seen = Vec::new();
    let mut next = step(&mut bench, "first");
    while let Some((id, signer)) = next {
        assert_eq!(
            bench
                .get(&signer, &format!("/records/{id}/medications/"))
                .status(),
            200
        );
        next = step(&mut bench, &format!("{id}/next"));
        seen.push(id);
    }
    assert_eq!(seen, ["1", "2"]);
    assert_eq!(step(&mut bench, "2").unwrap().0, "2");
}

#[test]
fn the_loop_is_for_background_apps_and_for_themselves() {
    let mut bench = Bench::small();
    let granted = bench.background_with("1");
    let background = Signer::background();
    let own = format!("/apps/{BACKGROUND_APP_ID}/tokens/records");
    for (signer, path, status) in [
        (&Signer::ui(), format!("{own}/first"), 403),
        (&granted, format!("{own}/first"), 403),
        (
            &background,
            "/apps/my-app@apps.smartplatforms.org/tokens/records/first".to_owned(),
            403,
        ),
        (
            &background,
            "/apps/nobody@apps.example.org/tokens/records/first".to_owned(),
            403,
        ),
        (&background, format!("{own}/99"), 500),
        (&background, format!("{own}/99/next"), 500),
        (&background, format!("{own}/2/next"), 404),
    ] {
        assert_eq!(
            bench.call(signer, Method::POST, &path).status(),
            status,
            "{path}"
        );
    }
    let unsigned = crate::classic::testing::bare(Method::POST, &format!("{own}/first"));
    assert_eq!(bench.send(&unsigned).status(), 401);
}
