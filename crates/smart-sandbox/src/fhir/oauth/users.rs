//! The two people who can log in, and whose records each may share.

use smart_api::vocab::sp;
use smart_rdf::vocab::foaf;
use subtle::ConstantTimeEq;

use crate::records::store::Store;

/// The user who may share two records: his own, which is the first, and that of a woman he
/// represents.
pub const FHIR_USER: &str = "daniel-adams";
/// The password of both users.
pub const FHIR_PASSWORD: &str = "demo-password";

/// The user with one record.
const OTHER_USER: &str = "joseph-ross";

/// Someone who can log in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) username: &'static str,
    pub(crate) name: &'static str,
    /// The ids of the records that the user may share, the user's own first.
    pub(crate) records: Vec<String>,
}

/// Both of them.
#[derive(Debug)]
pub(crate) struct Users([User; 2]);

impl Users {
    /// Finds records for the users. The first record, Daniel Adams's among invented patients, is
    /// his own; he represents the first woman of the others, and the first man of the others is
    /// Joseph Ross's.
    pub(crate) fn choose(store: &Store) -> Self {
        let mut ids = store.ids_in_order().into_iter();
        let own: Vec<String> = ids.next().into_iter().collect();
        let others: Vec<String> = ids.take(MOST_LOOKED_AT).collect();
        let first = |gender: &str| others.iter().find(|id| has_gender(store, id, gender));
        let represented = first("female").or(others.first()).cloned();
        let different = |id: &&String| Some(*id) != represented.as_ref();
        let other = first("male")
            .filter(different)
            .or_else(|| others.iter().find(different))
            .cloned();
        Self([
            User {
                username: FHIR_USER,
                name: "Daniel Adams",
                records: own.into_iter().chain(represented).collect(),
            },
            User {
                username: OTHER_USER,
                name: "Joseph Ross",
                records: other.into_iter().collect(),
            },
        ])
    }

    pub(crate) fn get(&self, username: &str) -> Option<&User> {
        self.0.iter().find(|user| user.username == username)
    }

    /// The user with this username, if the password is right.
    pub(crate) fn log_in(&self, username: &str, password: &str) -> Option<&User> {
        let matches: bool = password.as_bytes().ct_eq(FHIR_PASSWORD.as_bytes()).into();
        self.get(username).filter(|_| matches)
    }
}

impl User {
    /// The record of a patient of this user.
    pub(crate) fn record_of(&self, patient: &str) -> Option<&str> {
        let record = record_id(patient)?;
        self.records
            .iter()
            .find(|known| *known == record)
            .map(String::as_str)
    }

    /// The FHIR ids of the patients, the user's own first.
    pub(crate) fn patients(&self) -> impl Iterator<Item = String> {
        self.records.iter().map(|record| patient_id(record))
    }
}

/// Records are made when they are first looked at; a folder of ten thousand men shall not be read
/// to its end.
const MOST_LOOKED_AT: usize = 50;

fn has_gender(store: &Store, record_id: &str, gender: &str) -> bool {
    let Ok(Some(record)) = store.record(record_id) else {
        return false;
    };
    record
        .statements_of(sp::class::DEMOGRAPHICS)
        .any(|statement| statement.texts(foaf::GENDER).any(|text| text == gender))
}

const PREFIX: &str = "smart-";

/// The FHIR id of the patient of a record.
pub(crate) fn patient_id(record_id: &str) -> String {
    format!("{PREFIX}{record_id}")
}

/// The record of a patient, by the FHIR id.
pub(crate) fn record_id(patient_id: &str) -> Option<&str> {
    patient_id.strip_prefix(PREFIX)
}
