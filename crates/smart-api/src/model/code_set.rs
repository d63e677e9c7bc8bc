//! Closed lists of codes.

use smart_rdf::NamedNodeRef;

use crate::model::{MissingValue, Model, Required};
use crate::models::Code;

/// A closed list of codes as an enum. The types in [`codes`](crate::codes) implement it: a variant
/// for each code of the list, and `Other` for what a container sends instead.
pub trait CodeSet: Model {
    /// The class of the codes.
    const CLASS: NamedNodeRef<'static>;

    /// The codes of the list.
    const MEMBERS: &'static [(Self, KnownCode)];

    /// A code that the list does not have.
    fn other(code: Code) -> Self;

    /// The code, if the list does not have it.
    fn as_other(&self) -> Option<&Code>;

    /// What the ontology says of the code, if the list has it.
    fn known(&self) -> Option<&'static KnownCode> {
        let known = Self::MEMBERS.iter().find(|(member, _)| member == self);
        known.map(|(_, code)| code)
    }

    /// The code's address: system and identifier.
    fn iri(&self) -> Option<String> {
        match self.as_other() {
            Some(code) => code.subject.iri().map(str::to_owned),
            None => self.known().map(|code| code.iri()),
        }
    }

    /// What to show to a person.
    ///
    /// # Errors
    ///
    /// The code is not of the list, and the container sent no title for it.
    fn title(&self) -> Result<&str, MissingValue> {
        match (self.known(), self.as_other()) {
            (Some(known), _) => Ok(known.title),
            (None, Some(code)) => code.title.get().map(String::as_str),
            (None, None) => Err(MissingValue::default()),
        }
    }

    /// The code of this address, whatever is said of it otherwise.
    fn from_code(code: Code) -> Self {
        let is = |known: &KnownCode| match code.subject.iri() {
            Some(iri) => iri
                .strip_prefix(known.system)
                .is_some_and(|identifier| identifier == known.identifier),
            None => {
                let is = |text: &Required<String>, expected: &str| {
                    text.as_option().is_some_and(|text| text == expected)
                };
                is(&code.system, known.system) && is(&code.identifier, known.identifier)
            }
        };
        match Self::MEMBERS.iter().find(|(_, known)| is(known)) {
            Some((member, _)) => member.clone(),
            None => Self::other(code),
        }
    }
}

/// A code of a closed list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct KnownCode {
    /// The code system: what the code's address begins with.
    pub system: &'static str,
    /// The code within its system.
    pub identifier: &'static str,
    /// What to show to a person.
    pub title: &'static str,
}

impl KnownCode {
    pub(crate) const fn new(
        system: &'static str,
        identifier: &'static str,
        title: &'static str,
    ) -> Self {
        Self {
            system,
            identifier,
            title,
        }
    }

    /// The code's address.
    pub fn iri(&self) -> String {
        format!("{}{}", self.system, self.identifier)
    }
}

/// What an enum of codes needs to be a [`CodeSet`] and a [`Model`]: its class, and the code that
/// each variant stands for.
macro_rules! code_set {
    ($set:ident, $class:expr, { $($variant:ident: $code:expr,)* }) => {
        impl $crate::model::CodeSet for $set {
            const CLASS: smart_rdf::NamedNodeRef<'static> = $class;
            const MEMBERS: &'static [(Self, $crate::model::KnownCode)] =
                &[$((Self::$variant, $code)),*];

            fn other(code: $crate::models::Code) -> Self {
                Self::Other(code)
            }

            fn as_other(&self) -> Option<&$crate::models::Code> {
                match self {
                    Self::Other(code) => Some(code),
                    _ => None,
                }
            }
        }

        impl Default for $set {
            fn default() -> Self {
                Self::Other($crate::models::Code::default())
            }
        }

        impl $crate::model::Model for $set {
            const CLASS: smart_rdf::NamedNodeRef<'static> = <$crate::models::Code as $crate::model::Model>::CLASS;
            const ALSO: &'static [smart_rdf::NamedNodeRef<'static>] = <$crate::models::Code as $crate::model::Model>::ALSO;

            fn read(reader: &mut $crate::model::Reader<'_, '_>) -> Self {
                reader.read_member()
            }

            fn write(&self, writer: &mut $crate::model::Writer) {
                writer.write_member(self);
            }

            fn subject(&self) -> $crate::model::Subject {
                $crate::model::Writer::subject_of_member(self)
            }
        }
    };
}

pub(crate) use code_set;
