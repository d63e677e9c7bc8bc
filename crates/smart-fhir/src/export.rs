//! Bulk export: kick-off, waiting, the list of files.

mod manifest;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};

use crate::answer::{RetryAfter, check_status, text_of};
use crate::base::Base;
use crate::error::{ExportError, RequestError};
use crate::limits::Limits;
use crate::outcome::one_line;
use crate::reference::{is_id, is_type};
use crate::search::{Search, encode_segment};

pub use manifest::{ExportFile, Manifest};

/// What to export ([Bulk Data Access, kick-off](https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-kick-off-request)).
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
}

/// A job that the server works on. Plain data: it survives a restart by [`status_address`](Self::status_address) and
/// [`resume`](Self::resume).
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
    /// The id is none.
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

    /// Any other parameter of the export.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters = self.parameters.with(name, value);
        self
    }

    /// The kick-off.
    ///
    /// # Errors
    ///
    /// A parameter's name is none, or the address is too long.
    pub fn to_http(&self, base: &Base) -> Result<Request<Bytes>, RequestError> {
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

    /// Takes the answer to the kick-off.
    ///
    /// # Errors
    ///
    /// The server refuses, or names an address for the state that is not on the base's origin: no token may go there.
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
    /// The job failed, or its state cannot be read. [`AnswerError::status`](crate::AnswerError::status) tells passing failures
    /// (5xx) from others.
    pub fn receive(&self, response: &Response<impl AsRef<[u8]>>) -> Result<Polled, ExportError> {
        let waiting = |too_often| {
            let progress = HeaderName::from_static("x-progress");
            Polled::Waiting(Waiting {
                retry_after: RetryAfter::read(response.headers()),
                progress: text_of(response.headers(), &progress).map(one_line),
                too_often,
            })
        };
        match response.status() {
            StatusCode::ACCEPTED => Ok(waiting(false)),
            StatusCode::TOO_MANY_REQUESTS => Ok(waiting(true)),
            StatusCode::OK => {
                let manifest = Manifest::from_http(&self.base, response, &self.limits)?;
                Ok(Polled::Done(Box::new(manifest)))
            }
            status => {
                check_status(response, &self.limits)?;
                Err(ExportError::UnexpectedStatus { status })
            }
        }
    }

    /// Tells the server to stop, or to throw the files away. Answered with 202.
    pub fn delete_request(&self) -> Request<Bytes> {
        let mut request = self.request();
        *request.method_mut() = http::Method::DELETE;
        request
    }
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

    fn answer(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response<&'static str> {
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
