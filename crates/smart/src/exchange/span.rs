//! What is told of a call to whoever listens: a span without secrets and without patients.

use std::time::Instant;

use bytes::Bytes;
use http::Response;
use tracing::Span;
use tracing::field::Empty;

use crate::Error;
use crate::exchange::Purpose;
use crate::exchange::environment::Environment;
use crate::exchange::retry::Outcome;

/// The span of a call: which container, which call, which record as a hash, how it went and how
/// long it took. Nothing of the path, the query, the headers or the bodies is in it, nor the words
/// of an error.
pub(crate) struct CallSpan {
    span: Span,
    began: Option<Instant>,
}

impl CallSpan {
    pub(crate) fn new(environment: &Environment, purpose: &Purpose<'_>) -> Self {
        let span = tracing::info_span!(
            target: "smart",
            "call",
            container = Empty,
            call = purpose.name,
            record = Empty,
            status = Empty,
            stage = Empty,
            attempts = Empty,
            bytes = Empty,
            milliseconds = Empty,
        );
        if span.is_disabled() {
            return Self { span, began: None };
        }
        span.record("container", tracing::field::display(purpose.origin));
        if let Some(record) = purpose.record {
            let hash = environment.record_hash(record);
            span.record("record", hash);
        }
        Self {
            span,
            began: Some(Instant::now()),
        }
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.began.is_none()
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn attempt(&self, number: u32, outcome: &Outcome) {
        if self.is_disabled() {
            return;
        }
        self.span.record("attempts", number);
        match outcome {
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::debug!(target: "smart", status, "answered");
            }
            Err(error) => {
                let stage = error.stage();
                tracing::debug!(target: "smart", ?stage, "not answered");
            }
        }
    }

    pub(crate) fn end(&self, outcome: Result<&Response<Bytes>, &Error>) {
        match outcome {
            Ok(response) => {
                self.span.record("status", response.status().as_u16());
                self.span.record("bytes", response.body().len());
            }
            Err(error) => {
                self.span
                    .record("stage", tracing::field::debug(error.stage()));
            }
        }
        let began = self.began.unwrap_or_else(Instant::now);
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.span.record("milliseconds", milliseconds);
    }
}
