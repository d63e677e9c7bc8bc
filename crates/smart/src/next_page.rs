//! The page after a page: a link that the container wrote, followed only where the record's token belongs.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use smart_api::{
    CALLS, Call, CallInfo, CallResponse, Category, Method, PathSegment, PathTemplate, RecordId,
};
use smart_rdf::TermRef;

use crate::path_segment::path_segment;
use crate::{Error, Record};

impl Record {
    /// The page that follows in the container's order, if the answer names one (`api:nextPageURL`).
    ///
    /// The link is the container's own text, so it is followed only below this record of this container: its token goes
    /// nowhere else. What stands raw in it that has to be encoded is encoded.
    ///
    /// # Errors
    ///
    /// When the answer is no graph, the link leads out of the record ([`Error::OtherOrigin`]), or as for any call.
    pub async fn next_page<C: Call>(
        &self,
        page: &CallResponse<C>,
    ) -> Result<Option<CallResponse<C>>, Error> {
        let graph = page.graph()?;
        let next = Some(smart_api::vocab::api::NEXT_PAGE_URL);
        let link = graph.matching(None, next, None).next();
        let Some(TermRef::Literal(link)) = link.map(|triple| triple.object) else {
            return Ok(None);
        };
        let (info, uri) = self.own_link(link.value())?;
        let Some(credential) = self.credential() else {
            return Err(Error::NoToken {
                call: info.name,
                owner: format!("record {}", self.id()),
            });
        };
        let unsigned = || {
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = uri.clone();
            Ok(request)
        };
        let subject = Some(self.id().as_str());
        let answer = self
            .client()
            .carry_out(info, subject, unsigned, Some(credential));
        answer.await.map(CallResponse::from_http).map(Some)
    }

    /// The link as a URL and the call that it makes, if it lies below this record.
    fn own_link(&self, link: &str) -> Result<(&'static CallInfo, Uri), Error> {
        let client = self.client();
        let found = read(link).and_then(|uri| {
            let base = Uri::try_from(client.api_base().as_str()).ok()?;
            let path = uri.path().strip_prefix(base.path().trim_end_matches('/'))?;
            let info = call_at(path, self.id())?;
            client.origin().holds(&uri).then_some((info, uri))
        });
        found.ok_or_else(|| Error::OtherOrigin {
            origin: format!(
                "{}/records/{}/",
                client.api_base(),
                path_segment(self.id().as_str())
            ),
        })
    }
}

/// The call that reads what lies at a path of this record.
fn call_at(path: &str, record: &RecordId) -> Option<&'static CallInfo> {
    let given: Vec<_> = path.trim_start_matches('/').split('/').collect();
    CALLS.iter().copied().find(|info| {
        let template = PathTemplate::new(info.path);
        let wanted: Vec<_> = template.segments().collect();
        info.method == Method::Get
            && info.category == Category::Record
            && wanted.len() == given.len()
            && wanted
                .iter()
                .zip(&given)
                .all(|(wanted, given)| match wanted {
                    PathSegment::Literal(literal) => literal == given,
                    PathSegment::Parameter("record_id") => {
                        *given == path_segment(record.as_str()).to_string()
                    }
                    PathSegment::Parameter(_) => is_plain(given),
                })
    })
}

/// A link in the one spelling that can be signed.
fn read(link: &str) -> Option<Uri> {
    let (address, query) = link.split_once('?').unwrap_or((link, ""));
    let address: Uri = address.parse().ok()?;
    let (scheme, authority) = (address.scheme_str()?, address.authority()?);
    let mut url = format!(
        "{}://{}{}",
        scheme.to_ascii_lowercase(),
        authority.as_str().to_ascii_lowercase(),
        address.path()
    );
    let mut separator = '?';
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        url.push(separator);
        url += &format!("{}={}", encoded(name), encoded(value));
        separator = '&';
    }
    url.parse().ok()
}

/// Encoded once, whether it came encoded or not.
fn encoded(text: &str) -> String {
    let plain: Cow<'_, str> = percent_decode_str(text)
        .decode_utf8()
        .unwrap_or(text.into());
    utf8_percent_encode(&plain, RESERVED).to_string()
}

/// Whether a segment is an id and no step to another place.
fn is_plain(segment: &str) -> bool {
    let segment = percent_decode_str(segment).decode_utf8_lossy();
    !matches!(&*segment, "" | "." | "..") && !segment.contains(['/', '\\'])
}

/// All but what [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3) calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
