//! Commands for RDF files: check, convert, query.

pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod data;
pub(crate) mod query;
