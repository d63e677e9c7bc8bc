//! From a patient's graph to statements: every statement gets a URI, belongs to the record, and is
//! cut out as a graph.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use smart_api::vocab::sp;
use smart_api::{STATEMENTS, StatementInfo};
use smart_rdf::vocab::rdf;
use smart_rdf::{
    BlankNode, Graph, NamedNode, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, Term,
    TermRef, Triple, TripleRef,
};

use super::record::Statement;
use crate::random;

/// Where statements come to lie, and which labels their blank nodes get.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assembly<'a> {
    pub(crate) api_base: &'a str,
    pub(crate) record_id: &'a str,
    /// The start of every blank label. It must differ from assembly to assembly, because answers
    /// put the graphs of several together.
    pub(crate) label: &'a str,
}

/// Why a graph cannot become part of a record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AssembleError {
    #[error("the statement {statement} belongs to another record, {record}")]
    ForeignRecord { statement: String, record: String },
    #[error("there is no sp:MedicalRecord, and no statement that could belong to one")]
    NoRecord,
    #[error("the operating system gives no random numbers")]
    Random(#[from] getrandom::Error),
    #[error("there are {count} nodes of type sp:MedicalRecord, there must be one")]
    SeveralRecords { count: usize },
    #[error("its statements share so much that they cannot be told apart")]
    Tangled,
    #[error("the node {node} is of two statement types, {first} and {second}")]
    TwoTypes {
        node: String,
        first: String,
        second: String,
    },
}

/// What several statements share is copied into each. In real files this makes a third more
/// triples; where it would make more than this many times as many, and more than [`SPARE_TRIPLES`],
/// it is an attack on our memory.
const MOST_COPIES: usize = 8;
const SPARE_TRIPLES: usize = 10_000;

/// The classes whose instances get URIs.
static CLASSES: LazyLock<HashMap<&'static str, &'static StatementInfo>> = LazyLock::new(|| {
    let with_path = STATEMENTS.iter().filter(|info| info.base_path.is_some());
    with_path.map(|info| (info.class.as_str(), info)).collect()
});

impl Assembly<'_> {
    /// The URI of the record.
    pub(crate) fn record_uri(&self) -> NamedNode {
        NamedNode::new_unchecked(format!("{}/records/{}", self.api_base, self.record_id))
    }

    /// The statements of a patient file. It holds one `sp:MedicalRecord` at most; without one, the
    /// statements are those of the record that the file stands for, as the reference container's
    /// loader has it.
    pub(crate) fn record(&self, graph: &Graph) -> Result<Vec<Statement>, AssembleError> {
        let count = graph.instances_of(sp::class::MEDICAL_RECORD).count();
        if count > 1 {
            return Err(AssembleError::SeveralRecords { count });
        }
        let statements = self.statements(graph)?;
        if count == 0 && statements.is_empty() {
            return Err(AssembleError::NoRecord);
        }
        Ok(statements)
    }

    /// The statements of a graph that may hold a `sp:MedicalRecord`.
    pub(crate) fn statements(&self, graph: &Graph) -> Result<Vec<Statement>, AssembleError> {
        let types = statement_types(graph)?;
        let names = self.names(&types)?;
        let triples = renamed(graph, &names, self.label);
        let shape = Shape::new(&triples);
        let record = self.record_uri();
        let belongs =
            |statement| Triple::new(statement, sp::BELONGS_TO.into_owned(), record.clone());
        let mut left = MOST_COPIES * graph.len() + SPARE_TRIPLES;
        let mut statements = Vec::with_capacity(shape.statements.len());
        for (uri, class) in &shape.statements {
            if *class == sp::class::MEDICAL_RECORD {
                continue;
            }
            let belongs = belongs(uri.into_owned());
            if let Some(other) = shape.foreign_record(*uri, &belongs) {
                return Err(AssembleError::ForeignRecord {
                    statement: uri.to_string(),
                    record: other,
                });
            }
            let (triples, links) = shape.cut(*uri, left).ok_or(AssembleError::Tangled)?;
            left -= triples.len();
            let triples = triples.into_iter().chain([&belongs]).map(Triple::as_ref);
            statements.push(Statement {
                uri: uri.into_owned(),
                class: class.into_owned(),
                graph: triples.collect(),
                links: links
                    .into_iter()
                    .filter(|link| *link != record.as_ref())
                    .map(NamedNodeRef::into_owned)
                    .collect(),
                posted: None,
                file: None,
            });
        }
        Ok(statements)
    }

    /// New names for the record, whatever it is called, and for the statements that are blank.
    fn names(
        &self,
        types: &[(NamedOrBlankNode, &StatementInfo)],
    ) -> Result<HashMap<NamedOrBlankNode, NamedNode>, AssembleError> {
        let mut uuids = random::uuids(types.len())?.into_iter();
        let mut names = HashMap::with_capacity(types.len());
        for (node, info) in types {
            let is_record = info.class == sp::class::MEDICAL_RECORD;
            let (Some(path), Some(uuid)) = (info.base_path, uuids.next()) else {
                continue;
            };
            if is_record {
                names.insert(node.clone(), self.record_uri());
            } else if matches!(node, NamedOrBlankNode::BlankNode(_)) {
                let path = fill(path, self.record_id, &uuid);
                names.insert(
                    node.clone(),
                    NamedNode::new_unchecked(format!("{}{path}", self.api_base)),
                );
            }
        }
        Ok(names)
    }
}

