use smart_rdf::vocab::dcterms;

use super::*;
use crate::records::testing::{ada, turtle};

fn assembly() -> Assembly<'static> {
    Assembly {
        api_base: "http://localhost:7000",
        record_id: "7",
        label: "r7",
    }
}

fn statements(text: &str) -> Result<Vec<Statement>, String> {
    assembly()
        .record(&turtle(text))
        .map_err(|error| error.to_string())
}

fn of_class<'a>(statements: &'a [Statement], class: NamedNodeRef<'_>) -> Vec<&'a Statement> {
    statements
        .iter()
        .filter(|statement| statement.class.as_ref() == class)
        .collect()
}

#[test]
fn statements_get_uris_below_the_record() {
    let statements = assembly().record(&ada()).unwrap();
    let base = "http://localhost:7000/records/7";
    let demographics = of_class(&statements, sp::class::DEMOGRAPHICS);
    assert_eq!(demographics[0].uri.as_str(), format!("{base}/demographics"));
    for (class, folder) in [
        (sp::class::MEDICATION, "medications"),
        (sp::class::VITAL_SIGN_SET, "vital_sign_sets"),
        (sp::class::FAMILY_HISTORY, "family_history"),
        (sp::class::ALLERGY_EXCLUSION, "allergy_exclusions"),
        (sp::class::LAB_RESULT, "lab_results"),
    ] {
        for statement in of_class(&statements, class) {
            let id = statement
                .uri
                .as_str()
                .strip_prefix(&format!("{base}/{folder}/"));
            assert_eq!(id.map(str::len), Some(36), "{}", statement.uri);
        }
        assert!(!of_class(&statements, class).is_empty(), "{folder}");
    }
}

#[test]
fn every_class_with_a_path_is_assembled() {
    for info in STATEMENTS.iter().filter(|info| info.base_path.is_some()) {
        if info.class == sp::class::MEDICAL_RECORD {
            continue;
        }
        let found = statements(&format!("[] a sp:MedicalRecord . [] a {} .", info.class)).unwrap();
        assert_eq!(found.len(), 1, "{}", info.class);
        assert!(
            !found[0].uri.as_str().contains(['{', '}']),
            "{}",
            found[0].uri
        );
    }
}

#[test]
fn every_statement_is_attached_once() {
    let statements = assembly().record(&ada()).unwrap();
    for statement in &statements {
        let owners: Vec<TermRef<'_>> = statement
            .graph
            .objects(statement.uri.as_ref(), sp::BELONGS_TO)
            .collect();
        let record = NamedNodeRef::new_unchecked("http://localhost:7000/records/7");
        assert_eq!(owners, [TermRef::from(record)], "{}", statement.uri);
    }
}

#[test]
fn a_statement_holds_what_hangs_on_it_and_no_other_statement() {
    let statements = assembly().record(&ada()).unwrap();
    let medication = of_class(&statements, sp::class::MEDICATION)
        .into_iter()
        .find(|statement| !statement.links.is_empty())
        .unwrap();
    let code = NamedNodeRef::new_unchecked("http://purl.bioontology.org/ontology/RXNORM/111");
    assert!(
        medication.graph.object(code, dcterms::IDENTIFIER).is_some(),
        "the code is described"
    );
    let fulfillment = &of_class(&statements, sp::class::FULFILLMENT)[0].uri;
    assert_eq!(medication.links, std::slice::from_ref(fulfillment));
    assert!(
        medication
            .graph
            .object(fulfillment.as_ref(), dcterms::DATE)
            .is_none(),
        "only a bare link"
    );
    assert!(
        medication
            .graph
            .object(assembly().record_uri().as_ref(), rdf::TYPE)
            .is_none()
    );
}

#[test]
fn nothing_is_lost_and_blank_labels_are_the_record_s_own() {
    let source = ada();
    let statements = assembly().record(&source).unwrap();
    let together: Graph = statements
        .iter()
        .flat_map(|statement| statement.graph.iter())
        .collect();
    // What the record says of itself is not stored; what it lacked of sp:belongsTo is added.
    let about_record = source.matching(None, Some(sp::HAS_STATEMENT), None).count() + 1;
    let lacking = 3;
    assert_eq!(together.len(), source.len() - about_record + lacking);
    for triple in &together {
        if let NamedOrBlankNodeRef::BlankNode(node) = triple.subject {
            assert!(node.as_str().starts_with("r7n"), "{node}");
        }
    }
}

