//! A coded value as people read it.

use std::fmt;

use crate::models::CodedValue;

impl<C> fmt::Display for CodedValue<C> {
    /// The title that the source of the data gave it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.title)
    }
}
