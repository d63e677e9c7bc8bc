//! Every way to fail, one enum for each question: can it be signed, read, verified, danced?

use http::StatusCode;
use thiserror::Error;

use crate::oauth1::dance::Step;
use crate::oauth1::signature::SignatureMethod;
use crate::peer_body::PeerBody;

/// Why a text cannot be a nonce.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NonceError {
    /// A character that is not visible ASCII.
    #[error("a nonce holds visible ascii characters only; use letters and digits")]
    BadCharacter,
    /// No text at all.
    #[error("a nonce must not be empty")]
    Empty,
    /// More text than the reference container can store.
    #[error("a nonce is at most {limit} bytes long")]
    TooLong {
        /// The longest one allowed, in bytes.
        limit: usize,
    },
}

/// Why a request's parameters were not read: they are over a stated limit.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterError {
    /// Query and form body together are too long.
    #[error(
        "query and form parameters take more than {limit} bytes; send large data as a body of another type"
    )]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// Too many parameters.
    #[error("the request has more than {limit} parameters")]
    TooMany {
        /// The most allowed.
        limit: usize,
    },
}

/// Why a request cannot be signed. Nothing was sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The names of two parameters sort one way raw and another way encoded.
    #[error(
        "parameter {name:?} sorts differently before and after encoding, which no signature can suit; \
         keep to letters, digits and '-', '.', '_', '~' in names, or choose one dialect"
    )]
    AmbiguousOrder {
        /// The one of the two that needs encoding.
        name: String,
    },
    /// The path holds `%2F` or `%25`.
    #[error(
        "the path holds %2F or %25, which a container that signs the decoded path cannot tell from a plain one"
    )]
    AmbiguousPath,
    /// The realm holds a character that would break the header for the container's parser.
    #[error("a realm holds visible ascii characters and spaces, without '\"', '\\' and ','")]
    BadRealm,
    /// The address that was put together is not a URL.
    #[error("the api base and the ids do not make a url; check them")]
    BadUrl(#[source] http::uri::InvalidUri),
    /// A parameter without a name.
    #[error("a query or form parameter has no name; remove it")]
    BlankName,
    /// A path with a percent escape, which one side signs as it stands and the other decoded.
    #[error(
        "the path holds a percent escape, which strict servers sign as it is and a classic container decoded; \
         write legal characters such as '@' as they are, or choose one dialect"
    )]
    EscapedPath,
    /// A GET with a form body, which the reference container would not read.
    #[error("a GET must not carry a form body; put the parameters in the query")]
    FormOnGet,
    /// A form content type that the container's exact comparison would miss.
    #[error("write the content type application/x-www-form-urlencoded in lower case")]
    FormTypeSpelling,
    /// The OAuth parameters were to go into the query or the form, where a Classic container does
    /// not look for them.
    #[error(
        "a classic container reads oauth parameters from the header only; apply the signature to the header, or sign with the dialect rfc5849"
    )]
    HeaderOnly,
    /// The request has two `Host` headers, or one that is not text.
    #[error("the request needs exactly one readable host header")]
    MalformedHost,
    /// A signature method that no Classic container knows.
    #[error(
        "a classic container knows HMAC-SHA1 only; use that, or sign {method} with the dialect rfc5849"
    )]
    MethodUnknownToContainer {
        /// The method that was asked for.
        method: SignatureMethod,
    },
    /// A body without a content type; servers disagree on whether it is a form.
    #[error("the request has a body but no content type; set one")]
    MissingContentType,
    /// No host, neither in the URL nor in a header.
    #[error(
        "the request names no host; sign an absolute url such as http://localhost:7000/manifest"
    )]
    MissingHost,
    /// RSA-SHA1 was chosen as a method, without a key.
    #[error("RSA-SHA1 signs with a private key; give it before signing")]
    NoPrivateKey,
    /// A form placement on a request whose body is something else.
    #[error("oauth parameters can go into the body of a form only; put them into the header")]
    NotAForm,
    /// The parameters are over a limit.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// The path, once decoded, holds something that the container takes for the end of the path.
    #[error(
        "the path holds '?', '#' or, in its last segment, ';', which a classic container cuts off before it verifies; \
         use ids without them, or sign with the dialect rfc5849 for another server"
    )]
    PathCutShort,
    /// `PLAINTEXT` over a connection that everyone on the way can read.
    #[error(
        "PLAINTEXT over http sends both secrets in the clear; use https, or allow it for a test server"
    )]
    PlaintextWithoutTls,
    /// A query on a method other than GET, which the container leaves out of its signature.
    #[error(
        "a {method} must not carry a query, since the container does not sign it; send the parameters as a form"
    )]
    QueryOffGet {
        /// The method of the request.
        method: http::Method,
    },
    /// A semicolon in a query or form, which the container takes for a separator.
    #[error("a query or form holds a raw ';', which the container takes for '&'; write it as %3B")]
    RawSemicolon,
    /// A parameter that occurs twice, header parameters included.
    #[error(
        "parameter {name:?} occurs more than once, which no classic container can verify; send it once, or sign by RFC 5849 alone for another server"
    )]
    RepeatedName {
        /// The name that occurs again.
        name: String,
    },
    /// The private key refused to sign.
    #[cfg(feature = "rsa-sha1")]
    #[error("the private key did not sign; check the key")]
    Rsa(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A scheme other than `http` and `https`.
    #[error("only http and https requests can be signed")]
    UnsupportedScheme,
    /// A host in upper case, which one side lowers and the other does not.
    #[error("write the host of the url in lower case")]
    UpperCaseHost,
    /// An id that would lead to the address of something else.
    #[error("the id {id:?} cannot name a record or an app; give the one that the container uses")]
    UnusableId {
        /// The id: empty, or dots.
        id: String,
    },
}

