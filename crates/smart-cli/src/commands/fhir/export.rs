//! `smart fhir export`: a job that survives this command. Files are written as `.part` and renamed
//! when they are whole, a log beside them says which are, and what is not delivered is said.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use smart::fhir::{
    Export, ExportFile, ExportJob, ExportReport, ExportedLine, FileKind, FileReport, Manifest,
    OperationOutcome, Session,
};

use crate::failure::{Incomplete, UsageError};
use crate::output::{document, line, note};

/// What to export, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportOptions {
    /// Only these types, separated by commas
    #[arg(long = "type", value_name = "TYPES", value_delimiter = ',')]
    types: Vec<String>,
    /// Only what changed since an instant, such as 2026-01-01T00:00:00Z
    #[arg(long, value_name = "INSTANT")]
    since: Option<String>,
    /// The patients of a group
    #[arg(long, value_name = "ID", conflicts_with = "system")]
    group: Option<String>,
    /// Everything, not only what is about patients
    #[arg(long)]
    system: bool,
    /// Another parameter as the server's documentation writes it: --param
    /// '_typeFilter=Observation?category=laboratory'
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Send the parameters in a body (POST) instead of the address
    #[arg(long)]
    post: bool,
    /// Write a file for each file of the server into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with a job that was begun before, by the address that was printed; files that are
    /// whole are not fetched again
    #[arg(long, value_name = "URL", conflicts_with_all = ["types", "since", "group", "system", "parameters", "post"])]
    resume: Option<String>,
}

impl ExportOptions {
    fn export(&self) -> Result<Export> {
        let mut export = match &self.group {
            Some(group) => Export::group(group)?,
            None if self.system => Export::system(),
            None => Export::patients(),
        };
        if !self.types.is_empty() {
            export = export.types(self.types.iter().map(String::as_str))?;
        }
        if let Some(since) = &self.since {
            export = export.since(since);
        }
        for parameter in &self.parameters {
            let (name, value) = parameter.split_once('=').ok_or_else(|| {
                UsageError(format!(
                    "{parameter:?} is not a parameter; give it as NAME=VALUE"
                ))
            })?;
            export = export.raw(name, value);
        }
        Ok(if self.post { export.by_post() } else { export })
    }
}

/// Exports, or goes on with an export. `server` are the words that name the server on the command
/// line.
pub(crate) async fn run(options: &ExportOptions, session: &Session, server: &str) -> Result<()> {
    let job = match &options.resume {
        Some(address) => session.resume_export(address)?,
        None => session.export(&options.export()?).await?,
    };
    let address = job.status_address();
    note(format_args!("the server works on it: {address}"));
    let out = options.out.as_deref();
    let folder = out.map_or(String::new(), |out| format!(" --out {}", out.display()));
    let go_on = format!("to go on: smart fhir export {server} --resume {address}{folder}");
    let finished = finish(&job, out).await;
    if finished.is_err() {
        note(go_on);
    }
    finished
}

async fn finish(job: &ExportJob, out: Option<&Path>) -> Result<()> {
    let manifest = job
        .wait(|waiting| {
            let words = waiting.trouble.as_ref().or(waiting.progress.as_ref());
            if let Some(words) = words {
                note(words);
            }
        })
        .await?;
    let mut delivery = Delivery::new(job, &manifest, out)?;
    delivery.fetch_all().await?;
    // Only what was delivered whole is thrown away at the server.
    if !delivery.report.is_complete() {
        return Err(Incomplete(format!(
            "the export is not complete: {}; the server still has it",
            delivery.missing().join("; ")
        ))
        .into());
    }
    match job.finish(&delivery.report).await {
        Ok(true) => {}
        Ok(false) => note(
            "the server did not delete the job: it does not know it any more, or does not delete jobs",
        ),
        Err(error) => note(format_args!(
            "the server did not delete the job: {:#}",
            anyhow::Error::from(error)
        )),
    }
    if let Some(time) = &manifest.transaction_time {
        note(format_args!("next time, --since {time}"));
    }
    Ok(())
}

/// The files of a manifest on their way to a folder or to standard output.
struct Delivery<'a> {
    job: &'a ExportJob,
    manifest: &'a Manifest,
    out: Option<Folder>,
    report: ExportReport,
    /// The names of the files, in the order of the report.
    names: Vec<String>,
}

