//! Bulk export: kick-off, waiting, the list of files.

pub(crate) mod ndjson;

mod manifest;
mod report;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde_json::{Value, json};

use crate::answer::{RetryAfter, check_status, text_of};
use crate::base::Base;
use crate::error::{AnswerError, ExportError, RequestError};
use crate::limits::Limits;
use crate::resource::outcome::one_line;
use crate::resource::reference::{Path, is_id, is_type};
use crate::search::{Search, encode_segment};

pub use manifest::{ExportFile, Manifest};
pub use report::{BadLine, ExportReport, FileKind, FileReport, Missing, MissingReason};

/// What to export ([Bulk Data Access,
/// kick-off](https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-kick-off-request)).
///
/// ```text
///   Export::to_http ─── GET $export ──► 202, Content-Location
///   Export::receive ──► Polling
///     Polling::request ─── GET ───────► 202 … 202 … 200
///     Polling::receive ──► Waiting, or Manifest: files of NDJSON, to be read with Lines
///     Polling::delete_request ────────► the server forgets the job and its files
/// ```
#[derive(Clone, Debug)]
pub struct Export {
    path: String,
    parameters: Search,
    patients: Vec<String>,
    by_post: bool,
}

/// A job that the server works on. Plain data: it survives a restart by
/// [`status_address`](Self::status_address) and [`resume`](Self::resume).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polling {
    base: Base,
    status: Uri,
    limits: Limits,
}

/// What a look at a job shows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Polled {
    /// The files are there.
    Done(Box<Manifest>),
    /// Not yet. Ask again when the server says so, or after a while that grows.
    Waiting(Waiting),
}

/// How far a job has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// When the server wants to be asked again.
    pub retry_after: Option<RetryAfter>,
    /// In the server's words, at most 300 characters.
    pub progress: Option<String>,
    /// Whether the server complains that it is asked too often (429).
    pub too_often: bool,
    /// What the server says of a failure that it calls a passing one: a 5xx with `Retry-After`, or
    /// with an outcome of the code `transient`.
    pub trouble: Option<String>,
}

impl Export {
    /// All that the app may see.
    pub fn system() -> Self {
        Self::at("$export".to_owned())
    }

    /// All about all patients.
    pub fn patients() -> Self {
        Self::at("Patient/$export".to_owned())
    }

    /// All about the patients of a group.
    ///
    /// # Errors
    ///
    /// The id is invalid.
    pub fn group(id: &str) -> Result<Self, RequestError> {
        if is_id(id) {
            return Ok(Self::at(format!("Group/{}/$export", encode_segment(id))));
        }
        Err(RequestError::BadReference {
            reference: format!("Group/{id}"),
        })
    }

    fn at(path: String) -> Self {
        Self {
            path,
            parameters: Search::all_types(),
            patients: Vec::new(),
            by_post: false,
        }
    }

    /// These types alone.
    ///
    /// # Errors
    ///
    /// One of the names is no type.
    pub fn types<'a>(
        mut self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, RequestError> {
        let names: Vec<&str> = names.into_iter().collect();
        if let Some(bad) = names.iter().find(|name| !is_type(name)) {
            return Err(RequestError::BadType {
                name: (*bad).to_owned(),
            });
        }
        self.parameters = self.parameters.with_any("_type", names);
        Ok(self)
    }

    /// What changed since an instant alone, as in `2026-01-01T00:00:00Z`.
    #[must_use]
    pub fn since(mut self, instant: &str) -> Self {
        self.parameters = self.parameters.with("_since", instant);
        self
    }

