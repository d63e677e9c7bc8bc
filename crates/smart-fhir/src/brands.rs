//! User-access brands: which organizations offer patients their data, under which names, at which
//! endpoints.
//!
//! A reader of the bundles of [SMART, user-access
//! brands](https://hl7.org/fhir/smart-app-launch/brands.html). It fetches nothing: [`request`]
//! makes the request, [`Brands::receive`] takes the answer. Cache the bundle with its `ETag`.
//!
//! Where a server's `smart-configuration` links a bundle (`user_access_brand_bundle`,
//! `user_access_brand_identifier`), that one wins over a bundle that somebody consolidated: see
//! [`Brands::merge`].

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use serde_json::Value;

use crate::answer::{resource_from_http, text_of, unreadable};
use crate::bundle::Bundle;
use crate::error::{AnswerError, RequestError};
use crate::export::request as get;
use crate::limits::Limits;
use crate::resource::Resource;

/// The organizations and endpoints of one bundle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brands {
    etag: Option<String>,
    brands: Vec<Brand>,
}

/// One organization as patients know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Brand {
    /// The address of its entry, or else `Organization/id`.
    pub reference: String,
    /// What patients know it by.
    pub name: Option<String>,
    /// System and value of each identifier; where several bundles tell of one organization, they
    /// agree in one.
    pub identifiers: Vec<(String, String)>,
    /// The reference of the organization that it is part of.
    pub part_of: Option<String>,
    /// The address of its logo.
    pub logo: Option<String>,
    /// Where patients log in.
    pub portals: Vec<Portal>,
    /// Its FHIR servers.
    pub endpoints: Vec<Endpoint>,
}

/// A patient portal of a brand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Portal {
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// The address of its logo.
    pub logo: Option<String>,
    /// The FHIR servers with the data that the portal shows.
    pub endpoints: Vec<Endpoint>,
}

/// A FHIR server. How to authorize there is in its SMART configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The base of the FHIR server.
    pub address: String,
    /// Its name.
    pub name: Option<String>,
    /// The releases of FHIR that it speaks, such as `4.0.1`.
    pub fhir_versions: Vec<String>,
}

/// Asks for a bundle of brands, without a token. With the `ETag` of one that is cached, the answer
/// is 304 if nothing changed.
///
/// # Errors
///
/// The address is not absolute, or the tag cannot stand in a header.
pub fn request(address: &str, etag: Option<&str>) -> Result<Request<Bytes>, RequestError> {
    let uri: Uri = address.parse().map_err(|_| RequestError::Address)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(RequestError::Address);
    }
    let mut request = get(uri, "application/fhir+json, application/json;q=0.9");
    if let Some(etag) = etag {
        let etag = HeaderValue::try_from(etag).map_err(|_| RequestError::HeaderValue {
            header: "If-None-Match",
        })?;
        request.headers_mut().insert(header::IF_NONE_MATCH, etag);
    }
    Ok(request)
}

impl Brands {
    /// Reads the answer; `None` for 304, when the cached bundle is still good.
    ///
    /// # Errors
    ///
    /// The server refuses, or the answer is not a bundle.
    pub fn receive(
        response: &Response<impl AsRef<[u8]>>,
        limits: &Limits,
    ) -> Result<Option<Self>, AnswerError> {
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let resource = resource_from_http(response, limits)?;
        let bundle = Bundle::from_resource(resource, limits)
            .map_err(|source| unreadable(response, source))?;
        let mut brands = Self::from_bundle(&bundle);
        brands.etag = text_of(response.headers(), &header::ETAG).map(str::to_owned);
        Ok(Some(brands))
    }

    /// Reads a bundle, such as one that was cached.
    pub fn from_bundle(bundle: &Bundle) -> Self {
        let organizations = bundle.entries().iter().filter_map(|entry| {
            let resource = entry.resource.as_ref()?;
            (resource.resource_type() == "Organization")
                .then(|| Brand::read(bundle, resource, entry.full_url.as_deref()))
        });
        Self {
            etag: None,
            brands: organizations.collect(),
        }
    }

    /// The tag to ask with the next time.
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// All brands, in the bundle's order.
    pub fn brands(&self) -> &[Brand] {
        &self.brands
    }

