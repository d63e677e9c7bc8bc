//! The maintainer's commands: `cargo xtask bench`, `ci`, `codegen`, `conformance`, `mutants`,
//! `public-api`, `tidy`, `words`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "commands talk to a terminal"
)]

mod bench;
mod ci;
mod codegen;
mod conformance;
mod mutants;
mod public_api;
mod tidy;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "Maintainer commands of the SMART workspace"
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measure, and write docs/performance.md
    Bench {
        /// What to measure; all of it if nothing is named
        topics: Vec<String>,
    },
    /// Run what CI runs, all of it or the stages named
    Ci {
        /// The stages to run, in this order
        stages: Vec<String>,
    },
    /// Run test suites in the form of the W3C's
    Conformance {
        /// Where they are
        folders: Vec<PathBuf>,
    },
    /// Generate Rust from the ontology
    Codegen(codegen::Arguments),
    /// Change the files that decide about trust or loss, and see whether a test fails
    Mutants(mutants::Arguments),
    /// Compare the public items of each library with specs/public-api
    PublicApi {
        /// Write the files of specs/public-api
        #[arg(long)]
        write: bool,
    },
    /// Check the rules of docs/architecture.md
    Tidy {
        /// First write the requirements of specs/ into docs/conformance.md
        #[arg(long)]
        write: bool,
    },
    /// Check the width of comments, and phrases that readers stumble over
    Words,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let root = workspace()?;
    match task {
        Task::Bench { topics } => bench::run(&root, &topics),
        Task::Ci { stages } => ci::run(&root, &stages),
        Task::Conformance { folders } => conformance::run(&folders),
        Task::Codegen(arguments) => codegen::run(&root, &arguments),
        Task::Mutants(arguments) => mutants::run(&root, &arguments),
        Task::PublicApi { write } => public_api::run(&root, write),
        Task::Tidy { write } => tidy::run(&root, write),
        Task::Words => words::run(&root),
    }
}

/// The workspace that this command was built in.
fn workspace() -> Result<PathBuf> {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    parent
        .map(Path::to_owned)
        .context("xtask lies in the workspace")
}
