//! Which page a path is, and by which methods it may be asked.

use http::Method;

use super::resources::Release;

/// Everything but the resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Apps,
    Authorize,
    DebugIntrospect,
    DebugToken,
    Errors,
    Home,
    Introspect,
    Keys,
    Login,
    Logout,
    Me,
    Register,
    RevokeApproval(u64),
    RevokeToken,
    Token,
}

/// Where a request leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// Below a FHIR base; the path begins after its slash.
    Api(Release, &'a str),
    Nowhere,
    Page(Page),
    WrongMethod(&'static str),
}

const GET: &str = "GET, HEAD, OPTIONS";
const POST: &str = "POST, OPTIONS";
const BOTH: &str = "GET, HEAD, POST, OPTIONS";

pub(super) fn find<'a>(method: &Method, path: &'a str) -> Route<'a> {
    for release in [Release::R4, Release::Dstu2] {
        let below = path.strip_prefix(release.path());
        if let Some(path) = below.and_then(|below| below.strip_prefix('/')) {
            return Route::Api(release, path);
        }
    }
    let Some((page, allow)) = page(path) else {
        return Route::Nowhere;
    };
    let allowed = allow.split(", ").any(|one| one == method.as_str());
    if allowed {
        Route::Page(page)
    } else {
        Route::WrongMethod(allow)
    }
}

fn page(path: &str) -> Option<(Page, &'static str)> {
    let found = match path {
        "/" => (Page::Home, GET),
        "/.well-known/jwks.json" => (Page::Keys, GET),
        "/api/me" => (Page::Me, GET),
        "/apps" => (Page::Apps, GET),
        "/login" => (Page::Login, BOTH),
        "/logout" => (Page::Logout, GET),
        "/oauth/authorize" => (Page::Authorize, BOTH),
        "/oauth/debug/introspect" => (Page::DebugIntrospect, GET),
        "/oauth/debug/token" => (Page::DebugToken, POST),
        "/oauth/errors" => (Page::Errors, GET),
        "/oauth/introspect" => (Page::Introspect, POST),
        "/oauth/register" => (Page::Register, POST),
        "/oauth/revoke" => (Page::RevokeToken, POST),
        "/oauth/token" => (Page::Token, POST),
        other => {
            let row = other.strip_prefix("/revoke/")?;
            let number = row.bytes().all(|byte| byte.is_ascii_digit());
            (
                Page::RevokeApproval(number.then(|| row.parse().ok())??),
                POST,
            )
        }
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_their_methods() {
        for (method, path, route) in [
            (Method::GET, "/", Route::Page(Page::Home)),
            (Method::HEAD, "/", Route::Page(Page::Home)),
            (Method::GET, "/oauth/register", Route::WrongMethod(POST)),
            (Method::GET, "/oauth/token", Route::WrongMethod(POST)),
            (
                Method::POST,
                "/oauth/debug/introspect",
                Route::WrongMethod(GET),
            ),
            (
                Method::POST,
                "/revoke/7",
                Route::Page(Page::RevokeApproval(7)),
            ),
            (Method::GET, "/revoke/7", Route::WrongMethod(POST)),
            (Method::POST, "/revoke/x", Route::Nowhere),
            (Method::POST, "/revoke/", Route::Nowhere),
            (Method::POST, "/revoke/99999999999999999999", Route::Nowhere),
            (Method::GET, "/api/fhir", Route::Nowhere),
            (Method::GET, "/api/fhir/", Route::Api(Release::R4, "")),
            (
                Method::PUT,
                "/api/fhir/Patient/1",
                Route::Api(Release::R4, "Patient/1"),
            ),
            (
                Method::GET,
                "/api/dstu2/metadata",
                Route::Api(Release::Dstu2, "metadata"),
            ),
            (Method::GET, "/api/open-fhir/Patient/1", Route::Nowhere),
            (
                Method::GET,
                "/.well-known/smart-configuration",
                Route::Nowhere,
            ),
            (
                Method::GET,
                "/.well-known/openid-configuration",
                Route::Nowhere,
            ),
        ] {
            assert_eq!(find(&method, path), route, "{method} {path}");
        }
    }
}
