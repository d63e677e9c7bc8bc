//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use smart::fhir::EhrLaunch;
use smart::oauth::oauth2::{ScopeError, Scopes};

use crate::commands::fhir::FhirArgs;
use crate::commands::fhir::register::RegisterArgs;
use crate::commands::oauth::login::LoginArgs;
use crate::commands::oauth::token::TokenArgs;
use crate::commands::rdf::check::CheckArgs;
use crate::commands::rdf::convert::ConvertArgs;
use crate::commands::rdf::query::QueryArgs;
pub(crate) use crate::secret::Secret;

/// Talk to a SMART container, or be one.
#[derive(Debug, Parser)]
#[command(name = "smart", version, max_term_width = 100)]
pub(crate) struct Args {
    /// Append every exchange with the server to this file, for a bug report, without secrets, ids
    /// and contents
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) trace: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the calls, or explain one
    Calls(CallsArgs),
    /// Tell what in RDF files breaks the ontology
    Check(CheckArgs),
    /// Write RDF files in another syntax
    Convert(ConvertArgs),
    /// Start an embedded container, read every record, then walk the dances of both generations,
    /// explaining each step
    Demo(DemoArgs),
    /// Read, search and export at a SMART on FHIR server, after a login
    Fhir(FhirArgs),
    /// Make one call and print what the container answers
    Get(GetArgs),
    /// Let a user allow this command to read from a SMART on FHIR server, or an app to open a
    /// record of a SMART Classic container
    Login(LoginArgs),
    /// Run a SPARQL query over RDF files
    Query(QueryArgs),
    /// Make this command known to a SMART on FHIR server
    Register(RegisterArgs),
    /// Run an embedded container until it is stopped
    Sandbox(SandboxArgs),
    /// Sign a request with OAuth 1.0a, without sending it
    Sign(SignArgs),
    /// Print every record's medications, as a background app
    Sweep(SweepArgs),
    /// Look at, renew or end what a login gave
    Token(TokenArgs),
    /// Verify the signature of a request that was received
    Verify(VerifyArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct CallsArgs {
    /// The call to explain: get_medications, or medications for short
    pub(crate) call: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// The record that the dance is for
    #[arg(long, value_name = "ID", default_value = "1288992", value_parser = parse_id)]
    pub(crate) record: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GetArgs {
    /// The call: get_medications, or medications for short; smart calls lists them
    pub(crate) call: String,
    /// The record to read, or to write to
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    pub(crate) record: Option<String>,
    /// The user whose data to read
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    pub(crate) user: Option<String>,
    /// A parameter of the call: --param limit=10 --param date_from=2008
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_parameter)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Instead of the answer, list what in it breaks the ontology (findings) or is worth knowing
    /// (remarks)
    #[arg(long)]
    pub(crate) findings: bool,
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
    /// Where the tokens of smart login are kept; without it, in this user's own folder for app data
    #[arg(long, value_name = "DIR", env = "SMART_VAULT")]
    pub(crate) vault: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SandboxArgs {
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 7000)]
    pub(crate) port: u16,
    /// The port of the FHIR server beside it; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    pub(crate) fhir_port: u16,
    /// A folder of RDF/XML patient files, instead of the synthetic patients
    #[arg(long, value_name = "DIR")]
    pub(crate) patients: Option<PathBuf>,
    /// An app to install beside the stock ones: its manifest, and its consumer secret or the file
    /// that holds it
    #[arg(long = "app", value_name = "MANIFEST.json:SECRET|MANIFEST.json:@FILE")]
    pub(crate) apps: Vec<Secret>,
    /// Accept bodies that no signature covers, as the Java client sends them: neither a form nor
    /// with oauth_body_hash
    #[arg(long)]
    pub(crate) accept_unsigned_bodies: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SweepArgs {
    /// Go on after this record
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    pub(crate) after: Option<String>,
    /// How many records are to be read. A container ends a sweep in the same way whether there is
    /// no further record or it has lost its place; another number ends the command with exit code 3
    #[arg(long, value_name = "N")]
    pub(crate) expect: Option<usize>,
    /// Read these records, in this order, instead of asking the container which there are: a file
    /// with an id on each line
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Option<PathBuf>,
    /// How many records to read at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) concurrency: u16,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
}

/// Which container to talk to, and as which app. What the environment says is read later, so that
/// it does not count as typed.
#[derive(Debug, clap::Args)]
pub(crate) struct ContainerArgs {
    /// Talk to an embedded container with invented patients, started for this command
    #[arg(long, conflicts_with = "api_base")]
    pub(crate) sandbox: bool,
    /// Where the embedded container finds its patients: a folder of RDF/XML files
    #[arg(long, value_name = "DIR", requires = "sandbox")]
    pub(crate) patients: Option<PathBuf>,
    /// The container's API base, such as http://localhost:7000 [env: SMART_API_BASE]
    #[arg(long, value_name = "URL")]
    pub(crate) api_base: Option<String>,
    /// The app's id, which is its consumer key as well [env: SMART_APP_ID] [default: the background
    /// app of a sandbox]
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    pub(crate) app_id: Option<String>,
    /// The app's consumer secret; better given by the environment or in a file than on a command
    /// line that others can list [env: SMART_CONSUMER_SECRET]
    #[arg(long, value_name = "SECRET")]
    pub(crate) consumer_secret: Option<Secret>,
    /// A file that holds the consumer secret; a line break at its end does not count
    #[arg(long, value_name = "FILE", conflicts_with = "consumer_secret")]
    pub(crate) consumer_secret_file: Option<PathBuf>,
    /// The longest answer that is read, in bytes
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) body_limit: Option<u64>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// How to get there.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct NetworkArgs {
    /// Allow plain http to this host, for a test network or a tunnel: whoever is on the way can
    /// read along
    #[arg(long = "allow-http", value_name = "HOST")]
    pub(crate) allow_http: Vec<String>,
    /// Trust the authorities in this file too, in PEM, such as that of a hospital's own network
    #[arg(long = "ca", value_name = "FILE")]
    pub(crate) authorities: Vec<PathBuf>,
    /// Show this certificate to the container: a file in PEM with the certificate and its private
    /// key
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// Go through this proxy, such as http://proxy.example:3128; without it, through that of the
    /// environment; none: go straight
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// The longest that a call may take, in seconds, with all its attempts
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// The token's key; two-legged without one
    #[arg(long, value_name = "KEY")]
    pub(crate) token: Option<String>,
    /// A nonce to use; drawn at random without this
    #[arg(long)]
    pub(crate) nonce: Option<String>,
    /// Seconds since 1970 to use; the clock's without this
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timestamp: Option<u64>,
    /// The verifier of an exchange for an access token
    #[arg(long)]
    pub(crate) verifier: Option<String>,
    /// The callback of a request for a request token
    #[arg(long, value_name = "URL")]
    pub(crate) callback: Option<String>,
    /// HMAC-SHA1 unless told otherwise
    #[arg(long, value_name = "METHOD", value_parser = SIGNATURE_METHODS)]
    pub(crate) signature_method: Option<String>,
    /// Whose rules to sign by; without this, what suits both, and what cannot is refused with the
    /// reason
    #[arg(long, value_parser = DIALECTS)]
    pub(crate) dialect: Option<String>,
    /// Show how the signature comes about: every parameter with its origin, and the key's shape
    #[arg(long, conflicts_with = "batch")]
    pub(crate) explain: bool,
    /// With --explain: the other side's base string or signature, to find out why it differs
    #[arg(long, value_name = "TEXT", requires = "explain")]
    pub(crate) against: Option<String>,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Sign many requests: one JSON object a line on standard input, one result a line on standard
    /// output
    #[arg(long)]
    pub(crate) batch: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// The Authorization header as it was received; better given by --header 'Authorization=…'
    #[arg(long, value_name = "HEADER")]
    pub(crate) authorization: Option<String>,
    /// The one signature method to take; HMAC-SHA1 unless told otherwise
    #[arg(long, value_name = "METHOD", value_parser = SIGNATURE_METHODS)]
    pub(crate) signature_method: Option<String>,
    /// Whose rules to verify by; either without this
    #[arg(long, value_parser = DIALECTS)]
    pub(crate) dialect: Option<String>,
    /// The time to hold the timestamp against, in seconds since 1970; any time is right without
    /// this
    #[arg(long, value_name = "SECONDS")]
    pub(crate) now: Option<u64>,
    /// Show the base string, every parameter with its origin, and why the signature differs
    #[arg(long, conflicts_with = "batch")]
    pub(crate) explain: bool,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Verify many requests: one JSON object a line on standard input, one result a line on
    /// standard output
    #[arg(long)]
    pub(crate) batch: bool,
}

