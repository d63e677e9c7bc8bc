//! Quantities as people read them.

use std::fmt;

use crate::models::{ValueAndUnit, VitalSign};

impl fmt::Display for ValueAndUnit {
    /// `10 mL`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.value.as_str(), &self.unit)
    }
}

impl fmt::Display for VitalSign {
    /// `37.2 Cel`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.value.as_str(), &self.unit)
    }
}

/// Containers leave the unit empty where there is none.
fn write(f: &mut fmt::Formatter<'_>, value: &str, unit: &str) -> fmt::Result {
    let blank = if unit.is_empty() { "" } else { " " };
    write!(f, "{value}{blank}{unit}")
}

#[cfg(test)]
mod tests {
    use crate::models::ValueAndUnit;

    #[test]
    fn a_quantity_without_a_unit_is_its_number() {
        let quantity = |unit: &str| ValueAndUnit {
            value: "1.020".into(),
            unit: unit.into(),
            ..ValueAndUnit::default()
        };
        assert_eq!(quantity("mL").to_string(), "1.020 mL");
        assert_eq!(quantity("").to_string(), "1.020");
    }
}
