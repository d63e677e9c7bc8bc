//! What a background app does: every record of the container, one after the other.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::stream;
use smart_api::RecordId;
use smart_oauth::oauth1::RecordLoop;

use crate::Error;
use crate::classic::{Client, Record};
use crate::exchange::retry::Repeat;
use crate::exchange::{Purpose, Timed};

/// The records of a container, each with a token of its own, in the container's order. Made by
/// [`Client::records`].
///
/// It asks for the next record only when it is polled. It is a [`Stream`], so that several records
/// can be under way at a time (`buffered` of the futures crates); a plain loop needs nothing but
/// [`try_next`](Self::try_next).
///
/// An error ends it. If records came before, it is an [`Error::Sweep`] that names the last one. A
/// sweep is taken up again with [`Client::records_after`] and the last record that was *read to its
/// end*, which may be an earlier one. A failure of a call on one record is none of the sweep's:
/// report it and go on.
///
/// # Where it ends
///
/// A container ends the loop with a 404, and anything that speaks HTTP answers a wrong address so.
/// If a sweep finds no record at all, it asks for the container's manifest too, and fails if there
/// is none. After that, nothing tells the last record from one that the container has lost track
/// of: compare [`report`](Self::report) with what you expect. A container that names a record twice
/// ends the sweep with an error.
pub struct RecordSweep {
    records: Pin<Box<dyn Stream<Item = Result<Record, Error>> + Send>>,
    report: SweepReport,
    has_failed: bool,
}

/// How far a sweep has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepReport {
    /// How many records came.
    pub records: u64,
    /// The last of them.
    pub last: Option<RecordId>,
    /// Whether the container has said that there are no more.
    pub is_over: bool,
}

impl RecordSweep {
    pub(crate) fn new(client: Client, last: Option<RecordId>) -> Self {
        let sweep = Sweep::new(client, last);
        Self {
            records: Box::pin(stream::try_unfold(sweep, Sweep::next)),
            report: SweepReport::default(),
            has_failed: false,
        }
    }

    /// The next record, or nothing after the last.
    ///
    /// # Errors
    ///
    /// When the container gives no token for the next record; the sweep is over then.
    pub async fn try_next(&mut self) -> Result<Option<Record>, Error> {
        self.next().await.transpose()
    }

    /// The same as [`try_next`](Self::try_next) in the form that streams have.
    pub async fn next(&mut self) -> Option<Result<Record, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// How far it has come: how many records came, after which it stands, and whether it ended by
    /// the container's word.
    pub fn report(&self) -> &SweepReport {
        &self.report
    }
}

impl Stream for RecordSweep {
    type Item = Result<Record, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.records.as_mut().poll_next(context));
        match &next {
            Some(Ok(record)) => {
                self.report.records += 1;
                self.report.last = Some(record.id().clone());
            }
            // After an error there is nothing more, and nobody has said that there is not.
            Some(Err(_)) => self.has_failed = true,
            None => self.report.is_over = !self.has_failed,
        }
        Poll::Ready(next)
    }
}

impl fmt::Debug for RecordSweep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecordSweep")
            .finish_non_exhaustive()
    }
}

/// Where a sweep stands between two records.
struct Sweep {
    client: Client,
    records: RecordLoop,
    last: Option<RecordId>,
    /// Whether a record came in this run: a container is there then.
    has_come: bool,
}

impl Sweep {
    fn new(client: Client, last: Option<RecordId>) -> Self {
        let records = client.record_loop();
        let records = match &last {
            Some(id) => records.resume_after(id.as_str()),
            None => records,
        };
        Self {
            client,
            records,
            last,
            has_come: false,
        }
    }

    async fn next(mut self) -> Result<Option<(Record, Self)>, Error> {
        match self.advance().await {
            Ok(record) => Ok(record.map(|record| (record, self))),
            Err(error) => Err(self.ended_by(error)),
        }
    }

    async fn advance(&mut self) -> Result<Option<Record>, Error> {
        let purpose = Purpose {
            name: "next_record",
            path: "/apps/{smart_app_id}/tokens/records/next",
            record: None,
            // A token that is never used harms nobody, and the loop moves on only with the answer.
            repeat: Repeat::Always,
            timed: Timed::Signature,
            origin: self.client.origin(),
        };
        // There is a next one to ask for: the stream ends with the answer that says that there is
        // none.
        let signed = |ahead| {
            let request = self
                .records
                .next_request(self.client.nonce()?, self.client.time(ahead)?)?;
            Ok(request.unwrap_or_default().map(Into::into))
        };
        let response = self.client.environment().exchange(purpose, &signed).await?;
        if let Some(access) = self.records.receive(&response)? {
            let record = self.client.record(access.record_id);
            self.last = Some(record.id().clone());
            self.has_come = true;
            return Ok(Some(record.with_token(access.token)));
        }
        if !self.has_come {
            // Anything that speaks HTTP answers 404 to an address that it does not know; a
            // container has a manifest.
            self.client.manifest().await?;
        }
        Ok(None)
    }

    /// An error before the first record speaks for itself.
    fn ended_by(self, error: Error) -> Error {
        match self.last {
            Some(last) if self.has_come => Error::Sweep {
                last,
                source: Box::new(error),
            },
            _ => error,
        }
    }
}
