//! What the ontology says of classes: which properties an instance has, how often, and with which
//! values.

use std::collections::BTreeMap;

use smart_rdf::vocab::{owl, rdf, rdfs};
use smart_rdf::{Graph, NamedNode, NamedNodeRef, Node, Object};

use super::{OntologyError, api};

/// An `owl:Class` with a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Class {
    pub(crate) parents: Vec<NamedNode>,
    /// The classes that an instance may be one of, where the class is below a union.
    pub(crate) union: Vec<NamedNode>,
    /// Sorted.
    pub(crate) restrictions: Vec<Restriction>,
    /// The individuals that the class consists of, if it is a closed list; sorted.
    pub(crate) members: Vec<NamedNode>,
    pub(crate) base_path: Option<String>,
    pub(crate) name_plural: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) description: Option<String>,
    /// What containers call the class instead, where a fix-up found that they do.
    pub(crate) misnomers: Vec<NamedNode>,
    /// Properties that containers call otherwise, with that name.
    pub(crate) misnamed: BTreeMap<NamedNode, NamedNode>,
}

/// What a class says of one of its properties, in one `owl:Restriction`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Restriction {
    pub(crate) property: NamedNode,
    pub(crate) rule: Rule,
}

/// The kinds of restrictions that the ontology uses.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Rule {
    AtLeast(u32),
    AtMost(u32),
    /// Every value is of this class.
    Class(NamedNode),
    /// Every value has a code of this class.
    CodeClass(NamedNode),
    Exactly(u32),
    /// Every value has this unit.
    Unit(String),
}

/// What the ontology says of a property wherever it occurs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Property {
    pub(crate) label: Option<String>,
    pub(crate) comment: Option<String>,
}

pub(super) fn read_class(node: Node<'_>) -> Result<Class, OntologyError> {
    let mut class = Class {
        base_path: text_if_any(node, api::BASE_PATH)?,
        name_plural: text_if_any(node, api::NAME_PLURAL)?,
        comment: text_if_any(node, rdfs::COMMENT)?,
        description: text_if_any(node, api::DESCRIPTION)?,
        ..Class::default()
    };
    for parent in node.nodes(rdfs::SUB_CLASS_OF) {
        if let Some(name) = name_of(parent) {
            class.parents.push(name);
        } else if let Some(union) = parent.nodes(owl::UNION_OF).next() {
            class
                .union
                .extend(list(union)?.into_iter().filter_map(name_of));
        } else {
            read_restriction(parent, &mut class.restrictions)?;
        }
    }
    for equivalent in node.nodes(owl::EQUIVALENT_CLASS) {
        if let Some(members) = equivalent.nodes(owl::ONE_OF).next() {
            class
                .members
                .extend(list(members)?.into_iter().filter_map(name_of));
        }
    }
    class.parents.sort();
    class.union.sort();
    class.members.sort();
    class.restrictions.sort();
    class.restrictions.dedup();
    Ok(class)
}

pub(super) fn read_property(node: Node<'_>) -> Result<Property, OntologyError> {
    Ok(Property {
        label: text_if_any(node, rdfs::LABEL)?,
        comment: text_if_any(node, rdfs::COMMENT)?,
    })
}

/// What the ontology remarks on the properties of a class, by annotating one of the class's
/// restrictions.
pub(super) fn read_remarks(graph: &Graph) -> BTreeMap<(NamedNode, NamedNode), String> {
    let remark = |axiom: Node<'_>| {
        let class = name_of(axiom.nodes(owl::ANNOTATED_SOURCE).next()?)?;
        let restriction = axiom.nodes(owl::ANNOTATED_TARGET).next()?;
        let property = name_of(restriction.nodes(owl::ON_PROPERTY).next()?)?;
        let comment = axiom.text(rdfs::COMMENT)?;
        Some(((class, property), comment.to_owned()))
    };
    graph.nodes_of(owl::AXIOM).filter_map(remark).collect()
}