    /// Any other parameter of the export, with one value as text: commas, bars, dollars and
    /// backslashes in it are escaped. [`raw`](Self::raw) takes lists and queries.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters = self.parameters.with(name, value);
        self
    }

    /// Any other parameter of the export, with its value as the specification writes it:
    /// `_elements` with `Patient.id,Patient.name`, `_typeFilter` with
    /// `Observation?code=http://loinc.org|8867-4`, `includeAssociatedData` with a code. It is
    /// encoded for the address and not otherwise changed.
    #[must_use]
    pub fn raw(mut self, name: &str, value: &str) -> Self {
        self.parameters = self.parameters.raw(name, value);
        self
    }

    /// Lets the server hand out files before all are there, in several manifests ([Bulk Data Access
    /// 3, `allowPartialManifests`](https://hl7.org/fhir/uv/bulkdata/export.html#query-parameters)).
    #[must_use]
    pub fn partial_manifests(self) -> Self {
        self.raw("allowPartialManifests", "true")
    }

    /// Kicks off by `POST` with the parameters in the body ([Bulk Data Access,
    /// kick-off](https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-kick-off-request)), which
    /// has room for many and keeps them out of addresses.
    #[must_use]
    pub fn by_post(mut self) -> Self {
        self.by_post = true;
        self
    }

    /// Only what is about these patients, such as `Patient/1`. This kicks off by `POST`.
    ///
    /// # Errors
    ///
    /// One of them is not a reference to a patient.
    pub fn of_patients<'a>(
        mut self,
        references: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, RequestError> {
        for reference in references {
            let path = Path::parse(reference)?;
            if path.resource_type() != "Patient" {
                return Err(RequestError::BadReference {
                    reference: reference.to_owned(),
                });
            }
            self.patients.push(reference.to_owned());
        }
        Ok(self.by_post())
    }

    /// The kick-off. It begins a job each time that it is sent: if its answer is lost, sending it
    /// again may leave a job behind.
    ///
    /// # Errors
    ///
    /// A parameter's name is invalid, or the address is too long.
    pub fn to_http(&self, base: &Base) -> Result<Request<Bytes>, RequestError> {
        if self.by_post {
            return self.to_post(base);
        }
        let query = self.parameters.to_query()?;
        let path = match query.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{query}", self.path),
        };
        let mut request = request(base.join(&path)?, "application/fhir+json");
        let prefer = HeaderValue::from_static("respond-async");
        request
            .headers_mut()
            .insert(HeaderName::from_static("prefer"), prefer);
        Ok(request)
    }

    fn to_post(&self, base: &Base) -> Result<Request<Bytes>, RequestError> {
        self.parameters.to_query()?; // checks the names
        let parameters = self
            .parameters
            .parameters()
            .map(|(name, value)| match name {
                "_since" | "_until" => json!({"name": name, "valueInstant": value}),
                "allowPartialManifests" => json!({"name": name, "valueBoolean": value == "true"}),
                _ => json!({"name": name, "valueString": value}),
            });
        let patients = self.patients.iter();
        let patients = patients.map(
            |reference| json!({"name": "patient", "valueReference": {"reference": reference}}),
        );
        let parameters: Vec<Value> = parameters.chain(patients).collect();
        let body = json!({"resourceType": "Parameters", "parameter": parameters});
        let mut request = request(base.join(&self.path)?, "application/fhir+json");
        *request.method_mut() = Method::POST;
        *request.body_mut() = body.to_string().into();
        let headers = request.headers_mut();
        let json = HeaderValue::from_static("application/fhir+json");
        headers.insert(header::CONTENT_TYPE, json);
        let prefer = HeaderValue::from_static("respond-async");
        headers.insert(HeaderName::from_static("prefer"), prefer);
        Ok(request)
    }

    /// Takes the answer to the kick-off.
    ///
    /// # Errors
    ///
    /// The server refuses, or names an address for the state that is not on the base's origin: no
    /// token may go there.
    pub fn receive(
        &self,
        base: &Base,
        response: &Response<impl AsRef<[u8]>>,
        limits: &Limits,
    ) -> Result<Polling, ExportError> {
        check_status(response, limits)?;
        if response.status() != StatusCode::ACCEPTED {
            return Err(ExportError::UnexpectedStatus {
                status: response.status(),
            });
        }
        let address = text_of(response.headers(), &header::CONTENT_LOCATION);
        let address = address.ok_or(ExportError::MissingStatusAddress)?;
        Polling::resume(base.clone(), address, limits.clone())
    }
}

impl Polling {
    /// A job whose address was kept.
    ///
    /// # Errors
    ///
    /// The address is not on the base's origin.
    pub fn resume(base: Base, status_address: &str, limits: Limits) -> Result<Self, ExportError> {
        let status = base.resolve(status_address)?;
        Ok(Self {
            base,
            status,
            limits,
        })
    }

    /// Where the state of the job is.
    pub fn status_address(&self) -> String {
        self.status.to_string()
    }

    /// Asks for the state.
    pub fn request(&self) -> Request<Bytes> {
        request(self.status.clone(), "application/json")
    }

