//! Bulk export ([Bulk Data Access](https://hl7.org/fhir/uv/bulkdata/export.html)): of the one
//! patient that a token is for, which is all that a token of this server opens.
//!
//! ```text
//!  GET Patient/$export ──► 202, Content-Location ──► GET $export-status/{job}: 202 once, then 200 with the files
//!                                                     GET $export-files/{job}/{type}.ndjson
//!                                                     DELETE $export-status/{job}
//! ```

use std::collections::{BTreeMap, VecDeque};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::search::{is_recent, is_shared};
use super::{PatientResources, RecordError, not_found, outcome, record_of};
use crate::fhir::oauth::approvals::Grant;
use crate::fhir::oauth::scopes::{Interaction, permits};
use crate::fhir::replies;
use crate::fhir::resources::Release;
use crate::fhir::state::FhirState;
use crate::fhir::time::Time;
use crate::form::Pairs;
use crate::random;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

/// More jobs than this, and the oldest is forgotten.
const MOST_JOBS: usize = 1000;

const STATUS: &str = "$export-status";
const FILES: &str = "$export-files";

/// All jobs by id.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    jobs: BTreeMap<String, Job>,
    order: VecDeque<String>,
}

/// An export that was requested, and what was allowed at that time.
#[derive(Clone, Debug)]
struct Job {
    grant: Grant,
    release: Release,
    types: Vec<&'static str>,
    since: Option<String>,
    began: Time,
    request: String,
    /// The first look finds it at work, so that apps learn to wait.
    was_seen: bool,
}

/// Whether this is where the state of a job is, which may be deleted.
pub(super) fn is_status(path: &str) -> bool {
    path.split('/').next() == Some(STATUS)
}

/// Answers what is about an export; none for all else.
pub(super) fn answer(
    server: &FhirState,
    request: &RequestContext<'_>,
    grant: &Grant,
    release: Release,
    segments: &[&str],
) -> Option<Reply> {
    let reply = match (request.method(), segments) {
        (&Method::GET, ["$export"] | ["Patient", "$export"]) => {
            kick_off(server, request, grant, release)
        }
        (&Method::GET, [STATUS, job]) => state(server, request, grant, job),
        (&Method::DELETE, [STATUS, job]) => forget(server, grant, job),
        (&Method::GET, [FILES, job, file]) => match file.strip_suffix(".ndjson") {
            Some(name) => lines(server, grant, job, name),
            None => not_found(),
        },
        (_, [STATUS | FILES | "$export", ..]) => not_found(),
        _ => return None,
    };
    Some(reply)
}

fn kick_off(
    server: &FhirState,
    request: &RequestContext<'_>,
    grant: &Grant,
    release: Release,
) -> Reply {
    if !wants_to_wait(request.headers()) {
        let text = "an export is answered later: send the header Prefer with respond-async";
        return outcome(StatusCode::BAD_REQUEST, "invalid", text);
    }
    let types = match types(&request.query, release) {
        Ok(types) => types,
        Err(text) => return outcome(StatusCode::BAD_REQUEST, "invalid", &text),
    };
    let allowed = |name: &&str| {
        permits(&grant.scope, name, Interaction::Read)
            && permits(&grant.scope, name, Interaction::Search)
    };
    let types: Vec<&'static str> = types.into_iter().filter(allowed).collect();
    if types.is_empty() {
        let text = "the scopes of the token cover none of the types";
        return outcome(StatusCode::FORBIDDEN, "forbidden", text);
    }
    let id = match random::alphanumeric(24) {
        Ok(id) => id,
        Err(error) => return reply::no_randomness(error),
    };
    let base = server.base(request);
    let job = Job {
        grant: grant.clone(),
        release,
        types,
        since: request.query.first("_since").map(str::to_owned),
        began: request.now.into(),
        request: format!("{}{}", server.origin(request), request.here()),
        was_seen: false,
    };
    server.registry().exports.insert(&id, job);
    let mut reply = reply::bare(StatusCode::ACCEPTED, "");
    let place = format!("{base}{}/{STATUS}/{id}", release.path());
    if let Ok(place) = HeaderValue::try_from(place) {
        reply.headers_mut().insert(header::CONTENT_LOCATION, place);
    }
    replies::unstored(reply)
}

fn wants_to_wait(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .any(|one| one.trim() == "respond-async")
}