fn read_restriction(
    node: Node<'_>,
    restrictions: &mut Vec<Restriction>,
) -> Result<(), OntologyError> {
    let property = node.nodes(owl::ON_PROPERTY).next().and_then(name_of);
    let property = property.ok_or_else(|| fault(node, owl::ON_PROPERTY, "a property"))?;
    let mut add = |rule| {
        restrictions.push(Restriction {
            property: property.clone(),
            rule,
        });
    };
    for class in node
        .nodes(owl::ON_CLASS)
        .chain(node.nodes(owl::ALL_VALUES_FROM))
    {
        for rule in value_rules(class)? {
            add(rule);
        }
    }
    let counted = |kind: NamedNodeRef<'_>| match node.text(kind) {
        Some(count) => match count.parse::<u32>() {
            Ok(count) => Ok(Some(count)),
            Err(_) => Err(fault(node, kind, "a whole number")),
        },
        None => Ok(None),
    };
    for kind in [owl::CARDINALITY, owl::QUALIFIED_CARDINALITY] {
        counted(kind)?.map(Rule::Exactly).map(&mut add);
    }
    for kind in [owl::MAX_CARDINALITY, owl::MAX_QUALIFIED_CARDINALITY] {
        counted(kind)?.map(Rule::AtMost).map(&mut add);
    }
    for kind in [owl::MIN_CARDINALITY, owl::MIN_QUALIFIED_CARDINALITY] {
        counted(kind)?.map(Rule::AtLeast).map(&mut add);
    }
    Ok(())
}

/// What has to be true of every value: a class with a name, a condition on its code or unit, or
/// several of these together.
fn value_rules(class: Node<'_>) -> Result<Vec<Rule>, OntologyError> {
    if let Some(name) = name_of(class) {
        return Ok(vec![Rule::Class(name)]);
    }
    if let Some(all) = class.nodes(owl::INTERSECTION_OF).next() {
        let rules = list(all)?.into_iter().map(value_rules);
        return Ok(rules
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect());
    }
    let property = class.nodes(owl::ON_PROPERTY).next().and_then(name_of);
    let code = class.nodes(owl::ALL_VALUES_FROM).next().and_then(name_of);
    let unit = class.text(owl::HAS_VALUE);
    match (property.as_ref().map(NamedNode::as_ref), code, unit) {
        (Some(api::CODE), Some(code), None) => Ok(vec![Rule::CodeClass(code)]),
        (Some(api::UNIT), None, Some(unit)) => Ok(vec![Rule::Unit(unit.to_owned())]),
        _ => Err(fault(
            class,
            owl::ALL_VALUES_FROM,
            "a class, or a condition on sp:code or sp:unit",
        )),
    }
}

/// The items of an RDF list.
fn list(head: Node<'_>) -> Result<Vec<Node<'_>>, OntologyError> {
    const LONGEST: usize = 10_000;
    let mut items = Vec::new();
    let mut cell = head;
    while cell.term() != rdf::NIL.into() {
        match (cell.nodes(rdf::FIRST).next(), cell.nodes(rdf::REST).next()) {
            (Some(first), Some(rest)) if items.len() < LONGEST => {
                items.push(first);
                cell = rest;
            }
            _ => return Err(fault(cell, rdf::REST, "a list that ends")),
        }
    }
    Ok(items)
}

fn text_if_any(
    node: Node<'_>,
    property: NamedNodeRef<'_>,
) -> Result<Option<String>, OntologyError> {
    let mut objects = node.objects(property);
    match (objects.next(), objects.next()) {
        (None, _) => Ok(None),
        (Some(Object::Literal(text)), None) => Ok(Some(text.value().to_owned())),
        (Some(Object::Node(_)), None) => Err(fault(node, property, "a text")),
        (Some(_), Some(_)) => Err(fault(node, property, "exactly one value")),
    }
}

fn name_of(node: Node<'_>) -> Option<NamedNode> {
    node.iri().map(NamedNodeRef::into_owned)
}

fn fault(node: Node<'_>, property: NamedNodeRef<'_>, expected: &'static str) -> OntologyError {
    OntologyError::Value {
        subject: node.term().into_owned(),
        property: property.into_owned(),
        expected,
    }
}
