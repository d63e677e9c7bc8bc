use oxrdf::vocab::xsd;
use oxrdf::{Term, Variable};
use sparesults::{QueryResultsFormat, QueryResultsSerializer};

use crate::error::WriteError;
use crate::sparql::results::{Row, Solutions};
use crate::syntax::writable::check_term;
use crate::syntax::xml::{escape_text, escape_value, unwritable_char};

/// A form of the W3C for what a SELECT or ASK query answers.
///
/// ```
/// use smart_rdf::{Query, ResultFormat, Syntax};
///
/// let graph = Syntax::Turtle.parse(b"<a:m> <a:name> 'Aspirin' .")?;
/// let rows = Query::prepare("SELECT ?name { ?m <a:name> ?name }")?.select(&graph)?;
/// assert_eq!(ResultFormat::Csv.write(&rows)?, "name\r\nAspirin\r\n");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResultFormat {
    /// [SPARQL 1.1 Query Results CSV](https://www.w3.org/TR/sparql11-results-csv-tsv/): texts only,
    /// what kind of term they were is lost.
    Csv,
    /// [SPARQL 1.1 Query Results JSON](https://www.w3.org/TR/sparql11-results-json/).
    Json,
    /// [SPARQL 1.1 Query Results TSV](https://www.w3.org/TR/sparql11-results-csv-tsv/).
    Tsv,
    /// [SPARQL Query Results XML](https://www.w3.org/TR/rdf-sparql-XMLres/).
    Xml,
}

impl ResultFormat {
    /// The registered media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Json => "application/sparql-results+json",
            Self::Tsv => "text/tab-separated-values",
            Self::Xml => "application/sparql-results+xml",
        }
    }

    /// The rows of a SELECT.
    ///
    /// # Errors
    ///
    /// XML has no form for some control characters, and no format but CSV has one for IRIs and
    /// language tags that are malformed.
    pub fn write(self, solutions: &Solutions) -> Result<String, WriteError> {
        if self != Self::Csv {
            for term in solutions.rows().flat_map(Row::values).flatten() {
                check_term(term.as_ref())?;
            }
        }
        match self {
            Self::Csv => Ok(csv(solutions)),
            Self::Json | Self::Tsv => Ok(self.serialize(solutions)),
            Self::Xml => xml(solutions),
        }
    }

    fn serialize(self, solutions: &Solutions) -> String {
        let variables: Vec<Variable> = solutions
            .variables()
            .iter()
            .map(Variable::new_unchecked)
            .collect();
        let mut writer = self
            .serializer()
            .serialize_solutions_to_writer(Vec::new(), variables.clone())
            .expect("memory takes every write");
        for row in solutions.rows() {
            let values = variables.iter().zip(row.values());
            let bound = values.filter_map(|(variable, value)| Some((variable, value.as_ref()?)));
            writer.serialize(bound).expect("memory takes every write");
        }
        text(writer.finish().expect("memory takes every write"))
    }

    /// The answer to an ASK. CSV and TSV have no form for it: there it is the word alone.
    pub fn write_boolean(self, answer: bool) -> String {
        text(
            self.serializer()
                .serialize_boolean_to_writer(Vec::new(), answer)
                .expect("memory takes every write"),
        )
    }

    fn serializer(self) -> QueryResultsSerializer {
        QueryResultsSerializer::from_format(match self {
            Self::Csv => QueryResultsFormat::Csv,
            Self::Json => QueryResultsFormat::Json,
            Self::Tsv => QueryResultsFormat::Tsv,
            Self::Xml => QueryResultsFormat::Xml,
        })
    }
}

/// [SPARQL 1.1 Query Results CSV, 3](https://www.w3.org/TR/sparql11-results-csv-tsv/#csv), whatever
/// is in a term: the serializer underneath does not quote IRIs, which may have commas.
fn csv(solutions: &Solutions) -> String {
    let mut text = solutions.variables().join(",") + "\r\n";
    for row in solutions.rows() {
        for (place, value) in row.values().iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            match value {
                None => {}
                Some(Term::BlankNode(node)) => csv_field(&mut text, &node.to_string()),
                Some(Term::Literal(literal)) => csv_field(&mut text, literal.value()),
                Some(Term::NamedNode(node)) => csv_field(&mut text, node.as_str()),
            }
        }
        text.push_str("\r\n");
    }
    text
}

/// [RFC 4180, 2](https://www.rfc-editor.org/rfc/rfc4180#section-2).
fn csv_field(text: &mut String, field: &str) {
    if field.contains(['"', ',', '\n', '\r']) {
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(field);
    }
}

/// [SPARQL Query Results XML, 2](https://www.w3.org/TR/rdf-sparql-XMLres/#results): the serializer
/// underneath writes control characters that XML does not have, and carriage returns that readers
/// lose.
fn xml(solutions: &Solutions) -> Result<String, WriteError> {
    let mut text = String::from(
        "<?xml version=\"1.0\"?><sparql xmlns=\"http://www.w3.org/2005/sparql-results#\"><head>",
    );
    for name in solutions.variables() {
        text.push_str("<variable name=\"");
        escape_value(&mut text, name);
        text.push_str("\"/>");
    }
    text.push_str("</head><results>");
    for row in solutions.rows() {
        text.push_str("<result>");
        for (name, value) in row.variables().iter().zip(row.values()) {
            let Some(value) = value else { continue };
            text.push_str("<binding name=\"");
            escape_value(&mut text, name);
            text.push_str("\">");
            xml_term(&mut text, value)?;
            text.push_str("</binding>");
        }
        text.push_str("</result>");
    }
    text.push_str("</results></sparql>");
    Ok(text)
}

fn xml_term(text: &mut String, term: &Term) -> Result<(), WriteError> {
    let (tag, value) = match term {
        Term::BlankNode(node) => ("bnode", node.as_str()),
        Term::Literal(literal) => ("literal", literal.value()),
        Term::NamedNode(node) => ("uri", node.as_str()),
    };
    if let Some(character) = unwritable_char(value) {
        return Err(WriteError::Character {
            character,
            term: value.chars().take(80).collect(),
        });
    }
    text.push('<');
    text.push_str(tag);
    if let Term::Literal(literal) = term {
        let attribute = match literal.language() {
            Some(language) => Some(("xml:lang", language)),
            None if literal.datatype() == xsd::STRING => None,
            None => Some(("datatype", literal.datatype().as_str())),
        };
        if let Some((name, value)) = attribute {
            text.push(' ');
            text.push_str(name);
            text.push_str("=\"");
            escape_value(text, value);
            text.push('"');
        }
    }
    text.push('>');
    // Some readers leave out the white space at both ends of a text.
    let inner = value.trim_matches(is_space);
    let (start, end) = value.split_at(value.len() - value.trim_start_matches(is_space).len());
    for character in start.chars() {
        space(text, character);
    }
    escape_text(text, inner);
    for character in end[inner.len()..].chars() {
        space(text, character);
    }
    text.push_str("</");
    text.push_str(tag);
    text.push('>');
    Ok(())
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn space(text: &mut String, character: char) {
    text.push_str(&format!("&#{};", u32::from(character)));
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("terms are UTF-8")
}
