use std::collections::BTreeSet;

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use http::{Method, Response};
use smart_api::vocab::{api, sp};
use smart_rdf::vocab::{dcterms, foaf, rdf};
use smart_rdf::{Graph, NamedNodeRef, TermRef};

use crate::builder::{BACKGROUND_APP_ID, DEMO_USER, UI_APP_ID};
use crate::classic::apps::AppManifest;
use crate::classic::testing::{BASE, Bench, Signer, bare, graph, text};
use crate::records::testing::{ada, bob, turtle};
use crate::sandbox::Sandbox;

fn count(graph: &Graph, class: NamedNodeRef<'_>) -> usize {
    graph.instances_of(class).count()
}

/// The value of a property of the response summary; the empty text where there is none.
fn summary(graph: &Graph, property: NamedNodeRef<'_>) -> String {
    let nodes: Vec<_> = graph.instances_of(api::class::RESPONSE_SUMMARY).collect();
    let [node] = nodes.as_slice() else {
        return format!("{} summaries", nodes.len());
    };
    match graph.object(*node, property) {
        Some(TermRef::Literal(literal)) => literal.value().to_owned(),
        _ => String::new(),
    }
}

fn bench() -> (Bench, Signer) {
    let mut bench = Bench::small();
    let app = bench.ui_with("1");
    (bench, app)
}

fn read(bench: &mut Bench, app: &Signer, path: &str) -> Graph {
    graph(&bench.get(app, path))
}

#[test]
fn lists_hold_their_class_and_one_hop_more() {
    let (mut bench, app) = bench();
    for (path, class, expected, linked, linked_count) in [
        (
            "medications",
            sp::class::MEDICATION,
            3,
            sp::class::FULFILLMENT,
            1,
        ),
        (
            "fulfillments",
            sp::class::FULFILLMENT,
            1,
            sp::class::MEDICATION,
            1,
        ),
        (
            "vital_sign_sets",
            sp::class::VITAL_SIGN_SET,
            1,
            sp::class::ENCOUNTER,
            1,
        ),
        (
            "encounters",
            sp::class::ENCOUNTER,
            1,
            sp::class::VITAL_SIGN_SET,
            0,
        ),
        (
            "lab_results",
            sp::class::LAB_RESULT,
            2,
            sp::class::MEDICATION,
            0,
        ),
        (
            "family_history",
            sp::class::FAMILY_HISTORY,
            1,
            sp::class::MEDICATION,
            0,
        ),
        (
            "clinical_notes",
            sp::class::CLINICAL_NOTE,
            1,
            sp::class::DOCUMENT,
            0,
        ),
    ] {
        let graph = read(&mut bench, &app, &format!("/records/1/{path}/"));
        assert_eq!(count(&graph, class), expected, "{path}");
        assert_eq!(count(&graph, linked), linked_count, "{path}");
        assert_eq!(count(&graph, sp::class::MEDICAL_RECORD), 0, "{path}");
        assert_eq!(
            summary(&graph, api::TOTAL_RESULT_COUNT),
            expected.to_string(),
            "{path}"
        );
        assert_eq!(
            summary(&graph, api::RESULTS_RETURNED),
            expected.to_string(),
            "{path}"
        );
        assert!(
            summary(&graph, api::PROCESSING_TIME_MS)
                .parse::<u64>()
                .is_ok(),
            "{path}"
        );
        assert_eq!(
            graph.matching(None, Some(api::RESULT_ORDER), None).count(),
            0,
            "{path}"
        );
    }
}

#[test]
fn allergies_come_with_exclusions_whatever_the_filter() {
    let (mut bench, app) = bench();
    for query in ["", "?limit=1", "?date_from=2050", "?limit=1&offset=3"] {
        let graph = read(&mut bench, &app, &format!("/records/1/allergies/{query}"));
        assert_eq!(count(&graph, sp::class::ALLERGY_EXCLUSION), 1, "{query}");
        assert_eq!(summary(&graph, api::TOTAL_RESULT_COUNT), "1", "{query}");
        assert_eq!(summary(&graph, api::RESULTS_RETURNED), "1", "{query}");
        assert_eq!(
            graph.matching(None, Some(api::RESULT_ORDER), None).count(),
            0,
            "{query}"
        );
        assert_eq!(
            graph.matching(None, Some(api::NEXT_PAGE_URL), None).count(),
            0,
            "{query}"
        );
    }
}

