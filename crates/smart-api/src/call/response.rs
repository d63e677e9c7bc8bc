//! The answer to a call.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::OnceLock;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};
use smart_rdf::{Graph, Reader};

use crate::call::body::Body;
use crate::call::{ItemCall, ListCall};
use crate::error::ResponseError;
use crate::info::{CallInfo, Method};
use crate::model::check::check;
use crate::model::objects::objects;
use crate::model::summary::ResponseSummary;
use crate::model::{Expected, Finding, Model as _, Reading};

/// How much of an answer an error shows.
const SHOWN_CHARACTERS: usize = 80;

/// The answer to a call, in three views: bytes, graph, JSON.
#[derive(Clone)]
pub struct CallResponse<C> {
    response: Response<Bytes>,
    graph: OnceLock<Graph>,
    call: PhantomData<fn() -> C>,
}

impl<C> CallResponse<C> {
    /// Takes an answer as it came, whatever its status.
    pub fn from_http(response: Response<Bytes>) -> Self {
        Self {
            response,
            graph: OnceLock::new(),
            call: PhantomData,
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The media type without its parameters, if the answer has one.
    pub fn content_type(&self) -> Option<&str> {
        let value = self.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = value.split(';').next()?.trim();
        (!media_type.is_empty()).then_some(media_type)
    }

    /// The body as it came.
    pub fn bytes(&self) -> &Bytes {
        self.response.body()
    }

    /// The body as it came, without the rest.
    pub fn into_bytes(self) -> Bytes {
        self.response.into_body()
    }

    /// The body as a graph. It is parsed once, however often it is asked for; a graph is cheap to
    /// clone.
    ///
    /// # Errors
    ///
    /// The body is something else than RDF, or RDF that cannot be read.
    pub fn graph(&self) -> Result<Graph, ResponseError> {
        if let Some(graph) = self.graph.get() {
            return Ok(graph.clone());
        }
        let reader = self.rdf_reader()?;
        let graph = reader
            .for_slice(self.bytes())
            .map_err(|source| ResponseError::Rdf {
                content_type: reader.syntax().media_type().to_owned(),
                source,
            })?;
        Ok(self.graph.get_or_init(|| graph).clone())
    }

    /// What reads the body, if it is RDF by its media type.
    fn rdf_reader(&self) -> Result<Reader, ResponseError> {
        let header = self.headers().get(CONTENT_TYPE);
        let header = header.and_then(|value| value.to_str().ok());
        let reader = header.and_then(Reader::for_media_type);
        reader.ok_or_else(|| ResponseError::NotRdf {
            content_type: self.content_type().map(str::to_owned),
            start: self.start(),
        })
    }

    /// The body as plain objects by class, as SMART's JavaScript client has them: see
    /// [`objects`](crate::objects()).
    ///
    /// # Errors
    ///
    /// As for [`graph`](Self::graph).
    pub fn objects(&self) -> Result<serde_json::Value, ResponseError> {
        Ok(objects(&self.graph()?))
    }

    /// What the container says about its answer, if it does.
    ///
    /// # Errors
    ///
    /// As for [`graph`](Self::graph).
    pub fn summary(&self) -> Result<Option<ResponseSummary>, ResponseError> {
        Ok(ResponseSummary::of(&self.graph()?))
    }

    /// What in the answer breaks the ontology: in the statements that were asked for and in those
    /// that came along.
    ///
    /// # Errors
    ///
    /// As for [`graph`](Self::graph).
    pub fn check(&self) -> Result<Reading<()>, ResponseError> {
        Ok(check(&self.graph()?))
    }

    /// Makes sure that the container keeps what was sent, as its answer to a `PUT` shows.
    /// Containers have no other way to tell that two apps wrote at the same time.
    ///
    /// # Errors
    ///
    /// The answer is not what was sent, or of another media type.
    pub fn confirm(&self, sent: &Body) -> Result<(), ResponseError> {
        let sent_type = sent.content_type().split(';').next().unwrap_or_default();
        let is_same_type = self
            .content_type()
            .is_some_and(|kept| kept.eq_ignore_ascii_case(sent_type.trim()));
        if is_same_type && self.bytes() == sent.bytes() {
            Ok(())
        } else {
            Err(ResponseError::NotTheSame)
        }
    }

    /// Makes sure that the answer is of the kind that this call has: RDF in any syntax, or JSON
    /// that can be read. The page of a proxy or a login is neither, nor does it confirm a deletion.
    /// A call that gives back what was stored may answer with anything, a page of HTML included:
    /// see [`is_page`](Self::is_page).
    ///
    /// # Errors
    ///
    /// The answer is of another kind, or JSON that cannot be read.
    pub fn check_media_type(&self, info: &CallInfo) -> Result<(), ResponseError> {
        match info.response_media_type {
            // the word "ok", which the reference container declares as HTML
            "*/*" if info.method == Method::Delete && self.is_page() && self.has_markup() => {
                Err(ResponseError::NotConfirmed {
                    start: self.start(),
                })
            }
            "*/*" => Ok(()),
            kind if is_json(kind) => self.json().map(drop),
            _ => self.rdf_reader().map(drop),
        }
    }

    /// Whether the answer is a page of HTML by its media type.
    pub fn is_page(&self) -> bool {
        const PAGES: [&str; 2] = ["text/html", "application/xhtml+xml"];
        let is_kind = |kind: &str| PAGES.iter().any(|page| kind.eq_ignore_ascii_case(page));
        self.content_type().is_some_and(is_kind)
    }

    fn has_markup(&self) -> bool {
        self.bytes().trim_ascii_start().starts_with(b"<")
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// The body is something else than JSON, or JSON that cannot be read.
    pub fn json(&self) -> Result<serde_json::Value, ResponseError> {
        let content_type = self.content_type();
        if !content_type.is_some_and(is_json) {
            return Err(ResponseError::NotJson {
                content_type: content_type.map(str::to_owned),
                start: self.start(),
            });
        }
        serde_json::from_slice(self.bytes()).map_err(|source| ResponseError::Json { source })
    }

    /// The first characters of a page of HTML, on one line: the words of a proxy or a login page.
    /// Data would be a patient's.
    fn start(&self) -> Option<String> {
        if !self.is_page() {
            return None;
        }
        // A character takes at most four bytes; one that is cut in two at the end is not shown.
        let bytes = self.bytes();
        let head = &bytes[..bytes.len().min(4 * SHOWN_CHARACTERS)];
        let text = String::from_utf8_lossy(head);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(words.chars().take(SHOWN_CHARACTERS).collect())
    }
}

impl<C: ListCall> CallResponse<C> {
    /// The statements that were asked for, in the container's order if it tells one. What they
    /// refer to is in the same graph: see [`Reading::follow`].
    ///
    /// # Errors
    ///
    /// As for [`graph`](Self::graph), or the parts of the answer are shared too often. A value that
    /// breaks the ontology is no error but a finding of the reading.
    pub fn items(&self) -> Result<Reading<Vec<C::Model>>, ResponseError> {
        let graph = self.graph()?;
        let mut items = whole(C::Model::all_in(&graph))?;
        if let Some(summary) = ResponseSummary::of(&graph) {
            let place: HashMap<&str, usize> = summary
                .result_order
                .iter()
                .map(String::as_str)
                .zip(0..)
                .collect();
            items = items.sorted_by_key(|item| {
                let place = item.subject().iri().and_then(|iri| place.get(iri).copied());
                place.unwrap_or(usize::MAX)
            });
        }
        Ok(items)
    }
}

impl<C: ItemCall> CallResponse<C> {
    /// The statement that was asked for, if the container has it.
    ///
    /// # Errors
    ///
    /// As for [`graph`](Self::graph), or the parts of the answer are shared too often. A value that
    /// breaks the ontology is no error but a finding of the reading.
    pub fn item(&self) -> Result<Reading<Option<C::Model>>, ResponseError> {
        let graph = self.graph()?;
        whole(Reading::first_in(&graph))
    }
}

/// The reading, unless it stopped before its end: what was not read would pass for what is not
/// there.
fn whole<T>(reading: Reading<T>) -> Result<Reading<T>, ResponseError> {
    let is_stop = |finding: &Finding| finding.expected == Expected::LessSharing;
    if reading.findings().iter().any(is_stop) {
        return Err(ResponseError::TooMuchSharing);
    }
    Ok(reading)
}

/// `application/json`, or one of the kinds that end in `+json` after
/// [RFC 6839](https://www.rfc-editor.org/rfc/rfc6839#section-3.1).
fn is_json(media_type: &str) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    media_type == "application/json" || media_type.ends_with("+json")
}

impl<C> fmt::Debug for CallResponse<C> {
    /// Leaves the body out: it is a patient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallResponse")
            .field("status", &self.status())
            .field("content_type", &self.content_type())
            .field("length", &self.bytes().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content_type: &str, body: impl Into<Bytes>) -> CallResponse<()> {
        let mut response = Response::new(body.into());
        if !content_type.is_empty() {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        CallResponse::from_http(response)
    }

    const RDF: &str = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description rdf:about="http://localhost/a"><rdf:value>1</rdf:value></rdf:Description></rdf:RDF>"#;

    #[test]
    fn rdf_is_read_whatever_follows_the_media_type() {
        assert_eq!(
            answer("application/rdf+xml; charset=utf-8", RDF)
                .graph()
                .unwrap()
                .len(),
            1
        );
        let turtle = answer(
            "text/turtle",
            "<http://localhost/a> a <http://localhost/B> .",
        );
        assert_eq!(turtle.graph().unwrap().len(), 1);
        assert_eq!(turtle.graph().unwrap().len(), 1);
    }

    /// As RFC 7303 has it, the header counts more than the document's declaration.
    #[test]
    fn rdf_is_read_in_the_encoding_that_the_header_names() {
        let document = RDF.replace(">1<", ">caf\u{e9}<");
        let latin1: Vec<u8> = document.chars().map(|c| c as u8).collect();
        let text = |content_type: &str, body: Vec<u8>| {
            let graph = answer(content_type, body).graph()?;
            let text = graph.iter().next().map(|triple| triple.object.to_string());
            Ok::<_, ResponseError>(text)
        };
        let expected = Some("\"caf\u{e9}\"".to_owned());
        let header = "application/rdf+xml; charset=ISO-8859-1";
        assert_eq!(text(header, latin1.clone()).unwrap(), expected);
        assert!(text("application/rdf+xml", latin1).is_err());
        let utf8 = document.into_bytes();
        assert_eq!(text("application/rdf+xml", utf8).unwrap(), expected);
    }

    #[test]
    fn an_error_page_is_named_and_shown() {
        let page = format!("<html>\n  <h1>Bad gateway</h1>{}", "é".repeat(5000));
        let error = answer("text/html; charset=utf-8", page)
            .graph()
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("expected RDF, but the answer is text/html; it begins \"<html> <h1>Bad gateway</h1>é"),
            "{error}"
        );
        assert!(error.chars().count() < 150, "{error}");
        let error = answer("", RDF).graph().unwrap_err().to_string();
        assert_eq!(error, "expected RDF, but the answer is of no stated type");
    }

    #[test]
    fn statements_that_were_not_read_to_their_end_are_an_error() {
        use std::fmt::Write as _;

        let mut document = String::from("@prefix sp: <http://smartplatforms.org/terms#> .\n");
        for number in 0..1000 {
            let _ = writeln!(
                document,
                "<http://e.org/{number}> a sp:Medication ; sp:drugName _:n . _:n sp:provenance <http://e.org/code/{number}> ."
            );
        }
        let mut response = Response::new(document.into());
        let turtle = "text/turtle".parse().unwrap();
        response.headers_mut().insert(CONTENT_TYPE, turtle);
        let response = CallResponse::<crate::calls::GetMedications>::from_http(response);
        assert!(matches!(
            response.items(),
            Err(ResponseError::TooMuchSharing)
        ));
        assert_eq!(response.graph().unwrap().len(), 3000);
    }

    #[test]
    fn truncated_rdf_keeps_the_parser_s_story() {
        let error = answer("application/rdf+xml", &RDF[..RDF.len() - 20])
            .graph()
            .unwrap_err();
        assert!(
            matches!(&error, ResponseError::Rdf { content_type, .. } if content_type == "application/rdf+xml")
        );
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn json_is_read_and_what_is_not_json_is_shown() {
        assert_eq!(
            answer("application/json", r#"{"name":"x"}"#)
                .json()
                .unwrap()["name"],
            "x"
        );
        assert!(matches!(
            answer("application/json", "{").json(),
            Err(ResponseError::Json { .. })
        ));
        let error = answer("text/html", "<h4>\u{1b}[31mSorry</h4>")
            .json()
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            r#"expected JSON, but the answer is text/html; it begins "<h4>\u{1b}[31mSorry</h4>""#
        );
    }

    #[test]
    fn a_patient_s_data_stay_out_of_debug_output() {
        assert!(!format!("{:?}", answer("text/plain", "Daniel Adams")).contains("Adams"));
    }

    #[test]
    fn a_page_of_html_is_not_an_answer() {
        let check = |call: &str, content_type: &str, body: &'static str, expected: &str| {
            let info = CallInfo::by_name(call).unwrap();
            let checked = answer(content_type, body).check_media_type(info);
            let error = checked.err().map(|error| error.to_string());
            assert_eq!(error.unwrap_or_default(), expected, "{call} {content_type}");
        };
        let page = "<h1>Welcome</h1>";
        let begins = r#"; it begins "<h1>Welcome</h1>""#;
        let not = |kind| format!("expected {kind}, but the answer is text/html{begins}");
        check("get_medications", "text/html", page, &not("RDF"));
        check("post_clinical_note", "text/html", page, &not("RDF"));
        check("get_app_manifest", "text/html", page, &not("JSON"));
        check(
            "delete_scratchpad_data",
            "text/html",
            page,
            &format!(
                "expected a confirmation, but the answer is a page of HTML{begins}; see whether it was deleted"
            ),
        );
        // the reference container's own word
        check("delete_scratchpad_data", "text/html", "ok", "");
        check(
            "get_medications",
            "application/rdf+xml; charset=utf-8",
            "",
            "",
        );
        check("get_medications", "text/turtle", "", "");
        check("get_app_manifest", "application/json", "{}", "");
        // any app may have stored a page
        check("get_scratchpad_data", "text/html", page, "");
    }
}