    /// Takes the state.
    ///
    /// # Errors
    ///
    /// The job failed, or its state cannot be read. A failure that the server calls a passing one
    /// is not an error: see [`Waiting::trouble`].
    pub fn receive(&self, response: &Response<impl AsRef<[u8]>>) -> Result<Polled, ExportError> {
        let waiting = |too_often, trouble| {
            let progress = HeaderName::from_static("x-progress");
            Polled::Waiting(Waiting {
                retry_after: RetryAfter::read(response.headers()),
                progress: text_of(response.headers(), &progress).map(one_line),
                too_often,
                trouble,
            })
        };
        match response.status() {
            StatusCode::ACCEPTED => Ok(waiting(false, None)),
            StatusCode::TOO_MANY_REQUESTS => Ok(waiting(true, None)),
            StatusCode::OK => {
                let manifest = Manifest::from_http(&self.base, response, &self.limits)?;
                Ok(Polled::Done(Box::new(manifest)))
            }
            status => match check_status(response, &self.limits) {
                Ok(()) => Err(ExportError::UnexpectedStatus { status }),
                Err(error) if is_transient(&error) => Ok(waiting(false, Some(error.to_string()))),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// The state of the next part of the job, where the server hands its files out in several
    /// manifests. It is asked for in the same way.
    ///
    /// # Errors
    ///
    /// The manifest's link is not on the base's origin.
    pub fn next(&self, manifest: &Manifest) -> Result<Option<Self>, ExportError> {
        let Some(link) = &manifest.next else {
            return Ok(None);
        };
        let next = Self::resume(self.base.clone(), link, self.limits.clone())?;
        Ok(Some(next))
    }

    /// Tells the server to stop, or to throw the files away. Answered with 202.
    pub fn delete_request(&self) -> Request<Bytes> {
        let mut request = self.request();
        *request.method_mut() = Method::DELETE;
        request
    }
}

/// Whether the server says that the job goes on all the same ([Bulk Data Access, error
/// status](https://hl7.org/fhir/uv/bulkdata/export.html#response---error-status-1)).
fn is_transient(error: &AnswerError) -> bool {
    let AnswerError::Refused {
        status,
        retry_after,
        ..
    } = error
    else {
        return false;
    };
    let is_said = error
        .outcome()
        .is_some_and(|outcome| outcome.has_code("transient"));
    status.is_server_error() && (is_said || retry_after.is_some())
}

pub(crate) fn request(uri: Uri, accept: &'static str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    let accept = HeaderValue::from_static(accept);
    request.headers_mut().insert(header::ACCEPT, accept);
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::LinkError;

    fn base() -> Base {
        Base::parse("https://ehr.example/fhir").unwrap()
    }

    fn answer<'b>(status: u16, headers: &[(&str, &str)], body: &'b str) -> Response<&'b str> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(body).unwrap()
    }

    fn polling() -> Polling {
        Polling::resume(base(), "https://ehr.example/jobs/1", Limits::default()).unwrap()
    }

    #[test]
    fn the_kick_off_names_what_is_wanted() {
        let export = Export::group("g 1").unwrap_err();
        assert!(matches!(export, RequestError::BadReference { .. }));
        let export = Export::group("g1")
            .unwrap()
            .types(["Patient", "Condition"])
            .unwrap()
            .since("2026-01-01T00:00:00Z");
        let request = export.to_http(&base()).unwrap();
        assert_eq!(
            request.uri(),
            "https://ehr.example/fhir/Group/g1/$export?_type=Patient%2CCondition&_since=2026-01-01T00%3A00%3A00Z"
        );
        assert_eq!(request.headers()["prefer"], "respond-async");
        assert_eq!(request.headers()["accept"], "application/fhir+json");
        assert_eq!(
            Export::system().to_http(&base()).unwrap().uri(),
            "https://ehr.example/fhir/$export"
        );
        assert!(Export::patients().types(["Patient,Group"]).is_err());
    }

    #[test]
    fn the_state_is_asked_for_where_the_server_says_if_it_is_the_server() {
        let receive = |response: Response<&'static str>| {
            Export::patients().receive(&base(), &response, &Limits::default())
        };
        let polling = receive(answer(202, &[("content-location", "/jobs/1")], "")).unwrap();
        assert_eq!(polling.status_address(), "https://ehr.example/jobs/1");
        assert_eq!(polling.delete_request().method(), "DELETE");
        let foreign = receive(answer(
            202,
            &[("content-location", "https://evil.example/jobs/1")],
            "",
        ))
        .unwrap_err();
        assert!(matches!(
            foreign,
            ExportError::Link(LinkError::OtherOrigin { .. })
        ));
        assert!(matches!(
            receive(answer(202, &[], "")),
            Err(ExportError::MissingStatusAddress)
        ));
        assert!(matches!(
            receive(answer(200, &[], "{}")),
            Err(ExportError::UnexpectedStatus { .. })
        ));
        assert!(matches!(
            receive(answer(403, &[], "")),
            Err(ExportError::Answer(_))
        ));
    }

