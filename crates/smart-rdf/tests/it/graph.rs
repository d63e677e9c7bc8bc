use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;
use smart_rdf::vocab::rdf;
use smart_rdf::{
    BlankNode, Graph, NamedNodeRef, NamedOrBlankNode, Syntax, Term, TermRef, Triple, TripleRef,
};

use crate::terms;

fn turtle(text: &str) -> Graph {
    let text = format!("@prefix : <http://example.org/> .\n{text}");
    Syntax::Turtle.parse(text.as_bytes()).unwrap()
}

fn written<'a>(triples: impl Iterator<Item = TripleRef<'a>>) -> Vec<String> {
    triples.map(|triple| triple.to_string()).collect()
}

proptest! {
    /// The graph against the plainest model: a set of triples, filtered.
    #[test]
    fn matching_is_filtering(
        triples in vec(terms::triple(terms::any_text()), 0..40),
        subject in option::of(terms::subject()),
        predicate in option::of(terms::predicate()),
        object in option::of(terms::object(terms::any_text())),
    ) {
        let graph: Graph = triples.iter().cloned().collect();
        let model: BTreeSet<String> = triples
            .iter()
            .filter(|t| subject.as_ref().is_none_or(|s| *s == t.subject))
            .filter(|t| predicate.as_ref().is_none_or(|p| *p == t.predicate))
            .filter(|t| object.as_ref().is_none_or(|o| *o == t.object))
            .map(ToString::to_string)
            .collect();
        let found = graph.matching(
            subject.as_ref().map(NamedOrBlankNode::as_ref),
            predicate.as_ref().map(|p| p.as_ref()),
            object.as_ref().map(Term::as_ref),
        );
        prop_assert_eq!(found.len(), model.len());
        let found = written(found);
        prop_assert_eq!(found.len(), model.len(), "no triple comes twice");
        prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), model);
    }

    /// What both have and what one has over the other make up that one.
    #[test]
    fn a_difference_leads_from_one_graph_to_the_other(
        common in terms::graph(terms::any_text()),
        older in terms::graph(terms::any_text()),
        newer in terms::graph(terms::any_text()),
    ) {
        let both = |graph: &Graph| -> Graph { common.iter().chain(graph).collect() };
        let (older, newer) = (both(&older), both(&newer));
        let difference = older.difference(&newer);
        let with = |part: &Graph| -> Graph { difference.unchanged.iter().chain(part).collect() };
        prop_assert!(with(&difference.removed).is_isomorphic(&older));
        prop_assert!(with(&difference.added).is_isomorphic(&newer));
        prop_assert_eq!(difference.unchanged.len() + difference.removed.len(), older.len());
        prop_assert_eq!(difference.unchanged.len() + difference.added.len(), newer.len());
        prop_assert_eq!(difference.is_empty(), older.is_isomorphic(&newer));
    }

    /// Patterns made from a triple that is there, which random ones rarely hit.
    #[test]
    fn every_pattern_of_a_triple_finds_it(
        triples in vec(terms::triple(terms::any_text()), 1..40),
        chosen in proptest::prelude::any::<Index>(),
        bound in 0..8u8,
    ) {
        let graph: Graph = triples.iter().cloned().collect();
        let triple = chosen.get(&triples).as_ref();
        let found: Vec<_> = graph
            .matching(
                (bound & 1 != 0).then_some(triple.subject),
                (bound & 2 != 0).then_some(triple.predicate),
                (bound & 4 != 0).then_some(triple.object),
            )
            .collect();
        prop_assert!(found.contains(&triple));
        prop_assert!(graph.contains(triple));
        let expected: BTreeSet<_> = triples
            .iter()
            .filter(|t| bound & 1 == 0 || t.subject.as_ref() == triple.subject)
            .filter(|t| bound & 2 == 0 || t.predicate.as_ref() == triple.predicate)
            .filter(|t| bound & 4 == 0 || t.object.as_ref() == triple.object)
            .map(ToString::to_string)
            .collect();
        prop_assert_eq!(written(found.into_iter()).into_iter().collect::<BTreeSet<_>>(), expected);
    }

    #[test]
    fn renaming_blank_nodes_is_isomorphic(
        graph in terms::graph(terms::any_text()),
        order in vec(proptest::prelude::any::<u32>(), 24),
        rotation in 0..4usize,
    ) {
        let mut renamed: Vec<_> = graph.iter().map(|t| rename(t, rotation)).zip(order).collect();
        renamed.sort_by_key(|(_, key)| *key);
        let renamed: Graph = renamed.into_iter().map(|(triple, _)| triple).collect();
        prop_assert!(graph.is_isomorphic(&renamed));
        prop_assert!(renamed.is_isomorphic(&graph));
    }

    /// Against all renamings, tried one by one.
    #[test]
    fn isomorphism_is_the_existence_of_a_renaming(
        left in small_wiring(),
        right in small_wiring(),
    ) {
        let (left, right): (Graph, Graph) = (wire(&left), wire(&right));
        let right_text: BTreeSet<String> = written(right.iter()).into_iter().collect();
        let expected = permutations().into_iter().any(|permutation| {
            let renamed: BTreeSet<String> = left
                .iter()
                .map(|t| permute(t, &permutation).to_string())
                .collect();
            renamed == right_text
        });
        prop_assert_eq!(left.is_isomorphic(&right), expected);
    }

    #[test]
    fn merging_adds_up(left in terms::graph(terms::any_text()), right in terms::graph(terms::any_text())) {
        let merged = Graph::merge([&left, &right]);
        let ground = |graph: &Graph| {
            graph
                .iter()
                .filter(|t| !t.subject.is_blank_node() && !t.object.is_blank_node())
                .map(|t| t.to_string())
                .collect::<BTreeSet<_>>()
        };
        let with_blanks = |graph: &Graph| graph.len() - ground(graph).len();
        prop_assert_eq!(with_blanks(&merged), with_blanks(&left) + with_blanks(&right));
        prop_assert_eq!(ground(&merged), &ground(&left) | &ground(&right));
        prop_assert!(Graph::merge([&left]).is_isomorphic(&left));
    }
}

