//! The container's table of routes: method, path, who may, and the function that answers.
//!
//! The paths of the calls come from the generated table.

use http::Method;
use smart_api::vocab::sp::class;
use smart_api::{CALLS, CallInfo, Cardinality, Category};

use super::calls::{blobs, container, documents, posting, reading, search, users};
use super::oauth::authenticate::Authenticated;
use super::rules::Access;
use super::state::ContainerState;
use super::{apps, oauth, people};
use crate::records::record::Record;
use crate::web::context::RequestContext;
use crate::web::reply::Reply;
use crate::web::routes::{Methods, Route};

/// Who may use a route, and what answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint {
    pub(crate) access: Access,
    pub(crate) handler: Handler,
}

/// What answers, by what it needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Handler {
    /// A page for people: it may redirect, and reads the session cookie.
    Page(fn(&ContainerState, &RequestContext<'_>) -> Reply),
    /// Nothing: the layer for cross-origin requests answers in front of the table.
    Preflight,
    /// Answers every request.
    Public(fn(&ContainerState, &RequestContext<'_>) -> Reply),
    /// Answers from the record in the path.
    Record(RecordHandler, &'static CallInfo),
    /// Answers a signed request.
    Signed(fn(&ContainerState, &RequestContext<'_>, &Authenticated) -> Reply),
}

/// Answers a call from a record.
pub(crate) type RecordHandler =
    fn(&ContainerState, &RequestContext<'_>, &Record, &'static CallInfo) -> Reply;

const GET: Methods = Methods::Only(&[Method::GET]);
const POST: Methods = Methods::Only(&[Method::POST]);
const PUT: Methods = Methods::Only(&[Method::PUT]);
const DELETE: Methods = Methods::Only(&[Method::DELETE]);
const OPTIONS: Methods = Methods::Only(&[Method::OPTIONS]);
const PAGE: Methods = Methods::Only(&[Method::GET, Method::HEAD]);
const FORM: Methods = Methods::Only(&[Method::GET, Method::HEAD, Method::POST]);

/// All routes of the container.
#[rustfmt::skip]
pub(crate) fn table() -> Vec<Route<Endpoint>> {
    use Access::{AnyToken, Public, RecordTokens, TokenExchange, TokenRequest};
    use Handler::{Page, Preflight, Signed};
    use Methods::Any;
    let mut table = vec![
        // --- for people
        route(PAGE, "/", Public, Page(people::home)),
        route(PAGE, "/apps/{smart_app_id}/launch", Public, Page(people::launch)),
        route(PAGE, "/apps/{smart_app_id}/launch/", Public, Page(people::launch)),
        route(FORM, "/login", Public, Page(people::login)),
        route(PAGE, "/login/did_logout", Public, Page(people::logged_out)),
        route(PAGE, "/logout", Public, Page(people::logout)),
        route(Any, "/oauth/authorize", Public, Page(people::authorize)),
        route(POST, "/oauth/deny", Public, Page(people::deny)),
        // --- tokens
        route(Any, "/oauth/request_token", TokenRequest, Signed(oauth::request_token)),
        route(Any, "/oauth/access_token", TokenExchange, Signed(oauth::access_token)),
        route(Any, "/apps/{smart_app_id}/tokens/records/first", RecordTokens, Signed(oauth::first_record_token)),
        route(Any, "/apps/{smart_app_id}/tokens/records/{record_id}", RecordTokens, Signed(oauth::record_token)),
        route(Any, "/apps/{smart_app_id}/tokens/records/{record_id}/next", RecordTokens, Signed(oauth::next_record_token)),
        // The slash at the end is optional, as in the reference container.
        route(GET, "/apps/manifests", AnyToken, Signed(apps::manifests)),
        // --- browsers that ask before they send a signed request of another origin
        route(OPTIONS, "/apps/{descriptor}/manifest", Public, Preflight),
        route(OPTIONS, "/records/{record_id}/apps/{smart_app_id}/scratchpad", Public, Preflight),
        route(OPTIONS, "/users/", Public, Preflight),
        route(OPTIONS, "/users/{user_id}/apps/{smart_app_id}/preferences", Public, Preflight),
    ];
    table.extend(CALLS.iter().filter_map(|call| {
        let Endpoint { access, handler } = Endpoint::of_call(call)?;
        Some(route(methods(call), call.path, access, handler))
    }));
    table
}

fn route(
    methods: Methods,
    path: &'static str,
    access: Access,
    handler: Handler,
) -> Route<Endpoint> {
    Route {
        methods,
        path,
        endpoint: Endpoint { access, handler },
    }
}

fn methods(call: &CallInfo) -> Methods {
    match call.method {
        smart_api::Method::Delete => DELETE,
        smart_api::Method::Get => GET,
        smart_api::Method::Post => POST,
        smart_api::Method::Put => PUT,
    }
}

impl Endpoint {
    /// What carries out a call; none for a kind of call that this container does not know.
    fn of_call(call: &'static CallInfo) -> Option<Self> {
        use Handler::{Public, Record, Signed};
        use smart_api::Method::{Get, Post};
        let many = call.cardinality == Cardinality::Multiple;
        let is_file = documents::is_about_files(call);
        let target = call.target;
        let (access, handler) = if target == class::CONTAINER_MANIFEST {
            (Access::Public, Public(container::manifest))
        } else if target == class::ONTOLOGY {
            (Access::Public, Public(container::ontology))
        } else if target == class::APP_MANIFEST {
            let handler = if many {
                apps::manifests
            } else {
                apps::manifest
            };
            (Access::AnyToken, Signed(handler))
        } else if target == class::USER {
            let handler = if many { users::search } else { users::one };
            (Access::AnyToken, Signed(handler))
        } else if target == class::SCRATCHPAD_DATA {
            let access = match call.method {
                Get => Access::ScratchpadRead,
                _ => Access::ScratchpadWrite,
            };
            (access, Signed(blobs::scratchpad))
        } else if target == class::USER_PREFERENCES {
            (Access::Preferences, Signed(blobs::preferences))
        } else if call.category == Category::Container {
            let is_search = target == class::DEMOGRAPHICS && many;
            is_search.then_some((Access::RecordSearch, Signed(search::records)))?
        } else {
            let handler: RecordHandler = match (call.category, call.method) {
                (Category::Record, Get) if many && is_file => documents::list,
                (Category::Record, Get) if many => reading::list,
                (Category::Record, Get) if is_file => documents::item,
                (Category::Record, Get) => reading::item,
                (Category::Record, Post) => posting::add,
                _ => return None,
            };
            (Access::RecordData, Record(handler, call))
        };
        Some(Self { access, handler })
    }
}

#[cfg(test)]
mod tests;
