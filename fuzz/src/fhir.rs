//! Bytes of a peer into each reader of `smart-fhir`. A target panics when a promise is broken; an
//! error is an answer.

use bytes::Bytes;
use http::{Response, Uri};
use smart_fhir::{
    Base, Bundle, Capabilities, Export, Interaction, Limits, Lines, OperationOutcome, Pages,
    Polled, Polling, Resource, Search, resolve, resource_from_http, written_from_http,
};

const ORIGIN: &str = "https://ehr.example/";

fn base() -> Base {
    Base::parse("https://ehr.example/fhir").expect("a plain base")
}

/// What a token is sent along with.
fn is_own(uri: &Uri) {
    assert!(uri.to_string().starts_with(ORIGIN), "a token goes to {uri}");
}

/// The body of an answer, with a status that the first byte picks: no request that follows from it
/// leaves the origin.
pub fn answer(bytes: &[u8]) {
    const STATUSES: [u16; 8] = [200, 201, 202, 204, 302, 404, 429, 500];
    let Some((pick, body)) = bytes.split_first() else {
        return;
    };
    let limits = Limits::default();
    let address = String::from_utf8_lossy(body);
    let mut response = Response::builder()
        .status(STATUSES[usize::from(*pick) % STATUSES.len()])
        .header("etag", "W/\"");
    if let Ok(address) = http::HeaderValue::from_str(&address) {
        response = response.header("content-location", address);
    }
    let response = response.body(body).expect("a plain answer");
    let _ = written_from_http(&response, &limits).map(|written| written.id().map(str::len));
    if let Ok(polling) = Export::system().receive(&base(), &response, &limits) {
        is_own(polling.request().uri());
    }
    let polling =
        Polling::resume(base(), "/jobs/1", limits.clone()).expect("an address of the base");
    if let Ok(Polled::Done(manifest)) = polling.receive(&response) {
        for file in &manifest.output {
            if let Ok(request) = manifest.file_request(file) {
                is_own(request.uri());
            }
        }
    }
    let search = Interaction::search(&Search::new("Patient")).expect("a plain search");
    let mut pages = Pages::new(base(), &search, limits.clone()).expect("a plain search");
    if pages.receive(&response).is_ok()
        && let Some(next) = pages.next_request()
    {
        is_own(next.uri());
    }
    if let Ok(resource) = resource_from_http(&response, &limits) {
        look_into(resource, &limits);
    }
}

fn look_into(resource: Resource, limits: &Limits) {
    let _ = (resource.version(), resource.at("a.0.b"));
    let _ = Capabilities::from_resource(resource.clone());
    let _ = OperationOutcome::from_resource(resource.clone()).map(|outcome| outcome.summary());
    for made in [
        Interaction::create(&resource),
        Interaction::update(&resource),
        Interaction::batch(&resource),
    ] {
        if let Some(request) = made.ok().and_then(|made| made.to_http(&base()).ok()) {
            is_own(request.uri());
        }
    }
    let _ = Bundle::interactions(&resource).count();
    let Ok(bundle) = Bundle::from_resource(resource.clone(), limits) else {
        return;
    };
    for entry in bundle.entries() {
        let from = entry.full_url.as_deref();
        let references = [Some("Patient/1"), from, resource.text("subject.reference")];
        for reference in references.into_iter().flatten() {
            let _ = resolve(reference, &resource, Some((&bundle, from)), &base());
        }
    }
}

/// Lines, cut into pieces whose length the first byte picks: the pieces make no difference.
pub fn lines(bytes: &[u8]) {
    let Some((length, bytes)) = bytes.split_first() else {
        return;
    };
    let limits = Limits::default().with_line(200);
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut lines = Lines::new(limits.clone());
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(Bytes::copy_from_slice(piece));
            take(&mut lines, &mut found);
        }
        lines.end();
        take(&mut lines, &mut found);
        found
    };
    let pieces = read(&mut bytes.chunks(usize::from(*length).max(1)));
    assert_eq!(pieces, read(&mut [bytes].into_iter()));
}

fn take(lines: &mut Lines, found: &mut Vec<String>) {
    while let Some(resource) = lines.next_resource() {
        found.push(match resource {
            Ok(resource) => resource.as_value().to_string(),
            Err(error) => error.to_string(),
        });
    }
}
