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
