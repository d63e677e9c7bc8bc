//! SURL: a URL that carries its own signature, for a browser that cannot sign.
//!
//! SMART containers inherited the scheme from Indivo. The reference container never turned its own
//! verifier on, so that a URL signed here is good for containers that offer this as an extension.

mod date;

use std::fmt;

use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::encode::percent_encode;
use crate::oauth1::credentials::{AccessToken, TokenKey, TokenSecret};
use crate::oauth1::error::VerifyError;
use crate::oauth1::parameters::pairs;
use crate::oauth1::signature::plain_hmac_sha1;
use crate::oauth1::text::Text;
use crate::oauth1::verify::TimeWindow;
use crate::time::Timestamp;

use date::{read_date, write_date};

/// The longest URL that is signed or verified, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// What signs URLs in the name of an access token, without giving the token's secret away.
///
/// ```
/// use smart_oauth::Timestamp;
/// use smart_oauth::oauth1::{AccessToken, SignedUrl, TimeWindow, UrlSigner};
///
/// let token = AccessToken::new("acctoken0123456789ab", "accsecret0123456789a");
/// let now = Timestamp::from_unix_seconds(1_365_000_000);
/// let url = UrlSigner::new(&token).sign("/widgets/DocumentAccess?record_id=1&document_id=2", now)?;
/// assert!(url.ends_with("&surl_sig=5aIcnm%2FYhG5%2BOjLMVlF5G1cZqRg%3D"));
///
/// // the container's side
/// let received = SignedUrl::parse(&url)?;
/// assert_eq!(received.token(), "acctoken0123456789ab");
/// received.verify(token.secret(), SignedUrl::WINDOW, now)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct UrlSigner {
    token: TokenKey,
    secret: Zeroizing<String>,
}

impl UrlSigner {
    /// Derives a secret for URLs from that of the token.
    pub fn new(token: &AccessToken) -> Self {
        Self {
            token: token.key().clone(),
            secret: url_secret(token.secret()),
        }
    }

    /// The token whose name goes into the URLs.
    pub fn token(&self) -> &TokenKey {
        &self.token
    }

    /// The derived secret, in base64, for code in a page that signs by itself. It signs URLs for as
    /// long as the token lives.
    pub fn expose_secret(&self) -> &str {
        &self.secret
    }

    /// Signs path and query, without scheme and host, and gives them back with three parameters
    /// more. Anyone who sees the result can use it until it is too old.
    ///
    /// # Errors
    ///
    /// When there is no query yet, when the URL is signed already, has a fragment, or is over 16
    /// KiB; and when the time is beyond the year 9999.
    pub fn sign(
        &self,
        path_and_query: &str,
        timestamp: Timestamp,
    ) -> Result<String, SignedUrlError> {
        check_shape(path_and_query)?;
        if let Some((_, query)) = path_and_query.split_once('?')
            && pairs(query.as_bytes())
                .any(|(name, _)| PARAMETERS.iter().any(|own| name == Text::clean(*own)))
        {
            return Err(SignedUrlError::AlreadySigned);
        }
        let date = write_date(timestamp).ok_or(SignedUrlError::BadTimestamp)?;
        let url = format!(
            "{path_and_query}&surl_timestamp={}&surl_token={}",
            percent_encode(&date),
            percent_encode(self.token.as_str())
        );
        let signature = plain_hmac_sha1(self.secret.as_bytes(), url.as_bytes());
        Ok(format!("{url}&surl_sig={}", percent_encode(&signature)))
    }
}

impl fmt::Debug for UrlSigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UrlSigner")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// A signed URL as a container receives it, not yet verified.
#[derive(Clone)]
pub struct SignedUrl {
    /// Everything but the signature: what was signed.
    signed: String,
    token: String,
    timestamp: Timestamp,
    signature: String,
}

impl SignedUrl {
    /// How long a signed URL is good: an hour, and five minutes for clocks that are ahead.
    pub const WINDOW: TimeWindow = TimeWindow::new(3600, 300);

