//! Conditions, allergies, procedures, immunizations, encounters, notes, and the people who wrote
//! them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use smart_api::vocab::sp;
use smart_rdf::Node;
use smart_rdf::vocab::{dcterms, vcard};

use super::data_types::DataTypes as _;
use super::{Context, concept, date, put};
use crate::records::record::Statement;

const TERMINOLOGY: &str = "http://terminology.hl7.org/CodeSystem";

/// A [Condition](https://hl7.org/fhir/R4/condition.html).
pub(super) fn condition(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut condition = context.resource("Condition", statement);
    let end = date(node.text(sp::END_DATE));
    let status = if end.is_some() { "resolved" } else { "active" };
    condition["clinicalStatus"] =
        concept(&format!("{TERMINOLOGY}/condition-clinical"), status, None);
    condition["verificationStatus"] = concept(
        &format!("{TERMINOLOGY}/condition-ver-status"),
        "confirmed",
        None,
    );
    let category = format!("{TERMINOLOGY}/condition-category");
    condition["category"] = json!([concept(&category, "problem-list-item", None)]);
    condition["subject"] = context.subject();
    put(&mut condition, "code", node.concept(sp::PROBLEM_NAME));
    put(
        &mut condition,
        "onsetDateTime",
        date(node.text(sp::START_DATE)),
    );
    put(&mut condition, "abatementDateTime", end);
    put(&mut condition, "note", annotation(node));
    condition
}

/// [AllergyIntolerance](https://hl7.org/fhir/R4/allergyintolerance.html) from allergies and from
/// the statement that there is none.
pub(super) fn allergies(context: &Context<'_>) -> Vec<Value> {
    let record = context.record;
    let known = record.statements_of(sp::class::ALLERGY);
    let none = record.statements_of(sp::class::ALLERGY_EXCLUSION);
    known
        .map(|statement| allergy(context, statement))
        .chain(none.map(|statement| no_allergy(context, statement)))
        .collect()
}

fn begin_allergy(context: &Context<'_>, statement: &Statement) -> Value {
    let mut allergy = context.resource("AllergyIntolerance", statement);
    let system = format!("{TERMINOLOGY}/allergyintolerance-clinical");
    allergy["clinicalStatus"] = concept(&system, "active", None);
    let system = format!("{TERMINOLOGY}/allergyintolerance-verification");
    allergy["verificationStatus"] = concept(&system, "confirmed", None);
    allergy["patient"] = context.subject();
    allergy
}

fn allergy(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut allergy = begin_allergy(context, statement);
    let allergens = [
        sp::DRUG_CLASS_ALLERGEN,
        sp::DRUG_ALLERGEN,
        sp::OTHER_ALLERGEN,
    ];
    let allergen = allergens.into_iter().find_map(|one| node.concept(one));
    put(&mut allergy, "code", allergen);
    let category = match node.code(sp::CATEGORY) {
        Some("414285001") => Some("food"),
        Some("416098002") => Some("medication"),
        Some("426232007") => Some("environment"),
        _ => None,
    };
    put(
        &mut allergy,
        "category",
        category.map(|category| json!([category])),
    );
    put(
        &mut allergy,
        "onsetDateTime",
        date(node.text(sp::START_DATE)),
    );
    if let Some(shown) = node.concept(sp::ALLERGIC_REACTION) {
        let mut reaction = json!({"manifestation": [shown]});
        let severity = match node.code(sp::SEVERITY) {
            Some("255604002") => Some("mild"),
            Some("6736007") => Some("moderate"),
            Some("24484000" | "399166001") => Some("severe"),
            _ => None,
        };
        put(&mut reaction, "severity", severity);
        allergy["reaction"] = json!([reaction]);
    }
    allergy
}

fn no_allergy(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut allergy = begin_allergy(context, statement);
    put(
        &mut allergy,
        "code",
        node.concept(sp::ALLERGY_EXCLUSION_NAME),
    );
    put(&mut allergy, "recordedDate", date(node.text(dcterms::DATE)));
    allergy
}

/// A [Procedure](https://hl7.org/fhir/R4/procedure.html).
pub(super) fn procedure(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut procedure = context.resource("Procedure", statement);
    procedure["status"] = json!("completed");
    procedure["subject"] = context.subject();
    put(&mut procedure, "code", node.concept(sp::PROCEDURE_NAME));
    put(
        &mut procedure,
        "performedDateTime",
        date(node.text(dcterms::DATE)),
    );
    let performer = practitioner_of(node).map(|who| json!([{"actor": who}]));
    put(&mut procedure, "performer", performer);
    put(&mut procedure, "note", annotation(node));
    procedure
}

