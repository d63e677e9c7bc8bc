//! OAuth 1.0a for SMART Classic, both sides: signs requests, verifies them, and carries out the
//! dances that end with a token.
//!
//! | to do | use |
//! |---|---|
//! | sign a request | [`sign()`] with [`SigningParams`]; with one token many times, a [`Signer`] |
//! | choose what is signed | [`Dialect`], [`SignatureMethod`] |
//! | find out why a signature is refused | [`explain()`] |
//! | get a token from a user | [`Dance`], or a [`Launch`] that brings one |
//! | get a token for every record | [`RecordLoop`] |
//! | verify, as a server | [`verify()`], [`Verification`], [`Accepted`], [`MemoryNonces`] |
//! | sign a URL for a browser | [`UrlSigner`], [`SignedUrl`] |
//!
//! # The dance
//!
//! ```text
//!   app (this crate)                     container                      user's browser
//!   Dance<Unstarted>
//!     .request() ───── POST, signed ───────► request token
//!     .receive() ◄──── token, secret ──────────┘
//!   Dance<AwaitingVerifier>
//!     .authorize_url() ─────────────────────────────────────────────────► log in, consent
//!     .callback() ◄──── oauth_token, oauth_verifier ─── redirect ────────────┘
//!   Dance<Verified>
//!     .request() ───── POST, signed ───────► access token
//!     .receive() ◄──── token, secret ──────────┘
//!   Authorized { token, record_id, user_id }
//!     sign() ───────── GET, signed ────────► verify(), admit(), the record's data
//! ```
//!
//! A background app has no user to ask; it walks over all records with a [`RecordLoop`] instead.
//!
//! # Example
//!
//! The dance, the container's answers made up here, and at the end the container's side of a signed
//! call:
//!
//! ```
//! use smart_oauth::Timestamp;
//! use smart_oauth::oauth1::{
//!     AuthorizationHeader, Consumer, Dance, Endpoints, MemoryNonces, Nonce, SignableRequest,
//!     SigningParams, TimeWindow, sign, verify,
//! };
//!
//! // take these from the operating system's generator and clock
//! let mut drawn = 0;
//! let mut nonce = || {
//!     drawn += 1;
//!     Nonce::from_random([drawn; 16])
//! };
//! let now = Timestamp::from_unix_seconds(1_365_000_000);
//!
//! let consumer = Consumer::new("my-app@apps.smartplatforms.org", "smartapp-secret");
//! let endpoints = Endpoints {
//!     request_token: "http://localhost:7000/oauth/request_token".parse()?,
//!     authorize: "http://localhost:7001/oauth/authorize".parse()?,
//!     access_token: "http://localhost:7000/oauth/access_token".parse()?,
//! };
//!
//! // 1. a request token
//! let dance = Dance::new(consumer.clone(), endpoints, Some("1288992".into()));
//! let request = dance.request(nonce(), now)?;
//! assert_eq!(request.body(), b"smart_record_id=1288992&oauth_callback=oob");
//! let dance = dance.receive(&http::Response::new("oauth_token=rt&oauth_token_secret=rs"))?;
//!
//! // 2. the user's consent
//! assert_eq!(dance.authorize_url(), "http://localhost:7001/oauth/authorize?oauth_token=rt");
//! let dance = dance.callback("http://localhost:8000/smartapp/authorize?oauth_token=rt&oauth_verifier=v")?;
//!
//! // 3. an access token
//! let request = dance.request(nonce(), now)?;
//! assert_eq!(request.method(), "POST");
//! let authorized = dance.receive(&http::Response::new("oauth_token=at&oauth_token_secret=as&record_id=1288992"))?;
//! assert_eq!(authorized.record_id.as_deref(), Some("1288992"));
//!
//! // 4. a call
//! let mut call = http::Request::get("http://localhost:7000/records/1288992/medications/?limit=10").body(Vec::new())?;
//! let params = SigningParams::new(&consumer, nonce(), now).with_access_token(&authorized.token);
//! let signed = sign(&SignableRequest::from_http(&call)?, &params)?;
//! signed.apply_to(&mut call);
//!
//! // the container's side of it
//! let header = AuthorizationHeader::from_headers(call.headers())?.ok_or("no header")?;
//! assert_eq!(header.token(), Some("at"));
//! let request = SignableRequest::from_http(&call)?; // a server uses from_received
//! let accepted = verify(&request, &header, consumer.secret(), Some(authorized.token.secret()))?;
//! let window = TimeWindow::default();
//! let mut nonces = MemoryNonces::new(window);
//! accepted.admit(window, &mut nonces, now)?;
//! assert!(accepted.admit(window, &mut nonces, now).is_err(), "a second time is a replay");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Secrets
//!
//! Consumer secrets, token secrets and verifiers are types of their own that show nothing in
//! `Debug`, have no `Display`, and are wiped from memory when dropped. No error text holds one.
//! What shows them says so: `expose`, [`Signed::base_string`], the authorization header that
//! [`Signed::authorization`] marks sensitive.
//!
//! # Limits
//!
//! Whatever a peer can make long or many is bounded: 16 KiB and 64 parameters in a header, 256 KiB
//! and 1,000 parameters in query and form, 16 KiB for a token answer, callback, launch or signed
//! URL. Beyond is a typed error.
//!
//! # Features
//!
//! `rsa-sha1` (off): signing with an RSA key that the app holds elsewhere, and verification, which
//! brings aws-lc-rs.
//!
//! # States that cannot be mixed up
//!
//! What the dance allows in each state is decided when the program is compiled. A verified dance
//! has a second request:
//!
//! ```
//! # fn example(verified: smart_oauth::oauth1::Dance<smart_oauth::oauth1::Verified>, nonce: smart_oauth::oauth1::Nonce, now: smart_oauth::Timestamp) {
//! let _ = verified.request(nonce, now);
//! # }
//! ```
//!
//! one that still waits for the user's consent has none:
//!
//! ```compile_fail
//! # fn example(verified: smart_oauth::oauth1::Dance<smart_oauth::oauth1::AwaitingVerifier>, nonce: smart_oauth::oauth1::Nonce, now: smart_oauth::Timestamp) {
//! let _ = verified.request(nonce, now);
//! # }
//! ```
//!
//! An access token signs calls:
//!
//! ```
//! # fn example<'a>(params: smart_oauth::oauth1::SigningParams<'a>, token: &'a smart_oauth::oauth1::AccessToken) {
//! let _ = params.with_access_token(token);
//! # }
//! ```
//!
//! and a request token does not:
//!
//! ```compile_fail
//! # fn example<'a>(params: smart_oauth::oauth1::SigningParams<'a>, token: &'a smart_oauth::oauth1::RequestToken) {
//! let _ = params.with_access_token(token);
//! # }
//! ```
//!
//! A step consumes the state that it leaves, so a callback counts once:
//!
//! ```
//! # fn example(dance: smart_oauth::oauth1::Dance<smart_oauth::oauth1::AwaitingVerifier>) {
//! let first = dance.clone().callback("oauth_token=t&oauth_verifier=v");
//! let second = dance.callback("oauth_token=t&oauth_verifier=v");
//! # }
//! ```
//!
//! ```compile_fail
//! # fn example(dance: smart_oauth::oauth1::Dance<smart_oauth::oauth1::AwaitingVerifier>) {
//! let first = dance.callback("oauth_token=t&oauth_verifier=v");
//! let second = dance.callback("oauth_token=t&oauth_verifier=v");
//! # }
//! ```
//!
//! A header of a launch gives its token to nobody who has not verified it:
//!
//! ```
//! # fn example(credentials: smart_oauth::oauth1::LaunchCredentials) {
//! let _ = credentials.token;
//! # }
//! ```
//!
//! ```compile_fail
//! # fn example(credentials: smart_oauth::oauth1::LaunchHeader) {
//! let _ = credentials.token;
//! # }
//! ```
//!
#![doc = include_str!("oauth1/manual.md")]

