//! One sentence of what to do for each refusal, in both generations. The sentences are those of a
//! library: they name neither an option of a command nor a method.

use http::StatusCode;
#[cfg(feature = "fhir")]
use smart_oauth::oauth2::Refusal;
use smart_rdf::visible;

/// What the words of a refusal by a SMART Classic container point to. The reference container says
/// "Unauthorized" and nothing else; others explain themselves. The first row whose word occurs is
/// taken.
#[cfg(feature = "classic")]
const CLASSIC_WORDS: [(&str, &str); 5] = [
    (
        "nonce",
        "sign the request again with a nonce that was never used, since the container has seen this one",
    ),
    (
        "timestamp",
        "correct this machine's clock, since the container refuses the time of the signature",
    ),
    (
        "consumer",
        "check the consumer key, and that the app is installed at this container",
    ),
    ("signature", "check the consumer secret, and the token's"),
    (
        "token",
        "let the user authorize the record again, since the token has expired or was revoked",
    ),
];

/// What to do when a Classic container refuses a request's credentials with these words.
#[cfg(feature = "classic")]
pub(crate) fn of_classic_words(words: &str) -> Option<&'static str> {
    let words = words.to_ascii_lowercase();
    let row = CLASSIC_WORDS.iter().find(|(word, _)| words.contains(word));
    row.map(|(_, advice)| *advice)
}

/// What to do when a Classic container refuses a call by this status.
#[cfg(feature = "classic")]
pub(crate) fn of_classic_status(
    status: StatusCode,
    with_token: bool,
    has_body: bool,
) -> &'static str {
    match (status.as_u16(), with_token) {
        (200..=299, _) => "try again later, since this is not the whole of the data",
        (300..=399, _) => {
            "set the API base to where the container lies now, since redirects are never followed"
        }
        (401, true) => {
            "authorize the record again if the token may have expired, else correct the consumer secret"
        }
        (401, false) => "check the consumer key and its secret, and this machine's clock",
        (403, true) => {
            "use a token of the right record, user and kind of app, since this one does not cover the call"
        }
        (403, false) => "send the call with a token, since it may need one",
        (404, _) => "check the ids and the API base, since there is nothing at that address",
        (405, _) => "do without this call, since the container does not offer it",
        (400 | 409 | 415 | 422, _) if has_body => "correct the body that was sent",
        (413, _) => "send a shorter body",
        (429 | 503, _) => "try again later, since it is busy",
        (500..=599, _) => "look in its log, since the fault is its own",
        _ => "check the call and its parameters",
    }
}

/// What the codes of OAuth 2 mean for the app ([RFC 6749,
/// 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1) and
/// [5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2), [RFC 6750,
/// 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1), [OpenID Connect Core,
/// 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)): a code, or any if it
/// is empty; a word of the explanation, or any if it is empty; what to do. The first row that fits
/// is taken.
#[cfg(feature = "fhir")]
const OAUTH2: [(&str, &str, &str); 28] = [
    (
        "",
        "redirect",
        "register the redirect URI at the server letter by letter as the app sends it",
    ),
    ("invalid_client", "clock", CLOCK),
    ("invalid_client", "expired", CLOCK),
    ("invalid_client", "in the future", CLOCK),
    ("invalid_client", "not yet valid", CLOCK),
    ("invalid_client", "kid", KEY),
    ("invalid_client", "jwks", KEY),
    ("invalid_client", "signature", KEY),
    ("invalid_client", "unknown", UNKNOWN_CLIENT),
    ("invalid_client", "not found", UNKNOWN_CLIENT),
    ("invalid_client", "no such", UNKNOWN_CLIENT),
    ("invalid_client", "not registered", UNKNOWN_CLIENT),
    (
        "invalid_client",
        "",
        "check the client id, and its secret or key; if they are right, register the app at this server again",
    ),
    (
        "unauthorized_client",
        "",
        "have the app registered for this kind of grant at the server",
    ),
    ("invalid_grant", "", AGAIN),
    ("invalid_token", "", AGAIN),
    ("access_denied", "", FOR_LESS),
    (
        "invalid_scope",
        "",
        "ask for scopes only that the server offers and that the app is registered for",
    ),
    (
        "insufficient_scope",
        "",
        "ask the user for a scope that covers this",
    ),
    (
        "unsupported_grant_type",
        "",
        "use another kind of grant, since the server does not offer this one",
    ),
    (
        "unsupported_response_type",
        "",
        "use another server, since this one does not offer the code flow",
    ),
    (
        "invalid_client_metadata",
        "",
        "correct what the registration says of the app",
    ),
    ("login_required", "", LOG_IN),
    ("consent_required", "", LOG_IN),
    ("interaction_required", "", LOG_IN),
    ("server_error", "", LATER),
    ("temporarily_unavailable", "", LATER),
    ("slow_down", "", LATER),
];

#[cfg(feature = "fhir")]
const AGAIN: &str = "let the user log in again, since the code or the grant has expired, was used before, or was revoked";
/// In place of what sends a user to log in, for an app's own token.
#[cfg(feature = "fhir")]
const BACKEND: &str =
    "have the app registered at the server for tokens of its own, with its key and these scopes";