#[test]
fn allergies_and_exclusions_have_a_summary_each() {
    let record = turtle(
        r#"[] a sp:MedicalRecord . [] a sp:Allergy ; sp:startDate "2001" . [] a sp:Allergy ; sp:startDate "2002" .
        [] a sp:AllergyExclusion ."#,
    );
    let mut bench = Bench::new(Sandbox::builder().patient("1", record));
    let app = bench.ui_with("1");
    for (query, mut expected) in [
        ("", vec![("2", "2", false), ("1", "1", false)]),
        ("?limit=1", vec![("2", "1", true), ("1", "1", false)]),
        ("?date_from=2050", vec![("1", "1", false)]),
    ] {
        let graph = read(&mut bench, &app, &format!("/records/1/allergies/{query}"));
        let mut found: Vec<_> = graph
            .nodes_of(api::class::RESPONSE_SUMMARY)
            .map(|summary| {
                (
                    summary.text(api::TOTAL_RESULT_COUNT).unwrap(),
                    summary.text(api::RESULTS_RETURNED).unwrap(),
                    summary.nodes(api::RESULT_ORDER).next().is_some(),
                )
            })
            .collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
}

#[test]
fn what_is_not_there_is_an_empty_graph() {
    let (mut bench, app) = bench();
    for path in [
        "/records/1/immunizations/",
        "/records/1/medications/no-such-id",
        "/records/1/lab_panels/",
        "/records/1/lab_panels/7",
        "/records/1/social_history",
        "/records/1/photograph",
        "/records/1/documents/no-such-id",
        "/records/1/medications/?rxnorm=999",
        "/records/1/medications/?limit=5&offset=5",
    ] {
        assert!(read(&mut bench, &app, path).is_empty(), "{path}");
    }
}

#[test]
fn an_item_lies_at_its_own_address() {
    let (mut bench, app) = bench();
    let list = read(&mut bench, &app, "/records/1/lab_results/");
    for item in list.instances_of(sp::class::LAB_RESULT) {
        let uri = item.to_string();
        let path = uri.trim_matches(['<', '>']).strip_prefix(BASE).unwrap();
        let graph = read(&mut bench, &app, path);
        assert_eq!(count(&graph, sp::class::LAB_RESULT), 1);
        assert_eq!(summary(&graph, api::TOTAL_RESULT_COUNT), "1");
        // The same id under another class is another address.
        let elsewhere = path.replace("lab_results", "problems");
        assert!(read(&mut bench, &app, &elsewhere).is_empty());
    }
    let demographics = read(&mut bench, &app, "/records/1/demographics");
    let subject = NamedNodeRef::new_unchecked("http://localhost:7000/records/1/demographics");
    assert!(demographics.object(subject, foaf::GENDER).is_some());
}

#[test]
fn pages_tell_their_order_and_the_next() {
    let (mut bench, app) = bench();
    let graph = read(
        &mut bench,
        &app,
        "/records/1/medications/?limit=1&date_from=2008",
    );
    assert_eq!(summary(&graph, api::TOTAL_RESULT_COUNT), "2");
    assert_eq!(summary(&graph, api::RESULTS_RETURNED), "1");
    let next = summary(&graph, api::NEXT_PAGE_URL);
    assert_eq!(
        next,
        format!("{BASE}/records/1/medications/?date_from=2008&limit=1&offset=1")
    );
    let order = graph
        .matching(None, Some(api::RESULT_ORDER), None)
        .next()
        .unwrap()
        .object;
    let TermRef::BlankNode(head) = order else {
        panic!("{order}")
    };
    assert!(matches!(
        graph.object(head, rdf::FIRST),
        Some(TermRef::NamedNode(_))
    ));
    assert_eq!(graph.object(head, rdf::REST), Some(TermRef::from(rdf::NIL)));

    let graph = read(&mut bench, &app, next.strip_prefix(BASE).unwrap());
    assert_eq!(summary(&graph, api::RESULTS_RETURNED), "1");
    assert_eq!(summary(&graph, api::NEXT_PAGE_URL), "");
}

#[test]
fn every_api_answer_may_be_read_by_the_container_s_pages() {
    let (mut bench, app) = bench();
    for path in [
        "/manifest",
        "/records/1/medications/",
        "/records/2/medications/",
        "/users/search",
    ] {
        let response = bench.get(&app, path);
        assert_eq!(
            response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN],
            BASE,
            "{path}"
        );
    }
}

