//! `smart fhir read|search|export|capabilities`: data of a SMART on FHIR server, with what a login gave.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use smart::fhir::interactions::rdf::{Bridge, NAMESPACE};
use smart::fhir::interactions::{Base, Limits, resource_from_http};
use smart::fhir::{Capabilities, Export, ExportJob, Interaction, Manifest, Resource, Search};
use smart::rdf::TurtleWriter;
use smart::transport::Transport as _;

use super::fhir_app::ServerArgs;
use crate::failure::UsageError;
use crate::output::{line, note, table};
use crate::session::transport;

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
        server: ServerArgs,
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
        server: ServerArgs,
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
        server: ServerArgs,
        #[command(flatten)]
        form: Form,
    },
}

#[derive(Debug, clap::Args)]
struct ExportArgs {
    /// Only these types, separated by commas
    #[arg(long = "type", value_name = "TYPES", value_delimiter = ',')]
    types: Vec<String>,
    /// Only what changed since an instant, such as 2026-01-01T00:00:00Z
    #[arg(long, value_name = "INSTANT")]
    since: Option<String>,
    /// The patients of a group
    #[arg(long, value_name = "ID", conflicts_with = "system")]
    group: Option<String>,
    /// Everything, not only what is about patients
    #[arg(long)]
    system: bool,
    /// Write a file for each type into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
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
        Action::Capabilities { server, json } => capabilities(&server, json).await,
        Action::Export(args) => export(&args, trace).await,
        Action::Read {
            reference,
            server,
            form,
        } => {
            let session = server.session(trace).await?;
            let resource: Resource = session.read(&reference).await?;
            if form.turtle {
                return turtle(&server, &[resource]);
            }
            Ok(line(format_args!("{:#}", resource.as_value()))?)
        }
        Action::Search {
            resource_type,
            parameters,
            server,
            form,
        } => {
            let search = search(&resource_type, &parameters)?;
            let session = server.session(trace).await?;
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
                turtle(&server, &kept)?;
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

async fn capabilities(server: &ServerArgs, json: bool) -> Result<()> {
    let base = Base::parse(&server.fhir)?;
    let request = Interaction::capabilities().to_http(&base)?;
    let response = transport(&server.network)?.fetch(request).await?;
    let statement = resource_from_http(&response, &Limits::default())?;
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

async fn export(args: &ExportArgs, trace: Option<&Path>) -> Result<()> {
    let mut export = match &args.group {
        Some(group) => Export::group(group)?,
        None if args.system => Export::system(),
        None => Export::patients(),
    };
    if !args.types.is_empty() {
        export = export.types(args.types.iter().map(String::as_str))?;
    }
    if let Some(since) = &args.since {
        export = export.since(since);
    }
    let session = args.server.session(trace).await?;
    let job = session.export(&export).await?;
    note(format_args!(
        "the server works on it: {}",
        job.status_address()
    ));
    let manifest = job
        .wait(|waiting| {
            if let Some(progress) = &waiting.progress {
                note(progress);
            }
        })
        .await?;
    write_files(&job, &manifest, args.out.as_deref()).await?;
    for file in &manifest.errors {
        note(format_args!(
            "the server could not export all: see {}",
            file.url
        ));
    }
    if let Some(time) = &manifest.transaction_time {
        note(format_args!("next time, --since {time}"));
    }
    job.delete().await?;
    Ok(())
}

async fn write_files(job: &ExportJob, manifest: &Manifest, out: Option<&Path>) -> Result<()> {
    let mut counts: BTreeMap<String, (File, u64)> = BTreeMap::new();
    for file in &manifest.output {
        let mut resources = job.read(manifest, file).await?;
        while let Some(resource) = resources.try_next().await? {
            let Some(folder) = out else {
                line(resource.as_value())?;
                continue;
            };
            // What a server calls the file could be any path; what a resource calls itself is a word.
            let name = resource.resource_type();
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                anyhow::bail!("the server sent a resource whose type is no word");
            }
            if !counts.contains_key(name) {
                counts.insert(name.to_owned(), (create(folder, name)?, 0));
            }
            if let Some((file, count)) = counts.get_mut(name) {
                writeln!(file, "{}", resource.as_value())?;
                *count += 1;
            }
        }
    }
    for (name, (_, count)) in &counts {
        line(format_args!("{count:>7}  {name}"))?;
    }
    Ok(())
}

/// A file that this user alone can read.
fn create(folder: &Path, name: &str) -> Result<File> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let path = folder.join(format!("{name}.ndjson"));
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&path)
        .with_context(|| format!("{} cannot be written", path.display()))
}