/// The types that are asked for, or all.
fn types(query: &Pairs, release: Release) -> Result<Vec<&'static str>, String> {
    for (name, value) in query.iter() {
        match name {
            "_type" | "_since" => {}
            "_outputFormat" if value.contains("ndjson") => {}
            _ => return Err(format!("an export knows no {name} of this value")),
        }
    }
    let all = release.types();
    let Some(asked) = query.first("_type") else {
        return Ok(all.to_vec());
    };
    let known = |name: &str| {
        let found = all.iter().find(|known| **known == name).copied();
        found.ok_or_else(|| format!("there are no resources of the type {name:?}"))
    };
    asked.split(',').map(known).collect()
}

fn state(server: &FhirState, request: &RequestContext<'_>, grant: &Grant, id: &str) -> Reply {
    let Some((job, was_seen)) = server.registry().exports.look(id, grant) else {
        return not_found();
    };
    if !was_seen {
        let mut reply = reply::bare(StatusCode::ACCEPTED, "");
        let progress = format!("0 of {} types", job.types.len());
        let headers = reply.headers_mut();
        if let Ok(progress) = HeaderValue::try_from(progress) {
            headers.insert(HeaderName::from_static("x-progress"), progress);
        }
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("0"));
        return replies::unstored(reply);
    }
    let files = format!(
        "{}{}/{FILES}/{id}",
        server.base(request),
        job.release.path()
    );
    let mut output = Vec::new();
    for name in &job.types {
        match found(server, &job, name) {
            Ok(found) if found.is_empty() => {}
            Ok(found) => output.push(json!({
                "type": name,
                "url": format!("{files}/{name}.ndjson"),
                "count": found.len(),
            })),
            Err(none) => return none.reply(),
        }
    }
    let manifest = json!({
        "transactionTime": job.began.instant(),
        "request": job.request,
        "requiresAccessToken": true,
        "output": output,
        "error": [],
    });
    replies::unstored(replies::json(StatusCode::OK, &manifest))
}

fn lines(server: &FhirState, grant: &Grant, id: &str, name: &str) -> Reply {
    let Some((job, true)) = server.registry().exports.look(id, grant) else {
        return not_found();
    };
    if !job.types.contains(&name) {
        return not_found();
    }
    match found(server, &job, name) {
        Ok(found) => {
            let lines: String = found.iter().map(|one| format!("{one}\n")).collect();
            let content_type = "application/fhir+ndjson";
            replies::unstored(reply::answer(StatusCode::OK, content_type, lines))
        }
        Err(none) => none.reply(),
    }
}

fn forget(server: &FhirState, grant: &Grant, id: &str) -> Reply {
    if server.registry().exports.remove(id, grant) {
        reply::bare(StatusCode::ACCEPTED, "")
    } else {
        not_found()
    }
}

/// The resources of a type, as they are now.
fn found(server: &FhirState, job: &Job, name: &str) -> Result<Vec<Value>, RecordError> {
    let record = record_of(server, &job.grant)?;
    let of_patient = PatientResources {
        record: &record,
        patient: &job.grant.patient,
        release: job.release,
        began: server.began,
    };
    let since = job.since.as_ref().map(|since| format!("gt{since}"));
    let mut found = of_patient.all(name);
    found.retain(|found| is_shared(found, &job.grant) && is_recent(found, since.as_deref()));
    Ok(found)
}

impl Exports {
    fn insert(&mut self, id: &str, job: Job) {
        if self.order.len() >= MOST_JOBS
            && let Some(oldest) = self.order.pop_front()
        {
            self.jobs.remove(&oldest);
        }
        self.jobs.insert(id.to_owned(), job);
        self.order.push_back(id.to_owned());
    }

    /// A job of the same client for the same user and patient, and whether it was looked at before.
    fn look(&mut self, id: &str, grant: &Grant) -> Option<(Job, bool)> {
        let job = self.jobs.get_mut(id).filter(|job| job.is_of(grant))?;
        let was_seen = std::mem::replace(&mut job.was_seen, true);
        Some((job.clone(), was_seen))
    }

    fn remove(&mut self, id: &str, grant: &Grant) -> bool {
        let is_own = self.jobs.get(id).is_some_and(|job| job.is_of(grant));
        if is_own {
            self.jobs.remove(id);
            self.order.retain(|known| known != id);
        }
        is_own
    }
}

impl Job {
    fn is_of(&self, grant: &Grant) -> bool {
        let own = &self.grant;
        (&own.client, &own.user, &own.patient) == (&grant.client, &grant.user, &grant.patient)
    }
}
