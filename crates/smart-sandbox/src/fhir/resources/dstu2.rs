//! What R4 has, in the shapes that [DSTU2](https://hl7.org/fhir/DSTU2/resourcelist.html) has for
//! it.

use serde_json::{Map, Value, json};

use super::Time;

/// Turns a resource of R4 into one of DSTU2; types whose shapes are the same stay as they are.
pub(super) fn shaped(name: &str, resource: &mut Value, began: Time) {
    let Some(members) = resource.as_object_mut() else {
        return;
    };
    match name {
        "AllergyIntolerance" => allergy(members),
        "Condition" => condition(members),
        "DocumentReference" => note(members, began),
        "Encounter" => encounter(members),
        "Immunization" => immunization(members),
        "MedicationDispense" => dispense(members),
        "Observation" => single(members, "category", "observation-category"),
        "Practitioner" => practitioner(members),
        "Procedure" => renamed(members, "note", "notes"),
        _ => {}
    }
}

fn allergy(members: &mut Map<String, Value>) {
    members.remove("clinicalStatus");
    members.remove("verificationStatus");
    members.insert("status".to_owned(), json!("confirmed"));
    renamed(members, "code", "substance");
    required(
        members,
        "substance",
        || json!({"text": "Unknown substance"}),
    );
    renamed(members, "onsetDateTime", "onset");
    first(members, "category");
}

fn condition(members: &mut Map<String, Value>) {
    renamed(members, "subject", "patient");
    for name in ["clinicalStatus", "verificationStatus"] {
        let code = members
            .get(name)
            .map(|concept| concept["coding"][0]["code"].clone());
        members.extend(code.map(|code| (name.to_owned(), code)));
    }
    required(members, "code", || json!({"text": "Unknown problem"}));
    single(members, "category", "condition-category");
    let notes = members.remove("note").map(|note| note[0]["text"].clone());
    members.extend(notes.map(|notes| ("notes".to_owned(), notes)));
}

fn note(members: &mut Map<String, Value>, began: Time) {
    renamed(members, "date", "indexed");
    required(members, "indexed", || json!(began.instant()));
}

fn encounter(members: &mut Map<String, Value>) {
    renamed(members, "subject", "patient");
    let class = match members
        .get("class")
        .and_then(|class| class["code"].as_str())
    {
        Some("EMER") => "emergency",
        Some("HH") => "home",
        Some("IMP") => "inpatient",
        Some("VR") => "virtual",
        _ => "ambulatory",
    };
    members.insert("class".to_owned(), json!(class));
}

fn immunization(members: &mut Map<String, Value>) {
    let given = members
        .get("status")
        .is_none_or(|status| status == "completed");
    members.insert("status".to_owned(), json!("completed"));
    members.insert("wasNotGiven".to_owned(), json!(!given));
    members.insert("reported".to_owned(), json!(false));
    renamed(members, "occurrenceDateTime", "date");
    members.remove("occurrenceString");
    if let Some(reason) = members.remove("statusReason") {
        members.insert(
            "explanation".to_owned(),
            json!({"reasonNotGiven": [reason]}),
        );
    }
}

fn dispense(members: &mut Map<String, Value>) {
    renamed(members, "subject", "patient");
    let prescription = members.get_mut("authorizingPrescription");
    if let Some(reference) = prescription.and_then(|list| list.pointer_mut("/0/reference"))
        && let Some(text) = reference.as_str()
    {
        *reference = json!(text.replace("MedicationRequest/", "MedicationOrder/"));
    }
}

/// A person has one name, of several families.
fn practitioner(members: &mut Map<String, Value>) {
    first(members, "name");
    let name = members.get_mut("name");
    if let Some(family) = name.and_then(|name| name.pointer_mut("/family"))
        && family.is_string()
    {
        *family = json!([family.take()]);
    }
}

fn renamed(members: &mut Map<String, Value>, from: &str, to: &str) {
    let value = members.remove(from);
    members.extend(value.map(|value| (to.to_owned(), value)));
}

fn required(members: &mut Map<String, Value>, name: &str, make: impl Fn() -> Value) {
    members.entry(name).or_insert_with(make);
}

/// The first of a list, in its place.
fn first(members: &mut Map<String, Value>, name: &str) {
    if let Some(list) = members.get_mut(name)
        && let Some(first) = list.get_mut(0).map(Value::take)
    {
        *list = first;
    }
}

/// The first concept of a list, its code in the system that DSTU2 has for it.
fn single(members: &mut Map<String, Value>, name: &str, system: &str) {
    first(members, name);
    let concept = members.get_mut(name);
    if let Some(coding) = concept.and_then(|concept| concept.pointer_mut("/coding/0")) {
        coding["system"] = json!(format!("http://hl7.org/fhir/{system}"));
    }
}
