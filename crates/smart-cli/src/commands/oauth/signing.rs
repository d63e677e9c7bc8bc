//! What `smart sign` and `smart verify` have in common: a request and credentials, from the command
//! line or from a line of JSON.

use std::fmt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow, bail};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use smart::oauth::oauth1::{AccessToken, Consumer, Dialect, Explanation, Nonce, SignatureMethod};
use smart::oauth::{Timestamp, percent_encode};

use crate::args::{RequestArgs, SecretArgs};
use crate::failure::UsageError;
use crate::secret::Sources;

const FORM: &str = "application/x-www-form-urlencoded";

/// One request to sign or verify. The names of the fields are those of a line of JSON.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Job {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) token_secret: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) timestamp: Option<Seconds>,
    pub(crate) verifier: Option<String>,
    pub(crate) callback: Option<String>,
    pub(crate) signature_method: Option<String>,
    pub(crate) dialect: Option<String>,
    /// Verification only: the header, and the time to hold it against.
    pub(crate) authorization: Option<String>,
    pub(crate) now: Option<Seconds>,
    /// A body of a file, which need not be text.
    #[serde(skip)]
    pub(crate) file: Option<Vec<u8>>,
}

/// A time, as a number or as text, since both are common in JSON.
#[derive(Clone, Debug)]
pub(crate) enum Seconds {
    Number(u64),
    Text(String),
}

/// By way of a [`Value`]: numbers that keep their text do not pass through `#[serde(untagged)]`.
impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            value => value
                .as_u64()
                .map(Self::Number)
                .ok_or_else(|| D::Error::custom("not a whole number of seconds")),
        }
    }
}

impl Seconds {
    pub(crate) fn timestamp(&self) -> Result<Timestamp> {
        let seconds = match self {
            Self::Number(seconds) => *seconds,
            Self::Text(text) => text
                .parse()
                .map_err(|_| anyhow!("a timestamp is a whole number of seconds since 1970"))?,
        };
        Ok(Timestamp::from_unix_seconds(seconds))
    }
}

impl Job {
    pub(crate) fn from_line(line: &str) -> Result<Self> {
        let job: Self = serde_json::from_str(line).map_err(|error| {
            // the error's own words may quote a value, and that may be a secret
            anyhow!(
                "the line is not such a JSON object: {:?} at column {}",
                error.classify(),
                error.column()
            )
        })?;
        let is_incomplete =
            job.method.is_empty() || job.url.is_empty() || job.consumer_key.is_empty();
        if is_incomplete || job.consumer_secret.is_none() {
            bail!("a line needs method, url, consumer_key and consumer_secret");
        }
        Ok(job)
    }

    pub(crate) fn from_args(request: RequestArgs, secrets: SecretArgs) -> Result<Self> {
        let consumer_secret = Sources {
            name: "consumer secret",
            option: "consumer-secret",
            variable: "SMART_CONSUMER_SECRET",
            given: secrets.consumer_secret.as_ref(),
            file: secrets.consumer_secret_file.as_deref(),
        };
        let token_secret = Sources {
            name: "token secret",
            option: "token-secret",
            variable: "SMART_TOKEN_SECRET",
            given: secrets.token_secret.as_ref(),
            file: secrets.token_secret_file.as_deref(),
        };
        Ok(Self {
            method: request.method,
            url: request.url.unwrap_or_default(),
            form: request.form,
            headers: request.headers,
            content_type: request.content_type,
            file: request.body.as_deref().map(read).transpose()?,
            consumer_key: secrets.consumer_key.ok_or_else(|| {
                UsageError("give the consumer key with --consumer-key or SMART_CONSUMER_KEY".into())
            })?,
            consumer_secret: Some(consumer_secret.required()?),
            token_secret: token_secret.optional()?,
            ..Self::default()
        })
    }

