use std::collections::BTreeMap;
use std::sync::Arc;

use oxrdf::{NamedOrBlankNodeRef, TripleRef};

use crate::graph::terms::Terms;
use crate::graph::{Dataset, Graph, Index};

/// Collects triples in any order and sorts them once at the end.
#[derive(Default)]
pub(crate) struct GraphBuilder {
    terms: Terms,
    triples: Vec<[u32; 3]>,
}

impl GraphBuilder {
    pub(crate) fn insert(&mut self, triple: TripleRef<'_>) {
        let triple = self.number(triple);
        self.push(triple);
    }

    fn number(&mut self, triple: TripleRef<'_>) -> [u32; 3] {
        let subject = self.terms.intern(triple.subject.into());
        let predicate = self.terms.intern(triple.predicate.into());
        [subject, predicate, self.terms.intern(triple.object)]
    }

    fn push(&mut self, triple: [u32; 3]) {
        self.triples.push(triple);
    }

    /// How many triples came in, repeated ones included.
    pub(crate) fn inserted(&self) -> usize {
        self.triples.len()
    }

    pub(crate) fn build(self) -> Graph {
        let Self { mut terms, triples } = self;
        terms.shrink();
        Graph::assemble(Arc::new(terms), Index::new(triples))
    }
}

/// Collects the triples of several graphs over the same terms.
#[derive(Default)]
pub(crate) struct DatasetBuilder {
    /// The default graph, and the terms of all.
    default: GraphBuilder,
    named: BTreeMap<u32, Vec<[u32; 3]>>,
    inserted: usize,
}

impl DatasetBuilder {
    /// A triple of the named graph, or of the default graph.
    pub(crate) fn insert(&mut self, triple: TripleRef<'_>, name: Option<NamedOrBlankNodeRef<'_>>) {
        self.inserted += 1;
        let triple = self.default.number(triple);
        match name {
            None => self.default.push(triple),
            Some(name) => {
                let name = self.default.terms.intern(name.into());
                self.named.entry(name).or_default().push(triple);
            }
        }
    }

    /// A named graph that is there even if it has no triple.
    pub(crate) fn name(&mut self, name: NamedOrBlankNodeRef<'_>) {
        let name = self.default.terms.intern(name.into());
        self.named.entry(name).or_default();
    }

    /// A triple of the default graph, of numbers that [`DatasetBuilder::terms`] gave out.
    pub(crate) fn push(&mut self, triple: [u32; 3]) {
        self.inserted += 1;
        self.default.push(triple);
    }

    /// The terms, for who numbers them itself.
    pub(crate) fn terms(&mut self) -> &mut Terms {
        &mut self.default.terms
    }

    /// How many triples came in, repeated ones included.
    pub(crate) fn inserted(&self) -> usize {
        self.inserted
    }

    /// Bytes of text that the terms take together.
    pub(crate) fn text_bytes(&self) -> usize {
        self.default.terms.text_bytes()
    }

    /// The default graph; any other is dropped.
    pub(crate) fn build_default(self) -> Graph {
        self.default.build()
    }

    pub(crate) fn build(self) -> Dataset {
        let GraphBuilder { mut terms, triples } = self.default;
        terms.shrink();
        let terms = Arc::new(terms);
        let graph = |triples| Graph::assemble(Arc::clone(&terms), Index::new(triples));
        let named = self
            .named
            .into_iter()
            .map(|(name, triples)| (name, graph(triples)));
        Dataset::assemble(graph(triples), named.collect())
    }
}
