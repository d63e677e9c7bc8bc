//! What the tests share: a container in memory, signed requests, a clock that is moved by hand.

use bytes::Bytes;
use http::{Method, Request, Response};
use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AccessToken, Consumer, Nonce, RequestToken, SignableRequest, SigningParams, Verifier, sign,
};
use smart_rdf::{Graph, Syntax};

use crate::builder::{BACKGROUND_APP_ID, STOCK_SECRET, SandboxBuilder, UI_APP_ID};
use crate::classic::container::Container;
use crate::form::Pairs;
use crate::sandbox::Sandbox;

pub(crate) const BASE: &str = "http://localhost:7000";
pub(crate) const HOST: &str = "localhost:7000";

/// A container and the time; every call of [`send`](Self::send) happens at that time.
pub(crate) struct Bench {
    pub(crate) container: Container,
    pub(crate) now: u64,
    nonces: u64,
}

/// How to sign a request.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) consumer: Consumer,
    pub(crate) access: Option<AccessToken>,
    pub(crate) request: Option<RequestToken>,
    pub(crate) verifier: Option<String>,
    /// Sent in the header.
    pub(crate) callback: Option<String>,
}

impl Signer {
    pub(crate) fn new(app: &str, secret: &str) -> Self {
        Self {
            consumer: Consumer::new(app, secret),
            access: None,
            request: None,
            verifier: None,
            callback: None,
        }
    }

    pub(crate) fn ui() -> Self {
        Self::new(UI_APP_ID, STOCK_SECRET)
    }

    pub(crate) fn background() -> Self {
        Self::new(BACKGROUND_APP_ID, STOCK_SECRET)
    }

    pub(crate) fn with_access(mut self, token: AccessToken) -> Self {
        self.access = Some(token);
        self
    }

    pub(crate) fn with_request(mut self, token: RequestToken, verifier: Option<&str>) -> Self {
        self.request = Some(token);
        self.verifier = verifier.map(str::to_owned);
        self
    }
}

impl Bench {
    pub(crate) fn new(builder: SandboxBuilder) -> Self {
        Self {
            container: builder.container(BASE).unwrap(),
            now: 1_365_000_000,
            nonces: 0,
        }
    }

    /// A container with the small records of [`ada`] and [`bob`].
    pub(crate) fn small() -> Self {
        Self::new(Sandbox::builder().patient("1", ada()).patient("2", bob()))
    }

    pub(crate) fn send(&self, request: &Request<Bytes>) -> Response<Bytes> {
        self.container
            .handle(request, Timestamp::from_unix_seconds(self.now))
    }

    pub(crate) fn signed(&mut self, signer: &Signer, request: Request<Bytes>) -> Request<Bytes> {
        self.try_signed(signer, request).unwrap()
    }

    /// Signs a request, unless the client half refuses to.
    pub(crate) fn try_signed(
        &mut self,
        signer: &Signer,
        mut request: Request<Bytes>,
    ) -> Option<Request<Bytes>> {
        self.nonces += 1;
        let nonce = Nonce::new(format!("nonce{}", self.nonces)).unwrap();
        let view = SignableRequest::from_received("http", &request).ok()?;
        let now = Timestamp::from_unix_seconds(self.now);
        let mut params = SigningParams::new(&signer.consumer, nonce, now);
        if let Some(token) = &signer.access {
            params = params.with_access_token(token);
        }
        if let Some(token) = &signer.request {
            params = params.with_request_token(token);
        }
        let verifier = signer.verifier.clone().map(Verifier::new);
        if let Some(verifier) = &verifier {
            params = params.with_verifier(verifier);
        }
        if let Some(callback) = &signer.callback {
            params = params.with_callback(callback);
        }
        let signed = sign(&view, &params).ok()?;
        signed.apply_to(&mut request);
        Some(request)
    }

    /// Signs a request without a body, and sends it.
    pub(crate) fn call(&mut self, signer: &Signer, method: Method, path: &str) -> Response<Bytes> {
        let request = self.signed(signer, bare(method, path));
        self.send(&request)
    }

    pub(crate) fn get(&mut self, signer: &Signer, path: &str) -> Response<Bytes> {
        self.call(signer, Method::GET, path)
    }

