//! The token endpoint, expiry, revocation and introspection.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::json;

use super::super::testing::*;

#[test]
fn refusals_have_the_statuses_that_clients_know() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let other = bench.register(REDIRECT);
    let code = bench.code(&ask(&app.id));
    let good = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
    ];
    for (name, value, status, error) in [
        ("grant_type", None, 400, "unsupported_grant_type"),
        ("grant_type", Some("magic"), 400, "unsupported_grant_type"),
        (
            "grant_type",
            Some("client_credentials"),
            401,
            "unauthorized_client",
        ),
        ("grant_type", Some("password"), 401, "invalid_grant"),
        ("grant_type", Some("refresh_token"), 400, "invalid_request"),
        ("code", None, 400, "invalid_grant"),
        ("code", Some(""), 400, "invalid_grant"),
        ("code", Some("unknown"), 400, "invalid_grant"),
        ("redirect_uri", None, 401, "access_denied"),
        (
            "redirect_uri",
            Some("http://not-a-real-site/"),
            401,
            "access_denied",
        ),
    ] {
        let response = bench.post_as(&app, "/oauth/token", &changed(&good, name, value));
        assert_eq!(response.status(), status, "{name} {value:?}");
        assert_eq!(body_of(&response)["error"], error, "{name} {value:?}");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    let response = bench.post_as(&other, "/oauth/token", &good);
    assert_eq!(
        (response.status().as_u16(), &body_of(&response)["error"]),
        (401, &json!("invalid_grant"))
    );
    // None of this used the code up.
    assert_eq!(bench.post_as(&app, "/oauth/token", &good).status(), 200);
}

#[test]
fn only_a_form_that_is_posted_counts() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let response = bench.get("/oauth/token?grant_type=authorization_code");
    assert_eq!(response.status(), 405);
    let body = json!({"grant_type": "authorization_code", "client_id": app.id, "client_secret": app.secret});
    let response = bench.post_json("/oauth/token", &body);
    assert_eq!(body_of(&response)["error"], "unsupported_grant_type");
}

#[test]
fn a_client_is_known_by_its_secret_in_header_or_form() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let tokens = bench.debug_token(&app, json!({}));
    let mut refresh = tokens.refresh;
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    let escaped = app.id.replace('-', "%2D");
    for (header, form, known) in [
        (
            Some(basic(&format!("{}:{}", app.id, app.secret))),
            None,
            true,
        ),
        (
            Some(basic(&format!("{escaped}:{}", app.secret))),
            None,
            true,
        ),
        (None, Some((app.id.as_str(), app.secret.as_str())), true),
        (None, Some((app.id.as_str(), "wrong")), false),
        (None, Some((app.id.as_str(), "")), false),
        (None, None, false),
        (Some(basic(&app.id)), None, false),
        (Some("Basic !".to_owned()), None, false),
        (Some(format!("Bearer {}", app.secret)), None, false),
        // The header alone counts.
        (
            Some(basic("x:y")),
            Some((app.id.as_str(), app.secret.as_str())),
            false,
        ),
    ] {
        let mut pairs = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
        ];
        if let Some((id, secret)) = form {
            pairs.extend([("client_id", id), ("client_secret", secret)]);
        }
        let mut request = bare(Method::POST, "/oauth/token");
        *request.body_mut() = crate::form::encode_pairs(&pairs).into();
        request = with_header(request, "content-type", "application/x-www-form-urlencoded");
        if let Some(header) = &header {
            request = with_header(request, "authorization", header);
        }
        let response = bench.send(&request);
        if known {
            refresh = super::super::testing::tokens(&response).refresh;
        } else {
            assert_eq!(response.status(), 401, "{header:?} {form:?}");
            assert_eq!(response.body(), r#"{"error":"invalid_client"}"#);
            assert!(!response.headers().contains_key("www-authenticate"));
        }
    }
}

