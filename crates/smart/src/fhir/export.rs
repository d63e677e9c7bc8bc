//! Bulk exports: begun, waited for, read line by line.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use smart_fhir::{
    AnswerError, Export, ExportError, ExportFile, ExportReport, FileKind, FileReport, Limits,
    LineError, Lines, LinkError, Manifest, Polled, Polling, Resource, Waiting, resource_from_http,
};
use smart_transport::{Body, TransportError};
use tokio::time::Instant;

use super::Session;
use crate::Error;
use crate::error::Unanswered;
use crate::exchange::retry;
use crate::exchange::retry::Repeat;

/// The first pause between two looks at a job. It doubles, also where the server asks for none
/// (`Retry-After: 0`, or a date that is over).
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause that a server can ask for.
const MOST_PATIENCE: Duration = Duration::from_secs(60 * 60);
/// How long a server may fail in passing, without a good answer in between, before the wait is
/// given up.
const MOST_TROUBLE: Duration = Duration::from_secs(60 * 60);
/// How often a file is asked for.
const MOST_FETCHES: u32 = 5;
/// How many manifests one job may have.
const MOST_MANIFESTS: usize = 10_000;

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
    report: FileReport,
    /// Whether the server sent the file to its end.
    came_whole: bool,
    /// What has not come yet.
    rest: Option<Body>,
    origin: String,
}

/// One line of a file of an export.
#[non_exhaustive]
pub struct ExportedLine {
    /// Counted from 1, blank lines included.
    pub number: u64,
    /// The resource, unless the line is not one, or is longer than the limit.
    pub resource: Result<Resource, LineError>,
    /// The line as the server wrote it, without its end; of a line over the limit, what the limit
    /// allows.
    pub text: Bytes,
}

impl Session {
    /// Begins a bulk export ([Bulk Data Access](https://hl7.org/fhir/uv/bulkdata/export.html)). The
    /// request is sent once: if its answer is lost, the server may be working on a job whose
    /// address nobody knows, and only the caller can decide to begin another.
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
    /// When the server has no such export or refuses it, or names an address that the token is not
    /// for.
    pub async fn export(&self, export: &Export) -> Result<ExportJob, Error> {
        let base = self.fhir()?;
        let response = self.send(export.to_http(&base)?).await?;
        let polling = self.explained(export.receive(&base, &response, self.limits()))?;
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
        let (polled, _) = self.look(&self.polling).await?;
        Ok(polled)
    }

    /// Waits until all files are there, as long as it takes, asking as often as the server wants to
    /// be asked, once a second at most. Files that come in several manifests are put into one.
    /// Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the job failed, or the server gave no good answer for an hour. The job may still be
    /// there: keep [`status_address`](Self::status_address), and go on with
    /// [`Session::resume_export`].
    pub async fn wait(&self, mut progress: impl FnMut(&Waiting) + Send) -> Result<Manifest, Error> {
        let mut manifest = self.wait_for(&self.polling, &mut progress).await?;
        let mut visited = HashSet::from([self.polling.status_address()]);
        while let Some(next) = self.polling.next(&manifest)? {
            if visited.len() >= MOST_MANIFESTS || !visited.insert(next.status_address()) {
                return Err(ExportError::Link(LinkError::Repeated).into());
            }
            manifest.extend(self.wait_for(&next, &mut progress).await?)?;
        }
        Ok(manifest)
    }

    async fn wait_for(
        &self,
        polling: &Polling,
        progress: &mut (impl FnMut(&Waiting) + Send),
    ) -> Result<Manifest, Error> {
        let mut pause = FIRST_PAUSE;
        let mut trouble_since = None;
        loop {
            let (wanted, trouble) = match self.look(polling).await {
                Ok((Polled::Done(manifest), _)) => return Ok(*manifest),
                Ok((Polled::Waiting(waiting), wanted)) => {
                    progress(&waiting);
                    let trouble = waiting.trouble;
                    let trouble =
                        trouble.map(|trouble| ExportError::Unrecovered { trouble }.into());
                    (wanted, trouble)
                }
                Ok((_, wanted)) => (wanted, None),
                Err(error) if is_passing(&error) => (None, Some(error)),
                Err(error) => return Err(error),
            };
            match trouble {
                None => trouble_since = None,
                Some(error) => {
                    let since = *trouble_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= MOST_TROUBLE {
                        return Err(error);
                    }
                }
            }
            tokio::time::sleep(next_pause(wanted, &mut pause)).await;
        }
    }

