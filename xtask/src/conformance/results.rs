use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use smart_rdf::vocab::xsd;
use smart_rdf::{
    BlankNode, Graph, Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, Reader, Solutions,
    Syntax, Term, Triple,
};
use sparesults::{QueryResultsFormat, QueryResultsParser, SliceQueryResultsParserOutput};

use super::manifest::node;

const RS: &str = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#";

/// What a query should answer.
#[derive(Debug)]
pub(super) enum Expected {
    Boolean(bool),
    Graph(Graph),
    Solutions(Table),
}

/// Rows of bound variables.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<BTreeMap<String, Term>>,
    /// Whether the order of the rows means something.
    pub(super) is_sorted: bool,
}

impl Table {
    pub(super) fn of(solutions: &Solutions) -> Self {
        let rows = solutions.rows().map(|row| {
            let bound = row.variables().iter().zip(row.values());
            let bound = bound.filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
            bound.collect()
        });
        Self {
            rows: rows.collect(),
            is_sorted: true,
        }
    }

    /// Whether both have the same rows, in the same order if that counts, blank nodes renamed.
    pub(super) fn is_like(&self, other: &Self, sorted: bool) -> bool {
        self.rows.len() == other.rows.len()
            && self
                .described(sorted)
                .is_isomorphic(&other.described(sorted))
    }

    /// Whether this has every row of the other, and as often at the most: what `REDUCED` allows.
    pub(super) fn is_reduced(&self, full: &Self) -> bool {
        let distinct = |table: &Self| {
            let mut rows: Vec<String> = table.rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            rows.dedup();
            rows
        };
        self.rows.len() <= full.rows.len() && distinct(self) == distinct(full)
    }

    /// Those of `REDUCED` must be at least the distinct ones, and at most as many as without it.
    pub(super) fn is_like_reduced(&self, expected: &Self) -> bool {
        self.is_reduced(expected) || expected.is_reduced(self)
    }

    /// A graph with a node for each row.
    fn described(&self, sorted: bool) -> Graph {
        let mut triples = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            let subject = BlankNode::new_unchecked(format!("row {number}"));
            let place = if sorted { number } else { 0 };
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            triples.push(Triple::new(
                subject.clone(),
                NamedNodeRef::new_unchecked("row:"),
                Literal::from(place),
            ));
            for (name, value) in row {
                let name = NamedNode::new_unchecked(format!("variable:{name}"));
                triples.push(Triple::new(subject.clone(), name, canonical(value)));
            }
        }
        triples.into_iter().collect()
    }
}

/// Numbers by their value: results are computed, and their forms are not laid down.
fn canonical(term: &Term) -> Term {
    let Term::Literal(literal) = term else {
        return term.clone();
    };
    let value = match literal.datatype() {
        datatype if datatype == xsd::DECIMAL => {
            let value = literal.value();
            match value.contains('.') {
                true => value.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => value.to_owned(),
            }
        }
        datatype if datatype == xsd::DOUBLE || datatype == xsd::FLOAT => {
            match literal.value().parse::<f64>() {
                Ok(value) => value.to_string(),
                Err(_) => return term.clone(),
            }
        }
        _ => return term.clone(),
    };
    Literal::new_typed_literal(value, literal.datatype()).into()
}

pub(super) fn read(path: &Path, iri: &str) -> Result<Expected> {
    let document = std::fs::read(path).with_context(|| path.display().to_string())?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default();
    let format = match extension {
        "csv" => Some(QueryResultsFormat::Csv),
        "srj" => Some(QueryResultsFormat::Json),
        "srx" => Some(QueryResultsFormat::Xml),
        "tsv" => Some(QueryResultsFormat::Tsv),
        _ => None,
    };
    let Some(format) = format else {
        let syntax = Syntax::from_extension(extension).context("a result of no known form")?;
        let graph = Reader::new(syntax)
            .with_base_iri(iri)
            .for_slice(&document)?;
        return described(graph);
    };
    match QueryResultsParser::from_format(format).for_slice(&document)? {
        SliceQueryResultsParserOutput::Boolean(answer) => Ok(Expected::Boolean(answer)),
        SliceQueryResultsParserOutput::Solutions(solutions) => {
            let mut table = Table {
                is_sorted: true,
                ..Table::default()
            };
            for solution in solutions {
                let solution = solution?;
                let bound = solution.iter();
                let bound = bound.map(|(name, value)| (name.as_str().to_owned(), value.clone()));
                table.rows.push(bound.collect());
            }
            Ok(Expected::Solutions(table))
        }
    }
}

/// A result set in RDF, or else the graph itself.
fn described(graph: Graph) -> Result<Expected> {
    let sets: Vec<NamedOrBlankNode> = graph
        .instances_of(&node(RS, "ResultSet"))
        .map(Into::into)
        .collect();
    let boolean = graph
        .matching(None, Some(node(RS, "boolean").as_ref()), None)
        .next();
    if let Some(boolean) = boolean {
        return Ok(Expected::Boolean(
            text(&boolean.object.into_owned()) == "true",
        ));
    }
    let Some(set) = sets.first() else {
        return Ok(Expected::Graph(graph));
    };
    let mut rows = Vec::new();
    for solution in graph.objects(set, &node(RS, "solution")) {
        let solution = subject(solution.into_owned())?;
        let index = graph.object(&solution, &node(RS, "index"));
        let index: Option<u64> = index.and_then(|index| text(&index.into_owned()).parse().ok());
        let mut row = BTreeMap::new();
        for binding in graph.objects(&solution, &node(RS, "binding")) {
            let binding = subject(binding.into_owned())?;
            let part = |name| {
                let part = graph.object(&binding, &node(RS, name));
                part.map(|part| part.into_owned()).context("half a binding")
            };
            row.insert(text(&part("variable")?), part("value")?);
        }
        rows.push((index, row));
    }
    let is_sorted = rows.iter().all(|(index, _)| index.is_some());
    rows.sort_by_key(|(index, _)| *index);
    Ok(Expected::Solutions(Table {
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        is_sorted,
    }))
}

fn text(term: &Term) -> String {
    match term {
        Term::Literal(literal) => literal.value().to_owned(),
        other => other.to_string(),
    }
}

fn subject(term: Term) -> Result<NamedOrBlankNode> {
    match term {
        Term::BlankNode(node) => Ok(node.into()),
        Term::NamedNode(node) => Ok(node.into()),
        Term::Literal(literal) => anyhow::bail!("{literal} stands where a node must"),
    }
}
