//! Connections, kept between requests.
//!
//! A connection of HTTP/1.1 is taken out for one exchange and comes back when the last byte of the answer is there. One of
//! HTTP/2 stays where it is and is shared. What is found closed, or has lain idle for too long, is dropped.
//!
//! It is simpler than the pool of hyper-util, which it replaces for its speed: a request that finds no idle connection opens
//! one, and does not race that against the return of another.

mod opened;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Context;
use std::time::Duration;

use http::uri::{Authority, Scheme};
use http::{Response, Uri};
use hyper::body::Incoming;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};
use tower_service::Service as _;

use opened::Opened;
pub(crate) use opened::{Outgoing, Taken};

use crate::connector::Connector;
use crate::error::BoxError;

/// Open connections by origin, and the way to new ones. Clones share them.
#[derive(Clone)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
    connector: Connector,
}

struct Shared {
    /// A list, since most transports know one origin or two.
    places: Mutex<Vec<Place>>,
    sweeper: Mutex<Option<AbortHandle>>,
    idle_limit: Duration,
    most_idle: usize,
}

/// What there is for one origin.
struct Place {
    scheme: Scheme,
    authority: Authority,
    idle: Vec<Idle>,
    /// A connection that many requests share, and since when nobody has asked for it.
    many: Option<Idle>,
}

struct Idle {
    connection: Opened,
    since: Instant,
}

impl Idle {
    fn since_now(connection: Opened) -> Self {
        Self {
            connection,
            since: Instant::now(),
        }
    }

    fn is_usable(&self, idle_limit: Duration) -> bool {
        !self.connection.is_closed() && self.since.elapsed() < idle_limit
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no connection.
    Connect(BoxError),
    /// The connection was there, and took nothing of the request.
    Unsent(hyper::Error),
    /// The connection was there, and took the request.
    Sent(hyper::Error),
}

impl Pool {
    pub(crate) fn new(connector: Connector, idle_limit: Duration, most_idle: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                places: Mutex::default(),
                sweeper: Mutex::default(),
                idle_limit,
                most_idle,
            }),
            connector,
        }
    }

    /// Sends a request to an absolute URL, and says so in `taken` as soon as a connection has it. The loan is the
    /// connection, for the rest of the answer.
    pub(crate) async fn send(
        &self,
        request: Box<Outgoing>,
        fresh: bool,
        taken: &Taken,
    ) -> Result<(Response<Incoming>, Option<Loan>), Failure> {
        let uri = request.uri().clone();
        let kept = if fresh { None } else { self.take(&uri).await };
        let mut connection = match kept {
            Some(connection) => connection,
            // In a box, so that the many requests that find one are not as large as the few that do not.
            None => Box::pin(self.open(&uri, fresh)).await?,
        };
        let answer = connection.send(request, taken).await?;
        let loan = (!connection.is_many()).then(|| Loan {
            connection,
            uri,
            back_to: if fresh {
                Weak::new()
            } else {
                Arc::downgrade(&self.shared)
            },
        });
        Ok((answer, loan))
    }

    /// A connection that is open, as far as anybody can know.
    async fn take(&self, uri: &Uri) -> Option<Opened> {
        // The lock is held for each look, and not while a connection gets ready.
        while let Some(mut connection) = self.shared.pop(uri) {
            if connection.is_ready().await {
                return Some(connection);
            }
        }
        None
    }

    async fn open(&self, uri: &Uri, fresh: bool) -> Result<Opened, Failure> {
        let stream = self.connector.clone().call(uri.clone()).await;
        let stream = stream.map_err(Failure::Connect)?;
        let opened = Opened::on(stream).await?;
        self.shared.see_to_sweeping();
        if opened.is_many() && !fresh && self.shared.most_idle > 0 {
            return Ok(self.shared.share(uri, opened));
        }
        Ok(opened)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Shared {
    fn places(&self) -> MutexGuard<'_, Vec<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last: the others may then grow old and be closed.
    fn pop(&self, uri: &Uri) -> Option<Opened> {
        let mut places = self.places();
        let place = places.iter_mut().find(|place| place.is_of(uri))?;
        place.many.take_if(|many| !many.is_usable(self.idle_limit));
        if let Some(many) = &mut place.many {
            many.since = Instant::now();
            return many.connection.another();
        }
        loop {
            let idle = place.idle.pop()?;
            if idle.is_usable(self.idle_limit) {
                return Some(idle.connection);
            }
        }
    }

    fn put(&self, uri: &Uri, connection: Opened) {
        let mut places = self.places();
        let Some(place) = place_of(&mut places, uri) else {
            return;
        };
        if place.idle.len() < self.most_idle {
            place.idle.push(Idle::since_now(connection));
        }
    }

    /// Keeps a connection for many, and hands one of its kind back: another's, if that came first.
    fn share(&self, uri: &Uri, opened: Opened) -> Opened {
        let mut places = self.places();
        let Some(place) = place_of(&mut places, uri) else {
            return opened;
        };
        let first = place
            .many
            .as_ref()
            .filter(|many| many.is_usable(self.idle_limit));
        if let Some(first) = first.and_then(|first| first.connection.another()) {
            return first;
        }
        place.many = opened.another().map(Idle::since_now);
        opened
    }

    /// Drops what nobody wants any more.
    fn sweep(&self) {
        let mut places = self.places();
        for place in places.iter_mut() {
            place.idle.retain(|idle| idle.is_usable(self.idle_limit));
            // Requests that are under way on it hold it themselves.
            place.many.take_if(|many| !many.is_usable(self.idle_limit));
        }
        places.retain(|place| !place.idle.is_empty() || place.many.is_some());
    }

    /// Sets a task to sweeping, unless there is one: the runtime of the last may have ended.
    fn see_to_sweeping(self: &Arc<Self>) {
        let mut sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner);
        if sweeper.as_ref().is_none_or(AbortHandle::is_finished) {
            let task = sweeping(Arc::downgrade(self), self.idle_limit);
            *sweeper = Some(tokio::spawn(task).abort_handle());
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let sweeper = self
            .sweeper
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sweeper) = sweeper.take() {
            sweeper.abort();
        }
    }
}

