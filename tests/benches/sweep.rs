//! A sweep over all records that reads each record's medications: its time, compared with a bare
//! hyper client that sends the same signed requests, and its peak memory.
//!
//! For the time, both sides take turns on one sandbox; the ratio is the median over neighboring
//! rounds. Memory is measured in a process of its own, which is this program again. It sweeps a
//! plain container in the first process, because the sandbox would have to generate 20,000
//! patients. The results go to `target/bench/sweep.tsv`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for the terminal, which may stop at the first surprise"
)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use smart::classic::Client;
use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    Consumer, Nonce, RecordAccess, RecordLoop, SignableRequest, Signer, SigningParams, sign,
};
use smart_sandbox::{BACKGROUND_APP_ID, STOCK_SECRET, Sandbox};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

const AT_ONCE: usize = 16;
const RECORDS: usize = 1_000;
const ROUNDS: usize = 15;
const FEW: usize = 200;
const MANY: usize = 20_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, api_base] = &arguments[..]
        && role == "swept"
    {
        return swept(api_base);
    }
    // `cargo test --benches` runs this too, only to see that it runs.
    let quick = !arguments.iter().any(|argument| argument == "--bench");
    let report = if quick {
        time(20, 1) + &memory(10, 20)
    } else {
        time(RECORDS, ROUNDS) + &memory(FEW, MANY)
    };
    if quick {
        return;
    }
    print!("{report}");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("sweep.tsv"), report).unwrap();
}

// --- Time.

fn time(records: usize, rounds: usize) -> String {
    let server = runtime("server", 1);
    let sandbox = Sandbox::builder().synthetic_patients(records);
    let sandbox = server.block_on(sandbox.start()).unwrap();
    let client = runtime("client", 2);
    let bare = Bare::of(sandbox.api_base());
    let facade = facade(sandbox.api_base());
    let bare_round = || {
        let began = Instant::now();
        let swept = client.block_on(bare.sweep());
        (began.elapsed().as_secs_f64(), swept)
    };
    let facade_round = || {
        let began = Instant::now();
        let swept = client.block_on(sweep(&facade));
        (began.elapsed().as_secs_f64(), swept)
    };
    // Connections, and everything else that is done once; and whether both do the same.
    let (_, expected) = bare_round();
    assert_eq!(expected.0, sandbox.record_count());
    let (_, swept) = facade_round();
    assert_eq!(swept.0, expected.0);
    // Nearly: the answers tell how many milliseconds they took.
    assert!(swept.1.abs_diff(expected.1) < expected.1 / 1000);
    let mut rows = Vec::new();
    for number in 0..rounds {
        rows.push(if number % 2 == 0 {
            let bare = bare_round().0;
            (bare, facade_round().0)
        } else {
            let facade = facade_round().0;
            (bare_round().0, facade)
        });
    }
    let ratio = median(rows.iter().map(|(bare, facade)| facade / bare));
    format!(
        "sweep of {} records, medications each, {AT_ONCE} at once, against a bare hyper client that sends the same signed requests\t{:.0} ms against {:.0} ms: {ratio:.2}\t≤ 1.25, {}\n",
        expected.0,
        1e3 * median(rows.iter().map(|(_, facade)| *facade)),
        1e3 * median(rows.iter().map(|(bare, _)| *bare)),
        reached(ratio <= 1.25),
    )
}

fn facade(api_base: &str) -> Client {
    Client::builder()
        .app_id(BACKGROUND_APP_ID)
        .api_base(api_base)
        .consumer(BACKGROUND_APP_ID, STOCK_SECRET)
        .build()
        .unwrap()
}

/// How many records there were, and how many bytes of medications.
type Swept = (usize, usize);

async fn sweep(client: &Client) -> Swept {
    let answers = client.records().map(async |record| {
        let answer = record.unwrap().get_medications().send().await.unwrap();
        answer.bytes().len()
    });
    sum(answers.buffer_unordered(AT_ONCE)).await
}

async fn sum(lengths: impl Stream<Item = usize>) -> Swept {
    let add = async |(records, bytes), length| (records + 1, bytes + length);
    lengths.fold((0, 0), add).await
}

/// What one would write by hand on hyper and the signer.
struct Bare {
    client: legacy::Client<HttpConnector, Full<Bytes>>,
    api_base: String,
    signer: Signer,
    nonces: AtomicU64,
}

