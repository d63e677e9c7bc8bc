use std::slice;

/// Triples of numbers, so that each pattern's lie side by side in one of three orders.
#[derive(Default)]
pub(crate) struct Index {
    /// Sorted, without repetitions.
    spo: Box<[[u32; 3]]>,
    /// Positions in `spo`, sorted by predicate, object, subject.
    pos: Box<[u32]>,
    /// Positions in `spo`, sorted by object, subject, predicate.
    osp: Box<[u32]>,
}

impl Index {
    pub(crate) fn new(mut triples: Vec<[u32; 3]>) -> Self {
        triples.sort_unstable();
        triples.dedup();
        Self {
            pos: permutation(&triples, |[s, p, o]| [p, o, s]),
            osp: permutation(&triples, |[s, p, o]| [o, s, p]),
            spo: triples.into_boxed_slice(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.spo.len()
    }

    /// Each pattern is the beginning of one of three orders.
    pub(crate) fn matching(
        &self,
        subject: Option<u32>,
        predicate: Option<u32>,
        object: Option<u32>,
    ) -> TripleIds<'_> {
        let spo = &*self.spo;
        let permuted = |order, key: fn([u32; 3]) -> [u32; 3], prefix: &[u32]| {
            TripleIds::Permuted(
                spo,
                run(order, |index| key(spo[*index as usize]), prefix).iter(),
            )
        };
        let pos = |[s, p, o]: [u32; 3]| [p, o, s];
        let osp = |[s, p, o]: [u32; 3]| [o, s, p];
        match (subject, predicate, object) {
            (None, None, None) => TripleIds::Sorted(spo.iter()),
            (Some(s), None, None) => TripleIds::Sorted(run(spo, |t| *t, &[s]).iter()),
            (Some(s), Some(p), None) => TripleIds::Sorted(run(spo, |t| *t, &[s, p]).iter()),
            (Some(s), Some(p), Some(o)) => TripleIds::Sorted(run(spo, |t| *t, &[s, p, o]).iter()),
            (None, Some(p), None) => permuted(&self.pos, pos, &[p]),
            (None, Some(p), Some(o)) => permuted(&self.pos, pos, &[p, o]),
            (None, None, Some(o)) => permuted(&self.osp, osp, &[o]),
            (Some(s), None, Some(o)) => permuted(&self.osp, osp, &[o, s]),
        }
    }
}

fn permutation(spo: &[[u32; 3]], key: impl Fn([u32; 3]) -> [u32; 3]) -> Box<[u32]> {
    let count = u32::try_from(spo.len()).expect("a graph holds less than four billion triples");
    let mut order: Box<[u32]> = (0..count).collect();
    order.sort_unstable_by_key(|index| key(spo[*index as usize]));
    order
}

/// The run of a sorted slice whose keys begin with `prefix`.
fn run<'a, T>(sorted: &'a [T], key: impl Fn(&T) -> [u32; 3], prefix: &[u32]) -> &'a [T] {
    let start = sorted.partition_point(|item| key(item)[..prefix.len()] < *prefix);
    let rest = &sorted[start..];
    &rest[..rest.partition_point(|item| key(item)[..prefix.len()] == *prefix)]
}

/// A run of the main array, or of one of the two permutations into it.
#[derive(Clone)]
pub(crate) enum TripleIds<'a> {
    Sorted(slice::Iter<'a, [u32; 3]>),
    Permuted(&'a [[u32; 3]], slice::Iter<'a, u32>),
}

impl TripleIds<'_> {
    /// Of a pattern that nothing matches.
    pub(crate) fn none() -> Self {
        Self::Sorted([].iter())
    }
}

impl Iterator for TripleIds<'_> {
    type Item = [u32; 3];

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Sorted(triples) => triples.next().copied(),
            Self::Permuted(triples, order) => order.next().map(|index| triples[*index as usize]),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Sorted(triples) => triples.size_hint(),
            Self::Permuted(_, order) => order.size_hint(),
        }
    }
}
