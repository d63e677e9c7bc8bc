//! `smart fhir export`: a job that survives this command. Files are written as `.part` and renamed when they are whole, a log beside them
//! says which are, and what is not delivered is said.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use smart::fhir::{Export, ExportFile, ExportJob, Manifest, OperationOutcome, Session};

use crate::failure::{Incomplete, UsageError};
use crate::output::{document, line, note};

/// What to export, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct ExportOptions {
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
    /// Another parameter as the server's documentation writes it: --param '_typeFilter=Observation?category=laboratory'
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Send the parameters in a body (POST) instead of the address
    #[arg(long)]
    post: bool,
    /// Write a file for each file of the server into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with a job that was begun before, by the address that was printed; files that are whole are not fetched again
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

/// Exports, or goes on with an export. `server` are the words that name the server on the command line.
pub(super) async fn run(options: &ExportOptions, session: &Session, server: &str) -> Result<()> {
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
    if !delivery.missing.is_empty() {
        return Err(Incomplete(format!(
            "the export is not complete: {}; the server still has it",
            delivery.missing.join("; ")
        ))
        .into());
    }
    match job.delete().await {
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
    /// Lines by the name of their file.
    counts: Vec<(u64, String)>,
    /// What was not delivered.
    missing: Vec<String>,
}

impl<'a> Delivery<'a> {
    fn new(job: &'a ExportJob, manifest: &'a Manifest, out: Option<&Path>) -> Result<Self> {
        Ok(Self {
            job,
            manifest,
            out: out
                .map(|out| Folder::open(out, &job.status_address()))
                .transpose()?,
            counts: Vec::new(),
            missing: Vec::new(),
        })
    }

    async fn fetch_all(&mut self) -> Result<()> {
        let mut names = Names::default();
        for file in &self.manifest.output {
            let name = names.next(&file.resource_type);
            self.fetch(file, &name).await?;
        }
        for file in &self.manifest.deleted {
            let name = names.next("deleted");
            self.fetch(file, &name).await?;
        }
        for file in &self.manifest.errors {
            let name = names.next("errors");
            self.fetch_errors(file, &name).await?;
        }
        if self.out.is_some() {
            for (count, name) in &self.counts {
                line(format_args!("{count:>7}  {name}"))?;
            }
        }
        Ok(())
    }

    /// Delivers one file, and checks it against what the manifest says of it.
    async fn fetch(&mut self, file: &ExportFile, name: &str) -> Result<()> {
        let done = self.out.as_ref().and_then(|out| out.done(name, &file.url));
        let (lines, bad) = match done {
            Some(done) => done,
            None => {
                let found = self.copy(file, name).await;
                found.with_context(|| format!("{name} was not fetched to its end"))?
            }
        };
        for number in &bad {
            self.missing
                .push(format!("line {number} of {name} is not a resource"));
        }
        if let Some(count) = file.count.filter(|count| *count != lines) {
            self.missing.push(format!(
                "{name} has {lines} lines, and the server announced {count}"
            ));
        }
        self.counts.push((lines, name.to_owned()));
        Ok(())
    }

    /// Copies the lines as the server wrote them; those that are not resources go to a file of their own.
    async fn copy(&mut self, file: &ExportFile, name: &str) -> Result<(u64, Vec<u64>)> {
        let mut resources = self.job.read(self.manifest, file).await?;
        let mut bad = Vec::new();
        let mut lines = 0;
        let Some(out) = &mut self.out else {
            while let Some(one) = resources.try_next_line().await? {
                lines += 1;
                match one.resource {
                    Ok(_) => document(&[&one.text[..], b"\n"].concat())?,
                    Err(_) => bad.push(one.number),
                }
            }
            return Ok((lines, bad));
        };
        let mut part = Part::create(&out.path, name)?;
        let mut aside = None;
        while let Some(one) = resources.try_next_line().await? {
            lines += 1;
            if one.resource.is_ok() {
                part.write(&one.text)?;
                continue;
            }
            bad.push(one.number);
            if aside.is_none() {
                aside = Some(Part::create(&out.path, &format!("{name}.bad"))?);
            }
            if let Some(aside) = &mut aside {
                aside.write(&one.text)?;
            }
        }
        if let Some(aside) = aside {
            aside.finish()?;
        }
        part.finish()?;
        out.log(name, &file.url, lines, &bad)?;
        Ok((lines, bad))
    }

    /// Shows what the server could not export. Outcomes that are no errors are shown, and are nothing that is missing.
    async fn fetch_errors(&mut self, file: &ExportFile, name: &str) -> Result<()> {
        let mut resources = self.job.read(self.manifest, file).await?;
        let mut part = match &self.out {
            Some(out) => Some(Part::create(&out.path, name)?),
            None => None,
        };
        let mut errors = 0_u64;
        while let Some(one) = resources.try_next_line().await? {
            if let Some(part) = &mut part {
                part.write(&one.text)?;
            }
            let outcome = one.resource.ok().and_then(OperationOutcome::from_resource);
            let summary = outcome.as_ref().and_then(OperationOutcome::summary);
            let is_error = outcome.is_none_or(|outcome| {
                let mut issues = outcome.issues().iter();
                issues.any(|issue| !matches!(&*issue.severity, "information" | "warning"))
            });
            errors += u64::from(is_error);
            let summary = summary.unwrap_or_else(|| "an error that cannot be read".to_owned());
            note(format_args!("the server says: {summary}"));
        }
        if let Some(part) = part {
            part.finish()?;
        }
        if errors > 0 {
            self.missing.push(format!(
                "the server could not export everything ({errors} errors)"
            ));
        }
        Ok(())
    }
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

/// A folder with the files of one job, and the log of those that are whole.
struct Folder {
    path: PathBuf,
    job: String,
    whole: BTreeMap<String, Value>,
}

impl Folder {
    const LOG: &'static str = "export.log.json";

    fn open(path: &Path, job: &str) -> Result<Self> {
        fs::create_dir_all(path)
            .with_context(|| format!("the folder {} cannot be made", path.display()))?;
        let log = fs::read(path.join(Self::LOG)).ok();
        let log: Option<Value> = log.and_then(|log| serde_json::from_slice(&log).ok());
        let files = log.filter(|log| log["job"] == job);
        let files = files.and_then(|log| log["files"].as_object().cloned());
        Ok(Self {
            path: path.to_owned(),
            job: job.to_owned(),
            whole: files.into_iter().flatten().collect(),
        })
    }

    /// Lines and bad lines of a file that is there, whole, from the same job.
    fn done(&self, name: &str, url: &str) -> Option<(u64, Vec<u64>)> {
        let entry = self.whole.get(name)?;
        let is_same = entry["url"] == without_query(url) && self.path.join(name).is_file();
        let bad = entry["bad"].as_array()?.iter().filter_map(Value::as_u64);
        is_same.then_some((entry["lines"].as_u64()?, bad.collect()))
    }

    fn log(&mut self, name: &str, url: &str, lines: u64, bad: &[u64]) -> Result<()> {
        let entry = json!({"url": without_query(url), "lines": lines, "bad": bad});
        self.whole.insert(name.to_owned(), entry);
        let log = json!({"job": self.job, "files": self.whole});
        let mut part = Part::create(&self.path, Self::LOG)?;
        part.write(format!("{log:#}").as_bytes())?;
        part.finish()
    }
}

/// Signatures of object stores are in the query, and new each time that the manifest is fetched.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
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
