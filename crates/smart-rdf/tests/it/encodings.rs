//! RDF/XML in the encodings and with the declarations that ontology editors and old servers write.

use smart_rdf::{ParseError, Reader, Syntax};

const BODY: &str = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e.org/">
    <rdf:Description rdf:about="http://e.org/a"><e:name>Müller</e:name></rdf:Description></rdf:RDF>"#;

/// The name that a document gives, read by the syntax that it looks like.
fn name(bytes: &[u8]) -> Result<String, ParseError> {
    let syntax = Syntax::detect(None, bytes).unwrap();
    let graph = Reader::new(syntax).for_slice(bytes)?;
    let triple = graph.iter().next().unwrap();
    Ok(triple.object.to_string())
}

#[test]
fn a_document_is_recognized_and_read_in_its_encoding() {
    let utf_16 = format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?>{BODY}");
    let units = || utf_16.encode_utf16();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    let declared = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{BODY}");
    let latin_1: Vec<u8> = declared
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    for bytes in [&little[..], &big, &latin_1, BODY.as_bytes()] {
        assert_eq!(name(bytes).unwrap(), "\"Müller\"");
    }
}

#[test]
fn the_guard_sees_the_text_and_not_the_bytes() {
    let doctype = format!("\u{feff}<!DOCTYPE a [<!ENTITY b \"c\">]>{BODY}");
    let bytes: Vec<u8> = doctype.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = Reader::new(Syntax::RdfXml).for_slice(&bytes);
    assert!(matches!(refused, Err(ParseError::Doctype { .. })));
}

#[test]
fn a_malformed_declaration_is_refused() {
    for declaration in [
        "<?xml version=\"1.0?>",
        "<?xml version='1.0' encoding='UTF-8?>",
        "<?xml encoding='UTF-8'?>",
        "<?XML version='1.0'?>",
    ] {
        let refused = name(format!("{declaration}{BODY}").as_bytes());
        assert!(
            matches!(refused, Err(ParseError::Syntax { .. })),
            "{declaration}: {refused:?}"
        );
    }
}

/// As editors of ontologies write them.
#[test]
fn entities_are_read_where_they_are_allowed_and_nothing_is_fetched() {
    let with = |subset: &str| {
        let body = BODY.replace("http://e.org/\">", "&e;\">");
        let document = format!("<?xml version=\"1.0\"?>\n<!DOCTYPE rdf:RDF {subset}>\n{body}");
        let reader = Reader::new(Syntax::RdfXml);
        let strict = reader.clone().for_slice(document.as_bytes());
        assert!(matches!(strict, Err(ParseError::Doctype { .. })));
        reader.allow_entities().for_slice(document.as_bytes())
    };
    let graph = with("[ <!ENTITY host \"http://e.org\" > <!-- then --> <!ENTITY e \"&host;/\" > ]");
    assert_eq!(graph.unwrap().len(), 1);
    for subset in [
        "SYSTEM \"http://e.org/e.dtd\"",
        "[ <!ENTITY e SYSTEM \"file:///etc/passwd\"> ]",
        "[ <!ENTITY % p \"x\"> %p; ]",
        "[ <!ENTITY e \"&#60;a/>\"> ]",
    ] {
        assert!(with(subset).is_err(), "{subset}");
    }
}

/// No message names an item of Rust, which a person at a command line would not know.
#[test]
fn errors_name_no_item_of_rust() {
    for error in [
        name(format!("<!DOCTYPE a>{BODY}").as_bytes()).unwrap_err(),
        name(format!("{}{BODY}", " ".repeat(9 << 20)).as_bytes()).unwrap_err(),
        Syntax::TriG.parse(b"<a:g> { <a:s> <a:p> 1 }").unwrap_err(),
        Syntax::RdfXml.parse(b"<\xff/>").unwrap_err(),
    ] {
        let message = error.to_string();
        assert!(
            !message.contains("::") && !message.contains('_'),
            "{message}"
        );
    }
}
