//! One record of a background app, without a sweep.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode};
use smart_api::RecordId;
use smart_oauth::{DanceError, RecordLoop};

use crate::path_segment::path_segment;
use crate::{Client, Error, Record};

impl Client {
    /// One record, with a token that the container gives a background app for it.
    ///
    /// # Errors
    ///
    /// When the container does not answer, knows no such record ([`Error::UnknownRecord`]), or gives this app no tokens
    /// ([`Error::Dance`]).
    pub async fn open_record(&self, id: impl Into<RecordId>) -> Result<Record, Error> {
        let id = id.into();
        let mut request = self.record_token_request(&id)?;
        self.signer().sign(&mut request, None)?;
        // A token that is never used harms nobody, so this may be repeated.
        let response = self.exchange(request, true).await?;
        // The answer is that of a turn of the loop, of which this is one. There, a 404 is the end.
        let status = response.status();
        let access = match self.record_loop().receive(&response) {
            Ok(Some(access)) => access,
            Ok(None) => return Err(Error::UnknownRecord { id, status }),
            // What the reference container says of a record that it does not know.
            Err(_) if status == StatusCode::INTERNAL_SERVER_ERROR => {
                return Err(Error::UnknownRecord { id, status });
            }
            Err(error) => return Err(error.into()),
        };
        if access.record_id != id.as_str() {
            let (asked, granted) = (id.as_str().to_owned(), access.record_id);
            return Err(DanceError::WrongRecord { asked, granted }.into());
        }
        Ok(self.record(id).with_token(access.token))
    }

    fn record_token_request(&self, id: &RecordId) -> Result<Request<Bytes>, Error> {
        let path = format!(
            "/apps/{}/tokens/records/{}",
            path_segment(self.app_id().as_str()),
            path_segment(id.as_str())
        );
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.api_base().join(&path)?;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        Ok(request)
    }

    /// The record loop of this app on this container, before its first turn.
    pub(crate) fn record_loop(&self) -> RecordLoop {
        RecordLoop::new(
            self.api_base().as_str(),
            self.app_id().as_str(),
            self.signer().consumer().clone(),
        )
    }
}
