//! Commands for signatures, logins and tokens.

pub(crate) mod login;
pub(crate) mod sign;
pub(crate) mod token;
pub(crate) mod verify;

mod batch;
pub(crate) mod callback;
pub(crate) mod consent;
mod signing;
