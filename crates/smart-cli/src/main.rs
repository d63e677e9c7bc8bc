//! The `smart` command: a SMART container to develop against and the app that talks to it, on one machine.
//!
//! Exit code 0 when all went well, 1 when something failed, 2 when the command line is wrong. Every failure is one sentence
//! on standard error that says what to do.

mod args;
mod commands;
mod failure;
mod output;
mod session;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return failure::report(&anyhow::Error::new(error).context("the runtime cannot start"));
        }
    };
    let record = args.record.as_deref();
    let outcome = runtime.block_on(async {
        match args.command {
            Command::Calls(args) => commands::calls::run(&args),
            Command::Check(args) => commands::check::run(&args),
            Command::Convert(args) => commands::convert::run(&args),
            Command::Demo(args) => commands::demo::run(args, record).await,
            Command::Fhir(args) => commands::fhir::run(args, record).await,
            Command::Get(args) => commands::get::run(args, record).await,
            Command::Login(args) => commands::login::run(args, record).await,
            Command::Query(args) => commands::query::run(&args),
            Command::Register(args) => commands::register::run(args, record).await,
            Command::Sandbox(args) => commands::sandbox::run(args).await,
            Command::Sign(args) => commands::sign::run(args),
            Command::Sweep(args) => commands::sweep::run(args, record).await,
            Command::Token(args) => commands::token::run(args, record).await,
            Command::Verify(args) => commands::verify::run(args),
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}
