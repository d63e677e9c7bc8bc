//! A smoke run of the fuzz targets.

use crate::{fuzz_targets, smoke};

#[test]
fn callback() {
    run("oauth_callback", fuzz_targets::callback);
}

#[test]
fn form() {
    run("oauth_form", fuzz_targets::form);
}

#[test]
fn header() {
    run("oauth_header", fuzz_targets::header);
}

#[test]
fn launch() {
    run("oauth_launch", fuzz_targets::launch);
}

fn run(name: &str, target: fn(&[u8])) {
    smoke::run(name, target);
    // What nobody should send, and everybody can: a megabyte.
    for seed in smoke::seeds(name) {
        target(&seed.repeat(1 + (1 << 20) / seed.len()));
    }
    target(&b"&".repeat(1 << 20));
    target(&b"a=1&".repeat(1 << 18));
}
