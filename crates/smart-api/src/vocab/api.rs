//! The terms that describe an answer. The ontology does not declare them: containers add the
//! summary to what they send.

use smart_rdf::NamedNodeRef;

/// The IRI that all terms of this vocabulary begin with.
pub const NAMESPACE: &str = "http://smartplatforms.org/terms/api#";

/// An address, as plain text, of the page after this one; absent on the last page.
pub const NEXT_PAGE_URL: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://smartplatforms.org/terms/api#nextPageURL");

/// How many milliseconds the container took.
pub const PROCESSING_TIME_MS: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://smartplatforms.org/terms/api#processingTimeMs");

/// The items of the page in their order, as an RDF list; only when there was a limit.
pub const RESULT_ORDER: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://smartplatforms.org/terms/api#resultOrder");

/// How many items are in this answer.
pub const RESULTS_RETURNED: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://smartplatforms.org/terms/api#resultsReturned");

/// How many items the filters let through, on all pages together.
pub const TOTAL_RESULT_COUNT: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://smartplatforms.org/terms/api#totalResultCount");

/// Classes of this vocabulary.
pub mod class {
    use smart_rdf::NamedNodeRef;

    /// The blank node that sums an answer up.
    pub const RESPONSE_SUMMARY: NamedNodeRef<'static> =
        NamedNodeRef::new_unchecked("http://smartplatforms.org/terms/api#ResponseSummary");
}
