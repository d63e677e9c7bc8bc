//! SMART App Launch and Sync for Science: apps, users' consent, sessions whose tokens renew
//! themselves.
//!
//! An [`App`] is registered at one server. A user allows it something in an [`Authorization`],
//! which becomes a [`Session`]: the tokens, kept in a [`Vault`](crate::vault::Vault), and the way
//! to the data that they open. The feature `jwt` adds apps that sign statements in
//! place of a secret.
//!
//! ```text
//!   App::builder() ──┬── register(…) ──┐
//!                    └── build() ──────┴─► App ── authorize(scopes) ──► Authorization ── exchange(callback) ──► Session ── send(…)
//!                                          ▲                                                                    ▲
//!            EhrLaunch::parse(address) ────┘                Session::open(app, key) ── vault ───────────────────┘
//!
//!   Session ── read, search, create, update, delete, batch, operation, export ──► Resource, Entries, Written, Bundle, …
//! ```
//!
//! See [`App`] for an example that runs. For threads that wait,
//! [`smart::blocking::fhir`](https://docs.rs/smart-sdk/latest/smart/blocking/fhir/) has the same
//! handles without `await`.
//!
//! # What it does not do
//!
//! - No redirect is followed: a token goes to the origin of the FHIR base, a code or secret to the
//!   token endpoint that the server named, and neither anywhere else.
//! - No browser is opened, no callback listened for.
//! - Nothing is read out of an access token, which is the server's own affair.
//! - A granted scope is not taken for access: servers withhold data without a word.

mod app;
mod authorization;
mod builder;
mod launch;
mod session;

mod brands;
mod data;
mod entries;
mod export;
mod grant;

mod debug;
mod discovery;
mod ending;
#[cfg(feature = "jwt")]
mod identity;
mod lifecycle;
mod renewal;
mod stored;

mod error;

#[cfg(test)]
mod tests;

// The public list.
pub use app::App;
pub use authorization::Authorization;
pub use brands::LinkedBrands;
pub use builder::AppBuilder;
pub use entries::Entries;
pub use error::FhirError;
pub use export::{ExportJob, ExportedLine, ExportedResources};
#[cfg(feature = "jwt")]
pub use identity::User;
pub use launch::EhrLaunch;
pub use session::{Repeatable, Session};

// What an app author meets of the layers below, and the layer itself.
pub use smart_fhir::{
    self as interactions, AnswerError, BadLine, Bundle, Capabilities, Entry, Export, ExportFile,
    ExportReport, FileKind, FileReport, Interaction, Limits, LinkError, Manifest, Missing,
    MissingReason, OperationOutcome, Reference, Resource, Search, Waiting, Written,
};
pub use smart_oauth::oauth2::{
    AccessToken, AuthorizationParts, Introspected, PatientContext, RefreshToken, Refusal,
    RegisteredClient, Remedy, ScopeReport, Scopes, Server, ServerUrl, TokenDialect, TokenSet, s4s,
};
#[cfg(feature = "jwt")]
pub use smart_oauth::oauth2::{AssertionKey, AssertionKeys, FhirUser, IdClaims};