    /// Fetches a file, of any length. Its lines are read as they are used, so that a file takes no
    /// more memory than its longest line and a few pieces of the wire. It is asked for again if the
    /// server says that it is busy (429, 502 to 504), after the pause that it asks for, and if
    /// there is no answer. Where the manifest says that files require no access token, none is
    /// sent, and the file may be on any host.
    ///
    /// # Errors
    ///
    /// When the file requires the token and is not on the server, or cannot be fetched.
    pub async fn read(
        &self,
        manifest: &Manifest,
        file: &ExportFile,
    ) -> Result<ExportedResources, Error> {
        let request = manifest.file_request(file)?;
        let uri = request.uri();
        let (scheme, host) = (uri.scheme_str(), uri.authority());
        let origin = match (scheme, host) {
            (Some(scheme), Some(host)) => format!("{scheme}://{host}"),
            _ => self.session.fhir()?.origin().to_owned(),
        };
        let mut pause = FIRST_PAUSE;
        let mut fetches = 1;
        loop {
            let request = request.clone();
            let answer = match manifest.requires_access_token {
                true => self.session.stream(request).await,
                false => self.session.stream_without_token(request).await,
            };
            let wanted = match answer {
                Ok(response) if response.status() == StatusCode::OK => {
                    return Ok(ExportedResources {
                        report: report_of(manifest, file),
                        came_whole: false,
                        lines: Lines::new(self.session.limits().clone()),
                        rest: Some(response.into_body()),
                        origin,
                    });
                }
                Ok(response) if fetches < MOST_FETCHES && is_busy(response.status()) => {
                    retry::retry_after(&response)
                }
                Ok(response) => return Err(self.refused(response, &origin).await),
                Err(error) if fetches < MOST_FETCHES && error.is_retryable() => None,
                Err(error) => return Err(error),
            };
            fetches += 1;
            tokio::time::sleep(next_pause(wanted, &mut pause)).await;
        }
    }

    async fn refused(&self, response: Response<Body>, origin: &str) -> Error {
        let (head, body) = response.into_parts();
        let mut body = body;
        let mut start = Vec::new();
        // What a server says of a refusal is short; the transport's limit does not hold here.
        while start.len() < LONGEST_REFUSAL {
            match body.chunk().await {
                Ok(Some(piece)) => start.extend_from_slice(&piece),
                Ok(None) => break,
                Err(error) => return broken_off(origin, error),
            }
        }
        let response = Response::from_parts(head, Bytes::from(start));
        refusal(&response, self.session.limits())
    }

    /// Reads all files that the report does not have as whole, and writes into it what arrived.
    /// `each` gets every line, with the file that it is in; lines of files of errors are outcomes.
    /// After an error, call it again with the same report to go on with the file that broke off,
    /// from its beginning.
    ///
    /// ```no_run
    /// # async fn example(job: smart::fhir::ExportJob) -> Result<(), smart::Error> {
    /// use smart::fhir::ExportReport;
    ///
    /// let manifest = job.wait(|_| ()).await?;
    /// let mut report = ExportReport::new(&manifest);
    /// job.read_all(&manifest, &mut report, |file, line| {
    ///     if let Ok(resource) = line.resource {
    ///         println!("{} {:?}", file.resource_type, resource.id());
    ///     }
    /// })
    /// .await?;
    /// job.finish(&report).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and when a file breaks off.
    pub async fn read_all(
        &self,
        manifest: &Manifest,
        report: &mut ExportReport,
        mut each: impl FnMut(&ExportFile, ExportedLine) + Send,
    ) -> Result<(), Error> {
        for (kind, place, file) in manifest.files() {
            let wanted = FileReport::new(kind, place, file);
            let mut known = report.files().iter();
            if known.any(|known| known.is_whole && known.is_same_file(&wanted)) {
                continue;
            }
            let mut resources = self.read(manifest, file).await?;
            while let Some(line) = resources.try_next_line().await? {
                each(file, line);
            }
            report.record(resources.report);
        }
        Ok(())
    }

