//! A SMART container to develop and test against, embedded in your process. It invents its
//! patients, starts in milliseconds, and forgets everything when it stops.
//!
//! Two servers share the records. The container of SMART Classic answers in RDF, and its calls are
//! signed with OAuth 1.0a: see [`Container`]. The other server speaks OAuth 2 and FHIR: see
//! [`FhirServer`].
//!
//! ```text
//!                web                classic                                   records
//!  request ──► server, routes ──┬─► container ──► oauth, rules ──► calls ──┬─► filter ──► store
//!                               │                 people, pages            │
//!                               └─► fhir ───────► oauth ─────────► api ────┘
//!                                    ▲            people, pages    resources
//!                                  faults
//! ```
//!
//! Do not load real patients. The sandbox listens on the loopback interface only, but the secrets
//! of its stock apps and clients and the passwords of its accounts are public.
//!
//! The container behaves as apps of 2010 to 2014 expect, down to content types and the wording of
//! refusals. It is stricter where the containers of that time were unsafe: tokens expire after an
//! hour, a background app gets tokens for itself only, a nonce is used up only by a request with a
//! valid signature, bodies must be signed, and forms of other sites are refused.
//!
//! The sandbox does not have the channel between a page and the apps in its frames (SMART Connect),
//! signed URLs, or the internal calls between the two halves of the reference container.
//!
//! # Example
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), smart_sandbox::SandboxError> {
//! use smart_sandbox::Sandbox;
//!
//! let sandbox = Sandbox::start().await?;
//! println!("{} records at {}", sandbox.record_count(), sandbox.api_base());
//! assert_eq!(sandbox.record_count(), 50);
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod classic;
mod clock;
mod error;
mod faults;
mod fhir;
mod form;
mod random;
mod records;
mod sandbox;
mod web;

// The public list.
pub use builder::{
    BACKGROUND_APP_ID, DEMO_PASSWORD, DEMO_USER, STOCK_SECRET, SandboxBuilder, UI_APP_ID,
};
pub use classic::apps::{AppManifest, AppMode, ManifestError};
pub use classic::container::Container;
pub use classic::refusal::Refusal;
pub use clock::Clock;
pub use error::SandboxError;
pub use faults::FhirFault;
pub use fhir::{FHIR_PASSWORD, FHIR_USER, FhirServer};
pub use records::accounts::Account;
pub use records::load::{FileError, LoadError};
pub use sandbox::Sandbox;

/// The example of the README, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