    #[test]
    fn lists_and_queries_arrive_as_they_are_written() {
        let export = Export::patients()
            .raw("_elements", "Patient.id,Patient.name")
            .raw("_typeFilter", "Observation?code=http://loinc.org|8867-4")
            .with("note", "a,b");
        let get = export.to_http(&base()).unwrap();
        assert_eq!(
            get.uri().query(),
            Some(
                "_elements=Patient.id%2CPatient.name&_typeFilter=Observation%3Fcode%3Dhttp%3A%2F%2Floinc.org%7C8867-4&note=a%5C%2Cb"
            )
        );
        let post = export
            .since("2026-01-01T00:00:00Z")
            .partial_manifests()
            .of_patients(["Patient/1"])
            .unwrap();
        let post = post.to_http(&base()).unwrap();
        assert_eq!(post.method(), "POST");
        assert_eq!(post.uri(), "https://ehr.example/fhir/Patient/$export");
        assert_eq!(post.headers()["prefer"], "respond-async");
        let body: Value = serde_json::from_slice(post.body()).unwrap();
        let expected = json!([
            {"name": "_elements", "valueString": "Patient.id,Patient.name"},
            {"name": "_typeFilter", "valueString": "Observation?code=http://loinc.org|8867-4"},
            {"name": "note", "valueString": "a\\,b"},
            {"name": "_since", "valueInstant": "2026-01-01T00:00:00Z"},
            {"name": "allowPartialManifests", "valueBoolean": true},
            {"name": "patient", "valueReference": {"reference": "Patient/1"}},
        ]);
        assert_eq!(body["parameter"], expected);
        for bad in ["1", "Group/1", "Patient/", ""] {
            assert!(Export::patients().of_patients([bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn failures_that_pass_are_waiting() {
        let transient = r#"{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "transient", "diagnostics": "busy"}]}"#;
        for (headers, body, passes) in [
            (&[][..], transient, true),
            (&[("retry-after", "5")][..], "", true),
            (&[][..], "", false),
        ] {
            let polled = polling().receive(&answer(500, headers, body));
            let trouble = match &polled {
                Ok(Polled::Waiting(waiting)) => waiting.trouble.is_some(),
                _ => false,
            };
            assert_eq!(trouble, passes, "{polled:?}");
        }
        assert!(
            polling()
                .receive(&answer(404, &[("retry-after", "5")], transient))
                .is_err()
        );
    }

    #[test]
    fn the_next_manifest_is_where_this_one_says_if_it_is_the_server() {
        let next = |link: &str| {
            let manifest = format!(
                r#"{{"transactionTime": "2026-01-01T00:00:00Z", "request": "x",
                "requiresAccessToken": true, "output": [], "error": [], "link": [{link}]}}"#
            );
            match polling().receive(&answer(200, &[], &manifest)) {
                Ok(Polled::Done(manifest)) => polling().next(&manifest),
                other => panic!("{other:?}"),
            }
        };
        assert!(next("").unwrap().is_none());
        let second = next(r#"{"relation": "next", "url": "/jobs/1?page=2"}"#).unwrap();
        assert_eq!(
            second.unwrap().status_address(),
            "https://ehr.example/jobs/1?page=2"
        );
        let foreign = next(r#"{"relation": "next", "url": "https://evil.example/2"}"#);
        assert!(matches!(foreign, Err(ExportError::Link(_))), "{foreign:?}");
    }

    #[test]
    fn waiting_ends_with_files_or_an_error() {
        let polled = polling()
            .receive(&answer(
                202,
                &[("retry-after", "5"), ("x-progress", "half")],
                "",
            ))
            .unwrap();
        let Polled::Waiting(waiting) = polled else {
            panic!()
        };
        assert_eq!(waiting.retry_after, Some(RetryAfter::Seconds(5)));
        assert_eq!(waiting.progress.as_deref(), Some("half"));
        let often = polling()
            .receive(&answer(429, &[("retry-after", "60")], ""))
            .unwrap();
        assert!(matches!(
            often,
            Polled::Waiting(Waiting {
                too_often: true,
                ..
            })
        ));
        assert!(matches!(
            polling().receive(&answer(500, &[], "")),
            Err(ExportError::Answer(_))
        ));
        assert!(matches!(
            polling().receive(&answer(204, &[], "")),
            Err(ExportError::UnexpectedStatus { .. })
        ));
        assert!(matches!(
            polling().receive(&answer(200, &[], "[]")),
            Err(ExportError::Answer(_))
        ));
    }
}