impl<'a> Delivery<'a> {
    fn new(job: &'a ExportJob, manifest: &'a Manifest, out: Option<&Path>) -> Result<Self> {
        let mut names = Names::default();
        let files = manifest.files().map(|(kind, _, file)| match kind {
            FileKind::Deleted => names.next("deleted"),
            FileKind::Error => names.next("errors"),
            _ => names.next(&file.resource_type),
        });
        Ok(Self {
            job,
            manifest,
            names: files.collect(),
            report: ExportReport::new(manifest),
            out: out
                .map(|out| Folder::open(out, &job.status_address()))
                .transpose()?,
        })
    }

    async fn fetch_all(&mut self) -> Result<()> {
        for (index, (kind, place, file)) in self.manifest.files().enumerate() {
            let name = self.names[index].clone();
            let wanted = FileReport::new(kind, place, file);
            let done = self.out.as_ref().and_then(|out| out.done(&name, &wanted));
            let report = match done {
                Some(done) => done,
                None => {
                    let found = self.copy(file, kind, &name).await;
                    found.with_context(|| format!("{name} was not fetched to its end"))?
                }
            };
            self.report.record(report);
        }
        if self.out.is_some() {
            for (file, name) in self.report.files().iter().zip(&self.names) {
                line(format_args!("{:>7}  {name}", file.lines))?;
            }
        }
        Ok(())
    }

    /// What was not delivered, with the names that the files have here.
    fn missing(&self) -> Vec<String> {
        let files = self.report.files().iter().zip(&self.names);
        let missing = files.flat_map(|(file, name)| {
            let missing = file.missing().into_iter();
            missing.map(move |missing| format!("{name}: {}", missing.reason))
        });
        missing.take(MOST_REASONS).collect()
    }

    /// Copies the lines as the server wrote them; those that are not resources go to a file of
    /// their own. Without a folder, errors are shown only.
    async fn copy(&mut self, file: &ExportFile, kind: FileKind, name: &str) -> Result<FileReport> {
        let mut resources = self.job.read(self.manifest, file).await?;
        let mut part = match &self.out {
            Some(out) => Some(Part::create(&out.path, name)?),
            None => None,
        };
        let mut aside: Option<Part> = None;
        while let Some(one) = resources.try_next_line().await? {
            if kind == FileKind::Error {
                note(format_args!("the server says: {}", summary(&one)));
            }
            match (&mut part, &self.out) {
                (Some(part), _) if one.resource.is_ok() => part.write(&one.text)?,
                (Some(_), Some(out)) => match &mut aside {
                    Some(aside) => aside.write(&one.text)?,
                    None => {
                        let begun = Part::create(&out.path, &format!("{name}.bad"))?;
                        aside.insert(begun).write(&one.text)?;
                    }
                },
                _ if one.resource.is_ok() && kind != FileKind::Error => {
                    document(&[&one.text[..], b"\n"].concat())?;
                }
                _ => {}
            }
        }
        for part in [aside, part].into_iter().flatten() {
            part.finish()?;
        }
        let report = resources.report().clone();
        if let Some(out) = &mut self.out {
            out.log(name, &report)?;
        }
        Ok(report)
    }
}

/// Reasons that are printed.
const MOST_REASONS: usize = 20;

fn summary(line: &ExportedLine) -> String {
    let resource = line.resource.as_ref().ok().cloned();
    let outcome = resource.and_then(OperationOutcome::from_resource);
    let summary = outcome.and_then(|outcome| outcome.summary());
    summary.unwrap_or_else(|| "an error that cannot be read".to_owned())
}

/// Names of files, each once, whatever the server calls its types.
#[derive(Default)]
struct Names {
    /// How often each word was used.
    used: BTreeMap<String, u32>,
}