    /// Signs a request with a body, and sends it.
    pub(crate) fn call_with(
        &mut self,
        signer: &Signer,
        method: Method,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> Response<Bytes> {
        let request = self.signed(signer, with_body(method, path, content_type, body));
        self.send(&request)
    }

    /// A background app that holds the token of one record.
    pub(crate) fn background_with(&mut self, record_id: &str) -> Signer {
        let path = format!("/apps/{BACKGROUND_APP_ID}/tokens/records/{record_id}");
        let response = self.call(&Signer::background(), Method::POST, &path);
        assert_eq!(response.status(), 200, "{response:?}");
        Signer::background().with_access(access_token(&response))
    }

    /// The stock app, authorized by the demo user for one record: the whole dance.
    pub(crate) fn ui_with(&mut self, record_id: &str) -> Signer {
        self.dance(&Signer::ui(), record_id)
    }

    /// Any app, authorized by the demo user for one record.
    pub(crate) fn dance(&mut self, app: &Signer, record_id: &str) -> Signer {
        let body = format!("smart_record_id={record_id}&oauth_callback=oob");
        let response = self.call_with(app, Method::POST, "/oauth/request_token", FORM, &body);
        let token = request_token(&response);
        let cookie = self.log_in();
        let path = format!("/oauth/authorize?oauth_token={}", token.key());
        let form = format!("oauth_token={}&oauth_callback=&record_id=", token.key());
        let mut request = with_body(Method::POST, &path, FORM, &form);
        request
            .headers_mut()
            .insert("cookie", cookie.parse().unwrap());
        let response = self.send(&request);
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        let query = Pairs::parse(location.split_once('?').unwrap().1);
        let app = app.clone().with_request(token, query.get("oauth_verifier"));
        let response = self.call(&app, Method::POST, "/oauth/access_token");
        assert_eq!(response.status(), 200, "{response:?}");
        Signer {
            request: None,
            verifier: None,
            ..app
        }
        .with_access(access_token(&response))
    }

    /// Logs the demo user in and gives the cookie to send.
    pub(crate) fn log_in(&self) -> String {
        let body = "username=demouser%40smartplatforms.org&password=password";
        let response = self.send(&with_body(Method::POST, "/login", FORM, body));
        assert_eq!(response.status(), 302);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn bare(method: Method, path: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", HOST)
        .body(Bytes::new())
        .unwrap()
}

pub(crate) fn with_body(
    method: Method,
    path: &str,
    content_type: &str,
    body: &str,
) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", HOST)
        .header("content-type", content_type)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

pub(crate) fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// The graph of an answer, which must be RDF/XML under exactly that content type.
pub(crate) fn graph(response: &Response<Bytes>) -> Graph {
    assert_eq!(response.status(), 200, "{response:?}");
    assert_eq!(response.headers()["content-type"], "application/rdf+xml");
    Syntax::RdfXml.parse(response.body()).unwrap()
}

pub(crate) fn access_token(response: &Response<Bytes>) -> AccessToken {
    let pairs = Pairs::parse(text(response));
    AccessToken::new(
        pairs.get("oauth_token").unwrap(),
        pairs.get("oauth_token_secret").unwrap(),
    )
}

pub(crate) fn request_token(response: &Response<Bytes>) -> RequestToken {
    assert_eq!(response.status(), 200, "{response:?}");
    let pairs = Pairs::parse(text(response));
    RequestToken::new(
        pairs.get("oauth_token").unwrap(),
        pairs.get("oauth_token_secret").unwrap(),
    )
}

/// Reads Turtle with the usual prefixes.
pub(crate) fn turtle(text: &str) -> Graph {
    let prefixes = "@prefix sp: <http://smartplatforms.org/terms#> .
        @prefix spcode: <http://smartplatforms.org/terms/codes/> .
        @prefix dcterms: <http://purl.org/dc/terms/> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix foaf: <http://xmlns.com/foaf/0.1/> .
        @prefix v: <http://www.w3.org/2006/vcard/ns#> .
        @prefix rxnorm: <http://purl.bioontology.org/ontology/RXNORM/> .
        @prefix loinc: <http://purl.bioontology.org/ontology/LNC/> .
        @prefix encounter: <http://smartplatforms.org/terms/codes/EncounterType#> .\n";
    Syntax::Turtle
        .parse(format!("{prefixes}{text}").as_bytes())
        .unwrap()
}

/// An invented patient with a little of everything that the calls treat differently.
pub(crate) fn ada() -> Graph {
    turtle(
        r#"_:record a sp:MedicalRecord ; sp:hasStatement _:demographics, _:m1, _:m2, _:m3, _:f1, _:vitals, _:exclusion, _:note, _:scan .
        _:demographics a sp:Demographics ; sp:belongsTo _:record ; foaf:gender "female" ; v:bday "1987-03-04" ;
            v:n [ a v:Name ; v:given-name "Ada" ; v:family-name "Example" ] ;
            v:adr [ a v:Address, v:Home ; v:postal-code "70000" ; v:locality "Sampletown" ] ;
            sp:medicalRecordNumber [ a sp:Code ; dcterms:title "Hospital 42" ; dcterms:identifier "42" ; sp:system "Hospital" ] .
        _:m1 a sp:Medication ; sp:belongsTo _:record ; sp:startDate "2008-03-01" ; sp:fulfillment _:f1 ;
            sp:drugName [ a sp:CodedValue ; dcterms:title "Samplamol" ; sp:code rxnorm:111 ] .
        _:m2 a sp:Medication ; sp:belongsTo _:record ; sp:startDate "2010" ;
            sp:drugName [ a sp:CodedValue ; dcterms:title "Testazine" ; sp:code rxnorm:222 ] .
        _:m3 a sp:Medication ; sp:belongsTo _:record ;
            sp:drugName [ a sp:CodedValue ; dcterms:title "Undatin" ; sp:code rxnorm:111 ] .
        rxnorm:111 a sp:Code, spcode:RxNorm_Semantic ; dcterms:title "Samplamol" ; dcterms:identifier "111" ;
            sp:system "http://purl.bioontology.org/ontology/RXNORM/" .
        _:f1 a sp:Fulfillment ; sp:belongsTo _:record ; dcterms:date "2008-03-05" ; sp:medication _:m1 .
        _:vitals a sp:VitalSignSet ; sp:belongsTo _:record ; dcterms:date "2011-01-02" ; sp:encounter _:request .
        _:request a sp:Encounter ; sp:startDate "2011-01-02" ;
            sp:encounterType [ a sp:CodedValue ; dcterms:title "Ambulatory" ; sp:code encounter:ambulatory ] .
        _:exclusion a sp:AllergyExclusion ; sp:belongsTo _:record ; dcterms:date "2000" .
        _:lab1 a sp:LabResult ; dcterms:date "2010-11-12" ;
            sp:labName [ a sp:CodedValue ; dcterms:title "Glucose" ; sp:code loinc:2345-7 ] .
        _:lab2 a sp:LabResult ; dcterms:date "2011-11-12" ;
            sp:labName [ a sp:CodedValue ; dcterms:title "Sodium" ; sp:code loinc:2951-2 ] .
        _:relative a sp:FamilyHistory ; sp:belongsTo _:record .
        _:note a sp:ClinicalNote ; sp:belongsTo _:record ; dcterms:title "First note" ; dcterms:date "2012-01-01" .
        _:scan a sp:Document ; sp:belongsTo _:record ; sp:fileName "letter.txt" ; dcterms:title "A letter" ; dcterms:date "2010-01-01" ;
            dcterms:format <http://purl.org/NET/mediatypes/text/plain> ;
            sp:resource [ a sp:Resource ; sp:content [ a sp:Content ; sp:encoding "UTF-8" ; sp:value "Dear colleague" ] ] .
        <http://purl.org/NET/mediatypes/text/plain> rdfs:label "text/plain" ."#,
    )
}

/// An invented patient with demographics and nothing else.
pub(crate) fn bob() -> Graph {
    turtle(
        r#"_:record a sp:MedicalRecord ; sp:hasStatement _:d .
        _:d a sp:Demographics ; sp:belongsTo _:record ; foaf:gender "male" ; v:bday "1950-12-31" ;
            v:n [ a v:Name ; v:given-name "Bob" ; v:family-name "Exemplar" ] ."#,
    )
}
