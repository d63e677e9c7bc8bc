//! The identifiers that fill a call's path.

use std::fmt;

macro_rules! id {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; whether it can stand in a path is checked when a request is
            /// made of it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it was given, not percent-encoded.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }
    };
}

id! {
    /// Names a patient's record on one container, for example `1288992`.
    RecordId
}

id! {
    /// Names a user of the container. Paths want the account's e-mail address; the identifier in a
    /// token response of the reference container is another one, which its paths do not know.
    UserId
}

id! {
    /// Names an app, for example `my-app@apps.smartplatforms.org`.
    AppId
}

id! {
    /// Names one item of a record within its list: the last segment of the item's address.
    ItemId
}
