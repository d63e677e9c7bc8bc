//! From statements to FHIR resources. Each type has a file of its own; what they share is here.

mod clinical;
mod data_types;
mod dstu2;
mod medications;
mod observations;
mod patient;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use smart_api::vocab::sp;
use smart_rdf::Node;

use super::time::Time;
use crate::records::record::{Record, Statement};
use data_types::DataTypes as _;

/// The release of FHIR whose shapes are asked for, each at a base of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    Dstu2,
    R4,
}

/// The system of the labels that a person shares records by.
pub(super) const LABELS: &str = "http://smarthealthit.org/security/categories";
const PATIENT_TAGS: &str = "http://smarthealthit.org/security/patient";

impl Release {
    /// Where its base lies below the server.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Dstu2 => "/api/dstu2",
            Self::R4 => "/api/fhir",
        }
    }

    /// The types of which there are resources.
    pub(super) fn types(self) -> &'static [&'static str] {
        match self {
            Self::Dstu2 => &[
                "AllergyIntolerance",
                "Condition",
                "DocumentReference",
                "Encounter",
                "Immunization",
                "MedicationDispense",
                "MedicationOrder",
                "Observation",
                "Patient",
                "Practitioner",
                "Procedure",
            ],
            Self::R4 => &[
                "AllergyIntolerance",
                "Condition",
                "DocumentReference",
                "Encounter",
                "Immunization",
                "MedicationDispense",
                "MedicationRequest",
                "Observation",
                "Patient",
                "Practitioner",
                "Procedure",
            ],
        }
    }
}

/// What all resources of one answer have in common.
pub(super) struct Context<'a> {
    pub(super) record: &'a Record,
    /// FHIR id.
    pub(super) patient: &'a str,
    pub(super) release: Release,
}

/// All resources of a type in a record; none where the type does not exist in the release.
pub(super) fn of_type(
    record: &Record,
    patient: &str,
    release: Release,
    name: &str,
    began: Time,
) -> Vec<Value> {
    if !release.types().contains(&name) {
        return Vec::new();
    }
    let context = Context {
        record,
        patient,
        release,
    };
    let mut found = match name {
        "AllergyIntolerance" => clinical::allergies(&context),
        "Condition" => context.map(sp::class::PROBLEM, clinical::condition),
        "DocumentReference" => context.map(sp::class::CLINICAL_NOTE, clinical::note),
        "Encounter" => context.map(sp::class::ENCOUNTER, clinical::encounter),
        "Immunization" => context.map(sp::class::IMMUNIZATION, clinical::immunization),
        "MedicationDispense" => context.map(sp::class::FULFILLMENT, medications::dispense),
        "MedicationOrder" => context.map(sp::class::MEDICATION, medications::order),
        "MedicationRequest" => context.map(sp::class::MEDICATION, medications::request),
        "Observation" => observations::all(&context),
        "Patient" => vec![patient::patient(&context)],
        "Practitioner" => clinical::practitioners(&context),
        "Procedure" => context.map(sp::class::PROCEDURE, clinical::procedure),
        _ => Vec::new(),
    };
    for resource in &mut found {
        let labels: Vec<&str> = labels(name, resource).to_vec();
        let updated = updated(record, resource, began);
        resource["meta"] = meta(&labels, patient, updated);
        if release == Release::Dstu2 {
            dstu2::shaped(name, resource, began);
        }
    }
    found
}

/// By which labels a person shares a resource. The original has none for encounters, notes and
/// practitioners.
fn labels(name: &str, resource: &Value) -> &'static [&'static str] {
    match name {
        // Clients that register get the second spelling, the built-in clients the first.
        "AllergyIntolerance" => &["allergy", "allergies"],
        "Condition" => &["problems"],
        "Immunization" => &["immunizations"],
        "MedicationDispense" | "MedicationOrder" | "MedicationRequest" => &["medications"],
        "Observation" => match resource["category"][0]["coding"][0]["code"].as_str() {
            Some("laboratory") => &["laboratory"],
            Some("vital-signs") => &["vital-signs"],
            _ => &["smoking"],
        },
        "Practitioner" => &["public"],
        "Procedure" => &["procedures"],
        _ => &["patient"],
    }
}

