//! What one would otherwise write again and again around the generated models. Shallow: nothing
//! here decides anything.

mod clinical_note;
mod coded_value;
mod value_and_unit;
