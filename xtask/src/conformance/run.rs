use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use smart_rdf::{
    Answer, Dataset, Graph, NamedNode, NamedOrBlankNode, Query, QueryError, Reader, ResultFormat,
    Sparql, Syntax,
};

use super::manifest::{Case, File};
use super::results::{self, Expected};

#[derive(Debug)]
pub(super) enum Outcome {
    Passed,
    Failed(String),
    Skipped,
}

pub(super) fn run(case: &Case) -> Outcome {
    let result = match &*case.kind {
        "TestXMLEval" => eval(case, Syntax::RdfXml),
        "TestXMLNegativeSyntax" => refused(case, Syntax::RdfXml),
        "TestTurtleEval" => eval(case, Syntax::Turtle),
        "TestTurtlePositiveSyntax" => accepted(case, Syntax::Turtle),
        "TestTurtleNegativeSyntax" | "TestTurtleNegativeEval" => refused(case, Syntax::Turtle),
        "TestTrigEval" => eval(case, Syntax::TriG),
        "TestTrigPositiveSyntax" => accepted(case, Syntax::TriG),
        "TestTrigNegativeSyntax" | "TestTrigNegativeEval" => refused(case, Syntax::TriG),
        "TestNTriplesPositiveSyntax" => accepted(case, Syntax::NTriples),
        "TestNTriplesNegativeSyntax" => refused(case, Syntax::NTriples),
        "TestNQuadsPositiveSyntax" => accepted(case, Syntax::NQuads),
        "TestNQuadsNegativeSyntax" => refused(case, Syntax::NQuads),
        "PositiveSyntaxTest" | "PositiveSyntaxTest11" => prepare(case).map(|_| ()),
        "NegativeSyntaxTest" | "NegativeSyntaxTest11" => malformed_query(case),
        "QueryEvaluationTest" => query(case),
        "CSVResultFormatTest" => csv(case),
        _ => return Outcome::Skipped,
    };
    match result {
        Ok(()) => Outcome::Passed,
        Err(error) => Outcome::Failed(format!("{error:#}").replace('\n', " ")),
    }
}

fn read(file: &File, syntax: Syntax) -> Result<Dataset> {
    let document = std::fs::read(&file.path).with_context(|| file.path.display().to_string())?;
    let reader = Reader::new(syntax).with_base_iri(&file.iri);
    Ok(reader.dataset_for_slice(&document)?)
}

fn read_graph(file: &File) -> Result<Graph> {
    Ok(read(file, syntax_of(&file.path)?)?.default_graph().clone())
}

fn syntax_of(path: &Path) -> Result<Syntax> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension
        .and_then(Syntax::from_extension)
        .with_context(|| format!("{} is of no known syntax", path.display()))
}

fn action(case: &Case) -> Result<&File> {
    case.action.as_ref().context("the test has no action")
}

fn eval(case: &Case, syntax: Syntax) -> Result<()> {
    let found = read(action(case)?, syntax)?;
    let result = case.result.as_ref().context("the test has no result")?;
    let expected = read(result, syntax_of(&result.path)?)?;
    ensure!(
        found.is_isomorphic(&expected),
        "found {found:?}, expected {expected:?}"
    );
    Ok(())
}

fn accepted(case: &Case, syntax: Syntax) -> Result<()> {
    read(action(case)?, syntax).map(|_| ())
}

fn refused(case: &Case, syntax: Syntax) -> Result<()> {
    match read(action(case)?, syntax) {
        Ok(found) => bail!("read as {found:?}"),
        Err(_) => Ok(()),
    }
}

fn prepare(case: &Case) -> Result<Query> {
    let file = action(case)?;
    let text = std::fs::read_to_string(&file.path)?;
    Ok(Sparql::new().with_base_iri(&file.iri).prepare(&text)?)
}

fn malformed_query(case: &Case) -> Result<()> {
    let file = action(case)?;
    let text = std::fs::read_to_string(&file.path)?;
    match Sparql::new().with_base_iri(&file.iri).prepare(&text) {
        Err(QueryError::Syntax { .. }) => Ok(()),
        Err(other) => bail!("another error: {other}"),
        Ok(query) => bail!("read as {query}"),
    }
}