impl Bare {
    fn of(api_base: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            client: legacy::Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(Duration::from_secs(30))
                .pool_max_idle_per_host(64)
                .build(connector),
            api_base: api_base.to_owned(),
            signer: Signer::new(Consumer::new(BACKGROUND_APP_ID, STOCK_SECRET)),
            nonces: AtomicU64::new(UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64),
        }
    }

    async fn sweep(&self) -> Swept {
        let answers = self.records().map(async |record: RecordAccess| {
            let path = format!(
                "{}/records/{}/medications/",
                self.api_base, record.record_id
            );
            let mut request = Request::get(path).body(Bytes::new()).unwrap();
            let signer = self.signer.with_access_token(&record.token);
            let params = SigningParams::prepared(&signer, self.nonce(), now());
            let signable = SignableRequest::from_http(&request).unwrap();
            let signed = sign(&signable, &params).unwrap();
            signed.apply_to(&mut request);
            self.send(request).await.into_body().len()
        });
        sum(answers.buffer_unordered(AT_ONCE)).await
    }

    fn records(&self) -> impl Stream<Item = RecordAccess> {
        let consumer = self.signer.consumer().clone();
        let records = RecordLoop::new(&self.api_base, BACKGROUND_APP_ID, consumer);
        stream::unfold(records, async |mut records| {
            let request = records.next_request(self.nonce(), now()).unwrap()?;
            let response = self.send(request.map(Bytes::from)).await;
            let access = records.receive(&response).unwrap()?;
            Some((access, records))
        })
    }

    async fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        let response = self.client.request(request.map(Full::new)).await.unwrap();
        let (head, body) = response.into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    }

    /// Not for use: a nonce has to be random.
    fn nonce(&self) -> Nonce {
        let number = self.nonces.fetch_add(1, Ordering::Relaxed);
        Nonce::from_random(u128::from(number).to_le_bytes())
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix_seconds(since.as_secs())
}

// --- Memory.

fn memory(few: usize, many: usize) -> String {
    let work =
        format!("the same: peak memory of a process that sweeps {many} records, against {few}");
    let peak = |records| {
        let server = runtime("server", 1);
        let address = server.block_on(plain_container(records));
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["swept", &format!("http://{address}")])
            .output()
            .unwrap();
        let told = String::from_utf8(child.stdout).unwrap();
        let (swept, peak) = told.trim().split_once(' ').unwrap();
        assert_eq!(swept.parse(), Ok(records));
        peak.parse::<f64>().unwrap()
    };
    let median_peak = |records| median((0..3).map(|_| peak(records)));
    let (few, many) = (median_peak(few), median_peak(many));
    if few == 0.0 {
        return format!("{work}\tnot measured: this system does not tell it\n");
    }
    let ratio = many / few;
    format!(
        "{work}\t{:.1} MiB against {:.1} MiB: {ratio:.2}\t≤ 1.20, {}\n",
        many / 1024.0,
        few / 1024.0,
        reached(ratio <= 1.2),
    )
}

/// The process that is measured: tells how many records it swept, and its peak in KiB.
fn swept(api_base: &str) {
    let client = facade(api_base);
    let (records, _) = runtime("client", 2).block_on(sweep(&client));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next());
    println!("{records} {}", peak.unwrap_or("0"));
}

/// Gives tokens for so many records, and ten kilobytes of medications for each; looks at no
/// signature.
async fn plain_container(records: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let medications = Bytes::from(vec![b'x'; 10 << 10]);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let medications = medications.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let answer = plain_answer(request.uri().path(), records, &medications);
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    address
}

fn plain_answer(path: &str, records: usize, medications: &Bytes) -> Response<Full<Bytes>> {
    let last = match path.split_once("/tokens/records/") {
        None => return Response::new(Full::new(medications.clone())),
        Some((_, "first")) => 0,
        Some((_, next)) => next.trim_end_matches("/next").parse().unwrap(),
    };
    if last == records {
        let over = Response::builder().status(404);
        return over.body(Full::default()).unwrap();
    }
    let id = last + 1;
    let form = format!("smart_record_id={id}&oauth_token=t{id}&oauth_token_secret=s{id}");
    let answer = Response::builder().header("content-type", "application/x-www-form-urlencoded");
    answer.body(Full::new(Bytes::from(form))).unwrap()
}

// --- All of them.

fn runtime(name: &str, workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(name)
        .enable_all()
        .build()
        .unwrap()
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn reached(is: bool) -> &'static str {
    if is { "reached" } else { "not reached" }
}
