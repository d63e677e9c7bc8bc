//! A search page by page.

use std::collections::HashSet;

use bytes::Bytes;
use http::{Request, Response, Uri};

use crate::answer::{resource_from_http, unreadable};
use crate::base::Base;
use crate::bundle::Bundle;
use crate::error::{LinkError, PageError, RequestError};
use crate::interaction::{Interaction, follow};
use crate::limits::Limits;

/// Walks over the pages of a search, history or any other bundle with `next` links
/// ([FHIR, paging](https://hl7.org/fhir/R4/http.html#paging)).
///
/// Each step is a pair: [`next_request`](Self::next_request) makes what to send,
/// [`receive`](Self::receive) takes what came. A `next` link is followed only to the base's own
/// origin, never to an address that was asked before, and no more often than the limit says: the
/// walk ends whatever the server sends.
///
/// ```
/// use smart_fhir::{Base, Interaction, Limits, Pages, Search};
///
/// let base = Base::parse("https://ehr.example/fhir")?;
/// let search = Interaction::search(&Search::new("Condition").with("patient", "1"))?;
/// let mut pages = Pages::new(base, &search, Limits::default())?;
///
/// // the answers of a server with two pages
/// let mut answers = [
///     r#"{"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}],
///         "entry": [{"resource": {"resourceType": "Condition", "id": "a"}}]}"#,
///     r#"{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Condition", "id": "b"}}]}"#,
/// ]
/// .into_iter();
///
/// let mut found = Vec::new();
/// while let Some(_request) = pages.next_request() {
///     // here a program sends the request, with its token
///     let Some(answer) = answers.next() else { break };
///     let page = pages.receive(&http::Response::new(answer))?;
///     found.extend(page.into_entries().into_iter().filter_map(|entry| entry.resource?.reference()));
/// }
/// assert_eq!(found, ["Condition/a", "Condition/b"]);
/// assert!(pages.broken_link().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pages {
    base: Base,
    limits: Limits,
    next: Option<Request<Bytes>>,
    visited: HashSet<Uri>,
    read: usize,
    broken: Option<LinkError>,
}

impl Pages {
    /// Begins with the bundle that an interaction brings.
    ///
    /// # Errors
    ///
    /// As [`Interaction::to_http`].
    pub fn new(base: Base, first: &Interaction, limits: Limits) -> Result<Self, RequestError> {
        let request = first.to_http(&base)?;
        Ok(Self::begin(base, request, limits))
    }

    /// Begins with a page whose address was kept, for a walk that was interrupted.
    ///
    /// # Errors
    ///
    /// The address is not on the base's origin.
    pub fn resume(base: Base, link: &str, limits: Limits) -> Result<Self, LinkError> {
        let request = follow(base.resolve(link)?);
        Ok(Self::begin(base, request, limits))
    }

    fn begin(base: Base, request: Request<Bytes>, limits: Limits) -> Self {
        // A search by POST has the address of no page.
        let visited = (request.method() == http::Method::GET).then(|| request.uri().clone());
        Self {
            base,
            limits,
            next: Some(request),
            visited: visited.into_iter().collect(),
            read: 0,
            broken: None,
        }
    }

    /// The request for the next page; `None` after the last. A request whose answer never came can
    /// be sent again.
    pub fn next_request(&self) -> Option<Request<Bytes>> {
        self.next.clone()
    }

    /// Takes a page. After an error the walk stays where it was.
    ///
    /// # Errors
    ///
    /// The answer is no bundle, or there are more pages than the limit. A `next` link that is not
    /// followed is no error of this page: see [`broken_link`](Self::broken_link).
    pub fn receive(&mut self, response: &Response<impl AsRef<[u8]>>) -> Result<Bundle, PageError> {
        if self.read >= self.limits.pages {
            return Err(PageError::TooManyPages {
                limit: self.limits.pages,
            });
        }
        let resource = resource_from_http(response, &self.limits)?;
        let bundle = Bundle::from_resource(resource, &self.limits)
            .map_err(|source| unreadable(response, source))?;
        self.read += 1;
        self.next = None;
        match bundle.link("next").map(|link| self.enter(link)) {
            Some(Ok(uri)) => self.next = Some(follow(uri)),
            Some(Err(error)) => self.broken = Some(error),
            None => {}
        }
        Ok(bundle)
    }

