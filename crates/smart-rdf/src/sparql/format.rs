use oxrdf::Variable;
use sparesults::{QueryResultsFormat, QueryResultsSerializer};

use crate::sparql::results::Solutions;

/// A form of the W3C for what a SELECT or ASK query answers.
///
/// ```
/// use smart_rdf::{Query, ResultFormat, Syntax};
///
/// let graph = Syntax::Turtle.parse(b"<a:m> <a:name> 'Aspirin' .")?;
/// let rows = Query::prepare("SELECT ?name { ?m <a:name> ?name }")?.select(&graph)?;
/// assert_eq!(ResultFormat::Csv.write(&rows), "name\r\nAspirin\r\n");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResultFormat {
    /// [SPARQL 1.1 Query Results CSV](https://www.w3.org/TR/sparql11-results-csv-tsv/): texts only, what kind of term they were is lost.
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
    pub fn write(self, solutions: &Solutions) -> String {
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

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("terms are UTF-8")
}
