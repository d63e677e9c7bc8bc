//! What can be asked of a FHIR server, as requests.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};
use serde_json::Value;

use crate::base::Base;
use crate::error::RequestError;
use crate::resource::Resource;
use crate::resource::reference::{Path, is_type};
use crate::search::{Search, encode_segment};

/// The media type of FHIR's JSON; servers of DSTU2 take `application/json` alone.
const FHIR_JSON: &str = "application/fhir+json";
const ACCEPT: &str = "application/fhir+json, application/json;q=0.9, application/json+fhir;q=0.8";

const IF_NONE_EXIST: HeaderName = HeaderName::from_static("if-none-exist");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// One [interaction](https://hl7.org/fhir/R4/http.html) with a server: what is asked of which type,
/// and with what in hand.
///
/// It knows no server yet; [`to_http`](Self::to_http) gives it one. What it is and what type it is
/// about can be asked before it is sent, so that scopes can be compared with it.
///
/// ```
/// use smart_fhir::{Access, Base, Interaction, Search};
///
/// let base = Base::parse("https://ehr.example/fhir")?;
/// let read = Interaction::read("Patient/smart-1288992")?;
/// assert_eq!(read.to_http(&base)?.uri(), "https://ehr.example/fhir/Patient/smart-1288992");
/// assert_eq!((read.access(), read.resource_type()), (Some(Access::Read), Some("Patient")));
///
/// let search = Interaction::search(&Search::new("Condition").with("patient", "smart-1288992"))?;
/// assert_eq!(search.to_http(&base)?.uri(), "https://ehr.example/fhir/Condition?patient=smart-1288992");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Interaction {
    method: Method,
    /// Below the base, encoded, with its query.
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Body,
    access: Option<Access>,
    resource_type: Option<String>,
}

#[derive(Clone, Debug)]
enum Body {
    Empty,
    Form(String),
    Json(Bytes),
}

/// What an interaction does with data: the five letters of [SMART's
/// scopes](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "scopes have five letters")]
pub enum Access {
    /// `c`
    Create,
    /// `r`
    Read,
    /// `u`
    Update,
    /// `d`
    Delete,
    /// `s`
    Search,
}

/// What a server should send back of a resource that it stored
/// ([FHIR, prefer](https://hl7.org/fhir/R4/http.html#ops)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Return {
    /// Nothing but headers.
    Minimal,
    /// An outcome.
    OperationOutcome,
    /// The resource as it is stored.
    Representation,
}

impl Interaction {
    /// The [capabilities](https://hl7.org/fhir/R4/http.html#capabilities) of the server, which need
    /// no token.
    pub fn capabilities() -> Self {
        Self::new(Method::GET, "metadata".to_owned())
    }

    /// [Reads](https://hl7.org/fhir/R4/http.html#read) `Type/id`, or a
    /// [version](https://hl7.org/fhir/R4/http.html#vread), `Type/id/_history/version`.
    ///
    /// # Errors
    ///
    /// The text is neither.
    pub fn read(reference: &str) -> Result<Self, RequestError> {
        Ok(Self::read_path(&Path::parse(reference)?))
    }

    /// As [`read`](Self::read), of what is taken apart already.
    pub fn read_path(path: &Path) -> Self {
        Self::new(Method::GET, path.to_path()).about(Access::Read, path.resource_type())
    }

    /// The [history](https://hl7.org/fhir/R4/http.html#history) of `Type/id`, a bundle.
    ///
    /// # Errors
    ///
    /// The text is no such reference.
    pub fn history(reference: &str) -> Result<Self, RequestError> {
        let path = Path::parse(reference)?;
        let address = format!(
            "{}/{}/_history",
            path.resource_type(),
            encode_segment(path.id())
        );
        Ok(Self::new(Method::GET, address).about(Access::Read, path.resource_type()))
    }

