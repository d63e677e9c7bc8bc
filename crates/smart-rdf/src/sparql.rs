mod dataset;
mod error;
mod limits;
mod plan;
mod prepared;
mod results;
mod syntax_error;
mod values;

pub use error::QueryError;
pub use limits::QueryLimits;
pub use prepared::{Cancellation, Query, Source, Sparql};
pub use results::{Answer, Row, Solutions};
