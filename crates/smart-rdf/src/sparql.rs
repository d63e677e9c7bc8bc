mod dataset;
mod error;
mod format;
mod limits;
mod named;
mod plan;
mod prepared;
mod results;
mod syntax_error;
mod text;
mod typed;
mod values;

pub use error::QueryError;
pub use format::ResultFormat;
pub use limits::QueryLimits;
pub use prepared::{Cancellation, Query, Source, Sparql};
pub use results::{Answer, Row, Solutions};
pub use typed::{FromTerm, ValueError};
