//! Record data: lists and single items, as graphs.

use std::sync::Arc;

use smart_api::CallInfo;
use smart_api::vocab::sp;
use smart_rdf::Triple;

use crate::classic::calls::graph_reply;
use crate::classic::state::ContainerState;
use crate::records::filter::{self, Page};
use crate::records::record::{Record, Statement};
use crate::records::summary::{self, SummaryContext};
use crate::web::context::RequestContext;
use crate::web::reply::Reply;

/// A list call: what passes the filters, what it links to, and a summary.
pub(crate) fn list(
    container: &ContainerState,
    request: &RequestContext<'_>,
    record: &Record,
    call: &'static CallInfo,
) -> Reply {
    let mut pages = vec![filter::select(record, call, &request.query)];
    if call.target == sp::class::ALLERGY {
        // They come with every answer, whatever the filters and the limit say, and have a summary
        // of their own.
        let exclusions = record.statements_of(sp::class::ALLERGY_EXCLUSION);
        pages.push(Page::whole(exclusions.collect()));
    }
    answer(container, request, record, &pages)
}

/// A call for one item. An id that the record does not have gives an empty graph, not an error.
pub(crate) fn item(
    container: &ContainerState,
    request: &RequestContext<'_>,
    record: &Record,
    call: &'static CallInfo,
) -> Reply {
    let found = find(record, request, call);
    let page = Page::whole(found.into_iter().collect());
    answer(container, request, record, &[page])
}

/// The statement that the path names: by its id, or the only one of its class.
pub(crate) fn find<'a>(
    record: &'a Record,
    request: &RequestContext<'_>,
    call: &'static CallInfo,
) -> Option<&'a Arc<Statement>> {
    let mut candidates = record.statements_of(call.target);
    match request.parameters.other_than("record_id") {
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
    container: &ContainerState,
    request: &RequestContext<'_>,
    record: &Record,
    pages: &[Page<'_>],
) -> Reply {
    let context = SummaryContext {
        api_base: container.address.base(),
        path: request.path,
        query: &request.query,
        took: request.began.elapsed(),
    };
    // One summary for each part that is not empty, as the reference container has it, which merges
    // the answers of two queries.
    let summaries: Vec<Triple> = pages
        .iter()
        .enumerate()
        .filter(|(_, page)| !page.statements.is_empty())
        .flat_map(|(place, page)| summary::triples(place, page, &context))
        .collect();
    let shown = record.with_links(
        pages
            .iter()
            .flat_map(|page| page.statements.iter().copied()),
    );
    let data = shown.iter().flat_map(|statement| statement.graph.iter());
    graph_reply(&data.chain(summaries.iter().map(Triple::as_ref)).collect())
}
