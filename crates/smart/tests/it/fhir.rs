//! The second generation against a server in memory.

mod authorizations;
#[cfg(feature = "blocking")]
mod blocking;
mod ehr;
mod exports;
mod lifecycle;
mod repeats;
mod scopes;
mod secrets;
mod sessions;
mod storm;
mod vaults;

#[cfg(feature = "jwt")]
mod backend;
#[cfg(feature = "jwt")]
mod identity;
