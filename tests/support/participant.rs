//! A person at a browser, in as few lines as will do: logs in, chooses a record, allows it or not.

use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{Method, Request, Response};
use smart::transport::{HyperTransport, Transport as _};

/// A user of the FHIR server, who knows the password that all users of the sandbox have.
#[derive(Debug)]
pub struct Participant {
    username: String,
    patient: String,
    decision: Decision,
}

/// What a participant says when an app asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third answer")]
pub enum Decision {
    /// Yes.
    Allows,
    /// No.
    Declines,
}

/// Where a participant could not go on.
#[derive(Debug)]
pub struct Stopped(String);

impl fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Stopped {}

impl Participant {
    /// A user who shares the record of this patient.
    pub fn new(username: &str, patient: &str) -> Self {
        Self {
            username: username.to_owned(),
            patient: patient.to_owned(),
            decision: Decision::Allows,
        }
    }

    /// The same user, of another mind.
    #[must_use]
    pub fn who(self, decision: Decision) -> Self {
        Self { decision, ..self }
    }

    /// Follows an app's link, and gives back the address at the app where the browser ends up.
    ///
    /// # Errors
    ///
    /// When the server shows another page than was to be expected.
    pub async fn visit(&self, authorize_url: &str) -> Result<String, Stopped> {
        let mut browser = Browser {
            cookie: String::new(),
            transport: HyperTransport::builder().build(),
        };
        let (server, path) = split(authorize_url);
        // whose record, the page would ask; the link on it has this at its end
        let path = format!("{path}&patient_id={}", self.patient);
        let login = form(&[
            ("username", &self.username),
            ("password", smart_sandbox::FHIR_PASSWORD),
            ("next", &path),
        ]);
        let url = format!("{server}/login");
        let response = browser.open(Method::POST, &url, login).await?;
        let asked = location(&response)?;
        let page = browser.open(Method::GET, &asked, String::new()).await?;
        let html = String::from_utf8_lossy(page.body()).into_owned();
        if self.decision == Decision::Declines {
            let links = html.split("href=\"").skip(1);
            let link = links
                .filter_map(|link| link.split('"').next())
                .find(|link| link.contains("access_denied"));
            let link =
                link.ok_or_else(|| Stopped(format!("there is no way to decline: {html}")))?;
            return Ok(unescaped(link));
        }
        if !html.contains("csrf_token") {
            return Err(Stopped(format!(
                "{} at {asked}, and no consent: {html}",
                page.status()
            )));
        }
        let fields = fields(&html);
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let url = format!("{server}/oauth/authorize");
        let response = browser.open(Method::POST, &url, form(&fields)).await?;
        location(&response)
    }
}

struct Browser {
    cookie: String,
    transport: HyperTransport,
}

impl Browser {
    async fn open(
        &mut self,
        method: Method,
        url: &str,
        body: String,
    ) -> Result<Response<Bytes>, Stopped> {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(COOKIE, &self.cookie)
            .body(Bytes::from(body))
            .map_err(|error| Stopped(error.to_string()))?;
        let response = self.transport.fetch(request).await;
        let response = response.map_err(|error| Stopped(error.to_string()))?;
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap_or_default();
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
        Ok(response)
    }
}

fn location(response: &Response<Bytes>) -> Result<String, Stopped> {
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let page = String::from_utf8_lossy(response.body());
    location.map(str::to_owned).ok_or_else(|| {
        let status = response.status();
        Stopped(format!("{status} where a redirect should be: {page}"))
    })
}

/// Scheme and host, and what follows.
fn split(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    url.split_at(path)
}

/// The text of an attribute, in whichever way its special characters are written.
fn unescaped(value: &str) -> String {
    [
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
        ("&#38;", "&"),
    ]
    .into_iter()
    .fold(value.to_owned(), |text, (entity, character)| {
        text.replace(entity, character)
    })
}

/// The names and values of the inputs of a page.
fn fields(html: &str) -> Vec<(String, String)> {
    let attribute = |input: &str, name: &str| {
        let (_, value) = input.split_once(&format!("{name}=\""))?;
        let value = value.split('"').next()?;
        Some(unescaped(value))
    };
    html.split("<input ")
        .skip(1)
        .filter_map(|input| {
            let input = input.split('>').next()?;
            Some((attribute(input, "name")?, attribute(input, "value")?))
        })
        .collect()
}

fn form(fields: &[(&str, &str)]) -> String {
    let escape = |text| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}
