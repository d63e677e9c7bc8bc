//! `smart fhir read|search|export|capabilities`: data of a SMART on FHIR server, with what a login
//! gave.

pub(crate) mod app;
mod export;
pub(crate) mod register;

use std::path::Path;

use anyhow::{Result, anyhow};
use clap::Subcommand;
use smart::Error;
use smart::fhir::interactions::rdf::{Bridge, NAMESPACE};
use smart::fhir::interactions::{Base, ReadError, resource_from_http};
use smart::fhir::{AnswerError, Capabilities, FhirError, Interaction, Resource, Search, Session};
use smart::rdf::TurtleWriter;

use crate::failure::{Incomplete, UsageError};
use crate::output::{line, note, table};
use crate::suggest::did_you_mean_type;
use app::{BackendArgs, ServerArgs};
use export::ExportOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct FhirArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say what the server can do; needs no login
    Capabilities {
        #[command(flatten)]
        access: OpenArgs,
        /// Print the statement itself
        #[arg(long)]
        json: bool,
    },
    /// Export in bulk, and print a resource a line
    Export(ExportArgs),
    /// Print one resource
    Read {
        /// Type and id, such as Patient/smart-1288992, or a version:
        /// Patient/smart-1288992/_history/1
        reference: String,
        #[command(flatten)]
        access: OpenArgs,
        #[command(flatten)]
        form: Form,
    },
    /// Search, and print a resource a line, from all pages
    Search {
        /// The type, such as Condition
        resource_type: String,
        /// Parameters as FHIR writes them: category=laboratory, _lastUpdated=gt2026-01-01
        #[arg(value_name = "NAME=VALUE")]
        parameters: Vec<String>,
        #[command(flatten)]
        access: OpenArgs,
        #[command(flatten)]
        form: Form,
    },
}

#[derive(Debug, clap::Args)]
struct ExportArgs {
    #[command(flatten)]
    options: ExportOptions,
    #[command(flatten)]
    access: OpenArgs,
}

/// Which server, and whether with what a login gave.
#[derive(Debug, clap::Args)]
struct OpenArgs {
    /// Send no token: for a server that requires no login
    #[arg(long, conflicts_with = "client_id")]
    no_login: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    backend: BackendArgs,
}

impl OpenArgs {
    async fn session(&self, trace: Option<&Path>) -> Result<Session> {
        if self.no_login {
            return self.server.session_without_login(trace);
        }
        match self.backend.session(&self.server, trace).await? {
            Some(session) => Ok(session),
            None => self.server.session(trace).await,
        }
    }
}

/// How resources are printed.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Form {
    /// Print FHIR's own RDF form, as Turtle; elements that R4 does not have are kept as JSON
    /// literals
    #[arg(long)]
    turtle: bool,
}

pub(crate) async fn run(args: FhirArgs, trace: Option<&Path>) -> Result<()> {
    match args.action {
        Action::Capabilities { access, json } => capabilities(&access.server, json, trace).await,
        Action::Export(args) => {
            let session = args.access.session(trace).await?;
            let server = &args.access.server.fhir;
            let words = match args.access.no_login {
                true => format!("--no-login --fhir {server}"),
                false => format!("--fhir {server}{}", args.access.backend.words()),
            };
            let exported = export::run(&args.options, &session, &words).await;
            exported.map_err(|error| match error.downcast::<Error>() {
                Ok(error) => login_required(&error, &args.access).unwrap_or_else(|| error.into()),
                Err(error) => error,
            })
        }
        Action::Read {
            reference,
            access,
            form,
        } => {
            let session = access.session(trace).await?;
            let name = reference.split('/').next().unwrap_or_default();
            let read = session.read(&reference).await;
            let resource: Resource = read.map_err(|error| with_hint(error, name, &access))?;
            if form.turtle {
                return turtle(&access.server, &[resource]);
            }
            Ok(line(format_args!("{:#}", resource.as_value()))?)
        }
        Action::Search {
            resource_type,
            parameters,
            access,
            form,
        } => {
            let search = search(&resource_type, &parameters)?;
            let session = access.session(trace).await?;
            let hinted = |error| with_hint(error, &resource_type, &access);
            let mut entries = session.search(&search).map_err(hinted)?;
            let mut kept = Vec::new();
            let (mut has_come, mut has_errors) = (false, false);
            while let Some(entry) = entries.try_next().await.map_err(hinted)? {
                if let Some(outcome) = entry.search_outcome() {
                    let summary = outcome.summary();
                    let summary = summary.unwrap_or_else(|| "an outcome without issues".to_owned());
                    note(format_args!("the server says: {summary}"));
                    has_errors |= outcome.has_errors();
                    continue;
                }
                has_come = true;
                match entry.resource {
                    Some(resource) if form.turtle => kept.push(resource),
                    Some(resource) => line(resource.as_value())?,
                    None => {}
                }
            }
            let hint = did_you_mean_type(&resource_type);
            if !has_come && !hint.is_empty() {
                note(format_args!("nothing of type {resource_type}{hint}"));
            }
            if form.turtle {
                turtle(&access.server, &kept)?;
            }
            if has_errors {
                return Err(Incomplete(
                    "the search is not complete: the server reports errors about it".to_owned(),
                )
                .into());
            }
            Ok(())
        }
    }
}

