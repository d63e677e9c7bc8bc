//! Bulk exports.

use smart_fhir::{ExportFile, ExportReport, FileReport, Manifest, Polled, Resource, Waiting};

use crate::Error;
use crate::blocking::runtime::BlockingRuntime;
use crate::fhir::ExportedLine;

/// A bulk export that a server works on: the blocking twin of [`crate::fhir::ExportJob`].
#[derive(Clone, Debug)]
pub struct ExportJob {
    job: crate::fhir::ExportJob,
    runtime: BlockingRuntime,
}

impl ExportJob {
    pub(super) fn new(job: crate::fhir::ExportJob, runtime: BlockingRuntime) -> Self {
        Self { job, runtime }
    }

    /// The address of the job, to be stored.
    pub fn status_address(&self) -> String {
        self.job.status_address()
    }

    /// Asks for the state of the job once.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::ExportJob::poll`].
    pub fn poll(&self) -> Result<Polled, Error> {
        self.runtime.block_on(self.job.poll())
    }

    /// Waits until the server has written all files.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::ExportJob::wait`].
    pub fn wait(&self, progress: impl FnMut(&Waiting) + Send) -> Result<Manifest, Error> {
        self.runtime.block_on(self.job.wait(progress))
    }

    /// Opens a file of the export.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::ExportJob::read`].
    pub fn read(&self, manifest: &Manifest, file: &ExportFile) -> Result<ExportedResources, Error> {
        let resources = self.runtime.block_on(self.job.read(manifest, file))?;
        Ok(ExportedResources {
            resources,
            runtime: self.runtime.clone(),
        })
    }

    /// Reads all files that the report does not list as whole, and adds them to it.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::ExportJob::read_all`].
    pub fn read_all(
        &self,
        manifest: &Manifest,
        report: &mut ExportReport,
        each: impl FnMut(&ExportFile, ExportedLine) + Send,
    ) -> Result<(), Error> {
        let reading = self.job.read_all(manifest, report, each);
        self.runtime.block_on(reading)
    }

    /// Deletes the job if everything arrived.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::ExportJob::finish`].
    pub fn finish(&self, report: &ExportReport) -> Result<bool, Error> {
        self.runtime.block_on(self.job.finish(report))
    }

    /// Deletes the job and its files at the server.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::ExportJob::delete`].
    pub fn delete(&self) -> Result<bool, Error> {
        self.runtime.block_on(self.job.delete())
    }
}

/// The resources of one file of an export, line by line: the blocking twin of
/// [`crate::fhir::ExportedResources`].
#[derive(Debug)]
pub struct ExportedResources {
    resources: crate::fhir::ExportedResources,
    runtime: BlockingRuntime,
}

impl ExportedResources {
    /// What was read of the file so far.
    pub fn report(&self) -> &FileReport {
        self.resources.report()
    }

    /// Returns the next resource, or `None` after the last.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::ExportedResources::try_next`].
    pub fn try_next(&mut self) -> Result<Option<Resource>, Error> {
        self.runtime.block_on(self.resources.try_next())
    }

    /// Returns the next line, or `None` after the last.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::ExportedResources::try_next_line`].
    pub fn try_next_line(&mut self) -> Result<Option<ExportedLine>, Error> {
        self.runtime.block_on(self.resources.try_next_line())
    }
}
