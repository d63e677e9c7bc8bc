//! What a container says about its own answer.

use percent_encoding::percent_decode_str;
use smart_rdf::vocab::rdf;
use smart_rdf::{Graph, Node};

use crate::vocab::api;

/// The summary that containers of the reference kind add to an answer: how much there is, and where
/// it goes on. All of it is optional; an empty answer has none, and one that was merged from two
/// parts may have two.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ResponseSummary {
    /// How many items the filters let through, on all pages together.
    pub total_result_count: Option<u64>,
    /// How many items are in this answer, without those that they refer to.
    pub results_returned: Option<u64>,
    /// How many milliseconds the container took.
    pub processing_time_ms: Option<u64>,
    /// The addresses of the items in their order; only if there was a limit.
    pub result_order: Vec<String>,
    /// Where the next page is, as the container wrote it: usually not encoded as an address should
    /// be, which [`Prepared::pages`](crate::Prepared::pages) copes with.
    pub next_page_url: Option<String>,
}

impl ResponseSummary {
    /// The summary in a graph; of several the one that goes on to another page or tells an order,
    /// or else their sum.
    pub fn of(graph: &Graph) -> Option<Self> {
        let mut summaries: Vec<Self> = graph
            .nodes_of(api::class::RESPONSE_SUMMARY)
            .map(Self::read)
            .collect();
        let is_paged =
            |summary: &Self| summary.next_page_url.is_some() || !summary.result_order.is_empty();
        match summaries.iter().position(is_paged) {
            Some(place) => Some(summaries.swap_remove(place)),
            None => summaries.into_iter().reduce(Self::plus),
        }
    }

    /// Of two answers that were merged. A number that one of them leaves out is not known of both.
    fn plus(self, other: Self) -> Self {
        let sum = |left: Option<u64>, right: Option<u64>| left?.checked_add(right?);
        Self {
            total_result_count: sum(self.total_result_count, other.total_result_count),
            results_returned: sum(self.results_returned, other.results_returned),
            processing_time_ms: sum(self.processing_time_ms, other.processing_time_ms),
            ..Self::default()
        }
    }

    fn read(node: Node<'_>) -> Self {
        let number = |property| node.text(property)?.trim().parse().ok();
        // The address is plain text, but one that is a node means the same.
        let next = node.text(api::NEXT_PAGE_URL).map(str::to_owned);
        let next = next.or_else(|| {
            let node = node.nodes(api::NEXT_PAGE_URL).next()?;
            node.iri().map(|iri| iri.as_str().to_owned())
        });
        Self {
            total_result_count: number(api::TOTAL_RESULT_COUNT),
            results_returned: number(api::RESULTS_RETURNED),
            processing_time_ms: number(api::PROCESSING_TIME_MS),
            result_order: order(node.nodes(api::RESULT_ORDER).next()),
            next_page_url: next.filter(|url| !url.trim().is_empty()),
        }
    }
}

/// The addresses in an RDF list. It is read no further than it has nodes of its own, so that one in
/// a circle ends.
fn order(head: Option<Node<'_>>) -> Vec<String> {
    let mut order = Vec::new();
    let mut cell = head;
    while let Some(node) = cell.filter(|cell| order.len() < cell.graph().len()) {
        let item = node.nodes(rdf::FIRST).next().and_then(Node::iri);
        order.extend(item.map(|iri| iri.as_str().to_owned()));
        cell = node.nodes(rdf::REST).next();
        if item.is_none() {
            break;
        }
    }
    order
}

/// The path and the parameters of an address that may not be encoded as addresses should be.
pub(crate) fn read_leniently(url: &str) -> (String, Vec<(String, String)>) {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let url = url.trim();
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    // Whose address it is does not matter: a container behind a proxy often knows itself by another
    // name.
    let path = match place.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |start| &rest[start..]),
        None => place,
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    });
    (decode(path), pairs.collect())
}

#[cfg(test)]
mod tests {
    use smart_rdf::Syntax;

    use super::*;

    #[test]
    fn a_summary_is_read_as_containers_write_it() {
        let graph = Syntax::Turtle
            .parse(
                br#"@prefix api: <http://smartplatforms.org/terms/api#> .
                [] a api:ResponseSummary ; api:totalResultCount 2 ; api:resultsReturned 2 .
                [] a api:ResponseSummary ; api:totalResultCount 77 ; api:resultsReturned "10" ; api:processingTimeMs 3 ;
                    api:resultOrder (<http://e.org/1> <http://e.org/2>) ;
                    api:nextPageURL "http://e.org/records/1/lab_results/?loinc=1|2&limit=10&offset=10" ."#,
            )
            .unwrap();
        let summary = ResponseSummary::of(&graph).unwrap();
        assert_eq!(summary.total_result_count, Some(77));
        assert_eq!(summary.results_returned, Some(10));
        assert_eq!(summary.processing_time_ms, Some(3));
        assert_eq!(summary.result_order, ["http://e.org/1", "http://e.org/2"]);
        assert!(summary.next_page_url.unwrap().ends_with("offset=10"));
        assert_eq!(ResponseSummary::of(&Graph::default()), None);
    }

    #[test]
    fn parts_that_were_merged_are_counted_together() {
        let of = |text: &str| {
            let text = format!("@prefix api: <http://smartplatforms.org/terms/api#> . {text}");
            let graph = Syntax::Turtle.parse(text.as_bytes()).unwrap();
            let summary = ResponseSummary::of(&graph).unwrap();
            (summary.total_result_count, summary.results_returned)
        };
        let allergies =
            "[] a api:ResponseSummary ; api:totalResultCount 2 ; api:resultsReturned 2 .";
        let exclusions =
            "[] a api:ResponseSummary ; api:totalResultCount 1 ; api:resultsReturned 1 .";
        let uncounted = "[] a api:ResponseSummary ; api:resultsReturned 1 .";
        assert_eq!(of(allergies), (Some(2), Some(2)));
        assert_eq!(of(&format!("{allergies} {exclusions}")), (Some(3), Some(3)));
        assert_eq!(of(&format!("{allergies} {uncounted}")), (None, Some(3)));
    }

    #[test]
    fn an_order_in_a_circle_ends() {
        let text = b"@prefix api: <http://smartplatforms.org/terms/api#> .
            @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
            [] a api:ResponseSummary ; api:resultOrder _:c .
            _:c rdf:first <http://e.org/1> ; rdf:rest _:c .";
        let graph = Syntax::Turtle.parse(text).unwrap();
        let summary = ResponseSummary::of(&graph).unwrap();
        assert_eq!(summary.result_order.len(), graph.len());
    }

    #[test]
    fn addresses_are_read_whether_encoded_or_not() {
        let check = |url: &str, path: &str, pairs: &[(&str, &str)]| {
            let (found_path, found) = read_leniently(url);
            let found: Vec<_> = found
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect();
            assert_eq!((&*found_path, &*found), (path, pairs), "{url}");
        };
        check(
            " http://e.org:80/records/1/lab_results/?loinc=1-2|3-4&limit=10&&offset=10#top ",
            "/records/1/lab_results/",
            &[("loinc", "1-2|3-4"), ("limit", "10"), ("offset", "10")],
        );
        check(
            "/a%20b?loinc=1%7C2&x",
            "/a b",
            &[("loinc", "1|2"), ("x", "")],
        );
        check("http://e.org", "", &[]);
        check(
            "date=2010-01-01T00:00:00+01:00",
            "date=2010-01-01T00:00:00+01:00",
            &[],
        );
    }
}
