//! What of an export arrived, and what did not.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ExportFile, Manifest};
use crate::error::LineError;
use crate::resource::Resource;
use crate::resource::outcome::OperationOutcome;

/// What was read of the files of an export, and so whether the server may throw them away.
///
/// A good status says nothing about that: a server can list files of errors, announce more lines
/// than it sends, and write lines that are not resources. Plain data, to be kept as JSON with the
/// job over a restart.
///
/// ```
/// use smart_fhir::{ExportReport, FileReport};
///
/// # fn example(manifest: &smart_fhir::Manifest) {
/// let mut report = ExportReport::new(manifest);
/// assert!(!report.is_complete(), "nothing was read yet");
/// for missing in report.missing() {
///     println!("{missing}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ExportReport {
    files: Vec<FileReport>,
}

/// What was read of one file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct FileReport {
    /// Which of the manifest's lists it is in.
    pub kind: FileKind,
    /// Its place in that list, counted from 0.
    pub place: usize,
    /// What resources it holds, as the manifest says.
    pub resource_type: String,
    /// Where it is, without the query: object stores put signatures there, which are secrets and
    /// change.
    pub address: String,
    /// How many lines the manifest announces.
    pub announced: Option<u64>,
    /// How many lines were read, without blank ones.
    pub lines: u64,
    /// The first 1,000 lines that could not be read as a resource.
    pub bad: Vec<BadLine>,
    /// How many lines could not be read as a resource.
    pub bad_lines: u64,
    /// How many lines of a file of errors report an error, or cannot be read.
    pub errors: u64,
    /// Whether it was read to its end.
    pub is_whole: bool,
}

/// A list of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Bundles that say what was deleted.
    Deleted,
    /// Outcomes: what could not be exported.
    Error,
    /// Resources.
    Output,
}

/// A line that could not be read as a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct BadLine {
    /// Counted from 1, blank lines included.
    pub number: u64,
    /// Whether it is longer than the limit.
    pub is_too_long: bool,
}

/// One thing that is missing from an export. Its text names the file by its type and place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// Which of the manifest's lists the file is in.
    pub kind: FileKind,
    /// Its place in that list, counted from 0.
    pub place: usize,
    /// What resources it holds, as the manifest says.
    pub resource_type: String,
    /// What is missing.
    pub reason: MissingReason,
}

/// Why something is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingReason {
    /// This line could not be read as a resource.
    BadLine(BadLine),
    /// More lines could not be read than are listed.
    MoreBadLines {
        /// How many.
        count: u64,
    },
    /// Fewer or more lines came than the manifest announced.
    OtherCount {
        /// How many came.
        lines: u64,
        /// How many were announced.
        announced: u64,
    },
    /// The server says in a file of errors what it could not export.
    ServerErrors {
        /// How many.
        count: u64,
    },
    /// It was not read to its end.
    NotRead,
}

/// Bad lines that are listed one by one.
const MOST_BAD_LINES: usize = 1000;

impl ExportReport {
    /// Nothing was read yet of the files of this manifest.
    pub fn new(manifest: &Manifest) -> Self {
        let files = manifest.files();
        Self {
            files: files
                .map(|(kind, place, file)| FileReport::new(kind, place, file))
                .collect(),
        }
    }

    /// Takes what was read of a file, in place of what was known of it before.
    pub fn record(&mut self, report: FileReport) {
        let is_same = |one: &&mut FileReport| one.is_same_file(&report);
        match self.files.iter_mut().find(is_same) {
            Some(known) => *known = report,
            None => self.files.push(report),
        }
    }

    /// The files in the order of the manifest.
    pub fn files(&self) -> &[FileReport] {
        &self.files
    }

    /// What is missing. Outcomes that are warnings or information are not.
    pub fn missing(&self) -> Vec<Missing> {
        self.files.iter().flat_map(FileReport::missing).collect()
    }

    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.files.iter().all(|file| file.missing().is_empty())
    }
}

impl FileReport {
    /// Nothing was read yet. `place` is the file's place in its list of the manifest.
    pub fn new(kind: FileKind, place: usize, file: &ExportFile) -> Self {
        let address = file.url.split(['?', '#']).next().unwrap_or_default();
        Self {
            kind,
            place,
            resource_type: file.resource_type.clone(),
            address: address.to_owned(),
            announced: file.count,
            lines: 0,
            bad: Vec::new(),
            bad_lines: 0,
            errors: 0,
            is_whole: false,
        }
    }

    /// Whether both are about the same file of the same manifest.
    pub fn is_same_file(&self, other: &Self) -> bool {
        (self.kind, self.place, &self.address) == (other.kind, other.place, &other.address)
    }

    /// Takes note of a line.
    pub fn line(&mut self, number: u64, line: &Result<Resource, LineError>) {
        self.lines += 1;
        if let Err(error) = line {
            self.bad_lines += 1;
            if self.bad.len() < MOST_BAD_LINES {
                let is_too_long = matches!(error, LineError::TooLong { .. });
                self.bad.push(BadLine {
                    number,
                    is_too_long,
                });
            }
        }
        let is_error = |resource: &Resource| {
            OperationOutcome::from_resource(resource.clone())
                .is_none_or(|outcome| outcome.has_errors())
        };
        if self.kind == FileKind::Error && line.as_ref().map_or(true, is_error) {
            self.errors += 1;
        }
    }

    /// Takes note that the file was read to its end.
    pub fn end(&mut self) {
        self.is_whole = true;
    }