/// Where the day of what a resource is about may be.
const DAYS: &[&str] = &[
    "/abatementDateTime",
    "/authoredOn",
    "/date",
    "/dateEnded",
    "/dateWritten",
    "/effectiveDateTime",
    "/occurrenceDateTime",
    "/onsetDateTime",
    "/performedDateTime",
    "/period/end",
    "/period/start",
    "/recordedDate",
    "/whenHandedOver",
];

/// When a resource was last updated: when it was posted, or else on the last day that it tells of,
/// as if it had been written down then; what tells of no day, or of one to come, when the server
/// began.
fn updated(record: &Record, resource: &Value, began: Time) -> Time {
    let own = resource["id"].as_str().unwrap_or_default();
    let posted = record
        .posted()
        .find_map(|(statement, at)| (id(statement.uri.as_str()) == own).then(|| Time::from(at)));
    posted.unwrap_or_else(|| {
        let days = DAYS
            .iter()
            .filter_map(|place| resource.pointer(place)?.as_str());
        let last = days
            .filter_map(|day| Time::parse_date(day.get(..10)?))
            .max();
        last.filter(|day| *day < began).unwrap_or(began)
    })
}

fn meta(labels: &[&str], patient: &str, updated: Time) -> Value {
    let mut security: Vec<Value> = labels
        .iter()
        .map(|label| json!({"system": LABELS, "code": label}))
        .collect();
    security.push(json!({"system": PATIENT_TAGS, "code": format!("Patient/{patient}")}));
    json!({"versionId": "1", "lastUpdated": updated.instant(), "security": security})
}

impl<'a> Context<'a> {
    /// One resource for each statement of a class.
    fn map(
        &self,
        class: smart_rdf::NamedNodeRef<'a>,
        make: impl Fn(&Self, &'a Statement) -> Value,
    ) -> Vec<Value> {
        self.record
            .statements_of(class)
            .map(|statement| make(self, statement))
            .collect()
    }

    fn subject(&self) -> Value {
        json!({"reference": format!("Patient/{}", self.patient)})
    }

    /// A resource of this type with the id of its statement.
    fn resource(&self, name: &str, statement: &Statement) -> Value {
        json!({"resourceType": name, "id": id(statement.uri.as_str())})
    }

    /// The encounter that a statement belongs to.
    fn encounter(&self, statement: Node<'_>) -> Option<Value> {
        let uri = statement.address(sp::ENCOUNTER)?;
        Some(json!({"reference": format!("Encounter/{}", id(uri))}))
    }
}

/// The id that an URI becomes: its last segment, if that can be an id of FHIR.
fn id(uri: &str) -> String {
    let last = uri.rsplit(['/', '#']).next().unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    // Suffixes of vital signs must fit, too.
    if !last.is_empty() && last.len() <= 48 && last.bytes().all(fits) {
        return last.to_owned();
    }
    let digest = Sha256::digest(uri.as_bytes());
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Puts a member in if there is something to put in.
fn put(resource: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        resource[name] = value.into();
    }
}

/// A concept of one code.
fn concept(system: &str, code: &str, display: Option<&str>) -> Value {
    let mut coding = json!({"system": system, "code": code});
    put(&mut coding, "display", display);
    json!({"coding": [coding]})
}

/// A date as the record has it, if FHIR can hold it: a year, a month, a day, or an instant.
fn date(text: Option<&str>) -> Option<String> {
    let text = text?;
    let digits = |range: std::ops::Range<usize>| {
        text.get(range)
            .is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let shaped = match text.len() {
        4 => digits(0..4),
        7 => digits(0..4) && digits(5..7) && text.as_bytes()[4] == b'-',
        10 => Time::parse_date(text).is_some(),
        20.. => text
            .get(..10)
            .is_some_and(|day| Time::parse_date(day).is_some()),
        _ => false,
    };
    shaped.then(|| text.to_owned())
}
