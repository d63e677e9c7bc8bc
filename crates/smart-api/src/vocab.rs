//! The terms of SMART's own vocabularies, as constants.
//!
//! Properties stand in the module itself, classes in its `class`: `sp::MEDICATION` is the property that leads from a
//! fulfillment to its medication, `sp::class::MEDICATION` the class. In IRIs the two differ in case only.
//!
//! ```
//! use smart_api::vocab::sp;
//!
//! assert_eq!(sp::DRUG_NAME.as_str(), "http://smartplatforms.org/terms#drugName");
//! assert_eq!(sp::class::MEDICATION.as_str(), "http://smartplatforms.org/terms#Medication");
//! ```

pub mod api;

pub use crate::generated::vocab::{sp, spcode};
