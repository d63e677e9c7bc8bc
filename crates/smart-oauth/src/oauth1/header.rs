//! Building and parsing `Authorization: OAuth …`, and finding the same parameters in a query or
//! form ([RFC 5849, section 3.5](https://www.rfc-editor.org/rfc/rfc5849#section-3.5)).

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use crate::encode::decode;
use crate::oauth1::block::PREFIX;
use crate::oauth1::error::{HeaderError, SignError};
use crate::oauth1::parameters::{Parameter, Source, pairs};
use crate::oauth1::request::{FORM, content_type, media_type};
use crate::oauth1::text::Text;
use crate::time::Timestamp;

/// The longest header that is read, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// The most parameters that are read.
const MAX_COUNT: usize = 64;

/// The parameters that identify and sign a request. They stand in one place ([RFC 5849, section
/// 3.5](https://www.rfc-editor.org/rfc/rfc5849#section-3.5)). A callback or verifier may stand
/// elsewhere, as clients of SMART containers send them.
const PROTOCOL: &[&str] = &[
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_token",
    "oauth_version",
];

/// The OAuth parameters of a received request, parsed and decoded: those of its header, without the
/// realm, or those that [`from_request`](Self::from_request) found in its query or form.
///
/// Reads what clients of SMART containers were seen to send: any order, any spacing, values without
/// quotes, no realm. Says nothing about whether the signature is right; that is for
/// [`verify`](crate::oauth1::verify()). A launch header carries a token secret, so `Debug` shows
/// names only and the values are wiped when dropped.
#[derive(Clone)]
pub struct AuthorizationHeader {
    parameters: Vec<(String, Zeroizing<String>)>,
    place: Source,
}