    /// [Searches](https://hl7.org/fhir/R4/http.html#search) by GET.
    ///
    /// # Errors
    ///
    /// Type or parameters have no possible name.
    pub fn search(search: &Search) -> Result<Self, RequestError> {
        let query = search.to_query()?;
        let name = checked_type(search)?;
        let path = match (name, query.is_empty()) {
            (name, true) => name.to_owned(),
            (name, false) => format!("{name}?{query}"),
        };
        Ok(Self::new(Method::GET, path).of_search(search))
    }

    /// Searches by POST, which keeps the parameters out of addresses and the logs that keep
    /// addresses.
    ///
    /// # Errors
    ///
    /// As [`search`](Self::search).
    pub fn search_by_post(search: &Search) -> Result<Self, RequestError> {
        let path = match checked_type(search)? {
            "" => "_search".to_owned(),
            name => format!("{name}/_search"),
        };
        let mut interaction = Self::new(Method::POST, path).of_search(search);
        interaction.body = Body::Form(search.to_query()?);
        Ok(interaction)
    }

    /// [Creates](https://hl7.org/fhir/R4/http.html#create) a resource; the server gives it an id.
    ///
    /// # Errors
    ///
    /// The resource's type has no possible name.
    pub fn create(resource: &Resource) -> Result<Self, RequestError> {
        let name = type_of(resource)?;
        let create = Self::new(Method::POST, name.to_owned()).about(Access::Create, name);
        Ok(create.with_resource(resource))
    }

