//! A graph as the plain objects that apps in JavaScript know.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};
use smart_rdf::vocab::{rdf, xsd};
use smart_rdf::{BlankNodeRef, Graph, LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, Node, Object};

use crate::generated::{LISTS, STATEMENTS};
use crate::vocab::{PREFIXES, sp};

/// How many objects stand inside each other at most.
const NESTED: usize = 16;

/// How often each triple is written at most, on average. Parts stand by themselves and in each of
/// their users; codes have many.
const WRITES_PER_TRIPLE: usize = 8;

/// How many triples a graph counts for at least.
const SMALL_GRAPH: usize = 1000;

/// A graph as JSON in the way of SMART's JavaScript client: what an app reads without knowing RDF.
///
/// - `of_type` lists the objects of each class, `of_type.Medication` for instance. Properties of
///   the SMART vocabulary go by their name alone, others by prefix and name: `drugName`,
///   `dcterms__title`, `v__given_name`. A property that the ontology allows several of is always a
///   list; any other is one only if the graph breaks the ontology there. Parts stand inside what
///   they are parts of; a statement, and a part that is inside itself, stands there as its `@id`
///   only. A literal is its text.
/// - `@graph` says the same flat and in full, with datatypes and languages. With `@context` it is
///   [JSON-LD](https://www.w3.org/TR/json-ld11/), which leaves `of_type` out, and so the way back
///   to the graph.
///
/// What is shared by many is cut off to its `@id` before the whole grows out of proportion to the
/// graph.
///
/// ```
/// use smart_rdf::Syntax;
///
/// let graph = Syntax::Turtle.parse(b"
///     @prefix sp: <http://smartplatforms.org/terms#> . @prefix dcterms: <http://purl.org/dc/terms/> .
///     [] a sp:Medication ; sp:startDate '2009' ; sp:drugName [ a sp:CodedValue ; dcterms:title 'Amiloride 5 MG' ] .
/// ")?;
/// let objects = smart_api::objects(&graph);
/// let medication = &objects["of_type"]["Medication"][0];
/// assert_eq!(medication["drugName"]["dcterms__title"], "Amiloride 5 MG");
/// assert_eq!(medication["startDate"], "2009");
/// # Ok::<_, smart_rdf::ParseError>(())
/// ```
pub fn objects(graph: &Graph) -> Value {
    let mut view = View {
        names: Names::default(),
        labels: HashMap::new(),
        statements: STATEMENTS
            .iter()
            .flat_map(|statement| graph.nodes_of(statement.class))
            .map(Node::term)
            .collect(),
        budget: graph
            .len()
            .max(SMALL_GRAPH)
            .saturating_mul(WRITES_PER_TRIPLE),
        open: Vec::new(),
    };
    let nodes: Vec<Node<'_>> = subjects(graph);
    let flat: Vec<Value> = nodes.iter().map(|node| view.flat(*node)).collect();
    let mut of_type: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for node in nodes {
        for class in node.classes() {
            let object = view.nested(node);
            of_type
                .entry(view.names.of(class))
                .or_default()
                .push(object);
        }
    }
    json!({ "@context": view.names.context(), "@graph": flat, "of_type": of_type })
}

/// Every node that something is said of, in the graph's order.
fn subjects(graph: &Graph) -> Vec<Node<'_>> {
    let mut seen = HashSet::new();
    let subjects = graph.iter().map(|triple| triple.subject);
    subjects
        .filter(|subject| seen.insert(*subject))
        .filter_map(|subject| graph.node(subject))
        .collect()
}

struct View<'g> {
    names: Names,
    /// Numbers of the blank nodes, in the graph's order.
    labels: HashMap<BlankNodeRef<'g>, usize>,
    /// What stands by itself rather than inside others.
    statements: HashSet<NamedOrBlankNodeRef<'g>>,
    /// How many triples are still written inside others.
    budget: usize,
    /// The nodes that the one being written stands in.
    open: Vec<NamedOrBlankNodeRef<'g>>,
}

impl<'g> View<'g> {
    fn flat(&mut self, node: Node<'g>) -> Value {
        self.object(node, Self::flat_value)
    }

    fn flat_value(&mut self, object: Object<'g>) -> Value {
        match object {
            Object::Node(node) => self.reference(node),
            Object::Literal(literal) => in_full(literal),
        }
    }

    fn nested(&mut self, node: Node<'g>) -> Value {
        if self.budget < node.len() || self.open.len() >= NESTED || self.open.contains(&node.term())
        {
            return self.reference(node);
        }
        self.budget -= node.len();
        self.open.push(node.term());
        let object = self.object(node, Self::nested_value);
        self.open.pop();
        object
    }