#[test]
fn another_record_is_forbidden_and_no_token_is_unauthorized() {
    let (mut bench, app) = bench();
    let background = bench.background_with("1");
    for path in [
        "/records/{}/medications/",
        "/records/{}/demographics",
        "/records/{}/documents/",
        "/records/{}/apps/my-app@apps.smartplatforms.org/scratchpad",
    ] {
        let (own, other) = (path.replace("{}", "1"), path.replace("{}", "2"));
        for signer in [&app, &background] {
            assert_eq!(bench.get(signer, &own).status(), 200, "{own}");
            let refusal = bench.get(signer, &other);
            assert_eq!(refusal.status(), 403, "{other}");
            assert_eq!(text(&refusal), "<h1>Permission denied</h1>");
        }
        assert_eq!(
            bench.get(&Signer::ui(), &own).status(),
            403,
            "{own} two-legged"
        );
        assert_eq!(
            bench.send(&bare(Method::GET, &own)).status(),
            401,
            "{own} unsigned"
        );
    }
    // A record that does not exist is nobody's: there is nothing to learn from the status.
    assert_eq!(bench.get(&app, "/records/99/medications/").status(), 403);
}

#[test]
fn routes_are_looked_at_before_signatures() {
    let bench = Bench::small();
    for (method, path, status) in [
        (Method::GET, "/nothing/here", 404),
        (Method::GET, "/records/1/medications", 404),
        (Method::PUT, "/records/1/medications/", 405),
        (Method::HEAD, "/records/1/medications/", 405),
        (Method::HEAD, "/manifest", 405),
        (Method::GET, "/records/1/medications/", 401),
    ] {
        let response = bench.send(&bare(method.clone(), path));
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(response.headers().contains_key("allow"), status == 405);
    }
}

#[test]
fn files_are_described_or_served() {
    let (mut bench, app) = bench();
    let list = read(&mut bench, &app, "/records/1/documents/");
    assert_eq!(list.instances_of(api::class::RESPONSE_SUMMARY).count(), 0);
    let paged = read(&mut bench, &app, "/records/1/documents/?limit=5");
    assert_eq!(
        count(&paged, sp::class::DOCUMENT),
        1,
        "documents are sorted by a date that they have"
    );
    let uri = list
        .instances_of(sp::class::DOCUMENT)
        .next()
        .unwrap()
        .to_string();
    let path = uri
        .trim_matches(['<', '>'])
        .strip_prefix(BASE)
        .unwrap()
        .to_owned();

    for query in ["", "?format=raw"] {
        let raw = bench.get(&app, &format!("{path}{query}"));
        assert_eq!(raw.headers()[CONTENT_TYPE], "text/plain");
        assert_eq!(text(&raw), "Dear colleague");
    }
    for (query, has_content) in [
        ("?format=metadata", false),
        ("?format=odd", false),
        ("?format=combined", true),
    ] {
        let graph = read(&mut bench, &app, &format!("{path}{query}"));
        assert_eq!(
            count(&graph, sp::class::CONTENT),
            usize::from(has_content),
            "{query}"
        );
        let hash = graph.instances_of(sp::class::HASH).next().unwrap();
        let value = graph.object(hash, sp::VALUE).unwrap();
        assert_eq!(value.to_string(), format!("\"{LETTER_HASH}\""));
        let size = graph
            .instances_of(sp::class::VALUE_AND_UNIT)
            .next()
            .unwrap();
        assert_eq!(graph.object(size, sp::VALUE).unwrap().to_string(), "\"14\"");
    }
}