/// Why an `Authorization` value is not an OAuth 1.0 header that can be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("a parameter of the authorization header has a broken percent escape")]
    BadEscape,
    /// Bytes outside ASCII.
    #[error("the authorization header holds characters outside ascii")]
    NotAscii,
    /// Another scheme, such as `Bearer`.
    #[error("the authorization header does not begin with the scheme OAuth")]
    NotOAuth,
    /// A piece that is not `name="value"`.
    #[error("a parameter of the authorization header is not of the form name=\"value\"")]
    NotAPair,
    /// The same parameter, or the whole header, twice.
    #[error("a parameter of the authorization header occurs more than once")]
    Repeated,
    /// The header is too long.
    #[error("the authorization header is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// Parameters that identify or sign the request in more than one of header, query and form.
    #[error(
        "the request has oauth parameters in more than one place; send them in the header, the query or the form, not in two of them"
    )]
    SeveralPlaces,
    /// Too many parameters.
    #[error("the authorization header has more than {limit} parameters")]
    TooMany {
        /// The most allowed.
        limit: usize,
    },
    /// An escape that does not make UTF-8.
    #[error("a parameter of the authorization header is not utf-8")]
    NotUtf8,
}

/// Why a container does not believe a request. For the container's log: the peer should learn no
/// more than "401".
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The signature fits none of the forms that the container accepts.
    #[error("the signature does not match")]
    BadSignature,
    /// `oauth_body_hash` is not the hash of the body that came.
    #[error("the body is not the one that was signed")]
    BodyHashMismatch,
    /// `oauth_content_type` is not the content type that came.
    #[error("the content type is not the one that was signed")]
    ContentTypeMismatch,
    /// `oauth_timestamp` is not a whole number of seconds.
    #[error("the timestamp is not a whole number of seconds")]
    MalformedTimestamp,
    /// The OAuth parameters stand in the query or the form, where a Classic container does not look
    /// for them.
    #[error("a classic container reads oauth parameters from the header only")]
    HeaderOnly,
    /// A parameter that every signed request needs.
    #[error("the request lacks {name}")]
    MissingParameter {
        /// The parameter's name.
        name: &'static str,
    },
    /// The parameters are over a limit.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// `PLAINTEXT` over a connection that everyone on the way can read.
    #[error("the signature method PLAINTEXT is taken over https only")]
    PlaintextWithoutTls,
    /// The nonce came before, or the memory cannot tell any more: it is full, or the clock was set
    /// back.
    #[error("the nonce was used before, or it is not known any more whether it was")]
    Replayed,
    /// Signed too far in the future.
    #[error("the timestamp is more than {allowed} seconds in the future; check the clocks")]
    TooEarly {
        /// The width of the window on that side, in seconds.
        allowed: u64,
    },
    /// Signed too long ago.
    #[error("the timestamp is more than {allowed} seconds old; check the clocks")]
    TooLate {
        /// The width of the window on that side, in seconds.
        allowed: u64,
    },
    /// The header names a token and no token secret was given, or the reverse.
    #[error("the header's token and the token secret to verify it with do not go together")]
    TokenMismatch,
    /// A signature method that is not known, or not among those that are taken; those taken without
    /// being asked for are HMAC-SHA1 alone.
    #[error("the signature method is not one of those taken")]
    UnsupportedSignatureMethod,
    /// A version other than 1.0.
    #[error("the oauth version is not 1.0")]
    UnsupportedVersion,
}

