//! The response that is measured.

/// What a container answers for so many medications: flat, every node a description of its own.
pub(crate) fn body(medications: usize) -> String {
    let mut body = String::from(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF
   xmlns:dcterms="http://purl.org/dc/terms/"
   xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
   xmlns:sp="http://smartplatforms.org/terms#"
>
"#,
    );
    for n in 0..medications {
        body.push_str(&format!(
            r#"  <rdf:Description rdf:about="http://localhost:7000/records/1288992/medications/{n:08}-5c3f-4d2b-9e8a-0f1d2c3b4a59">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#Medication"/>
    <sp:belongsTo rdf:resource="http://localhost:7000/records/1288992"/>
    <sp:drugName rdf:nodeID="name{n}"/>
    <sp:startDate>2008-0{m}-1{n}</sp:startDate>
    <sp:instructions>take {n} tablets daily, with food</sp:instructions>
    <sp:quantity rdf:nodeID="quantity{n}"/>
    <sp:frequency rdf:nodeID="frequency{n}"/>
  </rdf:Description>
  <rdf:Description rdf:nodeID="name{n}">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#CodedValue"/>
    <dcterms:title>Samplamol {n}0 MG Oral Tablet</dcterms:title>
    <sp:code rdf:resource="http://purl.bioontology.org/ontology/RXNORM/11111{n}"/>
  </rdf:Description>
  <rdf:Description rdf:about="http://purl.bioontology.org/ontology/RXNORM/11111{n}">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#Code"/>
    <rdf:type rdf:resource="http://smartplatforms.org/terms/codes/RxNorm_Semantic"/>
    <dcterms:title>Samplamol {n}0 MG Oral Tablet</dcterms:title>
    <sp:system>http://purl.bioontology.org/ontology/RXNORM/</sp:system>
    <dcterms:identifier>11111{n}</dcterms:identifier>
  </rdf:Description>
  <rdf:Description rdf:nodeID="quantity{n}">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#ValueAndUnit"/>
    <sp:value>{n}</sp:value>
    <sp:unit>{{tablet}}</sp:unit>
  </rdf:Description>
  <rdf:Description rdf:nodeID="frequency{n}">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#ValueAndUnit"/>
    <sp:value>2</sp:value>
    <sp:unit>/d</sp:unit>
  </rdf:Description>
"#,
            m = n % 9 + 1,
        ));
    }
    body.push_str("</rdf:RDF>\n");
    body
}
