//! One patient's record: statements, each a small graph under its own URI.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use smart_api::vocab::sp;
use smart_oauth::Timestamp;
use smart_rdf::{Graph, NamedNode, NamedNodeRef, Node, Term, TermRef, Triple};

/// A whole record, as it is at one moment. A change makes a new one.
#[derive(Debug)]
pub(crate) struct Record {
    uri: NamedNode,
    statements: Vec<Arc<Statement>>,
    by_uri: HashMap<NamedNode, usize>,
}

/// The classes of statements that describe a file.
pub(crate) const FILE_CLASSES: [NamedNodeRef<'static>; 3] = [
    sp::class::DOCUMENT,
    sp::class::MEDICAL_IMAGE,
    sp::class::PHOTOGRAPH,
];

/// One thing that a record says, with all that hangs on it: names, quantities, codes, but not other
/// statements.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) uri: NamedNode,
    pub(crate) class: NamedNode,
    pub(crate) graph: Graph,
    /// The other statements that this one names directly.
    pub(crate) links: Vec<NamedNode>,
    /// When the statement was posted. None if it was there from the start.
    pub(crate) posted: Option<Timestamp>,
    /// The file with the bytes that the statement describes, if it lies beside the patient's file.
    pub(crate) file: Option<PathBuf>,
}

impl Record {
    pub(crate) fn new(uri: NamedNode, statements: Vec<Arc<Statement>>) -> Self {
        let by_uri = statements
            .iter()
            .enumerate()
            .map(|(place, statement)| (statement.uri.clone(), place))
            .collect();
        Self {
            uri,
            statements,
            by_uri,
        }
    }

    /// The same record with more statements.
    pub(crate) fn with(&self, more: Vec<Statement>) -> Self {
        let statements = self
            .statements
            .iter()
            .cloned()
            .chain(more.into_iter().map(Arc::new));
        Self::new(self.uri.clone(), statements.collect())
    }

    /// Looks in a folder for the files of documents, photographs and medical images that do not
    /// carry their bytes themselves. Returns how many are not there.
    pub(crate) fn find_files(&mut self, folder: &Path) -> usize {
        let mut missing = 0;
        for statement in &mut self.statements {
            let is_about_file = FILE_CLASSES.contains(&statement.class.as_ref());
            if !is_about_file || statement.has_content() {
                continue;
            }
            let file = statement.file_in(folder);
            missing += usize::from(file.is_none());
            if let Some(statement) = Arc::get_mut(statement) {
                statement.file = file;
            }
        }
        missing
    }

    pub(crate) fn uri(&self) -> &NamedNode {
        &self.uri
    }

    pub(crate) fn len(&self) -> usize {
        self.statements.len()
    }

    pub(crate) fn statement(&self, uri: NamedNodeRef<'_>) -> Option<&Arc<Statement>> {
        self.statements.get(*self.by_uri.get(&uri.into_owned())?)
    }

    /// The statements of exactly this class; nothing is inferred.
    pub(crate) fn statements_of<'a>(
        &'a self,
        class: NamedNodeRef<'a>,
    ) -> impl Iterator<Item = &'a Arc<Statement>> {
        self.statements
            .iter()
            .filter(move |statement| statement.class.as_ref() == class)
    }

    /// The statements that were posted, and when.
    pub(crate) fn posted(&self) -> impl Iterator<Item = (&Arc<Statement>, Timestamp)> {
        self.statements
            .iter()
            .filter_map(|statement| Some((statement, statement.posted?)))
    }

    /// The statements themselves and, one hop away, those that they name. No statement comes twice.
    pub(crate) fn with_links<'a>(
        &'a self,
        statements: impl IntoIterator<Item = &'a Arc<Statement>>,
    ) -> Vec<&'a Arc<Statement>> {
        let mut all: Vec<&Arc<Statement>> = statements.into_iter().collect();
        let mut seen: std::collections::HashSet<&NamedNode> =
            all.iter().map(|statement| &statement.uri).collect();
        for place in 0..all.len() {
            for link in &all[place].links {
                if let Some(linked) = self.statement(link.as_ref())
                    && seen.insert(&linked.uri)
                {
                    all.push(linked);
                }
            }
        }
        all
    }

    /// What lies at the end of a property path that begins at a statement. The path may lead
    /// through other statements.
    pub(crate) fn follow(&self, statement: &Statement, path: &[NamedNodeRef<'_>]) -> Vec<Term> {
        let mut ends = vec![(statement, Term::from(statement.uri.clone()))];
        for property in path {
            let mut next = Vec::new();
            for (home, node) in ends {
                let home = match &node {
                    Term::NamedNode(uri) => self
                        .statement(uri.as_ref())
                        .map_or(home, |linked| linked.as_ref()),
                    _ => home,
                };
                let found = match node.as_ref() {
                    TermRef::NamedNode(node) => home
                        .graph
                        .objects(node, *property)
                        .map(TermRef::into_owned)
                        .collect(),
                    TermRef::BlankNode(node) => home
                        .graph
                        .objects(node, *property)
                        .map(TermRef::into_owned)
                        .collect(),
                    _ => Vec::new(),
                };
                next.extend(found.into_iter().map(|term| (home, term)));
            }
            ends = next;
        }
        ends.into_iter().map(|(_, term)| term).collect()
    }
}

impl Statement {
    /// The statement itself, to walk from.
    pub(crate) fn node(&self) -> Node<'_> {
        self.graph
            .node(self.uri.as_ref())
            .expect("a statement says at least whose it is")
    }

    /// The literal values of a property of the statement itself.
    pub(crate) fn texts<'a>(&'a self, property: NamedNodeRef<'a>) -> impl Iterator<Item = &'a str> {
        self.graph
            .objects(self.uri.as_ref(), property)
            .filter_map(|term| match term {
                TermRef::Literal(literal) => Some(literal.value()),
                _ => None,
            })
    }

    fn has_content(&self) -> bool {
        let mut resources = self.node().nodes(sp::RESOURCE);
        resources.any(|resource| resource.nodes(sp::CONTENT).next().is_some())
    }

    /// The file of the statement's name, if there is one. A name that leads out of the folder is
    /// not looked at.
    fn file_in(&self, folder: &Path) -> Option<PathBuf> {
        let name = Path::new(self.texts(sp::FILE_NAME).next()?);
        let mut components = name.components();
        let is_plain =
            matches!(components.next(), Some(Component::Normal(_))) && components.next().is_none();
        let file = folder.join(name);
        (is_plain && file.is_file()).then_some(file)
    }

    /// The statement's triples, to be put together with others. Labels of blank nodes are unique in
    /// the container.
    pub(crate) fn triples(&self) -> impl Iterator<Item = Triple> + '_ {
        self.graph.iter().map(smart_rdf::TripleRef::into_owned)
    }
}
