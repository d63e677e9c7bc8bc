//! Commands for SMART Classic containers.

pub(crate) mod calls;
pub(crate) mod get;
pub(crate) mod record_login;
pub(crate) mod sweep;
