//! What lies below a FHIR base: who asks, whether it may be asked, and the answer.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::replies;
use super::resources::{self, Release};
use super::state::FhirState;
use super::time::Time;
use crate::fhir::oauth::approvals::Grant;
use crate::fhir::oauth::scopes::{Interaction, permits};
use crate::fhir::oauth::users::record_id;
use crate::form::{self, Pairs};
use crate::records::record::Record;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

pub(super) mod discovery;
pub(super) mod export;
mod search;

/// What may stand in a query, with the types of FHIR. All else is refused, as on the original.
pub(super) const SEARCH_PARAMETERS: &[(&str, &str)] = &[
    ("_lastUpdated", "date"),
    ("_security", "token"),
    ("category", "token"),
    ("patient", "reference"),
];

/// Names that are no search parameters. `_offset` is this server's own, in the links of a bundle.
const OTHER_NAMES: &[&str] = &["_count", "_format", "_offset", "beneficiary"];

/// What may stand first in a path. Some of these types are known to the original and empty here.
const TYPES: &[&str] = &[
    "AllergyIntolerance",
    "Binary",
    "Condition",
    "Coverage",
    "DocumentReference",
    "Encounter",
    "ExplanationOfBenefit",
    "ImagingStudy",
    "Immunization",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationOrder",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Patient",
    "Practitioner",
    "Procedure",
];

/// Answers a request below a base.
pub(super) fn answer(server: &FhirState, request: &RequestContext<'_>, release: Release) -> Reply {
    let below = request.path.strip_prefix(release.path());
    let Some(path) = below.and_then(|below| below.strip_prefix('/')) else {
        return reply::not_found();
    };
    if *request.method() == Method::GET {
        match path {
            "metadata" => return discovery::metadata(server, request, release),
            ".well-known/smart-configuration" => {
                return discovery::smart_configuration(server, request);
            }
            _ => {}
        }
    }
    let may_delete = *request.method() == Method::DELETE && export::is_status(path);
    let writes = matches!(
        *request.method(),
        Method::PUT | Method::PATCH | Method::DELETE
    );
    if writes && !may_delete {
        return reply::method_not_allowed("GET, HEAD, OPTIONS, POST");
    }
    let grant = bearer(request.headers()).and_then(|token| {
        let registry = server.registry();
        let approval = registry.approvals.access(token, request.now.into())?;
        Some(approval.grant.clone())
    });
    let Some(mut grant) = grant else {
        return replies::html(StatusCode::UNAUTHORIZED);
    };
    server.edges.opened(request, &mut grant);
    let segments: Vec<_> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    if let Some(reply) = export::answer(server, request, &grant, release, &segments) {
        return reply;
    }
    if let Some(refusal) = not_to_be_asked(request, path) {
        return refusal;
    }
    if let Err(format) = check_format(&request.query) {
        return outcome(StatusCode::NOT_ACCEPTABLE, "not-supported", &format);
    }
    match segments.as_slice() {
        [name] => with_record(server, request, &grant, release, name, None),
        [name, id] => with_record(server, request, &grant, release, name, Some(id)),
        _ => not_found(),
    }
}

/// The token of the header ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1));
/// nothing else counts.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Parameter names, method, type, in the order of the original.
fn not_to_be_asked(request: &RequestContext<'_>, path: &str) -> Option<Reply> {
    for (name, _) in request.query.iter() {
        let known = SEARCH_PARAMETERS.iter().any(|(known, _)| *known == name)
            || OTHER_NAMES.contains(&name);
        if !known {
            return Some(not_allowed(name, "parameter"));
        }
    }
    if *request.method() != Method::GET {
        return Some(not_allowed(request.method().as_str(), "method"));
    }
    let name = path.split('/').next().unwrap_or_default();
    (!TYPES.contains(&name)).then(|| not_allowed(name, "resource type"))
}

