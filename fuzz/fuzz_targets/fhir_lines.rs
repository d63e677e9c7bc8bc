#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smart_fuzz::fhir::lines(bytes));