    /// What is missing of this file.
    pub fn missing(&self) -> Vec<Missing> {
        let mut reasons = Vec::new();
        if !self.is_whole {
            reasons.push(MissingReason::NotRead);
        }
        reasons.extend(self.bad.iter().copied().map(MissingReason::BadLine));
        let count = self.bad_lines.saturating_sub(self.bad.len() as u64);
        if count > 0 {
            reasons.push(MissingReason::MoreBadLines { count });
        }
        let announced = self.announced.filter(|count| *count != self.lines);
        if let Some(announced) = announced.filter(|_| self.is_whole) {
            let lines = self.lines;
            reasons.push(MissingReason::OtherCount { lines, announced });
        }
        if self.errors > 0 {
            reasons.push(MissingReason::ServerErrors { count: self.errors });
        }
        let missing = reasons.into_iter().map(|reason| Missing {
            kind: self.kind,
            place: self.place,
            resource_type: self.resource_type.clone(),
            reason,
        });
        missing.collect()
    }
}

impl fmt::Display for MissingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadLine(BadLine {
                number,
                is_too_long: true,
            }) => write!(f, "line {number} is longer than the limit"),
            Self::BadLine(BadLine { number, .. }) => write!(f, "line {number} is not a resource"),
            Self::MoreBadLines { count } => write!(f, "{count} more lines are not resources"),
            Self::OtherCount { lines, announced } => {
                write!(
                    f,
                    "{lines} lines came, and the server announced {announced}"
                )
            }
            Self::ServerErrors { count } => {
                write!(f, "the server could not export everything ({count} errors)")
            }
            Self::NotRead => f.write_str("not read to its end"),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = match self.kind {
            FileKind::Deleted => "deleted",
            FileKind::Error => "errors",
            FileKind::Output => "output",
        };
        let (place, reason) = (self.place + 1, &self.reason);
        write!(
            f,
            "file {place} of the {list} ({:?}): {reason}",
            self.resource_type
        )
    }
}

#[cfg(test)]
mod tests {
    use http::Response;
    use serde_json::json;

    use super::*;
    use crate::{Base, Limits, Lines};

    const PATIENT: &str = "{\"resourceType\":\"Patient\"}\n";

    fn manifest() -> Manifest {
        let body = json!({
            "output": [{"type": "Patient", "url": "/files/1?signature=secret", "count": 2}],
            "error": [{"type": "OperationOutcome", "url": "/errors"}],
        });
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        let response = Response::new(body.to_string());
        Manifest::from_http(&base, &response, &Limits::default()).unwrap()
    }

    fn read(report: &FileReport, text: &str) -> FileReport {
        let mut report = report.clone();
        let mut lines = Lines::new(Limits::default().with_line(100));
        lines.push(text.to_owned().into());
        lines.end();
        while let Some(line) = lines.next_resource() {
            report.line(lines.line_number(), &line);
        }
        report.end();
        report
    }

    #[test]
    fn an_export_is_complete_when_every_file_is() {
        let outcome = |severity: &str| {
            let issue = json!({"severity": severity, "code": "processing"});
            format!(
                "{}\n",
                json!({"resourceType": "OperationOutcome", "issue": [issue]})
            )
        };
        let check = |patients: &str, errors: &str, missing: &[&str]| {
            let mut report = ExportReport::new(&manifest());
            let files = report.files().to_vec();
            report.record(read(&files[0], patients));
            report.record(read(&files[1], errors));
            let kinds: Vec<FileKind> = report.files().iter().map(|file| file.kind).collect();
            assert_eq!(kinds, [FileKind::Output, FileKind::Error]);
            let texts: Vec<String> = report.missing().iter().map(Missing::to_string).collect();
            assert_eq!(texts, missing);
            assert_eq!(report.is_complete(), missing.is_empty());
            let json = serde_json::to_string(&report).unwrap();
            assert!(!json.contains("secret"), "{json}");
            let again: ExportReport = serde_json::from_str(&json).unwrap();
            assert_eq!(again, report);
        };
        let (one, two) = (PATIENT.to_owned(), PATIENT.repeat(2));
        let information = outcome("information") + &outcome("warning");
        check(&two, &information, &[]);
        check(
            &one,
            "",
            &["file 1 of the output (\"Patient\"): 1 lines came, and the server announced 2"],
        );
        check(
            &format!("{{oops\n\n{{\"x\":\"{}\"}}\n", "x".repeat(100)),
            "",
            &[
                "file 1 of the output (\"Patient\"): line 1 is not a resource",
                "file 1 of the output (\"Patient\"): line 3 is longer than the limit",
            ],
        );
        for error in [outcome("error"), outcome("fatal"), outcome("?"), one] {
            check(
                &two,
                &error,
                &[
                    "file 1 of the errors (\"OperationOutcome\"): the server could not export everything (1 errors)",
                ],
            );
        }
    }

    #[test]
    fn a_file_that_was_not_read_is_missing_and_bad_lines_are_counted() {
        let mut report = ExportReport::new(&manifest());
        assert_eq!(report.missing().len(), 2);
        let file = read(&report.files()[0], &"7\n".repeat(3000));
        assert_eq!((file.bad.len(), file.bad_lines), (1000, 3000));
        let reasons = file.missing();
        assert!(
            reasons
                .iter()
                .any(|one| one.reason == MissingReason::MoreBadLines { count: 2000 })
        );
        report.record(file);
        assert_eq!(report.files().len(), 2);
        assert!(!report.is_complete());
    }
}
