//! [Observation](https://hl7.org/fhir/R4/observation.html) from laboratory results, vital signs and
//! the smoking status.

use serde_json::{Value, json};
use smart_api::vocab::sp;
use smart_rdf::vocab::dcterms;
use smart_rdf::{NamedNodeRef, Node};

use super::data_types::DataTypes as _;
use super::{Context, concept, date, id, put};
use crate::records::record::Statement;

const CATEGORIES: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const LOINC: &str = "http://loinc.org";

/// The measurements of a set of vital signs, each with the end of its observation's id.
const VITAL_SIGNS: &[(NamedNodeRef<'static>, &str)] = &[
    (sp::BODY_MASS_INDEX, "bmi"),
    (sp::HEAD_CIRCUMFERENCE, "head"),
    (sp::HEART_RATE, "pulse"),
    (sp::HEIGHT, "height"),
    (sp::OXYGEN_SATURATION, "oxygen"),
    (sp::RESPIRATORY_RATE, "breath"),
    (sp::TEMPERATURE, "temp"),
    (sp::WEIGHT, "weight"),
];

pub(super) fn all(context: &Context<'_>) -> Vec<Value> {
    let record = context.record;
    let mut found: Vec<Value> = record
        .statements_of(sp::class::LAB_RESULT)
        .map(|statement| laboratory(context, statement))
        .collect();
    for statement in record.statements_of(sp::class::VITAL_SIGN_SET) {
        found.extend(vital_signs(context, statement));
    }
    let smoking = record.statements_of(sp::class::SOCIAL_HISTORY);
    found.extend(smoking.filter_map(|statement| smoking_status(context, statement)));
    found
}

fn laboratory(context: &Context<'_>, statement: &Statement) -> Value {
    let node = statement.node();
    let mut observation = begin(
        context,
        id(statement.uri.as_str()),
        "laboratory",
        "Laboratory",
    );
    let code = node.concept(sp::LAB_NAME);
    observation["code"] = code.unwrap_or_else(|| json!({"text": "Unknown test"}));
    put(
        &mut observation,
        "effectiveDateTime",
        date(node.text(dcterms::DATE)),
    );
    let quantitative = node.node(sp::QUANTITATIVE_RESULT);
    if let Some(result) = quantitative {
        put(
            &mut observation,
            "valueQuantity",
            result.quantity(sp::VALUE_AND_UNIT),
        );
        put(
            &mut observation,
            "referenceRange",
            result.node(sp::NORMAL_RANGE).and_then(range),
        );
    }
    let narrative = node.node(sp::NARRATIVE_RESULT);
    if observation["valueQuantity"].is_null() {
        let text = narrative.and_then(|result| result.text(sp::VALUE));
        put(&mut observation, "valueString", text);
    }
    observation
}

fn range(node: Node<'_>) -> Option<Value> {
    let mut range = json!({});
    put(&mut range, "low", node.quantity(sp::MINIMUM));
    put(&mut range, "high", node.quantity(sp::MAXIMUM));
    let is_empty = range.as_object().is_none_or(serde_json::Map::is_empty);
    (!is_empty).then(|| json!([range]))
}

/// One observation for each measurement, and one for both values of the blood pressure.
fn vital_signs(context: &Context<'_>, statement: &Statement) -> Vec<Value> {
    let set = statement.node();
    let day = date(set.text(dcterms::DATE));
    let begin = |suffix: &str| {
        let id = format!("{}-{suffix}", id(statement.uri.as_str()));
        let mut observation = begin(context, id, "vital-signs", "Vital Signs");
        put(&mut observation, "effectiveDateTime", day.clone());
        put(&mut observation, "encounter", context.encounter(set));
        observation
    };
    let mut found = Vec::new();
    for (property, suffix) in VITAL_SIGNS {
        let Some(measured) = set.node(*property) else {
            continue;
        };
        let mut observation = begin(suffix);
        let code = measured.concept(sp::VITAL_NAME);
        observation["code"] = code.unwrap_or_else(|| json!({"text": suffix}));
        put(&mut observation, "valueQuantity", measured.own_quantity());
        found.push(observation);
    }
    if let Some(pressure) = set.node(sp::BLOOD_PRESSURE) {
        let components: Vec<Value> = [sp::SYSTOLIC, sp::DIASTOLIC]
            .into_iter()
            .filter_map(|property| pressure.node(property))
            .filter_map(|part| {
                let (code, value) = (part.concept(sp::VITAL_NAME)?, part.own_quantity()?);
                Some(json!({"code": code, "valueQuantity": value}))
            })
            .collect();
        let mut observation = begin("pressure");
        observation["code"] = concept(LOINC, "85354-9", Some("Blood pressure panel"));
        if !components.is_empty() {
            observation["component"] = Value::Array(components);
        }
        put(
            &mut observation,
            "bodySite",
            pressure.concept(sp::BODY_SITE),
        );
        put(&mut observation, "method", pressure.concept(sp::METHOD));
        found.push(observation);
    }
    found
}

fn smoking_status(context: &Context<'_>, statement: &Statement) -> Option<Value> {
    let node = statement.node();
    let status = node.concept(sp::SMOKING_STATUS)?;
    let id = id(statement.uri.as_str());
    let mut observation = begin(context, id, "social-history", "Social History");
    observation["code"] = concept(LOINC, "72166-2", Some("Tobacco smoking status"));
    observation["valueCodeableConcept"] = status;
    Some(observation)
}

fn begin(context: &Context<'_>, id: String, category: &str, display: &str) -> Value {
    json!({
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "category": [concept(CATEGORIES, category, Some(display))],
        "subject": context.subject(),
    })
}
