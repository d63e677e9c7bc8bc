//! The dance step by step, with a container that is a handful of strings.

use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::*;
use crate::oauth1::header::AuthorizationHeader;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_365_000_000);

fn endpoints() -> Endpoints {
    Endpoints {
        request_token: "http://localhost:7000/oauth/request_token".parse().unwrap(),
        authorize: "http://localhost:7001/oauth/authorize".parse().unwrap(),
        access_token: "http://localhost:7000/oauth/access_token".parse().unwrap(),
    }
}

fn consumer() -> Consumer {
    Consumer::new("my-app@apps.smartplatforms.org", "smartapp-secret")
}

fn nonce() -> Nonce {
    Nonce::new("kllo9940pd9333jh").unwrap()
}

fn unstarted() -> Dance<Unstarted> {
    Dance::new(consumer(), endpoints(), Some("1288992".to_owned()))
}

fn awaiting() -> Dance<AwaitingVerifier> {
    unstarted()
        .receive(&Response::new("oauth_token_secret=rs&oauth_token=rt"))
        .unwrap()
}

fn verified() -> Dance<Verified> {
    awaiting().verifier(Verifier::new("v"))
}

fn header(request: &Request<Vec<u8>>) -> AuthorizationHeader {
    AuthorizationHeader::from_headers(request.headers())
        .unwrap()
        .unwrap()
}

#[test]
fn request_token_request_is_the_known_one() {
    let request = unstarted().request(nonce(), NOW).unwrap();
    assert_eq!(
        (request.method().as_str(), request.uri()),
        ("POST", &endpoints().request_token)
    );
    assert_eq!(
        request.headers()[CONTENT_TYPE],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        request.body(),
        b"smart_record_id=1288992&oauth_callback=oob"
    );
    assert_eq!(
        header(&request).signature(),
        Some("Tjc/V/rLZD7uZqiwwDoD3Ix6XoQ=")
    );
}

#[test]
fn record_id_is_encoded_and_may_be_missing() {
    let body = |record_id: Option<&str>| {
        let dance = Dance::new(consumer(), endpoints(), record_id.map(str::to_owned));
        String::from_utf8(dance.request(nonce(), NOW).unwrap().into_body()).unwrap()
    };
    assert_eq!(body(None), "oauth_callback=oob");
    assert_eq!(
        body(Some("a&b=é")),
        "smart_record_id=a%26b%3D%C3%A9&oauth_callback=oob"
    );
}

#[test]
fn request_token_is_read_whatever_the_order() {
    let dance = awaiting();
    assert_eq!(dance.request_token().key().as_str(), "rt");
    assert_eq!(dance.request_token().secret().expose(), "rs");
    assert!(!dance.is_callback_confirmed());
    for (answer, confirmed) in [("true", true), ("false", false), ("", false)] {
        let answer =
            format!("oauth_token=rt&oauth_token_secret=rs&oauth_callback_confirmed={answer}\r\n");
        assert_eq!(
            unstarted()
                .receive(&Response::new(answer))
                .unwrap()
                .is_callback_confirmed(),
            confirmed
        );
    }
}

