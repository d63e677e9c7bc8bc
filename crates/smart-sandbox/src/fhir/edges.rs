//! Where the server can be made to misbehave. Between these places everything is done right.

use super::oauth::approvals::Grant;
use super::state::FhirState;
use crate::web::context::RequestContext;
use crate::web::reply::Reply;

/// The places, in the order in which a request passes them.
pub(crate) trait Edges: Send + Sync {
    /// Before a request is answered.
    fn before(&self, request: &mut RequestContext<'_>, server: &FhirState);

    /// After an access token was accepted, and before what it grants is compared with the request.
    fn opened(&self, request: &RequestContext<'_>, grant: &mut Grant);

    /// After a request was answered.
    fn after(&self, request: &RequestContext<'_>, reply: &mut Reply, server: &FhirState);
}
