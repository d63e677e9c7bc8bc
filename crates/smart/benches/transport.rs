//! Signed calls through the facade against reqwest doing the same requests with the same
//! signatures, on the same server over loopback.
//!
//! Both take turns in short rounds, and the ratio is the median of those of neighboring rounds:
//! other work on the machine then hits both alike, which two runs of a minute each would not give.
//! The result goes to `target/bench/transport.tsv`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for the terminal, which may stop at the first surprise"
)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use smart::classic::{AccessToken, Client, Record};
use smart::oauth::Timestamp;
use smart::oauth::oauth1::{Consumer, Nonce, SignableRequest, Signer, SigningParams, sign};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

const IN_FLIGHT: usize = 64;
const CALLS: usize = 6_000;
const ROUNDS: usize = 25;
/// What a page of ten medications takes in RDF/XML.
const BODY: usize = 13 << 10;

fn main() {
    // `cargo test --benches` runs this too, only to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (calls, rounds) = if quick { (200, 1) } else { (CALLS, ROUNDS) };
    let server = runtime("server", 1);
    let address = server.block_on(serve());
    let client = runtime("client", 2);
    let other = Contender::Reqwest(Arc::new(Signing::new(address)));
    let facade = Contender::Facade(client.block_on(async { record(address) }));
    for contender in [&other, &facade] {
        round(&client, contender, calls); // connections, and everything else that is done once
    }
    let mut rows: Vec<(Measured, Measured)> = Vec::new();
    for number in 0..rounds {
        let of = |contender| round(&client, contender, calls);
        rows.push(if number % 2 == 0 {
            let other = of(&other);
            (other, of(&facade))
        } else {
            let facade = of(&facade);
            (of(&other), facade)
        });
    }
    report(&rows, quick);
}

/// What a round took for each call, in microseconds.
#[derive(Clone, Copy)]
struct Measured {
    wall: f64,
    processor: Option<f64>,
}

#[derive(Clone)]
enum Contender {
    Reqwest(Arc<Signing>),
    Facade(Record),
}

impl Contender {
    async fn call(&self) {
        let length = match self {
            Self::Reqwest(signing) => signing.get().await.len(),
            Self::Facade(record) => {
                let answer = record.get_medications().send().await.unwrap();
                answer.bytes().len()
            }
        };
        assert_eq!(length, BODY);
    }
}

/// What an app does that has signatures from the layer below, and sends its requests with reqwest.
struct Signing {
    client: reqwest::Client,
    url: String,
    signer: Signer,
}

impl Signing {
    fn new(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(IN_FLIGHT)
            .build()
            .unwrap();
        Self {
            client,
            url: format!("http://{address}/records/1/medications/"),
            signer: Signer::new(Consumer::new(APP, SECRET)).with_access_token(&token()),
        }
    }

    async fn get(&self) -> Bytes {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let params = SigningParams::prepared(
            &self.signer,
            Nonce::from_random(nonce),
            Timestamp::from_unix_seconds(now.as_secs()),
        );
        let mut request = Request::get(&self.url).body(Bytes::new()).unwrap();
        let signed = sign(&SignableRequest::from_http(&request).unwrap(), &params).unwrap();
        signed.apply_to(&mut request);
        let request = reqwest::Request::try_from(request).unwrap();
        let response = self.client.execute(request).await.unwrap();
        response.bytes().await.unwrap()
    }
}

fn record(address: SocketAddr) -> Record {
    let client = Client::builder()
        .app_id(APP)
        .api_base(format!("http://{address}"))
        .consumer(APP, SECRET)
        .build()
        .unwrap();
    client.record("1").with_token(token())
}

fn token() -> AccessToken {
    AccessToken::new(
        "a-token-key-of-usual-length",
        "a-token-secret-of-usual-length",
    )
}

const APP: &str = "bench@apps.example.org";
const SECRET: &str = "a secret of usual length";

/// So many tasks take call after call until all are made.
fn round(runtime: &Runtime, contender: &Contender, calls: usize) -> Measured {
    let left = Arc::new(AtomicUsize::new(calls));
    let processor_before = processor_time("client");
    let began = Instant::now();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..IN_FLIGHT)
            .map(|_| {
                let (contender, left) = (contender.clone(), Arc::clone(&left));
                tokio::spawn(async move {
                    let take = |left: usize| left.checked_sub(1);
                    while left
                        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                        .is_ok()
                    {
                        contender.call().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    let wall = began.elapsed().as_secs_f64();
    let processor = processor_time("client").zip(processor_before);
    let each = |seconds: f64| seconds * 1e6 / calls as f64;
    Measured {
        wall: each(wall),
        processor: processor.map(|(after, before)| each(after - before)),
    }
}

/// The processor time of this process' threads of a name, in seconds; nothing where the system does
/// not tell.
fn processor_time(name: &str) -> Option<f64> {
    let mut nanoseconds = 0_u64;
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        let path = thread.ok()?.path();
        let of = std::fs::read_to_string(path.join("comm")).ok()?;
        if of.trim() == name {
            let statistics = std::fs::read_to_string(path.join("schedstat")).ok()?;
            nanoseconds += statistics.split(' ').next()?.parse::<u64>().ok()?;
        }
    }
    Some(nanoseconds as f64 / 1e9)
}

fn runtime(name: &str, workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(name)
        .enable_all()
        .build()
        .unwrap()
}

/// A server that answers everything alike, on a runtime of its own.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let body = Bytes::from(vec![b'x'; BODY]);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let body = body.clone();
            let service = service_fn(move |_request| {
                let answer = Response::builder().header("content-type", "text/plain");
                let answer = answer.body(Full::new(body.clone())).unwrap();
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    address
}

fn report(rows: &[(Measured, Measured)], quick: bool) {
    let each = |of: fn(&(Measured, Measured)) -> f64| median(rows.iter().map(of).collect());
    let ratio = each(|(other, facade)| other.wall / facade.wall);
    let verdict = if ratio >= 1.0 {
        "reached"
    } else {
        "not reached"
    };
    let rate = |microseconds: f64| 1e6 / microseconds;
    let requests = format!(
        "signed GET through the facade, loopback, {IN_FLIGHT} in flight, against reqwest doing the same requests with the same signatures\t{:.0} requests/s against {:.0}: {ratio:.2}\t≥ 1.00, {verdict}",
        rate(each(|(_, facade)| facade.wall)),
        rate(each(|(other, _)| other.wall)),
    );
    let measured = rows
        .iter()
        .all(|(other, facade)| other.processor.is_some() && facade.processor.is_some());
    let processor = if measured {
        let other = each(|(other, _)| other.processor.unwrap_or_default());
        let facade = each(|(_, facade)| facade.processor.unwrap_or_default());
        format!("{facade:.1} µs against {other:.1} µs")
    } else {
        "not measured: this system does not tell the time of threads".to_owned()
    };
    let report =
        format!("{requests}\nthe same: processor time of the client a call\t{processor}\n");
    if quick {
        return;
    }
    print!("{report}");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("transport.tsv"), report).unwrap();
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
