//! Drugs as they are prescribed: RxNorm semantic clinical drugs with the usual instructions.

use std::sync::LazyLock;

use super::codes::{Code, rxnorm};
use super::tables::{number, rows};

/// One way to take one drug.
#[derive(Debug)]
pub(super) struct Drug {
    /// What other tables call it.
    key: &'static str,
    pub(super) name: Code,
    pub(super) instructions: &'static str,
    /// Amount and unit taken at once.
    pub(super) dose: (&'static str, &'static str),
    /// Times and unit of time; `None` if taken as needed.
    pub(super) frequency: Option<(&'static str, &'static str)>,
    /// What a pharmacy hands out: amount, unit, and for how many days.
    pub(super) pack: (i32, &'static str, i32),
    /// Ages, in years, at which it is given in this form.
    pub(super) ages: (i32, i32),
}

static DRUGS: LazyLock<Vec<Drug>> = LazyLock::new(|| {
    rows(include_str!("../data/drugs.tsv"))
        .map(Drug::from_row)
        .collect()
});

impl Drug {
    fn from_row(row: [&'static str; 13]) -> Self {
        let [key, id, title, instructions, row @ ..] = row;
        let [dose, dose_unit, times, per, row @ ..] = row;
        let [pack, pack_unit, pack_days, first_age, last_age] = row;
        Self {
            key,
            name: rxnorm(id, title),
            instructions,
            dose: (dose, dose_unit),
            frequency: (!times.is_empty()).then_some((times, per)),
            pack: (number(pack), pack_unit, number(pack_days)),
            ages: (number(first_age), number(last_age)),
        }
    }
}

/// The drugs of these keys.
pub(super) fn drugs(keys: &[&str]) -> Vec<&'static Drug> {
    let drug = |key| DRUGS.iter().find(|drug| drug.key == key);
    keys.iter()
        .map(|key| drug(*key).expect("tables name drugs of data/drugs.tsv"))
        .collect()
}
