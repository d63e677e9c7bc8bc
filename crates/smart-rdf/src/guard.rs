//! What every text passes before a parser sees it.
//!
//! The parsers underneath are made for files that one trusts: some take quadratic time, some expand
//! entities without bound, some recurse until the stack ends. Each check here is one linear pass
//! that refuses what would set them off. A check must see the text as the parser does, or a
//! document could be harmless to the one and harmful to the other; where the two could part, the
//! text is refused.

mod json;
mod json_ld;
mod markup;
mod ontology;
mod query_plan;
mod query_product;
mod query_text;
mod turtle;

pub(crate) use json::check_json;
pub(crate) use json_ld::{PlainJsonLd, long_integer, plain_json_ld};
pub(crate) use markup::{Attribute, Markup, TagPart, Token};
pub use ontology::Repair;
pub(crate) use ontology::plain_xml;
pub(crate) use query_plan::check_query_plan;
pub(crate) use query_product::{check_products, has_products};
pub(crate) use query_text::check_query_text;
pub(crate) use turtle::{check_turtle, end_of_string};

/// What the tests of the checks share.
#[cfg(test)]
mod testing {
    use crate::error::ParseError;
    use crate::limits::{Limit, Limits};

    /// A check that passes with this much of a bound, and not with one less.
    #[track_caller]
    pub(super) fn check_document(
        limit: Limit,
        exact: usize,
        check: impl Fn(&Limits) -> Result<(), ParseError>,
    ) {
        let limits = |bound: usize| match limit {
            Limit::Attributes => Limits::new().with_attributes(bound),
            Limit::ContextTerms => Limits::new().with_context_terms(bound),
            Limit::Depth => Limits::new().with_depth(bound),
            Limit::Entities => Limits::new().with_entities(bound),
            Limit::Expansion => Limits::new().with_expansion(bound),
            Limit::IriLength => Limits::new().with_iri_length(bound),
            Limit::TermLength => Limits::new().with_term_length(bound),
            other => panic!("{other:?}"),
        };
        if let Err(error) = check(&limits(exact)) {
            panic!("{exact} is too little: {error}");
        }
        match check(&limits(exact - 1)) {
            Err(ParseError::Limit(error)) => {
                assert_eq!((error.limit(), error.allowed()), (limit, exact - 1));
                assert!(error.position().is_some());
            }
            other => panic!("{} is enough: {other:?}", exact - 1),
        }
    }
}
