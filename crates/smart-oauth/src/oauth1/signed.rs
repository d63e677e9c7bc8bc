//! What signing says to do to a request, and doing it.

use std::fmt;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Uri};
use zeroize::Zeroize;

use crate::oauth1::error::SignError;
use crate::oauth1::request::{FORM, content_type, media_type};

/// A signature, and the parameters that go with it: instructions to be applied to the request.
///
/// They belong into the header ([`apply_to`](Self::apply_to)), which is the only place where a
/// Classic container looks. RFC 5849 has two more, for servers that do ([section
/// 3.5](https://www.rfc-editor.org/rfc/rfc5849#section-3.5)); a signature is the same wherever its
/// parameters stand.
#[derive(Clone)]
pub struct Signed {
    pub(crate) authorization: HeaderValue,
    /// Where the parameters begin in the header, behind scheme and realm.
    pub(crate) parameters_at: usize,
    /// The base string, and behind it the signature.
    pub(crate) text: Vec<u8>,
    pub(crate) base_string_length: usize,
    /// Whether the signature is the secrets themselves.
    pub(crate) is_secret: bool,
    pub(crate) allows_any_place: bool,
}

impl Signed {
    /// The value of the `Authorization` header, marked sensitive so that it stays out of debug
    /// output.
    pub fn authorization(&self) -> &HeaderValue {
        &self.authorization
    }

    /// The text that was signed. It holds every parameter of the request, the verifier too: for
    /// debugging, not for logs.
    pub fn base_string(&self) -> &str {
        ascii(&self.text[..self.base_string_length])
    }

    /// The value of `oauth_signature`, not percent-encoded: base64, or with `PLAINTEXT` the
    /// secrets.
    pub fn signature(&self) -> &str {
        ascii(&self.text[self.base_string_length..])
    }

    /// The OAuth parameters, signature included, as a query or form writes them:
    /// `oauth_consumer_key=…&…`.
    pub fn parameters(&self) -> String {
        let header = self.authorization.to_str().unwrap_or_default();
        let parameters = header.get(self.parameters_at..).unwrap_or_default();
        // every value is percent-encoded, so that these are the separators and nothing else
        parameters.replace("\", ", "&").replace('"', "")
    }

    /// Sets the header, in place of any that is there ([section
    /// 3.5.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.5.1)). The body does not matter
    /// here, and may have changed its type since.
    pub fn apply_to<B>(&self, request: &mut http::Request<B>) {
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.authorization.clone());
    }

    /// Adds the parameters to the query ([section
    /// 3.5.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.5.3)), from where they get into the
    /// logs of every server on the way.
    ///
    /// # Errors
    ///
    /// When the dialect is one of a Classic container, or the URL becomes too long.
    pub fn apply_to_query<B>(&self, request: &mut http::Request<B>) -> Result<(), SignError> {
        self.check_place()?;
        let parameters = self.parameters();
        let mut parts = request.uri().clone().into_parts();
        let target = match request.uri().query() {
            Some("") | None => format!("{}?{parameters}", request.uri().path()),
            Some(query) => format!("{}?{query}&{parameters}", request.uri().path()),
        };
        parts.path_and_query = Some(PathAndQuery::try_from(target).map_err(SignError::BadUrl)?);
        *request.uri_mut() =
            Uri::from_parts(parts).expect("only the query of a valid url has changed");
        Ok(())
    }

    /// Adds the parameters to the form in the body ([section
    /// 3.5.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.5.2)). A request that has neither
    /// body nor content type becomes a form.
    ///
    /// # Errors
    ///
    /// When the dialect is one of a Classic container, when the body is something else than a form,
    /// or on a GET.
    pub fn apply_to_form<B: AsRef<[u8]> + From<Vec<u8>>>(
        &self,
        request: &mut http::Request<B>,
    ) -> Result<(), SignError> {
        self.check_place()?;
        let is_empty = request.body().as_ref().is_empty();
        let is_form = match content_type(request.headers()) {
            Some(content_type) => media_type(content_type).eq_ignore_ascii_case(FORM),
            None => is_empty,
        };
        if !is_form || request.method() == Method::GET {
            return Err(SignError::NotAForm);
        }
        request
            .headers_mut()
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(FORM));
        let mut body = request.body().as_ref().to_vec();
        if !is_empty {
            body.push(b'&');
        }
        body.extend_from_slice(self.parameters().as_bytes());
        *request.body_mut() = body.into();
        Ok(())
    }

    fn check_place(&self) -> Result<(), SignError> {
        if self.allows_any_place {
            Ok(())
        } else {
            Err(SignError::HeaderOnly)
        }
    }
}

fn ascii(text: &[u8]) -> &str {
    std::str::from_utf8(text).expect("base strings and signatures are ascii")
}

impl Drop for Signed {
    fn drop(&mut self) {
        if self.is_secret {
            self.text.zeroize();
        }
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Signed")
            .field("authorization", &self.authorization)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
