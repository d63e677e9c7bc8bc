//! A smoke run of the fuzz targets on any toolchain: each over its seeds, over changed seeds, and over noise.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::fuzz_targets;

const ROUNDS: u32 = 500;

#[test]
fn callback() {
    smoke("oauth_callback", fuzz_targets::callback);
}

#[test]
fn form() {
    smoke("oauth_form", fuzz_targets::form);
}

#[test]
fn header() {
    smoke("oauth_header", fuzz_targets::header);
}

#[test]
fn launch() {
    smoke("oauth_launch", fuzz_targets::launch);
}

/// Each piece is a stretch of a seed, or bytes of no meaning.
fn smoke(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(name);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    seeds.sort();
    assert!(seeds.len() >= 2, "{name} lacks seeds");
    seeds.iter().for_each(|seed| target(seed));
    // what nobody should send, and everybody can
    for seed in &seeds {
        target(&seed.repeat(1 + (1 << 20) / seed.len()));
    }
    target(&b"&".repeat(1 << 20));
    target(&b"a=1&".repeat(1 << 18));

    let stretch = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    )
        .prop_map(move |(seed, from, to)| {
            let seed = &seeds[seed.index(seeds.len())];
            let (from, to) = (from.index(seed.len()), to.index(seed.len()));
            seed[from.min(to)..=from.max(to)].to_vec()
        });
    let noise = prop::collection::vec(any::<u8>(), 0..8);
    let pieces = prop::collection::vec(prop_oneof![3 => stretch, 1 => noise], 0..6);
    let mut runner = TestRunner::new(Config::with_cases(ROUNDS));
    runner
        .run(&pieces, |pieces| {
            target(&pieces.concat());
            Ok(())
        })
        .unwrap();
}
