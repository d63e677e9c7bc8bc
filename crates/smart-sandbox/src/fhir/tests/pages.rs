//! Logging in and out, and ending approvals.

use http::Method;

use super::super::testing::*;

#[test]
fn the_login_form_is_filled_in() {
    let response = Bench::new().get("/login?next=%2Fapps");
    let form = inputs(&response);
    let expected = [
        ("next", "/apps"),
        ("username", "daniel-adams"),
        ("password", "demo-password"),
    ];
    assert_eq!(borrowed(&form), expected);
    let page = std::str::from_utf8(response.body()).unwrap();
    assert!(page.contains("id=\"sign-in\""));
}

#[test]
fn a_wrong_password_shows_the_form_again() {
    let bench = Bench::new();
    for (username, password) in [
        ("daniel-adams", "x"),
        ("nobody", "demo-password"),
        ("daniel-adams", ""),
    ] {
        let response = bench.post_form("/login", &[("username", username), ("password", password)]);
        assert_eq!(response.status(), 200);
        assert!(!response.headers().contains_key("set-cookie"));
        assert!(
            std::str::from_utf8(response.body())
                .unwrap()
                .contains("role=\"alert\"")
        );
    }
}

#[test]
fn a_login_leads_to_this_server_only() {
    let bench = Bench::new();
    for (next, expected) in [
        ("/apps", "http://localhost:9000/apps"),
        ("//evil.example/", "http://localhost:9000/"),
        ("http://evil.example/", "http://localhost:9000/"),
        ("/\\evil.example", "http://localhost:9000/"),
        ("", "http://localhost:9000/"),
    ] {
        let pairs = [
            ("username", "joseph-ross"),
            ("password", "demo-password"),
            ("next", next),
        ];
        assert_eq!(
            location(&bench.post_form("/login", &pairs)),
            expected,
            "{next}"
        );
    }
}

#[test]
fn the_cookie_is_hidden_from_scripts() {
    let bench = Bench::new();
    let pairs = [("username", "joseph-ross"), ("password", "demo-password")];
    let response = bench.post_form("/login", &pairs);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("session=")
            && cookie.contains("HttpOnly")
            && cookie.contains("SameSite=Lax")
    );
}

#[test]
fn a_logout_ends_the_session() {
    let bench = Bench::new();
    let cookie = bench.log_in("daniel-adams");
    assert_eq!(bench.get_with(&cookie, "/apps").status(), 200);
    assert_eq!(
        location(&bench.get_with(&cookie, "/logout")),
        "http://localhost:9000/login"
    );
    let expected = "http://localhost:9000/login?next=%2Fapps";
    assert_eq!(location(&bench.get_with(&cookie, "/apps")), expected);
}

#[test]
fn a_user_sees_and_ends_his_own_approvals_only() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let daniel = bench.log_in("daniel-adams");
    let joseph = bench.log_in("joseph-ross");
    let apps = |cookie: &str| {
        let response = bench.get_with(cookie, "/apps");
        String::from_utf8(response.body().to_vec()).unwrap()
    };
    let code = bench.code(&ask(&app.id));
    assert!(apps(&daniel).contains(&format!("rel=\"{}\"", app.id)));
    assert!(
        !apps(&daniel).contains(SCOPE),
        "no scopes before the exchange"
    );
    let tokens = tokens(&bench.exchange(&app, &code, &[]));
    let page = apps(&daniel);
    assert!(page.contains(SCOPE));
    assert!(!apps(&joseph).contains(&app.id));
    let action = page
        .split("action=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(action.starts_with("/revoke/"), "{action}");

    let back = "http://localhost:9000/apps";
    assert_eq!(location(&bench.post_with(&joseph, action, &[])), back);
    assert_eq!(bench.read_status(&tokens.access), 200);
    assert!(location(&bench.send(&bare(Method::POST, action))).contains("/login"));
    assert_eq!(bench.read_status(&tokens.access), 200);
    assert_eq!(location(&bench.post_with(&daniel, "/revoke/99", &[])), back);
    assert_eq!(location(&bench.post_with(&daniel, action, &[])), back);

    for address in ["/revoke/x", "/revoke/99999999999999999999"] {
        let response = bench.post_with(&daniel, address, &[]);
        assert_eq!(response.status(), 404, "{address}");
    }
    assert_eq!(bench.read_status(&tokens.access), 401);
    assert_eq!(bench.refresh(&app, &tokens.refresh, &[]).status(), 401);
    let response = bench.get(&format!("/oauth/debug/introspect?token={}", tokens.access));
    assert_eq!(body_of(&response)["error"], "no_token");
}

#[test]
fn the_home_page_greets() {
    let bench = Bench::new();
    let page = bench.get("/");
    assert!(
        std::str::from_utf8(page.body())
            .unwrap()
            .contains("http://localhost:9000/api/fhir")
    );
    let cookie = bench.log_in("daniel-adams");
    let page = bench.get_with(&cookie, "/");
    assert!(
        std::str::from_utf8(page.body())
            .unwrap()
            .contains("Daniel Adams")
    );
}

#[test]
fn each_user_has_other_patients() {
    let bench = Bench::new();
    let users = bench.server.state.users();
    let daniel = &users.get("daniel-adams").unwrap().records;
    let joseph = &users.get("joseph-ross").unwrap().records;
    assert_eq!((daniel.len(), joseph.len()), (2, 1));
    assert_eq!(daniel[0], "1288992");
    assert!(!daniel.contains(&joseph[0]));
}
