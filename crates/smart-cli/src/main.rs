//! The `smart` command: a SMART container to develop against and the app that talks to it, on one
//! machine.
//!
//! The exit code is 0 if everything asked for was delivered, 1 if the command failed, 2 if the
//! command line is wrong, and 3 if the command finished but did not deliver everything. Every
//! failure is one sentence on standard error that says what to do.

mod args;
mod commands;
mod failure;
mod output;
mod secret;
mod session;
mod stop;
mod suggest;

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(message) => return say(&message),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return failure::report(&anyhow::Error::new(error).context("the runtime cannot start"));
        }
    };
    let trace = args.trace.as_deref();
    let outcome = runtime.block_on(async {
        match args.command {
            Command::Calls(args) => commands::classic::calls::run(&args),
            Command::Check(args) => commands::rdf::check::run(&args),
            Command::Convert(args) => commands::rdf::convert::run(&args),
            Command::Demo(args) => commands::demo::run(args, trace).await,
            Command::Fhir(args) => commands::fhir::run(args, trace).await,
            Command::Get(args) => commands::classic::get::run(args, trace).await,
            Command::Login(args) => commands::oauth::login::run(args, trace).await,
            Command::Query(args) => commands::rdf::query::run(&args),
            Command::Register(args) => commands::fhir::register::run(args, trace).await,
            Command::Sandbox(args) => commands::sandbox::run(args).await,
            Command::Sign(args) => commands::oauth::sign::run(args),
            Command::Sweep(args) => commands::classic::sweep::run(args, trace).await,
            Command::Token(args) => commands::oauth::token::run(args, trace).await,
            Command::Verify(args) => commands::oauth::verify::run(args),
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

/// Prints the help, the version, or what is wrong with the command line.
fn say(message: &clap::Error) -> ExitCode {
    let printed = message.print();
    if message.use_stderr() {
        return ExitCode::from(2);
    }
    match printed {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}
