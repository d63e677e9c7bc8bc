use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};

use oxrdf::{
    BlankNode, BlankNodeRef, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, Term, TermRef,
    Triple, TripleRef,
};

use crate::graph::Graph;

/// How far around a blank node it is looked for what tells it apart.
const ROUNDS: usize = 6;

/// How often pairs lead to further pairs: along a chain of blank nodes each step takes a pass over
/// the graph.
const PASSES: usize = 50;

/// What two graphs have in common and what one has over the other, made by [`Graph::difference`].
///
/// The three graphs share their labels: a blank node of the same name is the same node in all of
/// them. Printed, it is a line for each triple that differs, `-` before what was removed and `+`
/// before what was added.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// What both graphs say.
    pub unchanged: Graph,
    /// What only the older graph says.
    pub removed: Graph,
    /// What only the newer graph says.
    pub added: Graph,
}

impl Difference {
    /// Whether nothing was removed and nothing added.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (sign, graph) in [('-', &self.removed), ('+', &self.added)] {
            for triple in graph {
                writeln!(f, "{sign} {triple} .")?;
            }
        }
        Ok(())
    }
}

/// Pairs the blank nodes of both graphs, the surest pairs first, and compares the triples under
/// that pairing.
pub(super) fn difference(older: &Graph, newer: &Graph) -> Difference {
    let mut pairing = Pairing {
        older: Side::new(older),
        newer: Side::new(newer),
        partners: HashMap::new(),
        taken: HashSet::new(),
    };
    pairing.pair_all();
    let labels = pairing.labels();
    let written = |side: &Side<'_>, labels: &HashMap<BlankNodeRef<'_>, BlankNode>| {
        let triples = side.triples.iter();
        triples.map(|triple| renamed(*triple, labels)).collect()
    };
    let older: Vec<Triple> = written(&pairing.older, &labels[0]);
    let newer: Vec<Triple> = written(&pairing.newer, &labels[1]);
    let [before, after] = [&older, &newer].map(|side| side.iter().collect::<HashSet<_>>());
    let graph = |side: &[Triple], choose: &dyn Fn(&Triple) -> bool| {
        let chosen = side.iter().filter(|triple| choose(triple));
        chosen.map(Triple::as_ref).collect()
    };
    Difference {
        unchanged: graph(&older, &|triple| after.contains(triple)),
        removed: graph(&older, &|triple| !after.contains(triple)),
        added: graph(&newer, &|triple| !before.contains(triple)),
    }
}

fn renamed(triple: TripleRef<'_>, labels: &HashMap<BlankNodeRef<'_>, BlankNode>) -> Triple {
    let subject: NamedOrBlankNode = match triple.subject {
        NamedOrBlankNodeRef::BlankNode(node) => labels[&node].clone().into(),
        NamedOrBlankNodeRef::NamedNode(node) => node.into_owned().into(),
    };
    let object: Term = match triple.object {
        TermRef::BlankNode(node) => labels[&node].clone().into(),
        other => other.into_owned(),
    };
    Triple::new(subject, triple.predicate, object)
}

/// One graph, and what stands around each of its blank nodes.
struct Side<'g> {
    triples: Vec<TripleRef<'g>>,
    /// In the graph's order.
    nodes: Vec<BlankNodeRef<'g>>,
    around: HashMap<BlankNodeRef<'g>, Vec<Edge<'g>>>,
    /// After each round, what can be seen from each node.
    views: Vec<HashMap<BlankNodeRef<'g>, u64>>,
}

/// A triple as one of its blank nodes sees it.
#[derive(Clone, Copy)]
struct Edge<'g> {
    /// Whether the node is the subject.
    leads_away: bool,
    property: NamedNodeRef<'g>,
    other: TermRef<'g>,
}

impl<'g> Side<'g> {
    fn new(graph: &'g Graph) -> Self {
        let mut side = Self {
            triples: graph.iter().collect(),
            nodes: Vec::new(),
            around: HashMap::new(),
            views: Vec::new(),
        };
        for triple in graph {
            let property = triple.predicate;
            if let NamedOrBlankNodeRef::BlankNode(node) = triple.subject {
                let other = triple.object;
                side.see(
                    node,
                    Edge {
                        leads_away: true,
                        property,
                        other,
                    },
                );
            }
            if let TermRef::BlankNode(node) = triple.object {
                let other = triple.subject.into();
                side.see(
                    node,
                    Edge {
                        leads_away: false,
                        property,
                        other,
                    },
                );
            }
        }
        for _ in 0..ROUNDS {
            let view = side.next_view();
            side.views.push(view);
        }
        side
    }

    fn see(&mut self, node: BlankNodeRef<'g>, edge: Edge<'g>) {
        let edges = self.around.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            Vec::new()
        });
        edges.push(edge);
    }

    /// What can be seen one step further than before. Two views that collide cost a pair that is
    /// none, and so a longer difference, never a wrong one.
    fn next_view(&self) -> HashMap<BlankNodeRef<'g>, u64> {
        let before = self.views.last();
        let of_edge = |edge: &Edge<'g>| {
            let other = match edge.other {
                TermRef::BlankNode(node) => before.and_then(|view| view.get(&node)).copied(),
                ground => Some(hash(&ground)),
            };
            hash(&(edge.leads_away, edge.property, other))
        };
        let of_node = |node: &BlankNodeRef<'g>| {
            let mut edges: Vec<u64> = self.around[node].iter().map(of_edge).collect();
            edges.sort_unstable();
            hash(&edges)
        };
        self.nodes
            .iter()
            .map(|node| (*node, of_node(node)))
            .collect()
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