impl AuthorizationHeader {
    /// Parses the value of an `Authorization` header.
    ///
    /// # Errors
    ///
    /// When the value belongs to another scheme, is malformed, repeats a parameter, or is over a
    /// limit (16 KiB, 64 parameters).
    ///
    /// ```
    /// let header = smart_oauth::oauth1::AuthorizationHeader::parse(r#"OAuth realm="", oauth_token="a%20b", oauth_nonce=7"#)?;
    /// assert_eq!(header.token(), Some("a b"));
    /// assert_eq!(header.nonce(), Some("7"));
    /// # Ok::<(), smart_oauth::oauth1::HeaderError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        if text.len() > MAX_BYTES {
            return Err(HeaderError::TooLong { limit: MAX_BYTES });
        }
        let mut rest = without_scheme(text).ok_or(HeaderError::NotOAuth)?;
        let mut header = Self::empty(Source::Header);
        while let Some((name, value, after)) = next_pair(rest)? {
            // the realm is not a parameter of the signature, and not percent-encoded
            if !name.eq_ignore_ascii_case("realm") {
                header.push(decoded(name)?, decoded(value)?)?;
            }
            rest = after;
        }
        Ok(header)
    }

    /// Finds and parses the header of a received request; `None` when there is no `Authorization`,
    /// or one of another scheme.
    ///
    /// # Errors
    ///
    /// As [`AuthorizationHeader::parse`], and when the request carries two OAuth headers.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, HeaderError> {
        let mut found = None;
        for value in headers.get_all(AUTHORIZATION) {
            let Ok(text) = value.to_str() else {
                return Err(HeaderError::NotAscii);
            };
            match Self::parse(text) {
                Err(HeaderError::NotOAuth) => {}
                _ if found.is_some() => return Err(HeaderError::Repeated),
                parsed => found = Some(parsed?),
            }
        }
        Ok(found)
    }

    /// Finds the OAuth parameters of a received request, in the header, the query or the form ([RFC
    /// 5849, section 3.5](https://www.rfc-editor.org/rfc/rfc5849#section-3.5)). `None` if no place
    /// holds a consumer key or a signature.
    ///
    /// A Classic container reads the header only: use [`from_headers`](Self::from_headers) to do
    /// the same.
    ///
    /// # Errors
    ///
    /// As [`AuthorizationHeader::from_headers`], when parameters that identify or sign the request
    /// stand in more than one place, and when the query or form repeats an OAuth parameter.
    ///
    /// ```
    /// use smart_oauth::oauth1::{AuthorizationHeader, Source};
    ///
    /// let request = http::Request::get("/photos?size=original&oauth_consumer_key=app&oauth_signature=ab%2B%3D").body(Vec::new())?;
    /// let found = AuthorizationHeader::from_request(&request)?.ok_or("not signed")?;
    /// assert_eq!((found.place(), found.signature()), (Source::Query, Some("ab+=")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_request<B: AsRef<[u8]>>(
        request: &http::Request<B>,
    ) -> Result<Option<Self>, HeaderError> {
        let query = request.uri().query().unwrap_or_default();
        let is_form = content_type(request.headers())
            .is_some_and(|content_type| media_type(content_type).eq_ignore_ascii_case(FORM));
        let form = if is_form {
            request.body().as_ref()
        } else {
            &[]
        };
        let header = Self::from_headers(request.headers())?;
        let places = [
            header.clone(),
            Some(Self::from_pairs(query.as_bytes(), Source::Query)?),
            Some(Self::from_pairs(form, Source::Form)?),
        ];
        let mut with_protocol = places.into_iter().flatten().filter(Self::has_protocol);
        let found = with_protocol.next();
        if with_protocol.next().is_some() {
            return Err(HeaderError::SeveralPlaces);
        }
        // a token alone, as the page for the user gets it, is not a signed request
        let is_signed = |found: &Self| found.consumer_key().or(found.signature()).is_some();
        Ok(found.filter(is_signed).or(header))
    }

    /// The OAuth parameters of a query or form; the others are the request's own.
    fn from_pairs(written: &[u8], place: Source) -> Result<Self, HeaderError> {
        let mut found = Self::empty(place);
        let text = |text: Text<'_>| {
            String::from_utf8(text.decoded().into_owned()).map_err(|_| HeaderError::NotUtf8)
        };
        for (name, value) in pairs(written) {
            if name.starts_with(PREFIX) {
                found.push(text(name)?, text(value)?)?;
            }
        }
        Ok(found)
    }

    fn empty(place: Source) -> Self {
        Self {
            parameters: Vec::new(),
            place,
        }
    }

    /// Where the parameters stood.
    pub fn place(&self) -> Source {
        self.place
    }

    fn has_protocol(&self) -> bool {
        PROTOCOL.iter().any(|name| self.get(name).is_some())
    }

    /// The decoded value of a parameter, `oauth_` or not.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The names and decoded values in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `oauth_consumer_key`.
    pub fn consumer_key(&self) -> Option<&str> {
        self.get("oauth_consumer_key")
    }

    /// `oauth_token`; an empty one means the same as none.
    pub fn token(&self) -> Option<&str> {
        self.get("oauth_token").filter(|token| !token.is_empty())
    }

    /// `oauth_nonce`.
    pub fn nonce(&self) -> Option<&str> {
        self.get("oauth_nonce")
    }

    /// `oauth_timestamp`; `None` when it is missing or not a whole number of seconds.
    pub fn timestamp(&self) -> Option<Timestamp> {
        let digits = self.get("oauth_timestamp")?;
        // parse alone would take a leading plus sign
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .parse()
            .ok()
            .filter(|_| all_digits)
            .map(Timestamp::from_unix_seconds)
    }

    /// `oauth_signature_method`.
    pub fn signature_method(&self) -> Option<&str> {
        self.get("oauth_signature_method")
    }

    /// `oauth_signature`, decoded once, so in base64.
    pub fn signature(&self) -> Option<&str> {
        self.get("oauth_signature")
    }

    /// `oauth_verifier`.
    pub fn verifier(&self) -> Option<&str> {
        self.get("oauth_verifier")
    }

    /// `oauth_callback`.
    pub fn callback(&self) -> Option<&str> {
        self.get("oauth_callback")
    }

    fn push(&mut self, name: String, value: String) -> Result<(), HeaderError> {
        let value = Zeroizing::new(value);
        if self.get(&name).is_some() {
            return Err(HeaderError::Repeated);
        }
        if self.parameters.len() == MAX_COUNT {
            return Err(HeaderError::TooMany { limit: MAX_COUNT });
        }
        self.parameters.push((name, value));
        Ok(())
    }
}

