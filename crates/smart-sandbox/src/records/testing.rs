//! What tests put into a container: two small patients.

use smart_rdf::{Graph, Syntax};

pub(crate) const BASE: &str = "http://localhost:7000";

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
        _:vitals a sp:VitalSignSet ; sp:belongsTo _:record ; dcterms:date "2011-01-02" ; sp:encounter _:visit .
        _:visit a sp:Encounter ; sp:startDate "2011-01-02" ;
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
