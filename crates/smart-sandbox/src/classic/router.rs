//! From a method and a path to a view. The paths of the calls come from the generated table.
//!
//! Slashes at the end are significant, and nothing is ever redirected to its other spelling: the Python client crashes
//! on a redirect.

use http::Method;
use smart_api::CALLS;

use crate::classic::view::View;
use crate::form::decode_segment;

/// All routes of the container.
#[derive(Debug)]
pub(crate) struct Router {
    routes: Vec<Route>,
}

/// What the router makes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    View(View, PathValues),
    /// A browser asks whether it may send a cross-origin request.
    Preflight,
    /// The path exists; the text names its methods for the `Allow` header.
    WrongMethod(String),
    Nowhere,
}

/// The decoded values of a path's parameters, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathValues(Vec<(&'static str, String)>);

impl PathValues {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The values of parameters that none of `names` is, for items whose parameter has a name of its own.
    pub(crate) fn other_than(&self, names: &[&str]) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| !names.contains(other))
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
struct Route {
    segments: Vec<Segment>,
    verbs: Verbs,
    answers_preflight: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(&'static str),
    Parameter(&'static str),
}

#[derive(Debug)]
enum Verbs {
    /// A page or token endpoint that looks at the method itself, if at all.
    Any(View),
    Some(Vec<(Method, View)>),
}

impl Router {
    pub(crate) fn new() -> Self {
        let mut router = Self { routes: Vec::new() };
        for (path, view) in FIXED {
            router.routes.push(Route {
                segments: segments(path),
                verbs: match view {
                    Verb::Any(view) => Verbs::Any(*view),
                    Verb::Page(view) => {
                        Verbs::Some(vec![(Method::GET, *view), (Method::HEAD, *view)])
                    }
                    Verb::Form(view) => Verbs::Some(vec![
                        (Method::GET, *view),
                        (Method::HEAD, *view),
                        (Method::POST, *view),
                    ]),
                    Verb::Post(view) => Verbs::Some(vec![(Method::POST, *view)]),
                },
                answers_preflight: false,
            });
        }
        for call in CALLS {
            if let Some(view) = View::of_call(call) {
                router.add(call.path, call.method.into(), view);
            }
        }
        // The slash at the end of the list of app manifests is optional, as in the reference container.
        router.add("/apps/manifests", Method::GET, View::AppManifests);
        for path in PREFLIGHT {
            router.route(segments(path)).answers_preflight = true;
        }
        // Where several routes fit, the one with the fewest parameters is meant: /users/search is not a user.
        router.routes.sort_by_key(|route| {
            route
                .segments
                .iter()
                .filter(|segment| matches!(segment, Segment::Parameter(_)))
                .count()
        });
        router
    }

    /// Finds what a request asks for. The path is as it was sent, percent-encoded or not.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Destination {
        let Some(path) = path.strip_prefix('/') else {
            return Destination::Nowhere;
        };
        let Some(decoded) = path
            .split('/')
            .map(decode_segment)
            .collect::<Option<Vec<_>>>()
        else {
            return Destination::Nowhere;
        };
        let Some((route, values)) = self
            .routes
            .iter()
            .find_map(|route| route.values(&decoded).map(|values| (route, values)))
        else {
            return Destination::Nowhere;
        };
        match route.view(method) {
            Some(view) => Destination::View(view, values),
            None if route.answers_preflight && method == Method::OPTIONS => Destination::Preflight,
            None => Destination::WrongMethod(route.allow()),
        }
    }

    fn add(&mut self, path: &'static str, method: Method, view: View) {
        if let Verbs::Some(verbs) = &mut self.route(segments(path)).verbs {
            verbs.push((method, view));
            verbs.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        }
    }

    fn route(&mut self, segments: Vec<Segment>) -> &mut Route {
        let place = match self
            .routes
            .iter()
            .position(|route| route.segments == segments)
        {
            Some(place) => place,
            None => {
                let verbs = Verbs::Some(Vec::new());
                self.routes.push(Route {
                    segments,
                    verbs,
                    answers_preflight: false,
                });
                self.routes.len() - 1
            }
        };
        &mut self.routes[place]
    }
}

impl Route {
    fn values(&self, path: &[std::borrow::Cow<'_, str>]) -> Option<PathValues> {
        if self.segments.len() != path.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, text) in self.segments.iter().zip(path) {
            match segment {
                Segment::Literal(literal) if literal == text => {}
                Segment::Parameter(name) if !text.is_empty() => {
                    values.push((*name, text.clone().into_owned()));
                }
                _ => return None,
            }
        }
        Some(PathValues(values))
    }

    fn view(&self, method: &Method) -> Option<View> {
        match &self.verbs {
            Verbs::Any(view) => Some(*view),
            Verbs::Some(verbs) => verbs
                .iter()
                .find(|(other, _)| other == method)
                .map(|(_, view)| *view),
        }
    }