/// A record with three documents in a folder: one beside it, one lost, one that says it is base64
/// and is not.
fn folder_with_documents() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let record = r#"@prefix sp: <http://smartplatforms.org/terms#> . @prefix dcterms: <http://purl.org/dc/terms/> .
        [] a sp:MedicalRecord .
        [] a sp:Document ; dcterms:title "beside" ; sp:fileName "scan.pdf" ;
            sp:fileSize [ a sp:ValueAndUnit ; sp:value "999" ; sp:unit "byte" ] ;
            dcterms:format <http://purl.org/NET/mediatypes/application/pdf> .
        [] a sp:Document ; dcterms:title "lost" ; sp:fileName "lost.pdf" .
        [] a sp:Document ; dcterms:title "broken" ; sp:fileName "scan.pdf" ;
            sp:resource [ sp:content [ sp:encoding "Base64" ; sp:value "?" ] ] .
        [] a sp:Photograph ; sp:fileName "face.png" ; dcterms:format <http://purl.org/NET/mediatypes/image/png> ."#;
    let documents = folder.path().join("documents/1");
    std::fs::create_dir_all(&documents).unwrap();
    for (name, content) in [("scan.pdf", "Dear colleague"), ("face.png", "a face")] {
        std::fs::write(documents.join(name), content).unwrap();
    }
    std::fs::write(folder.path().join("p1.ttl"), record).unwrap();
    folder
}

#[test]
fn files_beside_a_record_are_served_with_their_size_and_hash() {
    let folder = folder_with_documents();
    let record = std::fs::read_to_string(folder.path().join("p1.ttl")).unwrap();
    let without_broken = record.replace("\"Base64\"", "\"UTF-8\"");
    std::fs::write(folder.path().join("p1.ttl"), without_broken).unwrap();
    let mut bench = Bench::new(Sandbox::builder().patients(folder.path()));
    assert_eq!(bench.container.load_problems().len(), 1, "one file is lost");
    let app = bench.ui_with("1");
    let list = read(&mut bench, &app, "/records/1/documents/");
    let path = |title: &str| {
        let document = list
            .nodes_of(sp::class::DOCUMENT)
            .find(|document| document.text(dcterms::TITLE) == Some(title))
            .unwrap();
        let iri = document.iri().unwrap().as_str();
        iri.strip_prefix(BASE).unwrap().to_owned()
    };

    let raw = bench.get(&app, &path("beside"));
    assert_eq!(raw.headers()[CONTENT_TYPE], "application/pdf");
    assert_eq!(text(&raw), "Dear colleague");
    let combined = read(
        &mut bench,
        &app,
        &format!("{}?format=combined", path("beside")),
    );
    let value_of = |class| {
        let mut nodes = combined.nodes_of(class);
        let node = nodes.next().unwrap();
        assert!(nodes.next().is_none(), "what the record stated is replaced");
        node.text(sp::VALUE).unwrap().to_owned()
    };
    assert_eq!(value_of(sp::class::VALUE_AND_UNIT), "14");
    assert_eq!(value_of(sp::class::HASH), LETTER_HASH);
    assert_eq!(value_of(sp::class::CONTENT), "RGVhciBjb2xsZWFndWU=");

    let face = bench.get(&app, "/records/1/photograph");
    assert_eq!(face.headers()[CONTENT_TYPE], "image/png");
    assert_eq!(text(&face), "a face");

    assert_eq!(bench.get(&app, &path("lost")).status(), 500);
    let metadata = read(
        &mut bench,
        &app,
        &format!("{}?format=metadata", path("lost")),
    );
    assert_eq!(count(&metadata, sp::class::HASH), 0);
}

#[test]
fn bytes_that_cannot_be_read_are_not_left_out_in_silence() {
    let folder = folder_with_documents();
    let mut bench = Bench::new(Sandbox::builder().patients(folder.path()));
    let app = bench.ui_with("1");
    assert_eq!(bench.get(&app, "/records/1/documents/").status(), 500);
    // a file that was there when the sandbox started
    std::fs::remove_file(folder.path().join("documents/1/face.png")).unwrap();
    assert_eq!(bench.get(&app, "/records/1/photograph").status(), 500);
}

/// What `sha256sum` prints for the letter.
const LETTER_HASH: &str = "715a44cf4dd6350e3b7d8ec775c36b8000450e1b5387cf672d1a1dfa82c54cc3";