#[test]
fn a_missing_record_is_added() {
    let with = statements("[] a sp:MedicalRecord . [] a sp:Problem . [] a sp:LabResult .").unwrap();
    let without = statements("[] a sp:Problem . [] a sp:LabResult .").unwrap();
    assert_eq!(without.len(), with.len());
    let record = assembly().record_uri();
    for statement in &without {
        let owner = statement
            .graph
            .object(statement.uri.as_ref(), sp::BELONGS_TO);
        assert_eq!(owner, Some(TermRef::from(record.as_ref())));
        assert!(statement.uri.as_str().starts_with(record.as_str()));
    }
}

#[test]
fn what_is_not_one_record_is_refused() {
    for (text, message) in [
        ("", "there is no sp:MedicalRecord"),
        ("[] a sp:Code .", "there is no sp:MedicalRecord"),
        (
            "[] a sp:Problem ; sp:belongsTo <http://h/records/8> .",
            "another record",
        ),
        (
            "[] a sp:MedicalRecord . [] a sp:MedicalRecord .",
            "there are 2 nodes",
        ),
        (
            "[] a sp:MedicalRecord . [] a sp:Problem, sp:Allergy .",
            "of two statement types",
        ),
        (
            "[] a sp:MedicalRecord . [] a sp:Problem ; sp:belongsTo <http://h/records/8> .",
            "another record",
        ),
    ] {
        let error = statements(text).unwrap_err();
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn a_statement_with_a_uri_keeps_it() {
    let text = "[] a sp:MedicalRecord . <http://h/x> a sp:Problem . [] a sp:Procedure ; dcterms:relation <http://h/x> .";
    let found = statements(text).unwrap();
    let problem = of_class(&found, sp::class::PROBLEM)[0];
    assert_eq!(problem.uri.as_str(), "http://h/x");
    assert_eq!(
        of_class(&found, sp::class::PROCEDURE)[0].links,
        std::slice::from_ref(&problem.uri)
    );
}

#[test]
fn a_ring_of_nodes_ends() {
    let text = "[] a sp:MedicalRecord . [] a sp:Problem ; dcterms:relation _:a . _:a dcterms:relation _:b . _:b dcterms:relation _:a .";
    assert_eq!(statements(text).unwrap()[0].graph.len(), 5);
}

#[test]
fn templates_are_filled_whatever_the_variable_is_called() {
    assert_eq!(
        fill("/records/{record_id}/photographs/{photographs}", "7", "u"),
        "/records/7/photographs/u"
    );
    assert_eq!(
        fill("/records/{record_id}/demographics", "7", "u"),
        "/records/7/demographics"
    );
    assert_eq!(fill("/records/{record_id}", "7", "u"), "/records/7");
}

#[test]
fn a_detour_does_not_hide_a_link() {
    let text = "[] a sp:MedicalRecord .
        _:m a sp:Medication ; dcterms:relation [ dcterms:relation _:f ] ; sp:fulfillment _:f ; dcterms:source _:m .
        _:f a sp:Fulfillment .";
    let found = statements(text).unwrap();
    let fulfillment = of_class(&found, sp::class::FULFILLMENT)[0].uri.clone();
    assert_eq!(
        of_class(&found, sp::class::MEDICATION)[0].links,
        [fulfillment]
    );
    // Over the detour alone it is more than one hop.
    let found = statements(&text.replace("sp:fulfillment _:f ;", "")).unwrap();
    assert!(of_class(&found, sp::class::MEDICATION)[0].links.is_empty());
}

#[test]
fn what_is_shared_is_not_copied_without_end() {
    let shared: String = (0..500)
        .map(|number| format!("_:shared dcterms:title '{number}' . "))
        .collect();
    let problems: String = (0..500)
        .map(|_| "[] a sp:Problem ; dcterms:relation _:shared . ".to_owned())
        .collect();
    let error = statements(&format!("[] a sp:MedicalRecord . {shared} {problems}")).unwrap_err();
    assert!(error.contains("share so much"), "{error}");
}