    /// Creates a resource unless the condition finds one
    /// ([`If-None-Exist`](https://hl7.org/fhir/R4/http.html#ccreate)).
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create), and where the condition has no parameter.
    pub fn create_unless(resource: &Resource, condition: &Search) -> Result<Self, RequestError> {
        let condition = condition_of(condition)?;
        let header = HeaderValue::try_from(condition).map_err(|_| RequestError::HeaderValue {
            header: "If-None-Exist",
        })?;
        Ok(Self::create(resource)?.with_header(IF_NONE_EXIST, header))
    }

    /// [Updates](https://hl7.org/fhir/R4/http.html#update) the resource of this type and id.
    ///
    /// # Errors
    ///
    /// The resource has no id, or one that cannot stand in a path.
    pub fn update(resource: &Resource) -> Result<Self, RequestError> {
        let reference = resource.reference().ok_or(RequestError::MissingId)?;
        let path = Path::parse(&reference)?;
        let update = Self::new(Method::PUT, path.to_path());
        Ok(update
            .about(Access::Update, path.resource_type())
            .with_resource(resource))
    }

    /// Updates the one resource that the condition finds, or creates it ([conditional
    /// update](https://hl7.org/fhir/R4/http.html#cond-update)). With scopes it counts as an update.
    ///
    /// # Errors
    ///
    /// As [`create_unless`](Self::create_unless).
    pub fn update_where(resource: &Resource, condition: &Search) -> Result<Self, RequestError> {
        let name = type_of(resource)?;
        let path = format!("{name}?{}", condition_of(condition)?);
        let update = Self::new(Method::PUT, path).about(Access::Update, name);
        Ok(update.with_resource(resource))
    }

    /// [Deletes](https://hl7.org/fhir/R4/http.html#delete) `Type/id`.
    ///
    /// # Errors
    ///
    /// The text is no such reference.
    pub fn delete(reference: &str) -> Result<Self, RequestError> {
        let path = Path::parse(reference)?;
        if path.version().is_some() {
            return Err(RequestError::BadReference {
                reference: reference.to_owned(),
            });
        }
        Ok(Self::new(Method::DELETE, path.to_path()).about(Access::Delete, path.resource_type()))
    }

    /// Deletes what the condition finds; servers decide whether that may be more than one.
    ///
    /// # Errors
    ///
    /// The condition has no type or no parameter.
    pub fn delete_where(condition: &Search) -> Result<Self, RequestError> {
        let query = condition_of(condition)?;
        let name = checked_type(condition)?;
        if name.is_empty() {
            return Err(RequestError::EmptyCondition);
        }
        Ok(Self::new(Method::DELETE, format!("{name}?{query}")).about(Access::Delete, name))
    }

    /// Sends a bundle of interactions ([batch and
    /// transaction](https://hl7.org/fhir/R4/http.html#transaction)). What it needs of scopes is in
    /// its entries: see [`Bundle::interactions`](crate::Bundle::interactions).
    ///
    /// # Errors
    ///
    /// The resource is no bundle of the type `batch` or `transaction`.
    pub fn batch(bundle: &Resource) -> Result<Self, RequestError> {
        match (bundle.resource_type(), bundle.text("type")) {
            ("Bundle", Some("batch" | "transaction")) => {
                Ok(Self::new(Method::POST, String::new()).with_resource(bundle))
            }
            (name, kind) => Err(RequestError::BundleType {
                found: kind.unwrap_or(name).to_owned(),
            }),
        }
    }

    /// Calls an [operation](https://hl7.org/fhir/R4/operations.html) that only reads, such as
    /// `$everything` on `Patient/1`. `on` is a type, a reference, or empty for the whole system.
    ///
    /// # Errors
    ///
    /// The name, the place or a parameter is invalid.
    pub fn operation(on: &str, name: &str, parameters: &Search) -> Result<Self, RequestError> {
        let (path, resource_type) = operation_path(on, name)?;
        let query = parameters.to_query()?;
        let path = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let mut interaction = Self::new(Method::GET, path);
        interaction.access = resource_type.is_some().then_some(Access::Read);
        interaction.resource_type = resource_type;
        Ok(interaction)
    }

    /// Calls an operation by POST, with a resource as its input: mostly
    /// [Parameters](https://hl7.org/fhir/R4/parameters.html). What it needs of scopes, the server
    /// knows alone.
    ///
    /// # Errors
    ///
    /// The name or the place is invalid.
    pub fn operation_with(on: &str, name: &str, input: &Resource) -> Result<Self, RequestError> {
        let (path, _) = operation_path(on, name)?;
        Ok(Self::new(Method::POST, path).with_resource(input))
    }

    /// Only if the resource still has this version; 412 otherwise
    /// ([managing contention](https://hl7.org/fhir/R4/http.html#concurrency)).
    ///
    /// # Errors
    ///
    /// The version cannot stand in a header.
    pub fn if_match(self, version: &str) -> Result<Self, RequestError> {
        let tag = tag(version, "If-Match")?;
        Ok(self.with_header(header::IF_MATCH, tag))
    }

    /// Only if the resource has another version by now; 304 otherwise
    /// ([conditional read](https://hl7.org/fhir/R4/http.html#cread)).
    ///
    /// # Errors
    ///
    /// The version cannot stand in a header.
    pub fn if_none_match(self, version: &str) -> Result<Self, RequestError> {
        let tag = tag(version, "If-None-Match")?;
        Ok(self.with_header(header::IF_NONE_MATCH, tag))
    }

    /// Only if the resource was changed since, a date as HTTP writes it; 304 otherwise.
    ///
    /// # Errors
    ///
    /// The date cannot stand in a header.
    pub fn if_modified_since(self, date: &str) -> Result<Self, RequestError> {
        let date = HeaderValue::try_from(date).map_err(|_| RequestError::HeaderValue {
            header: "If-Modified-Since",
        })?;
        Ok(self.with_header(header::IF_MODIFIED_SINCE, date))
    }

    /// What the server should send back of what it stores.
    #[must_use]
    pub fn prefer(self, what: Return) -> Self {
        let value = match what {
            Return::Minimal => "return=minimal",
            Return::OperationOutcome => "return=OperationOutcome",
            Return::Representation => "return=representation",
        };
        self.with_header(PREFER, HeaderValue::from_static(value))
    }

    /// What it does with data, as far as that can be said: not for capabilities, batches, and
    /// operations with an input.
    pub fn access(&self) -> Option<Access> {
        self.access
    }

    /// The type that it is about, if it is about one.
    pub fn resource_type(&self) -> Option<&str> {
        self.resource_type.as_deref()
    }

    /// The request, at this server. A token is still missing.
    ///
    /// # Errors
    ///
    /// The address is too long.
    pub fn to_http(&self, base: &Base) -> Result<Request<Bytes>, RequestError> {
        let (content_type, body) = match &self.body {
            Body::Empty => (None, Bytes::new()),
            Body::Form(form) => (
                Some("application/x-www-form-urlencoded"),
                Bytes::from(form.clone()),
            ),
            Body::Json(json) => (Some(FHIR_JSON), json.clone()),
        };
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = base.join(&self.path)?;
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        headers.extend(self.headers.iter().cloned());
        Ok(request)
    }

    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            headers: Vec::new(),
            body: Body::Empty,
            access: None,
            resource_type: None,
        }
    }

    fn about(mut self, access: Access, resource_type: &str) -> Self {
        self.access = Some(access);
        self.resource_type = Some(resource_type.to_owned());
        self
    }

    fn of_search(mut self, search: &Search) -> Self {
        self.access = Some(Access::Search);
        self.resource_type = search.resource_type().map(str::to_owned);
        self
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn with_resource(mut self, resource: &Resource) -> Self {
        self.body = Body::Json(resource.as_value().to_string().into());
        self
    }
}

