//! The records obey the ontology in `specs/`: cardinalities, classes of values, units, and no
//! property that it does not know.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;

use smart_api::vocab::sp;
use smart_rdf::vocab::{owl, rdf, rdfs};
use smart_rdf::{Graph, NamedNodeRef, NamedOrBlankNodeRef, Syntax, TermRef};

use crate::{DEFAULT_SEED, patients};

/// What a class says about one of its properties, in one restriction.
struct Rule {
    property: String,
    least: Option<usize>,
    most: Option<usize>,
    /// Class of every value.
    values: Option<String>,
    /// Class of the code under every value.
    codes: Option<String>,
    /// Unit of every value.
    unit: Option<String>,
}

/// The rules of each class, its superclasses' included, and the superclasses of each class, itself
/// included.
struct Ontology {
    rules: HashMap<String, Vec<Rule>>,
    ancestors: HashMap<String, HashSet<String>>,
}

impl Ontology {
    fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/smart.ttl");
        let graph = Syntax::Turtle.parse(&fs::read(file).unwrap()).unwrap();
        let mut ontology = Self {
            rules: HashMap::new(),
            ancestors: HashMap::new(),
        };
        for class in graph.instances_of(owl::CLASS) {
            let NamedOrBlankNodeRef::NamedNode(class) = class else {
                continue;
            };
            let mut ancestors = HashSet::new();
            let mut rules = Vec::new();
            climb(&graph, class, &mut ancestors, &mut rules);
            ontology.rules.insert(class.as_str().to_owned(), rules);
            ontology
                .ancestors
                .insert(class.as_str().to_owned(), ancestors);
        }
        ontology
    }

    fn is_a(&self, classes: &[String], wanted: &str) -> bool {
        classes.iter().any(|class| {
            let ancestors = self.ancestors.get(class);
            ancestors.is_some_and(|ancestors| ancestors.contains(wanted))
        })
    }
}

fn climb(
    graph: &Graph,
    class: NamedNodeRef<'_>,
    ancestors: &mut HashSet<String>,
    rules: &mut Vec<Rule>,
) {
    if !ancestors.insert(class.as_str().to_owned()) {
        return;
    }
    for above in graph.objects(class, rdfs::SUB_CLASS_OF) {
        match above {
            TermRef::NamedNode(above) => climb(graph, above, ancestors, rules),
            TermRef::BlankNode(above) => rules.extend(rule(graph, above.into())),
            _ => {}
        }
    }
}

/// Nothing for what is not a restriction.
fn rule(graph: &Graph, node: NamedOrBlankNodeRef<'_>) -> Option<Rule> {
    let number = |property: NamedNodeRef<'_>| match graph.object(node, property) {
        Some(TermRef::Literal(literal)) => Some(literal.value().parse::<usize>().unwrap()),
        _ => None,
    };
    let exactly = number(owl::CARDINALITY).or_else(|| number(owl::QUALIFIED_CARDINALITY));
    let mut rule = Rule {
        property: named(graph, node, owl::ON_PROPERTY)?,
        least: exactly
            .or_else(|| number(owl::MIN_CARDINALITY))
            .or_else(|| number(owl::MIN_QUALIFIED_CARDINALITY)),
        most: exactly
            .or_else(|| number(owl::MAX_CARDINALITY))
            .or_else(|| number(owl::MAX_QUALIFIED_CARDINALITY)),
        values: named(graph, node, owl::ALL_VALUES_FROM),
        codes: None,
        unit: None,
    };
    if let Some(TermRef::BlankNode(inner)) = graph.object(node, owl::ALL_VALUES_FROM) {
        rule.codes = named(graph, inner.into(), owl::ALL_VALUES_FROM);
        if let Some(TermRef::Literal(unit)) = graph.object(inner, owl::HAS_VALUE) {
            rule.unit = Some(unit.value().to_owned());
        }
    }
    Some(rule)
}

fn named(
    graph: &Graph,
    node: NamedOrBlankNodeRef<'_>,
    property: NamedNodeRef<'_>,
) -> Option<String> {
    match graph.object(node, property) {
        Some(TermRef::NamedNode(value)) => Some(value.as_str().to_owned()),
        _ => None,
    }
}

