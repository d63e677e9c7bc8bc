//! What readers find, and what writers leave alone.

use smart_rdf::{Graph, Syntax};

use crate::codes::{self, AllergySeverity};
use crate::model::{Finding, Model, Reading};
use crate::models::{
    Address, Allergy, CodedValue, Fulfillment, LabResult, Medication, User, VitalSignSet,
};
use crate::{CodeSet as _, Required};

const PREFIXES: &str = "
    @prefix dcterms: <http://purl.org/dc/terms/> .
    @prefix sp: <http://smartplatforms.org/terms#> .
    @prefix spcode: <http://smartplatforms.org/terms/codes/> .
    @prefix v: <http://www.w3.org/2006/vcard/ns#> .
    @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
    @prefix rxnorm: <http://purl.bioontology.org/ontology/RXNORM/> .
    @prefix snomed: <http://purl.bioontology.org/ontology/SNOMEDCT/> .
    @prefix : <http://e.org/records/1/medications/> .
";

const SOUND: &str = r#"
    :1 a sp:Medication ; sp:belongsTo <http://e.org/records/1> ; sp:instructions "1 daily" ; sp:startDate "2009-02-03" ;
        sp:fulfillment :f ;
        sp:drugName [ a sp:CodedValue ; dcterms:title "Aspirin" ; sp:code rxnorm:1191 ] .
    rxnorm:1191 a sp:Code, spcode:RxNorm_Semantic ; dcterms:title "Aspirin" ;
        sp:system "http://purl.bioontology.org/ontology/RXNORM/" ; dcterms:identifier "1191" .
    :f a sp:Fulfillment ; sp:belongsTo <http://e.org/records/1> ; dcterms:date "2009-02-05" ; sp:medication :1 ;
        sp:dispenseDaysSupply "30" .
"#;

fn graph(text: &str) -> Graph {
    Syntax::Turtle
        .parse(format!("{PREFIXES}{text}").as_bytes())
        .unwrap()
}

fn only<T: Model>(text: &str) -> (T, Reading<Vec<T>>) {
    let reading = T::all_in(&graph(text));
    assert_eq!(reading.len(), 1);
    (reading[0].clone(), reading)
}

