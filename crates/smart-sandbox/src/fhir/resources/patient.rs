//! [Patient](https://hl7.org/fhir/R4/patient.html) from the demographics.

use serde_json::{Value, json};
use smart_api::vocab::sp;
use smart_rdf::Node;
use smart_rdf::vocab::{dcterms, foaf, rdf, vcard};

use super::data_types::DataTypes as _;
use super::{Context, Release, date, put};
use crate::records::demographics::Demographics;

/// The patient of a record, who exists also where the record has no demographics.
pub(super) fn patient(context: &Context<'_>) -> Value {
    let mut patient = json!({"resourceType": "Patient", "id": context.patient, "active": true});
    let Some(demographics) = Demographics::of(context.record) else {
        return patient;
    };
    let node = demographics.statement().node();
    let names: Vec<Value> = node
        .nodes(vcard::N)
        .filter_map(Node::name)
        .map(|name| shaped(name, context.release))
        .collect();
    list(&mut patient, "name", names);
    list(
        &mut patient,
        "address",
        node.nodes(vcard::ADR).map(address).collect(),
    );
    let phones = node.nodes(vcard::TEL).filter_map(phone);
    let emails = node
        .texts(vcard::EMAIL)
        .map(|email| json!({"system": "email", "value": email}));
    list(&mut patient, "telecom", phones.chain(emails).collect());
    let identifiers = node
        .nodes(sp::MEDICAL_RECORD_NUMBER)
        .filter_map(|number| identifier(number, context.release));
    list(&mut patient, "identifier", identifiers.collect());
    let gender = match node.text(foaf::GENDER) {
        Some("female") => "female",
        Some("male") => "male",
        Some(_) => "other",
        None => "unknown",
    };
    patient["gender"] = json!(gender);
    let birthday =
        date(node.text(vcard::BDAY)).and_then(|day| day.get(..10).map(str::to_owned).or(Some(day)));
    put(&mut patient, "birthDate", birthday);
    patient
}

fn list(patient: &mut Value, name: &str, items: Vec<Value>) {
    if !items.is_empty() {
        patient[name] = Value::Array(items);
    }
}

/// In DSTU2 a person may have several family names.
fn shaped(mut name: Value, release: Release) -> Value {
    if release == Release::Dstu2 && name["family"].is_string() {
        name["family"] = json!([name["family"].take()]);
    }
    name
}

fn address(node: Node<'_>) -> Value {
    let mut address = json!({"use": if node.is_a(vcard::WORK) { "work" } else { "home" }});
    let lines: Vec<&str> = [vcard::STREET_ADDRESS, vcard::EXTENDED_ADDRESS]
        .into_iter()
        .filter_map(|property| node.text(property))
        .collect();
    if !lines.is_empty() {
        address["line"] = json!(lines);
    }
    put(&mut address, "city", node.text(vcard::LOCALITY));
    put(&mut address, "state", node.text(vcard::REGION));
    put(&mut address, "postalCode", node.text(vcard::POSTAL_CODE));
    put(&mut address, "country", node.text(vcard::COUNTRY_NAME));
    address
}

fn phone(node: Node<'_>) -> Option<Value> {
    let number = node.text(rdf::VALUE)?;
    let place = if node.is_a(vcard::CELL) {
        "mobile"
    } else if node.is_a(vcard::WORK) {
        "work"
    } else {
        "home"
    };
    Some(json!({"system": "phone", "use": place, "value": number}))
}

fn identifier(node: Node<'_>, release: Release) -> Option<Value> {
    let system = match release {
        Release::Dstu2 => "http://hl7.org/fhir/v2/0203",
        Release::R4 => "http://terminology.hl7.org/CodeSystem/v2-0203",
    };
    let title = "Medical record number";
    let coding = json!([{"system": system, "code": "MR", "display": title}]);
    Some(json!({
        "use": "usual",
        "type": {"coding": coding, "text": title},
        "system": "http://hospital.smarthealthit.org",
        "value": node.text(dcterms::IDENTIFIER)?,
    }))
}
