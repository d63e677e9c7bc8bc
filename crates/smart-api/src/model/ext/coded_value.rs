//! A coded value as people read it.

use crate::models::CodedValue;
use crate::{MissingValue, Required};

impl<C> Required<CodedValue<C>> {
    /// The title that the source of the data gave it: `medication.drug_name.title()?`.
    ///
    /// # Errors
    ///
    /// The coded value or its title is missing.
    pub fn title(&self) -> Result<&str, MissingValue> {
        self.get()?.title.get().map(String::as_str)
    }
}
