//! Compare or write: one walk over the generated files, with a flag.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;

use crate::emit::{HEADER, Tree, is_code};
use crate::summary::Summary;

/// The `generated` folders of the two crates, and that of the documentation.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "there is a folder for each crate that has generated code"
)]
pub struct Roots {
    /// For the calls: smart-api's.
    pub api: PathBuf,
    /// For the reference of all calls: documentation, which may hold other files.
    pub docs: PathBuf,
    /// For the methods: the facade's.
    pub facade: PathBuf,
}

/// Whether to change anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "to look or to act")]
pub enum Mode {
    /// Only look: what differs is an error.
    Check,
    /// Write what differs, delete what is no longer generated.
    Write,
}

/// All generated files.
#[derive(Clone, Debug)]
pub struct Generated {
    files: BTreeMap<(Tree, String), String>,
    summary: Summary,
}

impl Generated {
    pub(crate) fn new(files: BTreeMap<(Tree, String), String>, summary: Summary) -> Self {
        Self { files, summary }
    }

    /// What was read and what came of it.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The same code without its comments, to compare what two ontologies give apart from their
    /// prose.
    #[must_use]
    pub fn without_comments(mut self) -> Self {
        self.files.retain(|(_, path), _| is_code(path));
        for text in self.files.values_mut() {
            *text = code_of(text);
        }
        self
    }

    /// The paths of files that are not the same in both.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let paths: BTreeSet<_> = self.files.keys().chain(other.files.keys()).collect();
        let differ = |path: &&&(Tree, String)| self.files.get(**path) != other.files.get(**path);
        paths
            .iter()
            .filter(differ)
            .map(|(_, path)| path.clone())
            .collect()
    }

    /// Compares the files below the roots, or makes them what they should be. Gives back the paths
    /// of those that it wrote or deleted.
    ///
    /// # Errors
    ///
    /// In [`Mode::Check`], something differs. In either mode, a file cannot be read or written, or
    /// lies among the generated ones without being one of them.
    pub fn settle(&self, roots: &Roots, mode: Mode) -> Result<Vec<PathBuf>, OutputError> {
        let mut changed = Vec::new();
        let mut expected = BTreeSet::new();
        for ((tree, path), text) in &self.files {
            let path = root(roots, *tree).join(path);
            if read_if_there(&path)?.as_deref() != Some(text.as_str()) {
                changed.push(path.clone());
                if mode == Mode::Write {
                    write(&path, text)?;
                }
            }
            expected.insert(path);
        }
        for path in files_below(&[&roots.api, &roots.facade])? {
            if expected.contains(&path) {
                continue;
            }
            if !read_if_there(&path)?.is_some_and(|text| text.starts_with(HEADER)) {
                return Err(OutputError::Foreign { path });
            }
            if mode == Mode::Write {
                fs::remove_file(&path).map_err(|source| OutputError::File {
                    path: path.clone(),
                    source,
                })?;
            }
            changed.push(path);
        }
        match mode {
            Mode::Check if !changed.is_empty() => Err(OutputError::Stale { paths: changed }),
            _ => Ok(changed),
        }
    }
}

fn root(roots: &Roots, tree: Tree) -> &Path {
    match tree {
        Tree::Api => &roots.api,
        Tree::Docs => &roots.docs,
        Tree::Facade => &roots.facade,
    }
}

/// The lines that are no comments and not blank.
fn code_of(text: &str) -> String {
    let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.trim().is_empty();
    text.lines()
        .filter(is_code)
        .flat_map(|line| [line, "\n"])
        .collect()
}

fn read_if_there(path: &Path) -> Result<Option<String>, OutputError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OutputError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

fn write(path: &Path, text: &str) -> Result<(), OutputError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|source| OutputError::File {
            path: path.to_owned(),
            source,
        })
}

/// Every file below these folders, sorted. A folder that is not there has none.
fn files_below(folders: &[&PathBuf]) -> Result<Vec<PathBuf>, OutputError> {
    let mut files = Vec::new();
    let mut pending: Vec<PathBuf> = folders.iter().map(|folder| (*folder).clone()).collect();
    while let Some(folder) = pending.pop() {
        let failed = |source| OutputError::File {
            path: folder.clone(),
            source,
        };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(failed(source)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            // A link to a folder is a file here: what lies behind it is not ours.
            let is_folder = entry.file_type().map_err(failed)?.is_dir();
            if is_folder {
                pending.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The files on disk are not what they should be, or cannot be made so.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A file cannot be read, written or deleted.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file lies among the generated ones that the generator did not write.
    #[error("{} lies among generated files but was not generated: move it elsewhere", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The generated code is not current.
    #[error("{} file(s) are not what the ontology gives: {}; run `cargo xtask codegen`", paths.len(), list(paths))]
    Stale {
        /// The files that differ, are missing, or are no longer generated.
        paths: Vec<PathBuf>,
    },
}

fn list(paths: &[PathBuf]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = paths
        .iter()
        .take(SHOWN)
        .map(|path| path.display().to_string())
        .collect();
    let more = if paths.len() > SHOWN { ", …" } else { "" };
    shown.join(", ") + more
}
