use bytes::Bytes;
use http::header;
use http::{Request, Response};

use super::*;
use crate::builder::UI_APP_ID;
use crate::classic::apps::AppManifest;
use crate::classic::testing::{Bench, FORM, Signer, bare, request_token, text, with_body};
use crate::records::accounts::Account;
use crate::records::testing::{ada, bob};
use crate::sandbox::Sandbox;

#[test]
fn a_login_returns_to_this_container_only() {
    for (return_url, expected) in [
        ("/apps/a@b/launch", "/apps/a@b/launch"),
        (
            "/oauth/authorize?oauth_token=x",
            "/oauth/authorize?oauth_token=x",
        ),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/a b", "/"),
        ("/\u{e4}", "/"),
        ("http://evil.example/", "/"),
    ] {
        assert_eq!(local(return_url), expected, "{return_url:?}");
    }
}

#[test]
fn an_index_is_opened_with_record_and_base() {
    assert_eq!(
        launch_url("http://h/i.html", "1", "http://localhost:7000"),
        "http://h/i.html?record_id=1&api_base=http%3A%2F%2Flocalhost%3A7000"
    );
    assert_eq!(
        launch_url("app:///x?y=z", "1", "b"),
        "app:///x?y=z&record_id=1&api_base=b"
    );
}

/// Asks for a request token and gives its key.
fn ask(bench: &mut Bench, signer: &Signer, body: &str) -> String {
    let response = bench.call_with(signer, Method::POST, "/oauth/request_token", FORM, body);
    request_token(&response).key().as_str().to_owned()
}

fn ask_for_ada(bench: &mut Bench) -> String {
    ask(bench, &Signer::ui(), "smart_record_id=1&oauth_callback=oob")
}

fn with_cookie(mut request: Request<Bytes>, cookie: &str) -> Request<Bytes> {
    request
        .headers_mut()
        .insert(header::COOKIE, cookie.parse().unwrap());
    request
}

fn open(bench: &Bench, cookie: &str, path: &str) -> Response<Bytes> {
    bench.send(&with_cookie(bare(Method::GET, path), cookie))
}

fn submit(bench: &Bench, cookie: &str, path: &str, form: &str) -> Response<Bytes> {
    bench.send(&with_cookie(
        with_body(Method::POST, path, FORM, form),
        cookie,
    ))
}

fn location(response: &Response<Bytes>) -> &str {
    assert_eq!(response.status(), 302, "{response:?}");
    response.headers()[header::LOCATION].to_str().unwrap()
}

#[test]
fn pages_that_need_a_login_come_back_after_it() {
    let bench = Bench::small();
    let response = bench.send(&bare(
        Method::GET,
        "/apps/my-app@apps.smartplatforms.org/launch",
    ));
    let expected = "/login?return_url=/apps/my-app%40apps.smartplatforms.org/launch";
    assert_eq!(location(&response), expected);
    let page = bench.send(&bare(Method::GET, expected));
    assert!(text(&page).contains("value=\"/apps/my-app@apps.smartplatforms.org/launch\""));
    let form = "username=demouser%40smartplatforms.org&password=password\
                &return_url=%2Fapps%2Fmy-app%40apps.smartplatforms.org%2Flaunch";
    let response = bench.send(&with_body(Method::POST, "/login", FORM, form));
    assert_eq!(
        location(&response),
        "/apps/my-app@apps.smartplatforms.org/launch"
    );
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("sessionid="), "{cookie}");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
}

#[test]
fn a_wrong_password_shows_the_form_again() {
    let bench = Bench::small();
    let form = "username=demouser%40smartplatforms.org&password=wrong&return_url=/x";
    let response = bench.send(&with_body(Method::POST, "/login", FORM, form));
    assert_eq!(response.status(), 200);
    assert!(text(&response).contains("role=\"alert\"") && text(&response).contains("value=\"/x\""));
    assert!(!response.headers().contains_key(header::SET_COOKIE));
}

#[test]
fn a_logout_ends_the_session() {
    let bench = Bench::small();
    let cookie = bench.log_in();
    assert!(text(&open(&bench, &cookie, "/")).contains("demouser@smartplatforms.org"));
    assert_eq!(
        location(&open(&bench, &cookie, "/logout")),
        "/login/did_logout"
    );
    assert!(!text(&open(&bench, &cookie, "/")).contains("You are logged in"));
    assert_eq!(open(&bench, &cookie, "/login/did_logout").status(), 200);
}

