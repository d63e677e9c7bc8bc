//! OAuth 2: clients register, users approve, tokens are issued, inspected and revoked.

pub(crate) mod approvals;
pub(crate) mod authorize;
pub(crate) mod clients;
pub(crate) mod credentials;
pub(crate) mod debug;
pub(crate) mod introspect;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod scopes;
pub(crate) mod token;
pub(crate) mod users;
