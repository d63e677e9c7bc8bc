//! Quantities as people read them.

use crate::models::{ValueAndUnit, VitalSign};
use crate::{MissingValue, Number, Required};

impl ValueAndUnit {
    /// `10 mL`
    ///
    /// # Errors
    ///
    /// The value or the unit is missing.
    pub fn to_text(&self) -> Result<String, MissingValue> {
        to_text(&self.value, &self.unit)
    }
}

impl VitalSign {
    /// `37.2 Cel`
    ///
    /// # Errors
    ///
    /// The value or the unit is missing.
    pub fn to_text(&self) -> Result<String, MissingValue> {
        to_text(&self.value, &self.unit)
    }
}

/// Containers send an empty unit where there is none.
fn to_text(value: &Required<Number>, unit: &Required<String>) -> Result<String, MissingValue> {
    let (value, unit) = (value.get()?, unit.get()?);
    let blank = if unit.is_empty() { "" } else { " " };
    Ok(format!("{value}{blank}{unit}"))
}

#[cfg(test)]
mod tests {
    use crate::Required;
    use crate::models::ValueAndUnit;

    #[test]
    fn a_quantity_without_a_unit_is_its_number_and_one_without_a_value_is_an_error() {
        let quantity = |unit: Required<String>| ValueAndUnit {
            value: "1.020".into(),
            unit,
            ..ValueAndUnit::default()
        };
        assert_eq!(quantity("mL".into()).to_text().unwrap(), "1.020 mL");
        assert_eq!(quantity("".into()).to_text().unwrap(), "1.020");
        assert!(quantity(Required::default()).to_text().is_err());
        assert!(ValueAndUnit::default().to_text().is_err());
    }
}
