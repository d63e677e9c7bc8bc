//! Which revision of the ontology a document is.

use std::fmt;

use crate::ontology::Ontology;

/// A revision of the ontology, told by its calls. It has no number of its own: `owl:versionInfo`
/// was never set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Revision {
    /// 43 calls, none of them about images.
    Calls43,
    /// 45 calls: two of them about imaging studies, or about medical images.
    Calls45,
    /// 47 calls, imaging studies and medical images among them: that of specs/smart.ttl.
    Calls47,
    /// Another one, or another ontology.
    Unknown {
        /// How many calls it has.
        calls: usize,
    },
}

/// What came later.
const IMAGES: [[&str; 2]; 2] = [
    ["get_imaging_studies", "get_imaging_study"],
    ["get_medical_image", "get_medical_images"],
];

/// How many calls all known revisions have.
const COMMON: usize = 43;

impl Revision {
    pub(crate) fn of(ontology: &Ontology) -> Self {
        let calls = ontology.calls.len();
        let has = |name: &str| ontology.calls.values().any(|call| call.name == name);
        let pairs = IMAGES
            .iter()
            .filter(|pair| pair.iter().all(|name| has(name)));
        let pairs = pairs.count();
        match pairs {
            _ if calls != COMMON + 2 * pairs => Self::Unknown { calls },
            0 => Self::Calls43,
            1 => Self::Calls45,
            _ => Self::Calls47,
        }
    }

    pub(crate) const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown { .. })
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls43 => f.write_str("the revision with 43 calls"),
            Self::Calls45 => f.write_str("the revision with 45 calls"),
            Self::Calls47 => f.write_str("the revision with 47 calls"),
            Self::Unknown { .. } => f.write_str("no known revision"),
        }
    }
}
