//! Launches of both generations, with a container that is a handful of lines.

use super::*;
use crate::encode::percent_encode;
use crate::oauth1::credentials::{Consumer, Nonce};
use crate::oauth1::error::VerifyError;
use crate::oauth1::sign::{SigningParams, sign};
use crate::oauth1::verify::MemoryNonces;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_365_000_000);
const INDEX: &str = "http://localhost:8000/smartapp/index.html";

/// What a container of the older generation makes: every parameter signed as if it stood in the
/// query.
fn header(extra: &[(&str, &str)]) -> String {
    let query: Vec<_> = extra
        .iter()
        .map(|(name, value)| format!("{name}={}", percent_encode(value)))
        .collect();
    let request = http::Request::get(format!("{INDEX}?{}", query.join("&")));
    let consumer = Consumer::new("my-app@apps.smartplatforms.org", "smartapp-secret");
    let params = SigningParams::new(&consumer, Nonce::from_random([5; 16]), NOW).with_realm("");
    let request = request.body(Vec::new()).unwrap();
    let signed = sign(&SignableRequest::from_http(&request).unwrap(), &params).unwrap();
    let mut header = signed.authorization().to_str().unwrap().to_owned();
    for (name, value) in extra {
        header.push_str(&format!(", {name}=\"{}\"", percent_encode(value)));
    }
    header
}

fn usual() -> String {
    header(&[
        ("smart_record_id", "1288992"),
        ("smart_app_id", "my-app@apps.smartplatforms.org"),
        ("smart_user_id", "me@example.org"),
        ("smart_oauth_token", "t+1 %"),
        ("smart_oauth_token_secret", "s"),
        ("smart_container_api_base", "http://localhost:7000"),
    ])
}

fn verified(header: &str, secret: &str) -> Result<LaunchCredentials, LaunchError> {
    let window = TimeWindow::default();
    LaunchHeader::parse(header)?.verify(
        &format!("{INDEX}?app=1").parse().unwrap(),
        &secret.into(),
        window,
        &mut MemoryNonces::new(window),
        NOW,
    )
}

#[test]
fn parameters_come_in_any_order_or_not_at_all() {
    let read = |url: &str| {
        let launch = Launch::parse(url).unwrap();
        (
            launch.record_id().map(str::to_owned),
            launch.api_base().map(str::to_owned),
        )
    };
    let (record, base) = (Some("1".to_owned()), Some("http://h:80".to_owned()));
    let both = (record.clone(), base.clone());
    assert_eq!(
        read("http://a/i?record_id=1&api_base=http%3A%2F%2Fh%3A80"),
        both
    );
    assert_eq!(
        read("http://a/i?x=y&api_base=http://h:80&record_id=1#f"),
        both
    );
    assert_eq!(
        read("api_base=http%3A%2F%2Fh%3A80&record_id=1&record_id=1"),
        both
    );
    assert_eq!(
        read("http://a/i?x=y?record_id=1&api_base=http://h:80"),
        both
    );
    assert_eq!(read("http://a/i?record_id=1"), (record, None));
    assert_eq!(
        read("http://a/i?record_id=&api_base=http://h:80"),
        (None, base)
    );
    assert_eq!(read("http://a/i"), (None, None));
    assert_eq!(
        Launch::parse("?record_id=1&record_id=2").unwrap_err(),
        LaunchError::Repeats { name: "record_id" }
    );
    assert_eq!(
        Launch::parse(&"a".repeat(16 * 1024 + 1)).unwrap_err(),
        LaunchError::TooLong { limit: 16_384 }
    );
}

#[test]
fn header_of_a_url_or_a_cookie_gives_a_token() {
    let header = usual();
    let launch =
        Launch::parse(&format!("{INDEX}?oauth_header={}", percent_encode(&header))).unwrap();
    let from_url = launch.header().unwrap().unwrap();
    assert_eq!(
        from_url.claimed_consumer_key(),
        Some("my-app@apps.smartplatforms.org")
    );
    for header in [header.clone(), percent_encode(&header)] {
        let credentials = verified(&header, "smartapp-secret").unwrap();
        assert_eq!(credentials.token.key().as_str(), "t+1 %");
        assert_eq!(credentials.token.secret().expose(), "s");
        assert_eq!(credentials.record_id.as_deref(), Some("1288992"));
        assert_eq!(credentials.user_id.as_deref(), Some("me@example.org"));
        assert_eq!(
            credentials.app_id.as_deref(),
            Some("my-app@apps.smartplatforms.org")
        );
        assert_eq!(
            credentials.api_base.as_deref(),
            Some("http://localhost:7000")
        );
    }
    assert!(Launch::parse(INDEX).unwrap().header().unwrap().is_none());
}

#[test]
fn forged_header_gives_nothing() {
    let header = usual();
    for forged in [
        header.replace("1288992", "1288993"),
        header.replace(
            "smart_oauth_token_secret=\"s\"",
            "smart_oauth_token_secret=\"mine\"",
        ),
        header.replace("smart_user_id", "smart_user_ix"),
        format!("{header}, smart_extra=\"1\""),
    ] {
        assert_eq!(
            verified(&forged, "smartapp-secret").unwrap_err(),
            LaunchError::Unverified(VerifyError::BadSignature)
        );
    }
    assert_eq!(
        verified(&header, "other").unwrap_err(),
        LaunchError::Unverified(VerifyError::BadSignature)
    );
}

#[test]
fn header_counts_once_and_only_when_fresh() {
    let parsed = LaunchHeader::parse(&usual()).unwrap();
    let window = TimeWindow::default();
    let mut nonces = MemoryNonces::new(window);
    let index = INDEX.parse().unwrap();
    let mut verify = |seconds| {
        let now = Timestamp::from_unix_seconds(NOW.as_unix_seconds() + seconds);
        let secret = ConsumerSecret::new("smartapp-secret");
        parsed
            .verify(&index, &secret, window, &mut nonces, now)
            .map(drop)
    };
    assert_eq!(
        verify(301),
        Err(LaunchError::Unverified(VerifyError::TooLate {
            allowed: 300
        }))
    );
    assert_eq!(verify(0), Ok(()));
    assert_eq!(
        verify(1),
        Err(LaunchError::Unverified(VerifyError::Replayed))
    );
}

#[test]
fn header_without_a_token_is_reported() {
    assert_eq!(
        verified(&header(&[("smart_record_id", "1")]), "smartapp-secret").unwrap_err(),
        LaunchError::Lacks {
            name: "smart_oauth_token"
        }
    );
    assert!(matches!(
        LaunchHeader::parse("Bearer x"),
        Err(LaunchError::Header(_))
    ));
    assert!(matches!(
        LaunchHeader::parse("OAuth%20%ff=1"),
        Err(LaunchError::NotUtf8)
    ));
}
