//! [MedicationRequest](https://hl7.org/fhir/R4/medicationrequest.html), its forerunner
//! [MedicationOrder](https://hl7.org/fhir/DSTU2/medicationorder.html), and
//! [MedicationDispense](https://hl7.org/fhir/R4/medicationdispense.html).

use serde_json::{Value, json};
use smart_api::vocab::sp;
use smart_rdf::Node;
use smart_rdf::vocab::dcterms;

use super::data_types::DataTypes as _;
use super::{Context, date, id, put};
use crate::records::record::Statement;

pub(super) fn request(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut request = context.resource("MedicationRequest", statement);
    request["status"] = json!(status(node));
    request["intent"] = json!("order");
    request["subject"] = context.subject();
    request["medicationCodeableConcept"] = drug(node);
    put(&mut request, "authoredOn", date(node.text(sp::START_DATE)));
    put(&mut request, "dosageInstruction", dosage(node));
    request
}

pub(super) fn order(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut order = context.resource("MedicationOrder", statement);
    order["status"] = json!(status(node));
    order["patient"] = context.subject();
    order["medicationCodeableConcept"] = drug(node);
    put(&mut order, "dateWritten", date(node.text(sp::START_DATE)));
    put(&mut order, "dateEnded", date(node.text(sp::END_DATE)));
    let instructions = node.text(sp::INSTRUCTIONS);
    put(
        &mut order,
        "dosageInstruction",
        instructions.map(|text| json!([{"text": text}])),
    );
    order
}

pub(super) fn dispense(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut dispense = context.resource("MedicationDispense", statement);
    dispense["status"] = json!("completed");
    dispense["subject"] = context.subject();
    let medication = node.address(sp::MEDICATION);
    let prescribed = medication.and_then(|uri| {
        let uri = smart_rdf::NamedNodeRef::new_unchecked(uri);
        context.record.statement(uri)
    });
    dispense["medicationCodeableConcept"] = match prescribed {
        Some(prescribed) => drug(prescribed.node()),
        None => json!({"text": "Unknown medication"}),
    };
    let reference = |uri: &str| json!([{"reference": format!("MedicationRequest/{}", id(uri))}]);
    put(
        &mut dispense,
        "authorizingPrescription",
        medication.map(reference),
    );
    put(
        &mut dispense,
        "whenHandedOver",
        date(node.text(dcterms::DATE)),
    );
    put(
        &mut dispense,
        "quantity",
        node.quantity(sp::QUANTITY_DISPENSED),
    );
    let days = node.text(sp::DISPENSE_DAYS_SUPPLY);
    let days = days.and_then(|days| days.trim().parse::<u32>().ok());
    put(
        &mut dispense,
        "daysSupply",
        days.map(|days| {
            json!({"value": days, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"})
        }),
    );
    dispense
}

fn drug(node: Node<'_>) -> Value {
    node.concept(sp::DRUG_NAME)
        .unwrap_or_else(|| json!({"text": "Unknown medication"}))
}

/// A medication with an end was stopped or used up; the record does not say which.
fn status(node: Node<'_>) -> &'static str {
    match node.text(sp::END_DATE) {
        Some(_) => "completed",
        None => "active",
    }
}

fn dosage(node: Node<'_>) -> Option<Value> {
    let mut dosage = json!({"text": node.text(sp::INSTRUCTIONS)?});
    if let (Some(start), Some(end)) = (
        date(node.text(sp::START_DATE)),
        date(node.text(sp::END_DATE)),
    ) {
        dosage["timing"] = json!({"repeat": {"boundsPeriod": {"start": start, "end": end}}});
    }
    Some(json!([dosage]))
}