    fn nested_value(&mut self, object: Object<'g>) -> Value {
        match object {
            Object::Node(node) if node.is_empty() || self.statements.contains(&node.term()) => {
                self.reference(node)
            }
            Object::Node(node) => self.nested(node),
            Object::Literal(literal) => literal.value().into(),
        }
    }

    fn object(&mut self, node: Node<'g>, write: fn(&mut Self, Object<'g>) -> Value) -> Value {
        let mut properties: BTreeMap<&str, Vec<Object<'g>>> = BTreeMap::new();
        let mut classes = Vec::new();
        for (property, object) in node.properties() {
            match object {
                Object::Node(class) if property == rdf::TYPE => classes.push(class),
                _ => properties
                    .entry(property.as_str())
                    .or_default()
                    .push(object),
            }
        }
        let mut members = Map::from_iter([("@id".to_owned(), self.id(node))]);
        if !classes.is_empty() {
            let classes = classes.into_iter().map(|class| match class.iri() {
                Some(class) => self.names.of(class).into(),
                None => self.id(class),
            });
            members.insert("@type".to_owned(), classes.collect());
        }
        let lists = lists_of(node);
        for (property, objects) in properties {
            let property = NamedNodeRef::new_unchecked(property);
            let is_list = objects.len() != 1 || lists.contains(&property);
            let mut values: Vec<Value> = objects
                .into_iter()
                .map(|object| write(self, object))
                .collect();
            let value = match values.pop() {
                Some(value) if !is_list => value,
                last => values.into_iter().chain(last).collect(),
            };
            members.insert(self.names.of(property), value);
        }
        members.into()
    }

    fn reference(&mut self, node: Node<'g>) -> Value {
        json!({ "@id": self.id(node) })
    }

    fn id(&mut self, node: Node<'g>) -> Value {
        match node.term() {
            NamedOrBlankNodeRef::NamedNode(node) => node.as_str().into(),
            NamedOrBlankNodeRef::BlankNode(node) => {
                let next = self.labels.len();
                let number = self.labels.entry(node).or_insert(next);
                format!("_:b{number}").into()
            }
        }
    }
}

/// The properties that the ontology allows a node several of.
fn lists_of(node: Node<'_>) -> Vec<NamedNodeRef<'static>> {
    let lists = LISTS.iter().filter(|(class, _)| node.is_a(*class));
    lists
        .flat_map(|(_, properties)| properties.iter().copied())
        .collect()
}

fn in_full(literal: LiteralRef<'_>) -> Value {
    let text = literal.value();
    match literal.language() {
        Some(language) => json!({ "@language": language, "@value": text }),
        None if literal.datatype() == xsd::STRING => text.into(),
        None => json!({ "@type": literal.datatype().as_str(), "@value": text }),
    }
}

/// The names that stand for IRIs.
#[derive(Default)]
struct Names {
    by_iri: HashMap<String, String>,
    taken: BTreeMap<String, String>,
}

impl Names {
    /// A name that a script can write after a dot, or the IRI if there is none or another IRI has
    /// it.
    fn of(&mut self, iri: NamedNodeRef<'_>) -> String {
        let iri = iri.as_str();
        if let Some(name) = self.by_iri.get(iri) {
            return name.clone();
        }
        let free = short(iri).filter(|name| !self.taken.contains_key(name));
        let name = free.unwrap_or_else(|| iri.to_owned());
        if name != iri {
            self.taken.insert(name.clone(), iri.to_owned());
        }
        self.by_iri.insert(iri.to_owned(), name.clone());
        name
    }

    /// What the names mean to a reader of JSON-LD ([JSON-LD 1.1,
    /// 3.1](https://www.w3.org/TR/json-ld11/#the-context)).
    fn context(&self) -> Value {
        let mut context = Map::from_iter([
            ("@vocab".to_owned(), sp::NAMESPACE.into()),
            ("of_type".to_owned(), Value::Null),
        ]);
        for (name, iri) in &self.taken {
            if iri.strip_prefix(sp::NAMESPACE) != Some(name) {
                context.insert(name.clone(), iri.as_str().into());
            }
        }
        context.into()
    }
}

fn short(iri: &str) -> Option<String> {
    PREFIXES.iter().find_map(|(prefix, namespace)| {
        let local = iri.strip_prefix(namespace)?;
        let is_word = local.starts_with(|c: char| c.is_ascii_alphabetic())
            && local
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        // With two underscores it could be another's prefix and name.
        if !is_word || local.contains("__") || local == "of_type" {
            return None;
        }
        let local = local.replace('-', "_");
        Some(if *namespace == sp::NAMESPACE {
            local
        } else {
            format!("{prefix}__{local}")
        })
    })
}