fn query(case: &Case) -> Result<()> {
    let text = std::fs::read_to_string(&action(case)?.path)?;
    let answer = prepare(case)?.run(&dataset(case, &text)?)?;
    let result = case.result.as_ref().context("the test has no result")?;
    match (answer, results::read(&result.path, &result.iri)?) {
        (Answer::Boolean(found), Expected::Boolean(expected)) => {
            ensure!(found == expected, "found {found}, expected {expected}");
        }
        (Answer::Graph(found), Expected::Graph(expected)) => ensure!(
            found.is_isomorphic(&expected),
            "found {found:?}, expected {expected:?}"
        ),
        (Answer::Solutions(found), Expected::Solutions(expected)) => {
            let is_sorted = text.contains("ORDER BY") && expected.is_sorted;
            let found = results::Table::of(&found);
            let is_like = if text.contains("REDUCED") {
                found.is_like_reduced(&expected)
            } else {
                found.is_like(&expected, is_sorted)
            };
            ensure!(is_like, "found {found:?}, expected {expected:?}");
        }
        (found, expected) => bail!("found {found:?}, expected {expected:?}"),
    }
    Ok(())
}

/// CSV does not tell kinds of terms apart, so that texts are compared.
fn csv(case: &Case) -> Result<()> {
    let text = std::fs::read_to_string(&action(case)?.path)?;
    let Answer::Solutions(found) = prepare(case)?.run(&dataset(case, &text)?)? else {
        bail!("CSV is for rows");
    };
    let result = case.result.as_ref().context("the test has no result")?;
    let expected = std::fs::read_to_string(&result.path)?;
    let found = ResultFormat::Csv.write(&found)?;
    ensure!(
        cells(&found) == cells(&expected),
        "found {found}, expected {expected}"
    );
    Ok(())
}

/// The cells of each row by their column, whose order `SELECT *` leaves open.
fn cells(text: &str) -> Vec<Vec<(String, String)>> {
    let mut lines = text.lines().map(split_cells);
    let heads = lines.next().unwrap_or_default();
    let mut rows: Vec<_> = lines
        .map(|line| {
            let mut row: Vec<_> = heads.iter().cloned().zip(line).collect();
            row.sort();
            row
        })
        .collect();
    rows.sort();
    rows
}

/// Blank nodes lose their labels.
fn split_cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    for character in line.trim_end().chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            other => cells
                .last_mut()
                .into_iter()
                .for_each(|cell| cell.push(other)),
        }
    }
    for cell in &mut cells {
        if cell.starts_with("_:") {
            cell.truncate(2);
        }
    }
    cells
}

/// What the test names; or else, for a query that says `FROM`, every graph that lies beside it.
fn dataset(case: &Case, query: &str) -> Result<Dataset> {
    let mut default = Vec::new();
    for file in &case.data {
        default.push(read_graph(file)?);
    }
    let mut named: Vec<(NamedOrBlankNode, Graph)> = Vec::new();
    let mut files = case.graphs.clone();
    if query.contains("FROM") {
        files.extend(beside(action(case)?)?);
    }
    for file in files {
        if let Ok(graph) = read_graph(&file) {
            named.push((NamedNode::new(&file.iri)?.into(), graph));
        }
    }
    Ok(Dataset::new(
        &Graph::merge(&default),
        named.iter().map(|(name, graph)| (name.clone(), graph)),
    ))
}

fn beside(file: &File) -> Result<Vec<File>> {
    let folder = file.path.parent().context("a file lies in a folder")?;
    let (base, _) = file.iri.rsplit_once('/').context("an IRI has a path")?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if syntax_of(&path).is_ok() {
            let name = path.file_name().and_then(|name| name.to_str());
            let iri = format!("{base}/{}", name.unwrap_or_default());
            files.push(File { path, iri });
        }
    }
    Ok(files)
}
