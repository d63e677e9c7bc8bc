//! A place in a statement's graph, read as the data types of FHIR.

use serde_json::{Number, Value, json};
use smart_api::vocab::sp;
use smart_rdf::vocab::{dcterms, vcard};
use smart_rdf::{NamedNodeRef, Node, Object};

use super::put;

/// What the data types of FHIR are in a record.
pub(super) trait DataTypes<'a>: Sized {
    /// The first node of a property.
    fn node(self, property: NamedNodeRef<'static>) -> Option<Self>;

    /// All literals of a property.
    fn texts(self, property: NamedNodeRef<'static>) -> impl Iterator<Item = &'a str>;

    /// The first IRI of a property.
    fn address(self, property: NamedNodeRef<'static>) -> Option<&'a str>;

    /// An `sp:CodedValue` as a
    /// [CodeableConcept](https://hl7.org/fhir/R4/datatypes.html#CodeableConcept).
    fn concept(self, property: NamedNodeRef<'static>) -> Option<Value>;

    /// The identifier of the code of an `sp:CodedValue`.
    fn code(self, property: NamedNodeRef<'static>) -> Option<&'a str>;

    /// An `sp:ValueAndUnit` or `sp:VitalSign` as a
    /// [Quantity](https://hl7.org/fhir/R4/datatypes.html#Quantity).
    fn quantity(self, property: NamedNodeRef<'static>) -> Option<Value>;

    /// The same of the node itself.
    fn own_quantity(self) -> Option<Value>;

    /// A `v:Name` as a [HumanName](https://hl7.org/fhir/R4/datatypes.html#HumanName).
    fn name(self) -> Option<Value>;
}

impl<'a> DataTypes<'a> for Node<'a> {
    fn node(self, property: NamedNodeRef<'static>) -> Option<Self> {
        self.nodes(property).next()
    }

    fn texts(self, property: NamedNodeRef<'static>) -> impl Iterator<Item = &'a str> {
        self.objects(property).filter_map(|object| match object {
            Object::Literal(literal) => Some(literal.value()),
            Object::Node(_) => None,
        })
    }

    fn address(self, property: NamedNodeRef<'static>) -> Option<&'a str> {
        Some(self.node(property)?.iri()?.as_str())
    }

    fn concept(self, property: NamedNodeRef<'static>) -> Option<Value> {
        let coded = self.node(property)?;
        let mut concept = json!({});
        put(&mut concept, "text", coded.text(dcterms::TITLE));
        if let Some(coding) = coded.node(sp::CODE).and_then(coding) {
            concept["coding"] = json!([coding]);
        }
        concept
            .as_object()
            .is_some_and(|members| !members.is_empty())
            .then_some(concept)
    }

    fn code(self, property: NamedNodeRef<'static>) -> Option<&'a str> {
        let (_, code) = system_and_code(self.node(property)?.node(sp::CODE)?)?;
        Some(code)
    }

    fn quantity(self, property: NamedNodeRef<'static>) -> Option<Value> {
        self.node(property)?.own_quantity()
    }

    fn own_quantity(self) -> Option<Value> {
        let value: Number = number(self.text(sp::VALUE)?)?;
        let mut quantity = json!({"value": value});
        if let Some(unit) = self.text(sp::UNIT) {
            quantity["unit"] = json!(unit);
            quantity["system"] = json!("http://unitsofmeasure.org");
            quantity["code"] = json!(unit);
        }
        Some(quantity)
    }

    fn name(self) -> Option<Value> {
        let given: Vec<&str> = [vcard::GIVEN_NAME, vcard::ADDITIONAL_NAME]
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

fn coding(node: Node<'_>) -> Option<Value> {
    let (system, code) = system_and_code(node)?;
    let mut coding = json!({"system": fhir_system(system), "code": code});
    put(&mut coding, "display", node.text(dcterms::TITLE));
    Some(coding)
}

/// What the record says of the code, or else what its address says.
fn system_and_code(node: Node<'_>) -> Option<(&str, &str)> {
    let described = node.text(sp::SYSTEM).zip(node.text(dcterms::IDENTIFIER));
    described.or_else(|| {
        let iri = node.iri()?.as_str();
        let end = iri.rfind(['/', '#'])? + 1;
        (end < iri.len()).then(|| iri.split_at(end))
    })
}

/// A decimal. None if JSON cannot hold the number.
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