#[test]
fn a_scratchpad_is_written_echoed_read_and_forgotten() {
    let (mut bench, app) = bench();
    let path = format!("/records/1/apps/{UI_APP_ID}/scratchpad");
    let empty = bench.get(&app, &path);
    assert_eq!((empty.status().as_u16(), text(&empty)), (200, ""));
    assert_eq!(empty.headers()[CONTENT_TYPE], "text/plain");

    let put = bench.call_with(
        &app,
        Method::PUT,
        &path,
        "Application/JSON; charset=utf-8",
        "{\"a\": 1}",
    );
    for response in [put, bench.get(&app, &path)] {
        assert_eq!(text(&response), "{\"a\": 1}");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    }
    for _ in 0..2 {
        let deleted = bench.call(&app, Method::DELETE, &path);
        assert_eq!((deleted.status().as_u16(), text(&deleted)), (200, "ok"));
        assert_eq!(deleted.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    }
    assert_eq!(text(&bench.get(&app, &path)), "");
}

#[test]
fn a_scratchpad_is_read_by_all_and_written_by_its_app() {
    let (mut bench, app) = bench();
    let background = bench.background_with("1");
    let own = format!("/records/1/apps/{UI_APP_ID}/scratchpad");
    let other = format!("/records/1/apps/{BACKGROUND_APP_ID}/scratchpad");
    for (signer, method, path, status) in [
        (&background, Method::GET, &own, 200),
        (&app, Method::GET, &other, 200),
        (&app, Method::PUT, &other, 403),
        (&app, Method::DELETE, &other, 403),
        (&background, Method::PUT, &other, 403),
        (&background, Method::DELETE, &other, 403),
    ] {
        assert_eq!(
            bench.call(signer, method.clone(), path).status(),
            status,
            "{method} {path}"
        );
    }
}

#[test]
fn preferences_belong_to_an_app_and_a_user() {
    let (mut bench, app) = bench();
    let background = bench.background_with("1");
    let own = format!("/users/{DEMO_USER}/apps/{UI_APP_ID}/preferences");
    let put = bench.call_with(&app, Method::PUT, &own, "text/plain", "dark");
    assert_eq!(text(&put), "dark");
    assert_eq!(text(&bench.get(&app, &own)), "dark");
    for (signer, path) in [
        (
            &app,
            format!("/users/{DEMO_USER}/apps/{BACKGROUND_APP_ID}/preferences"),
        ),
        (
            &app,
            format!("/users/eve@example.org/apps/{UI_APP_ID}/preferences"),
        ),
        (&background, own.clone()),
    ] {
        assert_eq!(bench.get(signer, &path).status(), 403, "{path}");
    }
    assert_eq!(bench.call(&app, Method::DELETE, &own).status(), 200);
    assert_eq!(text(&bench.get(&app, &own)), "");
}

#[test]
fn browsers_may_ask_first() {
    let bench = Bench::small();
    let response = bench.send(&bare(Method::OPTIONS, "/records/1/apps/a/scratchpad"));
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("access-control-allow-origin", BASE),
        ("access-control-allow-methods", "POST, GET, PUT, DELETE"),
        (
            "access-control-allow-headers",
            "authorization,x-requested-with,content-type",
        ),
        ("access-control-max-age", "60"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
}

const NOTE: &str = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:sp="http://smartplatforms.org/terms#" xmlns:dcterms="http://purl.org/dc/terms/">
    <sp:ClinicalNote><dcterms:title>Second note</dcterms:title><dcterms:date>2013-01-01</dcterms:date>
    BELONGS</sp:ClinicalNote></rdf:RDF>"#;

fn post(bench: &mut Bench, app: &Signer, body: &str) -> Response<Bytes> {
    bench.call_with(
        app,
        Method::POST,
        "/records/1/clinical_notes/",
        "application/rdf+xml",
        body,
    )
}

#[test]
fn a_note_is_added_and_answered_as_stored() {
    let (mut bench, app) = bench();
    let stored = graph(&post(&mut bench, &app, &NOTE.replace("BELONGS", "")));
    let note = stored
        .instances_of(sp::class::CLINICAL_NOTE)
        .next()
        .unwrap();
    assert!(
        note.to_string()
            .starts_with("<http://localhost:7000/records/1/clinical_notes/")
    );
    let record = NamedNodeRef::new_unchecked("http://localhost:7000/records/1");
    assert_eq!(
        stored.object(note, sp::BELONGS_TO),
        Some(TermRef::from(record))
    );
    assert!(
        stored
            .objects(record, sp::HAS_STATEMENT)
            .any(|term| term.to_string() == note.to_string())
    );
    assert_eq!(count(&stored, sp::class::MEDICAL_RECORD), 1);

    let list = read(&mut bench, &app, "/records/1/clinical_notes/?limit=1");
    assert_eq!(
        list.object(note, dcterms::TITLE).unwrap().to_string(),
        "\"Second note\""
    );
    assert_eq!(summary(&list, api::TOTAL_RESULT_COUNT), "2");
}

#[test]
fn turtle_is_understood_too() {
    let (mut bench, app) = bench();
    let body = "@prefix sp: <http://smartplatforms.org/terms#> . [] a sp:ClinicalNote .";
    assert_eq!(
        count(
            &graph(&post(&mut bench, &app, body)),
            sp::class::CLINICAL_NOTE
        ),
        1
    );
}

#[test]
fn what_cannot_be_added_is_refused() {
    let (mut bench, app) = bench();
    let own = "<sp:belongsTo rdf:resource=\"http://localhost:7000/records/1\"/>";
    let other = "<sp:belongsTo rdf:resource=\"http://localhost:7000/records/2\"/>";
    let at = |uri: &str| {
        let about = format!("<sp:ClinicalNote rdf:about=\"{uri}\">");
        NOTE.replace("BELONGS", "")
            .replace("<sp:ClinicalNote>", &about)
    };
    let odd_node = "<dcterms:relation><sp:Oddity/></dcterms:relation>";
    let record = "<dcterms:relation><sp:MedicalRecord rdf:about=\"http://localhost:7000/records/2\"/></dcterms:relation>";
    for (body, status) in [
        (NOTE.replace("BELONGS", own), 200),
        (NOTE.replace("BELONGS", other), 409),
        (NOTE.replace("BELONGS", &format!("{own}{other}")), 409),
        (NOTE.replace("BELONGS", odd_node), 409),
        (NOTE.replace("BELONGS", record), 409),
        (
            NOTE.replace("sp:ClinicalNote", "sp:Oddity")
                .replace("BELONGS", ""),
            409,
        ),
        (at("http://localhost:7000/records/2/clinical_notes/7"), 409),
        (at("http://localhost:7000/records/1/demographics"), 409),
        ("not RDF".to_owned(), 400),
        (
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"/>".to_owned(),
            400,
        ),
    ] {
        let response = post(&mut bench, &app, &body);
        assert_eq!(response.status(), status, "{body}: {}", text(&response));
        if status == 400 {
            assert_eq!(text(&response), "");
        }
    }
    let notes = read(&mut bench, &app, "/records/1/clinical_notes/");
    assert_eq!(
        count(&notes, sp::class::CLINICAL_NOTE),
        2,
        "one of them was there before"
    );
}

fn frame_app() -> AppManifest {
    AppManifest::from_json(
        br#"{"name": "F", "description": "D", "id": "frame@apps.example.org", "mode": "frame_ui",
            "index": "http://localhost/i", "icon": "http://localhost/j", "oauth_callback": "http://localhost/c"}"#,
    )
    .unwrap()
}

/// The given names that a search finds.
fn search(bench: &mut Bench, app: &Signer, query: &str) -> BTreeSet<String> {
    let graph = read(bench, app, &format!("/records/search{query}"));
    assert_eq!(graph.instances_of(api::class::RESPONSE_SUMMARY).count(), 0);
    let names = smart_rdf::vocab::vcard::GIVEN_NAME;
    let names = graph.matching(None, Some(names), None);
    names
        .map(|triple| triple.object.to_string().trim_matches('"').to_owned())
        .collect()
}

#[test]
fn records_are_found_by_demographics() {
    let mut bench = Bench::small();
    let app = bench.background_with("1");
    for (query, expected) in [
        ("", "Ada Bob"),
        ("?family_name=exam", "Ada"),
        ("?family_name=EXEMPLAR", "Bob"),
        ("?family_name=xample", ""),
        ("?given_name=b", "Bob"),
        ("?gender=F", "Ada"),
        ("?zipcode=70000", "Ada"),
        ("?zipcode=7000", ""),
        ("?birthday=1950-12-31", "Bob"),
        ("?date_of_birth=1950-12-31", "Bob"),
        ("?birthday=1950", ""),
        ("?medical_record_number=42", "Ada"),
        ("?given_name=a&gender=male", ""),
        ("?app_id=70000", "Ada Bob"),
    ] {
        let found: Vec<String> = search(&mut bench, &app, query).into_iter().collect();
        assert_eq!(found.join(" "), expected, "{query}");
    }
}

#[test]
fn records_are_found_by_a_query() {
    let mut bench = Bench::small();
    let app = bench.background_with("1");
    let query =
        "PREFIX sp: <http://smartplatforms.org/terms#> PREFIX foaf: <http://xmlns.com/foaf/0.1/>
        CONSTRUCT { ?d a sp:Demographics } WHERE { ?d a sp:Demographics ; foaf:gender 'male' }";
    let path = format!("?gender=female&sparql={}", crate::form::encode(query));
    assert_eq!(
        search(&mut bench, &app, &path)
            .into_iter()
            .collect::<Vec<_>>(),
        ["Bob"]
    );
    for bad in ["nonsense", "SELECT ?s { ?s ?p ?o }", "DROP ALL"] {
        let path = format!("/records/search?sparql={}", crate::form::encode(bad));
        assert_eq!(bench.get(&app, &path).status(), 500, "{bad}");
    }
}

#[test]
fn only_some_apps_may_search() {
    let builder = Sandbox::builder()
        .patient("1", ada())
        .patient("2", bob())
        .app(frame_app(), "s");
    let mut bench = Bench::new(builder);
    let ui = bench.ui_with("1");
    let frame = bench.dance(&Signer::new("frame@apps.example.org", "s"), "1");
    assert_eq!(bench.get(&ui, "/records/search").status(), 403);
    assert_eq!(bench.get(&frame, "/records/search").status(), 200);
    assert_eq!(
        bench.get(&Signer::background(), "/records/search").status(),
        403
    );
}

#[test]
fn users_are_read_and_found() {
    let (mut bench, app) = bench();
    let graph = read(&mut bench, &app, &format!("/users/{DEMO_USER}"));
    let user =
        NamedNodeRef::new_unchecked("http://localhost:7000/users/demouser@smartplatforms.org");
    let types: BTreeSet<String> = graph
        .objects(user, rdf::TYPE)
        .map(|term| term.to_string())
        .collect();
    assert_eq!(
        types.into_iter().collect::<Vec<_>>(),
        [
            "<http://smartplatforms.org/terms#User>",
            "<http://smartplatforms.org/terms#user>"
        ]
    );
    let mail = graph.object(user, foaf::MBOX).unwrap().to_string();
    assert_eq!(mail, "\"mailto:demouser@smartplatforms.org\"");

    let unknown = bench.get(&app, "/users/eve@example.org");
    assert_eq!((unknown.status().as_u16(), text(&unknown)), (404, ""));

    for (query, found) in [
        ("", 1),
        ("?givenName=EM", 1),
        ("?given_name=em", 1),
        ("?family_name=nobody", 0),
        ("?department=develop&role=test", 1),
        ("?role=surgeon", 0),
    ] {
        let graph = read(&mut bench, &app, &format!("/users/search{query}"));
        assert_eq!(count(&graph, sp::class::USER), found, "{query}");
    }
    assert_eq!(bench.get(&Signer::ui(), "/users/search").status(), 403);
}

#[test]
fn app_manifests_are_listed_and_read() {
    let (mut bench, app) = bench();
    for path in ["/apps/manifests/", "/apps/manifests"] {
        let list = bench.get(&app, path);
        assert_eq!(list.headers()[CONTENT_TYPE], "application/json");
        let list: serde_json::Value = serde_json::from_slice(list.body()).unwrap();
        assert_eq!(list.as_array().unwrap().len(), 3);
    }
    let one = bench.get(&app, &format!("/apps/{BACKGROUND_APP_ID}/manifest"));
    let one: serde_json::Value = serde_json::from_slice(one.body()).unwrap();
    assert_eq!(one["mode"], "background");
    assert_eq!(
        bench
            .get(&app, "/apps/nobody@apps.example.org/manifest")
            .status(),
        404
    );
    assert_eq!(
        bench.send(&bare(Method::GET, "/apps/manifests/")).status(),
        401
    );
    assert_eq!(
        bench
            .get(&Signer::background(), "/apps/manifests/")
            .status(),
        403
    );
}
