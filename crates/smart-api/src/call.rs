//! A call on its way to becoming a request.

pub(crate) mod api_base;
pub(crate) mod body;
pub(crate) mod dynamic;
pub(crate) mod format;
pub(crate) mod pages;
pub(crate) mod path;
pub(crate) mod request;
pub(crate) mod response;

use std::fmt;

use bytes::Bytes;

use crate::call::body::Body;
use crate::call::pages::{Pages, PagesBlocking};
use crate::call::path::PathTemplate;
use crate::call::request::CallRequest;
use crate::call::response::CallResponse;
use crate::error::{CallError, ResponseError};
use crate::info::CallInfo;
use crate::model::Model;

/// One call of the API with what its path needs. The types in [`calls`](crate::calls) implement it,
/// and [`DynamicCall`](crate::DynamicCall) for a call that is known only by name.
pub trait Call: Clone + fmt::Debug + Send + Sync + 'static {
    /// What the ontology says of the call.
    fn info(&self) -> &'static CallInfo;

    /// The values of the path's gaps, by name.
    fn path_values(&self) -> Vec<(&'static str, &str)>;

    /// What is sent.
    fn body(&self) -> Option<&Body> {
        None
    }
}

/// A call that answers with a list of statements: [`CallResponse::items`] reads it.
pub trait ListCall: Call {
    /// What the list holds.
    type Model: Model;
}

/// A call that answers with one statement, or none: [`CallResponse::item`] reads it.
pub trait ItemCall: Call {
    /// What the answer holds.
    type Model: Model;
}

/// Sends requests: signs them, hands them to a transport, and turns a refusal into an error, as its
/// owner sees fit.
pub trait Caller: Send + Sync {
    /// What can go wrong on the way.
    type Error: From<CallError>;

    /// Sends one request.
    fn call(
        &self,
        request: CallRequest,
    ) -> impl Future<Output = Result<http::Response<Bytes>, Self::Error>> + Send;
}

/// The same, for a thread that waits.
pub trait BlockingCaller {
    /// What can go wrong on the way.
    type Error: From<CallError>;

    /// Sends one request.
    ///
    /// # Errors
    ///
    /// As its owner sees fit.
    fn call(&self, request: CallRequest) -> Result<http::Response<Bytes>, Self::Error>;
}

/// A sender whose calls make the thread wait: [`Prepared::send`] of a call with such a sender is an
/// ordinary function.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a mark around a sender, and no more"
)]
pub struct Blocking<S>(pub S);

/// A call, its query so far, and who will send it. The methods that a call's query parameters bring
/// are inherent methods of `Prepared<ThatCall, _>`: a filter that a call lacks does not compile.
#[derive(Clone)]
#[must_use = "a call does nothing until it is sent"]
pub struct Prepared<C, S = ()> {
    call: C,
    query: Vec<(&'static str, String)>,
    sender: S,
}

impl<C: Call> Prepared<C> {
    /// A call with an empty query and no sender.
    pub const fn new(call: C) -> Self {
        Self {
            call,
            query: Vec::new(),
            sender: (),
        }
    }
}

impl<C: Call, S> Prepared<C, S> {
    /// The call.
    pub const fn call(&self) -> &C {
        &self.call
    }

    /// Names who sends the call.
    pub fn with_sender<T>(self, sender: T) -> Prepared<C, T> {
        Prepared {
            call: self.call,
            query: self.query,
            sender,
        }
    }

    /// Makes the request.
    ///
    /// # Errors
    ///
    /// A value cannot stand where it has to; see the variants of [`CallError`].
    pub fn to_request(&self) -> Result<CallRequest, CallError> {
        CallRequest::new(&self.call, &self.query)
    }

    /// The path of the request, as far as it can be built.
    pub(crate) fn path(&self) -> String {
        PathTemplate::new(self.call.info().path)
            .expand(&self.call.path_values())
            .unwrap_or_default()
    }

    /// The parameters of the query.
    pub(crate) fn query(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// The call without its query.
    pub(crate) fn without_query(mut self) -> Self {
        self.query.clear();
        self
    }

    /// Sets a query parameter. One that is set again keeps its last value: containers cannot read
    /// repeated names.
    pub(crate) fn with_query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.retain(|(given, _)| *given != name);
        self.query.push((name, value.into()));
        self
    }

    /// Sets a query parameter that takes several codes.
    pub(crate) fn with_codes(
        self,
        name: &'static str,
        codes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let codes: Vec<String> = codes.into_iter().map(Into::into).collect();
        self.with_query(name, codes.join("|"))
    }
}

impl<C: Call, S: Caller> Prepared<C, S> {
    /// Sends the call and waits for its answer.
    ///
    /// # Errors
    ///
    /// The request cannot be made, or its sender fails.
    pub async fn send(self) -> Result<CallResponse<C>, S::Error> {
        let request = self.to_request()?;
        let response = self.sender.call(request).await?;
        Ok(CallResponse::from_http(response))
    }

    /// The call's answers page by page, each as long as the limit says: see [`Pages`]. Without a
    /// limit, everything is on the first page.
    pub fn pages(self) -> Pages<C, S>
    where
        S: Clone + 'static,
        S::Error: From<ResponseError>,
    {
        Pages::new(self)
    }
}

impl<C: Call, S: BlockingCaller> Prepared<C, Blocking<S>> {
    /// Sends the call; the thread waits for its answer.
    ///
    /// # Errors
    ///
    /// The request cannot be made, or its sender fails.
    pub fn send(self) -> Result<CallResponse<C>, S::Error> {
        let request = self.to_request()?;
        let response = self.sender.0.call(request)?;
        Ok(CallResponse::from_http(response))
    }

    /// The call's answers page by page, each as long as the limit says: see [`PagesBlocking`].
    /// Without a limit, everything is on the first page.
    pub fn pages(self) -> PagesBlocking<C, S>
    where
        S: Clone,
        S::Error: From<ResponseError>,
    {
        PagesBlocking::new(self)
    }
}

impl<C: fmt::Debug, S> fmt::Debug for Prepared<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Prepared");
        debug
            .field("call", &self.call)
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}
