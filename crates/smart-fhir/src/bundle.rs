//! Bundles: what came together, and how its parts find one another.

pub(crate) mod pages;

use serde_json::Value;

use crate::base::Base;
use crate::error::ReadError;
use crate::interaction::{Access, entry_access};
use crate::limits::Limits;
use crate::resource::Resource;
use crate::resource::outcome::OperationOutcome;
use crate::resource::reference::{Path, Reference};

/// A [Bundle](https://hl7.org/fhir/R4/bundle.html), read once.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    kind: Option<String>,
    total: Option<u64>,
    links: Vec<(String, String)>,
    entries: Vec<Entry>,
}

/// One entry of a bundle.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The absolute address of the resource, or a URN that means something in this bundle alone.
    pub full_url: Option<String>,
    /// The resource, unless the entry is about one that is not there.
    pub resource: Option<Resource>,
    /// `match`, `include` or `outcome`, in the answer to a search.
    pub mode: Option<String>,
    /// What became of it, in the answer to a batch or a transaction.
    pub response: Option<EntryResponse>,
}

/// What a server did with one entry of a batch or a transaction.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EntryResponse {
    /// A status of HTTP, perhaps with words behind it. FHIR requires it; `None` if the server left
    /// it out.
    pub status: Option<String>,
    /// Where the resource is now.
    pub location: Option<String>,
    /// Its version.
    pub etag: Option<String>,
    /// What the server has to say.
    pub outcome: Option<OperationOutcome>,
}

