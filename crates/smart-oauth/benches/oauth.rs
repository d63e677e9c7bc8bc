//! Signing and verifying a GET with six parameters, beside the bare `oauth1-request`.
//!
//! Run by `cargo xtask bench oauth`, which adds Python's oauthlib and writes the ratios to docs/performance.md.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may stop at the first surprise"
)]

use std::hint::black_box;
use std::num::NonZeroU64;

use criterion::{Criterion, criterion_group, criterion_main};
use oauth1_request::{Builder, Credentials, HmacSha1, ParameterList};
use smart_oauth::{
    AccessToken, AuthorizationHeader, Consumer, Dialect, Nonce, SignableRequest, Signer,
    SigningParams, Timestamp, sign, verify,
};

const APP: &str = "my-app@apps.smartplatforms.org";
const APP_SECRET: &str = "smartapp-secret";
const TOKEN: &str = "acctoken0123456789ab";
const TOKEN_SECRET: &str = "accsecret0123456789a";
const PATH: &str = "http://localhost:7000/records/1288992/lab_results/";
const NONCE: &str = "000102030405060708090a0b0c0d0e0f";
const SECONDS: u64 = 1_365_000_000;

/// Sorted, as `oauth1-request` wants them.
const PARAMETERS: [(&str, &str); 6] = [
    ("date_from", "2008-01-01"),
    ("date_to", "2013-12-31"),
    ("limit", "25"),
    ("loinc", "13457-7|2089-1"),
    ("note", "fasting sample"),
    ("offset", "50"),
];

fn signing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sign");
    let request = request();
    let consumer = Consumer::new(APP, APP_SECRET);
    let token = AccessToken::new(TOKEN, TOKEN_SECRET);
    let signer = Signer::new(consumer.clone()).with_access_token(&token);
    let now = Timestamp::from_unix_seconds(SECONDS);
    assert_eq!(
        ours(&request, &signer, Nonce::new(NONCE).unwrap()),
        theirs()
    );

    group.bench_function("smart-oauth, prepared, random nonce", |bencher| {
        bencher.iter(|| {
            let params = SigningParams::prepared(&signer, random_nonce(), now);
            sign(
                &SignableRequest::from_http(black_box(&request)).unwrap(),
                &params,
            )
            .unwrap()
        });
    });
    group.bench_function("smart-oauth, unprepared, random nonce", |bencher| {
        bencher.iter(|| {
            let params =
                SigningParams::new(&consumer, random_nonce(), now).with_access_token(&token);
            sign(
                &SignableRequest::from_http(black_box(&request)).unwrap(),
                &params,
            )
            .unwrap()
        });
    });
    group.bench_function("oauth1-request, fixed nonce", |bencher| {
        let parameters = ParameterList::new(PARAMETERS);
        bencher.iter(|| authorize(black_box(&parameters)));
    });
    group.bench_function("nonce alone", |bencher| bencher.iter(random_nonce));
    group.finish();
}

fn verifying(criterion: &mut Criterion) {
    let consumer = Consumer::new(APP, APP_SECRET);
    let token = AccessToken::new(TOKEN, TOKEN_SECRET);
    let mut request = request();
    let params = SigningParams::new(
        &consumer,
        Nonce::new(NONCE).unwrap(),
        Timestamp::from_unix_seconds(SECONDS),
    )
    .with_access_token(&token)
    .with_dialect(Dialect::Portable);
    sign(&SignableRequest::from_http(&request).unwrap(), &params)
        .unwrap()
        .apply_to(&mut request);
    criterion.bench_function("verify", |bencher| {
        bencher.iter(|| {
            let request = black_box(&request);
            let header = AuthorizationHeader::from_headers(request.headers())
                .unwrap()
                .unwrap();
            let view = SignableRequest::from_http(request).unwrap();
            verify(&view, &header, consumer.secret(), Some(token.secret()))
                .unwrap()
                .covers_query()
        });
    });
}

fn request() -> http::Request<Vec<u8>> {
    let query: Vec<_> = PARAMETERS
        .iter()
        .map(|(name, value)| format!("{name}={}", smart_oauth::percent_encode(value)))
        .collect();
    http::Request::get(format!("{PATH}?{}", query.join("&")))
        .body(Vec::new())
        .unwrap()
}

fn random_nonce() -> Nonce {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    Nonce::from_random(bytes)
}

fn ours(request: &http::Request<Vec<u8>>, signer: &Signer, nonce: Nonce) -> String {
    let params = SigningParams::prepared(signer, nonce, Timestamp::from_unix_seconds(SECONDS));
    let signed = sign(&SignableRequest::from_http(request).unwrap(), &params).unwrap();
    signed.signature().to_owned()
}

fn theirs() -> String {
    let header = authorize(&ParameterList::new(PARAMETERS));
    let header = AuthorizationHeader::parse(&header).unwrap();
    header.signature().unwrap().to_owned()
}

fn authorize(parameters: &ParameterList<&str, &str, [(&str, &str); 6]>) -> String {
    let mut builder =
        Builder::<_, _, &str>::new(Credentials::new(APP, APP_SECRET), HmacSha1::new());
    builder
        .token(Credentials::new(TOKEN, TOKEN_SECRET))
        .nonce(NONCE)
        .timestamp(NonZeroU64::new(SECONDS))
        .version(true);
    builder.authorize("GET", PATH, parameters)
}

criterion_group!(benches, signing, verifying);
criterion_main!(benches);