    pub(crate) fn request(&self) -> Result<Request<Vec<u8>>> {
        let mut request = Request::new(self.body_bytes()?);
        *request.method_mut() = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| usage("the method is not one of HTTP"))?;
        *request.uri_mut() = self
            .url
            .parse()
            .map_err(|_| usage("the url is not a URL"))?;
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            let name: HeaderName = name
                .parse()
                .map_err(|_| usage("a header's name is not one of HTTP"))?;
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| usage("a header's value is not one of HTTP"))?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        if let Some(content_type) = &self.content_type {
            let value = HeaderValue::from_str(content_type)
                .map_err(|_| usage("the content type is not one of HTTP"))?;
            headers.insert(CONTENT_TYPE, value);
        } else if !self.form.is_empty() && !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        }
        Ok(request)
    }

    fn body_bytes(&self) -> Result<Vec<u8>> {
        if let Some(file) = &self.file {
            return Ok(file.clone());
        }
        match (&self.body, &self.form[..]) {
            (Some(_), [_, ..]) => bail!(usage("give a form or a body, not both")),
            (Some(body), []) => Ok(body.clone().into_bytes()),
            (None, form) => {
                let pairs: Vec<_> = form
                    .iter()
                    .map(|(name, value)| {
                        format!("{}={}", percent_encode(name), percent_encode(value))
                    })
                    .collect();
                Ok(pairs.join("&").into_bytes())
            }
        }
    }

    pub(crate) fn consumer(&self) -> Consumer {
        Consumer::new(
            &*self.consumer_key,
            self.consumer_secret.as_deref().unwrap_or_default(),
        )
    }

    pub(crate) fn token(&self) -> Result<Option<AccessToken>> {
        match (&self.token, &self.token_secret) {
            (Some(key), secret) => Ok(Some(AccessToken::new(
                &**key,
                secret.as_deref().unwrap_or_default(),
            ))),
            (None, Some(_)) => bail!(usage("a token secret goes with a token")),
            (None, None) => Ok(None),
        }
    }

    pub(crate) fn nonce(&self) -> Result<Nonce> {
        if let Some(nonce) = &self.nonce {
            return Nonce::new(nonce).map_err(|error| usage(&error.to_string()).into());
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).context("the operating system gave no randomness")?;
        Ok(Nonce::from_random(random))
    }

    pub(crate) fn timestamp(&self) -> Result<Timestamp> {
        if let Some(seconds) = &self.timestamp {
            return seconds.timestamp();
        }
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .context("the clock is before 1970")?;
        Ok(Timestamp::from_unix_seconds(since_1970.as_secs()))
    }

    pub(crate) fn dialect(&self) -> Result<Dialect> {
        match self.dialect.as_deref() {
            None | Some("portable") => Ok(Dialect::Portable),
            Some("container") => Ok(Dialect::Container),
            Some("rfc" | "rfc5849") => Ok(Dialect::Rfc5849),
            Some(_) => bail!(usage(
                "a dialect is rfc or container; leave it out for what suits both"
            )),
        }
    }

    pub(crate) fn signature_method(&self) -> Result<SignatureMethod> {
        let Some(name) = &self.signature_method else {
            return Ok(SignatureMethod::default());
        };
        SignatureMethod::from_name(name).ok_or_else(|| {
            usage("the signature methods are HMAC-SHA1, HMAC-SHA256 and PLAINTEXT").into()
        })
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Job")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// An explanation for a person, with what the other side has, if it is known.
pub(crate) fn report(explanation: &Explanation, theirs: Option<&str>) -> String {
    let mut lines = vec![
        format!("method       {}", explanation.method()),
        format!("key          {}", explanation.key()),
        "parameters   in the order in which they are signed".to_owned(),
    ];
    lines.extend(
        explanation
            .parameters()
            .iter()
            .map(|parameter| format!("             {parameter}")),
    );
    lines.push(format!("base string  {}", explanation.base_string()));
    if let Some(theirs) = theirs {
        lines.push(format!("difference   {}", difference(explanation, theirs)));
    }
    lines.join("\n")
}

/// A base string has its two ampersands; a signature has none.
fn difference(explanation: &Explanation, theirs: &str) -> String {
    if theirs.contains('&') {
        match explanation.compare_base_string(theirs) {
            Some(difference) => difference.to_string(),
            None => {
                "none: the base strings are the same, so that the secrets must differ".to_owned()
            }
        }
    } else {
        match explanation.compare_signature(theirs) {
            Some(cause) => cause.to_string(),
            None => "none: the signatures are the same".to_owned(),
        }
    }
}

/// What a person can mend on the command line, or in a line of JSON.
fn usage(words: &str) -> UsageError {
    UsageError(words.to_owned())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