/// Why a dance or the record loop cannot go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DanceError {
    /// A callback without one of its two parameters.
    #[error("the callback lacks {name}; ask the user to authorize again")]
    CallbackLacks {
        /// The parameter's name.
        name: &'static str,
    },
    /// A callback with one of its two parameters twice.
    #[error("the callback has {name} more than once; ask the user to authorize again")]
    CallbackRepeats {
        /// The parameter's name.
        name: &'static str,
    },
    /// A callback longer than any container makes.
    #[error("the callback is longer than {limit} bytes")]
    CallbackTooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// The callback answers a dance that is not ours: a stale browser tab, or an attack.
    #[error("the callback names another request token than this dance's; start the dance again")]
    ForeignCallback,
    /// A successful answer that lacks something.
    #[error("the answer to the {step} lacks {name}; check that the url is that of a container")]
    Incomplete {
        /// What was asked for.
        step: Step,
        /// The missing field.
        name: &'static str,
        /// The answer's content type; HTML means that something else than a container answered.
        content_type: Option<String>,
        /// The answer, which may hold secrets.
        body: PeerBody,
    },
    /// The container named a record that it had named before: its records go around in a circle.
    #[error(
        "the container named record {record_id:?} again, after record {after:?}, so its list of records has no end; \
         the loop was stopped"
    )]
    LoopStuck {
        /// The record that came again.
        record_id: String,
        /// The record that it came after.
        after: String,
    },
    /// A status other than 200.
    #[error("the container answered the {step} with {status}; {}", step.advice(*status))]
    Refused {
        /// What was asked for.
        step: Step,
        /// The answer's status.
        status: StatusCode,
        /// The answer.
        body: PeerBody,
    },
    /// An answer longer than any container makes.
    #[error("the container's answer to the {step} is longer than {limit} bytes")]
    TooLong {
        /// What was asked for.
        step: Step,
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// A token for another record than the one asked for.
    #[error("asked for record {asked:?}, was granted record {granted:?}; the token was dropped")]
    WrongRecord {
        /// The record that the dance is about.
        asked: String,
        /// The record that the container named.
        granted: String,
    },
}

/// Why a launch cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LaunchError {
    /// The address of the app's index page is not an absolute URL.
    #[error("the index address is not an absolute url; give the one of the app's manifest")]
    BadIndex,
    /// `oauth_header` is not an OAuth header.
    #[error("the oauth header of the launch cannot be read")]
    Header(#[from] HeaderError),
    /// The header is right, but lacks something.
    #[error("the oauth header of the launch lacks {name}; start the dance instead")]
    Lacks {
        /// The parameter's name.
        name: &'static str,
    },
    /// The header is not UTF-8 once decoded.
    #[error("the oauth header of the launch is not utf-8")]
    NotUtf8,
    /// A parameter with two values.
    #[error(
        "the launch has two different values of {name}; send the user to the container's launch page"
    )]
    Repeats {
        /// The parameter's name.
        name: &'static str,
    },
    /// A launch longer than any container makes.
    #[error("the launch is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// The container's signature is not right, or not fresh: someone else may have made the header.
    #[error("the oauth header of the launch is not to be trusted; start the dance instead")]
    Unverified(#[from] VerifyError),
}
