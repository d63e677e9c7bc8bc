//! A place in a statement's graph, read as the data types of FHIR.

use serde_json::{Number, Value, json};
use smart_api::vocab::sp;
use smart_rdf::vocab::{dcterms, rdf, vcard};
use smart_rdf::{Graph, NamedNodeRef, NamedOrBlankNodeRef, TermRef};

use super::put;
use crate::record::Statement;

/// A node of a graph.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    graph: &'a Graph,
    node: NamedOrBlankNodeRef<'a>,
}

impl<'a> Node<'a> {
    pub(super) fn of(statement: &'a Statement) -> Self {
        Self {
            graph: &statement.graph,
            node: statement.uri.as_ref().into(),
        }
    }

    /// The first literal of a property.
    pub(super) fn text(self, property: NamedNodeRef<'static>) -> Option<String> {
        self.texts(property).next()
    }

    pub(super) fn texts(self, property: NamedNodeRef<'static>) -> impl Iterator<Item = String> {
        let graph = self.graph;
        graph
            .objects(self.node, property)
            .filter_map(|term| match term {
                TermRef::Literal(literal) => Some(literal.value().to_owned()),
                _ => None,
            })
    }

    /// The first node of a property.
    pub(super) fn node(self, property: NamedNodeRef<'static>) -> Option<Self> {
        self.nodes(property).next()
    }

    pub(super) fn nodes(self, property: NamedNodeRef<'static>) -> impl Iterator<Item = Self> {
        let graph = self.graph;
        graph
            .objects(self.node, property)
            .filter_map(move |term| match term {
                TermRef::NamedNode(node) => Some(Self {
                    graph,
                    node: node.into(),
                }),
                TermRef::BlankNode(node) => Some(Self {
                    graph,
                    node: node.into(),
                }),
                _ => None,
            })
    }

    /// The first IRI of a property.
    pub(super) fn iri(self, property: NamedNodeRef<'static>) -> Option<String> {
        self.node(property)?.own_iri().map(str::to_owned)
    }

    fn own_iri(self) -> Option<&'a str> {
        match self.node {
            NamedOrBlankNodeRef::NamedNode(node) => Some(node.as_str()),
            NamedOrBlankNodeRef::BlankNode(_) => None,
        }
    }

    pub(super) fn is_a(self, class: NamedNodeRef<'_>) -> bool {
        self.graph
            .objects(self.node, rdf::TYPE)
            .any(|term| term == TermRef::NamedNode(class))
    }

    /// An `sp:CodedValue` as a [CodeableConcept](https://hl7.org/fhir/R4/datatypes.html#CodeableConcept).
    pub(super) fn concept(self, property: NamedNodeRef<'static>) -> Option<Value> {
        let coded = self.node(property)?;
        let mut concept = json!({});
        put(&mut concept, "text", coded.text(dcterms::TITLE));
        if let Some(coding) = coded.node(sp::CODE).and_then(Self::coding) {
            concept["coding"] = json!([coding]);
        }
        concept
            .as_object()
            .is_some_and(|members| !members.is_empty())
            .then_some(concept)
    }

    /// The identifier of the code of an `sp:CodedValue`.
    pub(super) fn code(self, property: NamedNodeRef<'static>) -> Option<String> {
        let (_, code) = self.node(property)?.node(sp::CODE)?.system_and_code()?;
        Some(code)
    }

    fn coding(self) -> Option<Value> {
        let (system, code) = self.system_and_code()?;
        let mut coding = json!({"system": fhir_system(&system), "code": code});
        put(&mut coding, "display", self.text(dcterms::TITLE));
        Some(coding)
    }

    /// What the record says of the code, or else what its address says.
    fn system_and_code(self) -> Option<(String, String)> {
        let described = self.text(sp::SYSTEM).zip(self.text(dcterms::IDENTIFIER));
        described.or_else(|| {
            let iri = self.own_iri()?;
            let end = iri.rfind(['/', '#'])? + 1;
            (end < iri.len()).then(|| (iri[..end].to_owned(), iri[end..].to_owned()))
        })
    }

    /// An `sp:ValueAndUnit` or `sp:VitalSign` as a [Quantity](https://hl7.org/fhir/R4/datatypes.html#Quantity).
    pub(super) fn quantity(self, property: NamedNodeRef<'static>) -> Option<Value> {
        self.node(property)?.own_quantity()
    }

    pub(super) fn own_quantity(self) -> Option<Value> {
        let value: Number = number(&self.text(sp::VALUE)?)?;
        let mut quantity = json!({"value": value});
        if let Some(unit) = self.text(sp::UNIT) {
            quantity["unit"] = json!(unit);
            quantity["system"] = json!("http://unitsofmeasure.org");
            quantity["code"] = json!(unit);
        }
        Some(quantity)
    }

    /// A `v:Name` as a [HumanName](https://hl7.org/fhir/R4/datatypes.html#HumanName).
    pub(super) fn name(self) -> Option<Value> {
        let given: Vec<String> = [vcard::GIVEN_NAME, vcard::ADDITIONAL_NAME]
            .into_iter()
            .flat_map(|property| self.texts(property))
            .collect();
        let family = self.text(vcard::FAMILY_NAME);
        let mut name = json!({"use": "official"});
        if !given.is_empty() {
            name["given"] = json!(given);
        }
        put(&mut name, "family", family);
        let parts = name.as_object().map_or(0, serde_json::Map::len);
        (parts > 1).then_some(name)
    }
}

/// A decimal; a number that JSON cannot hold is none.
fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => Number::from_f64(text.parse().ok()?),
    }
}

/// The systems of FHIR for those of the ontology; others stay as they are.
fn fhir_system(system: &str) -> &str {
    match system {
        "http://purl.bioontology.org/ontology/SNOMEDCT/" => "http://snomed.info/sct",
        "http://purl.bioontology.org/ontology/RXNORM/" => {
            "http://www.nlm.nih.gov/research/umls/rxnorm"
        }
        "http://purl.bioontology.org/ontology/LNC/" => "http://loinc.org",
        "http://purl.bioontology.org/ontology/NDFRT/" => "http://hl7.org/fhir/ndfrt",
        "http://fda.gov/UNII/" => "http://fdasis.nlm.nih.gov",
        "http://www2a.cdc.gov/nip/IIS/IISStandards/vaccines.asp?rpt=cvx#" => {
            "http://hl7.org/fhir/sid/cvx"
        }
        other => other,
    }
}
