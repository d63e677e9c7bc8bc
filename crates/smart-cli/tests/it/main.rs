//! The `smart` command as a person or a script meets it: what it prints, and how it ends.

mod backend;
mod calls;
mod check;
mod convert;
mod demo;
mod failures;
mod fhir_data;
mod fhir_exports;
mod login;
mod network;
mod query;
mod record_login;
mod sandbox;
mod signing;
mod sweep;
mod wording;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The command with these arguments, away from the environment of whoever runs the tests.
fn smart<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smart"));
    command.args(arguments).stdin(Stdio::null());
    for variable in [
        "SMART_API_BASE",
        "SMART_APP_ID",
        "SMART_CONSUMER_KEY",
        "SMART_CONSUMER_SECRET",
        "SMART_TOKEN_SECRET",
        "SMART_CLIENT_SECRET",
        "SMART_FHIR_BASE",
        "SMART_VAULT",
    ] {
        command.env_remove(variable);
    }
    command
}

fn run<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    smart(arguments).output().expect("the command runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("standard error is text")
}

/// The command succeeds; what it printed.
fn succeed<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// The command fails with this exit code; its last line on standard error.
fn fail<S: AsRef<std::ffi::OsStr>>(code: i32, arguments: impl IntoIterator<Item = S>) -> String {
    let output = run(arguments);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    stderr(&output)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}

/// A patient file with one medication for each drug name.
fn write_patient(folder: &Path, record_id: &str, drugs: &[&str]) {
    let medications: String = drugs
        .iter()
        .enumerate()
        .map(|(index, drug)| {
            format!(
                r#"<sp:Medication><sp:belongsTo rdf:nodeID="record"/><sp:startDate>2009-0{}-01</sp:startDate>
                   <sp:drugName><sp:CodedValue><dcterms:title>{drug}</dcterms:title></sp:CodedValue></sp:drugName></sp:Medication>"#,
                index + 1
            )
        })
        .collect();
    let document = format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
           <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:sp="http://smartplatforms.org/terms#"
                    xmlns:dcterms="http://purl.org/dc/terms/">
           <sp:MedicalRecord rdf:nodeID="record"/>{medications}</rdf:RDF>"#
    );
    std::fs::write(folder.join(format!("p{record_id}.xml")), document)
        .expect("the folder can be written");
}