#[test]
fn unusable_answers_are_errors() {
    let missing = |body: &str| match unstarted().receive(&Response::new(body)) {
        Err(DanceError::Incomplete {
            step: Step::RequestToken,
            name,
            ..
        }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(""), "oauth_token");
    assert_eq!(missing("<html>Log in</html>"), "oauth_token");
    assert_eq!(missing("oauth_token=&oauth_token_secret=rs"), "oauth_token");
    assert_eq!(missing("oauth_token=rt"), "oauth_token_secret");

    let long = Response::new("a".repeat(16 * 1024 + 1));
    assert!(matches!(
        unstarted().receive(&long),
        Err(DanceError::TooLong { limit: 16_384, .. })
    ));

    for status in [201, 204, 302, 401, 403, 404, 500] {
        let refused = Response::builder()
            .status(status)
            .body("oauth_token=rt&oauth_token_secret=rs")
            .unwrap();
        let error = unstarted().receive(&refused).unwrap_err();
        assert!(
            matches!(&error, DanceError::Refused { status: got, .. } if got.as_u16() == status),
            "{error}"
        );
    }
}

#[test]
fn refusal_says_what_to_do() {
    let message = |status: u16| {
        let refused = Response::builder()
            .status(status)
            .body("Unauthorized")
            .unwrap();
        unstarted().receive(&refused).unwrap_err().to_string()
    };
    assert_eq!(
        message(401),
        "the container answered the request token request with 401 Unauthorized; check consumer key, consumer secret and clock"
    );
    assert!(
        message(500)
            .ends_with("500 Internal Server Error; try again, and look into the container's log")
    );
}

#[test]
fn authorize_url_carries_the_token() {
    let url = |page: &str, token: &str| {
        let dance = Dance::new(
            consumer(),
            Endpoints {
                authorize: page.parse().unwrap(),
                ..endpoints()
            },
            None,
        );
        let answer = format!(
            "oauth_token={}&oauth_token_secret=rs",
            percent_encode(token)
        );
        dance
            .receive(&Response::new(answer))
            .unwrap()
            .authorize_url()
    };
    assert_eq!(
        url("http://h/authorize", "rt"),
        "http://h/authorize?oauth_token=rt"
    );
    assert_eq!(
        url("http://h/authorize?a=b", "r&t"),
        "http://h/authorize?a=b&oauth_token=r%26t"
    );
}

#[test]
fn callback_is_read_in_every_shape() {
    for callback in [
        "http://localhost:8000/smartapp/authorize?oauth_token=rt&oauth_verifier=v",
        "smart-app:///did_receive_verifier?oauth_verifier=v&oauth_token=rt",
        "http://h/cb?x=1?oauth_token=rt&oauth_verifier=v",
        "http://h/cb?x=1&oauth_token=rt&oauth_verifier=v#fragment",
        "?oauth_token=rt&oauth_verifier=v",
        "oauth_token=rt&oauth_verifier=v",
    ] {
        let verified = awaiting()
            .callback(callback)
            .unwrap_or_else(|error| panic!("{callback}: {error}"));
        assert_eq!(verified.state.verifier.expose(), "v");
    }
}

#[test]
fn callback_must_be_ours() {
    let refused = |callback: &str| awaiting().callback(callback).unwrap_err();
    assert!(matches!(
        refused("?oauth_token=other&oauth_verifier=v"),
        DanceError::ForeignCallback
    ));
    assert!(matches!(
        refused("?oauth_token=RT&oauth_verifier=v"),
        DanceError::ForeignCallback
    ));
    assert!(matches!(
        refused("?oauth_verifier=v"),
        DanceError::CallbackLacks {
            name: "oauth_token"
        }
    ));
    assert!(matches!(
        refused("?oauth_token=&oauth_verifier=v"),
        DanceError::CallbackLacks {
            name: "oauth_token"
        }
    ));
    assert!(matches!(
        refused("?oauth_token=rt"),
        DanceError::CallbackLacks {
            name: "oauth_verifier"
        }
    ));
    assert!(matches!(
        refused("?oauth_token=rt&oauth_verifier="),
        DanceError::CallbackLacks {
            name: "oauth_verifier"
        }
    ));
    assert!(matches!(
        refused("http://h/cb#oauth_token=rt&oauth_verifier=v"),
        DanceError::CallbackLacks { .. }
    ));
    assert!(matches!(
        refused("?oauth_token=rt&oauth_token=other&oauth_verifier=v"),
        DanceError::CallbackRepeats {
            name: "oauth_token"
        }
    ));
    assert!(matches!(
        refused("?oauth_token=rt&oauth_verifier=v&oauth_verifier=w"),
        DanceError::CallbackRepeats {
            name: "oauth_verifier"
        }
    ));
    assert!(matches!(
        refused(&"a".repeat(16 * 1024 + 1)),
        DanceError::CallbackTooLong { limit: 16_384 }
    ));
}

#[test]
fn state_survives_a_redirect() {
    let parts = awaiting().into_parts();
    let stored = (
        parts.request_token.key().to_string(),
        parts.request_token.secret().expose().to_owned(),
        parts.record_id,
        parts.callback_confirmed,
    );
    let parts = DanceParts::new(RequestToken::new(stored.0, stored.1), stored.2, stored.3);
    let dance = Dance::from_parts(consumer(), endpoints(), parts)
        .callback("?oauth_token=rt&oauth_verifier=v")
        .unwrap();
    let (resumed, direct) = (
        dance.request(nonce(), NOW).unwrap(),
        verified().request(nonce(), NOW).unwrap(),
    );
    assert_eq!(
        resumed.headers()[AUTHORIZATION],
        direct.headers()[AUTHORIZATION]
    );
    assert_eq!(dance.record_id.as_deref(), Some("1288992"));
}

#[test]
fn exchange_sends_the_verifier_in_the_header() {
    let request = verified().request(nonce(), NOW).unwrap();
    assert_eq!(
        (request.method().as_str(), request.uri()),
        ("POST", &endpoints().access_token)
    );
    assert_eq!(
        request.headers()[CONTENT_TYPE],
        "application/x-www-form-urlencoded"
    );
    assert!(request.body().is_empty());
    let header = header(&request);
    assert_eq!((header.token(), header.verifier()), (Some("rt"), Some("v")));
}

#[test]
fn access_token_comes_with_record_and_user() {
    let answer =
        "oauth_token_secret=as&record_id=1288992&oauth_token=at&user_id=me%40example.org&x=y";
    let authorized = verified().receive(&Response::new(answer)).unwrap();
    assert_eq!(authorized.token.key().as_str(), "at");
    assert_eq!(authorized.token.secret().expose(), "as");
    assert_eq!(authorized.record_id.as_deref(), Some("1288992"));
    assert_eq!(authorized.user_id.as_deref(), Some("me@example.org"));
    assert_eq!(
        (authorized.get("x"), authorized.get("oauth_token_secret")),
        (Some("y"), None)
    );

    let bare = verified()
        .receive(&Response::new("oauth_token=at&oauth_token_secret=as"))
        .unwrap();
    assert_eq!((bare.record_id, bare.user_id), (None, None));
}

#[test]
fn token_for_another_record_is_dropped() {
    for name in ["record_id", "smart_record_id"] {
        let answer = Response::new(format!("oauth_token=at&oauth_token_secret=as&{name}=2"));
        let error = verified().receive(&answer).unwrap_err();
        assert_eq!(
            error.to_string(),
            "asked for record \"1288992\", was granted record \"2\"; the token was dropped"
        );
    }
}

#[test]
fn relative_endpoint_is_an_error() {
    let dance = Dance::new(
        consumer(),
        Endpoints {
            request_token: "/r".parse().unwrap(),
            ..endpoints()
        },
        None,
    );
    assert!(matches!(
        dance.request(nonce(), NOW),
        Err(SignError::MissingHost)
    ));
}
