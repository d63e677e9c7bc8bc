//! OAuth for SMART health containers, without I/O: requests, signatures and tokens of both
//! generations.
//!
//! - [`oauth1`]: OAuth 1.0a for SMART Classic, the app's side and the container's. Signs requests,
//!   verifies them, and carries out the dances that end with a token.
//! - `oauth2` (feature `oauth2`): OAuth 2 for SMART App Launch and Sync for Science, the app's
//!   side.
//!
//! Every function is pure. The caller sends the requests, passes the time as a [`Timestamp`] and
//! draws random numbers.
//!
//! What this crate does not do: open sockets, read clocks, draw random numbers, store tokens,
//! follow redirects, retry. It holds no RSA private keys.
//!
//! # Example
//!
//! A signed call of an app that already has a token:
//!
//! ```
//! use smart_oauth::Timestamp;
//! use smart_oauth::oauth1::{AccessToken, Consumer, Nonce, SignableRequest, Signer, SigningParams, sign};
//!
//! let app = Consumer::new("my-app@apps.smartplatforms.org", "smartapp-secret");
//! let signer = Signer::new(app).with_access_token(&AccessToken::new("token", "token-secret"));
//! // Draw the bytes from the operating system and read its clock.
//! let params = SigningParams::prepared(&signer, Nonce::from_random([7; 16]), Timestamp::from_unix_seconds(1_365_000_000));
//!
//! let mut request = http::Request::get("http://localhost:7000/records/1/medications/").body(Vec::new())?;
//! sign(&SignableRequest::from_http(&request)?, &params)?.apply_to(&mut request);
//! assert!(request.headers().contains_key("authorization"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `oauth2` | the module `oauth2` |
//! | `jwt` | assertions that the app signs, and validation of id tokens (implies `oauth2`) |
//! | `rsa-sha1` | the signature method RSA-SHA1 |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod oauth1;
#[cfg(feature = "oauth2")]
pub mod oauth2;

// what both generations need
mod encode;
mod peer_body;
mod secret;
mod time;

pub use encode::percent_encode;
pub use peer_body::PeerBody;
pub use time::Timestamp;

/// The example of the README, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