async fn sweeping(shared: Weak<Shared>, idle_limit: Duration) {
    let pause = idle_limit.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    while let Some(shared) = shared.upgrade() {
        shared.sweep();
        drop(shared);
        sleep(pause).await;
    }
}

impl Place {
    fn is_of(&self, uri: &Uri) -> bool {
        // As text, which is quicker, and in most URLs the same.
        let authority = uri.authority().map(Authority::as_str);
        authority == Some(self.authority.as_str()) && uri.scheme() == Some(&self.scheme)
    }
}

/// The place of an origin, made if there is none yet. Every URL that gets so far has an origin.
fn place_of<'p>(places: &'p mut Vec<Place>, uri: &Uri) -> Option<&'p mut Place> {
    if let Some(known) = places.iter().position(|place| place.is_of(uri)) {
        return places.get_mut(known);
    }
    places.push(Place {
        scheme: uri.scheme()?.clone(),
        authority: uri.authority()?.clone(),
        idle: Vec::new(),
        many: None,
    });
    places.last_mut()
}

/// A connection that is out for an exchange, and brings the answer only as it is driven.
pub(crate) struct Loan {
    connection: Opened,
    uri: Uri,
    back_to: Weak<Shared>,
}

impl Loan {
    /// Moves what comes.
    pub(crate) fn drive(&mut self, context: &mut Context<'_>) {
        self.connection.drive(context);
    }

    /// The answer has come to its end. A loan that is dropped before closes the connection, on which the rest of the answer may
    /// still be under way.
    pub(crate) fn give_back(self) {
        if let Some(shared) = self.back_to.upgrade() {
            shared.put(&self.uri, self.connection);
        }
    }
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