    /// Why the walk ended early, if it did: the server's last `next` link was not to be followed,
    /// and there is more that was not read.
    pub fn broken_link(&self) -> Option<&LinkError> {
        self.broken.as_ref()
    }

    /// How many pages were read.
    pub fn pages_read(&self) -> usize {
        self.read
    }

    fn enter(&mut self, link: &str) -> Result<Uri, LinkError> {
        let uri = self.base.resolve(link)?;
        if self.visited.insert(uri.clone()) {
            Ok(uri)
        } else {
            Err(LinkError::Repeated)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Search;

    fn pages(limits: Limits) -> Pages {
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        let search = Interaction::search(&Search::new("Condition")).unwrap();
        Pages::new(base, &search, limits).unwrap()
    }

    fn page(next: &str) -> Response<String> {
        Response::new(format!(
            r#"{{"resourceType": "Bundle", "link": [{{"relation": "self", "url": "x"}}, {{"relation": "next", "url": "{next}"}}]}}"#
        ))
    }

    #[test]
    fn links_are_followed_within_the_origin_alone() {
        let mut walk = pages(Limits::default());
        walk.receive(&page("https://ehr.example:443/fhir?page=2"))
            .unwrap();
        assert_eq!(
            walk.next_request().unwrap().uri(),
            "https://ehr.example/fhir?page=2"
        );
        assert_eq!(walk.pages_read(), 1);
        walk.receive(&page("http://hapi:8080/fhir?page=3")).unwrap();
        assert_eq!(walk.pages_read(), 2);
        assert!(walk.next_request().is_none());
        assert!(matches!(
            walk.broken_link(),
            Some(LinkError::OtherOrigin { .. })
        ));
    }

    #[test]
    fn no_walk_goes_in_circles() {
        for circle in [&["Condition"][..], &["?page=2", "?page=3", "?page=2"][..]] {
            let mut walk = pages(Limits::default());
            for link in circle {
                assert!(walk.next_request().is_some());
                walk.receive(&page(link)).unwrap();
            }
            assert!(walk.next_request().is_none());
            assert_eq!(walk.broken_link(), Some(&LinkError::Repeated));
        }
        let mut walk = pages(Limits::default().with_pages(3));
        for number in 0..3 {
            walk.receive(&page(&format!("?page={number}"))).unwrap();
        }
        let error = walk.receive(&page("?page=9")).unwrap_err();
        assert!(matches!(error, PageError::TooManyPages { limit: 3 }));
    }

    #[test]
    fn a_bad_answer_leaves_the_walk_where_it_was() {
        let mut walk = pages(Limits::default());
        for (status, body) in [
            (401, ""),
            (200, "<html>"),
            (200, r#"{"resourceType": "Patient"}"#),
        ] {
            let response = Response::builder().status(status).body(body).unwrap();
            assert!(walk.receive(&response).is_err());
            assert_eq!(
                walk.next_request().unwrap().uri(),
                "https://ehr.example/fhir/Condition"
            );
        }
        assert_eq!(walk.pages_read(), 0);
    }

    #[test]
    fn a_kept_link_resumes_within_the_origin() {
        let base = || Base::parse("https://ehr.example/fhir").unwrap();
        let walk =
            Pages::resume(base(), "https://ehr.example/fhir?page=7", Limits::default()).unwrap();
        assert_eq!(
            walk.next_request().unwrap().uri(),
            "https://ehr.example/fhir?page=7"
        );
        assert!(Pages::resume(base(), "https://evil.example/", Limits::default()).is_err());
    }
}
