//! What pages for people owe to the browser: forms from elsewhere, addresses to return to, cookies.

use http::{HeaderMap, HeaderValue, header};

use crate::web::reply::Reply;

/// Browsers name the origin of every form they send; scripts do not, and carry no one else's cookie
/// either. The cookie's SameSite attribute alone would not do: an app on another port of this
/// machine counts as the same site.
pub(crate) fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let own = host.map(|host| format!("http://{host}"));
    own.is_none_or(|own| origin.as_bytes() != own.as_bytes())
}

/// Only addresses on this server are returned to; anything else would make the login page a
/// springboard.
pub(crate) fn local(return_url: &str) -> &str {
    let elsewhere = !return_url.starts_with('/')
        || return_url.starts_with("//")
        || !return_url.bytes().all(|byte| byte.is_ascii_graphic())
        || return_url.contains('\\');
    if elsewhere { "/" } else { return_url }
}

/// Adds a cookie to an answer.
pub(crate) fn with_cookie(mut reply: Reply, cookie: &str) -> Reply {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        reply.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    reply
}