impl fmt::Debug for AuthorizationHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuthorizationHeader")?;
        formatter
            .debug_list()
            .entries(self.parameters.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Writes a header, the signature last; and tells where the parameters begin in it.
///
/// The container splits the header at commas before it looks for quotes, so a realm must not hold
/// one.
pub(crate) fn write_header(
    realm: Option<&str>,
    fields: &[Parameter<'_>],
    signature: &Parameter<'_>,
) -> Result<(HeaderValue, usize), SignError> {
    const SCHEME: &str = "OAuth ";
    const SEPARATOR: &str = ", ";
    let fields = || fields.iter().chain([signature]);
    let realm = match realm {
        Some(realm) if is_safe(realm) => format!("realm=\"{realm}\""),
        Some(_) => return Err(SignError::BadRealm),
        None => String::new(),
    };
    // exactly as much as it takes, which saves an allocation when the text becomes a header value
    let lengths = fields().map(|field| field.len_in_header() + SEPARATOR.len());
    let fields_length = lengths.sum::<usize>() - SEPARATOR.len();
    let realm_length = if realm.is_empty() {
        0
    } else {
        realm.len() + SEPARATOR.len()
    };
    let fields_at = SCHEME.len() + realm_length;
    let mut text = Vec::with_capacity(fields_at + fields_length);
    text.extend_from_slice(SCHEME.as_bytes());
    text.extend_from_slice(realm.as_bytes());
    for field in fields() {
        if text.len() > SCHEME.len() {
            text.extend_from_slice(SEPARATOR.as_bytes());
        }
        field.push_to_header(&mut text);
    }
    let mut value = HeaderValue::try_from(text)
        .expect("percent-encoding and the check of the realm leave visible ascii only");
    value.set_sensitive(true);
    Ok((value, fields_at))
}

fn is_safe(realm: &str) -> bool {
    realm
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b','))
}

/// What follows the scheme, which is compared without regard to case
/// ([RFC 5849, section 3.5.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.5.1)).
fn without_scheme(text: &str) -> Option<&str> {
    let text = text.trim_ascii_start();
    let (scheme, rest) = text.split_at_checked("OAuth".len())?;
    let separated = rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace());
    (separated && scheme.eq_ignore_ascii_case("OAuth")).then_some(rest)
}

/// The next `name=value` or `name="value"`, and the text after its comma; `None` at the end.
fn next_pair(text: &str) -> Result<Option<(&str, &str, &str)>, HeaderError> {
    let text = text.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
    if text.is_empty() {
        return Ok(None);
    }
    let (name, rest) = text.split_once('=').ok_or(HeaderError::NotAPair)?;
    let name = name.trim_ascii_end();
    if name.is_empty() || name.contains(',') {
        return Err(HeaderError::NotAPair);
    }
    let rest = rest.trim_ascii_start();
    let (value, after) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(HeaderError::NotAPair)?,
        None => {
            let (value, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
            (value.trim_ascii_end(), after)
        }
    };
    let after = after.trim_ascii_start();
    if !(after.is_empty() || after.starts_with(',')) {
        return Err(HeaderError::NotAPair);
    }
    Ok(Some((name, value, after)))
}

fn decoded(text: &str) -> Result<String, HeaderError> {
    let escapes = text.match_indices('%');
    let is_escape = |at: usize| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !escapes.map(|(at, _)| at).all(is_escape) {
        return Err(HeaderError::BadEscape);
    }
    String::from_utf8(decode(text.as_bytes()).into_owned()).map_err(|_| HeaderError::NotUtf8)
}

#[cfg(test)]
mod tests;