/// What a reference leads to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Resolved<'a> {
    /// A resource within the one that refers to it.
    Contained(&'a Value),
    /// A resource on another server. Whoever asks for it may not send this server's token along.
    Elsewhere(&'a str),
    /// An entry of the same bundle.
    Entry(&'a Resource),
    /// A resource that the server has: to be read.
    Server(Path),
    /// Nothing that is known.
    Unknown,
}

impl Bundle {
    /// Takes a resource apart.
    ///
    /// # Errors
    ///
    /// It is no bundle, or has more entries than the limit.
    pub fn from_resource(resource: Resource, limits: &Limits) -> Result<Self, ReadError> {
        let mut value = resource.expect_type("Bundle")?.into_value();
        let entries = match value["entry"].take() {
            Value::Array(entries) => entries,
            _ => Vec::new(),
        };
        if entries.len() > limits.entries {
            return Err(ReadError::TooManyEntries {
                limit: limits.entries,
            });
        }
        let links = value["link"].as_array().map_or(&[][..], Vec::as_slice);
        let links = links.iter().take(limits.entries).filter_map(|link| {
            let (relation, url) = (link["relation"].as_str()?, link["url"].as_str()?);
            Some((relation.to_owned(), url.to_owned()))
        });
        Ok(Self {
            links: links.collect(),
            kind: value["type"].as_str().map(str::to_owned),
            total: value["total"].as_u64(),
            entries: entries.into_iter().map(Entry::read).collect(),
        })
    }

    /// `searchset`, `batch-response`, … FHIR requires it; `None` if the server left it out.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// How many matches there are on all pages, if the server counts them.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The address of a link, such as `next`. It may lead anywhere: see
    /// [`Base::resolve`](crate::Base::resolve).
    pub fn link(&self, relation: &str) -> Option<&str> {
        let found = self.links.iter().find(|(known, _)| known == relation);
        found.map(|(_, url)| &**url)
    }

    /// The entries in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries, to keep.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// What the entries of a batch or a transaction do: kind and type of each, as far as that can
    /// be said.
    pub fn interactions(
        bundle: &Resource,
    ) -> impl Iterator<Item = (Option<Access>, Option<String>)> {
        let entries = bundle.as_value()["entry"].as_array();
        entries.map_or(&[][..], Vec::as_slice).iter().map(|entry| {
            let request = &entry["request"];
            let text = |name: &str| request[name].as_str().unwrap_or_default();
            entry_access(text("method"), text("url"))
        })
    }

    /// The entry that a reference leads to ([FHIR, resolving references in
    /// bundles](https://hl7.org/fhir/R4/bundle.html#references)).
    ///
    /// `from` is the `fullUrl` of the entry that refers: a relative reference is relative to its
    /// server.
    pub fn find(&self, reference: &str, from: Option<&str>) -> Option<&Resource> {
        let (reference, version) = match reference.split_once("/_history/") {
            Some((reference, version)) => (reference, Some(version)),
            None => (reference, None),
        };
        let is_version =
            |resource: &Resource| version.is_none_or(|version| resource.version() == Some(version));
        let absolute = match Reference::parse(reference) {
            Reference::Relative(path) => from
                .and_then(|from| server_of(from))
                .map(|server| format!("{server}{}/{}", path.resource_type(), path.id())),
            Reference::Absolute(_) | Reference::Urn(_) => Some(reference.to_owned()),
            _ => return None,
        };
        let wanted = absolute.as_deref().unwrap_or(reference);
        let matches = |entry: &&Entry| match (&entry.full_url, absolute.is_some()) {
            (Some(full_url), true) => full_url == wanted,
            // Whoever refers has no address: the type and id have to do.
            (Some(full_url), false) => {
                full_url.ends_with(wanted)
                    && server_of(full_url)
                        .is_some_and(|server| full_url.len() == server.len() + wanted.len())
            }
            (None, _) => {
                entry
                    .resource
                    .as_ref()
                    .and_then(Resource::reference)
                    .as_deref()
                    == Some(reference)
            }
        };
        let mut found = self.entries.iter().filter(matches);
        found.find_map(|entry| {
            entry
                .resource
                .as_ref()
                .filter(|resource| is_version(resource))
        })
    }
}

/// An absolute `…/Type/id` without its last two steps.
fn server_of(full_url: &str) -> Option<&str> {
    let Reference::Absolute(_) = Reference::parse(full_url) else {
        return None;
    };
    let id = full_url.rfind('/')?;
    let name = full_url[..id].rfind('/')?;
    Path::parse(&full_url[name + 1..]).ok()?;
    Some(&full_url[..=name])
}

/// Says what a reference leads to, nearest first: within the resource, within the bundle, on the
/// server, elsewhere.
///
/// ```
/// use smart_fhir::{Base, Resolved, Resource, resolve};
///
/// let base = Base::parse("https://ehr.example/fhir")?;
/// let order = Resource::from_json(br##"{"resourceType": "MedicationRequest",
///     "contained": [{"resourceType": "Medication", "id": "m"}]}"##)?;
/// assert!(matches!(resolve("#m", &order, None, &base), Resolved::Contained(_)));
/// assert!(matches!(resolve("Patient/1", &order, None, &base), Resolved::Server(_)));
/// assert!(matches!(resolve("https://other.example/Patient/1", &order, None, &base), Resolved::Elsewhere(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn resolve<'a>(
    reference: &'a str,
    within: &'a Resource,
    bundle: Option<(&'a Bundle, Option<&str>)>,
    base: &Base,
) -> Resolved<'a> {
    if let Reference::Contained(id) = Reference::parse(reference) {
        return match id {
            "" => Resolved::Contained(within.as_value()),
            id => within
                .contained(id)
                .map_or(Resolved::Unknown, Resolved::Contained),
        };
    }
    if let Some(found) = bundle.and_then(|(bundle, from)| bundle.find(reference, from)) {
        return Resolved::Entry(found);
    }
    match Reference::parse(reference) {
        Reference::Relative(path) => Resolved::Server(path),
        Reference::Absolute(address) => match Path::below(base, address) {
            Ok(path) => Resolved::Server(path),
            Err(_) => Resolved::Elsewhere(address),
        },
        _ => Resolved::Unknown,
    }
}

impl Entry {
    fn read(mut value: Value) -> Self {
        let resource = value.get_mut("resource").map(Value::take);
        let response = value.get_mut("response").map(Value::take);
        Self {
            full_url: value["fullUrl"].as_str().map(str::to_owned),
            resource: resource.and_then(|resource| Resource::new(resource).ok()),
            mode: value["search"]["mode"].as_str().map(str::to_owned),
            response: response.filter(Value::is_object).map(EntryResponse::read),
        }
    }
}

impl Entry {
    /// What the server has to say about the search itself, where the entry is not a result ([FHIR,
    /// outcomes in
    /// searches](https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.search.mode)):
    /// parameters that it left out, parts that it could not search.
    pub fn search_outcome(&self) -> Option<OperationOutcome> {
        let resource = self.resource.as_ref()?;
        let is_match = self.mode.as_deref() == Some("match");
        // Some servers leave the mode out. An outcome is a result of no search.
        (!is_match).then(|| OperationOutcome::from_resource(resource.clone()))?
    }
}

impl EntryResponse {
    fn read(mut value: Value) -> Self {
        let outcome = Resource::new(value["outcome"].take()).ok();
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Self {
            status: text("status"),
            location: text("location"),
            etag: text("etag"),
            outcome: outcome.and_then(OperationOutcome::from_resource),
        }
    }

    /// Whether the status is one of the good ones. An entry without a status is not known to have
    /// succeeded.
    pub fn is_success(&self) -> bool {
        let status = self.status.as_deref();
        status.is_some_and(|status| status.starts_with('2'))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bundle(value: Value) -> Bundle {
        let mut bundle = json!({"resourceType": "Bundle", "type": "collection"});
        bundle["entry"] = value;
        Bundle::from_resource(Resource::new(bundle).unwrap(), &Limits::default()).unwrap()
    }

    fn entry(full_url: &str, name: &str, id: &str, version: &str) -> Value {
        json!({"fullUrl": full_url, "resource": {"resourceType": name, "id": id, "meta": {"versionId": version}}})
    }

    #[test]
    fn references_are_found_as_fhir_says() {
        let bundle = bundle(json!([
            entry("https://a.example/fhir/Patient/1", "Patient", "1", "1"),
            entry("https://b.example/fhir/Patient/1", "Patient", "1", "2"),
            entry("urn:uuid:x", "Observation", "ignored", "1"),
            {"resource": {"resourceType": "Patient", "id": "bare"}},
        ]));
        let version = |reference: &str, from: Option<&str>| {
            bundle
                .find(reference, from)
                .map(|found| found.version().unwrap_or("none").to_owned())
        };
        let a = Some("https://a.example/fhir/Condition/9");
        let b = Some("https://b.example/fhir/Condition/9");
        assert_eq!(version("Patient/1", a).as_deref(), Some("1"));
        assert_eq!(version("Patient/1", b).as_deref(), Some("2"));
        assert_eq!(
            version("https://b.example/fhir/Patient/1", a).as_deref(),
            Some("2")
        );
        assert_eq!(version("Patient/1/_history/2", b).as_deref(), Some("2"));
        assert_eq!(version("Patient/1/_history/7", b), None);
        assert_eq!(version("urn:uuid:x", a).as_deref(), Some("1"));
        assert_eq!(
            version("Patient/1", None).as_deref(),
            Some("1"),
            "the first that fits"
        );
        assert_eq!(version("Patient/bare", a).as_deref(), Some("none"));
        assert_eq!(
            version("Patient/1", Some("https://c.example/fhir/Condition/9")),
            None
        );
        assert_eq!(version("atient/1", None), None);
        assert_eq!(version("#x", a), None);
    }

    #[test]
    fn what_is_contained_comes_first_and_what_is_elsewhere_is_said() {
        let base = Base::parse("https://a.example/fhir").unwrap();
        let bundle = bundle(json!([entry(
            "https://a.example/fhir/Patient/1",
            "Patient",
            "1",
            "1"
        )]));
        let within = Resource::new(json!({"resourceType": "Condition", "contained": [{"resourceType": "Patient", "id": "c"}]})).unwrap();
        let from = Some("https://a.example/fhir/Condition/9");
        let resolve =
            |reference: &'static str| resolve(reference, &within, Some((&bundle, from)), &base);
        assert!(matches!(resolve("#c"), Resolved::Contained(found) if found["id"] == "c"));
        assert!(
            matches!(resolve("#"), Resolved::Contained(found) if found["resourceType"] == "Condition")
        );
        assert_eq!(resolve("#d"), Resolved::Unknown);
        assert!(matches!(resolve("Patient/1"), Resolved::Entry(_)));
        assert!(matches!(resolve("Patient/2"), Resolved::Server(_)));
        assert!(matches!(
            resolve("https://a.example/fhir/Patient/2"),
            Resolved::Server(_)
        ));
        assert!(matches!(
            resolve("https://b.example/fhir/Patient/2"),
            Resolved::Elsewhere(_)
        ));
        assert_eq!(resolve("urn:uuid:y"), Resolved::Unknown);
        assert_eq!(resolve("nonsense"), Resolved::Unknown);
    }

    #[test]
    fn answers_to_a_batch_are_read() {
        let bundle = bundle(json!([
            {"response": {"status": "201 Created", "location": "Patient/1", "etag": "W/\"1\""}},
            {"response": {"status": "404", "outcome": {"resourceType": "OperationOutcome", "issue": [{"code": "not-found"}]}}},
            {"response": 7}, 7, null,
        ]));
        let first = bundle.entries()[0].response.as_ref().unwrap();
        assert!(first.is_success() && first.location.as_deref() == Some("Patient/1"));
        let second = bundle.entries()[1].response.as_ref().unwrap();
        assert!(!second.is_success() && second.outcome.as_ref().unwrap().has_code("not-found"));
        assert_eq!(bundle.entries().len(), 5);
    }

    #[test]
    fn what_the_server_says_about_a_search_is_not_a_result() {
        let outcome = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]});
        let check = |entry: Value, is_outcome: bool| {
            let bundle = bundle(json!([entry]));
            let found = bundle.entries()[0].search_outcome();
            assert_eq!(found.is_some_and(|found| found.has_errors()), is_outcome);
        };
        check(
            json!({"resource": outcome, "search": {"mode": "outcome"}}),
            true,
        );
        check(
            json!({"resource": outcome, "search": {"mode": "include"}}),
            true,
        );
        check(json!({"resource": outcome}), true);
        check(
            json!({"resource": outcome, "search": {"mode": "match"}}),
            false,
        );
        check(json!({"resource": {"resourceType": "Patient"}}), false);
        check(json!({}), false);
    }

    #[test]
    fn what_the_server_left_out_is_not_there() {
        let resource = json!({"resourceType": "Bundle", "entry": [{"response": {}}]});
        let resource = Resource::new(resource).unwrap();
        let bundle = Bundle::from_resource(resource, &Limits::default()).unwrap();
        assert_eq!(bundle.kind(), None);
        let response = bundle.entries()[0].response.as_ref().unwrap();
        assert!(response.status.is_none() && !response.is_success());
    }

    #[test]
    fn too_many_entries_are_refused() {
        let resource =
            Resource::new(json!({"resourceType": "Bundle", "entry": [1, 2, 3]})).unwrap();
        let limits = Limits::default().with_entries(2);
        assert!(matches!(
            Bundle::from_resource(resource, &limits),
            Err(ReadError::TooManyEntries { limit: 2 })
        ));
    }
}
