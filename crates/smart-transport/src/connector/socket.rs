//! A TCP connection that can be given up from outside, and whose reads never miss what has arrived.

use std::io::{self, Read as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;

/// A TCP connection below TLS.
pub(crate) struct Socket {
    stream: TokioIo<TcpStream>,
    /// Whether a proxy reads the requests, and needs the whole URL in them.
    absolute: bool,
    switch: Switch,
}

impl Socket {
    pub(super) fn new(stream: TokioIo<TcpStream>, absolute: bool) -> Self {
        Self {
            stream,
            absolute,
            switch: Switch::default(),
        }
    }

    /// Reads what the operating system has, whether or not the runtime has heard of it yet.
    ///
    /// A runtime that was kept busy learns late that a socket has become readable. hyper looks for
    /// stray bytes and for the end of a kept connection before it puts a request on it, and has to
    /// see what is really there.
    fn read_at_once(&self, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; READ_AT_ONCE];
        let length = bytes.len().min(buffer.remaining());
        let Some(space) = bytes.get_mut(..length).filter(|space| !space.is_empty()) else {
            return Poll::Pending;
        };
        match (&*SockRef::from(self.stream.inner())).read(space) {
            Ok(read) => {
                buffer.put_slice(space.get(..read).unwrap_or_default());
                Poll::Ready(Ok(()))
            }
            Err(error) if is_passing(&error) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

const READ_AT_ONCE: usize = 2048;

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
            .proxy(self.absolute)
            .extra(self.switch.clone())
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.switch.check()?;
        if self.stream.inner().poll_read_ready(context).is_ready() {
            let filled = Pin::new(&mut self.stream).poll_read(context, buffer);
            if filled.is_ready() {
                return filled;
            }
            self.switch.wait(context);
            self.switch.check()?;
            return Poll::Pending;
        }
        self.switch.wait(context);
        self.switch.check()?;
        self.read_at_once(buffer)
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.switch.check()?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.switch.note_write(&written, context)?;
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.switch.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.switch.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.switch.check()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.switch.note_write(&written, context)?;
        written
    }
}

/// Gives a connection up from outside of the task that drives it.
///
/// hyper writes a request to its end even if nobody waits for the answer any more. To a server that
/// has stopped reading, that takes for ever, and keeps the socket and the whole request in memory.
#[derive(Clone, Default)]
pub(crate) struct Switch(Arc<State>);

#[derive(Default)]
struct State {
    is_off: AtomicBool,
    is_write_blocked: AtomicBool,
    /// How many requests with a body have begun.
    exchanges: AtomicUsize,
    waiting: Mutex<Option<Waker>>,
}

impl Switch {
    /// Ends the connection: whatever is read from it or written to it next fails.
    pub(crate) fn turn_off(&self) {
        self.0.is_off.store(true, Ordering::SeqCst);
        let waiting = self.waiting().take();
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// Begins an exchange whose request has a body.
    pub(crate) fn begin(self) -> Exchange {
        let number = self.0.exchanges.fetch_add(1, Ordering::SeqCst) + 1;
        Exchange {
            switch: self,
            number,
        }
    }

    fn check(&self) -> io::Result<()> {
        if self.0.is_off.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    fn note_write(
        &self,
        written: &Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> io::Result<()> {
        let is_blocked = written.is_pending();
        self.0.is_write_blocked.store(is_blocked, Ordering::SeqCst);
        if is_blocked {
            self.wait(context);
        }
        self.check()
    }

    /// Wakes the task that drives the connection when it is turned off. To be followed by a check.
    fn wait(&self, context: &Context<'_>) {
        let mut waiting = self.waiting();
        match &mut *waiting {
            Some(waker) => waker.clone_from(context.waker()),
            None => *waiting = Some(context.waker().clone()),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waker>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the exchanges on a connection.
pub(crate) struct Exchange {
    switch: Switch,
    number: usize,
}

impl Exchange {
    /// Ends the connection if the other side does not take what this exchange has to write. A later
    /// one is left alone.
    pub(crate) fn close_if_stuck(&self) {
        let state = &self.switch.0;
        let is_last = state.exchanges.load(Ordering::SeqCst) == self.number;
        if is_last && state.is_write_blocked.load(Ordering::SeqCst) {
            self.switch.turn_off();
        }
    }
}
