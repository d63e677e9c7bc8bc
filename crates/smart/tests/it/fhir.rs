//! The second generation against a server in memory.

mod authorizations;
mod ehr;
mod secrets;
mod sessions;
mod storm;
mod vaults;

#[cfg(feature = "jwt")]
mod backend;
#[cfg(feature = "jwt")]
mod identity;
