//! What holds for every request, not just for the known ones.

use std::num::NonZeroU64;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use oauth1_request::{Builder, Credentials, HmacSha1, ParameterList};
use proptest::prelude::*;
use smart_oauth::oauth1::{
    AccessToken, AuthorizationHeader, Consumer, ConsumerSecret, Dialect, Nonce, SignError,
    SignableRequest, SignatureMethod, Signed, SignedUrl, Signer, SigningParams, TokenSecret,
    UrlSigner, Verification, Verifier, VerifyError, sign, verify,
};
use smart_oauth::{Timestamp, percent_encode};

use crate::model::{Plain, encode, form, signature};

const FORM: &str = "application/x-www-form-urlencoded";

/// Everything that a signature is made of.
#[derive(Clone, Debug)]
struct Case {
    post: bool,
    path: String,
    data: Vec<(String, String)>,
    consumer: (String, String),
    token: Option<(String, String)>,
    verifier: Option<String>,
    timestamp: u64,
}

impl Case {
    /// The data go into the form of a POST or the query of a GET.
    fn request(&self) -> http::Request<Vec<u8>> {
        let url = format!("http://localhost:7000{}", self.path);
        let data = form(&self.data);
        if self.post {
            http::Request::post(url)
                .header(CONTENT_TYPE, FORM)
                .body(data.into_bytes())
                .unwrap()
        } else if data.is_empty() {
            http::Request::get(url).body(Vec::new()).unwrap()
        } else {
            http::Request::get(format!("{url}?{data}"))
                .body(Vec::new())
                .unwrap()
        }
    }

    fn consumer(&self) -> Consumer {
        Consumer::new(&*self.consumer.0, &*self.consumer.1)
    }

    fn token(&self) -> Option<AccessToken> {
        self.token
            .as_ref()
            .map(|(key, secret)| AccessToken::new(&**key, &**secret))
    }

    fn sign(&self, dialect: Dialect) -> Result<Signed, SignError> {
        self.sign_request(&self.request(), dialect)
    }

    fn sign_request(
        &self,
        request: &http::Request<Vec<u8>>,
        dialect: Dialect,
    ) -> Result<Signed, SignError> {
        let (consumer, token) = (self.consumer(), self.token());
        let verifier = self.verifier.as_deref().map(Verifier::from);
        let timestamp = Timestamp::from_unix_seconds(self.timestamp);
        let mut params = SigningParams::new(&consumer, Nonce::from_random([9; 16]), timestamp);
        params = token.iter().fold(params, SigningParams::with_access_token);
        params = verifier.iter().fold(params, SigningParams::with_verifier);
        sign(
            &SignableRequest::from_http(request).unwrap(),
            &params.with_dialect(dialect),
        )
    }

    fn verify(
        &self,
        request: &http::Request<Vec<u8>>,
        header: &str,
        secrets: (&str, Option<&str>),
    ) -> Result<(), String> {
        let header = AuthorizationHeader::parse(header).map_err(|error| error.to_string())?;
        let view = SignableRequest::from_http(request).map_err(|error| error.to_string())?;
        let (consumer, token) = (
            ConsumerSecret::from(secrets.0),
            secrets.1.map(TokenSecret::from),
        );
        let accepted = verify(&view, &header, &consumer, token.as_ref());
        accepted.map(drop).map_err(|error| error.to_string())
    }

    fn secrets(&self) -> (&str, Option<&str>) {
        (
            &self.consumer.1,
            self.token.as_ref().map(|(_, secret)| secret.as_str()),
        )
    }

    fn plain(&self) -> Plain {
        let mut header = vec![
            ("oauth_consumer_key".to_owned(), self.consumer.0.clone()),
            ("oauth_nonce".to_owned(), "09".repeat(16)),
            ("oauth_signature_method".to_owned(), "HMAC-SHA1".to_owned()),
            ("oauth_timestamp".to_owned(), self.timestamp.to_string()),
            ("oauth_version".to_owned(), "1.0".to_owned()),
        ];
        header.extend(
            self.token
                .iter()
                .map(|(key, _)| ("oauth_token".to_owned(), key.clone())),
        );
        header.extend(
            self.verifier
                .iter()
                .map(|text| ("oauth_verifier".to_owned(), text.clone())),
        );
        let (query, form) = if self.post {
            (vec![], self.data.clone())
        } else {
            (self.data.clone(), vec![])
        };
        Plain {
            method: if self.post { "POST" } else { "GET" },
            host: "localhost:7000".to_owned(),
            path: self.path.clone(),
            query,
            form,
            header,
        }
    }
}

