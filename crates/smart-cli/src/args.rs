//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Talk to a SMART container, or be one.
#[derive(Debug, Parser)]
#[command(name = "smart", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start an embedded container, read every record, then walk the three-legged dance, explaining each step
    Demo(DemoArgs),
    /// Make one call and print what the container answers
    Get(GetArgs),
    /// Run a SPARQL query over one RDF file
    Query(QueryArgs),
    /// Run an embedded container until Ctrl-C
    Sandbox(SandboxArgs),
    /// Print every record's medications, as a background app
    Sweep(SweepArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// The record that the dance is for
    #[arg(long, value_name = "ID", default_value = "1288992")]
    pub(crate) record: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GetArgs {
    /// The call: get_medications, or medications for short
    pub(crate) call: String,
    /// The record to read
    #[arg(long, value_name = "ID")]
    pub(crate) record: Option<String>,
    /// The user whose data to read
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// A parameter of the call: --param limit=10 --param date_from=2008
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_parameter)]
    pub(crate) parameters: Vec<(String, String)>,
    /// What a call that writes sends
    #[arg(long, value_name = "FILE")]
    pub(crate) body: Option<PathBuf>,
    /// The media type of the body
    #[arg(
        long,
        value_name = "TYPE",
        default_value = "text/plain",
        requires = "body"
    )]
    pub(crate) content_type: String,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct QueryArgs {
    /// The file that holds the query
    #[arg(value_name = "QUERY.rq")]
    pub(crate) query: PathBuf,
    /// The file that holds the data, RDF/XML or Turtle
    #[arg(value_name = "DATA")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SandboxArgs {
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 7000)]
    pub(crate) port: u16,
    /// A folder of RDF/XML patient files, instead of the synthetic patients
    #[arg(long, value_name = "DIR")]
    pub(crate) patients: Option<PathBuf>,
    /// An app to install beside the stock ones: its manifest and its consumer secret
    #[arg(long = "app", value_name = "MANIFEST.json:SECRET")]
    pub(crate) apps: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SweepArgs {
    /// Go on after this record
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<String>,
    /// How many records to read at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) concurrency: u16,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
}

/// Which container to talk to, and as which app.
#[derive(Debug, clap::Args)]
pub(crate) struct ContainerArgs {
    /// Talk to an embedded container, started for this command (the default without --api-base)
    #[arg(long, conflicts_with = "api_base")]
    pub(crate) sandbox: bool,
    /// Where the embedded container finds its patients: a folder of RDF/XML files
    #[arg(long, value_name = "DIR", conflicts_with = "api_base")]
    pub(crate) patients: Option<PathBuf>,
    /// The container's API base, such as http://localhost:7000
    #[arg(long, value_name = "URL", env = "SMART_API_BASE")]
    pub(crate) api_base: Option<String>,
    /// The app's id, which is its consumer key as well
    #[arg(long, value_name = "ID", env = "SMART_APP_ID", default_value = smart_sandbox::BACKGROUND_APP_ID)]
    pub(crate) app_id: String,
    /// The app's consumer secret; better given by the environment than on a command line that others can list
    #[arg(long, value_name = "SECRET", env = "SMART_CONSUMER_SECRET", hide_env_values = true, default_value = smart_sandbox::STOCK_SECRET, hide_default_value = true)]
    pub(crate) consumer_secret: String,
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a parameter is written NAME=VALUE".to_owned()),
    }
}
