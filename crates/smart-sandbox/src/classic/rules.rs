//! Who may do what: one table, apart from the code that does it.

use crate::classic::apps::AppMode;
use crate::web::routes::PathParameters;

/// Who sent a request, as its signature proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) app: String,
    pub(crate) mode: AppMode,
    pub(crate) token: Token,
}

/// The token that a request was signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Two-legged: the consumer's secret alone.
    None,
    /// A request token, good for the exchange only.
    Request { key: String },
    /// An access token.
    Access {
        record: Option<String>,
        user: Option<String>,
    },
}

/// What a route demands of a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing: the route is served whatever the header says.
    Public,
    /// Any access token.
    AnyToken,
    /// An access token of the record in the path.
    RecordData,
    /// An access token of an app that may look through all records.
    RecordSearch,
    /// An access token of the record in the path; whose scratchpad it is does not matter.
    ScratchpadRead,
    /// An access token of the record and the app in the path, and the app has a user interface.
    ScratchpadWrite,
    /// An access token of the user and the app in the path, and the app has a user interface.
    Preferences,
    /// A background app, two-legged, for itself. The reference container lets it mint tokens for
    /// others, too.
    RecordTokens,
    /// An app with a user interface, two-legged.
    TokenRequest,
    /// An app with a user interface and its request token.
    TokenExchange,
}

impl Access {
    /// What a principal lacks that may not use the route.
    pub(crate) fn demand(self) -> &'static str {
        match self {
            Self::Public => "nothing",
            Self::AnyToken => "an access token",
            Self::RecordData | Self::ScratchpadRead => "an access token of the record in the path",
            Self::RecordSearch => "an access token of a background or frame app",
            Self::ScratchpadWrite => {
                "an access token of the record and the app in the path, of an app with a page"
            }
            Self::Preferences => {
                "an access token of the user and the app in the path, of an app with a page"
            }
            Self::RecordTokens => "a background app that signs without a token, for itself",
            Self::TokenRequest => "an app with a page that signs without a token",
            Self::TokenExchange => "an app with a page that signs with its request token",
        }
    }
}

/// What the path of a request names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PathScope<'a> {
    pub(crate) record: Option<&'a str>,
    pub(crate) app: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
}

impl<'a> PathScope<'a> {
    pub(crate) fn of(parameters: &'a PathParameters) -> Self {
        Self {
            record: parameters.get("record_id"),
            app: parameters.get("smart_app_id"),
            user: parameters.get("user_id"),
        }
    }
}

/// Whether the principal may use a route that demands `access` and whose path names `place`.
pub(crate) fn permits(access: Access, principal: &Principal, place: PathScope<'_>) -> bool {
    let has_page = principal.mode != AppMode::Background;
    let own_app = place.app == Some(principal.app.as_str());
    match &principal.token {
        Token::None => match access {
            Access::Public => true,
            Access::RecordTokens => !has_page && own_app,
            Access::TokenRequest => has_page,
            _ => false,
        },
        Token::Request { .. } => match access {
            Access::Public => true,
            Access::TokenExchange => has_page,
            _ => false,
        },
        Token::Access { record, user } => {
            let own_record = record.is_some() && record.as_deref() == place.record;
            let own_user = user.is_some() && user.as_deref() == place.user;
            match access {
                Access::Public | Access::AnyToken => true,
                Access::RecordData | Access::ScratchpadRead => own_record,
                Access::RecordSearch => principal.mode != AppMode::Ui,
                Access::ScratchpadWrite => has_page && own_record && own_app,
                Access::Preferences => has_page && own_user && own_app,
                Access::RecordTokens | Access::TokenRequest | Access::TokenExchange => false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Access::{
        AnyToken, Preferences, Public, RecordData, RecordSearch, RecordTokens, ScratchpadRead,
        ScratchpadWrite, TokenExchange, TokenRequest,
    };
    use super::*;

    const ALL: [Access; 10] = [
        Public,
        AnyToken,
        RecordData,
        RecordSearch,
        ScratchpadRead,
        ScratchpadWrite,
        Preferences,
        RecordTokens,
        TokenRequest,
        TokenExchange,
    ];

    fn principal(mode: AppMode, token: Token) -> Principal {
        Principal {
            app: "a".to_owned(),
            mode,
            token,
        }
    }

    fn granted(record: Option<&str>, user: Option<&str>) -> Token {
        Token::Access {
            record: record.map(str::to_owned),
            user: user.map(str::to_owned),
        }
    }

    fn check(principal: &Principal, place: PathScope<'_>, expected: &[Access]) {
        for access in ALL {
            assert_eq!(
                permits(access, principal, place),
                expected.contains(&access),
                "{access:?} {principal:?} {place:?}"
            );
        }
    }

    const HERE: PathScope<'static> = PathScope {
        record: Some("1"),
        app: Some("a"),
        user: Some("u"),
    };

    #[test]
    fn the_kind_of_token_decides_first() {
        let request = || Token::Request {
            key: "k".to_owned(),
        };
        check(
            &principal(AppMode::Ui, Token::None),
            HERE,
            &[Public, TokenRequest],
        );
        check(
            &principal(AppMode::FrameUi, Token::None),
            HERE,
            &[Public, TokenRequest],
        );
        check(
            &principal(AppMode::Background, Token::None),
            HERE,
            &[Public, RecordTokens],
        );
        check(
            &principal(AppMode::Ui, request()),
            HERE,
            &[Public, TokenExchange],
        );
        check(&principal(AppMode::Background, request()), HERE, &[Public]);
    }

    #[test]
    fn an_access_token_opens_its_own_record_app_and_user() {
        let own = granted(Some("1"), Some("u"));
        check(
            &principal(AppMode::Ui, own.clone()),
            HERE,
            &[
                Public,
                AnyToken,
                RecordData,
                ScratchpadRead,
                ScratchpadWrite,
                Preferences,
            ],
        );
        check(
            &principal(AppMode::FrameUi, own),
            HERE,
            &[
                Public,
                AnyToken,
                RecordData,
                RecordSearch,
                ScratchpadRead,
                ScratchpadWrite,
                Preferences,
            ],
        );
        check(
            &principal(AppMode::Background, granted(Some("1"), None)),
            HERE,
            &[Public, AnyToken, RecordData, RecordSearch, ScratchpadRead],
        );
    }

    #[test]
    fn elsewhere_an_access_token_opens_nothing_of_the_record() {
        let own = principal(AppMode::Ui, granted(Some("1"), Some("u")));
        check(
            &own,
            PathScope {
                record: Some("2"),
                ..HERE
            },
            &[Public, AnyToken, Preferences],
        );
        check(
            &own,
            PathScope {
                app: Some("b"),
                ..HERE
            },
            &[Public, AnyToken, RecordData, ScratchpadRead],
        );
        check(
            &own,
            PathScope {
                user: Some("v"),
                ..HERE
            },
            &[
                Public,
                AnyToken,
                RecordData,
                ScratchpadRead,
                ScratchpadWrite,
            ],
        );
    }

    #[test]
    fn nothing_named_is_nothing_owned() {
        let bare = principal(AppMode::Ui, granted(None, None));
        check(&bare, PathScope::default(), &[Public, AnyToken]);
        let background = principal(AppMode::Background, Token::None);
        check(&background, PathScope::default(), &[Public]);
        check(
            &background,
            PathScope {
                app: Some("b"),
                ..HERE
            },
            &[Public],
        );
    }
}
