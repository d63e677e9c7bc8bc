//! The client against the container, over loopback, and what a downstream crate pulls in.

mod background;
mod departures;
mod downstream;
mod fhir_data;
mod fhir_faults;
mod notebook;
mod refusals;
mod typed;
