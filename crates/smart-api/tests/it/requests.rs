//! What becomes of a typed call.

use proptest::prelude::*;
use smart_api::calls::{
    DeleteScratchpadData, GetAppManifest, GetDocument, GetLabPanel, GetLabResults, GetMedication,
    GetMedications, GetOntology, GetUser, GetVitalSignSets, PostClinicalNote, PutUserPreferences,
    SearchRecords, SearchUsers,
};
use smart_api::{ApiBase, Body, Call, CallError, Prepared};

/// The request line of a call.
fn line<C: Call, S>(call: &Prepared<C, S>) -> String {
    let base = ApiBase::parse("http://localhost:7000").expect("a plain base");
    let request = call
        .to_request()
        .and_then(|request| request.to_http(&base))
        .expect("a sound call");
    let uri = request.uri().to_string();
    format!(
        "{} {}",
        request.method(),
        uri.strip_prefix(base.as_str()).unwrap_or(&uri)
    )
}

#[test]
fn paths() {
    let check = |given: String, expected: &str| assert_eq!(given, expected);
    check(line(&GetOntology::new()), "GET /ontology");
    check(
        line(&GetMedications::new("1288992")),
        "GET /records/1288992/medications/",
    );
    check(
        line(&GetMedication::new("1288992", "a b")),
        "GET /records/1288992/medications/a%20b",
    );
    check(
        line(&GetLabPanel::new("1", "2")),
        "GET /records/1/lab_panels/2",
    );
    check(
        line(&GetUser::new("me@example.org")),
        "GET /users/me@example.org",
    );
    check(
        line(&GetAppManifest::new("my-app@apps.smartplatforms.org")),
        "GET /apps/my-app@apps.smartplatforms.org/manifest",
    );
    check(
        line(&DeleteScratchpadData::new(
            "1",
            "my-app@apps.smartplatforms.org",
        )),
        "DELETE /records/1/apps/my-app@apps.smartplatforms.org/scratchpad",
    );
}

#[test]
fn queries() {
    let check = |given: String, expected: &str| assert_eq!(given, expected);
    check(
        line(
            &GetLabResults::new("1")
                .loinc(["13457-7", "2089-1"])
                .limit(10)
                .offset(20),
        ),
        "GET /records/1/lab_results/?loinc=13457-7%7C2089-1&limit=10&offset=20",
    );
    check(
        line(
            &GetVitalSignSets::new("1")
                .encounter_type(["inpatient"])
                .date_to("2010-06-24T14:05:00+01:00"),
        ),
        "GET /records/1/vital_sign_sets/?encounter_type=inpatient&date_to=2010-06-24T14%3A05%3A00%2B01%3A00",
    );
    check(
        line(&GetDocument::new("1", "2").format("metadata")),
        "GET /records/1/documents/2?format=metadata",
    );
    check(
        line(
            &GetMedications::new("1")
                .date_from("2008")
                .limit(1)
                .date_from("2009"),
        ),
        "GET /records/1/medications/?limit=1&date_from=2009",
    );
}

/// Existing containers ignore the names that the ontology has for these, and match everything.
#[test]
fn searches_send_the_names_that_containers_read() {
    assert_eq!(
        line(
            &SearchRecords::new()
                .date_of_birth("1965-08-09")
                .zipcode("02139")
                .given_name("Daniel & Co; x=y")
        ),
        "GET /records/search?birthday=1965-08-09&zipcode=02139&given_name=Daniel%20%26%20Co%3B%20x%3Dy"
    );
    assert_eq!(
        line(&SearchUsers::new().given_name("Ada").family_name("é")),
        "GET /users/search?givenName=Ada&familyName=%C3%A9"
    );
}

#[test]
fn bodies_go_with_their_media_type() {
    let base = ApiBase::parse("https://sandbox.example.org/smart").unwrap();
    let call =
        PutUserPreferences::new("me@example.org", "my-app@example.org", Body::text("größer"));
    let request = call.to_request().unwrap().to_http(&base).unwrap();
    assert_eq!(request.method(), "PUT");
    assert_eq!(request.headers()["content-type"], "text/plain");
    assert_eq!(request.body(), "größer".as_bytes());
    assert_eq!(
        request.uri(),
        "https://sandbox.example.org/smart/users/me@example.org/apps/my-app@example.org/preferences"
    );

    let graph = smart_rdf::Syntax::Turtle
        .parse(b"<http://localhost/a> a <http://localhost/B> .")
        .unwrap();
    let call = PostClinicalNote::new("1", Body::rdf_xml(&graph).unwrap());
    let request = call.to_request().unwrap().to_http(&base).unwrap();
    assert_eq!(request.headers()["content-type"], "application/rdf+xml");
    assert!(
        smart_rdf::Syntax::RdfXml
            .parse(request.body())
            .unwrap()
            .is_isomorphic(&graph)
    );

    let read = GetOntology::new()
        .to_request()
        .unwrap()
        .to_http(&base)
        .unwrap();
    assert!(read.headers().is_empty() && read.body().is_empty());

    let odd = PostClinicalNote::new("1", Body::new("text/plain\r\nx-injected: 1", "x"));
    let error = odd.to_request().unwrap().to_http(&base).unwrap_err();
    assert!(matches!(error, CallError::ContentType { .. }), "{error}");
}

#[test]
fn values_that_a_container_would_misread_are_refused() {
    let check = |error: Result<smart_api::CallRequest, CallError>, expected: &str| {
        assert_eq!(error.map(|_| ()).unwrap_err().to_string(), expected);
    };
    let medications = || GetMedications::new("1");
    check(
        medications().rxnorm([""; 0]).to_request(),
        "`rxnorm` is empty: give it a value or leave it out",
    );
    check(
        medications().rxnorm(["1", ""]).to_request(),
        "`rxnorm` is empty: give it a value or leave it out",
    );
    check(
        SearchUsers::new().given_name("").to_request(),
        "`givenName` is empty: give it a value or leave it out",
    );
    check(
        medications().date_from("last year").to_request(),
        "`date_from` wants a date such as 2008, 2008-06 or 2008-06-24, not \"last year\"",
    );
    check(
        medications().limit(0).to_request(),
        "`limit` wants a whole number from 1 up, not \"0\"",
    );
    check(
        medications().offset(3).to_request(),
        "an offset is read only together with a limit: give a limit too",
    );
    check(
        GetMedications::new("1/../2").to_request(),
        "`record_id` holds a slash, which would begin another path segment, so it cannot stand in the path",
    );
    check(
        GetMedications::new("").to_request(),
        "`record_id` is empty, so it cannot stand in the path",
    );
}

proptest! {
    #[test]
    fn any_query_value_comes_back_as_it_was(value in "\\PC{1,20}") {
        let line = line(&SearchRecords::new().family_name(value.as_str()));
        let encoded = line.strip_prefix("GET /records/search?family_name=").unwrap();
        prop_assert!(!encoded.contains(['&', '=', ';', '+', '?', '#']));
        let decoded = percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap();
        prop_assert_eq!(decoded, value);
    }

    #[test]
    fn no_text_makes_a_request_panic(record in any::<String>(), date in any::<String>(), code in any::<String>()) {
        let call = GetMedications::new(record).date_from(date).rxnorm([code]);
        if let Ok(request) = call.to_request() {
            let base = ApiBase::parse("http://localhost:7000").unwrap();
            let request = request.to_http(&base).unwrap();
            prop_assert_eq!(request.uri().host(), Some("localhost"));
            prop_assert!(request.uri().path().starts_with("/records/"));
        }
    }
}