#[test]
fn the_launch_page_lists_records_with_their_addresses() {
    let bench = Bench::small();
    let page = open(
        &bench,
        &bench.log_in(),
        &format!("/apps/{UI_APP_ID}/launch"),
    );
    assert!(text(&page).contains(
        "href=\"http://localhost:8000/smartapp/index.html?record_id=1&#38;\
         api_base=http%3A%2F%2Flocalhost%3A7000\">Ada Example, born 1987-03-04 (record 1)</a>"
    ));
    assert!(text(&page).contains("Bob Exemplar"));
}

#[test]
fn what_cannot_be_launched_is_said_on_a_page() {
    let bench = Bench::small();
    let cookie = bench.log_in();
    for (app, message) in [
        ("nobody@apps.example.org", "no such app"),
        (
            "smart-background-app@apps.smartplatforms.org",
            "runs in the background",
        ),
    ] {
        let page = open(&bench, &cookie, &format!("/apps/{app}/launch"));
        assert_eq!(page.status(), 200);
        assert!(text(&page).contains(message), "{}", text(&page));
    }
}

#[test]
fn the_user_is_asked_once_and_then_sent_on_silently() {
    let mut bench = Bench::small();
    let cookie = bench.log_in();
    let token = ask_for_ada(&mut bench);
    let path = format!("/oauth/authorize?oauth_token={token}");
    let page = open(&bench, &cookie, &path);
    assert_eq!(page.status(), 200);
    assert!(text(&page).contains("My App") && text(&page).contains("Ada Example"));

    let form = format!("oauth_token={token}&oauth_callback=&record_id=");
    let response = submit(&bench, &cookie, &path, &form);
    let expected =
        format!("http://localhost:8000/smartapp/authorize?oauth_token={token}&oauth_verifier=");
    let verifier = location(&response).strip_prefix(&expected).unwrap();
    assert_eq!(verifier.len(), 20);
    assert!(verifier.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(text(&response), location(&response));

    let again = ask_for_ada(&mut bench);
    let response = open(
        &bench,
        &cookie,
        &format!("/oauth/authorize?oauth_token={again}"),
    );
    assert!(location(&response).contains(&again));
}

#[test]
fn a_script_may_post_without_looking_at_the_page() {
    let mut bench = Bench::small();
    let cookie = bench.log_in();
    let token = ask_for_ada(&mut bench);
    let response = submit(
        &bench,
        &cookie,
        "/oauth/authorize",
        &format!("oauth_token={token}"),
    );
    assert!(location(&response).contains("oauth_verifier="));
}

#[test]
fn whoever_is_not_logged_in_comes_back_with_the_token() {
    let mut bench = Bench::small();
    let token = ask_for_ada(&mut bench);
    let response = bench.send(&bare(
        Method::GET,
        &format!("/oauth/authorize?oauth_token={token}"),
    ));
    assert_eq!(
        location(&response),
        format!("/login?return_url=/oauth/authorize%3Foauth_token%3D{token}")
    );
}

#[test]
fn what_cannot_be_authorized_is_said_on_a_page() {
    let manifest =
        br#"{"name": "N", "description": "D", "id": "mute@apps.example.org", "mode": "ui",
        "index": "http://localhost/i", "icon": "http://localhost/j"}"#;
    let manifest = AppManifest::from_json(manifest).unwrap();
    let builder = Sandbox::builder().patient("1", ada()).app(manifest, "s");
    let mut bench = Bench::new(builder);
    let cookie = bench.log_in();
    let unbound = ask(&mut bench, &Signer::ui(), "oauth_callback=oob");
    let unknown_record = ask(
        &mut bench,
        &Signer::ui(),
        "smart_record_id=99&oauth_callback=oob",
    );
    let mute = Signer::new("mute@apps.example.org", "s");
    let no_callback = ask(&mut bench, &mute, "smart_record_id=1&oauth_callback=oob");
    for (token, message) in [
        ("nonsense", "Unauthorized"),
        (unbound.as_str(), "The token contains no record id"),
        (unknown_record.as_str(), "The token contains no record id"),
        (no_callback.as_str(), "no oauth_callback"),
    ] {
        let page = open(
            &bench,
            &cookie,
            &format!("/oauth/authorize?oauth_token={token}"),
        );
        assert_eq!(page.status(), 200);
        assert!(text(&page).contains(message), "{message}: {}", text(&page));
    }
}

