//! `smart query QUERY DATA…`: SPARQL over RDF files.

use std::path::Path;

use std::ffi::{OsStr, OsString};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::ValueEnum;
use smart::rdf::{
    Answer, Graph, Query, QueryLimits, ResultFormat, Solutions, Sparql, Syntax, Writer,
};

use crate::commands::rdf::data::DataArgs;
use crate::failure::UsageError;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct QueryArgs {
    /// The query: a file, or the text itself: 'SELECT * { ?s ?p ?o }'
    #[arg(value_name = "QUERY")]
    query: OsString,
    #[command(flatten)]
    data: DataArgs,
    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The query need not declare the prefixes of SMART: sp, spcode, api, dcterms, foaf, v, rdf,
    /// rdfs, xsd
    #[arg(long)]
    prefixes: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Columns to read; a graph as Turtle
    Table,
    /// Comma-separated values
    Csv,
    /// Tab-separated values
    Tsv,
    /// JSON of the W3C; a graph as JSON-LD
    Json,
    /// XML of the W3C; a graph as RDF/XML
    Xml,
}

pub(crate) fn run(args: &QueryArgs) -> Result<()> {
    let query = match in_place(&args.query) {
        Some(text) => prepare(text, args.prefixes).context("the query")?,
        None => {
            let file = Path::new(&args.query);
            let name = file.display();
            let text = std::fs::read(file).with_context(|| format!("{name} cannot be read"))?;
            let text =
                String::from_utf8(text).with_context(|| format!("{name} is not UTF-8 text"))?;
            prepare(&text, args.prefixes).with_context(|| name.to_string())?
        }
    };
    let data = args.data.load_merged()?;
    let mut printed = match query.run(&data)? {
        Answer::Boolean(answer) => boolean(answer, args.format),
        Answer::Graph(graph) => document(&graph, args)?,
        Answer::Solutions(solutions) => rows(&solutions, args.format)?,
        _ => bail!("the query's kind of answer cannot be printed"),
    };
    if !printed.ends_with('\n') {
        printed.push('\n');
    }
    Ok(output::document(printed.as_bytes())?)
}

/// The query itself, if the argument is one and not the name of a file: a file of this name comes
/// first, since no query is likely to be the name of one.
fn in_place(argument: &OsStr) -> Option<&str> {
    let text = argument.to_str()?;
    if Path::new(text).exists() {
        return None;
    }
    let start = text.trim_start();
    let word: String = start
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let is_query = start.starts_with('#')
        || KEYWORDS
            .iter()
            .any(|keyword| keyword.eq_ignore_ascii_case(&word) && word.len() < start.len());
    is_query.then_some(text)
}

/// What a query begins with ([SPARQL 1.1,
/// 19.8](https://www.w3.org/TR/sparql11-query/#sparqlGrammar)).
const KEYWORDS: [&str; 6] = ["ASK", "BASE", "CONSTRUCT", "DESCRIBE", "PREFIX", "SELECT"];

fn prepare(text: &str, with_prefixes: bool) -> Result<Query> {
    let bare = Sparql::new().with_limits(limits());
    let prefixed = bare.clone().with_prefixes(smart::PREFIXES);
    if with_prefixes {
        return Ok(prefixed.prepare(text)?);
    }
    bare.prepare(text)
        .map_err(|error| match prefixed.prepare(text) {
            Ok(_) => anyhow!("{error} (here: --prefixes)"),
            Err(_) => error.into(),
        })
}

/// Who waits at a terminal can stop a query that takes too long.
fn limits() -> QueryLimits {
    QueryLimits::default()
        .with_steps(usize::MAX)
        .with_rows(100_000_000)
        .with_row_bytes(1 << 30)
        .with_text_bytes(1 << 30)
}

fn boolean(answer: bool, format: Format) -> String {
    result_format(format).map_or_else(|| answer.to_string(), |format| format.write_boolean(answer))
}

fn rows(solutions: &Solutions, format: Format) -> Result<String> {
    Ok(match result_format(format) {
        Some(format) => format.write(solutions)?,
        None => output::fitted(&solutions.table()),
    })
}

fn document(graph: &Graph, args: &QueryArgs) -> Result<String> {
    let syntax = match args.format {
        Format::Table => Syntax::Turtle,
        Format::Json => Syntax::JsonLd,
        Format::Xml => Syntax::RdfXml,
        Format::Csv | Format::Tsv => bail!(UsageError(
            "the query makes a graph, which has no rows; print it as table, json or xml".to_owned()
        )),
    };
    let mut writer = Writer::new(syntax);
    if args.prefixes {
        writer = writer.with_prefixes(smart::PREFIXES);
    }
    Ok(writer.write(graph)?)
}

/// The form of the W3C; none for people.
fn result_format(format: Format) -> Option<ResultFormat> {
    match format {
        Format::Table => None,
        Format::Csv => Some(ResultFormat::Csv),
        Format::Tsv => Some(ResultFormat::Tsv),
        Format::Json => Some(ResultFormat::Json),
        Format::Xml => Some(ResultFormat::Xml),
    }
}
