//! `smart fhir read|search|export|capabilities`: data of a SMART on FHIR server, with what a login gave.

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use smart::fhir::interactions::rdf::{Bridge, NAMESPACE};
use smart::fhir::interactions::{Base, resource_from_http};
use smart::fhir::{Capabilities, Interaction, Resource, Search, Session};
use smart::rdf::TurtleWriter;

use super::fhir_app::{BackendArgs, ServerArgs};
use super::fhir_export::ExportOptions;
use crate::failure::UsageError;
use crate::output::{line, table};

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
        /// Type and id, such as Patient/smart-1288992, or a version: Patient/smart-1288992/_history/1
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
    /// Print FHIR's own RDF form, as Turtle; elements that R4 does not have are kept as JSON literals
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
            super::fhir_export::run(&args.options, &session, &words).await
        }
        Action::Read {
            reference,
            access,
            form,
        } => {
            let session = access.session(trace).await?;
            let resource: Resource = session.read(&reference).await?;
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
            let mut entries = session.search(&search)?;
            let mut kept = Vec::new();
            while let Some(entry) = entries.try_next().await? {
                match entry.resource {
                    Some(resource) if form.turtle => kept.push(resource),
                    Some(resource) => line(resource.as_value())?,
                    None => {}
                }
            }
            if form.turtle {
                turtle(&access.server, &kept)?;
            }
            Ok(())
        }
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

/// No server requires a token here.
async fn capabilities(server: &ServerArgs, json: bool, trace: Option<&Path>) -> Result<()> {
    let session = server.session_without_login(trace)?;
    let response = session.interact(&Interaction::capabilities()).await?;
    let limits = server.limits();
    let statement = resource_from_http(&response, &limits)?;
    if json {
        return Ok(line(format_args!("{:#}", statement.as_value()))?);
    }
    let capabilities = Capabilities::from_resource(statement)?;
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
