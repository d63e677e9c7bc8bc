//! The known URL, and every way to spoil one.

use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_365_000_000);

fn token() -> AccessToken {
    AccessToken::new("acctoken0123456789ab", "accsecret0123456789a")
}

fn verified(url: &str, now: u64) -> Result<(), SignedUrlError> {
    let now = Timestamp::from_unix_seconds(now);
    SignedUrl::parse(url)?.verify(token().secret(), SignedUrl::WINDOW, now)
}

fn known() -> String {
    let url = "/widgets/DocumentAccess?record_id=1&document_id=2";
    UrlSigner::new(&token()).sign(url, NOW).unwrap()
}

#[test]
fn url_is_the_known_one() {
    let signer = UrlSigner::new(&token());
    assert_eq!(signer.expose_secret(), "vBaOXKCVBfQk4Bl+bqCY3ElT0J8=");
    assert_eq!(
        known(),
        "/widgets/DocumentAccess?record_id=1&document_id=2&surl_timestamp=2013-04-03T14%3A40%3A00Z\
         &surl_token=acctoken0123456789ab&surl_sig=5aIcnm%2FYhG5%2BOjLMVlF5G1cZqRg%3D"
    );
}

#[test]
fn signed_url_is_good_for_an_hour() {
    let now = NOW.as_unix_seconds();
    for (at, good) in [
        (now, true),
        (now + 3600, true),
        (now + 3601, false),
        (now - 300, true),
        (now - 301, false),
    ] {
        let outcome = verified(&known(), at);
        assert_eq!(outcome.is_ok(), good, "{at}: {outcome:?}");
    }
}

#[test]
fn any_change_is_found() {
    let url = known();
    for changed in [
        url.replace("record_id=1", "record_id=2"),
        url.replace("14%3A40", "14%3A41"),
        url.replace("/widgets", "/widget"),
        format!("{url}&more=1"),
        url.replace("5aIc", "5aIb"),
        // the same bytes once decoded, but not what was signed
        url.replace("document_id", "document%5Fid"),
    ] {
        assert_eq!(
            verified(&changed, NOW.as_unix_seconds()),
            Err(SignedUrlError::Mismatch),
            "{changed}"
        );
    }
    let other = TokenSecret::new("other");
    let parsed = SignedUrl::parse(&url).unwrap();
    assert_eq!(
        parsed.verify(&other, SignedUrl::WINDOW, NOW),
        Err(SignedUrlError::Mismatch)
    );
}

#[test]
fn signature_may_stand_anywhere() {
    let url = known();
    let (rest, signature) = url.rsplit_once('&').unwrap();
    let moved = rest.replacen('?', &format!("?{signature}&"), 1);
    assert_eq!(verified(&moved, NOW.as_unix_seconds()), Ok(()));
}

#[test]
fn unsuitable_urls_are_refused() {
    let sign = |url: &str| UrlSigner::new(&token()).sign(url, NOW).unwrap_err();
    assert_eq!(sign("/a"), SignedUrlError::NoQuery);
    assert_eq!(sign("/a?"), SignedUrlError::NoQuery);
    assert_eq!(sign("/a?b=1#c"), SignedUrlError::Fragment);
    assert_eq!(sign(&known()), SignedUrlError::AlreadySigned);
    assert_eq!(sign("/a?surl%5Ftoken=1"), SignedUrlError::AlreadySigned);
    assert_eq!(
        sign(&format!("/a?{}", "b".repeat(16 * 1024))),
        SignedUrlError::TooLong { limit: 16_384 }
    );

    let parse = |url: &str| SignedUrl::parse(url).unwrap_err();
    assert_eq!(
        parse("/a?surl_token=1"),
        SignedUrlError::Lacks {
            name: "surl_timestamp"
        }
    );
    assert_eq!(
        parse(&format!("{}&surl_token=x", known())),
        SignedUrlError::Repeats { name: "surl_token" }
    );
    assert_eq!(
        parse(&known().replace("T14", " 14")),
        SignedUrlError::BadTimestamp
    );
}