struct Pairing<'g> {
    older: Side<'g>,
    newer: Side<'g>,
    /// From older to newer.
    partners: HashMap<BlankNodeRef<'g>, BlankNodeRef<'g>>,
    /// The newer ones of them.
    taken: HashSet<BlankNodeRef<'g>>,
}

impl<'g> Pairing<'g> {
    /// First nodes whose wide surroundings are the same, then what these lead to, then nodes of
    /// which less and less is the same.
    fn pair_all(&mut self) {
        self.pair_by_view(ROUNDS - 1, false);
        self.pair_by_place();
        for round in (0..ROUNDS).rev() {
            self.pair_by_view(round, true);
            self.pair_by_place();
        }
        self.pair_by_view(0, false);
        self.pair_by_place();
    }

    fn pair(&mut self, older: BlankNodeRef<'g>, newer: BlankNodeRef<'g>) {
        if !self.partners.contains_key(&older) && self.taken.insert(newer) {
            self.partners.insert(older, newer);
        }
    }

    /// Nodes that see the same; of several, none or in order.
    fn pair_by_view(&mut self, round: usize, must_be_alone: bool) {
        let mut alike: BTreeMap<u64, [Vec<BlankNodeRef<'g>>; 2]> = BTreeMap::new();
        for (which, nodes) in self.unpaired().into_iter().enumerate() {
            let side = [&self.older, &self.newer][which];
            for node in nodes {
                let view = side.views[round][&node];
                alike.entry(view).or_default()[which].push(node);
            }
        }
        for [older, newer] in alike.into_values() {
            if must_be_alone && (older.len(), newer.len()) != (1, 1) {
                continue;
            }
            for (older, newer) in older.into_iter().zip(newer) {
                self.pair(older, newer);
            }
        }
    }

    /// Nodes that are alone in a place of both graphs: the one dose of a medication, say.
    fn pair_by_place(&mut self) {
        for _ in 0..PASSES {
            let paired = self.partners.len();
            let mut places: HashMap<Place<'g>, [Vec<BlankNodeRef<'g>>; 2]> = HashMap::new();
            let [older, newer] = self.unpaired();
            for node in older {
                for edge in &self.older.around[&node] {
                    let other = match edge.other {
                        TermRef::BlankNode(other) => match self.partners.get(&other) {
                            Some(partner) => (*partner).into(),
                            None => continue,
                        },
                        ground => ground,
                    };
                    let place = (edge.leads_away, edge.property, other);
                    places.entry(place).or_default()[0].push(node);
                }
            }
            for node in newer {
                for edge in &self.newer.around[&node] {
                    if let TermRef::BlankNode(other) = edge.other
                        && !self.taken.contains(&other)
                    {
                        continue;
                    }
                    let place = (edge.leads_away, edge.property, edge.other);
                    places.entry(place).or_default()[1].push(node);
                }
            }
            let mut alone: Vec<_> = places
                .into_values()
                .filter_map(|nodes| match nodes.each_ref().map(Vec::as_slice) {
                    [[older], [newer]] => Some((*older, *newer)),
                    _ => None,
                })
                .collect();
            alone.sort_unstable_by_key(|(older, newer)| (older.as_str(), newer.as_str()));
            for (older, newer) in alone {
                self.pair(older, newer);
            }
            if self.partners.len() == paired {
                return;
            }
        }
    }

    fn unpaired(&self) -> [Vec<BlankNodeRef<'g>>; 2] {
        let older = self.older.nodes.iter().copied();
        let newer = self.newer.nodes.iter().copied();
        [
            older
                .filter(|node| !self.partners.contains_key(node))
                .collect(),
            newer.filter(|node| !self.taken.contains(node)).collect(),
        ]
    }

    /// New names for the nodes of both sides: one name for both of a pair.
    fn labels(&self) -> [HashMap<BlankNodeRef<'g>, BlankNode>; 2] {
        let mut next = 0;
        let mut label = || {
            next += 1;
            BlankNode::new_unchecked(format!("b{}", next - 1))
        };
        let older: HashMap<_, _> = self
            .older
            .nodes
            .iter()
            .map(|node| (*node, label()))
            .collect();
        let mut newer: HashMap<_, _> = self
            .partners
            .iter()
            .map(|(node, partner)| (*partner, older[node].clone()))
            .collect();
        for node in &self.newer.nodes {
            newer.entry(*node).or_insert_with(&mut label);
        }
        [older, newer]
    }
}

/// Whether the node is the subject, the property, and what stands at its other end, as the newer
/// graph names it.
type Place<'g> = (bool, NamedNodeRef<'g>, TermRef<'g>);
