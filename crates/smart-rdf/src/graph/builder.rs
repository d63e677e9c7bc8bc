use std::sync::Arc;

use oxrdf::TripleRef;

use crate::graph::terms::Terms;
use crate::graph::{Graph, Inner};

/// Collects triples in any order and sorts them once at the end.
#[derive(Default)]
pub(crate) struct GraphBuilder {
    terms: Terms,
    triples: Vec<[u32; 3]>,
}

impl GraphBuilder {
    pub(crate) fn insert(&mut self, triple: TripleRef<'_>) {
        let subject = self.terms.intern(triple.subject.into());
        let predicate = self.terms.intern(triple.predicate.into());
        let object = self.terms.intern(triple.object);
        self.triples.push([subject, predicate, object]);
    }

    /// The terms, for who numbers them itself and then gives triples to [`GraphBuilder::push`].
    pub(crate) fn terms(&mut self) -> &mut Terms {
        &mut self.terms
    }

    /// A triple of numbers that [`GraphBuilder::terms`] gave out.
    pub(crate) fn push(&mut self, triple: [u32; 3]) {
        self.triples.push(triple);
    }

    /// How many triples came in, repeated ones included.
    pub(crate) fn inserted(&self) -> usize {
        self.triples.len()
    }

    /// Bytes of text that the terms take together.
    pub(crate) fn text_bytes(&self) -> usize {
        self.terms.text_bytes()
    }

    pub(crate) fn build(self) -> Graph {
        let Self {
            mut terms,
            triples: mut spo,
        } = self;
        terms.shrink();
        spo.sort_unstable();
        spo.dedup();
        let pos = permutation(&spo, |[s, p, o]| [p, o, s]);
        let osp = permutation(&spo, |[s, p, o]| [o, s, p]);
        Graph(Arc::new(Inner {
            terms,
            spo: spo.into_boxed_slice(),
            pos,
            osp,
        }))
    }
}

fn permutation(spo: &[[u32; 3]], key: impl Fn([u32; 3]) -> [u32; 3]) -> Box<[u32]> {
    let count = u32::try_from(spo.len()).expect("a graph holds less than four billion triples");
    let mut order: Box<[u32]> = (0..count).collect();
    order.sort_unstable_by_key(|index| key(spo[*index as usize]));
    order
}
