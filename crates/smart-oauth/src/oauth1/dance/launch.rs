//! The launch: what a container says in the URL with which it opens an app.
//!
//! Two generations of it: the current one names record and container and leaves the rest to the
//! dance; the older one hands over a ready token in `oauth_header`, signed by the container with
//! the app's own secret.

use std::fmt;

use http::Uri;
use zeroize::Zeroizing;

use crate::oauth1::credentials::{AccessToken, ConsumerSecret};
use crate::oauth1::error::LaunchError;
use crate::oauth1::header::AuthorizationHeader;
use crate::oauth1::parameters::pairs;
use crate::oauth1::request::SignableRequest;
use crate::oauth1::text::Text;
use crate::oauth1::verify::{NonceMemory, TimeWindow, verify};
use crate::time::Timestamp;

/// The longest launch that is read, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// The parameters with which a container opened an app's index page.
///
/// None of the first two is signed: they say which record the user chose, and the dance finds out
/// whether that is allowed. Check that the API base is that of a container the app knows before a
/// secret goes there.
///
/// ```
/// let launch = smart_oauth::oauth1::Launch::parse(
///     "http://localhost:8000/smartapp/index.html?api_base=http%3A%2F%2Flocalhost%3A7000&record_id=1288992",
/// )?;
/// assert_eq!(launch.record_id(), Some("1288992"));
/// assert_eq!(launch.api_base(), Some("http://localhost:7000"));
/// # Ok::<(), smart_oauth::oauth1::LaunchError>(())
/// ```
#[derive(Clone)]
pub struct Launch {
    record_id: Option<String>,
    api_base: Option<String>,
    header: Option<Zeroizing<String>>,
}

impl Launch {
    /// Reads the URL that the app was opened with, or its query alone. Either parameter may be
    /// missing, and they come in any order; what else the query holds is the app's own.
    ///
    /// # Errors
    ///
    /// When a parameter comes twice with different values, or the text is over 16 KiB.
    pub fn parse(url: &str) -> Result<Self, LaunchError> {
        if url.len() > MAX_BYTES {
            return Err(LaunchError::TooLong { limit: MAX_BYTES });
        }
        Ok(Self {
            record_id: parameter(url, "record_id")?,
            api_base: parameter(url, "api_base")?,
            header: parameter(url, "oauth_header")?.map(Zeroizing::new),
        })
    }

    /// The record that the user chose. Without one, send the user to the container's launch page.
    pub fn record_id(&self) -> Option<&str> {
        self.record_id.as_deref()
    }

    /// Where the container's API is. The reference container writes the default port out here and
    /// nowhere else.
    pub fn api_base(&self) -> Option<&str> {
        self.api_base.as_deref()
    }

    /// The header of an older launch, if there is one.
    ///
    /// # Errors
    ///
    /// As [`LaunchHeader::parse`].
    pub fn header(&self) -> Result<Option<LaunchHeader>, LaunchError> {
        self.header
            .as_deref()
            .map(|header| LaunchHeader::parse(header))
            .transpose()
    }
}

impl fmt::Debug for Launch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Launch")
            .field("record_id", &self.record_id)
            .field("api_base", &self.api_base)
            .field("has_header", &self.header.is_some())
            .finish()
    }
}

/// The `oauth_header` of an older launch, read and not yet believed: nothing in it can be used
/// before [`verify`](Self::verify).
#[derive(Clone, Debug)]
pub struct LaunchHeader(AuthorizationHeader);

impl LaunchHeader {
    /// Reads the header as it stood in the URL, percent-decoded once, or in a cookie, where it is
    /// percent-encoded still.
    ///
    /// # Errors
    ///
    /// When it is no OAuth header, or over a limit.
    pub fn parse(text: &str) -> Result<Self, LaunchError> {
        if text.len() > MAX_BYTES {
            return Err(LaunchError::TooLong { limit: MAX_BYTES });
        }
        let parsed = if is_encoded(text) {
            let decoded = Text::form(text.as_bytes()).decoded().into_owned();
            let decoded = String::from_utf8(decoded).map(Zeroizing::new);
            AuthorizationHeader::parse(&decoded.map_err(|_| LaunchError::NotUtf8)?)
        } else {
            AuthorizationHeader::parse(text)
        };
        Ok(Self(parsed?))
    }

    /// The app that the launch is for, by which to find the secret. Nothing to trust yet.
    pub fn claimed_consumer_key(&self) -> Option<&str> {
        self.0.consumer_key()
    }

    /// Checks that the container made this header, for this app and just now, and gives out what it
    /// holds.
    ///
    /// The container signs a GET of the `index` address in the app's manifest, without its query,
    /// with the app's own secret. No sample app was ever seen to check it, which let anyone slip a
    /// token of his own record to an app.
    ///
    /// # Errors
    ///
    /// When the signature is not that of a container which knows the app's secret, the header is
    /// not fresh or was seen before, or it lacks the token.
    pub fn verify(
        &self,
        index: &Uri,
        consumer_secret: &ConsumerSecret,
        window: TimeWindow,
        nonces: &mut impl NonceMemory,
        now: Timestamp,
    ) -> Result<LaunchCredentials, LaunchError> {
        let request = http::Request::get(index).body([0_u8; 0]);
        let request = request.map_err(|_| LaunchError::BadIndex)?;
        let view = SignableRequest::from_http(&request).map_err(|_| LaunchError::BadIndex)?;
        let accepted = verify(&view.without_query(), &self.0, consumer_secret, None)?;
        let required = |name| self.get(name).ok_or(LaunchError::Lacks { name });
        let credentials = LaunchCredentials {
            token: AccessToken::new(
                required("smart_oauth_token")?,
                required("smart_oauth_token_secret")?,
            ),
            record_id: self.get("smart_record_id").map(str::to_owned),
            user_id: self.get("smart_user_id").map(str::to_owned),
            app_id: self.get("smart_app_id").map(str::to_owned),
            api_base: self.get("smart_container_api_base").map(str::to_owned),
        };
        accepted.admit(window, nonces, now)?;
        Ok(credentials)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).filter(|value| !value.is_empty())
    }
}

/// What an older launch hands over, once its signature was found right: a token that needs no
/// dance.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LaunchCredentials {
    /// A token for the record below.
    pub token: AccessToken,
    /// The record in scope, if there is one.
    pub record_id: Option<String>,
    /// The user's mail address.
    pub user_id: Option<String>,
    /// The app's id.
    pub app_id: Option<String>,
    /// Where the container's API is.
    pub api_base: Option<String>,
}

/// The one value of a parameter of the launch, if it is there and not empty. The same value twice
/// does no harm.
fn parameter(url: &str, name: &'static str) -> Result<Option<String>, LaunchError> {
    let without_fragment = url.split('#').next().unwrap_or_default();
    let mut values = without_fragment
        .split('?')
        .flat_map(|query| pairs(query.as_bytes()))
        .filter(|(known, value)| *known == Text::clean(name) && !value.is_empty())
        .map(|(_, value)| value);
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.any(|other| other != first) {
        return Err(LaunchError::Repeats { name });
    }
    Ok(Some(first.lossy()))
}

/// Whether the space behind the scheme is still an escape.
fn is_encoded(text: &str) -> bool {
    let text = text.trim_ascii_start();
    text.as_bytes()
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"OAuth%20"))
        || text
            .as_bytes()
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"OAuth+"))
}

#[cfg(test)]
mod tests;
