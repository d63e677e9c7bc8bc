mod dataset;
mod error;
mod limits;
mod prepared;
mod results;
mod syntax_error;

pub use error::QueryError;
pub use limits::QueryLimits;
pub use prepared::{Cancellation, Query, Sparql};
pub use results::{Answer, Row, Solutions};
