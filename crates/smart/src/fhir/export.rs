//! Bulk exports: begun, waited for, read line by line.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use smart_fhir::{
    AnswerError, Export, ExportError, ExportFile, Limits, Lines, Manifest, Polled, Polling,
    Resource, Waiting, resource_from_http,
};

use smart_transport::{Body, TransportError};

use super::Session;
use crate::error::Unanswered;
use crate::retry::Repeat;
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

/// The resources of one file of an export, line by line, as they come over the wire.
pub struct ExportedResources {
    lines: Lines,
    /// What has not come yet.
    rest: Option<Body>,
    origin: String,
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
    ///     while let Some(resource) = resources.try_next().await? {
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
        let polling = export.receive(&base, &response, self.limits())?;
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
        let polling = Polling::resume(self.fhir()?, status_address, self.limits().clone())?;
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

    /// Fetches a file. Its lines are read as they are used, so that a file of any length takes no more memory than its longest line and a few
    /// pieces of the wire. The transport's limits on the size and time of a body hold: raise them for large files
    /// ([`HyperTransport::builder`](crate::transport::HyperTransport::builder)). It is asked for once, and once more after a 401.
    ///
    /// # Errors
    ///
    /// When the file lies elsewhere than on the server, where the token may not go, or cannot be had.
    pub async fn read(
        &self,
        manifest: &Manifest,
        file: &ExportFile,
    ) -> Result<ExportedResources, Error> {
        let response = self.session.stream(manifest.file_request(file)?).await?;
        let origin = self.session.fhir()?.origin().to_owned();
        let limits = self.session.limits().clone();
        if response.status().is_success() {
            return Ok(ExportedResources {
                lines: Lines::new(limits),
                rest: Some(response.into_body()),
                origin,
            });
        }
        let (head, body) = response.into_parts();
        let body = body
            .bytes()
            .await
            .map_err(|error| broken_off(&origin, error))?;
        Err(refusal(&Response::from_parts(head, body), &limits))
    }

    /// Tells the server to stop, or to throw the files away.
    ///
    /// # Errors
    ///
    /// When the server refuses, or there is no answer.
    pub async fn delete(&self) -> Result<(), Error> {
        let response = self.session.send(self.polling.delete_request()).await?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(refusal(&response, self.session.limits()))
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

/// What an answer of no good status says.
fn refusal(response: &Response<Bytes>, limits: &Limits) -> Error {
    match resource_from_http(response, limits) {
        Err(refused) => refused.into(),
        Ok(_) => ExportError::UnexpectedStatus {
            status: response.status(),
        }
        .into(),
    }
}

fn broken_off(origin: &str, error: TransportError) -> Error {
    Error::Transport(Unanswered::new(origin.to_owned(), Repeat::Always, 1, error))
}

impl ExportedResources {
    /// The next resource, or nothing after the last.
    ///
    /// # Errors
    ///
    /// When a line is no resource, after which the next ones can be read; when the file breaks off or is longer than the
    /// transport allows, after which nothing comes.
    pub async fn try_next(&mut self) -> Result<Option<Resource>, Error> {
        loop {
            if let Some(resource) = self.lines.next_resource() {
                return Ok(Some(resource?));
            }
            let Some(rest) = &mut self.rest else {
                return Ok(None);
            };
            match rest.chunk().await {
                Ok(Some(piece)) => self.lines.push(piece),
                Ok(None) => {
                    self.rest = None;
                    self.lines.end();
                }
                Err(error) => {
                    self.rest = None;
                    return Err(broken_off(&self.origin, error));
                }
            }
        }
    }
}

impl fmt::Debug for ExportedResources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExportedResources")
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ExportJob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ExportJob").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{self, StreamExt as _};
    use http::Request;
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use smart_oauth::oauth2::TokenSet;

    use super::*;
    use crate::fhir::App;
    use crate::vault::VaultKey;

    const MANIFEST: &str = r#"{"transactionTime": "2026-01-01T00:00:00Z", "output": [{"type": "Patient", "url": "/files/1"}]}"#;

    /// A line and a half, and then nothing more, nor an end.
    fn endless() -> Body {
        let pieces = [
            "{\"resourceType\": \"Pat",
            "ient\", \"id\": \"1\"}\n{\"resour",
        ];
        let pieces = stream::iter(pieces)
            .map(|piece| Ok::<_, TransportError>(Frame::data(Bytes::from(piece))));
        Body::limited(StreamBody::new(pieces.chain(stream::pending())), 1000)
    }

    #[tokio::test]
    async fn lines_are_there_before_the_file_is_whole() {
        let transport = |request: Request<Bytes>| async move {
            let body = match request.uri().path() {
                "/files/1" => endless(),
                _ => Body::from(Bytes::from(MANIFEST)),
            };
            Ok::<_, TransportError>(Response::new(body))
        };
        let app = App::builder("https://ehr.example/fhir")
            .client_id("c")
            .transport(transport)
            .build()
            .unwrap();
        let key = VaultKey::new("somebody").unwrap();
        let session = Session::with_tokens(&app, key, TokenSet::new("t1"))
            .await
            .unwrap();
        let job = session.resume_export("/jobs/1").unwrap();
        let manifest = job.wait(|_| ()).await.unwrap();
        let mut resources = job.read(&manifest, &manifest.output[0]).await.unwrap();
        let first = resources.try_next().await.unwrap();
        assert_eq!(first.unwrap().id(), Some("1"));
    }
}