#[cfg(feature = "fhir")]
const FOR_LESS: &str = "ask the user again, and for less";
#[cfg(feature = "fhir")]
const KEY: &str =
    "give the server the app's public key, under the id that the app's statements name";
#[cfg(feature = "fhir")]
const LOG_IN: &str = "let the user log in";
#[cfg(feature = "fhir")]
const CLOCK: &str =
    "correct this machine's clock, since the server refuses the time of the app's statement";
#[cfg(feature = "fhir")]
const LATER: &str = "try again later, since the fault is the server's";
#[cfg(feature = "fhir")]
const UNKNOWN_CLIENT: &str =
    "register the app at this server, or correct its client id, since the server does not know it";

/// What to do about a refusal of OAuth 2.
#[cfg(feature = "fhir")]
pub(crate) fn of_oauth2(refusal: &Refusal) -> &'static str {
    of_code(refusal.code(), refusal.description().unwrap_or_default())
}

/// What to do about the refusal of a token of the app's own. No user can change it.
#[cfg(feature = "fhir")]
pub(crate) fn of_app(refusal: &Refusal) -> &'static str {
    match of_oauth2(refusal) {
        AGAIN | FOR_LESS | LOG_IN => BACKEND,
        advice => advice,
    }
}

/// A refusal of OAuth 2 in full: code, explanation, what to do.
#[cfg(feature = "fhir")]
pub(crate) fn oauth2_sentence(refusal: &Refusal) -> String {
    let explanation = refusal.description().unwrap_or_default();
    sentence(refusal.code(), explanation, of_oauth2(refusal))
}

/// The same for a token of the app's own.
#[cfg(feature = "fhir")]
pub(crate) fn app_sentence(refusal: &Refusal) -> String {
    let explanation = refusal.description().unwrap_or_default();
    sentence(refusal.code(), explanation, of_app(refusal))
}

#[cfg(feature = "fhir")]
fn of_code(code: &str, explanation: &str) -> &'static str {
    let explanation = explanation.to_ascii_lowercase();
    let row = OAUTH2
        .iter()
        .find(|(of, word, _)| (of.is_empty() || *of == code) && explanation.contains(word));
    row.map_or(
        "check the addresses, scopes and parameters of the request",
        |(_, _, advice)| *advice,
    )
}

#[cfg(feature = "fhir")]
fn sentence(code: &str, explanation: &str, advice: &str) -> String {
    let said = match explanation {
        same if same == code => String::new(),
        other => quoted(other),
    };
    format!("{}{said}; {advice}", visible(code))
}

/// What to do when a FHIR server refuses a request by this status.
#[cfg(feature = "fhir")]
pub(crate) fn of_fhir_status(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "let the user log in again, since the server does not accept the access token",
        403 => "ask the user for a scope that covers this, since the grant does not",
        404 => "check the type and the id, and the FHIR base",
        410 => "do without the resource, since it was deleted",
        409 | 412 => "read the resource again, since it was changed in the meantime",
        429 | 503 => "try again later, since the server is busy",
        500..=599 => "try again later, since the fault is the server's",
        _ => "correct the request",
    }
}

/// What a peer said, for the end of a sentence.
pub(crate) fn quoted(words: &str) -> String {
    match words.trim() {
        "" => String::new(),
        words => format!(" (it says \"{}\")", visible(words)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "classic")]
    #[test]
    fn the_words_of_a_container_point_to_the_cause() {
        let check = |words, expected: Option<&str>| {
            let advice = of_classic_words(words);
            assert_eq!(advice.is_some(), expected.is_some(), "{words}");
            if let (Some(advice), Some(expected)) = (advice, expected) {
                assert!(advice.contains(expected), "{words}: {advice}");
            }
        };
        check("Nonce already used: 12", Some("nonce that was never used"));
        check("Expired timestamp", Some("clock"));
        check("Invalid consumer key", Some("app is installed"));
        check("Invalid signature", Some("consumer secret"));
        check("Invalid access token", Some("authorize the record again"));
        check("Unauthorized", None);
    }

    #[cfg(feature = "fhir")]
    #[test]
    fn a_refusal_says_code_explanation_and_what_to_do() {
        let check = |code: &str, explanation: &str, expected: &str| {
            let text = sentence(code, explanation, of_code(code, explanation));
            for part in [code, explanation, expected] {
                assert!(text.contains(part), "{part}: {text}");
            }
        };
        check(
            "invalid_client",
            "Client authentication failed",
            "secret or key",
        );
        check("invalid_client", "Unknown client x", "does not know it");
        check("invalid_client", "JWT is expired", "clock");
        check("invalid_client", "Unknown kid", "public key");
        check("invalid_grant", "Code was used", "log in again");
        check("invalid_grant", "redirect_uri mismatch", "letter by letter");
        check(
            "invalid_request",
            "Redirect URI is not registered",
            "letter by letter",
        );
        check("invalid_scope", "no such scope", "that the server offers");
        check("unauthorized_client", "not for you", "this kind of grant");
        check("temporarily_unavailable", "down", "later");
        check("x_own_code", "because", "check the addresses");
    }

    #[test]
    fn what_a_peer_said_is_quoted_without_its_control_characters() {
        assert_eq!(quoted("no\u{1b}[2J"), r#" (it says "no\u001b[2J")"#);
        assert_eq!(quoted("  "), "");
    }
}
