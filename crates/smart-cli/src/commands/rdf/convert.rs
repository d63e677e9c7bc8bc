//! `smart convert --to SYNTAX DATA…`: the same graph in other words.

use anyhow::Result;
use clap::ValueEnum;
use smart::rdf::{Dataset, Syntax, WriteError, Writer};

use crate::commands::rdf::data::DataArgs;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct ConvertArgs {
    /// What to write
    #[arg(long, value_enum)]
    to: Target,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    JsonLd,
    NQuads,
    NTriples,
    RdfXml,
    /// Objects by class with names like dcterms__title, as SMART's JavaScript client has them
    SmartJsonLd,
    #[value(name = "trig")]
    TriG,
    Turtle,
}

pub(crate) fn run(args: &ConvertArgs) -> Result<()> {
    let data = args.data.load_merged()?;
    let document = match args.to {
        Target::JsonLd => document(Syntax::JsonLd, &data)?,
        Target::NQuads => document(Syntax::NQuads, &data)?,
        Target::NTriples => document(Syntax::NTriples, &data)?,
        Target::RdfXml => document(Syntax::RdfXml, &data)?,
        Target::SmartJsonLd => objects(&data)?,
        Target::TriG => document(Syntax::TriG, &data)?,
        Target::Turtle => document(Syntax::Turtle, &data)?,
    };
    Ok(output::document(document.as_bytes())?)
}

fn document(syntax: Syntax, data: &Dataset) -> Result<String> {
    let writer = Writer::new(syntax).with_prefixes(smart::PREFIXES);
    Ok(writer.write_dataset(data)?)
}

fn objects(data: &Dataset) -> Result<String> {
    if let Some((name, _)) = data.named_graphs().next() {
        let name = name.to_string();
        return Err(WriteError::NamedGraph { name }.into());
    }
    let objects = smart::api::objects(data.default_graph());
    Ok(serde_json::to_string_pretty(&objects)? + "\n")
}