fn not_allowed(what: &str, kind: &str) -> Reply {
    let error = format!("Not allowed to query for \"{what}\" {kind}.");
    replies::json(StatusCode::FORBIDDEN, &json!({"error": error}))
}

/// JSON is all there is. Older spellings are known, newer ones start with `application/`, too.
fn check_format(query: &Pairs) -> Result<(), String> {
    match query.first("_format") {
        Some(format) if !format.contains("json") => Err(format!(
            "the format \"{format}\" is not offered, ask for json"
        )),
        _ => Ok(()),
    }
}

/// Reads or searches in the record that the token is for; nothing else is ever looked at.
fn with_record(
    server: &FhirState,
    request: &RequestContext<'_>,
    grant: &Grant,
    release: Release,
    name: &str,
    id: Option<&str>,
) -> Reply {
    let interaction = match id {
        Some(_) => Interaction::Read,
        None => Interaction::Search,
    };
    let covered = permits(&grant.scope, name, interaction);
    if !covered {
        let text = format!("the scopes of the token do not cover this use of {name}");
        return outcome(StatusCode::FORBIDDEN, "forbidden", &text);
    }
    let record = match record_of(server, grant) {
        Ok(record) => record,
        Err(none) => return none.reply(),
    };
    let of_patient = PatientResources {
        record: &record,
        patient: &grant.patient,
        release,
        began: server.began,
    };
    match id {
        Some(id) => match form::decode_segment(id).and_then(|id| of_patient.find(name, &id)) {
            Some(found) => resource(request, &found),
            None => not_found(),
        },
        None => search::answer(server, request, grant, &of_patient, name),
    }
}

/// The record of the patient that a grant is for.
fn record_of(server: &FhirState, grant: &Grant) -> Result<Arc<Record>, RecordError> {
    match record_id(&grant.patient).map(|id| server.store.record(id)) {
        Some(Ok(Some(record))) => Ok(record),
        Some(Err(error)) => {
            tracing::error!(%error, "a record cannot be made");
            Err(RecordError::Broken)
        }
        _ => Err(RecordError::Unknown),
    }
}

/// Why a record cannot be read.
enum RecordError {
    Broken,
    Unknown,
}

impl RecordError {
    fn reply(&self) -> Reply {
        match self {
            Self::Broken => reply::server_error(),
            Self::Unknown => not_found(),
        }
    }
}

/// The resources of one record, made when they are asked for.
struct PatientResources<'a> {
    record: &'a Record,
    patient: &'a str,
    release: Release,
    began: Time,
}

impl PatientResources<'_> {
    fn all(&self, name: &str) -> Vec<Value> {
        resources::of_type(self.record, self.patient, self.release, name, self.began)
    }

    fn find(&self, name: &str, id: &str) -> Option<Value> {
        self.all(name).into_iter().find(|found| found["id"] == id)
    }
}

fn not_found() -> Reply {
    let text = "there is no such resource in the record that the token is for";
    outcome(StatusCode::NOT_FOUND, "not-found", text)
}

/// An [OperationOutcome](https://hl7.org/fhir/R4/operationoutcome.html).
fn outcome(status: StatusCode, code: &str, diagnostics: &str) -> Reply {
    let body = json!({
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": diagnostics}],
    });
    let mut reply = replies::json(status, &body);
    let fhir = HeaderValue::from_static(FHIR_JSON);
    reply.headers_mut().insert(header::CONTENT_TYPE, fhir);
    reply
}

const FHIR_JSON: &str = "application/fhir+json";

/// A resource, in the media type that was asked for.
fn resource(request: &RequestContext<'_>, body: &Value) -> Reply {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok()).unwrap_or("");
    let content_type = [FHIR_JSON, "application/json+fhir", "application/json"]
        .into_iter()
        .find(|offered| accept.contains(offered))
        .unwrap_or(FHIR_JSON);
    replies::unstored(reply::answer(
        StatusCode::OK,
        content_type,
        format!("{body:#}\n"),
    ))
}
