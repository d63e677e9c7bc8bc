//! A client for SMART health containers: typed calls, signed and sent.
//!
//! A SMART container keeps patient records as RDF behind a REST API, and gives an app a token for
//! each record that it may read. This crate is what an app author needs of that: the
//! [`Client`](classic::Client) knows the container, a [`Record`](classic::Record) is a handle with
//! its own token and a method for each call, an answer is a list of typed
//! [`models`](classic::models), or a [`Graph`] to query in SPARQL.
//!
//! ```text
//!                       ┌── authorize(id) ──► Authorization ── exchange(callback) ──┐   a user allows one record
//!   Client::builder() ──┤                                                         ├──► Record ── get_medications() … send()
//!                       └── records() ──────► RecordSweep ── try_next() ──────────┘   a background app reads all
//! ```
//!
//! # A background app
//!
//! It prints each record's drugs. The transport here answers from memory, so that the example runs
//! anywhere; leave it out, and the client talks to the container at that address.
//!
//! ```
//! use smart::{PREFIXES, Query};
//! use smart::classic::Client;
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # async fn container(request: Request<Bytes>) -> Result<Response<Bytes>, smart::transport::TransportError> {
//! #     const FORM: &str = "application/x-www-form-urlencoded";
//! #     let (status, content_type, body) = match request.uri().path() {
//! #         "/apps/counter@apps.example.org/tokens/records/first" =>
//! #             (200, FORM, "smart_record_id=1288992&oauth_token=t&oauth_token_secret=s"),
//! #         "/records/1288992/medications/" => (200, "application/rdf+xml", r#"
//! #             <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
//! #                 xmlns:sp="http://smartplatforms.org/terms#" xmlns:dcterms="http://purl.org/dc/terms/">
//! #               <sp:Medication rdf:about="http://localhost:7000/records/1288992/medications/1">
//! #                 <sp:drugName><sp:CodedValue><dcterms:title>Amiloride 5 MG</dcterms:title></sp:CodedValue></sp:drugName>
//! #               </sp:Medication>
//! #             </rdf:RDF>"#),
//! #         _ => (404, "text/html", "<h4>Sorry</h4>"),
//! #     };
//! #     Ok(Response::builder().status(status).header("content-type", content_type).body(Bytes::from(body)).unwrap())
//! # }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let drugs = Query::prepare_with_prefixes(
//!         "SELECT ?drug WHERE { ?medication a sp:Medication ; sp:drugName/dcterms:title ?drug } ORDER BY ?drug",
//!         &PREFIXES,
//!     )?;
//!     let client = Client::builder()
//!         .app_id("counter@apps.example.org")
//!         .api_base("http://localhost:7000")
//!         .consumer("counter@apps.example.org", "the secret that container and app share")
//!         .transport(container)
//!         .build()?;
//!     let mut records = client.records();
//!     while let Some(record) = records.try_next().await? {
//!         let medications = record.get_medications().send().await?;
//!         let rows = drugs.select(&medications.graph()?)?;
//!         let names: Vec<_> = rows.rows().filter_map(|row| row.text("drug")).collect();
//!         println!("{}: {}", record.id(), names.join(", "));
//! #       assert_eq!(names, ["Amiloride 5 MG"]);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Typed answers
//!
//! ```no_run
//! # async fn example(record: smart::classic::Record) -> Result<(), smart::Error> {
//! let medications = record.get_medications().date_from("2008").limit(10).send().await?.medications()?;
//! for medication in &medications {
//!     println!("{} since {}", medication.drug_name.title()?, medication.start_date.get()?);
//!     for link in &medication.fulfillments {
//!         if let Some(fulfillment) = medications.follow(link) {
//!             println!("  {}: {} days", fulfillment.date.get()?, fulfillment.dispense_days_supply.get()?);
//!         }
//!     }
//! }
//! println!("{} findings", medications.findings().len());
//!
//! let mut pages = record.get_lab_results().loinc(["2093-3", "2085-9"]).limit(50).pages();
//! while let Some(page) = pages.try_next().await? {
//!     for result in page.lab_results()? {
//!         println!("{}: {}", result.date.get()?, result.lab_name.title()?);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # An app with a user
//!
//! ```no_run
//! # async fn example(client: smart::classic::Client) -> Result<(), smart::Error> {
//! let authorization = client.authorize("1288992").await?;
//! println!("allow it at {}", authorization.authorize_url());
//! # let callback = String::new();
//! // The container opens the app's callback address; its URL goes in here.
//! let record = authorization.exchange(&callback).await?;
//! let demographics = record.get_demographics().send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # FHIR
//!
//! The module [`fhir`](https://docs.rs/smart-sdk/latest/smart/fhir/) contains SMART App Launch and
//! Sync for Science, with OAuth 2 and FHIR. An `App` is registered at a server, an `Authorization`
//! asks the user, and a `Session` sends requests with tokens that renew themselves and are stored
//! in a [`vault`](https://docs.rs/smart-sdk/latest/smart/vault/).
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `classic` | on | SMART Classic: OAuth 1.0a, records in RDF |
//! | `fhir` | on | SMART App Launch and Sync for Science: OAuth 2, FHIR, a vault for tokens |
//! | `blocking` | off | [`blocking`](https://docs.rs/smart-sdk/latest/smart/blocking/): the same handles without `await`, for scripts |
//! | `jwt` | off | apps that sign statements instead of sending a secret, and identity tokens |
//! | `keychain` | off | the vault's key in the operating system's keychain |
//!
//! The features `aws-lc-rs`, `ring`, `platform-verifier`, `http2`, `brotli` and `zstd` are those of
//! the [`transport`].
//!
//! # What it does not do
//!
//! - No plain `http` to another machine, unless a [transport](classic::ClientBuilder::transport)
//!   opens a host by name.
//! - No redirects: credentials go to the origin that they were issued for, and nowhere else.
//! - No repeats of what may have had its effect: see [`Retries`] for what is repeated, always
//!   signed afresh.
//! - No storage of a Classic record's tokens by itself: [`Record::token`](classic::Record::token)
//!   gives them out, [`Record::with_token`](classic::Record::with_token) takes them back, and a
//!   [`vault::RecordTokens`](https://docs.rs/smart-sdk/latest/smart/vault/struct.RecordTokens.html)
//!   keeps them.
//! - No paging by itself: [`Prepared::pages`](classic::Prepared::pages) asks for one page after the
//!   other, always at the container's own address.
//!
//! # What can be watched
//!
//! Every call is a [`tracing`](https://docs.rs/tracing) span named `call`, with the container, the
//! call, a hash of the record, the status or the stage of the failure, attempts, bytes and
//! milliseconds. No level shows a secret, an id of a record, a parameter's value or a body.
//! [`ClientBuilder::record_exchanges`](classic::ClientBuilder::record_exchanges) writes the same
//! down for a bug report. An error's own text may quote the container's words, which nobody can
//! vouch for: show it to the user rather than to a log.
//!
//! # Runtime
//!
//! The default transport needs tokio, and keeps its connections on the runtime that made them. With
//! a transport of your own, any executor will do.
//!
//! # The layers below
//!
//! Each can be used alone: [`oauth`] signs and verifies, [`rdf`] holds graphs and queries, [`api`]
//! has the calls as data, [`transport`] carries requests.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "classic")]
pub mod classic;
#[cfg(feature = "fhir")]
pub mod fhir;

#[cfg(feature = "blocking")]
pub mod blocking;

#[cfg(feature = "fhir")]
pub mod vault;

mod error;
mod exchange;

// The public list.
#[cfg(feature = "classic")]
pub use error::refusal::Refusal;
pub use error::{Error, Stage, Unanswered};
pub use exchange::retry::Retries;

// What an app author meets of the layers below, and the layers themselves.
#[cfg(feature = "classic")]
pub use smart_api::{self as api, vocab::PREFIXES};
pub use smart_rdf::{Graph, Query, Row, Solutions, Sparql, Term};
pub use {smart_oauth as oauth, smart_rdf as rdf, smart_transport as transport};

/// The examples of the workspace's README, compiled as documentation tests.
#[cfg(all(doctest, feature = "classic", feature = "fhir"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The examples of the guide to FHIR, likewise.
#[cfg(all(doctest, feature = "fhir"))]
#[doc = include_str!("../../../docs/fhir.md")]
struct FhirGuide;
