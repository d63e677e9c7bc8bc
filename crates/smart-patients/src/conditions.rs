//! Conditions: who gets them, how they are treated, and what they do to laboratory values.

use std::sync::LazyLock;

use super::codes::{Code, CodeSet, code, loinc, snomed};
use super::drugs::{Drug, drugs};
use super::labs;
use super::person::Sex;
use super::tables::{keys, number, range, rows};

// The keys of conditions that the code tells apart.
pub(super) const ASTHMA: &str = "asthma";
pub(super) const COPD: &str = "copd";
pub(super) const DIABETES: &str = "diabetes";
pub(super) const HEART_FAILURE: &str = "heart-failure";
pub(super) const HYPERLIPIDEMIA: &str = "hyperlipidemia";
pub(super) const HYPERTENSION: &str = "hypertension";
pub(super) const OBESITY: &str = "obesity";

/// One condition, as it occurs among the people of this generator.
#[derive(Debug)]
pub(super) struct Condition {
    /// What code and other tables call it.
    pub(super) key: &'static str,
    pub(super) name: Code,
    pub(super) sex: Option<Sex>,
    /// First and last age at onset, in years.
    pub(super) ages: (i32, i32),
    /// How many in a thousand have had it after the last of these ages.
    pub(super) chances: u32,
    /// How many days it lasts; `None` if it is chronic.
    pub(super) days: Option<(i32, i32)>,
    /// Only after one of these conditions.
    pub(super) needs: Vec<&'static str>,
    /// Not after any of these conditions.
    pub(super) unless: Vec<&'static str>,
    pub(super) therapies: Vec<Therapy>,
    /// Results found at onset.
    pub(super) findings: Vec<Finding>,
    pub(super) procedures: Vec<Procedure>,
    pub(super) shifts: Vec<Shift>,
}

/// One of several drugs, given to some of those who have a condition.
#[derive(Debug)]
pub(super) struct Therapy {
    pub(super) chances: u32,
    pub(super) drugs: Vec<&'static Drug>,
    /// How many days; `None` if as long as the condition.
    pub(super) days: Option<i32>,
}

/// A result in words: one of the texts.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) name: Code,
    pub(super) texts: Vec<&'static str>,
}

/// Something done because of a condition.
#[derive(Debug)]
pub(super) struct Procedure {
    pub(super) name: Code,
    pub(super) chances: u32,
    pub(super) notes: &'static str,
    /// At the end of the condition and not at its beginning.
    pub(super) at_end: bool,
}

/// Where the values of a laboratory test lie during a condition.
#[derive(Debug)]
pub(super) struct Shift {
    /// The key of the test.
    pub(super) test: &'static str,
    pub(super) values: (i32, i32),
}

/// In an order in which each stands after those that it needs.
pub(super) static CONDITIONS: LazyLock<Vec<Condition>> = LazyLock::new(|| {
    rows(include_str!("../data/conditions.tsv"))
        .map(Condition::from_row)
        .collect()
});

impl Condition {
    fn from_row(row: [&'static str; 11]) -> Self {
        let [key, id, title, sex, first_age, last_age, chances, row @ ..] = row;
        let [least_days, most_days, needs, unless] = row;
        Self {
            key,
            name: snomed(id, title),
            sex: (!sex.is_empty()).then(|| Sex::named(sex)),
            ages: (number(first_age), number(last_age)),
            chances: number(chances),
            days: range(least_days, most_days),
            needs: keys(needs),
            unless: keys(unless),
            therapies: of(
                key,
                include_str!("../data/therapies.tsv"),
                Therapy::from_row,
            ),
            findings: of(key, include_str!("../data/findings.tsv"), Finding::from_row),
            procedures: of(
                key,
                include_str!("../data/procedures.tsv"),
                Procedure::from_row,
            ),
            shifts: of(key, include_str!("../data/shifts.tsv"), Shift::from_row),
        }
    }
}

impl Therapy {
    fn from_row([_, chances, days, drug_keys]: [&'static str; 4]) -> Self {
        Self {
            chances: number(chances),
            drugs: drugs(&keys(drug_keys)),
            days: (!days.is_empty()).then(|| number(days)),
        }
    }
}

impl Finding {
    fn from_row([_, id, title, texts]: [&'static str; 4]) -> Self {
        Self {
            name: loinc(id, title),
            texts: texts.split(" | ").collect(),
        }
    }
}

impl Procedure {
    fn from_row([_, id, title, chances, when, notes]: [&'static str; 6]) -> Self {
        Self {
            name: code(CodeSet::Procedure, id, title),
            chances: number(chances),
            notes,
            at_end: when == "end",
        }
    }
}

impl Shift {
    fn from_row([_, test, low, high]: [&'static str; 4]) -> Self {
        Self {
            test: labs::test(test).key,
            values: (number(low), number(high)),
        }
    }
}

/// The rows of a table whose first cell is the key of a condition.
fn of<T, const N: usize>(
    condition: &str,
    table: &'static str,
    from_row: impl Fn([&'static str; N]) -> T,
) -> Vec<T> {
    rows(table)
        .filter(|row| row[0] == condition)
        .map(from_row)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tables_name_conditions_that_exist() {
        let known: HashSet<_> = CONDITIONS.iter().map(|condition| condition.key).collect();
        assert_eq!(known.len(), CONDITIONS.len());
        let mut named = vec![
            ASTHMA,
            COPD,
            DIABETES,
            HEART_FAILURE,
            HYPERLIPIDEMIA,
            HYPERTENSION,
            OBESITY,
        ];
        for table in [
            include_str!("../data/therapies.tsv"),
            include_str!("../data/findings.tsv"),
            include_str!("../data/procedures.tsv"),
            include_str!("../data/shifts.tsv"),
        ] {
            named.extend(
                table
                    .lines()
                    .skip(1)
                    .filter_map(|line| line.split('\t').next()),
            );
        }
        for panel in &*labs::PANELS {
            named.extend(&panel.needed_for);
        }
        for (index, condition) in CONDITIONS.iter().enumerate() {
            let earlier: HashSet<_> = CONDITIONS[..index].iter().map(|other| other.key).collect();
            for key in condition.needs.iter().chain(&condition.unless) {
                assert!(earlier.contains(key), "{} before {key}", condition.key);
            }
        }
        for key in named {
            assert!(known.contains(key), "{key}");
        }
    }
}