    /// The brand with an identifier, such as that of a server's `user_access_brand_identifier`.
    pub fn by_identifier(&self, system: &str, value: &str) -> Option<&Brand> {
        let is_it = |known: &(String, String)| known.0 == system && known.1 == value;
        let mut brands = self.brands.iter();
        brands.find(|brand| brand.identifiers.iter().any(is_it))
    }

    /// The brand that this one is part of.
    pub fn parent(&self, brand: &Brand) -> Option<&Brand> {
        let wanted = brand.part_of.as_deref()?;
        let mut brands = self.brands.iter();
        brands.find(|known| is_reference(known, wanted))
    }

    /// A brand and those above it, nearest first. Ends where a bundle goes in a circle.
    pub fn lineage<'b>(&'b self, brand: &'b Brand) -> Vec<&'b Brand> {
        let mut visited = BTreeSet::new();
        let above = std::iter::successors(Some(brand), |brand| self.parent(brand));
        above
            .take_while(|brand| visited.insert(brand.reference.clone()))
            .collect()
    }

    /// Takes over what a server's own `smart-configuration` links. An organization that both know,
    /// by an identifier, is then as the server says; the others stay.
    pub fn merge(&mut self, linked: Self) {
        let is_replaced = |brand: &Brand| {
            let mut identifiers = brand.identifiers.iter();
            identifiers.any(|(system, value)| linked.by_identifier(system, value).is_some())
        };
        self.brands.retain(|brand| !is_replaced(brand));
        self.brands.extend(linked.brands);
        self.etag = None;
    }
}

