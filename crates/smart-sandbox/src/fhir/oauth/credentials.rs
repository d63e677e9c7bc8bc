//! How a client proves who it is: HTTP Basic, or a secret in the form
//! ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header;
use percent_encoding::percent_decode_str;

use super::clients::Client;
use crate::fhir::state::FhirState;
use crate::web::context::RequestContext;

/// The id and the secret that a request shows. If it has an `Authorization` header, the form does
/// not count.
pub(crate) fn shown(request: &RequestContext<'_>) -> Option<(String, Option<String>)> {
    match request.headers().get(header::AUTHORIZATION) {
        Some(value) => {
            let (id, secret) = basic(value.to_str().ok()?)?;
            Some((id, Some(secret)))
        }
        None => {
            let field = |name| request.form.first(name).map(str::to_owned);
            Some((field("client_id")?, field("client_secret")))
        }
    }
}

/// The client that a request proves to come from.
pub(crate) fn client(server: &FhirState, request: &RequestContext<'_>) -> Option<Arc<Client>> {
    let (id, secret) = shown(request)?;
    let clients = &server.registry().clients;
    let Some(secret) = secret else {
        return clients.get(&id).filter(|client| client.is_public());
    };
    let proven =
        |id: &str, secret: &str| clients.get(id).filter(|client| client.has_secret(secret));
    // The original takes both halves as they are; the standard wants them form-encoded. One of the
    // two is meant.
    proven(&id, &secret).or_else(|| proven(&decoded(&id)?, &decoded(&secret)?))
}

fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The text behind a half of a header that is form-encoded.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}