/// The request that follows a link of the server to one of its bundles.
pub(crate) fn follow(uri: http::Uri) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    let accept = HeaderValue::from_static(ACCEPT);
    request.headers_mut().insert(header::ACCEPT, accept);
    request
}

/// What one entry of a batch does, from its method and address.
pub(crate) fn entry_access(method: &str, url: &str) -> (Option<Access>, Option<String>) {
    let (path, has_query) = match url.split_once('?') {
        Some((path, _)) => (path, true),
        None => (url, false),
    };
    let mut steps = path.split('/').filter(|step| !step.is_empty());
    let name = steps.next().filter(|name| is_type(name)).map(str::to_owned);
    let is_instance = steps.next().is_some_and(|id| !id.starts_with(['_', '$']));
    let access = match (method, is_instance) {
        ("GET" | "HEAD", true) => Some(Access::Read),
        ("GET" | "HEAD", false) => Some(Access::Search),
        ("POST", _) if path.ends_with("/_search") => Some(Access::Search),
        ("POST", false) if !path.contains('$') && !has_query => Some(Access::Create),
        ("PUT" | "PATCH", _) => Some(Access::Update),
        ("DELETE", _) => Some(Access::Delete),
        _ => None,
    };
    (access.filter(|_| name.is_some()), name)
}

fn checked_type(search: &Search) -> Result<&str, RequestError> {
    match search.resource_type() {
        None => Ok(""),
        Some(name) if is_type(name) => Ok(name),
        Some(name) => Err(RequestError::BadType {
            name: name.to_owned(),
        }),
    }
}

fn type_of(resource: &Resource) -> Result<&str, RequestError> {
    let name = resource.resource_type();
    if is_type(name) {
        Ok(name)
    } else {
        Err(RequestError::BadType {
            name: name.to_owned(),
        })
    }
}

fn condition_of(condition: &Search) -> Result<String, RequestError> {
    if condition.is_empty() {
        return Err(RequestError::EmptyCondition);
    }
    condition.to_query()
}

fn operation_path(on: &str, name: &str) -> Result<(String, Option<String>), RequestError> {
    let is_name = name.strip_prefix('$').is_some_and(|rest| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !rest.is_empty() && rest.bytes().all(fits)
    });
    if !is_name {
        return Err(RequestError::BadOperation {
            name: name.to_owned(),
        });
    }
    if on.is_empty() {
        return Ok((name.to_owned(), None));
    }
    if is_type(on) {
        return Ok((format!("{on}/{name}"), Some(on.to_owned())));
    }
    let path = Path::parse(on)?;
    Ok((
        format!("{}/{name}", path.to_path()),
        Some(path.resource_type().to_owned()),
    ))
}

