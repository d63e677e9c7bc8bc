//! How a client proves who it is: HTTP Basic, or a secret in the form
//! ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header;
use percent_encoding::percent_decode_str;

use super::clients::Client;
use crate::faults::FhirFault;
use crate::fhir::state::FhirState;
use crate::web::context::RequestContext;

/// The client behind a request. Where there is an `Authorization` header, the form does not count.
pub(crate) fn client(server: &FhirState, request: &RequestContext<'_>) -> Option<Arc<Client>> {
    let registry = server.registry();
    let any_secret = server.does(FhirFault::AnySecret);
    let (id, secret) = match request.headers().get(header::AUTHORIZATION) {
        Some(value) => basic(value.to_str().ok()?)?,
        None => {
            let field = |name| request.form.first(name).map(str::to_owned);
            let id = field("client_id")?;
            match field("client_secret") {
                Some(secret) => (id, secret),
                None => {
                    return registry
                        .clients
                        .get(&id)
                        .filter(|client| client.is_public() || any_secret);
                }
            }
        }
    };
    let proven = |id: &str, secret: &str| {
        registry
            .clients
            .get(id)
            .filter(|client| client.has_secret(secret) || any_secret)
    };
    // The original takes both halves as they are; the standard wants them form-encoded. One of the two is meant.
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

fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}