#[test]
fn without_a_token_there_is_one_plain_line() {
    let bench = Bench::small();
    let cookie = bench.log_in();
    for method in [Method::GET, Method::POST, Method::PUT] {
        let request = with_cookie(bare(method, "/oauth/authorize"), &cookie);
        let response = bench.send(&request);
        assert_eq!(response.status(), 200);
        assert_eq!(text(&response).lines().count(), 1);
    }
}

#[test]
fn a_token_claimed_by_one_user_is_refused_to_another() {
    let builder = Sandbox::builder()
        .patient("1", ada())
        .patient("2", bob())
        .account(
            Account::new("eve@example.org")
                .password("x")
                .only_records(["2"]),
        );
    let mut bench = Bench::new(builder);
    let cookie = bench.log_in();
    let login = "username=eve%40example.org&password=x";
    let response = bench.send(&with_body(Method::POST, "/login", FORM, login));
    let eve = response.headers()[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let token = ask_for_ada(&mut bench);
    open(
        &bench,
        &cookie,
        &format!("/oauth/authorize?oauth_token={token}"),
    );
    let page = submit(
        &bench,
        &eve,
        "/oauth/authorize",
        &format!("oauth_token={token}"),
    );
    assert!(text(&page).contains("Unauthorized"));

    // Nor may Eve let an app read a record that is not hers to open, or see it listed.
    let token = ask_for_ada(&mut bench);
    let page = submit(
        &bench,
        &eve,
        "/oauth/authorize",
        &format!("oauth_token={token}"),
    );
    assert!(text(&page).contains("may not open"));
    let list = open(&bench, &eve, &format!("/apps/{UI_APP_ID}/launch"));
    assert!(!text(&list).contains("Ada") && text(&list).contains("Bob"));
}

#[test]
fn a_form_of_another_site_is_refused() {
    let mut bench = Bench::small();
    let cookie = bench.log_in();
    let token = ask_for_ada(&mut bench);
    for (origin, status) in [
        ("http://localhost:7000", 302),
        ("http://localhost:8000", 403),
        ("https://localhost:7000", 403),
        ("null", 403),
    ] {
        let form = with_body(
            Method::POST,
            "/oauth/authorize",
            FORM,
            &format!("oauth_token={token}"),
        );
        let mut request = with_cookie(form, &cookie);
        request
            .headers_mut()
            .insert(header::ORIGIN, origin.parse().unwrap());
        assert_eq!(bench.send(&request).status(), status, "{origin}");
    }
}

#[test]
fn a_denial_ends_the_token_and_tells_no_one() {
    let mut bench = Bench::small();
    let cookie = bench.log_in();
    let token = ask_for_ada(&mut bench);
    let response = submit(
        &bench,
        &cookie,
        "/oauth/deny",
        &format!("oauth_token={token}"),
    );
    assert_eq!(response.status(), 200);
    let denied = text(&response).to_owned();
    let page = open(
        &bench,
        &cookie,
        &format!("/oauth/authorize?oauth_token={token}"),
    );
    assert!(text(&page).contains("Unauthorized"));
    // what was not denied is not said to be
    let other = ask_for_ada(&mut bench);
    for form in ["", "oauth_token=", "oauth_token=nothing"] {
        let page = submit(&bench, &cookie, "/oauth/deny", form);
        assert!(text(&page).contains("Unauthorized"), "{form}");
        assert_ne!(text(&page), denied, "{form}");
    }
    let page = open(
        &bench,
        &cookie,
        &format!("/oauth/authorize?oauth_token={other}"),
    );
    assert!(!text(&page).contains("Unauthorized"));
}

#[test]
fn a_native_app_gets_its_own_scheme() {
    let mut bench = Bench::small();
    let cookie = bench.log_in();
    let native = Signer::new("my-ios-app@apps.smartplatforms.org", "smartapp-secret");
    let token = ask(&mut bench, &native, "smart_record_id=1&oauth_callback=oob");
    let response = submit(
        &bench,
        &cookie,
        "/oauth/authorize",
        &format!("oauth_token={token}"),
    );
    let expected = format!("smart-app:///did_receive_verifier?oauth_token={token}&oauth_verifier=");
    assert!(
        location(&response).starts_with(&expected),
        "{}",
        location(&response)
    );
}