    fn allow(&self) -> String {
        let mut methods: Vec<&str> = match &self.verbs {
            Verbs::Any(_) => Vec::new(),
            Verbs::Some(verbs) => verbs.iter().map(|(method, _)| method.as_str()).collect(),
        };
        if self.answers_preflight {
            methods.push("OPTIONS");
        }
        methods.join(", ")
    }
}

enum Verb {
    Any(View),
    Form(View),
    Page(View),
    Post(View),
}

/// What is not in the call table: the token endpoints and the pages.
const FIXED: &[(&str, Verb)] = &[
    ("/", Verb::Page(View::Home)),
    ("/apps/{smart_app_id}/launch", Verb::Page(View::Launch)),
    ("/apps/{smart_app_id}/launch/", Verb::Page(View::Launch)),
    (
        "/apps/{smart_app_id}/tokens/records/first",
        Verb::Any(View::FirstRecordToken),
    ),
    (
        "/apps/{smart_app_id}/tokens/records/{record_id}",
        Verb::Any(View::RecordToken),
    ),
    (
        "/apps/{smart_app_id}/tokens/records/{record_id}/next",
        Verb::Any(View::NextRecordToken),
    ),
    ("/login", Verb::Form(View::Login)),
    ("/login/did_logout", Verb::Page(View::LoggedOut)),
    ("/logout", Verb::Page(View::Logout)),
    ("/oauth/access_token", Verb::Any(View::AccessToken)),
    ("/oauth/authorize", Verb::Any(View::Authorize)),
    ("/oauth/deny", Verb::Post(View::Deny)),
    ("/oauth/request_token", Verb::Any(View::RequestToken)),
];

/// The paths on which browsers may ask first.
const PREFLIGHT: [&str; 4] = [
    "/apps/{descriptor}/manifest",
    "/records/{record_id}/apps/{smart_app_id}/scratchpad",
    "/users/",
    "/users/{user_id}/apps/{smart_app_id}/preferences",
];

fn segments(path: &'static str) -> Vec<Segment> {
    path.trim_start_matches('/')
        .split('/')
        .map(|segment| {
            match segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
            {
                Some(name) => Segment::Parameter(name),
                None => Segment::Literal(segment),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use smart_api::CallInfo;

    use super::*;

    fn find(method: Method, path: &str) -> Destination {
        Router::new().find(&method, path)
    }

    #[test]
    fn every_call_is_reached_by_its_own_path() {
        let router = Router::new();
        for call in CALLS {
            let path: String = call
                .path
                .split('/')
                .map(|segment| {
                    if segment.starts_with('{') {
                        "x@y.z"
                    } else {
                        segment
                    }
                })
                .collect::<Vec<_>>()
                .join("/");
            let Destination::View(view, values) = router.find(&call.method.into(), &path) else {
                panic!("{} {path}", call.name)
            };
            assert_eq!(Some(view), View::of_call(call), "{}", call.name);
            for parameter in call.path_parameters {
                assert_eq!(values.get(parameter.name), Some("x@y.z"), "{}", call.name);
            }
        }
    }

    #[test]
    fn paths_are_told_apart() {
        let item = CallInfo::by_name("get_lab_panel").unwrap();
        let list = CallInfo::by_name("get_lab_panels").unwrap();
        for (path, view) in [
            ("/users/search", View::SearchUsers),
            ("/users/a@b.c", View::User),
            ("/users/a%40b.c", View::User),
            ("/apps/manifests/", View::AppManifests),
            ("/apps/manifests", View::AppManifests),
            ("/apps/a@b/manifest", View::AppManifest),
            ("/apps/a@b/launch", View::Launch),
            ("/apps/a@b/tokens/records/first", View::FirstRecordToken),
            ("/apps/a@b/tokens/records/1/next", View::NextRecordToken),
            ("/apps/a@b/tokens/records/1", View::RecordToken),
            ("/records/search", View::SearchRecords),
            ("/records/1/lab_panels/", View::RecordList(list)),
            ("/records/1/lab_panels/7", View::RecordItem(item)),
            ("/", View::Home),
        ] {
            assert!(
                matches!(find(Method::GET, path), Destination::View(found, _) if found == view),
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_nowhere() {
        for path in [
            "",
            "*",
            "//",
            "/records/",
            "/records/1",
            "/records/1/medications",
            "/records/1/demographics/",
            "/records//medications/",
            "/records/1/allergy_exclusions/7",
            "/manifest/",
            "/users/%ff",
            "/oauth/internal/session_create",
        ] {
            assert_eq!(find(Method::GET, path), Destination::Nowhere, "{path}");
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        for (method, path, allow) in [
            (Method::POST, "/manifest", "GET"),
            (Method::HEAD, "/records/1/medications/", "GET"),
            (Method::PUT, "/records/1/clinical_notes/", "GET, POST"),
            (Method::DELETE, "/records/1/medications/7", "GET"),
            (Method::OPTIONS, "/records/1/medications/", "GET"),
            (
                Method::POST,
                "/records/1/apps/a/scratchpad",
                "DELETE, GET, PUT, OPTIONS",
            ),
            (Method::GET, "/users/", "OPTIONS"),
            (Method::DELETE, "/login", "GET, HEAD, POST"),
        ] {
            let expected = Destination::WrongMethod(allow.to_owned());
            assert_eq!(find(method.clone(), path), expected, "{method} {path}");
        }
    }

    #[test]
    fn four_paths_answer_browsers_that_ask_first() {
        for path in [
            "/apps/a/manifest",
            "/records/1/apps/a/scratchpad",
            "/users/",
            "/users/u/apps/a/preferences",
        ] {
            assert_eq!(
                find(Method::OPTIONS, path),
                Destination::Preflight,
                "{path}"
            );
        }
    }

    #[test]
    fn token_endpoints_take_any_method() {
        for path in [
            "/oauth/request_token",
            "/oauth/access_token",
            "/apps/a/tokens/records/first",
        ] {
            for method in [Method::GET, Method::POST, Method::PUT] {
                assert!(
                    matches!(find(method, path), Destination::View(..)),
                    "{path}"
                );
            }
        }
    }
}
