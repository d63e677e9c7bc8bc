//! The calls of the SMART API as typed values that become [`http::Request`]s, and the call table that client and container
//! share. Generated from the ontology; the frame around it is written by hand.
//!
//! This crate opens no connection, signs nothing and reads no clock: what comes out of [`CallRequest::to_http`] still wants
//! a signature (smart-oauth) and a way to the container (smart-transport). The facade, `smart`, joins the three.
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

mod api_base;
mod body;
mod call;
mod date;
mod dynamic;
mod error;
mod generated;
mod id;
mod info;
mod path;
mod request;
mod response;
pub mod vocab;

// The calls themselves, one type each.
pub use generated::calls;
// What calls are made of and what becomes of them.
pub use api_base::{ApiBase, ApiBaseError};
pub use body::Body;
pub use call::{Call, Caller, Prepared};
pub use date::DateParameter;
pub use dynamic::DynamicCall;
pub use error::{CallError, ResponseError};
pub use id::{AppId, ItemId, RecordId, UserId};
pub use request::CallRequest;
pub use response::CallResponse;
// The ontology as data.
pub use generated::{CALLS, STATEMENTS};
pub use info::{
    CallInfo, Cardinality, Category, DateBound, Method, ParameterKind, PathParameter,
    PathParameterKind, QueryParameter, StatementInfo,
};
pub use path::{PathSegment, PathTemplate};
