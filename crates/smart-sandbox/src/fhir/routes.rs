//! The server's table of routes: method, path, who may, and the function that answers.

use http::{Method, StatusCode};

use super::api::{self, discovery};
use super::oauth::approvals::Approval;
use super::oauth::clients::Client;
use super::oauth::{authorize, credentials, debug, introspect, register, revoke, token};
use super::people::{self, Visitor};
use super::replies;
use super::resources::Release;
use super::state::FhirState;
use crate::web::browser::comes_from_elsewhere;
use crate::web::context::RequestContext;
use crate::web::pages;
use crate::web::reply::Reply;
use crate::web::routes::{Methods, Route};

/// Who may use a route, and what answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handler {
    Anyone(fn(&FhirState, &RequestContext<'_>) -> Reply),
    /// A client that proves who it is.
    Client(fn(&FhirState, &RequestContext<'_>, &Client) -> Reply),
    /// A person who is logged in. Others are sent to log in, and to their apps afterwards.
    LoggedIn(fn(&FhirState, &RequestContext<'_>, &Visitor<'_>) -> Reply),
    /// Any person. Forms of other sites are refused.
    Person(fn(&FhirState, &RequestContext<'_>) -> Reply),
    /// A request with a token that covers the resource. Metadata requires no token.
    Resources(Release),
    /// A request with an access token.
    Token(fn(&FhirState, &RequestContext<'_>, &Approval) -> Reply),
}

const GET: Methods = Methods::Only(&[Method::GET, Method::HEAD, Method::OPTIONS]);
const POST: Methods = Methods::Only(&[Method::POST, Method::OPTIONS]);
const FORM: Methods = Methods::Only(&[Method::GET, Method::HEAD, Method::POST, Method::OPTIONS]);

/// All routes of the server.
#[rustfmt::skip]
pub(super) fn table() -> Vec<Route<Handler>> {
    use Handler::{Anyone, Client, LoggedIn, Person, Resources, Token};
    let route = |methods, path, endpoint| Route { methods, path, endpoint };
    vec![
        // --- for people
        route(GET, "/", Person(people::home)),
        route(GET, "/apps", LoggedIn(people::apps)),
        route(FORM, "/login", Person(people::login)),
        route(GET, "/logout", Person(people::logout)),
        route(FORM, "/oauth/authorize", Person(authorize::answer)),
        route(POST, "/revoke/{approval}", LoggedIn(people::revoke)),
        // --- for clients
        route(GET, "/.well-known/jwks.json", Anyone(discovery::keys)),
        route(GET, "/oauth/errors", Anyone(replies::echo)),
        route(POST, "/oauth/introspect", Client(introspect::answer)),
        route(POST, "/oauth/register", Anyone(register::answer)),
        route(POST, "/oauth/revoke", Client(revoke::answer)),
        // Looks at the grant type before it looks at the client.
        route(POST, "/oauth/token", Anyone(token::answer)),
        // --- for developers
        route(GET, "/api/me", Token(debug::me)),
        route(GET, "/oauth/debug/introspect", Anyone(debug::introspect)),
        route(POST, "/oauth/debug/token", Anyone(debug::token)),
        // --- the data
        route(Methods::Any, "/api/dstu2/{*path}", Resources(Release::Dstu2)),
        route(Methods::Any, "/api/fhir/{*path}", Resources(Release::R4)),
    ]
}

impl Handler {
    /// Answers, or refuses who may not use the route.
    pub(super) fn answer(&self, server: &FhirState, request: &RequestContext<'_>) -> Reply {
        match self {
            Self::Anyone(answer) => answer(server, request),
            Self::Client(answer) => match credentials::client(server, request) {
                Some(client) => answer(server, request, &client),
                None => replies::unproven_client(),
            },
            Self::LoggedIn(_) | Self::Person(_)
                if *request.method() == Method::POST && comes_from_elsewhere(request.headers()) =>
            {
                pages::foreign_form()
            }
            Self::LoggedIn(answer) => match people::visitor(server, request) {
                Some(visitor) => answer(server, request, &visitor),
                None => people::ask_to_log_in(
                    server,
                    request,
                    &format!("{}/apps", server.address.path()),
                ),
            },
            Self::Person(answer) => answer(server, request),
            Self::Resources(release) => api::answer(server, request, *release),
            Self::Token(answer) => {
                let registry = server.registry();
                let token = api::bearer(request.headers());
                let approval =
                    token.and_then(|token| registry.approvals.access(token, request.now.into()));
                match approval {
                    Some(approval) => answer(server, request, approval),
                    None => replies::html(StatusCode::UNAUTHORIZED),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