/// Weak, as FHIR has them.
fn tag(version: &str, header: &'static str) -> Result<HeaderValue, RequestError> {
    let bad = || RequestError::HeaderValue { header };
    if version.contains('"') {
        return Err(bad());
    }
    HeaderValue::try_from(format!("W/\"{version}\"")).map_err(|_| bad())
}

impl Resource {
    /// The input of an operation: [Parameters](https://hl7.org/fhir/R4/parameters.html) with these
    /// members, each a name, the spelling of its `value[x]`, such as `valueString`, and the value.
    pub fn parameters<'a>(members: impl IntoIterator<Item = (&'a str, &'a str, Value)>) -> Self {
        let members: Vec<Value> = members
            .into_iter()
            .map(|(name, key, value)| {
                let mut member = serde_json::Map::new();
                member.insert("name".to_owned(), name.into());
                member.insert(key.to_owned(), value);
                Value::Object(member)
            })
            .collect();
        let body = serde_json::json!({"resourceType": "Parameters", "parameter": members});
        Self::new(body).expect("it has a resourceType")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base() -> Base {
        Base::parse("https://ehr.example/fhir").unwrap()
    }

    fn check(interaction: Result<Interaction, RequestError>, line: &str) -> Request<Bytes> {
        let request = interaction.unwrap().to_http(&base()).unwrap();
        let uri = request.uri().to_string();
        let found = format!("{} {}", request.method(), &uri[base().as_str().len()..]);
        assert_eq!(found, line);
        request
    }

    fn observation(more: Value) -> Resource {
        let mut value = json!({"resourceType": "Observation"});
        for (name, member) in more.as_object().unwrap() {
            value[name] = member.clone();
        }
        Resource::new(value).unwrap()
    }

