//! The ontology as it is written, without opinions: calls, filters, parameters, classes and
//! properties, texts untouched.

mod classes;

use std::collections::{BTreeMap, BTreeSet};

use smart_rdf::vocab::{dcterms, owl, rdfs};
use smart_rdf::{
    Graph, NamedNode, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, Node, ParseError,
    RdfXml, Repair, Syntax, TermRef, Turtle,
};
use thiserror::Error;

pub(crate) use classes::{Class, Property, Restriction, Rule};

/// The published file has this many malformed language tags. One more is another fault, to be
/// looked at.
const MALFORMED_LANGUAGE_TAGS: usize = 1;

/// Everything that the generator reads, in the order of the IRIs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ontology {
    pub(crate) calls: BTreeMap<NamedNode, Call>,
    pub(crate) filters: BTreeMap<NamedNode, Filter>,
    pub(crate) parameters: BTreeMap<NamedNode, Parameter>,
    pub(crate) classes: BTreeMap<NamedNode, Class>,
    pub(crate) properties: BTreeMap<NamedNode, Property>,
    /// What is said of a property in a class, by both.
    pub(crate) remarks: BTreeMap<(NamedNode, NamedNode), String>,
    /// The titles of everything that has one: the codes of closed lists among them.
    pub(crate) titles: BTreeMap<NamedNode, String>,
    /// What the reader had to repair in the document itself.
    pub(crate) repairs: Vec<String>,
}

/// An `api:Call`.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) category: String,
    pub(crate) cardinality: String,
    pub(crate) target: NamedNode,
    pub(crate) default_sort: Option<String>,
    pub(crate) response_content_type: Option<String>,
    pub(crate) filters: Vec<NamedNode>,
    pub(crate) parameters: Vec<ParameterUse>,
    pub(crate) comment: Option<String>,
    pub(crate) description: Option<String>,
}

/// A call's `api:hasParameter`.
#[derive(Clone, Debug)]
pub(crate) struct ParameterUse {
    pub(crate) parameter: NamedNode,
    /// The name that containers read, where a fix-up found that it is another one.
    pub(crate) read_as: Option<&'static str>,
}

/// An `api:Filter`.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) name: String,
    pub(crate) sparql: String,
}

/// An `api:Parameter`.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: ParameterType,
}

/// An `api:clientParameterType`, which the published file spells in two ways.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ParameterType {
    Class(NamedNode),
    Text(String),
}

impl Ontology {
    /// Reads a document.
    pub(crate) fn read(document: &[u8], syntax: Syntax) -> Result<Self, OntologyError> {
        let (graph, repairs) = match syntax {
            Syntax::RdfXml => {
                let parser = RdfXml::new().allow_entities().repair_language_tags();
                let (graph, repairs) = parser.for_slice_reporting(document)?;
                (graph, repairs.iter().map(told).collect())
            }
            Syntax::Turtle => (Turtle::new().for_slice(document)?, Vec::new()),
            _ => {
                return Err(OntologyError::Syntax {
                    media_type: syntax.media_type(),
                });
            }
        };
        if repairs.len() > MALFORMED_LANGUAGE_TAGS {
            return Err(OntologyError::TooManyRepairs { repairs });
        }
        Self::from_graph(&graph, repairs)
    }

    fn from_graph(graph: &Graph, repairs: Vec<String>) -> Result<Self, OntologyError> {
        let mut properties = BTreeMap::new();
        for kind in [owl::OBJECT_PROPERTY, owl::DATATYPE_PROPERTY] {
            properties.extend(read_nodes(graph, kind, classes::read_property)?);
        }
        let titles = graph.matching(None, Some(dcterms::TITLE), None);
        let titles = titles.filter_map(|triple| match (triple.subject, triple.object) {
            (NamedOrBlankNodeRef::NamedNode(node), TermRef::Literal(title)) => {
                Some((node.into_owned(), title.value().to_owned()))
            }
            _ => None,
        });
        Ok(Self {
            calls: read_all(graph, api::CALL, read_call)?,
            filters: read_all(graph, api::FILTER, read_filter)?,
            parameters: read_all(graph, api::PARAMETER, read_parameter)?,
            classes: read_nodes(graph, owl::CLASS, classes::read_class)?,
            properties,
            remarks: classes::read_remarks(graph),
            titles: titles.collect(),
            repairs,
        })
    }