    /// Reads path and query, without scheme and host.
    ///
    /// # Errors
    ///
    /// When one of the three parameters is missing, comes twice or cannot be read, or when the URL
    /// is over 16 KiB.
    pub fn parse(path_and_query: &str) -> Result<Self, SignedUrlError> {
        check_shape(path_and_query)?;
        let (path, query) = path_and_query
            .split_once('?')
            .ok_or(SignedUrlError::NoQuery)?;
        let one = |wanted: &'static str| {
            let mut values = pairs(query.as_bytes())
                .filter(|(name, _)| *name == Text::clean(wanted))
                .map(|(_, value)| value.lossy());
            match (values.next(), values.next()) {
                (Some(value), None) => Ok(value),
                (None, _) => Err(SignedUrlError::Lacks { name: wanted }),
                (Some(_), Some(_)) => Err(SignedUrlError::Repeats { name: wanted }),
            }
        };
        let [timestamp, token, signature] = PARAMETERS;
        let pieces: Vec<_> = query
            .split('&')
            .filter(|piece| !piece.starts_with("surl_sig="))
            .collect();
        Ok(Self {
            token: one(token)?,
            timestamp: read_date(&one(timestamp)?).ok_or(SignedUrlError::BadTimestamp)?,
            signature: one(signature)?,
            signed: format!("{path}?{}", pieces.join("&")),
        })
    }

    /// The token that the URL is signed for.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Checks the signature, and then the time. A URL has no nonce: it may be used again within the
    /// window.
    ///
    /// # Errors
    ///
    /// [`SignedUrlError::Mismatch`] or [`SignedUrlError::NotFresh`].
    pub fn verify(
        &self,
        secret: &TokenSecret,
        window: TimeWindow,
        now: Timestamp,
    ) -> Result<(), SignedUrlError> {
        let expected = plain_hmac_sha1(url_secret(secret).as_bytes(), self.signed.as_bytes());
        if !bool::from(expected.as_bytes().ct_eq(self.signature.as_bytes())) {
            return Err(SignedUrlError::Mismatch);
        }
        window
            .check(self.timestamp, now)
            .map_err(SignedUrlError::NotFresh)
    }
}

impl fmt::Debug for SignedUrl {
    /// Leaves out URL and signature, which together open the record.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignedUrl")
            .field("token", &self.token)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

/// Why a URL cannot be signed, or is not believed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedUrlError {
    /// The URL has one of the scheme's own parameters.
    #[error("the url is signed already; sign the one without surl parameters")]
    AlreadySigned,
    /// The time is not of the form `2013-04-03T14:40:00Z`.
    #[error("the time of a signed url has the form 2013-04-03T14:40:00Z")]
    BadTimestamp,
    /// A fragment, which browsers do not send.
    #[error("a signed url has no fragment; add it behind the signed url")]
    Fragment,
    /// One of the three parameters is not there.
    #[error("the url lacks {name}")]
    Lacks {
        /// The parameter's name.
        name: &'static str,
    },
    /// The signature is not that of the URL.
    #[error("the signature of the url does not match")]
    Mismatch,
    /// The URL has no query, to which parameters could be added.
    #[error("only a url with a query can be signed; add one, such as ?record_id=1")]
    NoQuery,
    /// The URL is too old, or from the future.
    #[error("the signed url is not fresh")]
    NotFresh(#[source] VerifyError),
    /// One of the three parameters comes twice.
    #[error("the url has {name} more than once")]
    Repeats {
        /// The parameter's name.
        name: &'static str,
    },
    /// The URL is too long.
    #[error("the url is longer than {limit} bytes")]
    TooLong {
        /// The most allowed, in bytes.
        limit: usize,
    },
}

const PARAMETERS: [&str; 3] = ["surl_timestamp", "surl_token", "surl_sig"];

fn check_shape(path_and_query: &str) -> Result<(), SignedUrlError> {
    if path_and_query.len() > MAX_BYTES {
        return Err(SignedUrlError::TooLong { limit: MAX_BYTES });
    }
    if path_and_query.contains('#') {
        return Err(SignedUrlError::Fragment);
    }
    match path_and_query.split_once('?') {
        Some((_, query)) if !query.is_empty() => Ok(()),
        _ => Err(SignedUrlError::NoQuery),
    }
}

fn url_secret(secret: &TokenSecret) -> Zeroizing<String> {
    plain_hmac_sha1(secret.expose().as_bytes(), b"SURL-SECRET")
}

#[cfg(test)]
mod tests;
