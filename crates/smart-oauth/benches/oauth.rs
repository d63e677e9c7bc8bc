//! Signing and verifying a GET with six parameters, beside the bare `oauth1-request`.
//!
//! Run by `cargo xtask bench oauth`, which writes the figures to docs/performance.md.

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
    let mut nonces = Nonces::new();
    assert_eq!(
        ours(&request, &signer, Nonce::new(NONCE).unwrap()),
        theirs()
    );

    group.bench_function("prepared", |bencher| {
        bencher.iter(|| {
            let params = SigningParams::prepared(&signer, nonces.next(), now);
            sign(
                &SignableRequest::from_http(black_box(&request)).unwrap(),
                &params,
            )
            .unwrap()
        });
    });
    group.bench_function("unprepared", |bencher| {
        bencher.iter(|| {
            let params =
                SigningParams::new(&consumer, nonces.next(), now).with_access_token(&token);
            sign(
                &SignableRequest::from_http(black_box(&request)).unwrap(),
                &params,
            )
            .unwrap()
        });
    });
    group.bench_function("oauth1-request", |bencher| {
        let parameters = ParameterList::new(PARAMETERS);
        bencher.iter(|| authorize(black_box(&parameters)));
    });
    group.bench_function("nonce", |bencher| bencher.iter(|| nonces.next()));
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
    criterion.bench_function("verify/get", |bencher| {
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

/// Nonces of the operating system's generator, drawn 64 at a time as the facade draws them.
struct Nonces {
    drawn: [u8; 1024],
    used: usize,
}

impl Nonces {
    fn new() -> Self {
        Self {
            drawn: [0; 1024],
            used: 1024,
        }
    }

    fn next(&mut self) -> Nonce {
        if self.used == self.drawn.len() {
            getrandom::fill(&mut self.drawn).unwrap();
            self.used = 0;
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.drawn[self.used..][..16]);
        self.used += 16;
        Nonce::from_random(bytes)
    }
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

/// What criterion cannot measure: another language, and allocations.
fn others(_: &mut Criterion) {
    let python = match oauthlib() {
        Ok(theirs) => {
            let ours = median_of_rounds();
            let ratio = theirs / ours;
            let verdict = if ratio >= 180.0 {
                "reached"
            } else {
                "not reached"
            };
            format!(
                "{ours:.0} ns against {:.0} µs: 1/{ratio:.0}\t≤ 1/180, {verdict}",
                theirs / 1e3
            )
        }
        Err(why) => format!("not measured: {why}\t≤ 1/180"),
    };
    let count = include_str!("../tests/allocations.rs")
        .lines()
        .find_map(|line| {
            line.strip_prefix("const ALLOCATIONS: u64 = ")?
                .strip_suffix(';')
        })
        .unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench");
    std::fs::create_dir_all(folder).unwrap();
    let lines = format!(
        "sign a GET with 6 parameters, random nonce included, against Python oauthlib\t{python}\n\
         allocations a signature, pinned by a test\t{count}\n"
    );
    std::fs::write(format!("{folder}/oauth.tsv"), lines).unwrap();
}

/// Nanoseconds a signature of oauthlib takes, or why that is not known.
fn oauthlib() -> Result<f64, String> {
    let output = std::process::Command::new("python3")
        .args(["-c", OAUTHLIB])
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .map_err(|_| "python3 cannot import oauthlib".to_owned())
}

/// The same rounds as those of the Python program.
fn median_of_rounds() -> f64 {
    let request = request();
    let token = AccessToken::new(TOKEN, TOKEN_SECRET);
    let signer = Signer::new(Consumer::new(APP, APP_SECRET)).with_access_token(&token);
    let mut nonces = Nonces::new();
    let mut rounds: Vec<_> = (0..27)
        .map(|_| {
            let start = std::time::Instant::now();
            for _ in 0..20_000 {
                black_box(ours(black_box(&request), &signer, nonces.next()));
            }
            start.elapsed().as_nanos() as f64 / 20_000.0
        })
        .skip(2)
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

const OAUTHLIB: &str = "
import statistics, time
from oauthlib import oauth1
client = oauth1.Client('my-app@apps.smartplatforms.org', client_secret='smartapp-secret',
    resource_owner_key='acctoken0123456789ab', resource_owner_secret='accsecret0123456789a')
url = ('http://localhost:7000/records/1288992/lab_results/?date_from=2008-01-01&date_to=2013-12-31&limit=25'
    '&loinc=13457-7%7C2089-1&note=fasting%20sample&offset=50')
def rounds(count, each):
    for _ in range(count):
        start = time.perf_counter_ns()
        for _ in range(each):
            client.sign(url)
        yield (time.perf_counter_ns() - start) / each
list(rounds(2, 200))
print(statistics.median(rounds(25, 200)))
";

criterion_group!(benches, signing, verifying, others);
criterion_main!(benches);
