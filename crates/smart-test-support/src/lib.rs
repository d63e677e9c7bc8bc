//! Servers on loopback that misbehave, one fault each, for the tests of SMART apps.
//!
//! A container fails in more ways than with a status: it stalls, cuts an answer in two, closes
//! connections without a word, presents a certificate of last year. Each such server is one line
//! here, on a free port of this machine, and ends with the value that stands for it. Anything else
//! is a script of your own ([`Server::start`]).
//!
//! ```
//! use smart_test_support::{Answer, Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! // Busy at first, then well.
//! let server = Server::in_turn([
//!     Answer::new(503).header("retry-after", "1"),
//!     Answer::new(200).body("at last"),
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
//! It is no container: it verifies no signature and keeps no record. For that, start the embedded
//! container of `smart-sandbox`.

mod answer;
mod authority;
mod connection;
mod faults;
mod http2;
mod server;

// The public list.
pub use answer::Answer;
pub use authority::{Authority, ServerIdentity};
pub use connection::{Connection, Received};
pub use server::{Server, unknown_host, vacant};
