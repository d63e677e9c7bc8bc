//! A smoke run of the fuzz targets on any toolchain: each over its seeds, over changed seeds, and over noise.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use crate::fuzz_targets;

const ROUNDS: u32 = 500;

#[test]
fn answer() {
    smoke("fhir_answer", fuzz_targets::answer);
}

#[test]
fn lines() {
    smoke("fhir_lines", fuzz_targets::lines);
}

#[cfg(feature = "rdf")]
#[test]
fn rdf() {
    smoke("fhir_rdf", crate::rdf_targets::resource);
}

fn smoke(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(name);
    let seeds: Vec<Vec<u8>> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| target(seed));
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 0..4);
    let noise = prop::collection::vec(any::<u8>(), 0..20);
    let mut runner = TestRunner::new(Config::with_cases(ROUNDS));
    runner
        .run(
            &(select(seeds), changes, any::<Index>(), noise),
            |(mut seed, changes, cut, noise)| {
                for (place, byte) in changes {
                    let place = place.index(seed.len());
                    seed[place] = byte;
                }
                let cut = cut.index(seed.len() + 1);
                target(&seed);
                target(&[&seed[..cut], &noise[..], &seed[cut..]].concat());
                target(&seed[..cut]);
                Ok(())
            },
        )
        .unwrap();
}
