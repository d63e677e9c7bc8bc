//! A body on its way in, within its limits on size and time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::destination::Host;
use crate::error::{BoxError, Kind};
use crate::hyper_client::coding::{Decoder, Problem};
use crate::hyper_client::root_cause::root_cause;
use crate::hyper_client::watch::Watch;
use crate::pool::Remainder;
use crate::{Deadline, Stage, TransportError};

/// What one answer may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) bytes: usize,
    pub(crate) idle: Duration,
}

/// A body that ends with an error where a limit is, unpacked if it came packed.
pub(crate) struct GuardedBody {
    incoming: Incoming,
    /// Until the answer is over.
    remainder: Option<Remainder>,
    decoder: Option<Decoder>,
    host: Host,
    limits: BodyLimits,
    deadline: Deadline,
    /// How many bytes may still come in.
    left: usize,
    watch: Watch,
    /// Since when nothing has come, if the next piece is being waited for.
    waiting_since: Option<Instant>,
    over: bool,
}

impl GuardedBody {
    /// Fails at once if the announced length is over the limit.
    pub(crate) fn new(
        incoming: Incoming,
        remainder: Remainder,
        decoder: Option<Decoder>,
        host: Host,
        limits: BodyLimits,
        deadline: Deadline,
        watch: Watch,
    ) -> Result<Self, TransportError> {
        let mut body = Self {
            incoming,
            remainder: Some(remainder),
            decoder,
            host,
            limits,
            deadline,
            left: limits.bytes,
            watch,
            waiting_since: None,
            over: false,
        };
        if body.incoming.size_hint().lower() > limits.bytes as u64 {
            return Err(body.too_large());
        }
        body.let_go_at_the_end();
        Ok(body)
    }

    /// The connection may be on its way to the next exchange, which is none of this one's.
    fn let_go_at_the_end(&mut self) {
        self.remainder.take_if(|_| self.incoming.is_end_stream());
    }

    fn take(&mut self, data: Bytes) -> Result<Bytes, TransportError> {
        let Some(left) = self.left.checked_sub(data.len()) else {
            return Err(self.too_large());
        };
        self.left = left;
        match &mut self.decoder {
            Some(decoder) => decoder.push(&data).map_err(|problem| self.packed(problem)),
            None => Ok(data),
        }
    }

    fn finish(&mut self) -> Result<Bytes, TransportError> {
        match &mut self.decoder {
            Some(decoder) => decoder.finish().map_err(|problem| self.packed(problem)),
            None => Ok(Bytes::new()),
        }
    }

    /// Ready when the body has run out of time.
    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<TransportError> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let total_at = self.deadline.at();
        let idle_at = since.checked_add(self.limits.idle);
        let next = idle_at.map_or(total_at, |idle_at| idle_at.min(total_at));
        ready!(self.watch.poll_until(next, context));
        let host = self.host.clone();
        Poll::Ready(unreadable(if next == total_at {
            let after = self.deadline.limit();
            Kind::TotalTimeout { host, after }
        } else {
            let after = self.limits.idle;
            Kind::IdleTimeout { host, after }
        }))
    }

    fn too_large(&self) -> TransportError {
        unreadable(Kind::BodyTooLarge {
            host: self.host.clone(),
            limit: self.limits.bytes,
        })
    }

    fn packed(&self, problem: Problem) -> TransportError {
        let host = self.host.clone();
        let limit = self.limits.bytes;
        unreadable(match problem {
            Problem::TooLarge => Kind::UnpackedTooLarge { host, limit },
            Problem::Damaged => Kind::Damaged {
                host,
                coding: self.decoder.as_ref().map_or("", Decoder::name),
            },
        })
    }

    fn broken(&self, error: impl Into<BoxError>) -> TransportError {
        let kind = Kind::CutBody {
            host: self.host.clone(),
        };
        unreadable(kind).caused_by(root_cause(&*error.into()))
    }
}

impl Body for GuardedBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        while !this.over {
            let piece = match Pin::new(&mut this.incoming).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    this.waiting_since = None;
                    this.let_go_at_the_end();
                    // Trailers say nothing that anybody here reads.
                    frame
                        .into_data()
                        .map_or(Ok(Bytes::new()), |data| this.take(data))
                }
                Poll::Ready(Some(Err(error))) => Err(this.broken(error)),
                Poll::Ready(None) => {
                    this.over = true;
                    this.remainder = None;
                    this.finish()
                }
                Poll::Pending => match this.poll_timer(context) {
                    Poll::Ready(error) => Err(error),
                    Poll::Pending => return Poll::Pending,
                },
            };
            match piece {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                Err(error) => {
                    this.over = true;
                    this.remainder = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.over || (self.decoder.is_none() && self.incoming.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match self.decoder {
            Some(_) => SizeHint::default(),
            None => self.incoming.size_hint(),
        }
    }
}

fn unreadable(kind: Kind) -> TransportError {
    TransportError::of(kind, Stage::Unreadable)
}