    #[test]
    fn each_interaction_has_its_method_and_address() {
        let by_code = Search::new("Observation").with("code", "a b");
        let plain = observation(json!({}));
        check(Ok(Interaction::capabilities()), "GET /metadata");
        check(Interaction::read("Patient/1"), "GET /Patient/1");
        check(
            Interaction::read("Patient/1/_history/2"),
            "GET /Patient/1/_history/2",
        );
        check(Interaction::read("Patient/é:1"), "GET /Patient/%C3%A9%3A1");
        check(Interaction::history("Patient/1"), "GET /Patient/1/_history");
        check(Interaction::search(&by_code), "GET /Observation?code=a%20b");
        check(Interaction::search(&Search::new("Patient")), "GET /Patient");
        check(
            Interaction::search(&Search::all_types().with("_id", "1")),
            "GET ?_id=1",
        );
        let posted = check(
            Interaction::search_by_post(&by_code),
            "POST /Observation/_search",
        );
        assert_eq!(posted.body(), "code=a%20b");
        assert_eq!(
            posted.headers()["content-type"],
            "application/x-www-form-urlencoded"
        );
        let created = check(Interaction::create(&plain), "POST /Observation");
        assert_eq!(created.headers()["content-type"], "application/fhir+json");
        assert_eq!(created.body(), r#"{"resourceType":"Observation"}"#);
        let unless = check(
            Interaction::create_unless(&plain, &by_code),
            "POST /Observation",
        );
        assert_eq!(unless.headers()["if-none-exist"], "code=a%20b");
        check(
            Interaction::update(&observation(json!({"id": "7"}))),
            "PUT /Observation/7",
        );
        check(
            Interaction::update_where(&plain, &by_code),
            "PUT /Observation?code=a%20b",
        );
        check(
            Interaction::delete("Observation/7"),
            "DELETE /Observation/7",
        );
        check(
            Interaction::delete_where(&by_code),
            "DELETE /Observation?code=a%20b",
        );
        check(
            Interaction::operation(
                "Patient/1",
                "$everything",
                &Search::all_types().with("_count", "9"),
            ),
            "GET /Patient/1/$everything?_count=9",
        );
        let input = Resource::parameters([("code", "valueCode", json!("x"))]);
        let called = check(
            Interaction::operation_with("Observation", "$lastn", &input),
            "POST /Observation/$lastn",
        );
        assert!(
            called
                .body()
                .starts_with(b"{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"code\",\"valueCode\":\"x\"}]")
        );
        check(
            Interaction::operation_with("", "$convert", &plain),
            "POST /$convert",
        );
    }

    #[test]
    fn a_batch_goes_to_the_base() {
        let bundle =
            |kind: &str| Resource::new(json!({"resourceType": "Bundle", "type": kind})).unwrap();
        let request = Interaction::batch(&bundle("transaction"))
            .unwrap()
            .to_http(&base())
            .unwrap();
        assert_eq!(request.uri(), "https://ehr.example/fhir");
        assert!(Interaction::batch(&bundle("searchset")).is_err());
        assert!(Interaction::batch(&observation(json!({"type": "batch"}))).is_err());
    }

    #[test]
    fn conditions_stand_in_headers() {
        let read = Interaction::read("Patient/1")
            .unwrap()
            .if_none_match("3")
            .unwrap();
        let read = read
            .if_modified_since("Fri, 31 Dec 1999 23:59:59 GMT")
            .unwrap();
        let request = read.prefer(Return::Minimal).to_http(&base()).unwrap();
        assert_eq!(request.headers()["if-none-match"], "W/\"3\"");
        assert_eq!(request.headers()["prefer"], "return=minimal");
        let update = Interaction::update(&observation(json!({"id": "7"}))).unwrap();
        assert_eq!(
            update
                .if_match("9")
                .unwrap()
                .to_http(&base())
                .unwrap()
                .headers()["if-match"],
            "W/\"9\""
        );
        for version in ["\"", "a\r\nb"] {
            assert!(
                Interaction::read("Patient/1")
                    .unwrap()
                    .if_match(version)
                    .is_err()
            );
        }
    }

    #[test]
    fn nothing_is_made_of_nonsense() {
        let plain = observation(json!({}));
        for refused in [
            Interaction::read("Patient").err(),
            Interaction::read("../Patient/1").err(),
            Interaction::read("https://evil.example/Patient/1").err(),
            Interaction::delete("Patient/1/_history/2").err(),
            Interaction::delete_where(&Search::new("Patient")).err(),
            Interaction::delete_where(&Search::all_types().with("_id", "1")).err(),
            Interaction::search(&Search::new("patient")).err(),
            Interaction::search(&Search::new("Patient/1")).err(),
            Interaction::update(&plain).err(),
            Interaction::update(&observation(json!({"id": ".."}))).err(),
            Interaction::update_where(&plain, &Search::new("Observation")).err(),
            Interaction::operation("", "everything", &Search::all_types()).err(),
            Interaction::operation("", "$a/b", &Search::all_types()).err(),
            Interaction::operation("x", "$a", &Search::all_types()).err(),
        ] {
            assert!(refused.is_some());
        }
    }

    #[test]
    fn entries_of_a_batch_say_what_they_do() {
        for (method, url, access) in [
            ("GET", "Patient/1", Some(Access::Read)),
            ("GET", "/Patient/1", Some(Access::Read)),
            ("GET", "Patient?name=x", Some(Access::Search)),
            ("POST", "Patient/_search", Some(Access::Search)),
            ("POST", "Patient", Some(Access::Create)),
            ("PUT", "Patient/1", Some(Access::Update)),
            ("PUT", "Patient?_id=1", Some(Access::Update)),
            ("PATCH", "Patient/1", Some(Access::Update)),
            ("DELETE", "Patient/1", Some(Access::Delete)),
            ("POST", "Patient/$match", None),
            ("GET", "metadata", None),
            ("BREW", "Patient/1", None),
        ] {
            assert_eq!(entry_access(method, url).0, access, "{method} {url}");
        }
    }
}
