pub(crate) mod lookup;
pub(crate) mod node;

mod builder;
mod dataset;
mod difference;
mod index;
mod isomorphism;
mod terms;
mod triples;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use oxrdf::vocab::rdf;
use oxrdf::{
    BlankNode, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, Term, TermRef, Triple,
    TripleRef,
};

pub(crate) use builder::{DatasetBuilder, GraphBuilder};
pub use dataset::Dataset;
pub use difference::Difference;
pub(crate) use index::{Index, TripleIds};
pub(crate) use terms::Terms;
pub use triples::Triples;

/// An immutable set of RDF triples, made for the size of one response and cheap to share.
///
/// Every term is stored once; triples are rows of three numbers, sorted by subject, with two
/// permutations for the other access paths, so that each pattern of [`Graph::matching`] is one
/// binary search. A clone shares the storage.
///
/// Blank nodes keep the labels that the parser gave them. A label means something inside its own
/// graph only: to put graphs together use [`Graph::merge`], which keeps their blank nodes apart;
/// collecting the triples of two graphs does not.
///
/// ```
/// use smart_rdf::{Graph, NamedNodeRef, Syntax, vocab::dcterms};
///
/// let graph = Syntax::Turtle.parse(b"<http://example.org/m> <http://purl.org/dc/terms/title> 'Aspirin' .")?;
/// let medication = NamedNodeRef::new_unchecked("http://example.org/m");
/// let title = graph.object(medication, dcterms::TITLE);
/// assert_eq!(title.map(|term| term.to_string()).as_deref(), Some("\"Aspirin\""));
/// # Ok::<_, smart_rdf::ParseError>(())
/// ```
#[derive(Clone, Default)]
pub struct Graph(Arc<Inner>);

#[derive(Default)]
pub(crate) struct Inner {
    /// Shared by the graphs of a dataset.
    terms: Arc<Terms>,
    index: Index,
}

impl Graph {
    /// How many triples there are.
    pub fn len(&self) -> usize {
        self.0.index.len()
    }

