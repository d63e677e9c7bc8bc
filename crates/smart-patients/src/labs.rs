//! Laboratory tests with units and normal ranges, and who has them done.

use std::sync::LazyLock;

use super::codes::{Code, loinc};
use super::drugs::{Drug, drugs};
use super::tables::{keys, number, range, rows};

/// A laboratory test; every number is counted in the last decimal.
#[derive(Debug)]
pub(super) struct LabTest {
    /// What other tables call it.
    pub(super) key: &'static str,
    pub(super) name: Code,
    pub(super) unit: &'static str,
    pub(super) decimals: u8,
    pub(super) normal: (i32, i32),
    /// Where women's normal range differs.
    pub(super) normal_for_women: Option<(i32, i32)>,
    /// Where most values of healthy people lie.
    pub(super) usual: (i32, i32),
}

/// Tests that are ordered together.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) tests: Vec<&'static LabTest>,
    /// Ordered at every visit of people who have one of these conditions …
    pub(super) needed_for: Vec<&'static str>,
    /// … or take one of these drugs …
    pub(super) needed_with: Vec<&'static Drug>,
    /// … and for so many in a thousand of the others …
    pub(super) chances: u32,
    /// … at these ages, in years.
    pub(super) ages: (i32, i32),
}

static TESTS: LazyLock<Vec<LabTest>> = LazyLock::new(|| {
    rows(include_str!("../data/lab-tests.tsv"))
        .map(LabTest::from_row)
        .collect()
});

/// The panels, in the order in which they are drawn.
pub(super) static PANELS: LazyLock<Vec<Panel>> = LazyLock::new(|| {
    rows(include_str!("../data/panels.tsv"))
        .map(Panel::from_row)
        .collect()
});

impl LabTest {
    fn from_row(row: [&'static str; 11]) -> Self {
        let [key, id, title, unit, decimals, low, high, row @ ..] = row;
        let [women_low, women_high, usual_low, usual_high] = row;
        let normal = (number(low), number(high));
        Self {
            key,
            name: loinc(id, title),
            unit,
            decimals: number(decimals),
            normal,
            normal_for_women: range(women_low, women_high),
            usual: range(usual_low, usual_high).unwrap_or(normal),
        }
    }
}

impl Panel {
    fn from_row(row: [&'static str; 6]) -> Self {
        let [tests, needed_for, needed_with, chances, first_age, last_age] = row;
        Self {
            tests: keys(tests).into_iter().map(test).collect(),
            needed_for: keys(needed_for),
            needed_with: drugs(&keys(needed_with)),
            chances: number(chances),
            ages: (number(first_age), number(last_age)),
        }
    }
}

/// The test of this key.
pub(super) fn test(key: &str) -> &'static LabTest {
    let mut tests = TESTS.iter();
    tests
        .find(|test| test.key == key)
        .expect("tables name tests of data/lab-tests.tsv")
}