// who signs, and what
mod credentials;
pub(crate) mod request;

// from request to base string
mod block;
pub(crate) mod parameters;
mod text;
// where the container departs from the RFC
mod dialect;
// the two notions above, put together
mod base_string;

// from base string to header, and back
mod header;
mod sign;
mod signature;
mod signed;
mod signer;
mod verify;

// for the person who has to find out why
mod explain;

// a signature in a URL
mod signed_url;

// the conversations that end with a token
mod dance;
mod error;

pub use credentials::{
    AccessToken, Consumer, ConsumerKey, ConsumerSecret, Nonce, RequestToken, TokenKey, TokenSecret,
    Verifier,
};
pub use dance::Step;
pub use dance::background::{RecordAccess, RecordLoop};
pub use dance::launch::{Launch, LaunchCredentials, LaunchHeader};
pub use dance::three_legged::{
    Authorized, AwaitingVerifier, Dance, DanceParts, Endpoints, Unstarted, Verified,
};
pub use dialect::Dialect;
pub use error::{
    DanceError, HeaderError, LaunchError, NonceError, ParameterError, SignError, VerifyError,
};
pub use explain::{
    Cause, Difference, ExplainedParameter, Explanation, KeyShape, Part, SecretShape, explain,
    explain_received,
};
pub use header::AuthorizationHeader;
pub use parameters::Source;
pub use request::SignableRequest;
pub use sign::{SigningParams, sign};
pub use signature::SignatureMethod;
#[cfg(feature = "rsa-sha1")]
pub use signature::rsa_sha1::{RsaSha1Key, RsaSha1PublicKey};
pub use signed::Signed;
pub use signed_url::{SignedUrl, SignedUrlError, UrlSigner};
pub use signer::Signer;
pub use verify::{Accepted, MemoryNonces, NonceMemory, TimeWindow, Verification, verify};
