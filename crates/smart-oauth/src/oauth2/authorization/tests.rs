//! The request to the user, and every kind of callback.

use super::*;
use crate::oauth2::testing::{
    NOW, answer, authorized, awaiting, client, fields, request, secrets, server, url, values,
};

const OURS: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

fn query(url: &str) -> Vec<(String, String)> {
    fields(url.split_once('?').unwrap().1.as_bytes())
}

#[test]
fn the_url() {
    let authorization = awaiting(&client(), "launch/patient patient/*.read");
    let expected = [
        ("response_type", "code"),
        ("client_id", "app"),
        ("state", OURS),
        // of the verifier "AgIC…", computed elsewhere
        (
            "code_challenge",
            "bB1ju9q0N8VDaMu9iIaohqea2XcpfiZe6_H19fAVM7k",
        ),
        ("code_challenge_method", "S256"),
        ("redirect_uri", "http://localhost:8000/cb"),
        ("scope", "launch/patient patient/*.read"),
        ("aud", "https://ehr.example/fhir"),
    ];
    let url = authorization.authorize_url();
    assert!(url.starts_with("https://ehr.example/authorize?"), "{url}");
    assert_eq!(
        query(&url),
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(authorization.state().expose(), OURS);
}

#[test]
fn rfc_7636_appendix_b() {
    let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    let secrets = AuthorizationSecrets {
        verifier,
        ..secrets()
    };
    let authorization = client().authorize(request("a"), secrets).unwrap();
    let challenge = values(authorization.form().as_bytes(), "code_challenge");
    assert_eq!(challenge, ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]);
}

#[test]
fn a_page_with_a_query_keeps_it_and_the_form_does_not_repeat_it() {
    let server = server().with_authorize(url("https://ehr.example/authorize?tenant=7"));
    let authorization = awaiting(&Client::new("app", server), "a");
    assert!(
        authorization
            .authorize_url()
            .starts_with("https://ehr.example/authorize?tenant=7&response_type=code&")
    );
    assert!(authorization.form().starts_with("response_type=code&"));
    assert_eq!(
        authorization.page().as_str(),
        "https://ehr.example/authorize?tenant=7"
    );
}

#[test]
fn post_is_for_long_requests_to_servers_that_take_it() {
    let long = (0..100)
        .map(|number| format!("patient/Type{number}.rs "))
        .collect::<String>();
    let able = Client::new(
        "app",
        Server {
            capabilities: vec!["authorize-post".to_owned()],
            ..server()
        },
    );
    assert!(awaiting(&able, &long).prefers_post());
    assert!(!awaiting(&able, "a").prefers_post());
    assert!(!awaiting(&client(), &long).prefers_post());

    let length = |scopes: &str| awaiting(&able, scopes).authorize_url().len();
    let longest = "a".repeat(1 + MAX_GET_BYTES - length("a"));
    assert_eq!(length(&longest), MAX_GET_BYTES);
    assert!(!awaiting(&able, &longest).prefers_post());
    assert!(awaiting(&able, &format!("{longest}a")).prefers_post());
}

#[test]
fn nonce_goes_with_openid_only() {
    let nonce = |scopes| values(awaiting(&client(), scopes).form().as_bytes(), "nonce");
    assert_eq!(nonce("openid fhirUser"), [secrets().nonce.expose()]);
    assert!(nonce("launch").is_empty());
}