/// `names` is a pattern; names are never those of OAuth's own parameters.
fn cases(names: &'static str) -> impl Strategy<Value = Case> {
    let text = || "\\PC{0,12}";
    (
        any::<bool>(),
        "(/[a-zA-Z0-9._~@:!$'()*,=+-]{0,8}){1,4}",
        prop::collection::vec((names, text()), 0..8),
        ("\\PC{1,20}", text()),
        prop::option::of(("\\PC{1,20}", text())),
        prop::option::of(text()),
        1..u64::from(u32::MAX),
    )
        .prop_map(
            |(post, path, data, consumer, token, verifier, timestamp)| Case {
                post,
                path,
                data,
                consumer,
                token,
                verifier,
                timestamp,
            },
        )
}

/// Names that a portable signature can carry: unique, and sorted alike before and after encoding.
fn portable_cases() -> impl Strategy<Value = Case> {
    cases("[a-zA-Z0-9._~-]{1,8}").prop_map(|mut case| {
        let mut seen = std::collections::BTreeSet::new();
        case.data.retain(|(name, _)| seen.insert(name.clone()));
        case
    })
}

fn oracle(case: &Case) -> String {
    let verifier = case.verifier.as_deref();
    let client = Credentials::new(&*case.consumer.0, &*case.consumer.1);
    let mut builder = Builder::<_, _, &str>::new(client, HmacSha1::new());
    builder.token(
        case.token
            .as_ref()
            .map(|(key, secret)| Credentials::new(&**key, &**secret)),
    );
    let nonce = "09".repeat(16);
    builder
        .nonce(&*nonce)
        .timestamp(NonZeroU64::new(case.timestamp))
        .version(true)
        .verifier(verifier);
    let url = format!("http://localhost:7000{}", case.path);
    builder.authorize(
        if case.post { "POST" } else { "GET" },
        url,
        &ParameterList::new(case.data.clone()),
    )
}

