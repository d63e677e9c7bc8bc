mod dataset;
mod error;
mod format;
mod functions;
mod limits;
mod prepared;
mod results;
mod rewrite;
mod run;
mod syntax_error;
mod table;
mod typed;

pub use error::QueryError;
pub use format::ResultFormat;
pub use limits::QueryLimits;
pub use prepared::{Cancellation, Query, Source, Sparql};
pub use results::{Answer, Row, Solutions};
pub use typed::{FromTerm, ValueError};