impl Names {
    fn next(&mut self, resource_type: &str) -> String {
        let is_word = |text: &str| {
            let length = (1..=64).contains(&text.len());
            length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let stem = match is_word(resource_type) {
            true => resource_type,
            false => "resources",
        };
        // Some file systems take upper and lower case for the same.
        let number = self.used.entry(stem.to_ascii_lowercase()).or_insert(0);
        *number += 1;
        match number {
            1 => format!("{stem}.ndjson"),
            number => format!("{stem}.{number}.ndjson"),
        }
    }
}

/// A folder with the files of one job, and a log of those that are whole: the job's address, and
/// then a line for each file.
struct Folder {
    path: PathBuf,
    whole: BTreeMap<String, FileReport>,
    log: File,
}

/// One line of the log.
#[derive(Deserialize, Serialize)]
struct Logged {
    name: String,
    file: FileReport,
}

impl Folder {
    const LOG: &'static str = "export.log";

    fn open(path: &Path, job: &str) -> Result<Self> {
        fs::create_dir_all(path)
            .with_context(|| format!("the folder {} cannot be made", path.display()))?;
        let log = path.join(Self::LOG);
        let text = fs::read_to_string(&log).unwrap_or_default();
        let mut lines = text.lines();
        let head = json!({"job": job}).to_string();
        let is_same = lines.next() == Some(&head);
        // The last line may be cut where the computer went down.
        let files = lines.filter(|_| is_same);
        let files = files.filter_map(|line| serde_json::from_str::<Logged>(line).ok());
        let whole: BTreeMap<String, FileReport> =
            files.map(|logged| (logged.name, logged.file)).collect();
        let mut fresh = Part::create(path, Self::LOG)?;
        fresh.write(head.as_bytes())?;
        for (name, file) in &whole {
            fresh.write(logged(name, file)?.as_bytes())?;
        }
        fresh.finish()?;
        let log = File::options()
            .append(true)
            .open(&log)
            .with_context(|| format!("{} cannot be written", log.display()))?;
        Ok(Self {
            path: path.to_owned(),
            whole,
            log,
        })
    }

    /// What was read of a file that is there, whole, from the same job.
    fn done(&self, name: &str, wanted: &FileReport) -> Option<FileReport> {
        let known = self.whole.get(name)?;
        let is_there = self.path.join(name).is_file();
        let is_same = is_there && known.is_whole && known.is_same_file(wanted);
        is_same.then(|| {
            let mut known = known.clone();
            known.announced = wanted.announced;
            known
        })
    }

    fn log(&mut self, name: &str, file: &FileReport) -> Result<()> {
        let line = logged(name, file)? + "\n";
        let written = self.log.write_all(line.as_bytes());
        let synced = written.and_then(|()| self.log.sync_all());
        synced.with_context(|| format!("the log in {} cannot be written", self.path.display()))
    }
}

fn logged(name: &str, file: &FileReport) -> Result<String> {
    Ok(serde_json::to_string(&Logged {
        name: name.to_owned(),
        file: file.clone(),
    })?)
}

/// A file that has its name only when it is whole. This user alone can read it.
struct Part {
    file: BufWriter<File>,
    part: PathBuf,
    whole: PathBuf,
}

impl Part {
    fn create(folder: &Path, name: &str) -> Result<Self> {
        let (part, whole) = (folder.join(format!("{name}.part")), folder.join(name));
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&part)
            .with_context(|| format!("{} cannot be written", part.display()))?;
        Ok(Self {
            file: BufWriter::new(file),
            part,
            whole,
        })
    }

    fn write(&mut self, line: &[u8]) -> Result<()> {
        let written = self.file.write_all(line);
        let written = written.and_then(|()| self.file.write_all(b"\n"));
        written.with_context(|| format!("{} cannot be written", self.part.display()))
    }

    fn finish(mut self) -> Result<()> {
        let synced = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all());
        let renamed = synced.and_then(|()| fs::rename(&self.part, &self.whole));
        renamed.with_context(|| format!("{} cannot be written", self.whole.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder_or_is_used_twice() {
        let mut names = Names::default();
        for (resource_type, name) in [
            ("Patient", "Patient.ndjson"),
            ("Patient", "Patient.2.ndjson"),
            ("patient", "patient.3.ndjson"),
            ("../../etc/passwd", "resources.ndjson"),
            ("", "resources.2.ndjson"),
            ("a/b", "resources.3.ndjson"),
        ] {
            assert_eq!(names.next(resource_type), name);
        }
        for _ in 0..5000 {
            names.next("Observation");
        }
        assert_eq!(names.next("Observation"), "Observation.5001.ndjson");
    }
}