/// Every way in which a graph disobeys, in words.
fn faults(ontology: &Ontology, graph: &Graph) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    let nodes: HashSet<_> = graph.iter().map(|triple| triple.subject).collect();
    for node in nodes {
        let classes = classes(graph, node.into());
        let mut known: HashSet<&str> = HashSet::from([rdf::TYPE.as_str()]);
        for class in &classes {
            let Some(rules) = ontology.rules.get(class) else {
                faults.insert(format!("{class} is not in the ontology"));
                continue;
            };
            for rule in rules {
                known.insert(&rule.property);
                for fault in broken(ontology, rule, graph, node) {
                    faults.insert(format!("{class} {}: {fault}", rule.property));
                }
            }
        }
        for triple in graph.matching(Some(node), None, None) {
            if !known.contains(triple.predicate.as_str()) {
                faults.insert(format!("{classes:?} may not have {}", triple.predicate));
            }
        }
    }
    faults
}

fn broken(
    ontology: &Ontology,
    rule: &Rule,
    graph: &Graph,
    node: NamedOrBlankNodeRef<'_>,
) -> Vec<String> {
    let property = NamedNodeRef::new_unchecked(&rule.property);
    let values: Vec<TermRef<'_>> = graph.objects(node, property).collect();
    let mut faults = Vec::new();
    let count = values.len();
    if rule.least.is_some_and(|least| count < least) || rule.most.is_some_and(|most| count > most) {
        faults.push(format!("{count} of {:?} to {:?}", rule.least, rule.most));
    }
    for value in values {
        if let Some(wanted) = &rule.values {
            let literal = matches!(value, TermRef::Literal(_));
            let fits = if wanted == rdfs::LITERAL.as_str() {
                literal
            } else {
                !literal && ontology.is_a(&classes(graph, value), wanted)
            };
            if !fits {
                faults.push(format!("{value} is no {wanted}"));
            }
        }
        let below = |property| match value {
            TermRef::BlankNode(value) => graph.object(value, property),
            _ => None,
        };
        if let Some(wanted) = &rule.codes {
            let code = below(sp::CODE);
            if !code.is_some_and(|code| ontology.is_a(&classes(graph, code), wanted)) {
                faults.push(format!("{code:?} is no {wanted}"));
            }
        }
        if let Some(wanted) = &rule.unit {
            let unit = below(sp::UNIT);
            let fits = matches!(unit, Some(TermRef::Literal(unit)) if unit.value() == wanted);
            if !fits {
                faults.push(format!("{unit:?} is not {wanted}"));
            }
        }
    }
    faults
}

fn classes(graph: &Graph, node: TermRef<'_>) -> Vec<String> {
    let types = match node {
        TermRef::NamedNode(node) => graph.matching(Some(node.into()), Some(rdf::TYPE), None),
        TermRef::BlankNode(node) => graph.matching(Some(node.into()), Some(rdf::TYPE), None),
        _ => return Vec::new(),
    };
    types
        .filter_map(|triple| match triple.object {
            TermRef::NamedNode(class) => Some(class.as_str().to_owned()),
            _ => None,
        })
        .collect()
}

#[test]
fn every_record_obeys_the_ontology() {
    let ontology = Ontology::read();
    let rules: usize = ontology.rules.values().map(Vec::len).sum();
    assert!(rules > 200, "only {rules} rules were read");
    for made in patients(DEFAULT_SEED, 100) {
        let faults = faults(&ontology, &made.graph);
        assert!(faults.is_empty(), "{}: {faults:#?}", made.record_id);
    }
}

#[test]
fn a_missing_or_foreign_property_is_noticed() {
    let ontology = Ontology::read();
    let check = |text: &str, expected: &str| {
        let prefixes = "@prefix sp: <http://smartplatforms.org/terms#> . ";
        let graph = Syntax::Turtle
            .parse([prefixes, text].concat().as_bytes())
            .unwrap();
        let faults = faults(&ontology, &graph);
        let found = faults.iter().any(|fault| fault.contains(expected));
        assert!(found, "{faults:#?}");
    };
    check("[] a sp:ValueAndUnit ; sp:value '1' .", "terms#unit: 0 of");
    check("[] a sp:Nonsense .", "not in the ontology");
    check("[] a sp:ValueAndUnit ; sp:severity '1' .", "may not have");
    check("[] a sp:Problem ; sp:problemName '1' .", "is no");
}
