use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use smart_rdf::vocab::rdf;
use smart_rdf::{Graph, NamedNode, NamedNodeRef, NamedOrBlankNode, Term, TermRef, Turtle};

pub(super) const MF: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
const QT: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#";

/// One test.
#[derive(Debug)]
pub(super) struct Case {
    /// The last part of its IRI.
    pub(super) name: String,
    /// The last part of its class.
    pub(super) kind: String,
    pub(super) action: Option<File>,
    pub(super) result: Option<File>,
    /// The default graph, for a query.
    pub(super) data: Vec<File>,
    /// Named graphs, for a query.
    pub(super) graphs: Vec<File>,
}

/// A file, and the IRI that it is known by in the test.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) iri: String,
}

/// The tests that a manifest lists, in its order.
pub(super) fn read(path: &Path) -> Result<Vec<Case>> {
    let base = format!("file://{}", path.display());
    let document = std::fs::read(path)?;
    let graph = Turtle::new().with_base_iri(&base).for_slice(&document)?;
    let manifest = Manifest {
        graph: &graph,
        test_base: graph
            .matching(None, Some(node(MF, "assumedTestBase").as_ref()), None)
            .next()
            .map(|triple| match triple.object {
                TermRef::NamedNode(base) => base.as_str().to_owned(),
                other => other.to_string(),
            }),
    };
    let mut cases = Vec::new();
    for triple in graph.matching(None, Some(node(MF, "entries").as_ref()), None) {
        let mut cell = triple.object.into_owned();
        while let Some(subject) = as_subject(&cell) {
            if let Some(entry) = manifest.object(&subject, rdf::FIRST) {
                cases.push(manifest.case(&entry)?);
            }
            match manifest.object(&subject, rdf::REST) {
                Some(rest) => cell = rest,
                None => break,
            }
        }
    }
    Ok(cases)
}

struct Manifest<'g> {
    graph: &'g Graph,
    test_base: Option<String>,
}

impl Manifest<'_> {
    fn case(&self, entry: &Term) -> Result<Case> {
        let subject = as_subject(entry).context("a test must have a name")?;
        let name = match entry {
            Term::NamedNode(name) => last_part(name.as_str()).to_owned(),
            other => other.to_string(),
        };
        let kind = self
            .object(&subject, rdf::TYPE)
            .map(|kind| kind.to_string());
        let kind = kind.unwrap_or_default().trim_end_matches('>').to_owned();
        let mut case = Case {
            name,
            kind: last_part(&kind).to_owned(),
            action: None,
            result: self.file(&subject, MF, "result").into_iter().next(),
            data: Vec::new(),
            graphs: Vec::new(),
        };
        match self.object(&subject, node(MF, "action").as_ref()) {
            Some(Term::BlankNode(action)) => {
                let action = NamedOrBlankNode::from(action);
                case.action = self.file(&action, QT, "query").into_iter().next();
                case.data = self.file(&action, QT, "data");
                case.graphs = self.file(&action, QT, "graphData");
            }
            Some(_) => case.action = self.file(&subject, MF, "action").into_iter().next(),
            None => {}
        }
        Ok(case)
    }

    fn object(&self, subject: &NamedOrBlankNode, predicate: NamedNodeRef<'_>) -> Option<Term> {
        Some(self.graph.object(subject, predicate)?.into_owned())
    }

    fn file(&self, subject: &NamedOrBlankNode, vocabulary: &str, name: &str) -> Vec<File> {
        let property = node(vocabulary, name);
        let files = self.graph.objects(subject, &property);
        files
            .filter_map(|file| {
                let TermRef::NamedNode(iri) = file else {
                    return None;
                };
                let path = PathBuf::from(iri.as_str().strip_prefix("file://")?);
                let name = path.file_name()?.to_str()?.to_owned();
                let iri = match &self.test_base {
                    Some(base) => self.inside(base, iri.as_str(), &name),
                    None => iri.as_str().to_owned(),
                };
                Some(File { path, iri })
            })
            .collect()
    }

    /// The IRI of a file below the folder of the suite.
    fn inside(&self, base: &str, iri: &str, name: &str) -> String {
        // Suites keep some files in folders of their own.
        let folder = base
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        match iri.rsplit_once(&format!("/{folder}/")) {
            Some((_, rest)) => format!("{base}{rest}"),
            None => format!("{base}{name}"),
        }
    }
}

pub(super) fn node(vocabulary: &str, name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{vocabulary}{name}"))
}

fn as_subject(term: &Term) -> Option<NamedOrBlankNode> {
    match term {
        Term::NamedNode(node) if node.as_ref() == rdf::NIL => None,
        Term::NamedNode(node) => Some(node.clone().into()),
        Term::BlankNode(node) => Some(node.clone().into()),
        Term::Literal(_) => None,
    }
}

fn last_part(iri: &str) -> &str {
    iri.rsplit(['#', '/']).next().unwrap_or(iri)
}
