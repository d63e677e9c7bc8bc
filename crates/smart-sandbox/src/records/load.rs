//! Reads patient files: a folder of RDF/XML, one record a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use smart_rdf::{Graph, Limits, ParseError, RdfXml, Turtle, WriteError};

use crate::records::assemble::AssembleError;
use crate::records::prefixes;
use crate::records::store::Store;

/// The largest patient file or document that is read, in bytes. Files of 350 kB are common for long
/// histories.
pub(crate) const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Why a folder of patients, or a part of it, was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Two files have the same record id. Neither is loaded, since nothing tells which one is
    /// right.
    #[error("{} and {} both hold record {record_id}, neither is loaded; rename or remove one", .first.display(), .second.display())]
    DuplicateRecord {
        /// The record id that both names give.
        record_id: String,
        /// The one file.
        first: PathBuf,
        /// The other file.
        second: PathBuf,
    },
    /// A file is invalid.
    #[error("cannot load the patient file {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        problem: FileError,
    },
    /// The folder cannot be listed.
    #[error("cannot read the patients folder {}, give an existing folder", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// A record names files that are missing. The record is loaded, but requests for the bytes of
    /// these files fail.
    #[error("record {record_id} names {count} file(s) that are not in {}, put them there to serve their bytes", .folder.display())]
    MissingFiles {
        /// The record.
        record_id: String,
        /// How many files are missing.
        count: usize,
        /// Where they were looked for.
        folder: PathBuf,
    },
    /// No patient file of the folder is valid.
    #[error("none of the {count} patient file(s) in {} can be used, the first for this reason", .path.display())]
    NoneUsable {
        /// The folder.
        path: PathBuf,
        /// How many files were tried.
        count: usize,
        /// What is wrong with the first one.
        #[source]
        first: Box<Self>,
    },
    /// The folder contains no patient file.
    #[error("there are no patient files in {}, put RDF/XML files such as p1288992.xml there", .path.display())]
    NoPatients {
        /// The folder.
        path: PathBuf,
    },
}

/// What is wrong with one patient file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file contains no record, several records, or statements that contradict each other.
    #[error("it is not one patient's record: {reason}")]
    NotOneRecord {
        /// What was found instead.
        reason: String,
    },
    /// The file's name contains no digits.
    #[error("its name has no digits to take the record id from, call it p1288992.xml or the like")]
    NoRecordId,
    /// The file is not RDF, or exceeds a limit.
    #[error("it is not RDF, correct it where the parser stopped or move it away")]
    Syntax(#[source] ParseError),
    /// The file is too large.
    #[error("it has {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// The size of the file.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// The file cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// The file contains Turtle that RDF/XML cannot express.
    #[error("it cannot be written as RDF/XML")]
    Unwritable(#[source] WriteError),
}

/// Reads all patient files of a folder into the store, which keeps what is wrong with those that
/// cannot be used.
///
/// Files that end in `.xml`, `.rdf`, `.ttl` or `.n3` are patient files; others, hidden ones and
/// folders are passed over.
///
/// # Errors
///
/// When the folder cannot be listed, or not one patient file can be used.
pub(crate) fn folder(path: &Path, store: &mut Store) -> Result<(), LoadError> {
    let files = patient_files(path)?;
    if files.is_empty() {
        return Err(LoadError::NoPatients {
            path: path.to_owned(),
        });
    }
    let count = files.len();
    let mut by_record: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let mut problems = Vec::new();
    for file in files {
        match record_id(&file) {
            Some(record_id) => by_record.entry(record_id).or_default().push(file),
            None => problems.push(LoadError::File {
                path: file,
                problem: FileError::NoRecordId,
            }),
        }
    }
    let mut loaded = 0;
    for (record_id, files) in by_record {
        let file = match &files[..] {
            [file] => file,
            [first, others @ ..] => {
                problems.extend(others.iter().map(|second| LoadError::DuplicateRecord {
                    record_id: record_id.clone(),
                    first: first.clone(),
                    second: second.clone(),
                }));
                continue;
            }
            [] => continue,
        };
        let documents = path.join("documents").join(&record_id);
        let added = read(file)
            .and_then(|graph| Ok(store.add_graph_with_files(&record_id, &graph, &documents)?));
        match added {
            Ok(missing) => {
                loaded += 1;
                problems.extend((missing > 0).then_some(LoadError::MissingFiles {
                    record_id,
                    count: missing,
                    folder: documents,
                }));
            }
            Err(problem) => problems.push(LoadError::File {
                path: file.clone(),
                problem,
            }),
        }
    }
    if loaded == 0 && !problems.is_empty() {
        return Err(LoadError::NoneUsable {
            path: path.to_owned(),
            count,
            first: Box::new(problems.swap_remove(0)),
        });
    }
    for problem in problems {
        tracing::warn!(%problem, "not loaded");
        store.add_problem(problem);
    }
    Ok(())
}

fn patient_files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |source| LoadError::Folder {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_patient_file(&path) {
            files.push(path);
        } else {
            tracing::debug!(path = %path.display(), "passed over, not a patient file");
        }
    }
    // The order of a listing is the file system's whim; errors should not depend on it.
    files.sort();
    Ok(files)
}

fn is_patient_file(path: &Path) -> bool {
    let is_hidden = path
        .file_name()
        .is_none_or(|name| name.to_string_lossy().starts_with('.'));
    let known_ending = path.extension().is_some_and(|ending| {
        ["n3", "rdf", "ttl", "xml"]
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    });
    !is_hidden && known_ending && path.is_file()
}

fn read(path: &Path) -> Result<Graph, FileError> {
    let size = fs::metadata(path).map_err(FileError::Unreadable)?.len();
    if size > MOST_BYTES {
        return Err(FileError::TooLarge {
            bytes: size,
            limit: MOST_BYTES,
        });
    }
    let bytes = fs::read(path).map_err(FileError::Unreadable)?;
    let is_turtle = path.extension().is_some_and(|ending| {
        ending.eq_ignore_ascii_case("ttl") || ending.eq_ignore_ascii_case("n3")
    });
    let parsed = if is_turtle {
        Turtle::new().with_limits(limits()).for_slice(&bytes)
    } else {
        RdfXml::new().with_limits(limits()).for_slice(&bytes)
    };
    let graph = parsed.map_err(FileError::Syntax)?;
    if is_turtle {
        // Turtle can say what RDF/XML, in which every answer is written, cannot.
        prefixes::rdf_xml(&graph).map_err(FileError::Unwritable)?;
    }
    Ok(graph)
}

/// All digits of the file's name before the first dot.
fn record_id(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    let id: String = name
        .split('.')
        .next()?
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    (!id.is_empty()).then_some(id)
}

/// The limits of answers are too tight for files that a developer chose to load.
fn limits() -> Limits {
    Limits::default()
        .with_bytes(MOST_BYTES as usize)
        .with_triples(2_000_000)
}

impl From<AssembleError> for FileError {
    fn from(error: AssembleError) -> Self {
        Self::NotOneRecord {
            reason: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