    /// The call of this method name.
    pub(crate) fn call_mut(&mut self, name: &str) -> Option<&mut Call> {
        self.calls.values_mut().find(|call| call.name == name)
    }

    /// Whether a class is another one or lies somewhere below it.
    pub(crate) fn is_subclass(&self, class: &NamedNode, ancestor: NamedNodeRef<'_>) -> bool {
        let mut seen = BTreeSet::new();
        let mut pending = vec![class];
        while let Some(class) = pending.pop() {
            if class.as_ref() == ancestor {
                return true;
            }
            if seen.insert(class) {
                pending.extend(
                    self.classes
                        .get(class)
                        .into_iter()
                        .flat_map(|class| &class.parents),
                );
            }
        }
        false
    }
}

/// A repair in words.
fn told(repair: &Repair) -> String {
    format!(
        "{}: the language tag {:?} is the end of the text",
        repair.position, repair.language
    )
}

fn read_call(subject: &Subject<'_>) -> Result<Call, OntologyError> {
    let uses = subject.nodes(api::HAS_PARAMETER)?.into_iter();
    Ok(Call {
        name: subject.text(api::CLIENT_METHOD_NAME)?,
        method: subject.text(api::HTTP_METHOD)?,
        path: subject.text(api::PATH)?,
        category: subject.text(api::CATEGORY)?,
        cardinality: subject.text(api::CARDINALITY)?,
        target: subject.node(api::TARGET)?,
        default_sort: subject.text_if_any(api::DEFAULT_SORT)?,
        response_content_type: subject.text_if_any(api::RESPONSE_CONTENT_TYPE)?,
        filters: subject.nodes(api::HAS_FILTER)?,
        parameters: uses
            .map(|parameter| ParameterUse {
                parameter,
                read_as: None,
            })
            .collect(),
        comment: subject.text_if_any(rdfs::COMMENT)?,
        description: subject.text_if_any(api::DESCRIPTION)?,
    })
}

fn read_filter(subject: &Subject<'_>) -> Result<Filter, OntologyError> {
    Ok(Filter {
        name: subject.text(api::CLIENT_PARAMETER_NAME)?,
        sparql: subject.text(api::FILTER_SPARQL)?,
    })
}

fn read_parameter(subject: &Subject<'_>) -> Result<Parameter, OntologyError> {
    let kind = match subject.one(api::CLIENT_PARAMETER_TYPE)? {
        TermRef::NamedNode(class) => ParameterType::Class(class.into_owned()),
        TermRef::Literal(text) => ParameterType::Text(text.value().to_owned()),
        _ => return Err(subject.error(api::CLIENT_PARAMETER_TYPE, "a text or an IRI")),
    };
    Ok(Parameter {
        name: subject.text(api::CLIENT_PARAMETER_NAME)?,
        kind,
    })
}

