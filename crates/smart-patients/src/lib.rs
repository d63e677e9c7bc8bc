//! People who never lived: a seeded generator of believable patient records.
//!
//! Every patient is a function of a seed and an index alone. There is no clock and no
//! platform-dependent arithmetic behind it, so the same pair gives the same record on every
//! machine, and a container may make a record only when somebody asks for it. A record is a small
//! story first (who, which conditions, since when) and a graph afterwards, so that drugs fit
//! problems, laboratory values fit both, nobody is prescribed what they are allergic to, and no
//! date lies before birth or after [`LAST_DAY`].
//!
//! ```
//! use smart_patients::{DANIEL_ADAMS, DEFAULT_SEED};
//! use smart_rdf::vocab::vcard;
//!
//! let daniel = smart_patients::patient(DEFAULT_SEED, 0);
//! assert_eq!(daniel.record_id, DANIEL_ADAMS);
//! assert!(daniel.graph.matching(None, Some(vcard::FAMILY_NAME), None).count() > 0);
//!
//! let ids: Vec<String> = smart_patients::patients(DEFAULT_SEED, 50).map(|patient| patient.record_id).collect();
//! assert_eq!(ids.len(), 50);
//! ```
//!
//! Names, addresses and numbers are invented: telephone numbers lie in the range kept free for
//! fiction (555-0100 to 555-0199), e-mail addresses under `example.org`. Codes are real ones from
//! SNOMED CT, RxNorm, LOINC and CVX.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod allergies;
mod codes;
mod conditions;
mod date;
mod drugs;
mod file;
mod history;
mod immunizations;
mod lab_results;
mod labs;
mod medications;
mod notes;
mod person;
mod random;
mod story;
mod tables;
/// The example of the README, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests;
mod vitals;

use file::PatientFile;
use random::Source;
use smart_rdf::Graph;
use story::Story;

/// The seed of a container that was asked for no other.
pub const DEFAULT_SEED: u64 = 219;

/// The last day on which anything happens in a record.
///
/// It is fixed so that records do not change from one day to the next.
pub const LAST_DAY: &str = "2026-06-30";

/// How many different record ids there are: all numbers of seven digits.
///
/// From this index on the ids come round again.
pub const DISTINCT_RECORDS: usize = 9_000_000;

/// The record of Daniel Adams, index 0 of every seed: the patient whom examples and tests can rely
/// on.
///
/// He is a man in middle age with several problems and medications.
pub const DANIEL_ADAMS: &str = "1288992";

/// One invented patient.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SyntheticPatient {
    /// Seven digits, unique among the first [`DISTINCT_RECORDS`] patients of a seed.
    pub record_id: String,
    /// The record as a patient file holds it: one blank `sp:MedicalRecord` and its statements,
    /// blank nodes too, for a container to give URIs to.
    pub graph: Graph,
}

/// The first `count` patients of a seed, made one at a time.
pub fn patients(seed: u64, count: usize) -> impl ExactSizeIterator<Item = SyntheticPatient> {
    (0..count).map(move |index| patient(seed, index))
}

/// The patient at one index, without those before it.
#[must_use]
pub fn patient(seed: u64, index: usize) -> SyntheticPatient {
    SyntheticPatient {
        record_id: record_id(seed, index),
        graph: graph(&Source { seed, index }),
    }
}

/// The id of the record at one index; much cheaper than the record itself.
#[must_use]
pub fn record_id(seed: u64, index: usize) -> String {
    number(seed, index).to_string()
}

fn graph(source: &Source) -> Graph {
    let story = Story::invent(source);
    let mut file = PatientFile::new();
    person::write(&story, source, &mut file);
    history::write_problems(&story, source, &mut file);
    medications::write(&story, source, &mut file);
    allergies::write(&story, source, &mut file);
    lab_results::write(&story, source, &mut file);
    vitals::write(&story, source, &mut file);
    immunizations::write(&story, source, &mut file);
    history::write(&story, source, &mut file);
    notes::write(&story, source, &mut file);
    file.into_graph()
}

/// Steps through all numbers of seven digits: the step shares no factor with their count, so none
/// comes twice.
fn number(seed: u64, index: usize) -> u64 {
    const FIRST: u64 = 1_000_000;
    const COUNT: u64 = DISTINCT_RECORDS as u64;
    const STEP: u64 = 3_141_593;
    const DANIEL: u64 = 1_288_992;

    let at = |index: u64| FIRST + (seed % COUNT + (index % COUNT) * STEP) % COUNT;
    match index as u64 % COUNT {
        0 => DANIEL,
        // the place that index 0 gave up for Daniel Adams
        index if at(index) == DANIEL => at(0),
        index => at(index),
    }
}
