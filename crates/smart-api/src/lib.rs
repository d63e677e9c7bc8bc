//! The calls of the SMART API as typed values that become [`http::Request`]s, what records hold as
//! typed [`models`], and the call table that client and container share. Generated from the
//! ontology; the frame around it is written by hand.
//!
//! This crate opens no connection, signs nothing and reads no clock: what comes out of
//! [`CallRequest::to_http`] still wants a signature (smart-oauth) and a way to the container
//! (smart-transport). The facade, `smart`, joins the three.
//!
//! ```
//! use smart_api::{ApiBase, calls::GetMedications};
//!
//! let base = ApiBase::parse("http://localhost:7000")?;
//! let call = GetMedications::new("1288992").date_from("2008").rxnorm(["856987", "197361"]).limit(10);
//! let request = call.to_request()?.to_http(&base)?;
//! assert_eq!(
//!     request.uri(),
//!     "http://localhost:7000/records/1288992/medications/?date_from=2008&rxnorm=856987%7C197361&limit=10",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A filter that a call does not have does not compile:
//!
//! ```compile_fail,E0599
//! smart_api::calls::GetDemographics::new("1288992").date_from("2008");
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

//! # Reading
//!
//! Real data break the ontology here and there, and reading them does not fail for that: what can
//! be kept is kept, and a [`Reading`] lists the rest beside the value. A value that the ontology
//! requires is a [`Required`]: where the container left it out, reading it is an error that names
//! the property and the node, and never an empty text.
//!
//! ```
//! use smart_api::{CallResponse, calls::GetMedications};
//!
//! # let body = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:sp="http://smartplatforms.org/terms#"
//! #     xmlns:dcterms="http://purl.org/dc/terms/">
//! #   <sp:Medication rdf:about="http://localhost:7000/records/1288992/medications/1">
//! #     <sp:belongsTo rdf:resource="http://localhost:7000/records/1288992"/>
//! #     <sp:instructions>1 tab daily</sp:instructions> <sp:startDate>2009</sp:startDate>
//! #     <sp:drugName><sp:CodedValue><dcterms:title>Amiloride 5 MG</dcterms:title></sp:CodedValue></sp:drugName>
//! #   </sp:Medication></rdf:RDF>"#;
//! # let answer = http::Response::builder().header("content-type", "application/rdf+xml").body(body.into())?;
//! let response = CallResponse::<GetMedications>::from_http(answer);
//! let medications = response.medications()?;
//! for medication in &medications {
//!     println!("{} since {}", medication.drug_name.title()?, medication.start_date.get()?);
//! #   assert_eq!(medication.drug_name.title()?, "Amiloride 5 MG");
//! }
//! for finding in medications.findings() {
//!     println!("{finding}"); // <…/medications/1> sp:drugName/sp:code: expected exactly one, found none
//! }
//! # assert_eq!(medications.findings().len(), 1);
//! let strictly = medications.strict();
//! assert!(strictly.is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! References between statements are typed, and [`Reading::follow`] looks for them in the same
//! answer. What no model has a field for is still in the graph, and [`Model::write_into`] leaves it
//! there.

mod call;
mod error;
mod generated;
mod id;
mod info;
mod model;
pub mod vocab;

// The calls themselves, what records hold, and its closed lists of codes: one type each.
pub use generated::{calls, codes, models};
// What models are made of, and how they are read and written.
pub use model::{
    AnyStatement, CodeSet, Expected, Field, Finding, KnownCode, Label, Link, Linked, List,
    MissingValue, Model, Number, Reader, Reading, Required, StrictError, Subject, Value, Writer,
};
// A graph as plain objects, and what in one breaks the ontology.
pub use model::check::check;
pub use model::objects::objects;
// What calls are made of and what becomes of them.
pub use call::api_base::{ApiBase, ApiBaseError};
pub use call::body::Body;
pub use call::dynamic::DynamicCall;
pub use call::format::DocumentFormat;
pub use call::pages::{Pages, PagesBlocking};
pub use call::request::CallRequest;
pub use call::response::CallResponse;
pub use call::{Blocking, BlockingCaller, Call, Caller, ItemCall, ListCall, Prepared};
pub use error::{CallError, ResponseError};
pub use id::{AppId, ItemId, RecordId, UserId};
pub use model::date::PartialDate;
pub use model::summary::ResponseSummary;
// The ontology as data.
pub use call::path::{PathSegment, PathTemplate};
pub use generated::{CALLS, REFERENCE, STATEMENTS};
pub use info::{
    CallInfo, Cardinality, Category, DateBound, Method, ParameterKind, PathParameter,
    PathParameterKind, QueryParameter, StatementInfo,
};

/// The example of the README, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