#[test]
fn a_launch_names_its_server() {
    let launch =
        |iss| client().authorize(request("openid").for_launch(url(iss), "xyz 123"), secrets());
    let form = launch("https://ehr.example/fhir/").unwrap().form();
    assert_eq!(values(form.as_bytes(), "launch"), ["xyz 123"]);
    assert_eq!(
        values(form.as_bytes(), "aud"),
        ["https://ehr.example/fhir/"]
    );
    assert_eq!(values(form.as_bytes(), "scope"), ["openid launch"]);
    let shown = format!("{:?}", launch("https://ehr.example/fhir").unwrap());
    assert!(
        shown.contains(r#"Launch("https://ehr.example/fhir")"#),
        "{shown}"
    );
    assert!(!shown.contains("xyz 123"), "{shown}");
    for other in [
        "https://evil.example/fhir",
        "https://ehr.example/fhir2",
        "https://ehr.example.evil.example/fhir",
    ] {
        assert!(
            matches!(launch(other), Err(AuthorizeError::ForeignLaunch)),
            "{other}"
        );
    }
}

#[test]
fn row_pkce_is_always_sent_and_never_weakened() {
    for methods in [
        None,
        Some(vec![]),
        Some(vec!["S256".to_owned()]),
        Some(vec!["plain".to_owned(), "S256".to_owned()]),
    ] {
        let client = Client::new(
            "app",
            Server {
                challenge_methods: methods,
                ..server()
            },
        );
        let form = awaiting(&client, "a").form();
        assert_eq!(values(form.as_bytes(), "code_challenge_method"), ["S256"]);
        let exchange = authorized(&client, "a")
            .request(&Authentication::Public)
            .unwrap();
        assert_eq!(
            values(exchange.body(), "code_verifier"),
            [secrets().verifier.expose()]
        );
    }
    let plain = Client::new(
        "app",
        Server {
            challenge_methods: Some(vec!["plain".to_owned()]),
            ..server()
        },
    );
    assert!(matches!(
        plain.authorize(request("a"), secrets()),
        Err(AuthorizeError::NoS256)
    ));
}

#[test]
fn row_aud_is_the_fhir_base_letter_by_letter() {
    let base = url("http://localhost:9000/api/fhir/");
    let client = Client::new(
        "app",
        Server {
            fhir_base: base,
            ..server()
        },
    );
    assert_eq!(
        values(awaiting(&client, "a").form().as_bytes(), "aud"),
        ["http://localhost:9000/api/fhir/"]
    );
}

#[test]
fn row_redirect_uri_is_the_same_text_in_both_steps() {
    // a parser would write this one differently
    let odd = "HTTP://LocalHost:80/cb?x=%7e";
    let request = AuthorizationRequest::new(RedirectUri::new(odd).unwrap(), "a".parse().unwrap());
    let authorization = client().authorize(request, secrets()).unwrap();
    assert_eq!(
        values(authorization.form().as_bytes(), "redirect_uri"),
        [odd]
    );
    let Callback::Authorized(authorized) = authorization
        .callback(&format!("?code=c&state={OURS}"))
        .unwrap()
    else {
        panic!()
    };
    let exchange = authorized.request(&Authentication::Public).unwrap();
    assert_eq!(values(exchange.body(), "redirect_uri"), [odd]);
}

#[test]
fn what_cannot_be_asked() {
    assert!(matches!(
        client().authorize(request(""), secrets()),
        Err(AuthorizeError::NoScopes)
    ));
    let without = Client::new(
        "app",
        Server {
            authorize: None,
            ..server()
        },
    );
    assert!(matches!(
        without.authorize(request("a"), secrets()),
        Err(AuthorizeError::NoEndpoint)
    ));
}

#[test]
fn parts_go_through_a_store() {
    let parts = awaiting(&client(), "openid").into_parts();
    let AuthorizationSecrets {
        state,
        verifier,
        nonce,
    } = &parts.secrets;
    let stored = (
        state.expose().to_owned(),
        verifier.expose().to_owned(),
        nonce.expose().to_owned(),
    );
    let secrets = AuthorizationSecrets::new(
        stored.0.into(),
        CodeVerifier::new(stored.1).unwrap(),
        stored.2.into(),
    );
    let parts = AuthorizationParts::new(parts.redirect_uri, parts.scopes, secrets);
    assert_eq!(parts.begun_at, None);
    let parts = parts.with_begun_at(NOW);
    assert_eq!(parts.begun_at, Some(NOW));
    let restored = Authorization::from_parts(&client(), parts).unwrap();
    assert_eq!(
        restored.authorize_url(),
        awaiting(&client(), "openid").authorize_url()
    );
    assert_eq!(restored.scopes().to_string(), "openid");
}

/// What a callback comes to, in a word.
fn outcome(server: Server, callback: &str) -> String {
    let callback = callback.replace("OURS", OURS);
    match awaiting(&Client::new("app", server), "a").callback(&callback) {
        Ok(Callback::Authorized(authorized)) => format!("code {}", authorized.state.code.expose()),
        Ok(Callback::Denied(denial)) => {
            format!("denied {} ours={}", denial.refusal.code(), denial.is_ours)
        }
        Ok(Callback::Failed(denial)) => {
            format!("failed {} ours={}", denial.refusal.code(), denial.is_ours)
        }
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn callback_matrix() {
    for (callback, expected) in [
        // as URL, as query, with and without the question mark, with a fragment
        ("http://localhost:8000/cb?code=c&state=OURS", "code c"),
        (
            "https://localhost:8000/cb?x=1&code=c&state=OURS#_=_",
            "code c",
        ),
        ("?code=c&state=OURS", "code c"),
        ("code=c&state=OURS", "code c"),
        ("code=a%2Bb+c%2F&state=OURS", "code a+b c/"),
        (
            "code=c&state=OURS&redirect_to=https://evil.example&session_state=1",
            "code c",
        ),
        // the state
        ("code=c", "MissingState"),
        ("code=c&state=", "ForeignState"),
        ("code=c&state=other", "ForeignState"),
        ("code=c&state=OURSx", "ForeignState"),
        ("code=c&state=%20OURS", "ForeignState"),
        ("code=c&state=ours", "ForeignState"),
        ("error=access_denied&state=other", "ForeignState"),
        ("error=access_denied&state=", "ForeignState"),
        // errors
        (
            "error=access_denied&state=OURS",
            "denied access_denied ours=true",
        ),
        ("error=access_denied", "MissingState"),
        (
            "error=invalid_scope&state=OURS",
            "failed invalid_scope ours=true",
        ),
        ("error=server_error", "MissingState"),
        (
            "error=Scopes+must+be+set+on+post+auth.&state=OURS",
            "failed Scopes must be set on post auth. ours=true",
        ),
        // neither or both
        ("", "Lacks"),
        ("http://localhost:8000/cb", "Lacks"),
        ("state=OURS", "Lacks"),
        ("code=&state=OURS", "Lacks"),
        ("error=&state=OURS", "Lacks"),
        ("code=c&error=access_denied&state=OURS", "Contradictory"),
        ("code=c&error=access_denied", "Contradictory"),
        ("http://localhost:8000/cb#code=c&state=OURS", "Lacks"),
        // twice
        ("code=c&code=d&state=OURS", "Repeats { name: \"code\" }"),
        (
            "code=c&state=OURS&state=OURS",
            "Repeats { name: \"state\" }",
        ),
        ("error=a&error=b", "Repeats { name: \"error\" }"),
        ("code=c&state=OURS&iss=a&iss=a", "Repeats { name: \"iss\" }"),
        ("code=&code=c&state=OURS", "Repeats { name: \"code\" }"),
    ] {
        assert_eq!(outcome(server(), callback), expected, "{callback}");
    }
    for (length, expected) in [(16_384, "Lacks"), (16_385, "TooLong { limit: 16384 }")] {
        let callback = "x".repeat(length);
        assert_eq!(outcome(server(), &callback), expected, "{length}");
    }
}

#[test]
fn row_mix_up_defense_is_demanded_only_where_promised() {
    let known = |promises_iss| Server {
        issuer: Some("https://ehr.example".to_owned()),
        promises_iss,
        ..server()
    };
    let nameless = |promises_iss| Server {
        promises_iss,
        ..server()
    };
    for (server, iss, expected) in [
        (known(true), "&iss=https://ehr.example", "code c"),
        (known(true), "&iss=https%3A%2F%2Fehr.example", "code c"),
        (known(true), "", "MissingIssuer"),
        (known(true), "&iss=https://ehr.example/", "ForeignIssuer"),
        (known(true), "&iss=https://evil.example", "ForeignIssuer"),
        (known(true), "&iss=", "ForeignIssuer"),
        (known(false), "", "code c"),
        (known(false), "&iss=https://ehr.example", "code c"),
        (known(false), "&iss=https://evil.example", "ForeignIssuer"),
        (nameless(false), "", "code c"),
        (nameless(false), "&iss=https://evil.example", "code c"),
        (nameless(true), "", "MissingIssuer"),
        (nameless(true), "&iss=https://evil.example", "ForeignIssuer"),
    ] {
        assert_eq!(
            outcome(server.clone(), &format!("code=c&state=OURS{iss}")),
            expected,
            "{server:?} {iss}"
        );
        let error = outcome(server, &format!("error=access_denied&state=OURS{iss}"));
        assert_eq!(
            error,
            expected.replace("code c", "denied access_denied ours=true")
        );
    }
}

#[test]
fn mix_up_with_two_servers() {
    // the attacker's server forwards the browser to the honest one, whose callback then goes to the
    // attacker's exchange
    let attacker = Server {
        issuer: Some("https://evil.example".to_owned()),
        promises_iss: false,
        ..server()
    };
    assert_eq!(
        outcome(attacker, "code=c&state=OURS&iss=https://ehr.example"),
        "ForeignIssuer"
    );
}

#[test]
fn row_state_a_refusal_without_it_is_believed_of_s4s_only() {
    let s4s = || Server {
        source: crate::oauth2::Source::Statement,
        ..server()
    };
    let callback = "http://localhost:8000/cb?error=access_denied";
    assert_eq!(outcome(s4s(), callback), "denied access_denied ours=false");
    assert_eq!(outcome(s4s(), "error=server_error"), "MissingState");
    assert_eq!(outcome(server(), callback), "MissingState");
    let chosen = client().with_dialect(crate::oauth2::TokenDialect::S4S);
    let denied = awaiting(&chosen, "a").callback(callback).unwrap();
    assert!(matches!(denied, Callback::Denied(denial) if !denial.is_ours));
}

#[test]
fn extra_parameters_are_sent_and_cannot_replace_the_request() {
    let asked = request("a")
        .with_parameter("prompt", "consent login")
        .and_then(|request| request.with_parameter("max_age", "0"))
        .unwrap();
    let form = client().authorize(asked, secrets()).unwrap().form();
    assert_eq!(values(form.as_bytes(), "prompt"), ["consent login"]);
    assert_eq!(values(form.as_bytes(), "max_age"), ["0"]);
    for name in RESERVED.into_iter().chain([""]) {
        let refused = request("a").with_parameter(name, "x");
        assert!(
            matches!(refused, Err(AuthorizeError::ReservedParameter { name: named }) if named == name)
        );
    }
    let hinted = request("a").with_parameter("id_token_hint", "secret-token");
    let hinted = client().authorize(hinted.unwrap(), secrets()).unwrap();
    let shown = format!("{hinted:?}");
    assert!(shown.contains("id_token_hint") && !shown.contains("secret-token"));
    let twice = request("a")
        .with_parameter("prompt", "none")
        .and_then(|request| request.with_parameter("prompt", "login"));
    assert!(twice.is_err());
}

#[test]
fn row_authorization_errors_are_shown_to_the_user_and_bounded() {
    let callback = format!(
        "error={}&error_description=a%0d%0ab&state={OURS}",
        "e".repeat(5000)
    );
    let Callback::Failed(denial) = awaiting(&client(), "a").callback(&callback).unwrap() else {
        panic!()
    };
    assert_eq!(denial.refusal.code().len(), 200);
    assert_eq!(denial.refusal.description(), Some("a  b"));
}

#[test]
fn a_code_leads_to_tokens() {
    let response = answer(
        200,
        "application/json",
        r#"{"access_token": "t", "token_type": "Bearer", "id_token": "x.y.z"}"#,
    );
    let tokens = authorized(&client(), "openid")
        .receive(&response, NOW)
        .unwrap();
    assert_eq!(
        tokens.id_token.unwrap().nonce().unwrap().expose(),
        secrets().nonce.expose()
    );
}