/// An [Immunization](https://hl7.org/fhir/R4/immunization.html).
pub(super) fn immunization(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut immunization = context.resource("Immunization", statement);
    let given = node
        .code(sp::ADMINISTRATION_STATUS)
        .is_none_or(|status| status != "notAdministered");
    immunization["status"] = json!(if given { "completed" } else { "not-done" });
    immunization["patient"] = context.subject();
    let vaccine = node.concept(sp::PRODUCT_NAME);
    immunization["vaccineCode"] = vaccine.unwrap_or_else(|| json!({"text": "Unknown vaccine"}));
    match date(node.text(dcterms::DATE)) {
        Some(day) => immunization["occurrenceDateTime"] = json!(day),
        None => immunization["occurrenceString"] = json!("unknown"),
    }
    put(
        &mut immunization,
        "statusReason",
        node.concept(sp::REFUSAL_REASON),
    );
    immunization
}

/// An [Encounter](https://hl7.org/fhir/R4/encounter.html).
pub(super) fn encounter(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut encounter = context.resource("Encounter", statement);
    encounter["status"] = json!("finished");
    let class = match node.code(sp::ENCOUNTER_TYPE) {
        Some("emergency") => "EMER",
        Some("home") => "HH",
        Some("inpatient") => "IMP",
        Some("virtual") => "VR",
        _ => "AMB",
    };
    encounter["class"] = json!({"system": format!("{TERMINOLOGY}/v3-ActCode"), "code": class});
    encounter["subject"] = context.subject();
    let kind = node.concept(sp::ENCOUNTER_TYPE);
    put(&mut encounter, "type", kind.map(|kind| json!([kind])));
    let mut period = json!({});
    put(&mut period, "start", date(node.text(sp::START_DATE)));
    put(&mut period, "end", date(node.text(sp::END_DATE)));
    if period.as_object().is_some_and(|period| !period.is_empty()) {
        encounter["period"] = period;
    }
    encounter
}

/// A [DocumentReference](https://hl7.org/fhir/R4/documentreference.html) that holds the text of a
/// note.
pub(super) fn note(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut note = context.resource("DocumentReference", statement);
    note["status"] = json!("current");
    note["type"] = concept("http://loinc.org", "34109-9", Some("Note"));
    note["subject"] = context.subject();
    let day = date(node.text(dcterms::DATE));
    // The element is an instant; what is known is a day.
    let instant = day.as_ref().filter(|day| day.len() == 10);
    put(
        &mut note,
        "date",
        instant.map(|day| format!("{day}T00:00:00Z")),
    );
    let title = node.text(dcterms::TITLE);
    put(&mut note, "description", title);
    put(
        &mut note,
        "author",
        practitioner_of(node).map(|who| json!([who])),
    );
    let content = node
        .node(sp::RESOURCE)
        .and_then(|resource| resource.node(sp::CONTENT));
    let text = content
        .and_then(|content| content.text(sp::VALUE))
        .unwrap_or_default();
    let mut attachment = json!({
        "contentType": "text/plain; charset=utf-8",
        "data": STANDARD.encode(text),
    });
    put(&mut attachment, "title", title);
    put(&mut attachment, "creation", day);
    note["content"] = json!([{"attachment": attachment}]);
    note
}

/// The people whom statements name as providers, each once.
pub(super) fn practitioners(context: &Context<'_>) -> Vec<Value> {
    let mut found = BTreeMap::new();
    for class in [sp::class::CLINICAL_NOTE, sp::class::PROCEDURE] {
        for statement in context.record.statements_of(class) {
            let Some((id, name)) = provider(statement.node()) else {
                continue;
            };
            let practitioner = json!({
                "resourceType": "Practitioner",
                "id": id,
                "active": true,
                "name": [name],
            });
            found.insert(id, practitioner);
        }
    }
    found.into_values().collect()
}

fn practitioner_of(node: Node<'_>) -> Option<Value> {
    let (id, _) = provider(node)?;
    Some(json!({"reference": format!("Practitioner/{id}")}))
}

/// A provider has no URI; the name is all there is to tell one from another.
fn provider(node: Node<'_>) -> Option<(String, Value)> {
    let name = node.node(sp::PROVIDER)?.node(vcard::N)?;
    let words: Vec<&str> = [vcard::GIVEN_NAME, vcard::FAMILY_NAME]
        .into_iter()
        .filter_map(|property| name.text(property))
        .collect();
    let id = super::id(&words.join("-").to_lowercase());
    Some((id, name.name()?))
}

fn annotation(node: Node<'_>) -> Option<Value> {
    let text = node.text(sp::NOTES)?;
    Some(json!([{"text": text}]))
}
