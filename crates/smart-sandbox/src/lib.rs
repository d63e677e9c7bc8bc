//! A SMART Classic container to develop and test against, embedded in your process: RDF over HTTP, calls signed with OAuth
//! 1.0a, invented patients. It starts in milliseconds and forgets everything when it stops.
//!
//! ```text
//!              sockets, limits          who, may they?         what
//!  request ──► server ──► container ──► oauth, rules ──► calls ──► record, store ──► RDF/XML
//!                             │  router, from the call table
//!                             └───────► people ──► pages: log in, choose a record, authorize
//! ```
//!
//! Beside it listens a server of the second generation, OAuth 2 and FHIR, over the same records: see [`FhirServer`].
//!
//! ```text
//!  request ──► server ──► fhir ──► routes ──► register, authorize, token, debug, people ──► approvals, clients
//!                          └─────► api ─────► scopes, labels ──► resources ──► record, store
//! ```
//!
//! It is not a place for real patients: it listens on the loopback interface only, its stock apps and clients have public secrets, and its
//! accounts public passwords.
//!
//! It speaks what existing apps of 2010 to 2014 expect, down to content types and the wording of refusals, and leaves out what
//! made the containers of that time unsafe: tokens end after an hour, a background app gets tokens for itself only, a nonce is
//! used up only by a request whose signature is right, bodies must be signed, and another site cannot send its forms.
//!
//! It does not do: the channel between a page and the apps in its frames (SMART Connect), signed URLs, the internal calls
//! between the two halves of the reference container.
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
pub use classic::accounts::Account;
pub use classic::apps::{AppManifest, AppMode, ManifestError};
pub use classic::container::Container;
pub use classic::refusal::Refusal;
pub use clock::Clock;
pub use error::SandboxError;
pub use faults::FhirFault;
pub use fhir::{FHIR_PASSWORD, FHIR_USER, FhirServer};
pub use records::load::{FileError, LoadError};
pub use sandbox::Sandbox;