fn identifier(medication: &Medication) -> &str {
    let code = medication.drug_name.get().unwrap().code.get();
    code.unwrap().identifier.get().unwrap()
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

/// One change to the sound example, and what is found then.
fn check(from: &str, to: &str, expected: &[&str]) -> Medication {
    assert!(SOUND.contains(from), "{from}");
    let (medication, reading) = only::<Medication>(&SOUND.replacen(from, to, 1));
    let prefix = "<http://e.org/records/1/medications/1> ";
    let findings: Vec<_> = told(reading.findings())
        .into_iter()
        .map(|finding| finding.replacen(prefix, "", 1))
        .collect();
    assert_eq!(findings, expected, "{to}");
    medication
}

#[test]
fn a_sound_statement_has_no_findings() {
    let medication = check("", "", &[]);
    assert_eq!(medication.drug_name.title().unwrap(), "Aspirin");
    assert_eq!(identifier(&medication), "1191");
    assert_eq!(medication.start_date.get().unwrap().year(), Some(2009));
    assert_eq!(
        medication.subject.iri(),
        Some("http://e.org/records/1/medications/1")
    );
    assert_eq!(
        medication.belongs_to.get().unwrap().iri(),
        Some("http://e.org/records/1")
    );
}

#[test]
fn what_breaks_the_ontology_is_kept_and_listed() {
    let medication = check(
        "\"2009-02-03\"",
        "\"last spring\"",
        &[r#"sp:startDate: expected a date, found "last spring""#],
    );
    let date = medication.start_date.get().unwrap();
    assert_eq!((date.as_str(), date.year()), ("last spring", None));

    let medication = check(
        "sp:belongsTo <http://e.org/records/1> ;",
        "",
        &["sp:belongsTo: expected exactly one, found none"],
    );
    assert!(medication.belongs_to.is_missing());

    let medication = check(
        r#"dcterms:title "Aspirin" ; sp:code"#,
        r#"dcterms:title "Aspirin", "ASS" ; sp:code"#,
        &[r#"sp:drugName/dcterms:title: expected exactly one, found "Aspirin", "ASS""#],
    );
    assert_eq!(medication.drug_name.title().unwrap(), "Aspirin");

    let expected = "rdf:type: expected no other class, found sp:Statement";
    check(
        "a sp:Medication",
        "a sp:Medication, sp:Statement",
        &[expected],
    );

    let expected = "sp:drugName: expected a node of class sp:CodedValue, found \"Aspirin\"";
    let from = r#"[ a sp:CodedValue ; dcterms:title "Aspirin" ; sp:code rxnorm:1191 ]"#;
    let medication = check(from, "\"Aspirin\"", &[expected]);
    assert_eq!(medication.drug_name.as_option(), None);
    assert_eq!(
        medication.drug_name.title().unwrap_err().to_string(),
        "sp:drugName of <http://e.org/records/1/medications/1> cannot be read: found \"Aspirin\""
    );

    let expected = "sp:drugName/rdf:type: expected a node of class sp:CodedValue, found none";
    let medication = check("[ a sp:CodedValue ;", "[", &[expected]);
    assert_eq!(medication.drug_name.title().unwrap(), "Aspirin");

    let expected = "sp:dosage: expected no such property, found \"2 daily\"";
    check("sp:fulfillment :f", "sp:dosage \"2 daily\"", &[expected]);

    let expected =
        "sp:drugName/sp:code: expected a code of class spcode:RxNorm_Semantic, found spcode:SNOMED";
    check("spcode:RxNorm_Semantic", "spcode:SNOMED", &[expected]);

    let expected = "sp:drugName/sp:code: expected the code's address to be system and identifier, \
                    found <http://purl.bioontology.org/ontology/RXNORM/1191>";
    check("\"1191\"", "\"1192\"", &[expected]);

    let expected = "sp:fulfillment: expected a node of class sp:Fulfillment, found sp:Medication";
    check("sp:fulfillment :f", "sp:fulfillment :1", &[expected]);
    let expected = "sp:instructions: expected a text, found <http://e.org/records/1/medications/f>";
    let medication = check(
        "sp:instructions \"1 daily\"",
        "sp:instructions :f",
        &[expected],
    );
    assert_eq!(
        medication.instructions.get().unwrap(),
        "http://e.org/records/1/medications/f"
    );
}

/// A graph in which a required value is missing, and what reading it says.
#[test]
fn a_missing_required_value_is_an_error_that_names_property_and_node() {
    let missing = |from: &str, to: &str| {
        let (medication, _) = only::<Medication>(&SOUND.replacen(from, to, 1));
        let whole = medication.drug_name.title().map(str::to_owned);
        whole.and_then(|_| medication.start_date.get().map(ToString::to_string))
    };
    assert_eq!(missing("", "").unwrap(), "2009-02-03");
    for (from, to, expected, property) in [
        (
            r#"dcterms:title "Aspirin" ; sp:code"#,
            "sp:code",
            "<http://e.org/records/1/medications/1> has no sp:drugName/dcterms:title, which the ontology requires",
            "http://purl.org/dc/terms/title",
        ),
        (
            r#"sp:drugName [ a sp:CodedValue ; dcterms:title "Aspirin" ; sp:code rxnorm:1191 ]"#,
            "",
            "<http://e.org/records/1/medications/1> has no sp:drugName, which the ontology requires",
            "http://smartplatforms.org/terms#drugName",
        ),
        (
            r#""2009-02-03""#,
            "[]",
            "sp:startDate of <http://e.org/records/1/medications/1> cannot be read: found a blank node",
            "http://smartplatforms.org/terms#startDate",
        ),
    ] {
        let error = missing(from, to).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.property().unwrap().as_str(), property);
        assert!(error.node().is_some());
    }
}

#[test]
fn what_is_allowed_is_remarked_on() {
    let (_, reading) = only::<Medication>(&SOUND.replace("2009-02-03", "2009"));
    assert!(reading.findings().is_empty());
    assert!(
        told(reading.remarks())[0].ends_with("sp:startDate: expected a full date, found \"2009\"")
    );
    let (_, reading) = only::<Medication>(&SOUND.replace("\"1191\"", "1191"));
    let remarks = told(reading.remarks());
    assert!(
        remarks[0].ends_with("expected a text without datatype, found \"1191\"^^xsd:integer"),
        "{remarks:?}"
    );
    assert_eq!(identifier(&reading[0]), "1191");
}

#[test]
fn quantities_keep_their_text_and_units_are_compared() {
    let text = r#"<http://e.org/records/1/vital_sign_sets/1> a sp:VitalSignSet ; sp:belongsTo <http://e.org/records/1> ;
        dcterms:date "2011-01-02" ; sp:encounter <http://e.org/records/1/encounters/1> ;
        sp:height [ a sp:VitalSign ; sp:value "tall" ; sp:unit "m" ] ."#;
    let (set, reading) = only::<VitalSignSet>(text);
    let height = set.height.unwrap();
    let value = height.value.get().unwrap();
    assert_eq!((value.as_str(), value.as_f64()), ("tall", None));
    let findings: Vec<_> = told(reading.findings());
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings[0].ends_with(r#"sp:height/sp:unit: expected the unit "cm", found "m""#));
    assert!(findings[1].ends_with(r#"sp:height/sp:value: expected a number, found "tall""#));
}

#[test]
fn misnomers_are_read_and_told() {
    let text = r#"[] a v:Address, v:Home ; v:country "USA" ; v:region "OK" ."#;
    let (address, reading) = only::<Address>(text);
    assert_eq!(address.country_name.as_deref(), Some("USA"));
    let [finding] = reading.findings() else {
        panic!("{:?}", reading.findings())
    };
    assert!(
        finding
            .to_string()
            .ends_with("v:country: expected it to be called v:country-name, found \"USA\"")
    );
    let (user, reading) = only::<User>("<http://e.org/users/1> a sp:user ; sp:role \"nurse\" .");
    assert_eq!(user.role.as_deref(), Some("nurse"));
    let expected = "rdf:type: expected a node of class sp:User, found sp:user";
    let findings = told(reading.findings());
    assert!(
        findings.iter().any(|finding| finding.ends_with(expected)),
        "{findings:?}"
    );
}

#[test]
fn references_lead_through_the_same_graph() {
    let (medication, reading) = only::<Medication>(SOUND);
    let fulfillment = reading.follow(&medication.fulfillments[0]).unwrap();
    let supply = fulfillment.dispense_days_supply.get().unwrap();
    assert_eq!(supply.as_f64(), Some(30.0));
    let back = fulfillment.follow(fulfillment.medication.get().unwrap());
    let back = back.unwrap();
    assert_eq!(*back, medication);
    assert!(
        reading
            .follow(medication.belongs_to.get().unwrap())
            .is_none()
    );
    assert_eq!(reading.others::<Fulfillment>().len(), 1);
}

#[test]
fn closed_lists_are_enums() {
    let allergy = |code: &str, description: &str| {
        let text = format!(
            "<http://e.org/records/1/allergies/1> a sp:Allergy ;
                sp:severity [ a sp:CodedValue ; dcterms:title \"x\" ; sp:code snomed:{code} ] .
            snomed:{code} a sp:Code, spcode:AllergySeverity ; {description} sp:system \"http://purl.bioontology.org/ontology/SNOMEDCT/\" ;
                dcterms:identifier \"{code}\" ."
        );
        only::<Allergy>(&text)
    };
    let (severe, _) = allergy("24484000", "dcterms:title \"Severe\" ;");
    let severity = severe.severity.get().unwrap().code.get().unwrap();
    assert_eq!(*severity, AllergySeverity::Severe);
    assert_eq!(severity.title().unwrap(), "Severe");
    let (other, reading) = allergy("1", "dcterms:title \"Odd\" ;");
    let severity = other.severity.get().unwrap().code.get().unwrap();
    assert!(matches!(severity, AllergySeverity::Other(_)), "{other:?}");
    assert_eq!(severity.title().unwrap(), "Odd");
    let (untitled, _) = allergy("1", "");
    let severity = untitled.severity.get().unwrap().code.get().unwrap();
    assert!(severity.title().is_err(), "{untitled:?}");
    let expected = "sp:severity/sp:code: expected one of the codes of spcode:AllergySeverity, \
                    found <http://purl.bioontology.org/ontology/SNOMEDCT/1>";
    assert!(
        told(reading.findings())
            .iter()
            .any(|finding| finding.ends_with(expected)),
        "{:?}",
        told(reading.findings())
    );
    for (member, known) in AllergySeverity::MEMBERS {
        assert_eq!(
            (member.known(), member.iri()),
            (Some(known), Some(known.iri()))
        );
    }
    assert!(codes::ModalityType::MEMBERS.len() > 30);
}

#[test]
fn writing_back_changes_what_was_changed_and_nothing_else() {
    let odd = r#":1 sp:dosage "2 daily" ; sp:startDate "2010" . rxnorm:1191 <http://e.org/price> "cheap" ."#;
    let before = graph(&format!("{SOUND}{odd}"));
    let mut medication = Medication::all_in(&before).into_value().remove(0);
    assert!(medication.write_into(&before).is_isomorphic(&before));

    medication.drug_name.as_option_mut().unwrap().title = "Acetylsalicylic acid".into();
    medication.quantity = None;
    medication.instructions = Required::from("2 daily");
    let after = medication.write_into(&before);
    let expected = format!("{SOUND}{odd}")
        .replace(
            r#"dcterms:title "Aspirin" ; sp:code"#,
            r#"dcterms:title "Acetylsalicylic acid" ; sp:code"#,
        )
        .replace("1 daily", "2 daily");
    assert!(after.is_isomorphic(&graph(&expected)), "{after:?}");
}

#[test]
fn what_is_new_gets_nodes_of_its_own() {
    let name = CodedValue {
        title: "Aspirin".into(),
        ..CodedValue::default()
    };
    let medication = Medication {
        drug_name: name.into(),
        ..Medication::default()
    };
    let graph = medication.to_graph();
    assert!(
        graph.is_isomorphic(&self::graph(
            "[] a sp:Medication ; sp:drugName [ a sp:CodedValue ; dcterms:title 'Aspirin' ] ."
        )),
        "{graph:?}"
    );
    // A graph that has taken the same labels keeps them.
    let taken = self::graph("_:new0 dcterms:title 'x' . _:new1 dcterms:title 'y' .");
    assert_eq!(medication.write_into(&taken).len(), graph.len() + 2);
}

#[test]
fn strict_reading_says_what_is_wrong() {
    let sound = LabResult::all_in(&Graph::default()).strict().unwrap();
    assert!(sound.is_empty());
    let text = "<http://e.org/records/1/lab_results/1> a sp:LabResult .";
    let error = LabResult::all_in(&graph(text)).strict().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the answer breaks the ontology in 3 places, first: <http://e.org/records/1/lab_results/1> sp:belongsTo: expected \
         exactly one, found none"
    );
}

/// Parts may be shared, and so a graph of some thousand triples could describe values of millions.
#[test]
fn a_small_graph_cannot_describe_a_huge_value() {
    let many = |text: fn(usize) -> String| (0..1000).map(text).collect::<String>();
    let objects = many(|number| format!("{}rxnorm:{number}", if number > 0 { "," } else { "" }));
    let name = format!("_:name a sp:CodedValue ; sp:provenance {objects} .");
    let statements = many(|number| format!(":{number} a sp:Medication ; sp:drugName _:name ."));
    let graph = graph(&format!("{statements}{name}"));
    let reading = Medication::all_in(&graph);
    assert_eq!(reading.len(), 1000);
    let parts: usize = reading
        .iter()
        .filter_map(|medication| medication.drug_name.as_option())
        .map(|name| name.provenance.len())
        .sum();
    assert!(parts < 5 * graph.len() && parts > graph.len(), "{parts}");
    let unread = reading.last().unwrap().drug_name.get().unwrap_err();
    assert_eq!(
        unread.to_string(),
        "sp:drugName of <http://e.org/records/1/medications/999> was not read: expected less of the graph to be shared; \
         nothing was read from here on"
    );
    let is_told = |finding: &Finding| finding.expected == super::Expected::LessSharing;
    assert_eq!(
        reading
            .findings()
            .iter()
            .filter(|finding| is_told(finding))
            .count(),
        1
    );
}
