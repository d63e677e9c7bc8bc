//! Record data: lists and single items, as graphs.

use std::sync::Arc;

use smart_api::CallInfo;
use smart_api::vocab::sp;
use smart_rdf::Graph;

use crate::container::Container;
use crate::filter::{self, Page};
use crate::record::{Record, Statement};
use crate::reply::{self, Reply};
use crate::summary::{self, Circumstances};
use crate::visit::Visit;

/// A list call: what passes the filters, what it links to, and a summary.
pub(crate) fn list(
    container: &Container,
    visit: &Visit<'_>,
    record: &Record,
    call: &'static CallInfo,
) -> Reply {
    let page = filter::select(record, call, &visit.query);
    let exclusions: Vec<&Arc<Statement>> = if call.target == sp::class::ALLERGY {
        // They come with every answer, whatever the filters and the limit say, and the summary does not count them.
        record.statements_of(sp::class::ALLERGY_EXCLUSION).collect()
    } else {
        Vec::new()
    };
    answer(container, visit, record, &page, &exclusions)
}

/// A call for one item. An id that the record does not have gives an empty graph, not an error.
pub(crate) fn item(
    container: &Container,
    visit: &Visit<'_>,
    record: &Record,
    call: &'static CallInfo,
) -> Reply {
    let found = find(record, visit, call);
    let statements: Vec<&Arc<Statement>> = found.into_iter().collect();
    let page = Page {
        total: statements.len(),
        statements,
        paging: None,
    };
    answer(container, visit, record, &page, &[])
}

/// The statement that the path names: by its id, or the only one of its class.
pub(crate) fn find<'a>(
    record: &'a Record,
    visit: &Visit<'_>,
    call: &'static CallInfo,
) -> Option<&'a Arc<Statement>> {
    let mut candidates = record.statements_of(call.target);
    match visit.values.other_than(&["record_id"]) {
        None => candidates.next(),
        Some(id) => candidates.find(|statement| {
            statement
                .uri
                .as_str()
                .rsplit_once('/')
                .is_some_and(|(_, last)| last == id)
        }),
    }
}

fn answer(
    container: &Container,
    visit: &Visit<'_>,
    record: &Record,
    page: &Page<'_>,
    more: &[&Arc<Statement>],
) -> Reply {
    if page.statements.is_empty() && more.is_empty() {
        return reply::graph(&Graph::default());
    }
    let shown = record.with_links(page.statements.iter().copied().chain(more.iter().copied()));
    let summary = summary::triples(
        page,
        &Circumstances {
            api_base: &container.api_base,
            path: visit.path(),
            query: &visit.query,
            took: visit.began.elapsed(),
        },
    );
    let data = shown.iter().flat_map(|statement| statement.graph.iter());
    reply::graph(
        &data
            .chain(summary.iter().map(smart_rdf::Triple::as_ref))
            .collect(),
    )
}
