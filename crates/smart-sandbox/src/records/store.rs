//! All records of the container, in memory, each made when it is first asked for.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use smart_rdf::Graph;

use crate::random;
use crate::records::assemble::{AssembleError, Assembly};
use crate::records::load::LoadError;
use crate::records::record::{Record, Statement};

/// An invented patient, known by the place in the row that a seed makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Synthetic {
    pub(crate) seed: u64,
    pub(crate) index: usize,
}

/// The records by id. Ids are compared as text, as the reference container does: `10` comes before
/// `9`.
#[derive(Debug)]
pub(crate) struct Store {
    api_base: String,
    records: BTreeMap<String, StoredRecord>,
    /// What was left out when the patient files were loaded.
    problems: Vec<LoadError>,
}

#[derive(Debug)]
struct StoredRecord {
    /// None until the record is first asked for.
    record: RwLock<Option<Arc<Record>>>,
    /// What to make the record from.
    synthetic: Option<Synthetic>,
}

/// A statement that is to be added has the URI of one that is there.
#[derive(Debug)]
pub(crate) struct DuplicateStatement {
    pub(crate) uri: String,
}

impl Store {
    pub(crate) fn new(api_base: &str) -> Self {
        Self {
            api_base: api_base.to_owned(),
            records: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    pub(crate) fn problems(&self) -> &[LoadError] {
        &self.problems
    }

    pub(crate) fn add_problem(&mut self, problem: LoadError) {
        self.problems.push(problem);
    }

    /// Adds an invented patient, whose record is made when it is first asked for.
    pub(crate) fn add_synthetic(&mut self, synthetic: Synthetic) {
        let id = smart_patients::record_id(synthetic.seed, synthetic.index);
        self.records.insert(
            id,
            StoredRecord {
                record: RwLock::new(None),
                synthetic: Some(synthetic),
            },
        );
    }

    /// Adds the record of a graph in the form of a patient file.
    pub(crate) fn add_graph(&mut self, id: &str, graph: &Graph) -> Result<(), AssembleError> {
        let record = self.make(id, graph)?;
        self.add_record(id, record);
        Ok(())
    }

    /// Adds the record of a graph whose files are in a folder. Returns the number of missing files.
    pub(crate) fn add_graph_with_files(
        &mut self,
        id: &str,
        graph: &Graph,
        files: &Path,
    ) -> Result<usize, AssembleError> {
        let mut record = self.make(id, graph)?;
        let missing = record.find_files(files);
        self.add_record(id, record);
        Ok(missing)
    }

    fn add_record(&mut self, id: &str, record: Record) {
        let slot = StoredRecord {
            record: RwLock::new(Some(Arc::new(record))),
            synthetic: None,
        };
        self.records.insert(id.to_owned(), slot);
    }

    /// Whether the record is there and not an invented one.
    pub(crate) fn is_given(&self, id: &str) -> bool {
        self.records
            .get(id)
            .is_some_and(|slot| slot.synthetic.is_none())
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.records.contains_key(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.records.keys().map(String::as_str)
    }

    /// The ids in the order in which the records came: invented patients by index, then the others
    /// by id.
    pub(crate) fn ids_in_order(&self) -> Vec<String> {
        let mut ids: Vec<(Option<usize>, &str)> = self
            .records
            .iter()
            .map(|(id, slot)| (slot.synthetic.map(|synthetic| synthetic.index), id.as_str()))
            .collect();
        ids.sort_by_key(|(index, id)| (index.is_none(), *index, *id));
        ids.into_iter().map(|(_, id)| id.to_owned()).collect()
    }

    pub(crate) fn first_id(&self) -> Option<&str> {
        self.ids().next()
    }

    /// The next larger id.
    pub(crate) fn id_after(&self, id: &str) -> Option<&str> {
        let after = (Bound::Excluded(id), Bound::Unbounded);
        self.records
            .range::<str, _>(after)
            .next()
            .map(|(id, _)| id.as_str())
    }

    /// The record as it is now. None if no record has this id.
    pub(crate) fn record(&self, id: &str) -> Result<Option<Arc<Record>>, AssembleError> {
        let Some((id, slot)) = self.records.get_key_value(id) else {
            return Ok(None);
        };
        if let Some(record) = &*slot.record.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Some(Arc::clone(record)));
        }
        let mut place = slot.record.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have been quicker between the two locks.
        if let Some(record) = &*place {
            return Ok(Some(Arc::clone(record)));
        }
        let Some(Synthetic { seed, index }) = slot.synthetic else {
            return Ok(None);
        };
        let record = Arc::new(self.make(id, &smart_patients::patient(seed, index).graph)?);
        *place = Some(Arc::clone(&record));
        Ok(Some(record))
    }

    /// Adds statements to a record, all or none.
    pub(crate) fn add_statements(
        &self,
        id: &str,
        statements: Vec<Statement>,
    ) -> Result<Result<(), DuplicateStatement>, AssembleError> {
        self.record(id)?;
        let Some(slot) = self.records.get(id) else {
            return Ok(Ok(()));
        };
        let mut place = slot.record.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = place.as_ref() {
            let known = |statement: &&Statement| record.statement(statement.uri.as_ref()).is_some();
            if let Some(known) = statements.iter().find(known) {
                return Ok(Err(DuplicateStatement {
                    uri: known.uri.as_str().to_owned(),
                }));
            }
            *place = Some(Arc::new(record.with(statements)));
        }
        Ok(Ok(()))
    }

    /// Turns a graph into statements for a record.
    pub(crate) fn assemble(
        &self,
        id: &str,
        graph: &Graph,
    ) -> Result<Vec<Statement>, AssembleError> {
        // The record may get many graphs; each needs labels of its own.
        let label = format!("p{}", random::alphanumeric(12)?);
        Assembly {
            api_base: &self.api_base,
            record_id: id,
            label: &label,
        }
        .statements(graph)
    }

    fn make(&self, id: &str, graph: &Graph) -> Result<Record, AssembleError> {
        let label = format!("r{id}");
        let assembly = Assembly {
            api_base: &self.api_base,
            record_id: id,
            label: &label,
        };
        let statements = assembly.record(graph)?;
        Ok(Record::new(
            assembly.record_uri(),
            statements.into_iter().map(Arc::new).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(ids: &[&str]) -> Store {
        let mut store = Store::new("http://localhost:7000");
        let graph = smart_rdf::Syntax::Turtle
            .parse(b"[] a <http://smartplatforms.org/terms#MedicalRecord> .")
            .unwrap();
        for id in ids {
            store.add_graph(id, &graph).unwrap();
        }
        store
    }

    #[test]
    fn ids_are_in_the_order_of_text() {
        let store = store(&["9", "10", "100", "2"]);
        assert_eq!(store.first_id(), Some("10"));
        assert_eq!(store.id_after("10"), Some("100"));
        assert_eq!(store.id_after("100"), Some("2"));
        assert_eq!(store.id_after("9"), None);
        // A record that is gone, or never was, still has a place in the order.
        assert_eq!(store.id_after("1"), Some("10"));
    }

    #[test]
    fn a_record_that_is_not_there_is_none() {
        assert!(store(&["1"]).record("2").unwrap().is_none());
    }

    #[test]
    fn a_synthetic_record_is_made_when_asked_for() {
        let mut store = Store::new("http://localhost:7000");
        store.add_synthetic(Synthetic {
            seed: smart_patients::DEFAULT_SEED,
            index: 0,
        });
        let record = store.record(smart_patients::DANIEL_ADAMS).unwrap().unwrap();
        assert!(record.len() > 5);
        let again = store.record(smart_patients::DANIEL_ADAMS).unwrap().unwrap();
        assert!(Arc::ptr_eq(&record, &again));
    }
}
