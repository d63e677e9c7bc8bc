//! Searches on one type, answered with a bundle at a time.

use http::StatusCode;
use serde_json::{Value, json};

use super::{PatientResources, outcome, resource};
use crate::fhir::oauth::approvals::Grant;
use crate::fhir::resources;
use crate::fhir::state::FhirState;
use crate::form::{Pairs, encode_pairs};
use crate::web::context::RequestContext;
use crate::web::reply::Reply;

/// Resources in one bundle, where the search does not say how many.
const USUAL_COUNT: usize = 50;
const MOST_COUNT: usize = 500;

/// Resources of a type with one of the labels that the person shared. Another patient's search is
/// empty, not an error.
pub(super) fn answer(
    server: &FhirState,
    request: &RequestContext<'_>,
    grant: &Grant,
    of_patient: &PatientResources<'_>,
    name: &str,
) -> Reply {
    let query = &request.query;
    let (count, offset) = match (number(query, "_count"), number(query, "_offset")) {
        (Ok(count), Ok(offset)) => (
            count.unwrap_or(USUAL_COUNT).min(MOST_COUNT),
            offset.unwrap_or(0),
        ),
        _ => return bad_request("_count is a whole number"),
    };
    let updated = query.first("_lastUpdated");
    let is_bound = |bound: &str| holds("2000-01-01T00:00:00Z", bound).is_some();
    if !updated.is_none_or(is_bound) {
        return bad_request("_lastUpdated is a prefix such as gt and an instant");
    }
    let found: Vec<Value> = if is_about(query, of_patient.patient) {
        let mut all = of_patient.all(name);
        all.retain(|found| {
            is_shared(found, grant) && has_category(found, query) && is_recent(found, updated)
        });
        all
    } else {
        Vec::new()
    };
    let base = format!("{}{}", server.base(request), of_patient.release.path());
    let link = |relation: &str, offset: usize| {
        let mut pairs: Vec<(&str, &str)> = query
            .iter()
            .filter(|(name, _)| !matches!(*name, "_offset" | "_count"))
            .collect();
        let (count, offset) = (count.to_string(), offset.to_string());
        pairs.push(("_count", &count));
        pairs.push(("_offset", &offset));
        json!({"relation": relation, "url": format!("{base}/{name}?{}", encode_pairs(&pairs))})
    };
    let mut links = vec![link("self", offset)];
    let end = offset.saturating_add(count);
    if count > 0 && end < found.len() {
        links.push(link("next", end));
    }
    let mut bundle = json!({
        "resourceType": "Bundle",
        "type": "searchset",
        "total": found.len(),
        "link": links,
    });
    let entries: Vec<Value> = found
        .into_iter()
        .skip(offset)
        .take(count)
        .map(|found| {
            json!({
                "fullUrl": format!("{base}/{name}/{}", found["id"].as_str().unwrap_or_default()),
                "resource": found,
                "search": {"mode": "match"},
            })
        })
        .collect();
    if !entries.is_empty() {
        bundle["entry"] = Value::Array(entries);
    }
    resource(request, &bundle)
}

fn bad_request(text: &str) -> Reply {
    outcome(StatusCode::BAD_REQUEST, "invalid", text)
}

fn number(query: &Pairs, name: &str) -> Result<Option<usize>, std::num::ParseIntError> {
    query.first(name).map(str::parse).transpose()
}

/// Whether the search is for this patient, or for none in particular.
fn is_about(query: &Pairs, patient: &str) -> bool {
    let named = query.first("patient").or(query.first("beneficiary"));
    named.is_none_or(|named| {
        let id = named.rsplit_once("Patient/").map_or(named, |(_, id)| id);
        id == patient
    })
}

pub(super) fn is_recent(found: &Value, bound: Option<&str>) -> bool {
    let instant = found["meta"]["lastUpdated"].as_str().unwrap_or_default();
    bound.is_none_or(|bound| holds(instant, bound) == Some(true))
}

pub(super) fn is_shared(found: &Value, grant: &Grant) -> bool {
    codings(&found["meta"]["security"]).any(|(system, code)| {
        system == Some(resources::LABELS)
            && (code == "public" || grant.labels.iter().any(|label| label == code))
    })
}

/// Commas stand between alternatives; a bar stands between a code system and its code.
fn has_category(found: &Value, query: &Pairs) -> bool {
    let Some(wanted) = query.first("category") else {
        return true;
    };
    let category = &found["category"];
    let concepts = category
        .as_array()
        .map_or(std::slice::from_ref(category), Vec::as_slice);
    wanted.split(',').any(|wanted| {
        let (system, code) = match wanted.split_once('|') {
            Some((system, code)) => (Some(system), code),
            None => (None, wanted),
        };
        concepts
            .iter()
            .flat_map(|concept| codings(&concept["coding"]))
            .any(|(found, text)| text == code && (system.is_none() || system == found))
    })
}

fn codings(list: &Value) -> impl Iterator<Item = (Option<&str>, &str)> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter()
        .filter_map(|coding| Some((coding["system"].as_str(), coding["code"].as_str()?)))
}

/// Whether an instant lies where `bound` says: a prefix of FHIR, or none, and a date or an instant
/// in UTC. None for a bound that is neither.
fn holds(instant: &str, bound: &str) -> Option<bool> {
    let (prefix, limit) = match bound.get(..2) {
        Some(prefix @ ("eq" | "ne" | "gt" | "ge" | "lt" | "le" | "sa" | "eb")) => {
            (prefix, &bound[2..])
        }
        _ => ("eq", bound),
    };
    let readable = limit.len() >= 4
        && limit.bytes().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'T' | b'Z' | b'+' | b'.')
        });
    if !readable {
        return None;
    }
    // A day or a year is a period: only what they have in common counts. Fractions and offsets are
    // cut off.
    let length = limit.find(['.', 'Z', '+']).unwrap_or(limit.len());
    let length = length.min(instant.len().saturating_sub(1));
    let (instant, limit) = (&instant[..length], &limit[..length]);
    Some(match prefix {
        "ne" => instant != limit,
        "gt" | "sa" => instant > limit,
        "ge" => instant >= limit,
        "lt" | "eb" => instant < limit,
        "le" => instant <= limit,
        _ => instant == limit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_with_their_prefixes() {
        let instant = "2018-07-05T17:41:24Z";
        for (bound, expected) in [
            ("gt2018-07-04T00:00:00Z", Some(true)),
            ("gt2018-07-05T17:41:24Z", Some(false)),
            ("ge2018-07-05T17:41:24.000+00:00", Some(true)),
            ("lt2019", Some(true)),
            ("2018-07", Some(true)),
            ("ne2018-07-05", Some(false)),
            ("eb2018-07-05", Some(false)),
            ("soon", None),
            ("gt", None),
            ("", None),
            ("gtö", None),
        ] {
            assert_eq!(holds(instant, bound), expected, "{bound}");
        }
    }

    #[test]
    fn a_category_may_name_its_system() {
        let found = json!({"category": [{"coding": [{"system": "s", "code": "laboratory"}]}]});
        for (query, expected) in [
            ("", true),
            ("category=laboratory", true),
            ("category=vital-signs,laboratory", true),
            ("category=s%7Claboratory", true),
            ("category=t%7Claboratory", false),
            ("category=", false),
        ] {
            assert_eq!(
                has_category(&found, &Pairs::parse(query)),
                expected,
                "{query}"
            );
        }
    }
}
