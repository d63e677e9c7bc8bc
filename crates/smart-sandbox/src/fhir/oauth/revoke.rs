//! Revocation ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)), which the original server does
//! not have, for the client that a token was issued to.

use http::StatusCode;

use super::clients::Client;
use crate::fhir::replies;
use crate::fhir::state::FhirState;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

/// Ends a token of the client. A token that is unknown, or another client's, is answered as one
/// that was revoked.
pub(crate) fn answer(server: &FhirState, request: &RequestContext<'_>, client: &Client) -> Reply {
    let Some(token) = request.form.first("token") else {
        return replies::missing_token();
    };
    let now = request.now.into();
    server
        .registry()
        .approvals
        .revoke_token(&client.id, token, now);
    replies::unstored(reply::bare(StatusCode::OK, ""))
}
