//! What may be done with data: create, read, update, delete, search.

use std::fmt;

/// A set of the five permissions of version 2 ([SMART,
/// scopes](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Access(u8);

impl Access {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// `c`: create on the type.
    pub const CREATE: Self = Self(1);
    /// `r`: read, version read and history of an instance.
    pub const READ: Self = Self(1 << 1);
    /// `u`: update an instance.
    pub const UPDATE: Self = Self(1 << 2);
    /// `d`: delete an instance.
    pub const DELETE: Self = Self(1 << 3);
    /// `s`: search on the type, and its history.
    pub const SEARCH: Self = Self(1 << 4);
    /// What version 1 calls `read`.
    pub const V1_READ: Self = Self::READ.union(Self::SEARCH);
    /// What version 1 calls `write`.
    pub const V1_WRITE: Self = Self::CREATE.union(Self::UPDATE).union(Self::DELETE);
    /// Everything.
    pub const ALL: Self = Self::V1_READ.union(Self::V1_WRITE);

    const LETTERS: [(char, Self); 5] = [
        ('c', Self::CREATE),
        ('r', Self::READ),
        ('u', Self::UPDATE),
        ('d', Self::DELETE),
        ('s', Self::SEARCH),
    ];

    /// Whatever is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whatever is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whatever is in this and not in the other.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether everything of the other is in this.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is in this.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions one by one, in the order of their letters.
    pub fn iter(self) -> impl Iterator<Item = Self> {
        let all = Self::LETTERS.into_iter();
        all.map(|(_, one)| one)
            .filter(move |one| self.contains(*one))
    }

    /// Letters of version 2, which have one order and occur once.
    pub(super) fn from_letters(text: &str) -> Option<Self> {
        let mut access = Self::NONE;
        let mut order = Self::LETTERS.into_iter();
        for letter in text.chars() {
            let (_, one) = order.find(|(known, _)| *known == letter)?;
            access = access.union(one);
        }
        (!access.is_empty()).then_some(access)
    }

    /// A word of version 1.
    pub(super) fn from_word(text: &str) -> Option<Self> {
        match text {
            "read" => Some(Self::V1_READ),
            "write" => Some(Self::V1_WRITE),
            "*" => Some(Self::ALL),
            _ => None,
        }
    }

    /// The word of version 1 that says exactly this, if there is one.
    pub fn as_v1(self) -> Option<&'static str> {
        match self {
            Self::V1_READ => Some("read"),
            Self::V1_WRITE => Some("write"),
            Self::ALL => Some("*"),
            _ => None,
        }
    }
}

impl fmt::Display for Access {
    /// The letters of version 2.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, one) in Self::LETTERS {
            if self.contains(one) {
                write!(formatter, "{letter}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Access({self})")
    }
}
