use oxrdf::TripleRef;

use crate::graph::{Graph, Inner, TripleIds};

/// The triples of a graph that match a pattern, made by [`Graph::iter`] and [`Graph::matching`].
///
/// The order is stable: by first appearance of the terms in the document that the graph was read
/// from.
#[derive(Clone)]
#[must_use]
pub struct Triples<'a> {
    inner: &'a Inner,
    ids: TripleIds<'a>,
}

impl<'a> Triples<'a> {
    pub(crate) fn new(inner: &'a Inner, ids: TripleIds<'a>) -> Self {
        Self { inner, ids }
    }
}

impl<'a> Iterator for Triples<'a> {
    type Item = TripleRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let ids = self.ids.next()?;
        Some(self.inner.terms.triple(ids))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ids.size_hint()
    }
}

impl ExactSizeIterator for Triples<'_> {}

impl std::fmt::Debug for Triples<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a> IntoIterator for &'a Graph {
    type Item = TripleRef<'a>;
    type IntoIter = Triples<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
