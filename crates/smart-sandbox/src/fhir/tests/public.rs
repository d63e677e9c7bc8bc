//! Clients without a secret, and answers in the fragment.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::testing::*;
use crate::form::Pairs;

const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters-000";

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

/// The id of a client that asked for no secret and got none.
fn public(bench: &Bench) -> String {
    let body =
        json!({"redirect_uris": [REDIRECT], "scope": SCOPE, "token_endpoint_auth_method": "none"});
    let answer = body_of(&bench.post_json("/oauth/register", &body));
    assert!(answer.get("client_secret").is_none());
    assert_eq!(answer["token_endpoint_auth_method"], "none");
    text(&answer, "client_id")
}

#[test]
fn a_public_client_needs_pkce_and_nothing_else() {
    let bench = Bench::new();
    let id = public(&bench);
    let challenge = challenge();
    let mut asked = ask(&id);
    let path = format!("/oauth/authorize?{}", crate::form::encode_pairs(&asked));
    let refused = query_of(&bench.get(&path));
    assert_eq!(refused.first("error"), Some("invalid_request"));
    assert_eq!(refused.first("state"), Some("my-obscure-state"));

    asked.extend([
        ("code_challenge", &*challenge),
        ("code_challenge_method", "S256"),
    ]);
    let code = bench.code(&asked);
    let form = |more: &[(&'static str, &'static str)]| {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", REDIRECT),
            ("client_id", &*id),
        ];
        pairs.extend_from_slice(more);
        bench.post_form("/oauth/token", &pairs)
    };
    assert_eq!(body_of(&form(&[]))["error"], "invalid_grant", "no verifier");
    let guess = "another-verifier-of-more-than-forty-three-character";
    assert_eq!(
        body_of(&form(&[("code_verifier", guess)]))["error"],
        "invalid_grant"
    );
    let secret = form(&[("code_verifier", VERIFIER), ("client_secret", "")]);
    assert_eq!(
        body_of(&secret)["error"],
        "invalid_client",
        "it has no secret"
    );
    let pair = tokens(&form(&[("code_verifier", VERIFIER)]));
    assert_eq!(bench.read_status(&pair.access), 200);

    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*pair.refresh),
        ("client_id", &*id),
    ];
    let next = tokens(&bench.post_form("/oauth/token", &refresh));
    assert_eq!(
        (
            bench.read_status(&pair.access),
            bench.read_status(&next.access)
        ),
        (401, 200)
    );
}

#[test]
fn a_confidential_client_still_needs_its_secret() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let code = bench.code(&ask(&app.id));
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("client_id", &*app.id),
    ];
    let response = bench.post_form("/oauth/token", &pairs);
    assert_eq!(
        (response.status().as_u16(), &body_of(&response)["error"]),
        (401, &json!("invalid_client"))
    );
}

#[test]
fn the_answer_goes_into_the_fragment_if_that_is_asked_for() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let mut asked = ask(&app.id);
    asked.push(("response_mode", "fragment"));
    let cookie = bench.log_in("daniel-adams");
    let form = bench.consent(&cookie, &asked);
    let response = bench.post_with(&cookie, "/oauth/authorize", &borrowed(&form));
    let (uri, fragment) = location(&response).split_once('#').unwrap();
    assert_eq!(uri, REDIRECT);
    let answer = Pairs::parse(fragment);
    assert_eq!(answer.first("state"), Some("my-obscure-state"));
    assert!(answer.first("code").is_some());

    let bad = changed(&asked, "response_type", Some("token"));
    let path = format!("/oauth/authorize?{}", crate::form::encode_pairs(&bad));
    assert!(
        location(&bench.get(&path)).starts_with("http://not-a-real-site#error=unauthorized_client")
    );
}