    /// Deletes the job if everything arrived: see [`delete`](Self::delete).
    ///
    /// # Errors
    ///
    /// [`ExportError::Incomplete`] says what is missing; nothing was sent then. Otherwise as
    /// [`delete`](Self::delete).
    pub async fn finish(&self, report: &ExportReport) -> Result<bool, Error> {
        let missing = report.missing();
        if !missing.is_empty() {
            return Err(ExportError::Incomplete { missing }.into());
        }
        self.delete().await
    }

    /// Tells the server to stop, or to throw the files away. `false` if the server does not know
    /// the job (any more), or does not delete jobs: 404, 405, 410, 501.
    ///
    /// # Errors
    ///
    /// When the server refuses, or there is no answer.
    pub async fn delete(&self) -> Result<bool, Error> {
        let response = self.session.send(self.polling.delete_request()).await?;
        match response.status().as_u16() {
            200..=299 => Ok(true),
            404 | 405 | 410 | 501 => Ok(false),
            _ => Err(refusal(&response, self.session.limits())),
        }
    }

    async fn look(&self, polling: &Polling) -> Result<(Polled, Option<Duration>), Error> {
        let response = self.session.send(polling.request()).await?;
        let wanted = retry::retry_after(&response);
        let received = polling.receive(&response);
        Ok((self.session.explained(received)?, wanted))
    }
}

/// Whether the file may be there later.
fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502..=504)
}

/// What the server asks for, but at least a second, and growing where it asks for less.
fn next_pause(wanted: Option<Duration>, pause: &mut Duration) -> Duration {
    if let Some(wanted) = wanted.filter(|wanted| *wanted >= FIRST_PAUSE) {
        return wanted.min(MOST_PATIENCE);
    }
    let now = *pause;
    *pause = (now * 2).min(LONGEST_PAUSE);
    now
}

/// Bytes that are read of a refusal.
const LONGEST_REFUSAL: usize = 64 << 10;

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

/// An empty report of a file of this manifest.
fn report_of(manifest: &Manifest, file: &ExportFile) -> FileReport {
    let same = manifest
        .files()
        .find(|(_, _, known)| std::ptr::eq(*known, file))
        .or_else(|| manifest.files().find(|(_, _, known)| *known == file));
    let (kind, place) = same.map_or((FileKind::Output, 0), |(kind, place, _)| (kind, place));
    FileReport::new(kind, place, file)
}

impl ExportedResources {
    /// What was read of the file until now, for an [`ExportReport`].
    pub fn report(&self) -> &FileReport {
        &self.report
    }

    /// The next resource, or nothing after the last.
    ///
    /// # Errors
    ///
    /// When a line is not a resource, after which the next ones can be read; when the file breaks
    /// off, after which nothing comes.
    pub async fn try_next(&mut self) -> Result<Option<Resource>, Error> {
        match self.try_next_line().await? {
            Some(line) => Ok(Some(line.resource?)),
            None => Ok(None),
        }
    }

    /// The next line as the server wrote it, and the resource that it is; nothing after the last. A
    /// line that is not a resource does not end the file here.
    ///
    /// # Errors
    ///
    /// When the file breaks off; nothing comes after that.
    pub async fn try_next_line(&mut self) -> Result<Option<ExportedLine>, Error> {
        loop {
            if let Some(line) = self.lines.next_line() {
                let (text, resource) = match line {
                    Ok(text) => (text.clone(), self.lines.read(&text)),
                    Err(error) => (self.lines.take_start(), Err(error)),
                };
                self.report.line(self.lines.line_number(), &resource);
                return Ok(Some(ExportedLine {
                    resource,
                    number: self.lines.line_number(),
                    text,
                }));
            }
            let Some(rest) = &mut self.rest else {
                if self.came_whole {
                    self.report.end();
                }
                return Ok(None);
            };
            match rest.chunk().await {
                Ok(Some(piece)) => self.lines.push(piece),
                Ok(None) => {
                    self.rest = None;
                    self.came_whole = true;
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

impl fmt::Debug for ExportedLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExportedLine")
            .field("number", &self.number)
            .finish_non_exhaustive()
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
