//! The first generation: a container that speaks OAuth 1.0a and answers in RDF.

pub(crate) mod apps;
pub(crate) mod calls;
pub(crate) mod container;
pub(crate) mod oauth;
pub(crate) mod pages;
pub(crate) mod people;
pub(crate) mod refusal;
pub(crate) mod routes;
pub(crate) mod rules;
pub(crate) mod state;
pub(crate) mod tokens;

#[cfg(test)]
pub(crate) mod testing;
