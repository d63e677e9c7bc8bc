//! SMART Classic: a client that knows a container, and handles for its records, each with a token
//! of its own and a method for each call.
//!
//! ```text
//!                       ┌── authorize(id) ──► Authorization ── exchange(callback) ──┐   a user allows one record
//!   Client::builder() ──┤                                                         ├──► Record ── get_medications() … send()
//!                       └── records() ──────► RecordSweep ── try_next() ──────────┘   a background app reads all
//! ```
//!
//! [`smart`](crate) has an example that runs.

mod builder;
pub(crate) mod client;
mod record;
mod user;

mod authorization;
mod sweep;

mod manifest;
mod open_record;
pub(crate) mod path_segment;
pub(crate) mod signing;

mod generated;

// The public list.
pub use authorization::{Authorization, AuthorizationParts};
pub use builder::ClientBuilder;
pub use client::Client;
pub use manifest::{Capability, ContainerManifest, LaunchUrls, ManifestError};
pub use record::Record;
pub use sweep::{RecordSweep, SweepReport};
pub use user::User;

// What an app author meets of the layers below.
pub use smart_api::{
    AppId, Body, CallResponse, Finding, ItemId, Link, MissingValue, Model, Number, Pages,
    PagesBlocking, PartialDate, Prepared, Reading, RecordId, Required, UserId, codes, models,
};
pub use smart_oauth::oauth1::{AccessToken, Verifier};