    /// Whether there is no triple.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All triples, grouped by subject.
    pub fn iter(&self) -> Triples<'_> {
        self.matching(None, None, None)
    }

    /// Whether the graph holds this triple.
    pub fn contains<'t>(&self, triple: impl Into<TripleRef<'t>>) -> bool {
        let triple = triple.into();
        self.matching(
            Some(triple.subject),
            Some(triple.predicate),
            Some(triple.object),
        )
        .next()
        .is_some()
    }

    /// The triples with this subject, predicate and object, where `None` stands for any.
    pub fn matching(
        &self,
        subject: Option<NamedOrBlankNodeRef<'_>>,
        predicate: Option<NamedNodeRef<'_>>,
        object: Option<TermRef<'_>>,
    ) -> Triples<'_> {
        let ids = self
            .pattern_ids(
                subject.map(TermRef::from),
                predicate.map(TermRef::from),
                object,
            )
            .map_or(TripleIds::none(), |[s, p, o]| self.ids_matching(s, p, o));
        Triples::new(&self.0, ids)
    }

    /// The objects of this subject and predicate.
    pub fn objects<'t>(
        &self,
        subject: impl Into<NamedOrBlankNodeRef<'t>>,
        predicate: impl Into<NamedNodeRef<'t>>,
    ) -> impl Iterator<Item = TermRef<'_>> {
        self.matching(Some(subject.into()), Some(predicate.into()), None)
            .map(|triple| triple.object)
    }

    /// The object of this subject and predicate: the first in the graph's order if there are
    /// several.
    pub fn object<'t>(
        &self,
        subject: impl Into<NamedOrBlankNodeRef<'t>>,
        predicate: impl Into<NamedNodeRef<'t>>,
    ) -> Option<TermRef<'_>> {
        self.objects(subject, predicate).next()
    }

    /// The subjects that have this object under this predicate.
    pub fn subjects<'t>(
        &self,
        predicate: impl Into<NamedNodeRef<'t>>,
        object: impl Into<TermRef<'t>>,
    ) -> impl Iterator<Item = NamedOrBlankNodeRef<'_>> {
        self.matching(None, Some(predicate.into()), Some(object.into()))
            .map(|triple| triple.subject)
    }

    /// The subjects whose `rdf:type` is this class.
    pub fn instances_of<'t>(
        &self,
        class: impl Into<NamedNodeRef<'t>>,
    ) -> impl Iterator<Item = NamedOrBlankNodeRef<'_>> {
        self.subjects(rdf::TYPE, class.into())
    }

    /// Whether both graphs say the same under some renaming of blank nodes
    /// ([RDF 1.1 Concepts, 3.6](https://www.w3.org/TR/rdf11-concepts/#graph-isomorphism)).
    ///
    /// `true` is always right. The search is bounded, because the problem has no known fast
    /// algorithm: on graphs made to defeat it (many blank nodes that no neighborhood tells apart,
    /// yet wired differently) it gives up and answers `false`.
    pub fn is_isomorphic(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || isomorphism::is_isomorphic(self, other)
    }

    /// The triples of all these graphs in one, blank nodes kept apart ([RDF 1.1 Semantics,
    /// 4.1](https://www.w3.org/TR/rdf11-mt/#shared-blank-nodes-unions-and-merges)).
    ///
    /// Blank nodes get new labels, numbered through.
    pub fn merge<'g>(graphs: impl IntoIterator<Item = &'g Self>) -> Self {
        let mut builder = GraphBuilder::default();
        let mut labels = BlankLabels::default();
        for graph in graphs {
            for triple in graph {
                builder.insert(labels.relabel(triple).as_ref());
            }
            labels.forget_graph();
        }
        builder.build()
    }

    /// What was removed and what was added on the way from this graph to a newer one.
    ///
    /// Blank nodes have no names to go by: they are paired by what surrounds them, so that a part
    /// of which one value changed is that part with one value changed. Nothing differs if the
    /// graphs are isomorphic, as far as [`Graph::is_isomorphic`] can tell; else the difference is
    /// right, though not always the shortest.
    ///
    /// ```
    /// use smart_rdf::Syntax;
    ///
    /// let [older, newer] = [1, 2].map(|dose| {
    ///     Syntax::Turtle.parse(format!("<a:m> <a:name> 'Aspirin' ; <a:dose> [ <a:value> '{dose}' ; <a:unit> 'mg' ] .").as_bytes())
    /// });
    /// let difference = older?.difference(&newer?);
    /// assert_eq!(difference.to_string(), "- _:b0 <a:value> \"1\" .\n+ _:b0 <a:value> \"2\" .\n");
    /// # Ok::<_, smart_rdf::ParseError>(())
    /// ```
    pub fn difference(&self, newer: &Self) -> Difference {
        if self.is_isomorphic(newer) {
            return Difference {
                unchanged: self.clone(),
                removed: Self::default(),
                added: Self::default(),
            };
        }
        difference::difference(self, newer)
    }

    /// The numbers of the terms of a pattern; `None` if the graph does not hold one of them.
    fn pattern_ids(
        &self,
        subject: Option<TermRef<'_>>,
        predicate: Option<TermRef<'_>>,
        object: Option<TermRef<'_>>,
    ) -> Option<[Option<u32>; 3]> {
        let find = |term: Option<TermRef<'_>>| match term {
            None => Some(None),
            Some(term) => self.0.terms.find(term).map(Some),
        };
        Some([find(subject)?, find(predicate)?, find(object)?])
    }

    pub(crate) fn ids_matching(
        &self,
        subject: Option<u32>,
        predicate: Option<u32>,
        object: Option<u32>,
    ) -> TripleIds<'_> {
        self.0.index.matching(subject, predicate, object)
    }

    pub(crate) fn assemble(terms: Arc<Terms>, index: Index) -> Self {
        Self(Arc::new(Inner { terms, index }))
    }

    pub(crate) fn terms(&self) -> &Arc<Terms> {
        &self.0.terms
    }

    pub(crate) fn index(&self) -> &Index {
        &self.0.index
    }

    pub(crate) fn find_term(&self, term: TermRef<'_>) -> Option<u32> {
        self.0.terms.find(term)
    }

    pub(crate) fn term(&self, id: u32) -> TermRef<'_> {
        self.0.terms.term(id)
    }
}

/// Numbers blank nodes through as `b0`, `b1`, … in order of first appearance.
#[derive(Default)]
pub(crate) struct BlankLabels {
    next: usize,
    labels: HashMap<BlankNode, BlankNode>,
}

impl BlankLabels {
    pub(crate) fn relabel(&mut self, triple: TripleRef<'_>) -> Triple {
        let subject = self.relabel_node(triple.subject);
        let object = match triple.object {
            TermRef::BlankNode(node) => Term::from(self.label(node.into_owned())),
            other => other.into_owned(),
        };
        Triple::new(subject, triple.predicate, object)
    }

    pub(crate) fn relabel_node(&mut self, node: NamedOrBlankNodeRef<'_>) -> NamedOrBlankNode {
        match node {
            NamedOrBlankNodeRef::NamedNode(node) => node.into_owned().into(),
            NamedOrBlankNodeRef::BlankNode(node) => self.label(node.into_owned()).into(),
        }
    }

    fn label(&mut self, node: BlankNode) -> BlankNode {
        let next = &mut self.next;
        self.labels
            .entry(node)
            .or_insert_with(|| {
                let label = format!("b{next}");
                *next += 1;
                BlankNode::new_unchecked(label)
            })
            .clone()
    }

    /// From here on the same label means another node.
    fn forget_graph(&mut self) {
        self.labels.clear();
    }
}

impl FromIterator<Triple> for Graph {
    fn from_iter<I: IntoIterator<Item = Triple>>(triples: I) -> Self {
        let mut builder = GraphBuilder::default();
        for triple in triples {
            builder.insert(triple.as_ref());
        }
        builder.build()
    }
}

impl<'t> FromIterator<TripleRef<'t>> for Graph {
    fn from_iter<I: IntoIterator<Item = TripleRef<'t>>>(triples: I) -> Self {
        let mut builder = GraphBuilder::default();
        for triple in triples {
            builder.insert(triple);
        }
        builder.build()
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|triple| triple.to_string()))
            .finish()
    }
}
