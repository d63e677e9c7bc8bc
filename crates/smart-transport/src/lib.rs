//! `http::Request` in, `http::Response` out: the one place of the SMART client that opens sockets.
//!
//! [`Transport`] is the waist between the layers: everything above it builds requests and reads answers, everything
//! below it moves bytes. [`HyperTransport`] is the default below; a closure will do in a test.
//!
//! ```text
//!   request ──► destination check ──► pool ──► connect ──► send ──► read, up to the limit ──► response
//!                    │                            │          │         │
//!                    └──── NotSent ───────────────┘      MaybeSent  Unreadable      (the `Stage` of a failure)
//! ```
//!
//! # What it does not do
//!
//! - **No TLS yet.** An `https` URL is refused with an error that says so
//!   ([`TransportError::is_https_unsupported`]). Plain `http` is open to this machine only, unless a host is opened by
//!   name ([`HyperTransportBuilder::allow_plain_http_to`]).
//! - No redirects: a 301 is a response like any other, since neither a signature nor a token may travel to a host that
//!   the caller did not choose.
//! - No retries: a request signed with OAuth 1.0a is good for one use, so a repeat has to be signed afresh by the layer
//!   above. A failure tells how far the request got, which is what that layer has to know.
//! - No signing, no cookies, no caching, no proxies from the environment, no compressed bodies.
//!
//! # Defaults
//!
//! | limit | default | why |
//! |---|---|---|
//! | connecting, name lookup included | 10 s | a container that is there accepts in milliseconds, through a slow network in a second or two |
//! | the whole exchange | 60 s | long enough for a scanned document over a slow line, short enough that no job hangs overnight |
//! | body | 32 MiB | the largest record answers are under 1 MiB; a 20 MiB scan in Base64 still fits, and sixty-four answers at once stay within 2 GiB |
//! | idle connections to a host | 64, for 30 s | as many as calls in flight in a busy job; shorter than the keep-alive of common servers |
//!
//! # Example
//!
//! A transport that answers from memory, here a closure, stands wherever a transport is asked for:
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use smart_transport::{SharedTransport, Transport};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let transport = SharedTransport::new(|request: Request<Bytes>| async move {
//!     assert_eq!(request.uri().path(), "/manifest");
//!     Ok(Response::new(Bytes::from_static(b"{}")))
//! });
//!
//! let request = Request::get("http://localhost:7000/manifest").body(Bytes::new())?;
//! let response = transport.send(request).await?;
//! assert_eq!(response.body(), "{}");
//! # Ok(())
//! # }
//! ```

mod connector;
mod destination;
mod error;
mod hyper_client;
mod transport;

// The public list.
pub use error::{Stage, TransportError};
pub use hyper_client::{HyperTransport, HyperTransportBuilder};
pub use transport::{SharedTransport, Transport};
