//! Why two sides come to different signatures, in the order in which people were seen to run into
//! it.

use std::fmt;

/// A likely cause.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// One side signs `oauth_body_hash` and the other does not.
    BodyHash,
    /// The path was decoded before it was signed.
    DecodedPath,
    /// One side signs `oauth_callback` or `oauth_verifier` twice, from header and form.
    DoubledParameter {
        /// The parameter's name.
        name: String,
    },
    /// One side left the form out: because of the content type, or because it was not read.
    FormLeftOut,
    /// The host is written in another way, or a default port is in it.
    Host,
    /// The key lacks its `&`.
    KeyWithoutAmpersand,
    /// Escapes in lower case.
    LowerCaseEscapes,
    /// A parameter that only the other side has.
    ParameterAdded {
        /// The parameter's name, encoded.
        name: String,
    },
    /// A parameter that the other side lacks.
    ParameterMissing {
        /// The parameter's name, encoded.
        name: String,
    },
    /// The parameters were sorted before they were encoded.
    ParameterOrder,
    /// The parameters were encoded once only.
    ParametersEncodedOnce,
    /// A parameter with another value.
    ParameterValue {
        /// The parameter's name, encoded.
        name: String,
    },
    /// A space became a plus sign.
    PlusForSpace,
    /// One side left the query out.
    QueryLeftOut,
    /// Another HTTP method.
    RequestMethod,
    /// `http` on one side, `https` on the other: often a proxy that ends TLS.
    Scheme,
    /// The secrets went into the key without being encoded.
    SecretsNotEncoded,
    /// The signature was percent-encoded once more, or once less.
    SignatureEncoding,
    /// Another signature method.
    SignatureMethod,
    /// The token's secret is not in the key.
    TokenSecretMissing,
    /// A slash at the end of the path.
    TrailingSlash,
    /// None that is known: the secrets may differ.
    Unknown,
    /// Another URL.
    Url,
    /// One side signs `oauth_version` and the other does not.
    Version,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::BodyHash => "one side signs oauth_body_hash; leave it out, or have both sides know it",
            Self::DecodedPath => {
                "one side signs the path decoded; send legal characters such as @ raw, or choose the other dialect"
            }
            Self::DoubledParameter { name } => {
                return write!(formatter, "{name} counts twice on one side; send it in one place only");
            }
            Self::FormLeftOut => {
                "the form is not signed on one side; check the content type, and that the body is read"
            }
            Self::Host => {
                "the host differs; write it in lower case and without a default port, and check what a proxy makes of it"
            }
            Self::KeyWithoutAmpersand => "the key lacks the & behind the consumer secret",
            Self::LowerCaseEscapes => "escapes are in lower case on one side; write %2F and not %2f",
            Self::ParameterAdded { name } => {
                return write!(formatter, "only the other side has {name}; find out who adds it");
            }
            Self::ParameterMissing { name } => {
                return write!(formatter, "the other side lacks {name}; find out where it gets lost");
            }
            Self::ParameterOrder => {
                "parameters are sorted before they are encoded on one side; choose names of letters and digits, or the other dialect"
            }
            Self::ParametersEncodedOnce => "the parameters are encoded once on one side; a base string has them encoded twice",
            Self::ParameterValue { name } => {
                return write!(formatter, "{name} has another value on the other side");
            }
            Self::PlusForSpace => "a space is a plus sign on one side; send and sign it as %20",
            Self::QueryLeftOut => "the query is not signed on one side; a classic container ignores it off GET",
            Self::RequestMethod => "the HTTP method differs; look for a redirect, or a method override",
            Self::Scheme => "one side signs http and the other https; tell the server behind the proxy its outer scheme",
            Self::SecretsNotEncoded => "one side uses the secrets in the key without encoding them",
            Self::SignatureEncoding => "the signature is the same, percent-encoded once more on one side",
            Self::SignatureMethod => "the other side used another signature method",
            Self::TokenSecretMissing => "the token secret is not in the key on one side; look up the token",
            Self::TrailingSlash => "one side has a slash at the end of the path",
            Self::Unknown => "no common mistake explains it; compare base strings, and if they are the same, the secrets",
            Self::Url => "the url differs; check what a proxy or a router makes of it",
            Self::Version => "one side signs oauth_version; send it in the header, or leave it out on both sides",
        })
    }
}
