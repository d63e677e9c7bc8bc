//! A short run of a fuzz target that any toolchain can do, for the tests of the crate whose target
//! it is: over the target's seeds, over pieces of them with a few bytes changed, and over noise.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

/// How often each target is run on something made up.
const ROUNDS: u32 = 500;

/// The seeds of a target, in the order of their contents.
pub(crate) fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(name);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    seeds.sort();
    assert!(seeds.len() >= 2, "{name} lacks seeds");
    seeds
}

/// Runs the target; what it must not do, such as to panic, it says itself.
pub(crate) fn run(name: &str, target: fn(&[u8])) {
    let seeds = seeds(name);
    for seed in &seeds {
        target(seed);
        target(&seed.repeat(20));
    }
    let change = (any::<Index>(), any::<u8>());
    let stretch = (any::<[Index; 3]>(), vec(change, 0..4)).prop_map(move |(place, changes)| {
        let seed = &seeds[place[0].index(seeds.len())];
        let (from, to) = (place[1].index(seed.len()), place[2].index(seed.len()));
        let mut stretch = seed[from.min(to)..=from.max(to)].to_vec();
        for (place, byte) in changes {
            let place = place.index(stretch.len());
            stretch[place] = byte;
        }
        stretch
    });
    let noise = vec(any::<u8>(), 0..8);
    let pieces = vec(prop_oneof![3 => stretch, 1 => noise], 0..6);
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(ROUNDS)
    };
    TestRunner::new(config)
        .run(&pieces, |pieces| {
            target(&pieces.concat());
            Ok(())
        })
        .unwrap();
}
