use std::collections::{BTreeMap, HashMap};

use oxrdf::{BlankNodeRef, NamedNodeRef, NamedOrBlankNodeRef, TermRef, TripleRef};

use crate::graph::Graph;

/// Work that a search may do, in triples of blank nodes looked at. A graph of 12,000 triples takes
/// well under a tenth.
const BUDGET: usize = 40_000_000;

/// Searches a renaming of the blank nodes of `left` that turns it into `right`.
///
/// Blank nodes are colored by what surrounds them until nothing changes, both graphs with one
/// palette. Where a color is left on several nodes, one of the left is paired with each of the
/// right in turn and the coloring goes on. A pairing counts only if it maps every triple to a
/// triple, so that `true` is proven.
pub(crate) fn is_isomorphic(left: &Graph, right: &Graph) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut palette = Palette::default();
    let left = Side::new(left, &mut palette);
    let right = Side::new(right, &mut palette);
    if left.blank_count() != right.blank_count() || left.ground != right.ground {
        return false;
    }
    Search {
        left: &left,
        right: &right,
        budget: BUDGET,
    }
    .run()
}

/// Numbers for the terms of both graphs, blank nodes apart.
#[derive(Default)]
struct Palette<'g> {
    numbers: HashMap<TermRef<'g>, usize>,
}

impl<'g> Palette<'g> {
    fn number(&mut self, term: TermRef<'g>) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(term).or_insert(next)
    }
}

/// A place of a triple: a blank node of this side, or a term that both sides number alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Blank(usize),
    Ground(usize),
}

/// One graph, split into triples without blank nodes and the rest.
struct Side {
    /// Sorted.
    ground: Vec<[usize; 3]>,
    /// Sorted.
    triples: Vec<(Place, usize, Place)>,
    /// For each blank node, the triples it is in.
    around: Vec<Vec<usize>>,
}

impl Side {
    fn new<'g>(graph: &'g Graph, palette: &mut Palette<'g>) -> Self {
        let mut side = Self {
            ground: Vec::new(),
            triples: Vec::new(),
            around: Vec::new(),
        };
        let mut blanks = HashMap::new();
        for triple in graph {
            side.add(triple, &mut blanks, palette);
        }
        side.ground.sort_unstable();
        side.triples.sort_unstable();
        side.around = vec![Vec::new(); blanks.len()];
        for (index, (subject, _, object)) in side.triples.iter().enumerate() {
            for place in [subject, object] {
                if let Place::Blank(blank) = place {
                    side.around[*blank].push(index);
                }
            }
        }
        side
    }

    fn add<'g>(
        &mut self,
        triple: TripleRef<'g>,
        blanks: &mut HashMap<BlankNodeRef<'g>, usize>,
        palette: &mut Palette<'g>,
    ) {
        let subject = match triple.subject {
            NamedOrBlankNodeRef::NamedNode(node) => Place::Ground(palette.number(node.into())),
            NamedOrBlankNodeRef::BlankNode(node) => Place::Blank(blank_number(blanks, node)),
        };
        let predicate = palette.number(NamedNodeRef::into(triple.predicate));
        let object = match triple.object {
            TermRef::BlankNode(node) => Place::Blank(blank_number(blanks, node)),
            ground => Place::Ground(palette.number(ground)),
        };
        match (subject, object) {
            (Place::Ground(subject), Place::Ground(object)) => {
                self.ground.push([subject, predicate, object]);
            }
            _ => self.triples.push((subject, predicate, object)),
        }
    }

    fn blank_count(&self) -> usize {
        self.around.len()
    }

    /// What surrounds a blank node, in terms of the current colors.
    fn signature(&self, blank: usize, colors: &[usize]) -> Signature {
        let color = |place: Place| match place {
            Place::Blank(other) if other == blank => Seen::Itself,
            Place::Blank(other) => Seen::Color(colors[other]),
            Place::Ground(term) => Seen::Term(term),
        };
        let mut edges: Vec<_> = self.around[blank]
            .iter()
            .map(|index| {
                let (subject, predicate, object) = self.triples[*index];
                (color(subject), predicate, color(object))
            })
            .collect();
        edges.sort_unstable();
        (colors[blank], edges)
    }
}

fn blank_number<'g>(
    blanks: &mut HashMap<BlankNodeRef<'g>, usize>,
    node: BlankNodeRef<'g>,
) -> usize {
    let next = blanks.len();
    *blanks.entry(node).or_insert(next)
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Itself,
    Color(usize),
    Term(usize),
}

type Signature = (usize, Vec<(Seen, usize, Seen)>);

/// A color for each blank node of both sides; equal colors mean that nothing tells the nodes apart
/// yet.
#[derive(Clone)]
struct Coloring {
    left: Vec<usize>,
    right: Vec<usize>,
    /// How many colors there are; they are numbered from 0.
    count: usize,
}

struct Search<'a> {
    left: &'a Side,
    right: &'a Side,
    budget: usize,
}