fn is_reference(brand: &Brand, wanted: &str) -> bool {
    let tail = brand.reference.strip_suffix(wanted);
    tail.is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

impl Brand {
    fn read(bundle: &Bundle, organization: &Resource, full_url: Option<&str>) -> Self {
        let value = organization.as_value();
        let own = organization.reference();
        let identifiers = items(&value["identifier"]).iter().filter_map(|one| {
            // Without a system two organizations may have the same value.
            let system = one["system"].as_str().filter(|system| !system.is_empty())?;
            Some((system.to_owned(), one["value"].as_str()?.to_owned()))
        });
        let brand = extensions(value, BRAND).next();
        let references = items(&value["endpoint"]).iter();
        let find = |reference: &Value| Endpoint::find(bundle, reference, full_url);
        Self {
            reference: full_url.map(str::to_owned).or(own).unwrap_or_default(),
            name: text(&value["name"]),
            identifiers: identifiers.collect(),
            part_of: text(&value["partOf"]["reference"]),
            logo: brand.and_then(|brand| member(brand, "brandLogo")),
            portals: extensions(value, PORTAL)
                .map(|portal| Portal::read(portal, &find))
                .collect(),
            endpoints: references.filter_map(find).collect(),
        }
    }
}

impl Portal {
    fn read(value: &Value, find: &impl Fn(&Value) -> Option<Endpoint>) -> Self {
        let endpoints = extensions(value, "portalEndpoint");
        Self {
            name: member(value, "portalName"),
            description: member(value, "portalDescription"),
            url: member(value, "portalUrl"),
            logo: member(value, "portalLogo"),
            endpoints: endpoints
                .filter_map(|one| find(&one["valueReference"]))
                .collect(),
        }
    }
}

impl Endpoint {
    fn find(bundle: &Bundle, reference: &Value, from: Option<&str>) -> Option<Self> {
        let found = bundle.find(reference["reference"].as_str()?, from)?;
        let versions = extensions(found.as_value(), FHIR_VERSION);
        (found.resource_type() == "Endpoint").then_some(())?;
        Some(Self {
            address: found.text("address")?.to_owned(),
            name: found.text("name").map(str::to_owned),
            fhir_versions: versions.filter_map(|one| text(&one["valueCode"])).collect(),
        })
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn extensions<'v>(value: &'v Value, url: &'static str) -> impl Iterator<Item = &'v Value> {
    let all = items(&value["extension"]).iter();
    all.filter(move |one| one["url"] == url)
}

/// The text of an extension within an extension, whichever kind of text it is.
fn member(value: &Value, url: &'static str) -> Option<String> {
    let one = extensions(value, url).next()?;
    let kinds = ["valueUrl", "valueString", "valueMarkdown", "valueUri"];
    kinds.iter().find_map(|kind| text(&one[*kind]))
}

const BRAND: &str = "http://hl7.org/fhir/StructureDefinition/organization-brand";
const PORTAL: &str = "http://hl7.org/fhir/StructureDefinition/organization-portal";
const FHIR_VERSION: &str = "http://hl7.org/fhir/StructureDefinition/endpoint-fhir-version";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bundle(name: &str) -> String {
        let organization = |id: &str, more: Value| {
            let mut value = json!({"resourceType": "Organization", "id": id, "name": name});
            let members = more.as_object().unwrap().clone();
            value.as_object_mut().unwrap().extend(members);
            json!({"fullUrl": format!("https://brands.example/Organization/{id}"), "resource": value})
        };
        let portal = json!({"url": PORTAL, "extension": [
            {"url": "portalName", "valueString": "My Lakeside"},
            {"url": "portalUrl", "valueUrl": "https://my.example"},
            {"url": "portalEndpoint", "valueReference": {"reference": "Endpoint/e"}}]});
        let brand = json!({"url": BRAND, "extension": [{"url": "brandLogo", "valueUrl": "https://brands.example/logo.svg"}]});
        json!({"resourceType": "Bundle", "type": "collection", "entry": [
            organization("lake", json!({
                "identifier": [{"system": "urn:ietf:rfc:3986", "value": "https://lake.example"}],
                "extension": [brand, portal],
                "partOf": {"reference": "Organization/top"},
                "endpoint": [{"reference": "Endpoint/e"}, {"reference": "Endpoint/missing"}]})),
            organization("top", json!({"partOf": {"reference": "Organization/lake"}})),
            {"fullUrl": "https://brands.example/Endpoint/e", "resource": {
                "resourceType": "Endpoint", "id": "e", "address": "https://ehr.example/fhir", "name": "R4",
                "extension": [{"url": FHIR_VERSION, "valueCode": "4.0.1"}]}}]})
        .to_string()
    }

    fn brands(name: &str) -> Brands {
        let response = Response::builder().header("etag", "\"7\"");
        let response = response.body(bundle(name)).unwrap();
        let brands = Brands::receive(&response, &Limits::default());
        brands.unwrap().unwrap()
    }

    #[test]
    fn a_brand_has_its_portal_logo_and_endpoints() {
        let brands = brands("Lakeside");
        let lake = brands.by_identifier("urn:ietf:rfc:3986", "https://lake.example");
        let lake = lake.unwrap();
        assert_eq!(lake.name.as_deref(), Some("Lakeside"));
        assert_eq!(
            lake.logo.as_deref(),
            Some("https://brands.example/logo.svg")
        );
        let [endpoint] = &lake.endpoints[..] else {
            panic!("{lake:?}");
        };
        assert_eq!(endpoint.address, "https://ehr.example/fhir");
        assert_eq!(endpoint.fhir_versions, ["4.0.1"]);
        let [portal] = &lake.portals[..] else {
            panic!("{lake:?}");
        };
        assert_eq!(portal.url.as_deref(), Some("https://my.example"));
        assert_eq!(portal.endpoints, lake.endpoints);
        let lineage = brands.lineage(lake);
        assert_eq!(lineage.len(), 2, "a circle ends");
        assert!(lineage[1].reference.ends_with("Organization/top"));
    }

    #[test]
    fn a_cached_bundle_is_asked_about_by_its_tag() {
        let etag = brands("x").etag().unwrap().to_owned();
        let request = request("https://brands.example/bundle.json", Some(&etag)).unwrap();
        assert_eq!(request.headers()["if-none-match"], "\"7\"");
        assert!(!request.headers().contains_key("authorization"));
        let unchanged = Response::builder().status(304).body("").unwrap();
        assert_eq!(
            Brands::receive(&unchanged, &Limits::default()).unwrap(),
            None
        );
        assert!(super::request("bundle.json", None).is_err());
    }

    #[test]
    fn what_the_server_links_wins_over_a_consolidated_bundle() {
        let mut consolidated = brands("old");
        consolidated.merge(brands("new"));
        let lake = consolidated.by_identifier("urn:ietf:rfc:3986", "https://lake.example");
        assert_eq!(lake.unwrap().name.as_deref(), Some("new"));
        let named: Vec<_> = consolidated
            .brands()
            .iter()
            .map(|one| one.name.as_deref())
            .collect();
        assert_eq!(
            named,
            [Some("old"), Some("new"), Some("new")],
            "no identifier, no match"
        );
    }
}
