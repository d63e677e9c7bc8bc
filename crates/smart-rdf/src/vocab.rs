//! Terms of the vocabularies that RDF documents share, as constants.
//!
//! The vocabulary of SMART itself belongs to the crate that knows SMART.

pub use oxrdf::vocab::{rdf, rdfs, xsd};

/// Declares the constants of one vocabulary; the doc comment of each is its IRI.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $module:ident = $namespace:literal { $($constant:ident = $local:literal,)* }) => {
        $(#[$doc])*
        pub mod $module {
            use oxrdf::NamedNodeRef;

            /// The IRI that all terms of this vocabulary begin with.
            pub const NAMESPACE: &str = $namespace;
            $(
                #[doc = concat!("`", $namespace, $local, "`")]
                pub const $constant: NamedNodeRef<'static> =
                    NamedNodeRef::new_unchecked(concat!($namespace, $local));
            )*
        }
    };
}

vocabulary! {
    /// The [Web Ontology Language](https://www.w3.org/TR/owl2-syntax/).
    owl = "http://www.w3.org/2002/07/owl#" {
        ALL_DIFFERENT = "AllDifferent",
        ALL_VALUES_FROM = "allValuesFrom",
        ANNOTATED_PROPERTY = "annotatedProperty",
        ANNOTATED_SOURCE = "annotatedSource",
        ANNOTATED_TARGET = "annotatedTarget",
        ANNOTATION_PROPERTY = "AnnotationProperty",
        AXIOM = "Axiom",
        CARDINALITY = "cardinality",
        CLASS = "Class",
        DATATYPE_PROPERTY = "DatatypeProperty",
        DISTINCT_MEMBERS = "distinctMembers",
        EQUIVALENT_CLASS = "equivalentClass",
        HAS_VALUE = "hasValue",
        IMPORTS = "imports",
        INTERSECTION_OF = "intersectionOf",
        INVERSE_OF = "inverseOf",
        MAX_CARDINALITY = "maxCardinality",
        MAX_QUALIFIED_CARDINALITY = "maxQualifiedCardinality",
        MIN_CARDINALITY = "minCardinality",
        MIN_QUALIFIED_CARDINALITY = "minQualifiedCardinality",
        NAMED_INDIVIDUAL = "NamedIndividual",
        OBJECT_PROPERTY = "ObjectProperty",
        ONE_OF = "oneOf",
        ONTOLOGY = "Ontology",
        ON_CLASS = "onClass",
        ON_DATA_RANGE = "onDataRange",
        ON_PROPERTY = "onProperty",
        QUALIFIED_CARDINALITY = "qualifiedCardinality",
        RESTRICTION = "Restriction",
        SAME_AS = "sameAs",
        SOME_VALUES_FROM = "someValuesFrom",
        THING = "Thing",
        TOP_OBJECT_PROPERTY = "topObjectProperty",
        UNION_OF = "unionOf",
        VERSION_INFO = "versionInfo",
    }
}

vocabulary! {
    /// The [DCMI metadata
    /// terms](https://www.dublincore.org/specifications/dublin-core/dcmi-terms/).
    dcterms = "http://purl.org/dc/terms/" {
        CREATED = "created",
        CREATOR = "creator",
        DATE = "date",
        DESCRIPTION = "description",
        FORMAT = "format",
        HAS_FORMAT = "hasFormat",
        HAS_PART = "hasPart",
        IDENTIFIER = "identifier",
        IS_PART_OF = "isPartOf",
        LANGUAGE = "language",
        MEDIA_TYPE_OR_EXTENT = "MediaTypeOrExtent",
        MODIFIED = "modified",
        SUBJECT = "subject",
        TITLE = "title",
        TYPE = "type",
    }
}

vocabulary! {
    /// [Friend of a friend](http://xmlns.com/foaf/spec/): people and their names.
    foaf = "http://xmlns.com/foaf/0.1/" {
        FAMILY_NAME = "familyName",
        GENDER = "gender",
        GIVEN_NAME = "givenName",
        HOMEPAGE = "homepage",
        MBOX = "mbox",
        NAME = "name",
        PERSON = "Person",
    }
}

vocabulary! {
    /// [vCard as RDF](http://www.w3.org/2006/vcard/ns): names, addresses and telephones.
    vcard = "http://www.w3.org/2006/vcard/ns#" {
        ADDITIONAL_NAME = "additional-name",
        ADDRESS = "Address",
        ADR = "adr",
        BDAY = "bday",
        CELL = "Cell",
        COUNTRY = "country",
        COUNTRY_NAME = "country-name",
        DEATHDATE = "deathdate",
        EMAIL = "email",
        EXTENDED_ADDRESS = "extended-address",
        FAMILY_NAME = "family-name",
        FN = "fn",
        GIVEN_NAME = "given-name",
        HOME = "Home",
        HONORIFIC_PREFIX = "honorific-prefix",
        HONORIFIC_SUFFIX = "honorific-suffix",
        LOCALITY = "locality",
        N = "n",
        NAME = "Name",
        ORGANIZATION_NAME = "organization-name",
        ORGANIZATION_UNIT = "organization-unit",
        PAGER = "Pager",
        POSTAL_CODE = "postal-code",
        PREF = "Pref",
        REGION = "region",
        STREET_ADDRESS = "street-address",
        TEL = "tel",
        TEL_CLASS = "Tel",
        URL = "url",
        VCARD = "VCard",
        WORK = "Work",
    }
}