impl Search<'_> {
    /// Depth first, on a stack of its own: the depth is up to the number of blank nodes.
    fn run(&mut self) -> bool {
        let blank_count = self.left.blank_count();
        let mut choices: Vec<Choice> = Vec::new();
        let mut next = Some(Coloring {
            left: vec![0; blank_count],
            right: vec![0; blank_count],
            count: usize::from(blank_count > 0),
        });
        while let Some(coloring) = next {
            if let Some(refined) = self.refine(coloring) {
                match self.choice(refined) {
                    Ok(choice) => choices.push(choice),
                    Err(settled) if self.is_mapping(&settled) => return true,
                    Err(_) => {}
                }
            }
            next = loop {
                let Some(choice) = choices.last_mut() else {
                    break None;
                };
                if let Some(coloring) = choice.next() {
                    break Some(coloring);
                }
                choices.pop();
            };
        }
        false
    }

    /// A color that several nodes share, with as few as possible; the coloring itself if there is
    /// none.
    fn choice(&self, coloring: Coloring) -> Result<Choice, Coloring> {
        let smallest = self.classes(&coloring).and_then(|classes| {
            classes
                .into_iter()
                .filter(|(lefts, _)| lefts.len() > 1)
                .min_by_key(|(lefts, _)| lefts.len())
        });
        match smallest {
            None => Err(coloring),
            Some((lefts, partners)) => Ok(Choice {
                coloring,
                chosen: lefts[0],
                partners,
            }),
        }
    }

    /// Splits colors by surroundings until none splits; `None` if the sides come apart, or the
    /// budget is used up.
    fn refine(&mut self, mut coloring: Coloring) -> Option<Coloring> {
        loop {
            let before = coloring.count;
            let cost = self.left.triples.len() + self.right.triples.len() + before;
            self.budget = self.budget.checked_sub(cost)?;
            let mut signatures: BTreeMap<Signature, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
            for blank in 0..self.left.blank_count() {
                let signature = self.left.signature(blank, &coloring.left);
                signatures.entry(signature).or_default().0.push(blank);
            }
            for blank in 0..self.right.blank_count() {
                let signature = self.right.signature(blank, &coloring.right);
                signatures.entry(signature).or_default().1.push(blank);
            }
            coloring.count = signatures.len();
            for (color, (lefts, rights)) in signatures.into_values().enumerate() {
                if lefts.len() != rights.len() {
                    return None;
                }
                lefts.iter().for_each(|blank| coloring.left[*blank] = color);
                rights
                    .iter()
                    .for_each(|blank| coloring.right[*blank] = color);
            }
            if coloring.count == before {
                return Some(self.pair_twins(coloring));
            }
        }
    }

    /// Nodes of one color that touch only terms and nodes already told apart can be exchanged
    /// freely: they are paired in order, which saves a search through all their permutations.
    fn pair_twins(&self, mut coloring: Coloring) -> Coloring {
        let Some(classes) = self.classes(&coloring) else {
            return coloring;
        };
        let alone: Vec<bool> = classes.iter().map(|(lefts, _)| lefts.len() == 1).collect();
        for (color, (lefts, rights)) in classes.iter().enumerate() {
            let settled = |blank: usize| {
                self.left.around[blank].iter().all(|index| {
                    let (subject, _, object) = self.left.triples[*index];
                    [subject, object].into_iter().all(|place| match place {
                        Place::Blank(other) => other == blank || alone[coloring.left[other]],
                        Place::Ground(_) => true,
                    })
                })
            };
            if lefts.len() < 2 || !settled(lefts[0]) {
                continue;
            }
            // The first pair keeps the color, the others get new ones.
            debug_assert_eq!(coloring.left[lefts[0]], color);
            for (left, right) in lefts.iter().zip(rights).skip(1) {
                coloring.left[*left] = coloring.count;
                coloring.right[*right] = coloring.count;
                coloring.count += 1;
            }
        }
        coloring
    }

    /// The nodes of each color on both sides; `None` if a color has more on one side.
    fn classes(&self, coloring: &Coloring) -> Option<Vec<(Vec<usize>, Vec<usize>)>> {
        let mut classes = vec![(Vec::new(), Vec::new()); coloring.count];
        for (blank, color) in coloring.left.iter().enumerate() {
            classes[*color].0.push(blank);
        }
        for (blank, color) in coloring.right.iter().enumerate() {
            classes[*color].1.push(blank);
        }
        let even = classes
            .iter()
            .all(|(lefts, rights)| lefts.len() == rights.len());
        even.then_some(classes)
    }

    /// Whether pairing nodes of equal color maps every triple of the left to one of the right.
    fn is_mapping(&self, coloring: &Coloring) -> bool {
        let mut partner = vec![0; coloring.count];
        for (blank, color) in coloring.right.iter().enumerate() {
            partner[*color] = blank;
        }
        let map = |place: Place| match place {
            Place::Blank(blank) => Place::Blank(partner[coloring.left[blank]]),
            ground @ Place::Ground(_) => ground,
        };
        let triples = &self.right.triples;
        self.left.triples.len() == triples.len()
            && self
                .left
                .triples
                .iter()
                .all(|(subject, predicate, object)| {
                    triples
                        .binary_search(&(map(*subject), *predicate, map(*object)))
                        .is_ok()
                })
    }
}

/// One node of the left and those of the right that it is still to be paired with.
struct Choice {
    coloring: Coloring,
    chosen: usize,
    partners: Vec<usize>,
}

impl Choice {
    fn next(&mut self) -> Option<Coloring> {
        let partner = self.partners.pop()?;
        let mut next = self.coloring.clone();
        next.left[self.chosen] = next.count;
        next.right[partner] = next.count;
        next.count += 1;
        Some(next)
    }
}
