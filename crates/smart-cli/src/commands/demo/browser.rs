//! The little of a browser that the demo needs: it keeps cookies, follows redirects inside the
//! container and fills in forms.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{Method, Request, Uri};
use smart::transport::{HyperTransport, Transport as _};

/// A person's browser, open on one container.
pub(crate) struct Browser {
    origin: String,
    transport: HyperTransport,
    cookies: BTreeMap<String, String>,
}

/// Where a visit ended.
pub(crate) enum Visit {
    /// On a page of the container.
    Page(Page),
    /// At a redirect that leads away from the container, such as an app's callback.
    Left(String),
}

/// A page of the container.
pub(crate) struct Page {
    url: String,
    html: String,
}

impl Browser {
    /// A browser with no history at the container whose address begins with `origin`.
    pub(crate) fn new(origin: &str) -> Self {
        let transport = HyperTransport::builder().build();
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
            transport,
            cookies: BTreeMap::new(),
        }
    }

    /// Opens an address of the container.
    pub(crate) async fn open(&mut self, url: &str) -> Result<Visit> {
        self.visit(Method::GET, url.to_owned(), Bytes::new()).await
    }

    /// Sends a form, with every field of `page` that is not given kept as it is.
    pub(crate) async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Result<Visit> {
        let form =
            Form::first_of(&page.html).with_context(|| format!("{} holds no form", page.url))?;
        let url = self.resolve(&page.url, &form.action);
        let mut values = form.fields;
        values.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let body: Vec<_> = values
            .iter()
            .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
            .collect();
        self.visit(Method::POST, url, Bytes::from(body.join("&")))
            .await
    }

    /// Follows the first link of `page` whose tag holds this text.
    pub(crate) async fn follow(&mut self, page: &Page, text: &str) -> Result<Visit> {
        let links = page.html.split("<a").skip(1);
        let link = links
            .filter_map(|link| link.split('>').next())
            .find(|link| link.contains(text))
            .and_then(|link| attribute(link, "href"))
            .with_context(|| format!("{} holds no link with{text}", page.url))?;
        self.open(&self.resolve(&page.url, &link)).await
    }

    async fn visit(&mut self, method: Method, url: String, body: Bytes) -> Result<Visit> {
        const REDIRECTS: usize = 8;
        let (mut method, mut url, mut body) = (method, url, body);
        for _ in 0..REDIRECTS {
            let response = self
                .transport
                .fetch(self.request(&method, &url, body)?)
                .await?;
            self.keep_cookies(&response);
            let Some(location) = response.headers().get(LOCATION) else {
                let html = String::from_utf8_lossy(response.body()).into_owned();
                return Ok(Visit::Page(Page { url, html }));
            };
            let location = location
                .to_str()
                .context("a redirect leads to no readable address")?;
            let target = self.resolve(&url, location);
            if !target.starts_with(&format!("{}/", self.origin)) {
                return Ok(Visit::Left(target));
            }
            (method, url, body) = (Method::GET, target, Bytes::new());
        }
        bail!("{url} redirects more than {REDIRECTS} times");
    }

    fn request(&self, method: &Method, url: &str, body: Bytes) -> Result<Request<Bytes>> {
        let mut request = Request::builder().method(method).uri(url.parse::<Uri>()?);
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        Ok(request.body(body)?)
    }

    fn keep_cookies<B>(&mut self, response: &http::Response<B>) {
        for cookie in response
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            let pair = cookie
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies
                    .insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }

    /// An address found on a page, made absolute.
    fn resolve(&self, page: &str, found: &str) -> String {
        match found {
            "" => page.to_owned(),
            path if path.starts_with('/') => format!("{}{path}", self.origin),
            absolute => absolute.to_owned(),
        }
    }
}

/// A form as its page offers it.
#[derive(Debug, Default, PartialEq)]
struct Form {
    action: String,
    fields: BTreeMap<String, String>,
}

impl Form {
    fn first_of(html: &str) -> Option<Self> {
        let form = &html[html.find("<form")?..];
        let form = &form[..form.find("</form>").unwrap_or(form.len())];
        let (head, inside) = form.split_once('>')?;
        let mut fields = BTreeMap::new();
        for input in inside.split("<input").skip(1) {
            let input = &input[..input.find('>').unwrap_or(input.len())];
            let kind = attribute(input, "type");
            let is_kept = !matches!(kind.as_deref(), Some("submit" | "checkbox" | "radio"));
            if let (true, Some(name)) = (is_kept, attribute(input, "name")) {
                fields.insert(name, attribute(input, "value").unwrap_or_default());
            }
        }
        Some(Self {
            action: attribute(head, "action").unwrap_or_default(),
            fields,
        })
    }
}

/// The value of an attribute within a tag's text.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let entities = [
        ("<", ["&lt;", "&#60;"]),
        (">", ["&gt;", "&#62;"]),
        ("\"", ["&quot;", "&#34;"]),
        ("'", ["&apos;", "&#39;"]),
        ("&", ["&amp;", "&#38;"]),
    ];
    let mut text = value.to_owned();
    for (character, spellings) in entities {
        for entity in spellings {
            text = text.replace(entity, character);
        }
    }
    Some(text)
}

/// A form field's text with everything escaped that is not a letter or digit.
fn escape(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Browser, Form};

    #[test]
    fn a_form_is_read_with_the_fields_that_it_sends() {
        let html = "<p><form method=\"post\" action=\"/login?a=1&amp;b=2\"><input type=\"hidden\" name=\"return_url\" value=\"/x?y=&quot;z&#38;a=&#34;b\">\
                    <input type=\"text\" name=\"username\"><input type=\"submit\" name=\"go\"></form><input name=\"other\">";
        let form = Form::first_of(html).unwrap();
        assert_eq!(form.action, "/login?a=1&b=2");
        assert_eq!(
            form.fields.into_iter().collect::<Vec<_>>(),
            [
                ("return_url".to_owned(), "/x?y=\"z&a=\"b".to_owned()),
                ("username".to_owned(), String::new())
            ]
        );
        assert_eq!(Form::first_of("<p>no form"), None);
    }

    #[test]
    fn addresses_are_resolved_against_the_page() {
        let browser = Browser::new("http://127.0.0.1:7001/");
        assert_eq!(
            browser.resolve("http://127.0.0.1:7001/a?b", ""),
            "http://127.0.0.1:7001/a?b"
        );
        assert_eq!(
            browser.resolve("http://127.0.0.1:7001/a", "/login"),
            "http://127.0.0.1:7001/login"
        );
        assert_eq!(
            browser.resolve("http://127.0.0.1:7001/a", "smart-app:///x"),
            "smart-app:///x"
        );
    }
}
