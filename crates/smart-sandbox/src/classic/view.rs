//! What a request can ask for, and what each such view demands of who asks.

use smart_api::vocab::sp::class;
use smart_api::{CallInfo, Cardinality, Category, Method};

use crate::classic::rules::Access;

/// One thing that the container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    // --- for apps: the generated calls
    AppManifest,
    AppManifests,
    ContainerManifest,
    Ontology,
    PostStatement(&'static CallInfo),
    Preferences(Method),
    RecordItem(&'static CallInfo),
    RecordList(&'static CallInfo),
    Scratchpad(Method),
    SearchRecords,
    SearchUsers,
    User,
    // --- for apps: tokens
    AccessToken,
    FirstRecordToken,
    NextRecordToken,
    RecordToken,
    RequestToken,
    // --- for people
    Authorize,
    Deny,
    Home,
    Launch,
    LoggedOut,
    Login,
    Logout,
}

impl View {
    /// The view that carries out a call; none for a kind of call that this container does not know.
    pub(crate) fn of_call(call: &'static CallInfo) -> Option<Self> {
        let many = call.cardinality == Cardinality::Multiple;
        let target = call.target;
        let view = if target == class::CONTAINER_MANIFEST {
            Self::ContainerManifest
        } else if target == class::ONTOLOGY {
            Self::Ontology
        } else if target == class::APP_MANIFEST {
            if many {
                Self::AppManifests
            } else {
                Self::AppManifest
            }
        } else if target == class::USER {
            if many { Self::SearchUsers } else { Self::User }
        } else if target == class::SCRATCHPAD_DATA {
            Self::Scratchpad(call.method)
        } else if target == class::USER_PREFERENCES {
            Self::Preferences(call.method)
        } else if call.category == Category::Container {
            (target == class::DEMOGRAPHICS && many).then_some(Self::SearchRecords)?
        } else {
            match (call.category, call.method) {
                (Category::Record, Method::Get) if many => Self::RecordList(call),
                (Category::Record, Method::Get) => Self::RecordItem(call),
                (Category::Record, Method::Post) => Self::PostStatement(call),
                _ => return None,
            }
        };
        Some(view)
    }

    /// What a principal must have to use the view. Pages for people are public here: they look at the session.
    pub(crate) fn access(self) -> Access {
        match self {
            Self::ContainerManifest | Self::Ontology => Access::Public,
            Self::AppManifest | Self::AppManifests | Self::SearchUsers | Self::User => {
                Access::AnyToken
            }
            Self::PostStatement(_) | Self::RecordItem(_) | Self::RecordList(_) => {
                Access::RecordData
            }
            Self::Preferences(_) => Access::Preferences,
            Self::Scratchpad(Method::Get) => Access::ScratchpadRead,
            Self::Scratchpad(_) => Access::ScratchpadWrite,
            Self::SearchRecords => Access::RecordSearch,
            Self::AccessToken => Access::TokenExchange,
            Self::FirstRecordToken | Self::NextRecordToken | Self::RecordToken => {
                Access::RecordTokens
            }
            Self::RequestToken => Access::TokenRequest,
            Self::Authorize
            | Self::Deny
            | Self::Home
            | Self::Launch
            | Self::LoggedOut
            | Self::Login
            | Self::Logout => Access::Public,
        }
    }

    /// Whether the view is a page for people, which may redirect and reads the session cookie.
    pub(crate) fn is_page(self) -> bool {
        matches!(
            self,
            Self::Authorize
                | Self::Deny
                | Self::Home
                | Self::Launch
                | Self::LoggedOut
                | Self::Login
                | Self::Logout
        )
    }
}

#[cfg(test)]
mod tests {
    use smart_api::CALLS;

    use super::*;

    fn view(name: &str) -> View {
        View::of_call(CallInfo::by_name(name).unwrap()).unwrap()
    }

    #[test]
    fn every_call_has_a_view() {
        for call in CALLS {
            assert!(View::of_call(call).is_some(), "{}", call.name);
        }
    }

    #[test]
    fn calls_find_their_views() {
        assert_eq!(view("get_container_manifest"), View::ContainerManifest);
        assert_eq!(view("get_ontology"), View::Ontology);
        assert_eq!(view("get_app_manifest"), View::AppManifest);
        assert_eq!(view("get_app_manifests"), View::AppManifests);
        assert_eq!(view("get_user"), View::User);
        assert_eq!(view("search_users"), View::SearchUsers);
        assert_eq!(view("search_records"), View::SearchRecords);
        assert_eq!(view("put_scratchpad_data"), View::Scratchpad(Method::Put));
        assert_eq!(
            view("delete_user_preferences"),
            View::Preferences(Method::Delete)
        );
        assert!(matches!(view("get_medications"), View::RecordList(_)));
        assert!(matches!(view("get_demographics"), View::RecordItem(_)));
        assert!(matches!(view("post_clinical_note"), View::PostStatement(_)));
    }

    #[test]
    fn only_two_calls_are_public() {
        let public: Vec<&str> = CALLS
            .iter()
            .filter(|call| View::of_call(call).unwrap().access() == Access::Public)
            .map(|call| call.name)
            .collect();
        assert_eq!(public, ["get_container_manifest", "get_ontology"]);
    }
}
