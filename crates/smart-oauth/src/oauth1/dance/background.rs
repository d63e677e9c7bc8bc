//! The loop of a background app: a token for the first record, for the next, and so on until 404.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use http::{Request, Response, StatusCode, Uri};

use super::{Answer, Step, signed_post};
use crate::encode::encode_path_segment;
use crate::oauth1::credentials::{AccessToken, Consumer, Nonce};
use crate::oauth1::error::{DanceError, SignError};
use crate::oauth1::sign::SigningParams;
use crate::time::Timestamp;

/// Walks over all records of a container, one token at a time, in the name of a background app.
///
/// Each step is a pair: [`next_request`](Self::next_request) makes what to send,
/// [`receive`](Self::receive) takes what came. A step that failed leaves the loop where it was; the
/// next request, with a fresh nonce, tries it again.
///
/// ```
/// use smart_oauth::Timestamp;
/// use smart_oauth::oauth1::{Consumer, Nonce, RecordLoop};
///
/// let consumer = Consumer::new("smart-connector@apps.smartplatforms.org", "smartapp-secret");
/// let mut records = RecordLoop::new("http://localhost:7000", "smart-connector@apps.smartplatforms.org", consumer);
///
/// // the answers of a container with one record
/// let mut answers = [
///     http::Response::new("smart_record_id=1288992&oauth_token=t&oauth_token_secret=s"),
///     http::Response::builder().status(404).body("")?,
/// ]
/// .into_iter();
///
/// let mut found = Vec::new();
/// while let Some(_request) = records.next_request(Nonce::from_random([7; 16]), Timestamp::from_unix_seconds(1))? {
///     // here a program sends the request
///     let Some(response) = answers.next() else { break };
///     found.extend(records.receive(&response)?.map(|access| access.record_id));
/// }
/// assert_eq!(found, ["1288992"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecordLoop {
    api_base: String,
    app_id: String,
    consumer: Consumer,
    position: Position,
    /// Hashes of the records so far: eight bytes for each, so that a walk over a million of them
    /// takes a few megabytes.
    seen: BTreeSet<u64>,
}

#[derive(Clone, Debug)]
enum Position {
    Start,
    After(String),
    End,
}

/// A record and the token that opens it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordAccess {
    /// The record.
    pub record_id: String,
    /// A token for this record only.
    pub token: AccessToken,
}

impl RecordLoop {
    /// A loop from the first record on. `api_base` as the container's manifest has it, `app_id` the
    /// app's own id.
    pub fn new(api_base: &str, app_id: &str, consumer: Consumer) -> Self {
        Self {
            api_base: api_base.trim_end_matches('/').to_owned(),
            app_id: app_id.to_owned(),
            consumer,
            position: Position::Start,
            seen: BTreeSet::new(),
        }
    }

    /// Begins with the record that follows this one, for a loop that was interrupted.
    #[must_use]
    pub fn resume_after(mut self, record_id: impl Into<String>) -> Self {
        let record_id = record_id.into();
        self.seen.insert(hash(&record_id));
        Self {
            position: Position::After(record_id),
            ..self
        }
    }

    /// The request for the next token; `None` once the container has said that there are no more
    /// records.
    ///
    /// # Errors
    ///
    /// When base and ids do not make a URL that can be signed, for example because an id is empty.
    pub fn next_request(
        &self,
        nonce: Nonce,
        timestamp: Timestamp,
    ) -> Result<Option<Request<Vec<u8>>>, SignError> {
        let path = match &self.position {
            Position::Start => "first".to_owned(),
            Position::After(record_id) => format!("{}/next", segment(record_id)?),
            Position::End => return Ok(None),
        };
        self.request(&path, nonce, timestamp).map(Some)
    }

    /// The request for the token of one record, without walking anywhere.
    ///
    /// # Errors
    ///
    /// As [`next_request`](Self::next_request).
    pub fn record_request(
        &self,
        record_id: &str,
        nonce: Nonce,
        timestamp: Timestamp,
    ) -> Result<Request<Vec<u8>>, SignError> {
        self.request(&segment(record_id)?, nonce, timestamp)
    }

    /// Takes the answer to [`record_request`](Self::record_request) for this record; `None` when
    /// the container does not know it. The reference container says that with a 500.
    ///
    /// # Errors
    ///
    /// When the container refuses, when its answer lacks record, token or secret, or when it is
    /// about another record.
    pub fn receive_record(
        &self,
        record_id: &str,
        response: &Response<impl AsRef<[u8]>>,
    ) -> Result<Option<RecordAccess>, DanceError> {
        if matches!(
            response.status(),
            StatusCode::NOT_FOUND | StatusCode::INTERNAL_SERVER_ERROR
        ) {
            return Ok(None);
        }
        let access = RecordAccess::read(response)?;
        if access.record_id != record_id {
            let (asked, granted) = (record_id.to_owned(), access.record_id);
            return Err(DanceError::WrongRecord { asked, granted });
        }
        Ok(Some(access))
    }

    fn request(
        &self,
        path: &str,
        nonce: Nonce,
        timestamp: Timestamp,
    ) -> Result<Request<Vec<u8>>, SignError> {
        let (base, app_id) = (&self.api_base, segment(&self.app_id)?);
        let uri = format!("{base}/apps/{app_id}/tokens/records/{path}");
        let uri = Uri::try_from(uri).map_err(SignError::BadUrl)?;
        let params = SigningParams::new(&self.consumer, nonce, timestamp);
        signed_post(uri, Vec::new(), &params)
    }

    /// Takes the container's answer; `None` at the 404 that ends the loop.
    ///
    /// # Errors
    ///
    /// When the container answers anything but 200 and 404, when its answer lacks record, token or
    /// secret, or when it names a record that it named before, with which the loop would never end.
    pub fn receive(
        &mut self,
        response: &Response<impl AsRef<[u8]>>,
    ) -> Result<Option<RecordAccess>, DanceError> {
        if response.status() == StatusCode::NOT_FOUND {
            self.position = Position::End;
            return Ok(None);
        }
        let access = RecordAccess::read(response)?;
        if !self.seen.insert(hash(&access.record_id)) {
            let after = match &self.position {
                Position::After(last) => last.clone(),
                Position::Start | Position::End => String::new(),
            };
            return Err(DanceError::LoopStuck {
                record_id: access.record_id,
                after,
            });
        }
        self.position = Position::After(access.record_id.clone());
        Ok(Some(access))
    }
}

/// An id as one segment of a path. Without any text, or with dots that a proxy resolves, the
/// address would be that of something else, whose 404 looks like the end of the loop.
fn segment(id: &str) -> Result<String, SignError> {
    if matches!(id, "" | "." | "..") {
        return Err(SignError::UnusableId { id: id.to_owned() });
    }
    Ok(encode_path_segment(id))
}

/// A container that makes ids collide only ends its own walk, so the hash needs no key.
fn hash(record_id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    record_id.hash(&mut hasher);
    hasher.finish()
}

impl RecordAccess {
    fn read(response: &Response<impl AsRef<[u8]>>) -> Result<Self, DanceError> {
        let answer = Answer::read(Step::RecordToken, response)?;
        Ok(Self {
            record_id: answer.require("smart_record_id")?.to_owned(),
            token: AccessToken::new(
                answer.require("oauth_token")?,
                answer.require("oauth_token_secret")?,
            ),
        })
    }
}

#[cfg(test)]
mod tests;
