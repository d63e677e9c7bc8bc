//! The entries of a search, page after page.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream::{self, StreamExt as _};
use serde::de::DeserializeOwned;
use smart_fhir::rdf::Bridge;
use smart_fhir::{Base, Entry, Interaction, Limits, PageError, Pages};
use smart_rdf::Graph;

use super::Session;
use crate::Error;

/// The entries of a search, one after the other; the next page is asked for when the one before is
/// used up. Made by [`Session::search`].
///
/// A server's `next` link is followed to its own origin alone and never twice. Where it leads
/// elsewhere, the entries end with [`FhirError::Link`](super::FhirError::Link): there is more, and
/// it cannot be read this way. A larger `_count` may help.
///
/// It is a [`Stream`]; a plain loop needs nothing but [`try_next`](Self::try_next). An error ends
/// it.
pub struct Entries {
    bridge: Bridge,
    entries: Pin<Box<dyn Stream<Item = Result<Entry, Error>> + Send>>,
}

impl Entries {
    pub(super) fn new(
        session: Session,
        base: Base,
        first: &Interaction,
        limits: Limits,
    ) -> Result<Self, Error> {
        let walk = Walk {
            pages: Pages::new(base, first, limits)?,
            session,
            waiting: VecDeque::new(),
        };
        let bridge = Bridge::new(walk.session.fhir()?).keep_unknown();
        Ok(Self {
            bridge,
            entries: Box::pin(stream::try_unfold(walk, Walk::next)),
        })
    }

    /// The next entry, or nothing after the last.
    ///
    /// # Errors
    ///
    /// A page cannot be fetched. The entries before it stay valid.
    pub async fn try_next(&mut self) -> Result<Option<Entry>, Error> {
        self.entries.next().await.transpose()
    }

    /// All resources that match, read as any type; what the server included beside them is left
    /// out, and so are warnings about the search, for which see [`Entry::search_outcome`].
    ///
    /// # Errors
    ///
    /// If a page cannot be fetched, the server reports errors about the search, or a resource does
    /// not deserialize as `T`.
    pub async fn matches<T: DeserializeOwned + 'static>(mut self) -> Result<Vec<T>, Error> {
        let mut matches = Vec::new();
        while let Some(entry) = self.try_next().await? {
            check_outcome(&entry)?;
            let is_match = entry.mode.as_deref().is_none_or(|mode| mode == "match");
            let is_match = is_match && entry.search_outcome().is_none();
            if let Some(resource) = entry.resource.filter(|_| is_match) {
                matches.push(resource.into_view()?);
            }
        }
        Ok(matches)
    }

    /// All resources, included ones too, as one graph in FHIR's own RDF form, for SPARQL
    /// ([`Bridge`] says what it covers). What R4 does not have is kept as JSON literals.
    ///
    /// ```no_run
    /// # async fn example(session: smart::fhir::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// use smart::{Query, fhir::Search};
    ///
    /// let graph = session.search(&Search::new("Condition"))?.graph().await?;
    /// let query = Query::prepare("PREFIX fhir: <http://hl7.org/fhir/> SELECT ?c { ?c a fhir:Condition }")?;
    /// println!("{} conditions", query.select(&graph)?.into_iter().count());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If a page cannot be fetched, the server reports errors about the search, or the graph would
    /// be too large.
    pub async fn graph(mut self) -> Result<Graph, Error> {
        let mut resources = Vec::new();
        while let Some(entry) = self.try_next().await? {
            check_outcome(&entry)?;
            resources.extend(entry.resource);
        }
        Ok(self.bridge.to_graph(&resources)?)
    }
}

/// Results beside which the server reports errors may not be all.
fn check_outcome(entry: &Entry) -> Result<(), Error> {
    match entry.search_outcome() {
        Some(outcome) if outcome.has_errors() => Err(PageError::Reported {
            outcome: Box::new(outcome),
        }
        .into()),
        _ => Ok(()),
    }
}

impl Stream for Entries {
    type Item = Result<Entry, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.entries.as_mut().poll_next(context)
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entries").finish_non_exhaustive()
    }
}

/// Where a search stands between two entries.
struct Walk {
    session: Session,
    pages: Pages,
    waiting: VecDeque<Entry>,
}

impl Walk {
    async fn next(mut self) -> Result<Option<(Entry, Self)>, Error> {
        loop {
            if let Some(entry) = self.waiting.pop_front() {
                return Ok(Some((entry, self)));
            }
            let Some(request) = self.pages.next_request() else {
                return match self.pages.broken_link() {
                    Some(broken) => Err(broken.clone().into()),
                    None => Ok(None),
                };
            };
            let response = self.session.send(request).await?;
            let page = self.session.explained(self.pages.receive(&response))?;
            self.waiting.extend(page.into_entries());
        }
    }
}