/// A request to sign or verify.
#[derive(Debug, clap::Args)]
pub(crate) struct RequestArgs {
    /// The HTTP method
    #[arg(long, default_value = "GET")]
    pub(crate) method: String,
    /// The absolute URL
    #[arg(long, required_unless_present = "batch")]
    pub(crate) url: Option<String>,
    /// A field of a form body: --form a=1 --form b=2
    #[arg(long = "form", value_name = "NAME=VALUE", value_parser = parse_parameter, conflicts_with = "body")]
    pub(crate) form: Vec<(String, String)>,
    /// A header of the request: --header Host=example.org
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = parse_parameter)]
    pub(crate) headers: Vec<(String, String)>,
    /// A file that holds the body
    #[arg(long, value_name = "FILE", requires = "content_type")]
    pub(crate) body: Option<PathBuf>,
    /// The media type of the body
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
}

/// Whose signature it is. Secrets are better given by the environment or in files than on a command
/// line that others can list.
#[derive(Debug, clap::Args)]
pub(crate) struct SecretArgs {
    /// The consumer key
    #[arg(long, value_name = "KEY", env = "SMART_CONSUMER_KEY")]
    pub(crate) consumer_key: Option<String>,
    /// The consumer secret
    #[arg(
        long,
        value_name = "SECRET",
        env = "SMART_CONSUMER_SECRET",
        hide_env_values = true
    )]
    pub(crate) consumer_secret: Option<Secret>,
    /// A file that holds the consumer secret; a line break at its end does not count
    #[arg(long, value_name = "FILE", conflicts_with = "consumer_secret")]
    pub(crate) consumer_secret_file: Option<PathBuf>,
    /// The token secret
    #[arg(
        long,
        value_name = "SECRET",
        env = "SMART_TOKEN_SECRET",
        hide_env_values = true
    )]
    pub(crate) token_secret: Option<Secret>,
    /// A file that holds the token secret; a line break at its end does not count
    #[arg(long, value_name = "FILE", conflicts_with = "token_secret")]
    pub(crate) token_secret_file: Option<PathBuf>,
}

const DIALECTS: [&str; 4] = ["container", "portable", "rfc", "rfc5849"];
const SIGNATURE_METHODS: [&str; 3] = ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"];

pub(crate) fn parse_parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a parameter is written NAME=VALUE".to_owned()),
    }
}

/// The address that an EHR opened.
pub(crate) fn parse_launch(text: &str) -> Result<EhrLaunch, String> {
    EhrLaunch::parse(text).map_err(|error| error.to_string())
}

/// At least one scope, in the words that were typed.
pub(crate) fn parse_scopes(text: &str) -> Result<String, String> {
    let scopes: Scopes = text
        .parse()
        .map_err(|error: ScopeError| error.to_string())?;
    if scopes.is_empty() {
        return Err("ask for at least one scope".to_owned());
    }
    Ok(text.to_owned())
}

/// An id goes into a path: without one, the request would be about something else.
pub(crate) fn parse_id(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("an id is not empty".to_owned());
    }
    Ok(text.to_owned())
}
