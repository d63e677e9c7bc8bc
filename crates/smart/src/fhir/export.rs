//! Bulk exports: begun, waited for, read line by line.

use std::fmt;
use std::time::Duration;

use smart_fhir::{
    AnswerError, Export, ExportError, ExportFile, Limits, Lines, Manifest, Polled, Polling,
    Resource, Waiting, resource_from_http,
};

use super::Session;
use crate::{Error, retry};

/// The first pause between two looks at a job, where the server does not say how long to wait.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause that a server can ask for.
const MOST_PATIENCE: Duration = Duration::from_secs(60 * 60);
/// How often a server may fail in passing before the wait is given up.
const MOST_FAILURES: u32 = 5;

/// A bulk export that a server works on. Made by [`Session::export`].
///
/// [`status_address`](Self::status_address) and [`Session::resume_export`] take it over a restart.
#[derive(Clone)]
pub struct ExportJob {
    session: Session,
    polling: Polling,
}

/// The resources of one file of an export, line by line.
#[derive(Debug)]
pub struct ExportedResources {
    lines: Lines,
}

impl Session {
    /// Begins a bulk export ([Bulk Data Access](https://hl7.org/fhir/uv/bulkdata/export.html)).
    ///
    /// ```no_run
    /// # async fn example(session: smart::fhir::Session) -> Result<(), smart::Error> {
    /// use smart::fhir::Export;
    ///
    /// let job = session.export(&Export::patients().types(["Observation"])?).await?;
    /// let manifest = job.wait(|waiting| eprintln!("{:?}", waiting.progress)).await?;
    /// for file in &manifest.output {
    ///     let mut resources = job.read(&manifest, file).await?;
    ///     while let Some(resource) = resources.try_next()? {
    ///         println!("{:?}", resource.id());
    ///     }
    /// }
    /// job.delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the server has no such export or refuses it, or names an address that the token is not for.
    pub async fn export(&self, export: &Export) -> Result<ExportJob, Error> {
        let base = self.fhir()?;
        let response = self.send(export.to_http(&base)?).await?;
        let polling = export.receive(&base, &response, &Limits::default())?;
        Ok(ExportJob {
            session: self.clone(),
            polling,
        })
    }

    /// A job that was begun before, by its address.
    ///
    /// # Errors
    ///
    /// When the address is not on the server.
    pub fn resume_export(&self, status_address: &str) -> Result<ExportJob, Error> {
        let polling = Polling::resume(self.fhir()?, status_address, Limits::default())?;
        Ok(ExportJob {
            session: self.clone(),
            polling,
        })
    }
}

impl ExportJob {
    /// Where the state of the job is, to be kept.
    pub fn status_address(&self) -> String {
        self.polling.status_address()
    }

    /// One look at the job.
    ///
    /// # Errors
    ///
    /// When the job failed, or there is no answer.
    pub async fn poll(&self) -> Result<Polled, Error> {
        let (polled, _) = self.look().await?;
        Ok(polled)
    }

    /// Waits until the files are there, as long as it takes, asking as often as the server wants to be asked. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the job failed, or the server was not there several times.
    pub async fn wait(&self, mut progress: impl FnMut(&Waiting) + Send) -> Result<Manifest, Error> {
        let mut pause = FIRST_PAUSE;
        let mut failures = 0;
        loop {
            let wanted = match self.look().await {
                Ok((Polled::Done(manifest), _)) => return Ok(*manifest),
                Ok((Polled::Waiting(waiting), wanted)) => {
                    failures = 0;
                    progress(&waiting);
                    wanted
                }
                Ok((_, wanted)) => wanted,
                Err(error) if failures < MOST_FAILURES && is_passing(&error) => {
                    failures += 1;
                    None
                }
                Err(error) => return Err(error),
            };
            tokio::time::sleep(wanted.unwrap_or(pause).min(MOST_PATIENCE)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Fetches a file. It is read whole, within the transport's limit on bodies, and taken apart line by line as it is used.
    ///
    /// # Errors
    ///
    /// When the file lies elsewhere than on the server, where the token may not go, or cannot be had.
    pub async fn read(
        &self,
        manifest: &Manifest,
        file: &ExportFile,
    ) -> Result<ExportedResources, Error> {
        let response = self.session.send(manifest.file_request(file)?).await?;
        let limits = Limits::default();
        if !response.status().is_success() {
            // the error is made of the answer
            resource_from_http(&response, &limits)?;
        }
        let mut lines = Lines::new(limits);
        lines.push(response.into_body());
        lines.end();
        Ok(ExportedResources { lines })
    }

    /// Tells the server to stop, or to throw the files away.
    ///
    /// # Errors
    ///
    /// When the server refuses, or there is no answer.
    pub async fn delete(&self) -> Result<(), Error> {
        let response = self.session.send(self.polling.delete_request()).await?;
        if !response.status().is_success() {
            resource_from_http(&response, &Limits::default())?;
        }
        Ok(())
    }

    async fn look(&self) -> Result<(Polled, Option<Duration>), Error> {
        let response = self.session.send(self.polling.request()).await?;
        let wanted = retry::retry_after(&response);
        Ok((self.polling.receive(&response)?, wanted))
    }
}

/// Whether a failure to see the state says nothing about the job.
fn is_passing(error: &Error) -> bool {
    let answered = match error {
        Error::Fhir(super::FhirError::Export(ExportError::Answer(AnswerError::Refused {
            status,
            ..
        }))) => matches!(status.as_u16(), 502..=504),
        _ => false,
    };
    answered || error.is_retryable()
}

impl ExportedResources {
    /// The next resource, or nothing after the last.
    ///
    /// # Errors
    ///
    /// When a line is no resource; the lines after it can be read.
    pub fn try_next(&mut self) -> Result<Option<Resource>, Error> {
        Ok(self.lines.next_resource().transpose()?)
    }
}

impl Iterator for ExportedResources {
    type Item = Result<Resource, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.lines.next_resource()?.map_err(Error::from))
    }
}

impl fmt::Debug for ExportJob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ExportJob").finish_non_exhaustive()
    }
}