/// `x0` becomes `y2` and so on.
fn rename(triple: TripleRef<'_>, rotation: usize) -> Triple {
    let label = |node: &BlankNode| {
        let number: usize = node.as_str()[1..].parse().unwrap();
        BlankNode::new_unchecked(format!("y{}", (number + rotation) % 4))
    };
    permute_with(triple, label)
}

fn permute(triple: TripleRef<'_>, permutation: &BTreeMap<String, String>) -> Triple {
    permute_with(triple, |node| {
        BlankNode::new_unchecked(permutation[node.as_str()].clone())
    })
}

fn permute_with(triple: TripleRef<'_>, label: impl Fn(&BlankNode) -> BlankNode) -> Triple {
    let mut triple = triple.into_owned();
    if let NamedOrBlankNode::BlankNode(node) = &triple.subject {
        triple.subject = label(node).into();
    }
    if let Term::BlankNode(node) = &triple.object {
        triple.object = label(node).into();
    }
    triple
}

/// Edges between four blank nodes.
fn small_wiring() -> impl Strategy<Value = Vec<(u8, u8)>> {
    vec((0..4u8, 0..4u8), 2..6)
}

fn wire(edges: &[(u8, u8)]) -> Graph {
    edges
        .iter()
        .map(|(from, to)| {
            Triple::new(
                BlankNode::new_unchecked(format!("x{from}")),
                NamedNodeRef::new_unchecked("http://example.org/to"),
                BlankNode::new_unchecked(format!("x{to}")),
            )
        })
        .collect()
}

fn permutations() -> Vec<BTreeMap<String, String>> {
    let mut all = Vec::new();
    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| *c != a && *c != b) {
                let d = 6 - a - b - c;
                let names = [a, b, c, d].into_iter().enumerate();
                all.push(
                    names
                        .map(|(from, to)| (format!("x{from}"), format!("x{to}")))
                        .collect(),
                );
            }
        }
    }
    all
}

