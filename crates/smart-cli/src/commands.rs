//! One module a command.

pub(crate) mod calls;
pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod demo;
pub(crate) mod fhir;
pub(crate) mod get;
pub(crate) mod login;
pub(crate) mod query;
pub(crate) mod register;
pub(crate) mod sandbox;
pub(crate) mod sign;
pub(crate) mod sweep;
pub(crate) mod token;
pub(crate) mod verify;

mod batch;
mod callback;
mod consent;
mod data;
pub(crate) mod fhir_app;
mod fhir_export;
mod record_login;
mod signing;