#[test]
fn a_code_ends_after_a_hundred_seconds() {
    for (seconds, status) in [(97, 200), (99, 200), (100, 401), (102, 401)] {
        let mut bench = Bench::new();
        let app = bench.register(REDIRECT);
        let code = bench.code(&ask(&app.id));
        bench.now += seconds;
        assert_eq!(
            bench.exchange(&app, &code, &[]).status(),
            status,
            "{seconds}"
        );
    }
}

#[test]
fn a_second_use_of_a_code_ends_what_the_first_brought() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let code = bench.code(&ask(&app.id));
    let tokens = tokens(&bench.exchange(&app, &code, &[]));
    assert_eq!(bench.read_status(&tokens.access), 200);
    let again = bench.exchange(&app, &code, &[("client_id", &app.id)]);
    assert_eq!(
        (again.status().as_u16(), &body_of(&again)["error"]),
        (401, &json!("invalid_grant"))
    );
    assert_eq!(bench.read_status(&tokens.access), 401);
    assert_eq!(bench.refresh(&app, &tokens.refresh, &[]).status(), 401);
}

#[test]
fn a_refresh_rotates_both_tokens_at_once() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let old = bench.dance(&app);
    let response = bench.refresh(&app, &old.refresh, &[("state", "s")]);
    let answer = body_of(&response);
    assert_eq!(answer["state"], "s");
    assert_eq!(answer["patient"], PATIENT);
    assert_eq!(answer["expires_in"], 3600);
    let new = tokens(&response);
    assert_eq!(bench.read_status(&old.access), 401);
    assert_eq!(bench.read_status(&new.access), 200);
    assert_eq!(bench.refresh(&app, &old.refresh, &[]).status(), 401);
    // Showing the old one harms nobody.
    assert_eq!(bench.read_status(&new.access), 200);
}

#[test]
fn a_refresh_may_narrow_and_never_widen() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let tokens_1 = bench.dance(&app);
    let wide = bench.refresh(&app, &tokens_1.refresh, &[("scope", "openid")]);
    assert_eq!(
        (wide.status().as_u16(), &body_of(&wide)["error"]),
        (401, &json!("invalid_scope"))
    );
    let narrow = bench.refresh(&app, &tokens_1.refresh, &[("scope", "launch/patient")]);
    assert_eq!(body_of(&narrow)["scope"], "launch/patient");
    let narrow = tokens(&narrow);
    assert_eq!(bench.read_status(&narrow.access), 403);
    assert_eq!(
        bench
            .refresh(&app, &narrow.refresh, &[("scope", SCOPE)])
            .status(),
        401
    );
    let same = bench.refresh(&app, &narrow.refresh, &[]);
    assert_eq!(body_of(&same)["scope"], "launch/patient");
}

#[test]
fn an_access_token_ends_after_an_hour_and_a_refresh_brings_another() {
    let mut bench = Bench::new();
    let app = bench.register(REDIRECT);
    let tokens_1 = bench.dance(&app);
    bench.now += 3599;
    assert_eq!(bench.read_status(&tokens_1.access), 200);
    bench.now += 1;
    assert_eq!(bench.read_status(&tokens_1.access), 401);
    let answer = body_of(&bench.get(&format!(
        "/oauth/debug/introspect?token={}",
        tokens_1.access
    )));
    assert_eq!(answer["active"], false);
    assert_eq!(answer["username"], "daniel-adams");
    let tokens_2 = tokens(&bench.refresh(&app, &tokens_1.refresh, &[]));
    assert_eq!(bench.read_status(&tokens_2.access), 200);
}

#[test]
fn an_approval_ends_on_its_day_and_access_an_hour_later_at_most() {
    let mut bench = Bench::new();
    let app = bench.register(REDIRECT);
    let ends = bench.now + 100;
    let tokens = bench.debug_token(&app, json!({"approval_expires": ends}));
    bench.now = ends;
    let response = bench.refresh(&app, &tokens.refresh, &[]);
    assert_eq!(
        (response.status().as_u16(), &body_of(&response)["error"]),
        (400, &json!("invalid_grant"))
    );
    assert_eq!(bench.read_status(&tokens.access), 200);
    let answer = body_of(&bench.get(&format!("/oauth/debug/introspect?token={}", tokens.refresh)));
    assert_eq!(answer["active"], false);
}