#[test]
fn accessors_read_what_is_said() {
    let graph = turtle(":m a :Medication ; :name 'Aspirin', 'ASS' . :n a :Medication .");
    let node = |name: &'static str| NamedNodeRef::new_unchecked(name);
    let m = node("http://example.org/m");
    let name = node("http://example.org/name");
    let names: Vec<String> = graph.objects(m, name).map(|t| t.to_string()).collect();
    assert_eq!(names, ["\"Aspirin\"", "\"ASS\""], "the document's order");
    assert_eq!(
        graph.object(m, name).map(|t| t.to_string()).as_deref(),
        Some("\"Aspirin\"")
    );
    assert_eq!(graph.object(m, node("http://example.org/dose")), None);
    assert_eq!(
        graph
            .instances_of(node("http://example.org/Medication"))
            .count(),
        2
    );
    let object = TermRef::from(node("http://example.org/Medication"));
    assert_eq!(graph.subjects(rdf::TYPE, object).count(), 2);
    assert_eq!(graph.iter().len(), 4);
    assert!(!graph.is_empty() && Graph::default().is_empty());
}

#[test]
fn a_graph_can_go_to_another_thread() {
    fn check<T: Send + Sync + Clone + 'static>(_: &T) {}
    check(&Graph::default());
}

#[test]
fn numbers_of_different_types_are_different_terms() {
    let graph = turtle(":s :p 1, '1', '1'@en, '1'@de, '1'^^:t, 1.0 .");
    assert_eq!(graph.len(), 6);
}

/// A hexagon and two triangles: each node looks like every other, yet they differ.
#[test]
fn rings_are_told_apart() {
    let hexagon = turtle(
        "_:a :to _:b . _:b :to _:c . _:c :to _:d . _:d :to _:e . _:e :to _:f . _:f :to _:a .",
    );
    let triangles = turtle(
        "_:a :to _:b . _:b :to _:c . _:c :to _:a . _:d :to _:e . _:e :to _:f . _:f :to _:d .",
    );
    let turned = turtle(
        "_:f :to _:e . _:e :to _:d . _:d :to _:c . _:c :to _:b . _:b :to _:a . _:a :to _:f .",
    );
    assert!(!hexagon.is_isomorphic(&triangles));
    assert!(hexagon.is_isomorphic(&turned));
}

#[test]
fn many_equal_blank_nodes_are_compared_without_a_search() {
    let twins = |count: usize, extra: &str| {
        let mut text = String::from(":s :p ");
        text.push_str(&vec!["[ :q [] ]"; count].join(", "));
        turtle(&format!("{text} . {extra}"))
    };
    assert!(twins(200, "").is_isomorphic(&twins(200, "")));
    assert!(!twins(200, "").is_isomorphic(&twins(199, "[] :q [] .")));
}

#[test]
fn a_blank_node_is_no_constant() {
    assert!(!turtle("_:a :p :o .").is_isomorphic(&turtle(":a :p :o .")));
    assert!(!turtle("_:a :p _:a .").is_isomorphic(&turtle("_:a :p _:b .")));
    assert!(!turtle("_:a :p 1 . _:a :q 2 .").is_isomorphic(&turtle("_:a :p 1 . _:b :q 2 .")));
}

#[test]
fn differences_are_short() {
    let medication = |number: usize, dose: usize| {
        format!(
            "_:m{number} a :Medication ; :record _:r ; :drug [ :title 'drug {number}' ; :code [ :id {number} ] ] ; :dose [ :value {dose} ] .
             _:r :has _:m{number} .\n"
        )
    };
    let record = |doses: &[usize]| -> Graph {
        let medications = doses.iter().enumerate();
        turtle(
            &medications
                .map(|(number, dose)| medication(number, *dose))
                .collect::<String>(),
        )
    };
    let check = |older: &Graph, newer: &Graph, removed: usize, added: usize| {
        let difference = older.difference(newer);
        assert_eq!(
            (difference.removed.len(), difference.added.len()),
            (removed, added),
            "{difference}"
        );
    };
    let older = record(&[1, 2, 3, 4]);
    check(&older, &record(&[1, 2, 3, 4]), 0, 0);
    check(&older, &record(&[1, 2, 3, 5]), 1, 1);
    check(&older, &record(&[1, 2, 7, 5]), 2, 2);
    check(&older, &record(&[1, 2, 3]), 9, 0);
    check(&record(&[1, 2, 3]), &older, 0, 9);
    check(&older, &Graph::default(), older.len(), 0);
}
