//! How soon a sandbox answers after its start, and how many signed reads it serves per second.
//!
//! Client and sandbox share one process and its cores. The results go to
//! `target/bench/sandbox.tsv`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for the terminal, which may stop at the first surprise"
)]

use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};
use smart::classic::{Client, Record};
use smart_sandbox::{BACKGROUND_APP_ID, STOCK_SECRET, Sandbox};
use tokio::runtime::{Builder, Runtime};

const STARTS: usize = 15;
const IN_FLIGHT: usize = 16;
const READS: usize = 10_000;
const ROUNDS: usize = 7;

fn main() {
    // `cargo test --benches` runs this as well, only to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    if quick {
        start(1);
        reads(20, 1);
        return;
    }
    let report = start(STARTS) + &reads(READS, ROUNDS);
    print!("{report}");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("sandbox.tsv"), report).unwrap();
}

/// From nothing to the first patient's medications, the request for a token included.
fn start(times: usize) -> String {
    let mut took = Vec::new();
    let mut records = 0;
    for _ in 0..times {
        let began = Instant::now();
        let sandbox = runtime().block_on(async {
            let sandbox = Sandbox::start().await.unwrap();
            let mut records = client(&sandbox).records();
            read(&records.try_next().await.unwrap().unwrap()).await;
            sandbox
        });
        took.push(1e3 * began.elapsed().as_secs_f64());
        records = sandbox.record_count();
    }
    let took = median(took);
    format!(
        "from the start of a sandbox with {records} patients to the first patient's medications\t{took:.1} ms\t≤ 20 ms, {}\n",
        verdict(took <= 20.0)
    )
}

/// The medications of all patients in turn, each request signed and verified.
fn reads(count: usize, rounds: usize) -> String {
    let runtime = runtime();
    let rates = runtime.block_on(async {
        let sandbox = Sandbox::start().await.unwrap();
        let mut walk = client(&sandbox).records();
        let mut records = Vec::new();
        while let Some(record) = walk.try_next().await.unwrap() {
            read(&record).await; // the sandbox generates a patient at the first request
            records.push(record);
        }
        let mut rates = Vec::new();
        for _ in 0..rounds {
            let began = Instant::now();
            stream::iter(records.iter().cycle().take(count))
                .for_each_concurrent(IN_FLIGHT, read)
                .await;
            rates.push(count as f64 / began.elapsed().as_secs_f64());
        }
        rates
    });
    let rate = median(rates);
    format!(
        "signed reads of medications, {IN_FLIGHT} in flight\t{rate:.0} reads/s\t≥ 5,000 reads/s, {}\n",
        verdict(rate >= 5_000.0)
    )
}

async fn read(record: &Record) {
    let answer = record.get_medications().send().await.unwrap();
    assert!(!answer.bytes().is_empty());
}

fn client(sandbox: &Sandbox) -> Client {
    Client::builder()
        .app_id(BACKGROUND_APP_ID)
        .api_base(sandbox.api_base())
        .consumer(BACKGROUND_APP_ID, STOCK_SECRET)
        .build()
        .unwrap()
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn verdict(is_reached: bool) -> &'static str {
    if is_reached { "reached" } else { "not reached" }
}
