//! A long list, page after page.

use std::fmt;
use std::iter::FusedIterator;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use percent_encoding::percent_decode_str;

use crate::call::response::CallResponse;
use crate::call::{Blocking, BlockingCaller, Call, Caller, Prepared};
use crate::error::ResponseError;
use crate::info::ParameterKind;
use crate::model::summary::read_leniently;

/// The answers to a call with a limit, as far as the container says that there are more: a stream
/// that ends after the last page, or after the first error. [`Prepared::pages`] makes it.
///
/// The container's word for the next page is taken apart and only its parameters are used, those
/// that the call has: the next request goes to where the first one went. Each page has to begin
/// after the one before, so that a container cannot send anybody round in circles.
pub struct Pages<C: Call, S: Caller> {
    state: State<C, S>,
}

enum State<C: Call, S: Caller> {
    Ended,
    Ready(Prepared<C, S>),
    Waiting(PageFuture<C, S>),
}

type Page<C, S> = (CallResponse<C>, Option<Prepared<C, S>>);
type PageFuture<C, S> =
    Pin<Box<dyn Future<Output = Result<Page<C, S>, <S as Caller>::Error>> + Send>>;

impl<C, S> Pages<C, S>
where
    C: Call,
    S: Caller + Clone + 'static,
    S::Error: From<ResponseError>,
{
    pub(crate) fn new(first: Prepared<C, S>) -> Self {
        Self {
            state: State::Ready(first),
        }
    }

    /// The next page; `None` after the last one.
    ///
    /// # Errors
    ///
    /// The call fails, its answer cannot be read, or it points to a next page that is none. Nothing
    /// follows then.
    pub async fn try_next(&mut self) -> Result<Option<CallResponse<C>>, S::Error> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl<C, S> Stream for Pages<C, S>
where
    C: Call,
    S: Caller + Clone + 'static,
    S::Error: From<ResponseError>,
{
    type Item = Result<CallResponse<C>, S::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut page = match std::mem::replace(&mut self.state, State::Ended) {
            State::Ended => return Poll::Ready(None),
            State::Ready(call) => Box::pin(fetch(call)),
            State::Waiting(page) => page,
        };
        let Poll::Ready(answer) = page.as_mut().poll(context) else {
            self.state = State::Waiting(page);
            return Poll::Pending;
        };
        let (response, next) = match answer {
            Ok(page) => page,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        if let Some(next) = next {
            self.state = State::Ready(next);
        }
        Poll::Ready(Some(Ok(response)))
    }
}

/// One page, and the call for the next.
async fn fetch<C, S>(call: Prepared<C, S>) -> Result<Page<C, S>, S::Error>
where
    C: Call,
    S: Caller + Clone,
    S::Error: From<ResponseError>,
{
    let response = call.clone().send().await?;
    let next = call_after(call, &response)?;
    Ok((response, next))
}

/// The same for a thread that waits: an iterator over the pages, which ends after the last one or
/// after the first error. [`Prepared::pages`] of a blocking handle makes it.
pub struct PagesBlocking<C: Call, S: BlockingCaller> {
    next: Option<Prepared<C, Blocking<S>>>,
}

impl<C: Call, S: BlockingCaller> PagesBlocking<C, S> {
    pub(crate) const fn new(first: Prepared<C, Blocking<S>>) -> Self {
        Self { next: Some(first) }
    }
}

impl<C, S> Iterator for PagesBlocking<C, S>
where
    C: Call,
    S: BlockingCaller + Clone,
    S::Error: From<ResponseError>,
{
    type Item = Result<CallResponse<C>, S::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let call = self.next.take()?;
        let fetch = || {
            let response = call.clone().send()?;
            let next = call_after(call, &response)?;
            Ok((response, next))
        };
        Some(fetch().map(|(response, next)| {
            self.next = next;
            response
        }))
    }
}

impl<C, S> FusedIterator for PagesBlocking<C, S>
where
    C: Call,
    S: BlockingCaller + Clone,
    S::Error: From<ResponseError>,
{
}

/// The call for the page after this one, if there is more.
fn call_after<C: Call, S>(
    call: Prepared<C, S>,
    page: &CallResponse<C>,
) -> Result<Option<Prepared<C, S>>, ResponseError> {
    let next = page.summary()?.and_then(|summary| summary.next_page_url);
    next.map(|url| next_call(call, &url)).transpose()
}

/// The same call with the parameters of this address.
fn next_call<C: Call, S>(call: Prepared<C, S>, url: &str) -> Result<Prepared<C, S>, ResponseError> {
    let refused = |reason| ResponseError::NextPage {
        url: url.to_owned(),
        reason,
    };
    let own_path = call.path();
    let own_path = percent_decode_str(&own_path).decode_utf8_lossy();
    let (path, pairs) = read_leniently(url);
    if !path.ends_with(&*own_path) {
        return Err(refused("leads to something else"));
    }
    let info = call.call().info();
    let before = offset_of(&call);
    let next = pairs
        .iter()
        .fold(call.without_query(), |call, (name, value)| {
            match info.query_parameter(name) {
                Some(parameter) if !value.is_empty() => call.with_query(parameter.name, value),
                _ => call,
            }
        });
    if offset_of(&next) <= before {
        return Err(refused("does not go on from here"));
    }
    Ok(next)
}

/// Where the page begins.
fn offset_of<C: Call, S>(call: &Prepared<C, S>) -> u64 {
    let is_offset = |name: &str| {
        let parameter = call.call().info().query_parameter(name);
        parameter.is_some_and(|parameter| parameter.kind == ParameterKind::Offset)
    };
    let offset = call.query().find(|(name, _)| is_offset(name));
    offset
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0)
}

// Nothing in it is ever pinned but what lies in a box of its own.
impl<C: Call, S: Caller> Unpin for Pages<C, S> {}

impl<C: Call, S: Caller> fmt::Debug for Pages<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Ended => "Pages(ended)",
            State::Ready(_) => "Pages(ready)",
            State::Waiting(_) => "Pages(waiting)",
        })
    }
}

impl<C: Call, S: BlockingCaller> fmt::Debug for PagesBlocking<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.next {
            Some(_) => "PagesBlocking(ready)",
            None => "PagesBlocking(ended)",
        })
    }
}
