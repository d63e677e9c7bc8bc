//! From JSON to triples, element by element.

use serde_json::{Map, Value};
use smart_rdf::vocab::rdf;
use smart_rdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};

use super::schema::{self, Element};
use super::{NAMESPACE, RdfError, Unknown, values};
use crate::base::Base;
use crate::resource::Resource;
use crate::resource::reference::{Path, Reference};

/// Levels of elements in one another.
const DEEPEST: usize = 64;

/// The datatype of what is kept as it is ([RDF 1.2,
/// rdf:JSON](https://www.w3.org/TR/rdf12-concepts/#section-json)).
const JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";

/// What is written so far.
pub(super) struct Walk<'a> {
    base: &'a Base,
    unknown: Unknown,
    most: usize,
    triples: Vec<Triple>,
    blanks: u64,
}

/// Where in a resource the walk is.
#[derive(Clone, Copy)]
struct Place<'p> {
    above: Option<&'p Self>,
    name: &'p str,
    index: Option<usize>,
    depth: usize,
    is_resource: bool,
}

/// What is given for an element: its value, and for a primitive one also what is said of the value
/// (`_birthDate`).
#[derive(Clone, Copy)]
struct Given<'v> {
    value: Option<&'v Value>,
    companion: Option<&'v Value>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(base: &'a Base, unknown: Unknown, most: usize) -> Self {
        Self {
            base,
            unknown,
            most,
            triples: Vec::new(),
            blanks: 0,
        }
    }

    pub(super) fn into_triples(self) -> Vec<Triple> {
        self.triples
    }

    /// A resource that stands for itself.
    pub(super) fn root(&mut self, resource: &Resource) -> Result<(), RdfError> {
        let name = resource.resource_type();
        let path = resource
            .reference()
            .and_then(|reference| Path::parse(&reference).ok());
        let node: NamedOrBlankNode = match path.and_then(|path| self.address(&path)) {
            Some(address) => address.into(),
            None => self.blank().into(),
        };
        let place = Place {
            above: None,
            name,
            index: None,
            depth: 0,
            is_resource: true,
        };
        self.resource(&node, resource.as_value(), &place)?;
        self.say(node, term("nodeRole"), term("treeRoot"))
    }

    /// Type and elements of a resource.
    fn resource(
        &mut self,
        node: &NamedOrBlankNode,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<(), RdfError> {
        let (Some(members), Some(name)) = (value.as_object(), value["resourceType"].as_str())
        else {
            return Err(place.bad("resource"));
        };
        if !schema::is_resource(name) && self.unknown == Unknown::Error {
            return Err(RdfError::UnknownType {
                name: name.to_owned(),
            });
        }
        // Known names are plain letters; others may hold what no IRI can.
        let name = crate::search::encode_segment(name);
        let class = term(&name);
        self.say(node.clone(), rdf::TYPE.into_owned(), class)?;
        self.members(node, &name, members, place)
    }

    fn members(
        &mut self,
        node: &NamedOrBlankNode,
        type_name: &str,
        members: &Map<String, Value>,
        place: &Place<'_>,
    ) -> Result<(), RdfError> {
        if place.depth >= DEEPEST {
            return Err(RdfError::TooDeep {
                path: place.path(),
                limit: DEEPEST,
            });
        }
        for (name, value) in members {
            // Read already where this is a resource; a stray anywhere else.
            if name == "resourceType" && place.is_resource {
                continue;
            }
            let plain = name.strip_prefix('_').unwrap_or(name);
            let is_companion = plain.len() < name.len();
            let element = schema::element(type_name, plain);
            let of_primitive = element.filter(|element| values::is_primitive(element.type_name));
            let companion = members.get(&format!("_{plain}"));
            let given = match (is_companion, of_primitive) {
                // It comes with its value.
                (true, Some(_)) if members.contains_key(plain) => continue,
                (true, _) => Given::companion(value),
                (false, Some(_)) => Given::both(value, companion),
                (false, None) => Given::value(value),
            };
            let element = if is_companion { of_primitive } else { element };
            let place = Place {
                above: Some(place),
                name: if element.is_some() { plain } else { name },
                index: None,
                depth: place.depth + 1,
                is_resource: false,
            };
            let written = match element {
                Some(element) => self.element(node, element, given, &place),
                None => Err(RdfError::UnknownElement { path: place.path() }),
            };
            match written {
                Err(error) if self.unknown == Unknown::Keep && error.is_about_content() => {
                    let owner = element.map_or(type_name, |element| element.owner);
                    self.keep(node, owner, plain, given.value)?;
                    self.keep(node, owner, &format!("_{plain}"), given.companion)?;
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// One element; what it has written goes when it turns out to be wrong.
    fn element(
        &mut self,
        node: &NamedOrBlankNode,
        element: Element,
        given: Given<'_>,
        place: &Place<'_>,
    ) -> Result<(), RdfError> {
        let before = self.triples.len();
        let written = if element.repeats {
            self.items(node, element, given, place)
        } else {
            self.item(node, element, given, place)
        };
        if written.is_err() {
            self.triples.truncate(before);
        }
        written
    }

    fn items(
        &mut self,
        node: &NamedOrBlankNode,
        element: Element,
        given: Given<'_>,
        place: &Place<'_>,
    ) -> Result<(), RdfError> {
        let (Some(items), Some(companions)) = (list(given.value), list(given.companion)) else {
            return Err(place.bad("list"));
        };
        if items.is_empty() && companions.is_empty() {
            return Err(place.bad("list of at least one item"));
        }
        for index in 0..items.len().max(companions.len()) {
            let place = Place {
                index: Some(index),
                ..*place
            };
            // A null holds the place of what is in the other list.
            let given = Given {
                value: items.get(index).filter(|item| !item.is_null()),
                companion: companions.get(index).filter(|item| !item.is_null()),
            };
            self.item(node, element, given, &place)?;
        }
        Ok(())
    }

    fn item(
        &mut self,
        node: &NamedOrBlankNode,
        element: Element,
        given: Given<'_>,
        place: &Place<'_>,
    ) -> Result<(), RdfError> {
        let property = property(element.owner, place.name)
            .ok_or_else(|| RdfError::UnknownElement { path: place.path() })?;
        let type_name = element.type_name;
        let Given { value, companion } = given;
        if type_name == "xhtml" && companion.is_none() {
            let text = value.and_then(|value| values::literal(type_name, value));
            let text = text.ok_or_else(|| place.bad(type_name))?;
            return self.say(node.clone(), property, text);
        }
        let is_contained = type_name == "Resource";
        let blank = self.blank();
        self.say(node.clone(), property, blank.clone())?;
        let inner = NamedOrBlankNode::from(blank);
        if let Some(index) = place.index {
            self.say(inner.clone(), term("index"), Literal::from(index as u64))?;
        }
        if values::is_primitive(type_name) {
            return self.primitive(&inner, type_name, given, place);
        }
        match value {
            Some(value) if is_contained => {
                let place = Place {
                    is_resource: true,
                    ..*place
                };
                self.resource(&inner, value, &place)
            }
            Some(Value::Object(members)) if !members.is_empty() => {
                match type_name {
                    "Coding" => self.concept(&inner, members)?,
                    "Reference" => self.link(&inner, members)?,
                    _ => {}
                }
                self.members(&inner, type_name, members, place)
            }
            _ => Err(place.bad(type_name)),
        }
    }

    fn primitive(
        &mut self,
        node: &NamedOrBlankNode,
        type_name: &str,
        given: Given<'_>,
        place: &Place<'_>,
    ) -> Result<(), RdfError> {
        if let Some(value) = given.value {
            let literal = values::literal(type_name, value).ok_or_else(|| place.bad(type_name))?;
            self.say(node.clone(), term("value"), literal)?;
        }
        match (given.value, given.companion) {
            (_, Some(Value::Object(members))) => self.members(node, "Element", members, place),
            (None, None) | (_, Some(_)) => Err(place.bad(type_name)),
            (Some(_), None) => Ok(()),
        }
    }

    /// The class that a coding is of, where its system has classes.
    fn concept(
        &mut self,
        node: &NamedOrBlankNode,
        members: &Map<String, Value>,
    ) -> Result<(), RdfError> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let (Some(system), Some(code)) = (text("system"), text("code")) else {
            return Ok(());
        };
        let namespace = match system {
            "http://snomed.info/sct" => "http://snomed.info/id/",
            "http://loinc.org" => "http://loinc.org/rdf#",
            _ => return Ok(()),
        };
        let fits = !code.is_empty()
            && code
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match NamedNode::new(format!("{namespace}{code}")) {
            Ok(class) if fits => self.say(node.clone(), rdf::TYPE.into_owned(), class),
            _ => Ok(()),
        }
    }

    /// The way to the resource that a reference is to. One to a contained resource has none: that
    /// is a blank node, and HL7's shape of a reference takes IRIs only.
    fn link(
        &mut self,
        node: &NamedOrBlankNode,
        members: &Map<String, Value>,
    ) -> Result<(), RdfError> {
        let Some(reference) = members.get("reference").and_then(Value::as_str) else {
            return Ok(());
        };
        let target = match Reference::parse(reference) {
            Reference::Relative(path) => self.address(&path),
            Reference::Absolute(address) => {
                let plain = address
                    .split_once("/_history/")
                    .map_or(address, |(plain, _)| plain);
                NamedNode::new(plain).ok()
            }
            Reference::Urn(urn) => NamedNode::new(urn).ok(),
            Reference::Contained(_) | Reference::Other(_) => None,
        };
        match target {
            Some(target) => self.say(node.clone(), term("link"), target),
            None => Ok(()),
        }
    }

    /// Keeps what is not understood as it is.
    fn keep(
        &mut self,
        node: &NamedOrBlankNode,
        owner: &str,
        name: &str,
        value: Option<&Value>,
    ) -> Result<(), RdfError> {
        let Some(value) = value else {
            return Ok(());
        };
        // A name may hold what no IRI can.
        let encoded = crate::search::encode_segment(name);
        let Some(property) = property(owner, &encoded) else {
            return Err(RdfError::UnknownElement {
                path: owner.to_owned(),
            });
        };
        let blank = NamedOrBlankNode::from(self.blank());
        let json = Literal::new_typed_literal(value.to_string(), NamedNode::new_unchecked(JSON));
        self.say(node.clone(), property, blank.clone())?;
        self.say(blank, term("value"), json)
    }

    /// The node of a resource on the server, whatever its version.
    fn address(&self, path: &Path) -> Option<NamedNode> {
        let id = crate::search::encode_segment(path.id());
        NamedNode::new(format!("{}/{}/{id}", self.base, path.resource_type())).ok()
    }

    fn blank(&mut self) -> BlankNode {
        self.blanks += 1;
        BlankNode::new_unchecked(format!("f{}", self.blanks))
    }

    fn say(
        &mut self,
        subject: NamedOrBlankNode,
        property: NamedNode,
        object: impl Into<Term>,
    ) -> Result<(), RdfError> {
        if self.triples.len() >= self.most {
            return Err(RdfError::TooManyTriples { limit: self.most });
        }
        self.triples.push(Triple::new(subject, property, object));
        Ok(())
    }
}

impl Place<'_> {
    fn path(&self) -> String {
        let own = match self.index {
            Some(index) => format!("{}[{index}]", self.name),
            None => self.name.to_owned(),
        };
        match self.above {
            Some(above) => format!("{}.{own}", above.path()),
            None => own,
        }
    }

    fn bad(&self, expected: &str) -> RdfError {
        RdfError::BadValue {
            path: self.path(),
            expected: expected.to_owned(),
        }
    }
}

impl<'v> Given<'v> {
    fn both(value: &'v Value, companion: Option<&'v Value>) -> Self {
        Self {
            value: Some(value),
            companion,
        }
    }

    fn companion(companion: &'v Value) -> Self {
        Self {
            value: None,
            companion: Some(companion),
        }
    }

    fn value(value: &'v Value) -> Self {
        Self::both(value, None)
    }
}

impl RdfError {
    /// Whether it is about what the resource says, rather than how much.
    fn is_about_content(&self) -> bool {
        matches!(
            self,
            Self::BadValue { .. } | Self::UnknownElement { .. } | Self::UnknownType { .. }
        )
    }
}

/// The items of a list, none of no list; nothing for what is no list.
fn list(value: Option<&Value>) -> Option<&[Value]> {
    match value {
        None => Some(&[]),
        Some(value) => value.as_array().map(Vec::as_slice),
    }
}

fn term(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{NAMESPACE}{name}"))
}

/// `fhir:Patient.name`
fn property(owner: &str, name: &str) -> Option<NamedNode> {
    NamedNode::new(format!("{NAMESPACE}{owner}.{name}")).ok()
}
