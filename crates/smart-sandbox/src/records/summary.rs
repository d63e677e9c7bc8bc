//! The summary that goes with every answer that is not empty: how much there is, how much of it is
//! here, what comes next.

use std::time::Duration;

use smart_api::vocab::api;
use smart_rdf::vocab::{rdf, xsd};
use smart_rdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};

use crate::form::Pairs;
use crate::records::filter::Page;

/// What the summary needs to know besides the page itself.
#[derive(Debug)]
pub(crate) struct SummaryContext<'a> {
    pub(crate) api_base: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a Pairs,
    pub(crate) took: Duration,
}

/// The triples of an `api:ResponseSummary` about a page. `place` tells the pages of one answer
/// apart.
pub(crate) fn triples(place: usize, page: &Page<'_>, context: &SummaryContext<'_>) -> Vec<Triple> {
    let summary = BlankNode::new_unchecked(format!("summary{place}"));
    let integer = |number: u128| Literal::new_typed_literal(number.to_string(), xsd::INTEGER);
    let fact = |property: smart_rdf::NamedNodeRef<'_>, value: Term| {
        Triple::new(summary.clone(), property.into_owned(), value)
    };
    let mut triples = vec![
        fact(rdf::TYPE, api::class::RESPONSE_SUMMARY.into_owned().into()),
        fact(api::TOTAL_RESULT_COUNT, integer(page.total as u128).into()),
        fact(
            api::RESULTS_RETURNED,
            integer(page.statements.len() as u128).into(),
        ),
        fact(
            api::PROCESSING_TIME_MS,
            integer(context.took.as_millis()).into(),
        ),
    ];
    if page.paging.is_some() {
        let uris = page
            .statements
            .iter()
            .map(|statement| statement.uri.clone())
            .collect();
        let (head, list) = list(uris);
        triples.push(fact(api::RESULT_ORDER, head));
        triples.extend(list);
    }
    if let Some(url) = next_page_url(page, context) {
        triples.push(fact(
            api::NEXT_PAGE_URL,
            Literal::new_simple_literal(url).into(),
        ));
    }
    triples
}

fn list(items: Vec<NamedNode>) -> (Term, Vec<Triple>) {
    let cell = |place: usize| BlankNode::new_unchecked(format!("order{place}"));
    let count = items.len();
    let mut triples = Vec::with_capacity(count * 2);
    for (place, item) in items.into_iter().enumerate() {
        let rest: Term = if place + 1 == count {
            rdf::NIL.into_owned().into()
        } else {
            cell(place + 1).into()
        };
        let subject = NamedOrBlankNode::from(cell(place));
        triples.push(Triple::new(subject.clone(), rdf::FIRST.into_owned(), item));
        triples.push(Triple::new(subject, rdf::REST.into_owned(), rest));
    }
    let head = if count == 0 {
        rdf::NIL.into_owned().into()
    } else {
        cell(0).into()
    };
    (head, triples)
}

/// Values stay readable, as the reference container writes them; only what would break the URL
/// apart is encoded.
fn next_page_url(page: &Page<'_>, context: &SummaryContext<'_>) -> Option<String> {
    let offset = page.next_offset()?;
    let limit = page.paging?.limit;
    let kept = context
        .query
        .iter()
        .filter(|(name, _)| !matches!(*name, "limit" | "offset"));
    let mut pairs: Vec<String> = kept
        .map(|(name, value)| format!("{}={}", readable(name), readable(value)))
        .collect();
    pairs.push(format!("limit={limit}"));
    pairs.push(format!("offset={offset}"));
    Some(format!(
        "{}{}?{}",
        context.api_base,
        context.path,
        pairs.join("&")
    ))
}

fn readable(text: &str) -> String {
    let breaks = |c: char| c.is_whitespace() || c.is_control() || "%&+#=;".contains(c);
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if breaks(character) {
            written.push_str(&crate::form::encode(character.encode_utf8(&mut [0; 4])));
        } else {
            written.push(character);
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_the_url_is_encoded_and_no_more() {
        assert_eq!(readable("13457-7|2089-1"), "13457-7|2089-1");
        assert_eq!(readable("2010-01-01T00:00:00Z"), "2010-01-01T00:00:00Z");
        assert_eq!(readable("a&b=c d%e+f#g"), "a%26b%3Dc%20d%25e%2Bf%23g");
    }

    #[test]
    fn a_list_is_linked_to_its_end() {
        let items = ["http://h/1", "http://h/2"]
            .map(NamedNode::new_unchecked)
            .to_vec();
        let (head, triples) = list(items);
        assert_eq!(head, Term::from(BlankNode::new_unchecked("order0")));
        assert_eq!(triples.len(), 4);
        assert_eq!(triples[3].object, Term::from(rdf::NIL.into_owned()));
        assert_eq!(
            list(Vec::new()),
            (Term::from(rdf::NIL.into_owned()), Vec::new())
        );
    }
}