fn read_all<T>(
    graph: &Graph,
    class: NamedNodeRef<'_>,
    read: fn(&Subject<'_>) -> Result<T, OntologyError>,
) -> Result<BTreeMap<NamedNode, T>, OntologyError> {
    let read = |node: NamedNode| {
        let item = read(&Subject { graph, node: &node })?;
        Ok((node, item))
    };
    named_instances(graph, class).map(read).collect()
}

/// As [`read_all`], by cursor.
fn read_nodes<T>(
    graph: &Graph,
    class: NamedNodeRef<'_>,
    read: fn(Node<'_>) -> Result<T, OntologyError>,
) -> Result<BTreeMap<NamedNode, T>, OntologyError> {
    let named = graph.nodes_of(class).filter_map(|node| match node.term() {
        NamedOrBlankNodeRef::NamedNode(name) => Some((name.into_owned(), node)),
        NamedOrBlankNodeRef::BlankNode(_) => None,
    });
    named.map(|(name, node)| Ok((name, read(node)?))).collect()
}

fn named_instances(graph: &Graph, class: NamedNodeRef<'_>) -> impl Iterator<Item = NamedNode> {
    graph
        .instances_of(class)
        .filter_map(|instance| match instance {
            NamedOrBlankNodeRef::NamedNode(node) => Some(node.into_owned()),
            NamedOrBlankNodeRef::BlankNode(_) => None,
        })
}

/// One node of the graph and what is said of it.
struct Subject<'a> {
    graph: &'a Graph,
    node: &'a NamedNode,
}

impl<'a> Subject<'a> {
    /// The only object of a property.
    fn one(&self, property: NamedNodeRef<'_>) -> Result<TermRef<'a>, OntologyError> {
        let mut objects = self.graph.objects(self.node.as_ref(), property);
        match (objects.next(), objects.next()) {
            (Some(object), None) => Ok(object),
            _ => Err(self.error(property, "exactly one value")),
        }
    }

    fn text(&self, property: NamedNodeRef<'_>) -> Result<String, OntologyError> {
        match self.one(property)? {
            TermRef::Literal(text) => Ok(text.value().to_owned()),
            _ => Err(self.error(property, "a text")),
        }
    }

    fn text_if_any(&self, property: NamedNodeRef<'_>) -> Result<Option<String>, OntologyError> {
        match self.graph.objects(self.node.as_ref(), property).next() {
            Some(_) => self.text(property).map(Some),
            None => Ok(None),
        }
    }

    fn node(&self, property: NamedNodeRef<'_>) -> Result<NamedNode, OntologyError> {
        match self.one(property)? {
            TermRef::NamedNode(node) => Ok(node.into_owned()),
            _ => Err(self.error(property, "an IRI")),
        }
    }

    /// All objects, sorted.
    fn nodes(&self, property: NamedNodeRef<'_>) -> Result<Vec<NamedNode>, OntologyError> {
        let mut nodes = BTreeSet::new();
        for object in self.graph.objects(self.node.as_ref(), property) {
            let TermRef::NamedNode(node) = object else {
                return Err(self.error(property, "IRIs"));
            };
            nodes.insert(node.into_owned());
        }
        Ok(nodes.into_iter().collect())
    }

    fn error(&self, property: NamedNodeRef<'_>, expected: &'static str) -> OntologyError {
        OntologyError::Value {
            subject: self.node.clone().into(),
            property: property.into_owned(),
            expected,
        }
    }
}

/// The terms that the ontology describes its calls with.
pub(crate) mod api {
    use smart_rdf::NamedNodeRef;

    macro_rules! terms {
        ($($name:ident = $local:literal,)*) => {
            $(pub(crate) const $name: NamedNodeRef<'static> =
                NamedNodeRef::new_unchecked(concat!("http://smartplatforms.org/terms/api#", $local));)*
        };
    }

    terms! {
        BASE_PATH = "base_path",
        CALL = "Call",
        CARDINALITY = "cardinality",
        CATEGORY = "category",
        CLIENT_METHOD_NAME = "clientMethodName",
        CLIENT_PARAMETER_NAME = "clientParameterName",
        CLIENT_PARAMETER_TYPE = "clientParameterType",
        DEFAULT_SORT = "defaultSort",
        DESCRIPTION = "description",
        FILTER = "Filter",
        FILTER_SPARQL = "filterSparql",
        HAS_FILTER = "hasFilter",
        HAS_PARAMETER = "hasParameter",
        HTTP_METHOD = "httpMethod",
        NAME_PLURAL = "namePlural",
        PARAMETER = "Parameter",
        PATH = "path",
        RESPONSE_CONTENT_TYPE = "responseContentType",
        TARGET = "target",
    }

    /// What a coded value has: the one property of values that restrictions look at, with the next.
    pub(crate) const CODE: NamedNodeRef<'static> =
        NamedNodeRef::new_unchecked("http://smartplatforms.org/terms#code");

    /// What a quantity has.
    pub(crate) const UNIT: NamedNodeRef<'static> =
        NamedNodeRef::new_unchecked("http://smartplatforms.org/terms#unit");
}

/// The ontology could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OntologyError {
    /// The document is not well formed.
    #[error("the ontology cannot be parsed")]
    Parse {
        /// Where the parser stopped.
        #[from]
        source: ParseError,
    },
    /// The document is in a syntax that ontologies are not read from.
    #[error("an ontology is read from RDF/XML or Turtle, not from {media_type}")]
    Syntax {
        /// The media type of the syntax.
        media_type: &'static str,
    },
    /// The document holds more faults than the one that containers are known to serve.
    #[error("more than one literal had to be repaired, which no known ontology needs: {}", repairs.join("; "))]
    TooManyRepairs {
        /// What was repaired.
        repairs: Vec<String>,
    },
    /// A property of a call, filter, parameter or class has no value, too many, or one of the wrong
    /// kind.
    #[error("{subject} needs {expected} for {property}")]
    Value {
        /// What the property belongs to.
        subject: NamedOrBlankNode,
        /// The property.
        property: NamedNode,
        /// What was expected.
        expected: &'static str,
    },
}
