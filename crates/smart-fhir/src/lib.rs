//! FHIR interactions as data: requests to send, answers to read, searches page by page, bulk
//! exports, resources as RDF.
//!
//! What it does not do: send anything, wait, know the time, hold tokens. It has no models of FHIR's
//! types: a [`Resource`] is JSON that can be read as any type with `Deserialize`, so that any model
//! crate fits, and any release of FHIR. It does not validate.
//!
//! ```text
//!   Interaction ──► http::Request ──► (whoever sends, with a token) ──► http::Response ──► Resource, Bundle, Written, AnswerError
//!   Pages, Export ─┘   state machines: next_request, receive, until there is no more
//! ```
//!
//! # Example
//!
//! A patient and his conditions, with the server's answers made up here:
//!
//! ```
//! use smart_fhir::{Base, Interaction, Limits, Search, resource_from_http, Bundle};
//!
//! let base = Base::parse("https://ehr.example/fhir")?;
//! let limits = Limits::default();
//!
//! // 1. read a patient
//! let request = Interaction::read("Patient/smart-1288992")?.to_http(&base)?;
//! assert_eq!(request.uri(), "https://ehr.example/fhir/Patient/smart-1288992");
//! let answer = http::Response::new(r#"{"resourceType": "Patient", "id": "smart-1288992", "gender": "male"}"#);
//! let patient = resource_from_http(&answer, &limits)?;
//! assert_eq!(patient.text("gender"), Some("male"));
//!
//! // 2. search
//! let search = Search::new("Condition").with("patient", "smart-1288992").count(50);
//! let request = Interaction::search(&search)?.to_http(&base)?;
//! assert_eq!(request.uri().query(), Some("patient=smart-1288992&_count=50"));
//! let answer = http::Response::new(
//!     r#"{"resourceType": "Bundle", "type": "searchset", "total": 1,
//!         "entry": [{"resource": {"resourceType": "Condition", "id": "c", "code": {"text": "Asthma"}}}]}"#,
//! );
//! let bundle = Bundle::from_resource(resource_from_http(&answer, &limits)?, &limits)?;
//! let condition = bundle.entries()[0].resource.as_ref().ok_or("no resource")?;
//! assert_eq!(condition.text("code.text"), Some("Asthma"));
//!
//! // 3. what a server refuses keeps its words
//! let answer = http::Response::builder().status(404).body(
//!     r#"{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found", "diagnostics": "never heard"}]}"#,
//! )?;
//! let error = resource_from_http(&answer, &limits).unwrap_err();
//! assert_eq!(error.to_string(), "the server answered 404 Not Found: not-found, never heard");
//! assert!(error.outcome().is_some_and(|outcome| outcome.has_code("not-found")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where tokens go
//!
//! Every address that a server names (`next`, the state of an export, its files, absolute
//! references) is compared with the base before a request is made of it: another scheme, host or
//! port is an error, never a request.
//!
//! # Features
//!
//! `rdf`: `rdf::to_graph` writes resources of R4 as graphs in FHIR's own RDF form, so that SPARQL
//! can be asked of them.

#![cfg_attr(docsrs, feature(doc_cfg))]

// whom to ask
mod base;

// what to ask
mod interaction;
mod search;

// what comes back
mod answer;
mod bundle;
mod resource;

// who offers data
pub mod brands;

// in many steps
mod export;

// resources as graphs
#[cfg(feature = "rdf")]
pub mod rdf;

// how much, and what goes wrong
mod error;
mod limits;

// The public list.
pub use answer::{RetryAfter, Written, resource_from_http, view_from_http, written_from_http};
pub use base::Base;
pub use bundle::pages::Pages;
pub use bundle::{Bundle, Entry, EntryResponse, Resolved, resolve};
pub use error::{
    AnswerError, BaseError, ExportError, JsonFault, LineError, LinkError, PageError, ReadError,
    RequestError,
};
pub use export::ndjson::Lines;
pub use export::{
    BadLine, Export, ExportFile, ExportReport, FileKind, FileReport, Manifest, Missing,
    MissingReason, Polled, Polling, Waiting,
};
pub use interaction::{Access, Interaction, Return};
pub use limits::Limits;
pub use resource::Resource;
pub use resource::capabilities::{Capabilities, TypeCapabilities};
pub use resource::outcome::{Issue, OperationOutcome};
pub use resource::reference::{Path, Reference};
pub use search::Search;

/// The example of the README, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