fn signature_of(header: &str) -> String {
    AuthorizationHeader::parse(header)
        .unwrap()
        .signature()
        .unwrap()
        .to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The oracle sorts raw names, so that these are ones which sort alike in either form.
    #[test]
    fn every_signature_equals_that_of_oauth1_request(case in portable_cases()) {
        let expected = signature_of(&oracle(&case));
        for dialect in [Dialect::Portable, Dialect::Rfc5849] {
            let signed = case.sign(dialect).unwrap();
            prop_assert_eq!(signed.signature(), &expected);
        }
    }

    #[test]
    fn strict_signature_is_that_of_the_rfc(case in cases("\\PC{0,8}")) {
        let signed = case.sign(Dialect::Rfc5849).unwrap();
        let plain = case.plain().rfc_base_string();
        prop_assert_eq!(signed.base_string(), &plain);
        let token_secret = case.token.as_ref().map_or("", |(_, secret)| secret);
        prop_assert_eq!(signed.signature(), signature(&plain, &case.consumer.1, token_secret));
    }

    #[test]
    fn order_of_parameters_does_not_matter(
        (case, shuffled) in cases("\\PC{0,4}").prop_flat_map(|case| {
            let data = Just(case.data.clone()).prop_shuffle();
            (Just(case), data)
        })
    ) {
        let other = Case { data: shuffled, ..case.clone() };
        let (signed, other) = (case.sign(Dialect::Rfc5849).unwrap(), other.sign(Dialect::Rfc5849).unwrap());
        prop_assert_eq!(signed.signature(), other.signature());
    }

    #[test]
    fn what_was_signed_verifies(case in cases("\\PC{0,8}")) {
        let request = case.request();
        for dialect in [Dialect::Portable, Dialect::Rfc5849] {
            if let Ok(signed) = case.sign(dialect) {
                let header = signed.authorization().to_str().unwrap();
                prop_assert_eq!(case.verify(&request, header, case.secrets()), Ok(()));
            }
        }
    }

    #[test]
    fn each_dialect_verifies_what_it_signs(case in cases("[a-c%é-]{1,3}"), upper in any::<bool>()) {
        let mut request = case.request();
        if upper {
            *request.uri_mut() = request.uri().to_string().replacen("localhost", "LocalHost", 1).parse().unwrap();
        }
        for dialect in [Dialect::Portable, Dialect::Container, Dialect::Rfc5849] {
            let Ok(signed) = case.sign_request(&request, dialect) else { continue };
            let header = AuthorizationHeader::parse(signed.authorization().to_str().unwrap()).unwrap();
            let view = SignableRequest::from_http(&request).unwrap();
            let (consumer, token) = (ConsumerSecret::from(case.secrets().0), case.secrets().1.map(TokenSecret::from));
            let verification = Verification::new(&consumer, token.as_ref());
            for judge in [dialect, Dialect::Portable] {
                let outcome = verification.with_dialect(judge).verify(&view, &header);
                prop_assert!(outcome.is_ok(), "{dialect:?} by {judge:?}: {outcome:?}");
            }
        }
    }

    /// A prepared key, and the parameters written with it, change nothing.
    #[test]
    fn prepared_signer_signs_alike(case in cases("o?(auth)?[_`^a-]?[a-z]?|\\PC{0,8}")) {
        let signer = Signer::new(case.consumer());
        let signer = match case.token() {
            Some(token) => signer.with_access_token(&token),
            None => signer,
        };
        let request = case.request();
        let view = SignableRequest::from_http(&request).unwrap();
        let verifier = case.verifier.as_deref().map(Verifier::from);
        let timestamp = Timestamp::from_unix_seconds(case.timestamp);
        let params = SigningParams::prepared(&signer, Nonce::from_random([9; 16]), timestamp);
        let params = verifier.iter().fold(params, SigningParams::with_verifier);
        let prepared = sign(&view, &params.with_dialect(Dialect::Rfc5849)).unwrap();
        let plain = case.sign(Dialect::Rfc5849).unwrap();
        prop_assert_eq!(prepared.base_string(), plain.base_string());
        prop_assert_eq!(prepared.authorization(), plain.authorization());
    }

    #[test]
    fn every_method_verifies_itself_and_no_other(case in cases("\\PC{0,4}")) {
        let mut request = case.request();
        *request.uri_mut() = request.uri().to_string().replacen("http:", "https:", 1).parse().unwrap();
        let (consumer, token) = (case.consumer(), case.token());
        let methods = [SignatureMethod::HmacSha1, SignatureMethod::HmacSha256, SignatureMethod::Plaintext];
        let view = SignableRequest::from_http(&request).unwrap();
        for method in methods {
            let params = SigningParams::new(&consumer, Nonce::from_random([9; 16]), Timestamp::from_unix_seconds(1))
                .with_dialect(Dialect::Rfc5849)
                .with_method(method);
            let params = token.iter().fold(params, SigningParams::with_access_token);
            let signed = sign(&view, &params).unwrap();
            let header = AuthorizationHeader::parse(signed.authorization().to_str().unwrap()).unwrap();
            for taken in methods {
                let taken = [taken];
                let verification = Verification::new(consumer.secret(), token.as_ref().map(AccessToken::secret))
                    .with_methods(&taken);
                prop_assert_eq!(verification.verify(&view, &header).is_ok(), taken[0] == method);
            }
            let swapped = signed.authorization().to_str().unwrap().replace(method.name(), "HMAC-SHA1");
            let swapped = AuthorizationHeader::parse(&swapped).unwrap();
            let all = Verification::new(consumer.secret(), token.as_ref().map(AccessToken::secret)).with_methods(&methods);
            prop_assert_eq!(all.verify(&view, &swapped).is_ok(), method == SignatureMethod::HmacSha1);
        }
    }

    #[test]
    fn signed_urls_verify_and_changed_ones_do_not(
        query in "[a-z=&%]{1,20}",
        secret in "\\PC{0,12}",
        seconds in 0..4_000_000_000_u64,
        at in any::<prop::sample::Index>(),
    ) {
        let token = AccessToken::new("token", &*secret);
        let now = Timestamp::from_unix_seconds(seconds);
        let url = UrlSigner::new(&token).sign(&format!("/a?{query}"), now).unwrap();
        let verified = |url: &str| SignedUrl::parse(url).and_then(|parsed| parsed.verify(token.secret(), SignedUrl::WINDOW, now));
        prop_assert_eq!(verified(&url), Ok(()));
        let mut changed = url.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] ^= 1;
        prop_assert!(verified(&String::from_utf8(changed).unwrap()).is_err());
    }

    #[test]
    fn any_single_change_to_the_request_breaks_it(case in portable_cases(), at in any::<prop::sample::Index>()) {
        let signed = case.sign(Dialect::Portable).unwrap();
        let header = signed.authorization().to_str().unwrap();
        let mut changed = vec![
            Case { post: !case.post, ..case.clone() }.request(),
            Case { path: format!("{}x", case.path), ..case.clone() }.request(),
            Case { path: format!("/x{}", case.path), ..case.clone() }.request(),
            Case { data: [&case.data[..], &[("zz".into(), String::new())]].concat(), ..case.clone() }.request(),
        ];
        let mut deleted = case.request();
        *deleted.method_mut() = http::Method::DELETE;
        changed.push(deleted);
        for (from, to) in [("localhost", "localhosu"), (":7000", ":7001"), ("http:", "https:"), (":7000", "")] {
            let mut elsewhere = case.request();
            *elsewhere.uri_mut() = elsewhere.uri().to_string().replacen(from, to, 1).parse().unwrap();
            changed.push(elsewhere);
        }
        if !case.data.is_empty() {
            let position = at.index(case.data.len());
            let with = |change: fn(&mut (String, String))| {
                let mut data = case.data.clone();
                change(&mut data[position]);
                Case { data, ..case.clone() }.request()
            };
            changed.push(with(|pair| pair.0.push('x')));
            changed.push(with(|pair| pair.1.push('x')));
            changed.push(with(|pair| pair.1.insert(0, ' ')));
            let mut data = case.data.clone();
            data.remove(position);
            changed.push(Case { data, ..case.clone() }.request());
            if case.post {
                let mut untyped = case.request();
                untyped.headers_mut().remove(CONTENT_TYPE);
                changed.push(untyped);
            }
        }
        for request in changed {
            let outcome = case.verify(&request, header, case.secrets());
            prop_assert!(outcome.is_err(), "{} {}", request.method(), request.uri());
        }
    }

    #[test]
    fn any_single_change_to_the_header_breaks_it(case in portable_cases()) {
        let signed = case.sign(Dialect::Portable).unwrap();
        let header = AuthorizationHeader::parse(signed.authorization().to_str().unwrap()).unwrap();
        let pairs: Vec<_> = header.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        for position in 0..pairs.len() {
            let with = |change: fn(&mut Vec<(String, String)>, usize)| {
                let mut pairs = pairs.clone();
                change(&mut pairs, position);
                header_text(&pairs)
            };
            for changed in [
                with(|pairs, position| pairs[position].0.push('x')),
                with(|pairs, position| pairs[position].1.push('0')),
                with(|pairs, position| pairs[position].1.insert(0, ' ')),
                with(|pairs, position| { pairs.remove(position); }),
                with(|pairs, _| pairs.push(("added here".to_owned(), String::new()))),
            ] {
                let outcome = case.verify(&case.request(), &changed, case.secrets());
                prop_assert!(outcome.is_err(), "{}", changed);
            }
        }
    }

    #[test]
    fn other_secrets_break_it(case in portable_cases()) {
        let signed = case.sign(Dialect::Portable).unwrap();
        let header = signed.authorization().to_str().unwrap();
        let (consumer, token) = case.secrets();
        let other_consumer = format!("{consumer}x");
        let other_token = format!("{}x", token.unwrap_or_default());
        for secrets in [
            (&*other_consumer, token),
            (consumer, Some(&*other_token)),
            (consumer, if token.is_some() { None } else { Some("") }),
        ] {
            prop_assert!(case.verify(&case.request(), header, secrets).is_err());
        }
    }

    #[test]
    fn changed_body_breaks_its_hash(case in portable_cases(), body in prop::collection::vec(any::<u8>(), 1..64)) {
        let mut request = http::Request::put("http://localhost:7000/scratchpad").body(body).unwrap();
        request.headers_mut().insert(CONTENT_TYPE, "text/plain".parse().unwrap());
        let signed = case.sign_request(&request, Dialect::Portable).unwrap();
        let header = signed.authorization().to_str().unwrap();
        prop_assert_eq!(case.verify(&request, header, case.secrets()), Ok(()));

        let mut changed = request.clone();
        changed.body_mut()[0] ^= 1;
        let mut stripped = request.clone();
        stripped.body_mut().clear();
        let mut retyped = stripped.clone();
        retyped.headers_mut().insert(CONTENT_TYPE, FORM.parse().unwrap());
        for request in [changed, stripped, retyped] {
            let outcome = case.verify(&request, header, case.secrets());
            prop_assert_eq!(outcome, Err(VerifyError::BodyHashMismatch.to_string()));
        }
    }

    #[test]
    fn header_reads_back_what_was_written(case in cases("a"), callback in "\\PC{1,20}", realm in "[ -!#-+.-\\[\\]-~]{0,9}") {
        let (consumer, token) = (case.consumer(), case.token());
        let nonce = Nonce::from_random([1; 16]);
        let mut params = SigningParams::new(&consumer, nonce, Timestamp::from_unix_seconds(case.timestamp))
            .with_callback(&callback)
            .with_realm(&realm);
        params = token.iter().fold(params, SigningParams::with_access_token);
        let mut request = case.request();
        let signed = sign(&SignableRequest::from_http(&request).unwrap(), &params.with_dialect(Dialect::Rfc5849)).unwrap();
        signed.apply_to(&mut request);

        prop_assert!(request.headers()[AUTHORIZATION].is_sensitive());
        let header = AuthorizationHeader::from_headers(request.headers()).unwrap().unwrap();
        prop_assert_eq!(header.consumer_key(), Some(&*case.consumer.0));
        prop_assert_eq!(header.token(), case.token.as_ref().map(|(key, _)| &**key));
        prop_assert_eq!(header.callback(), Some(&*callback));
        prop_assert_eq!(header.timestamp().map(Timestamp::as_unix_seconds), Some(case.timestamp));
        prop_assert_eq!(header.signature(), Some(signed.signature()));
        prop_assert_eq!(header.get("realm"), None);
    }

    #[test]
    fn encoding_is_that_of_the_model(text in any::<String>()) {
        prop_assert_eq!(percent_encode(&text), encode(&text));
    }

    #[test]
    fn header_parser_takes_any_text(text in any::<String>()) {
        let _ = AuthorizationHeader::parse(&text);
        let _ = AuthorizationHeader::parse(&format!("OAuth {text}"));
    }

    #[test]
    fn header_parser_takes_text_that_looks_like_a_header(text in "[oO]auth([ ,=\"a%1é]|oauth_a){0,40}") {
        if let Ok(header) = AuthorizationHeader::parse(&text) {
            let pairs: Vec<_> = header.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let again = AuthorizationHeader::parse(&header_text(&pairs)).unwrap();
            prop_assert!(again.iter().eq(header.iter()));
        }
    }

    #[test]
    fn verifier_takes_any_request(
        query in "[ -~]{0,40}",
        body in prop::collection::vec(any::<u8>(), 0..80),
        host in "[ -~]{0,20}",
        header in "([ ,=\"a%1]|oauth_nonce=1,|oauth_timestamp=2,|oauth_signature=a,|oauth_consumer_key=k,|oauth_signature_method=HMAC-SHA1,){0,12}",
    ) {
        let Ok(uri) = format!("/a?{query}").parse::<http::Uri>() else { return Ok(()) };
        let mut request = http::Request::post(uri).header(CONTENT_TYPE, FORM).body(body).unwrap();
        if let Ok(host) = http::HeaderValue::from_str(&host) {
            request.headers_mut().insert("host", host);
        }
        if let (Ok(view), Ok(header)) = (
            SignableRequest::from_received("http", &request),
            AuthorizationHeader::parse(&format!("OAuth {header}")),
        ) {
            prop_assert!(verify(&view, &header, &ConsumerSecret::from("secret"), None).is_err());
        }
    }
}

fn header_text(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}=\"{}\"", encode(name), encode(value)))
        .collect();
    format!("OAuth {}", pairs.join(", "))
}
