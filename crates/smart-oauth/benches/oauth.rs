//! Signing and verifying a GET with six parameters, beside the bare `oauth1-request`.
//!
//! Run by `cargo xtask bench oauth`, which writes the figures to docs/performance.md.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may stop at the first surprise"
)]

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU64;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use oauth1_request::{Builder, Credentials, HmacSha1, ParameterList};
use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AccessToken, AuthorizationHeader, Consumer, Dialect, Nonce, SignableRequest, Signer,
    SigningParams, sign, verify,
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
    let mut group = criterion.benchmark_group("verify");
    group.bench_function("get", |bencher| {
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
    group.finish();
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

/// What criterion cannot measure: ratios on a machine that is shared, for which the candidates take
/// turns in short rounds; another language; and allocations.
fn side_by_side(_: &mut Criterion) {
    let request = request();
    let token = AccessToken::new(TOKEN, TOKEN_SECRET);
    let signer = Signer::new(Consumer::new(APP, APP_SECRET)).with_access_token(&token);
    let now = Timestamp::from_unix_seconds(SECONDS);
    let mut nonces = Nonces::new();
    let mut ours = || {
        let params = SigningParams::prepared(&signer, nonces.next(), now);
        let view = SignableRequest::from_http(black_box(&request)).unwrap();
        black_box(sign(&view, &params).unwrap());
    };
    let parameters = ParameterList::new(PARAMETERS);
    let mut oracle = || {
        black_box(authorize(black_box(&parameters)));
    };

    let mut rounds: Vec<_> = (0..2000)
        .map(|_| (timed(500, &mut ours), timed(500, &mut oracle)))
        .collect();
    let mut lines = line(
        "bare oauth1-request with a fixed nonce",
        &mut rounds,
        1.0 / 0.65,
    );
    match Oauthlib::start() {
        Ok(mut oauthlib) => {
            let mut rounds: Vec<_> = (0..50)
                .map(|_| (median_of(21, || timed(500, &mut ours)), oauthlib.round()))
                .collect();
            lines.push_str(&line("Python oauthlib", &mut rounds, 200.0));
        }
        Err(why) => lines.push_str(&format!(
            "against Python oauthlib\tnot measured: {why}\t≤ 1/200\n"
        )),
    }
    let count = include_str!("../tests/allocations.rs")
        .lines()
        .find_map(|line| {
            line.strip_prefix("const ALLOCATIONS: u64 = ")?
                .strip_suffix(';')
        })
        .unwrap();
    lines.push_str(&format!(
        "allocations a signature, pinned by a test\t{count}\n"
    ));

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(format!("{folder}/oauth.tsv"), lines).unwrap();
}

/// Nanoseconds for one, over many.
fn timed(count: u32, work: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        work();
    }
    start.elapsed().as_nanos() as f64 / f64::from(count)
}

fn median_of(count: usize, mut round: impl FnMut() -> f64) -> f64 {
    let mut rounds: Vec<_> = (0..count).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[count / 2]
}

/// The medians of both sides, and the median of the ratios of each round.
fn line(against: &str, rounds: &mut [(f64, f64)], goal: f64) -> String {
    let mut median = |of: fn(&(f64, f64)) -> f64| {
        rounds.sort_by(|left, right| of(left).total_cmp(&of(right)));
        of(&rounds[rounds.len() / 2])
    };
    let (ours, theirs, times) = (
        median(|round| round.0),
        median(|round| round.1),
        median(|round| round.1 / round.0),
    );
    let verdict = if times >= goal {
        "reached"
    } else {
        "not reached"
    };
    let ratio = |times: f64| {
        if times > 20.0 {
            format!("1/{times:.0}")
        } else {
            format!("{:.2}", 1.0 / times)
        }
    };
    format!(
        "sign a GET with 6 parameters, random nonce included, against {against}\t{ours:.0} ns against {theirs:.0} ns: {}\t≤ {}, {verdict}\n",
        ratio(times),
        ratio(goal)
    )
}

/// A Python process that signs the same request a hundred times for every line it reads.
struct Oauthlib {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oauthlib {
    fn start() -> Result<Self, String> {
        let mut child = Command::new("python3")
            .args(["-c", OAUTHLIB])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut oauthlib = Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
        };
        // it says so before it measures anything
        if oauthlib.answer().trim() == "ready" {
            Ok(oauthlib)
        } else {
            Err("python3 cannot import oauthlib".to_owned())
        }
    }

    fn round(&mut self) -> f64 {
        self.input.write_all(b"\n").unwrap();
        self.answer().trim().parse().unwrap()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }
}

const OAUTHLIB: &str = "
import sys, time
from oauthlib import oauth1
client = oauth1.Client('my-app@apps.smartplatforms.org', client_secret='smartapp-secret',
    resource_owner_key='acctoken0123456789ab', resource_owner_secret='accsecret0123456789a')
url = ('http://localhost:7000/records/1288992/lab_results/?date_from=2008-01-01&date_to=2013-12-31&limit=25'
    '&loinc=13457-7%7C2089-1&note=fasting%20sample&offset=50')
print('ready', flush=True)
for _ in sys.stdin:
    start = time.perf_counter_ns()
    for _ in range(100):
        client.sign(url)
    print((time.perf_counter_ns() - start) / 100, flush=True)
";

criterion_group!(benches, signing, verifying, side_by_side);
criterion_main!(benches);
