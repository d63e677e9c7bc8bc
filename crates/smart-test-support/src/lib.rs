//! Faulty servers on loopback for the tests of SMART apps, one fault each.
//!
//! A container can fail in more ways than with an error status: it stalls, truncates a response,
//! closes connections silently, presents an expired certificate. Each constructor of [`TestServer`]
//! starts a server with one of these faults on a free port. The server stops when the value is
//! dropped. For any other fault, write a script ([`TestServer::start`]).
//!
//! ```
//! use smart_test_support::{CannedResponse, TestServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! // Overloaded at first, then healthy.
//! let server = TestServer::in_turn([
//!     CannedResponse::new(503).header("retry-after", "1"),
//!     CannedResponse::new(200).body("at last"),
//! ])
//! .await?;
//! println!("the client under test calls {}", server.url("/records/1288992/medications/"));
//! assert_eq!(server.requests(), 0);
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//!
//! It verifies no signatures and has no records. For that, start the embedded container of
//! `smart-sandbox`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod authority;
mod canned_response;
mod connection;
mod faults;
mod http2;
mod server;

// The public list.
pub use authority::{Authority, ServerIdentity};
pub use canned_response::CannedResponse;
pub use connection::{Received, ServerConnection};
pub use server::{TestServer, unknown_host, vacant};

/// The example of the README, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
