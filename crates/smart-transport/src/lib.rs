//! `http::Request` in, `http::Response` out: the one place of the SMART client that opens sockets.
//!
//! [`Transport`] is the waist between the layers: everything above it builds requests and reads
//! answers, everything below it moves bytes. [`HyperTransport`] is the default below; a closure
//! will do in a test, and a tower service of your own through [`ServiceTransport`].
//!
//! ```text
//!   request ─► destination check ─► pool ─► name, TCP, proxy, TLS ─► send ─► head ─► body, unpacked, up to the limit
//!                    │                            │                   │       │       │
//!                    └──────── NotSent ───────────┘                MaybeSent  └─ Unreadable   (the `Stage` of a failure)
//! ```
//!
//! # What it does not do
//!
//! - No redirects: a 301 is a response like any other, since neither a signature nor a token may
//!   travel to a host that the caller did not choose. [`Origin`] tells whether two URLs belong
//!   together.
//! - No retries: a request signed with OAuth 1.0a is good for one use, so a repeat has to be signed
//!   afresh by the layer above. A failure tells how far the request got, which is what that layer
//!   has to know.
//! - No plain `http` to another machine, unless a host is opened by name
//!   ([`HyperTransportBuilder::allow_plain_http_to`]).
//! - No signing, no cookies, no caching. The environment is read where [`Proxy::from_environment`]
//!   is called, and nowhere else.
//!
//! # Defaults
//!
//! | limit | default | why |
//! |---|---|---|
//! | connecting: name, TCP, proxy, TLS | 10 s | a container that is there accepts in milliseconds, through a slow network in a second or two |
//! | first byte of the answer | 30 s | the slowest reports of a busy container take seconds |
//! | pause within a body | 15 s | a line that is silent for so long has usually gone |
//! | the whole exchange | 60 s | long enough for a scanned document over a slow line, short enough that no job hangs overnight |
//! | body, unpacked | 32 MiB | the largest record answers are under 1 MiB; a 20 MiB scan in Base64 still fits, and sixty-four answers at once stay within 2 GiB |
//! | idle connections to a host | 64, for 30 s | as many as calls in flight in a busy job; shorter than the keep-alive of common servers |
//!
//! # Features
//!
//! | feature | | |
//! |---|---|---|
//! | `aws-lc-rs` | on | TLS on aws-lc |
//! | `ring` | off | TLS on ring, for machines that aws-lc does not build on; used if `aws-lc-rs` is off |
//! | `platform-verifier` | on | trust what the operating system trusts, where a hospital's own authority lives; Mozilla's roots where there is no store |
//! | `http2` | on | HTTP/2 over TLS |
//! | `brotli`, `zstd` | off | these codings beside gzip and deflate |
//!
//! No type of hyper, rustls or tokio is in the public API.
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
//! let response = transport.fetch(request).await?;
//! assert_eq!(response.body(), "{}");
//! # Ok(())
//! # }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod extensions;
mod origin;
mod service;
mod transport;

mod hyper_client;

mod connector;
mod destination;
mod pool;
mod proxy;
#[cfg(feature = "tls")]
mod tls;

mod error;

// The public list.
pub use body::Body;
pub use error::{CertificateProblem, Stage, TransportError};
pub use extensions::{Deadline, FreshConnection, LongBody};
pub use hyper_client::{HyperTransport, HyperTransportBuilder};
pub use origin::{Origin, OriginError};
pub use proxy::{Proxy, ProxyError};
pub use service::ServiceTransport;
#[cfg(feature = "tls")]
pub use tls::{Certificates, Identity, TlsError};
pub use transport::{SharedTransport, Transport};

/// The longest body that is read unless told otherwise: the largest record answers are under 1 MiB,
/// a 20 MiB scan in Base64 still fits, and sixty-four answers at once stay within 2 GiB.
const BODY_LIMIT: usize = 32 << 20;

/// The example of the README, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
