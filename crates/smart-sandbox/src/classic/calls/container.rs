//! What the container says about itself: its manifest and its ontology.

use std::sync::OnceLock;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};
use smart_api::{CALLS, Method};
use smart_rdf::vocab::{owl, rdf};
use smart_rdf::{Graph, NamedNodeRef, ParseError, TripleRef, Turtle};

use crate::classic::apps::indented;
use crate::classic::state::ContainerState;
use crate::records::prefixes;
use crate::web::context::RequestContext;
use crate::web::reply::{self, JSON, RDF_XML, Reply};

/// The version of the SMART API that the container speaks.
pub(crate) const SMART_VERSION: &str = "0.6.1";

/// `GET /manifest`.
pub(crate) fn manifest(container: &ContainerState, _request: &RequestContext<'_>) -> Reply {
    reply::answer(StatusCode::OK, JSON, manifest_of(container.address.base()))
}

/// `GET /ontology`.
pub(crate) fn ontology(container: &ContainerState, _request: &RequestContext<'_>) -> Reply {
    container.ontology.reply()
}

/// The container manifest. All addresses are on one origin.
fn manifest_of(api_base: &str) -> String {
    indented(&json!({
        "smart_version": SMART_VERSION,
        "api_base": api_base,
        "name": "SMART sandbox",
        "description": "An embedded SMART container with invented patients, to develop apps against",
        "admin": "admin@example.org",
        "launch_urls": {
            "app_launch": format!("{api_base}/apps/{{{{app_id}}}}/launch"),
            "request_token": format!("{api_base}/oauth/request_token"),
            "authorize_token": format!("{api_base}/oauth/authorize"),
            "exchange_token": format!("{api_base}/oauth/access_token"),
        },
        "capabilities": capabilities(),
    }))
}

/// Which methods each class of data supports: what the call table says, no more and no less.
fn capabilities() -> Value {
    const ORDER: [Method; 4] = [Method::Get, Method::Post, Method::Put, Method::Delete];
    let mut capabilities = Map::new();
    for call in CALLS {
        let target = call.target.as_str();
        let methods: Vec<&str> = ORDER
            .into_iter()
            .filter(|method| {
                CALLS
                    .iter()
                    .any(|other| other.target == call.target && other.method == *method)
            })
            .map(Method::as_str)
            .collect();
        capabilities.insert(target.to_owned(), json!({ "methods": methods }));
    }
    Value::Object(capabilities)
}

/// Whether there is a call with this method for this class of data.
pub(crate) fn offers(class: &str, method: &str) -> bool {
    CALLS
        .iter()
        .any(|call| call.target.as_str() == class && call.method.as_str() == method)
}

/// The ontology, parsed and written once, at the first request for it.
#[derive(Debug, Default)]
pub(crate) struct Ontology(OnceLock<Option<Loaded>>);

#[derive(Debug)]
struct Loaded {
    graph: Graph,
    document: Bytes,
}

impl Ontology {
    /// `GET /ontology`.
    pub(crate) fn reply(&self) -> Reply {
        match self.loaded() {
            Some(loaded) => reply::answer(StatusCode::OK, RDF_XML, loaded.document.clone()),
            None => reply::server_error(),
        }
    }

    /// Whether the ontology declares this class.
    pub(crate) fn has_class(&self, iri: &str) -> bool {
        let class = NamedNodeRef::new_unchecked(iri);
        let declared = TripleRef::new(class, rdf::TYPE, owl::CLASS);
        self.loaded()
            .is_some_and(|loaded| loaded.graph.contains(declared))
    }

    fn loaded(&self) -> Option<&Loaded> {
        self.0.get_or_init(load).as_ref()
    }
}

fn load() -> Option<Loaded> {
    let graph = match parse() {
        Ok(graph) => graph,
        Err(error) => {
            tracing::error!(%error, "the embedded ontology cannot be read");
            return None;
        }
    };
    match prefixes::rdf_xml(&graph) {
        Ok(document) => Some(Loaded {
            graph,
            document: document.into(),
        }),
        Err(error) => {
            tracing::error!(%error, "the embedded ontology cannot be written");
            None
        }
    }
}

fn parse() -> Result<Graph, ParseError> {
    Turtle::new().for_slice(include_bytes!("../../../../../specs/smart.ttl"))
}

#[cfg(test)]
mod tests {
    use smart_rdf::Syntax;

    use super::*;

    #[test]
    fn the_manifest_has_what_the_validator_demands() {
        let manifest: Value = serde_json::from_str(&manifest_of("http://localhost:7000")).unwrap();
        let mut keys: Vec<&str> = manifest
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "admin",
                "api_base",
                "capabilities",
                "description",
                "launch_urls",
                "name",
                "smart_version"
            ]
        );
        assert_eq!(
            manifest["launch_urls"],
            json!({
                "app_launch": "http://localhost:7000/apps/{{app_id}}/launch",
                "request_token": "http://localhost:7000/oauth/request_token",
                "authorize_token": "http://localhost:7000/oauth/authorize",
                "exchange_token": "http://localhost:7000/oauth/access_token",
            })
        );
    }

    #[test]
    fn capabilities_come_from_the_calls() {
        let capabilities = capabilities();
        let methods = |class: &str| {
            capabilities[format!("http://smartplatforms.org/terms#{class}")]["methods"].clone()
        };
        assert_eq!(methods("Medication"), json!(["GET"]));
        assert_eq!(methods("ClinicalNote"), json!(["GET", "POST"]));
        assert_eq!(methods("ScratchpadData"), json!(["GET", "PUT", "DELETE"]));
        assert_eq!(methods("UserPreferences"), json!(["GET", "PUT", "DELETE"]));
        assert_eq!(capabilities.as_object().unwrap().len(), 24);
    }

    #[test]
    fn the_ontology_survives_the_change_of_syntax() {
        let ontology = Ontology::default();
        let reply = ontology.reply();
        assert_eq!(reply.headers()["content-type"], "application/rdf+xml");
        let graph = Syntax::RdfXml.parse(reply.body()).unwrap();
        assert_eq!(graph.len(), parse().unwrap().len());
        assert!(ontology.has_class("http://smartplatforms.org/terms#Series"));
        assert!(!ontology.has_class("http://smartplatforms.org/terms#Serious"));
    }
}
