//! Finding records by who their patients are.

use std::collections::HashSet;

use smart_api::CallInfo;
use smart_api::calls::SearchRecords;
use smart_api::vocab::sp;
use smart_rdf::{Graph, NamedNode, NamedOrBlankNodeRef, Query, QueryError};

use crate::classic::calls::graph_reply;
use crate::classic::oauth::authenticate::Authenticated;
use crate::classic::state::ContainerState;
use crate::form::Pairs;
use crate::records::demographics::Demographics;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

/// The demographics of every record that matches, in one graph, without a summary. No parameter
/// means all records.
pub(crate) fn records(
    container: &ContainerState,
    request: &RequestContext<'_>,
    _who: &Authenticated,
) -> Reply {
    let mut everyone = Vec::new();
    for id in container.store.ids() {
        match container.store.record(id) {
            Ok(record) => everyone.extend(record),
            Err(error) => {
                tracing::error!(%error, "a record cannot be made");
                return reply::server_error();
            }
        }
    }
    let demographics = everyone
        .iter()
        .filter_map(|record| Demographics::of(record));
    let Some(query) = request.query.get("sparql") else {
        let criteria = Criteria::read(&request.query);
        let hits = demographics.filter(|patient| criteria.matches(patient));
        return graph_reply(
            &hits
                .flat_map(|patient| patient.statement().graph.iter())
                .collect(),
        );
    };
    let demographics: Vec<Demographics<'_>> = demographics.collect();
    match hits(query, &demographics) {
        Ok(hits) => {
            let hits = demographics
                .iter()
                .filter(|patient| hits.contains(&patient.statement().uri));
            graph_reply(
                &hits
                    .flat_map(|patient| patient.statement().graph.iter())
                    .collect(),
            )
        }
        Err(_) => {
            // The error may quote the query, and the query may name a patient.
            tracing::debug!("a search query failed");
            reply::server_error()
        }
    }
}

/// Runs a query that types each hit `sp:Demographics`. It sees the demographics of all records and
/// nothing else, and is bounded by the limits of the query engine.
fn hits(query: &str, everyone: &[Demographics<'_>]) -> Result<HashSet<NamedNode>, QueryError> {
    let graph: Graph = everyone
        .iter()
        .flat_map(|patient| patient.statement().graph.iter())
        .collect();
    let found = Query::prepare(query)?.construct(&graph)?;
    let hits = found
        .instances_of(sp::class::DEMOGRAPHICS)
        .filter_map(|hit| match hit {
            NamedOrBlankNodeRef::NamedNode(hit) => Some(hit.into_owned()),
            NamedOrBlankNodeRef::BlankNode(_) => None,
        });
    Ok(hits.collect())
}

/// The value of a parameter in lower case, by whatever name the call table knows it: containers
/// read some parameters by other names than the ontology gives to clients. What the table does not
/// have goes by its own name.
pub(super) fn asked(call: &CallInfo, query: &Pairs, name: &str) -> Option<String> {
    let value = match call.query_parameter(name) {
        Some(parameter) => parameter.names().find_map(|name| query.get(name)),
        None => query.get(name),
    };
    value.map(str::to_lowercase)
}

/// What a search asks for, in lower case.
#[derive(Debug, Default)]
struct Criteria {
    family_name: Option<String>,
    given_name: Option<String>,
    gender: Option<String>,
    medical_record_number: Option<String>,
    postal_code: Option<String>,
    birthday: Option<String>,
}

impl Criteria {
    fn read(query: &Pairs) -> Self {
        let asked = |name| asked(SearchRecords::INFO, query, name);
        Self {
            family_name: asked("family_name"),
            given_name: asked("given_name"),
            gender: asked("gender"),
            medical_record_number: asked("medical_record_number"),
            postal_code: asked("zipcode"),
            birthday: asked("birthday"),
        }
    }

    fn matches(&self, patient: &Demographics<'_>) -> bool {
        starts(&self.family_name, &patient.family_names())
            && starts(&self.given_name, &patient.given_names())
            && starts(&self.gender, &patient.genders())
            && equals(
                &self.medical_record_number,
                &patient.medical_record_numbers(),
            )
            && equals(&self.postal_code, &patient.postal_codes())
            && equals(&self.birthday, &patient.birthdays())
    }
}

fn starts(wanted: &Option<String>, found: &[String]) -> bool {
    let Some(wanted) = wanted else { return true };
    found
        .iter()
        .any(|found| found.to_lowercase().starts_with(wanted.as_str()))
}

fn equals(wanted: &Option<String>, found: &[String]) -> bool {
    let Some(wanted) = wanted else { return true };
    found.iter().any(|found| found.to_lowercase() == *wanted)
}
