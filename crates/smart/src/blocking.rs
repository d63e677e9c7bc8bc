//! The same handles for threads that wait: scripts, tests, tools without an asynchronous runtime.
//!
//! Everything has the name that it has in [`classic`](crate::classic) or `fhir`, without `await`; a
//! sweep is an [`Iterator`]. The connections live on a small runtime of the client's own, one
//! thread, which ends with the last handle. Inside an asynchronous runtime a handle does not wait
//! but fails ([`Error::BlockingInsideAsync`]), since it would stop the tasks around it.
//!
//! ```
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # async fn container(request: Request<Bytes>) -> Result<Response<Bytes>, smart::transport::TransportError> {
//! #     let body = "smart_record_id=1288992&oauth_token=t&oauth_token_secret=s";
//! #     let (status, body) = match request.uri().path() {
//! #         path if path.ends_with("/first") => (200, body),
//! #         path if path.ends_with("/next") => (404, ""),
//! #         _ => (200, "hello"),
//! #     };
//! #     let response = Response::builder().status(status).header("content-type", "application/x-www-form-urlencoded");
//! #     Ok(response.body(Bytes::from(body)).unwrap())
//! # }
//! use smart::blocking::classic::Client;
//!
//! # fn main() -> Result<(), smart::Error> {
//! let client = Client::builder()
//!     .app_id("counter@apps.example.org")
//!     .api_base("http://localhost:7000")
//!     .consumer("counter@apps.example.org", "the secret that container and app share")
//!     .transport(container) // answers from memory here; leave it out to talk to the container
//!     .build_blocking()?;
//! for record in client.records() {
//!     let medications = record?.get_medications().limit(10).send()?;
//!     println!("{} bytes", medications.bytes().len());
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "classic")]
pub mod classic;
#[cfg(feature = "fhir")]
pub mod fhir;
mod runtime;

#[expect(unused_imports, reason = "for the links above")]
use crate::Error;