/// Fills a path template: the record's id first, then a fresh id in whatever the other variable is
/// called.
fn fill(template: &str, record_id: &str, fresh: &str) -> String {
    let path = template.replace("{record_id}", record_id);
    match (path.find('{'), path.rfind('}')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{fresh}{}", &path[..start], &path[end + 1..])
        }
        _ => path,
    }
}

fn statement_types(
    graph: &Graph,
) -> Result<Vec<(NamedOrBlankNode, &'static StatementInfo)>, AssembleError> {
    let mut types: Vec<(NamedOrBlankNode, &'static StatementInfo)> = Vec::new();
    let mut places: HashMap<NamedOrBlankNode, usize> = HashMap::new();
    for triple in graph.matching(None, Some(rdf::TYPE), None) {
        let TermRef::NamedNode(class) = triple.object else {
            continue;
        };
        let Some(info) = CLASSES.get(class.as_str()) else {
            continue;
        };
        let node = triple.subject.into_owned();
        if let Some(place) = places.get(&node) {
            return Err(AssembleError::TwoTypes {
                node: node.to_string(),
                first: types[*place].1.class.to_string(),
                second: info.class.to_string(),
            });
        }
        places.insert(node.clone(), types.len());
        types.push((node, info));
    }
    Ok(types)
}

/// A graph's triples under their new names. Other blank nodes get labels that no other graph has.
fn renamed(
    graph: &Graph,
    names: &HashMap<NamedOrBlankNode, NamedNode>,
    label: &str,
) -> Vec<Triple> {
    let mut labels: HashMap<BlankNode, BlankNode> = HashMap::new();
    let mut rename = |node: NamedOrBlankNode| match (names.get(&node), node) {
        (Some(name), _) => NamedOrBlankNode::from(name.clone()),
        (None, NamedOrBlankNode::BlankNode(blank)) => {
            let count = labels.len();
            let fresh = || BlankNode::new_unchecked(format!("{label}n{count}"));
            labels.entry(blank).or_insert_with(fresh).clone().into()
        }
        (None, named) => named,
    };
    let rename_triple = |triple: TripleRef<'_>| {
        let triple = triple.into_owned();
        Triple {
            subject: rename(triple.subject),
            predicate: triple.predicate,
            object: match triple.object {
                Term::NamedNode(node) => rename(node.into()).into(),
                Term::BlankNode(node) => rename(node.into()).into(),
                literal => literal,
            },
        }
    };
    graph.iter().map(rename_triple).collect()
}

/// What hangs on what.
struct Shape<'a> {
    by_subject: HashMap<NamedOrBlankNodeRef<'a>, Vec<&'a Triple>>,
    /// The statements and the record, with their classes: where the graph of a statement ends.
    statements: BTreeMap<NamedNodeRef<'a>, NamedNodeRef<'a>>,
}

impl<'a> Shape<'a> {
    fn new(triples: &'a [Triple]) -> Self {
        let mut shape = Self {
            by_subject: HashMap::new(),
            statements: BTreeMap::new(),
        };
        for triple in triples {
            shape
                .by_subject
                .entry(triple.subject.as_ref())
                .or_default()
                .push(triple);
            if triple.predicate == rdf::TYPE
                && let NamedOrBlankNode::NamedNode(node) = &triple.subject
                && let Term::NamedNode(class) = &triple.object
                && CLASSES.contains_key(class.as_str())
            {
                shape.statements.insert(node.as_ref(), class.as_ref());
            }
        }
        shape
    }

    /// The record that a statement says it belongs to, where that is not the expected one.
    fn foreign_record(&self, statement: NamedNodeRef<'_>, expected: &Triple) -> Option<String> {
        let own = self.by_subject.get(&NamedOrBlankNodeRef::from(statement))?;
        own.iter()
            .filter(|triple| triple.predicate == expected.predicate)
            .find(|triple| triple.object != expected.object)
            .map(|triple| triple.object.to_string())
    }

    /// Cuts a statement out: its own triples and those of everything reached from it, up to the
    /// next statement; and what it names directly. None where that would be more than `most`
    /// triples.
    fn cut(
        &self,
        statement: NamedNodeRef<'a>,
        most: usize,
    ) -> Option<(Vec<&'a Triple>, Vec<NamedNodeRef<'a>>)> {
        let start = NamedOrBlankNodeRef::from(statement);
        let mut triples = Vec::new();
        let mut links = Vec::new();
        let mut seen = HashSet::from([start]);
        let mut open = vec![start];
        while let Some(node) = open.pop() {
            let own = self.by_subject.get(&node).map_or(&[][..], Vec::as_slice);
            if triples.len() + own.len() > most {
                return None;
            }
            triples.extend_from_slice(own);
            for triple in own {
                let next: NamedOrBlankNodeRef<'a> = match &triple.object {
                    Term::NamedNode(next) => next.as_ref().into(),
                    Term::BlankNode(next) => next.as_ref().into(),
                    _ => continue,
                };
                if !self.by_subject.contains_key(&next) || !seen.insert(next) {
                    continue;
                }
                match next {
                    NamedOrBlankNodeRef::NamedNode(other)
                        if self.statements.contains_key(&other) =>
                    {
                        // The start came first, so what it names directly was not seen on a detour.
                        if node == start {
                            links.push(other);
                        }
                    }
                    next => open.push(next),
                }
            }
        }
        Some((triples, links))
    }
}

#[cfg(test)]
mod tests;
