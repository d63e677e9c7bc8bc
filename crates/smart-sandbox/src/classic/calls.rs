//! The calls of the ontology, one file for each kind.

pub(crate) mod blobs;
pub(crate) mod container;
pub(crate) mod documents;
pub(crate) mod posting;
pub(crate) mod reading;
pub(crate) mod search;
pub(crate) mod users;

#[cfg(test)]
mod tests;