const CHECK_BASE: &str =
    "give the base of the FHIR resources by --fhir, such as https://ehr.example/fhir";

/// What is wrong with the base, if the answer shows that it is not one.
fn at_base(error: AnswerError, base: &str) -> anyhow::Error {
    let base = base.trim_end_matches('/');
    match error {
        AnswerError::Refused { status, .. } if matches!(status.as_u16(), 404 | 405 | 410) => {
            anyhow!(
                "there is no FHIR server at {base}: {base}/metadata is answered with {status}; {CHECK_BASE}"
            )
        }
        AnswerError::Unreadable {
            content_type: Some(kind),
            ..
        } if kind.to_ascii_lowercase().contains("html") => {
            anyhow!("{base}/metadata is a page of HTML, not FHIR; {CHECK_BASE}")
        }
        AnswerError::Unreadable {
            source: ReadError::NotAResource,
            ..
        } => anyhow!("{base}/metadata is JSON, but not FHIR; {CHECK_BASE}"),
        other => other.into(),
    }
}

/// The parameters go to the server as they are, but for the encoding of the address.
fn search(resource_type: &str, parameters: &[String]) -> Result<Search> {
    let mut search = Search::new(resource_type);
    for parameter in parameters {
        let (name, value) = parameter.split_once('=').ok_or_else(|| {
            UsageError(format!(
                "{parameter:?} is no parameter; give it as NAME=VALUE"
            ))
        })?;
        search = search.raw(name, value);
    }
    Ok(search)
}

fn turtle(server: &ServerArgs, resources: &[Resource]) -> Result<()> {
    let bridge = Bridge::new(Base::parse(&server.fhir)?).keep_unknown();
    let graph = bridge.to_graph(resources)?;
    let prefixes = [
        ("fhir", NAMESPACE),
        ("loinc", "http://loinc.org/rdf#"),
        ("sct", "http://snomed.info/id/"),
        ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ];
    let writer = prefixes
        .into_iter()
        .fold(TurtleWriter::new(), |writer, (name, iri)| {
            writer.with_prefix(name, iri)
        });
    Ok(line(writer.write(&graph)?.trim_end())?)
}

/// A failure that the command line explains: a misspelled type, with the type that was probably
/// meant, or a missing login.
fn with_hint(error: Error, resource_type: &str, access: &OpenArgs) -> anyhow::Error {
    if let Some(error) = login_required(&error, access) {
        return error;
    }
    let is_request = matches!(error, Error::Fhir(FhirError::Interaction(_)));
    let is_unknown = matches!(
        error.status().map(|status| status.as_u16()),
        Some(400 | 404)
    );
    if !is_request && !is_unknown {
        return error.into();
    }
    let hint = did_you_mean_type(resource_type);
    let error = anyhow::Error::from(error);
    if is_request {
        return UsageError(format!("{error:#}{hint}")).into();
    }
    if hint.is_empty() {
        return error;
    }
    anyhow!("{error:#}{hint}")
}

/// What a 401 means if no token was sent.
fn login_required(error: &Error, access: &OpenArgs) -> Option<anyhow::Error> {
    let is_refused = error.status().is_some_and(|status| status.as_u16() == 401);
    let fhir = &access.server.fhir;
    (access.no_login && is_refused).then(|| {
        anyhow!(
            "{fhir} requires a login and answers 401 Unauthorized; run smart login --fhir {fhir}, and leave out --no-login"
        )
    })
}

/// No server requires a token here.
async fn capabilities(server: &ServerArgs, json: bool, trace: Option<&Path>) -> Result<()> {
    let session = server.session_without_login(trace)?;
    let response = session.interact(&Interaction::capabilities()).await?;
    let limits = server.limits();
    let statement = resource_from_http(&response, &limits);
    let statement = statement.map_err(|error| at_base(error, &server.fhir))?;
    let found = statement.resource_type().to_owned();
    let capabilities = Capabilities::from_resource(statement).map_err(|_| {
        let base = server.fhir.trim_end_matches('/');
        anyhow!("{base}/metadata is a {found}, not the description of a server; {CHECK_BASE}")
    })?;
    if json {
        let statement = capabilities.resource();
        return Ok(line(format_args!("{:#}", statement.as_value()))?);
    }
    let version = capabilities.fhir_version().unwrap_or("not stated");
    line(format_args!("FHIR {version}"))?;
    if !capabilities.operations().is_empty() {
        line(format_args!(
            "operations ${}",
            capabilities.operations().join(", $")
        ))?;
    }
    let headings = ["type", "interactions", "parameters"].map(str::to_owned);
    let rows: Vec<Vec<String>> = capabilities
        .types()
        .map(|(name, one)| {
            let parameters: Vec<&str> = one.search_parameters.keys().map(String::as_str).collect();
            vec![
                name.to_owned(),
                one.interactions.join(" "),
                parameters.join(" "),
            ]
        })
        .collect();
    Ok(line(table(&headings, &rows).trim_end())?)
}
