//! The signature base string ([RFC 5849, section
//! 3.4.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1)).

use std::borrow::Cow;

use crate::encode::{decode, push_encoded};
use crate::oauth1::dialect::Reading;
use crate::oauth1::parameters::Arranged;
use crate::oauth1::request::SignableRequest;

/// Room for the base string of an ordinary request and its signature, in bytes, so that the buffer
/// rarely grows.
const CAPACITY: usize = 1024;

/// Writes `METHOD&url&parameters`, each part encoded, in one pass over one buffer. The parameters
/// come arranged.
///
/// All of it is ASCII, and the buffer has room for a signature after it.
pub(crate) fn base_string(
    request: &SignableRequest<'_>,
    parameters: &Arranged<'_, '_>,
    reading: Reading,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(CAPACITY);
    push_method(&mut out, request.method.as_str());
    out.push(b'&');
    push_url(&mut out, request, reading);
    out.push(b'&');
    for (position, parameter) in parameters.iter().enumerate() {
        if position > 0 {
            out.extend_from_slice(b"%26");
        }
        parameter.push_to_base_string(&mut out);
    }
    out
}

/// In upper case, as [section 3.4.1.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.1) has
/// it; a method that HTTP knows is in upper case anyway.
fn push_method(out: &mut Vec<u8>, method: &str) {
    if method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        out.extend_from_slice(method.as_bytes());
    } else {
        push_encoded(out, method.to_ascii_uppercase().as_bytes());
    }
}

/// The base string URI ([section 3.4.1.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.2)).
fn push_url(out: &mut Vec<u8>, request: &SignableRequest<'_>, reading: Reading) {
    out.extend_from_slice(request.scheme.as_str().as_bytes());
    out.extend_from_slice(b"%3A%2F%2F");
    if reading.keeps_host() {
        push_encoded(out, request.authority.as_bytes());
    } else {
        push_encoded(out, normalized_host(request).as_bytes());
    }
    if reading.decodes_path() {
        push_encoded(out, &decode(request.path.as_bytes()));
    } else {
        push_encoded(out, request.path.as_bytes());
    }
}

/// The host in lower case, with its port unless that is the scheme's default.
pub(crate) fn normalized_host<'a>(request: &SignableRequest<'a>) -> Cow<'a, str> {
    let host = match split_port(request.authority) {
        (host, Some(port)) if is_implied(port, request) => host,
        _ => request.authority,
    };
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

/// An empty port stands for the default one, as in [RFC
/// 3986](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.3).
fn is_implied(port: &str, request: &SignableRequest<'_>) -> bool {
    port.is_empty() || port.parse() == Ok(request.scheme.default_port())
}

/// Splits at the colon before the port; the colons of an IPv6 address stand in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests;