#[test]
fn an_approval_until_yesterday_brings_no_tokens() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let cookie = bench.log_in("daniel-adams");
    let form = bench.consent(&cookie, &ask(&app.id));
    let (form, day) = (borrowed(&form), Some("2018-07-05"));
    let response = bench.post_with(&cookie, "/oauth/authorize", &changed(&form, "expires", day));
    let code = query_of(&response).first("code").unwrap().to_owned();
    let response = bench.exchange(&app, &code, &[]);
    assert_eq!(
        (response.status().as_u16(), &body_of(&response)["error"]),
        (400, &json!("invalid_grant"))
    );
}

#[test]
fn a_new_approval_ends_the_old_one_of_the_same_person_and_patient_only() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let first = bench.dance(&app);
    let other = bench.debug_token(&bench.register(REDIRECT), json!({}));
    let joseph = bench.server.state.users().get("joseph-ross").unwrap();
    let patient = joseph.patients().next().unwrap();
    let joseph = bench.debug_token(
        &app,
        json!({"username": "joseph-ross", "patient_id": patient}),
    );
    let second = bench.dance(&app);
    assert_eq!(bench.read_status(&first.access), 401);
    assert_eq!(bench.read_status(&second.access), 200);
    assert_eq!(bench.read_status(&other.access), 200);
    let path = format!("/api/fhir/Patient/{patient}");
    assert_eq!(bench.get_as(&joseph.access, &path).status(), 200);
}

#[test]
fn revocation_ends_a_client_s_own_tokens() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let other = bench.register(REDIRECT);
    let tokens = bench.dance(&app);
    let revoke = |who: &App, token: &str| {
        bench
            .post_as(who, "/oauth/revoke", &[("token", token)])
            .status()
    };
    assert_eq!(revoke(&app, "unknown"), 200);
    assert_eq!(revoke(&other, &tokens.access), 200);
    assert_eq!(bench.read_status(&tokens.access), 200);
    assert_eq!(revoke(&app, &tokens.access), 200);
    assert_eq!(bench.read_status(&tokens.access), 401);
    assert_eq!(revoke(&app, &tokens.refresh), 200);
    assert_eq!(bench.refresh(&app, &tokens.refresh, &[]).status(), 401);
    assert_eq!(bench.post_as(&app, "/oauth/revoke", &[]).status(), 400);
    let response = bench.post_form("/oauth/revoke", &[("token", "x")]);
    assert_eq!(response.status(), 401);
    assert!(response.headers().contains_key("www-authenticate"));
}

#[test]
fn introspection_describes_a_client_s_own_living_tokens() {
    let mut bench = Bench::new();
    let app = bench.register(REDIRECT);
    let other = bench.register(REDIRECT);
    let tokens = bench.dance(&app);
    let now = bench.now;
    let look = |bench: &Bench, who: &App, token: &str| {
        let response = bench.post_as(who, "/oauth/introspect", &[("token", token)]);
        assert_eq!(response.status(), 200);
        body_of(&response)
    };
    let expected = json!({
        "active": true,
        "client_id": app.id,
        "exp": now + 3600,
        "patient": PATIENT,
        "scope": SCOPE,
        "token_type": "Bearer",
        "username": "daniel-adams",
    });
    assert_eq!(look(&bench, &app, &tokens.access), expected);
    let inactive = json!({"active": false});
    assert_eq!(look(&bench, &other, &tokens.access), inactive);
    assert_eq!(look(&bench, &app, "unknown"), inactive);
    bench.now += 3600;
    assert_eq!(look(&bench, &app, &tokens.access), inactive);
    assert_eq!(look(&bench, &app, &tokens.refresh)["active"], true);
    assert_eq!(
        bench
            .post_form("/oauth/introspect", &[("token", "x")])
            .status(),
        401
    );
}
