//! One record of a background app, without a sweep.

use smart_api::RecordId;
use smart_oauth::oauth1::RecordLoop;

use crate::Error;
use crate::classic::{Client, Record};
use crate::exchange::retry::Repeat;
use crate::exchange::{Purpose, Timed};

impl Client {
    /// One record, with a token that the container gives a background app for it.
    ///
    /// # Errors
    ///
    /// When the container does not answer, knows no such record ([`Error::UnknownRecord`]), or
    /// gives this app no tokens ([`Error::Dance`]).
    pub async fn open_record(&self, id: impl Into<RecordId>) -> Result<Record, Error> {
        let id = id.into();
        let records = self.record_loop();
        let purpose = Purpose {
            name: "open_record",
            path: "/apps/{smart_app_id}/tokens/records/{record_id}",
            record: Some(id.as_str()),
            // A token that is never used harms nobody.
            repeat: Repeat::Always,
            timed: Timed::Signature,
            origin: self.origin(),
        };
        let signed = |ahead| {
            let request = records.record_request(id.as_str(), self.nonce()?, self.time(ahead)?)?;
            Ok(request.map(Into::into))
        };
        let response = self.environment().exchange(purpose, &signed).await?;
        let status = response.status();
        match records.receive_record(id.as_str(), &response)? {
            Some(access) => Ok(self.record(id).with_token(access.token)),
            None => Err(Error::UnknownRecord { id, status }),
        }
    }

    /// The record loop of this app on this container, before its first turn.
    pub(crate) fn record_loop(&self) -> RecordLoop {
        RecordLoop::new(
            self.api_base().as_str(),
            self.app_id().as_str(),
            self.consumer().clone(),
        )
    }
}
