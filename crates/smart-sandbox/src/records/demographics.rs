//! Who the patient of a record is: for the lists that people see, and for the search.

use std::sync::Arc;

use smart_api::vocab::sp;
use smart_rdf::vocab::{dcterms, foaf, vcard};
use smart_rdf::{NamedNodeRef, Term};

use crate::records::record::{Record, Statement};

/// The demographics of one record.
pub(crate) struct Demographics<'a> {
    record: &'a Record,
    statement: &'a Arc<Statement>,
}

/// What a list of records shows of a patient.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Patient {
    pub(crate) record_id: String,
    pub(crate) name: Option<String>,
    pub(crate) birthday: Option<String>,
}

impl<'a> Demographics<'a> {
    /// The demographics of a record; a record may have none.
    pub(crate) fn of(record: &'a Record) -> Option<Self> {
        let statement = record.statements_of(sp::class::DEMOGRAPHICS).next()?;
        Some(Self { record, statement })
    }

    pub(crate) fn statement(&self) -> &'a Arc<Statement> {
        self.statement
    }

    pub(crate) fn given_names(&self) -> Vec<String> {
        self.texts(&[vcard::N, vcard::GIVEN_NAME])
    }

    pub(crate) fn family_names(&self) -> Vec<String> {
        self.texts(&[vcard::N, vcard::FAMILY_NAME])
    }

    pub(crate) fn genders(&self) -> Vec<String> {
        self.texts(&[foaf::GENDER])
    }

    pub(crate) fn birthdays(&self) -> Vec<String> {
        self.texts(&[vcard::BDAY])
    }

    pub(crate) fn postal_codes(&self) -> Vec<String> {
        self.texts(&[vcard::ADR, vcard::POSTAL_CODE])
    }

    pub(crate) fn medical_record_numbers(&self) -> Vec<String> {
        self.texts(&[sp::MEDICAL_RECORD_NUMBER, dcterms::IDENTIFIER])
    }

    fn texts(&self, path: &[NamedNodeRef<'_>]) -> Vec<String> {
        let terms = self.record.follow(self.statement, path).into_iter();
        terms
            .filter_map(|term| match term {
                Term::Literal(literal) => Some(literal.destruct().0),
                _ => None,
            })
            .collect()
    }
}

impl Patient {
    pub(crate) fn of(record_id: &str, record: Option<&Record>) -> Self {
        let demographics = record.and_then(Demographics::of);
        let name = demographics.as_ref().map(|demographics| {
            let mut names = demographics.given_names();
            names.extend(demographics.family_names());
            names.join(" ")
        });
        Self {
            record_id: record_id.to_owned(),
            name: name.filter(|name| !name.is_empty()),
            birthday: demographics
                .and_then(|demographics| demographics.birthdays().into_iter().next()),
        }
    }

    /// One line to choose from.
    pub(crate) fn label(&self) -> String {
        let name = self.name.as_deref().unwrap_or("No name");
        match &self.birthday {
            Some(birthday) => format!("{name}, born {birthday} (record {})", self.record_id),
            None => format!("{name} (record {})", self.record_id),
        }
    }
}
