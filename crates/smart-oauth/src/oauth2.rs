//! OAuth 2 for SMART App Launch 2.2 and Sync for Science, the app's side: finds a server's
//! addresses, registers, asks the user, checks the callback, exchanges and refreshes tokens. Every
//! function is pure, as in the rest of the crate.
//!
//! What it does not do: send requests, follow redirects (on these endpoints nobody may), keep
//! tokens, decide when to refresh. Feature `oauth2`; feature `jwt` adds assertions signed by the
//! app and the validation of id tokens.
//!
//! # The flow
//!
//! ```text
//!   app (this module)                     server                        user's browser
//!   Discovery
//!     .request() ───── GET ─────────────────► .well-known, else metadata
//!     .receive() ◄──── addresses ───────────────┘
//!   Client::authorize
//!   Authorization<AwaitingCallback>
//!     .authorize_url() ──── state, code challenge, aud ───────────────────► log in, consent
//!     .callback() ◄──────── code, state, iss ───────── redirect ──────────────┘
//!   Authorization<Authorized>
//!     .request() ───── POST, code, verifier ─► token endpoint
//!     .receive() ◄──── tokens ──────────────────┘
//!   TokenSet
//!     Client::refresh ─── POST ─────────────► token endpoint, again and again
//! ```
//!
//! # Example
//!
//! The server's answers made up here:
//!
//! ```
//! use smart_oauth::Timestamp;
//! use smart_oauth::oauth2::{
//!     Authentication, AuthorizationRequest, AuthorizationSecrets, Callback, Client, Discovered, Discovery, RedirectUri, ServerUrl,
//! };
//!
//! // 1. the server's addresses
//! let discovery = Discovery::new(ServerUrl::new("https://ehr.example/fhir")?);
//! let _send = discovery.request()?;
//! let answer = http::Response::new(
//!     r#"{"authorization_endpoint": "https://ehr.example/authorize", "token_endpoint": "https://ehr.example/token",
//!         "code_challenge_methods_supported": ["S256"], "capabilities": ["launch-standalone", "permission-v2"]}"#,
//! );
//! let Discovered::Server(server) = discovery.receive(&answer)? else { return Err("an old server".into()) };
//!
//! // 2. the user's consent; take the bytes from the operating system's generator
//! let client = Client::new("my-app", *server);
//! let request = AuthorizationRequest::new(
//!     RedirectUri::new("http://127.0.0.1:8000/callback")?,
//!     "launch/patient patient/Observation.rs offline_access".parse()?,
//! );
//! let secrets = AuthorizationSecrets::from_random([1; 32], [2; 32], [3; 32]);
//! let authorization = client.authorize(request, secrets)?;
//! let state = authorization.state().expose().to_owned();
//! assert!(authorization.authorize_url().contains("code_challenge_method=S256"));
//! let callback = format!("http://127.0.0.1:8000/callback?code=c&state={state}"); // the browser comes back
//! let Callback::Authorized(authorization) = authorization.callback(&callback)? else { return Err("the user said no".into()) };
//!
//! // 3. tokens
//! let app = Authentication::SecretBasic("hush".into());
//! assert_eq!(authorization.request(&app)?.uri(), "https://ehr.example/token");
//! let answer = http::Response::new(
//!     r#"{"access_token": "t1", "token_type": "Bearer", "expires_in": "3600", "refresh_token": "r1", "patient": "123",
//!         "scope": "launch/patient patient/Observation.rs"}"#,
//! );
//! let now = Timestamp::from_unix_seconds(1_800_000_000);
//! let tokens = authorization.receive(&answer, now)?;
//! assert_eq!(tokens.patient.id(), Some("123"));
//! assert_eq!(tokens.scopes.missing().to_string(), "offline_access");
//!
//! // 4. and later new ones; the old refresh token stays when the answer has none
//! let refresh = client.refresh(tokens)?;
//! let _send = refresh.request(&app)?;
//! let tokens = refresh.receive(&http::Response::new(r#"{"access_token": "t2", "token_type": "bearer"}"#), now)?;
//! assert_eq!(tokens.refresh_token.ok_or("it was lost")?.expose(), "r1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Secrets
//!
//! Codes, states, verifiers, secrets and tokens are types of their own that show nothing in
//! `Debug`, have no `Display`, and are wiped from memory when dropped. Requests hold them in the
//! clear, as they must; the `Authorization` header is marked sensitive, and form bodies should not
//! be logged. Patients' ids stay out of `Debug` and error texts too.
//!
//! # Limits
//!
//! 16 MiB for a server's description, 256 KiB for other answers, 16 KiB for a callback, 4 KiB for
//! an address, 2,048 scopes of 2 KiB. JSON nests 128 deep. Beyond is a typed error.

// whom to talk to, and as whom
mod credentials;
mod discovery;
mod issuer;
mod registration;
mod server;
mod url;

// what for
mod scope;

// the conversation
mod authorization;
mod client;
mod introspection;
mod revocation;
mod token;

// signed statements, behind a feature of their own
#[cfg(feature = "jwt")]
mod jwt;

// one server's own addresses
pub mod s4s;

// responses, parsed leniently
mod answer;
mod error;

#[cfg(test)]
mod testing;

// The public list.
pub use answer::{Refusal, Unreadable};
pub use authorization::{
    Authorization, AuthorizationParts, AuthorizationRequest, AuthorizationSecrets, Authorized,
    AwaitingCallback, Callback, Denial,
};
pub use client::{Authentication, BasicEncoding, Client, TokenDialect};
pub use credentials::{
    AccessToken, AuthorizationCode, AuthorizationState, ClientAssertion, ClientId, ClientSecret,
    CodeVerifier, IdNonce, RefreshToken, RegistrationToken,
};
pub use discovery::{AskingStatement, AskingWellKnown, Discovered, Discovery};
#[cfg(feature = "jwt")]
pub use error::{AssertionError, IdTokenError, JwksError};
pub use error::{
    AuthorizeError, CallbackError, DiscoveryError, IssuerError, RegistrationError, Remedy,
    RequestError, ScopeError, TokenError, UrlError, VerifierError,
};
pub use introspection::{Introspected, Introspection, TokenFacts};
pub use issuer::IssuerMetadata;
#[cfg(feature = "jwt")]
pub use jwt::{
    assertion::AssertionKey,
    id_token::{FhirUser, IdClaims},
    jwks::Jwks,
    keys::AssertionKeys,
};
pub use registration::{
    AuthMethod, RegisteredClient, Registration, RegistrationAccess, RegistrationNote,
};
pub use revocation::{Revocation, Token};
pub use scope::{
    Access, ClinicalScope, ResourceType, Scope, ScopeContext, ScopeReport, ScopeSyntax, Scopes,
};
pub use server::{AssociatedEndpoint, DiscoveryNote, Server, Source};
pub use token::{
    ClientCredentials, FhirContext, IdToken, LaunchContext, PatientContext, Refresh, TokenNote,
    TokenSet,
};
pub use url::{RedirectUri, ServerUrl};
