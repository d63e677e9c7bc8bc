//! Several graphs at once.

use smart_rdf::{
    BlankNode, Dataset, Graph, NamedNode, NamedNodeRef, NamedOrBlankNode, Query, Reader, Syntax,
};

fn turtle(text: &str) -> Graph {
    Syntax::Turtle.parse(text.as_bytes()).unwrap()
}

fn name(name: &str) -> NamedOrBlankNode {
    NamedNode::new(name).unwrap().into()
}

fn records() -> Dataset {
    let (default, one, two) = (
        turtle("<a:one> <a:by> 'x' ."),
        turtle("_:m <a:name> 'Aspirin' ; <a:code> <a:c> ."),
        turtle("_:m <a:name> 'Ibuprofen' ; <a:code> <a:c> ."),
    );
    Dataset::new(&default, [(name("a:one"), &one), (name("a:two"), &two)])
}

#[track_caller]
fn check(query: &str, expected: &[&str]) {
    let solutions = Query::prepare(query).unwrap().select(&records()).unwrap();
    let mut rows: Vec<String> = solutions
        .rows()
        .map(|row| {
            let values = row.values().iter().flatten();
            values
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, expected, "{query}");
}

#[test]
fn graphs_are_asked_for_by_name() {
    check("SELECT ?n { ?m <a:name> ?n }", &[]);
    check(
        "SELECT ?g ?n { GRAPH ?g { ?m <a:name> ?n } }",
        &["<a:one> \"Aspirin\"", "<a:two> \"Ibuprofen\""],
    );
    check(
        "SELECT ?n { GRAPH <a:two> { ?m <a:name> ?n } }",
        &["\"Ibuprofen\""],
    );
    check("SELECT ?n { GRAPH <a:three> { ?m <a:name> ?n } }", &[]);
    check("SELECT ?g { GRAPH ?g {} }", &["<a:one>", "<a:two>"]);
    check(
        "SELECT ?g ?n { ?g <a:by> 'x' . GRAPH ?g { ?m <a:name> ?n } }",
        &["<a:one> \"Aspirin\""],
    );
}

#[test]
fn a_query_may_choose_its_graphs() {
    check(
        "SELECT ?n FROM <a:one> FROM <a:two> { ?m <a:name> ?n }",
        &["\"Aspirin\"", "\"Ibuprofen\""],
    );
    check(
        "SELECT ?n FROM NAMED <a:two> { GRAPH ?g { ?m <a:name> ?n } }",
        &["\"Ibuprofen\""],
    );
}

#[test]
fn blank_nodes_are_kept_apart() {
    check(
        "SELECT ?a ?b FROM <a:one> FROM <a:two> { ?m <a:name> ?a ; <a:name> ?b FILTER(?a != ?b) }",
        &[],
    );
}

#[test]
fn graphs_of_a_dataset_are_graphs() {
    let records = records();
    assert_eq!((records.len(), records.is_empty()), (5, false));
    let two = records.graph(NamedNodeRef::new("a:two").unwrap()).unwrap();
    assert!(two.is_isomorphic(&turtle("[] <a:name> 'Ibuprofen' ; <a:code> <a:c> .")));
    assert!(records.graph(NamedNodeRef::new("a:c").unwrap()).is_none());
    let names: Vec<String> = records
        .named_graphs()
        .map(|(name, _)| name.to_string())
        .collect();
    assert_eq!(names, ["<a:one>", "<a:two>"]);
}

#[test]
fn isomorphism_looks_at_names() {
    let graph = turtle("_:m <a:p> _:n .");
    let of = |name: NamedOrBlankNode| Dataset::new(&Graph::default(), [(name, &graph)]);
    assert!(of(name("a:g")).is_isomorphic(&of(name("a:g"))));
    assert!(!of(name("a:g")).is_isomorphic(&of(name("a:h"))));
    assert!(!of(name("a:g")).is_isomorphic(&Dataset::new(&graph, [])));
    let blank = |label: &str| of(BlankNode::new_unchecked(label).into());
    assert!(blank("x").is_isomorphic(&blank("y")));
}

#[cfg(feature = "oxigraph")]
#[test]
fn a_store_answers_as_a_graph_does() {
    let store = oxigraph::store::Store::new().unwrap();
    let graph = turtle("<a:m> <a:name> 'Aspirin' . <a:n> <a:name> 'Ibuprofen' .");
    for triple in &graph {
        let quad = triple.in_graph(oxigraph::model::GraphNameRef::DefaultGraph);
        store.insert(quad).unwrap();
    }
    let query = Query::prepare("SELECT ?n { ?m <a:name> ?n } ORDER BY ?n").unwrap();
    let texts = |rows: smart_rdf::Solutions| {
        let texts = rows.rows().map(|row| row.text("n").unwrap().to_owned());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(
        texts(query.select(&store).unwrap()),
        ["Aspirin", "Ibuprofen"]
    );
    assert_eq!(
        texts(query.select(&store).unwrap()),
        texts(query.select(&graph).unwrap())
    );
    let of_one = query.with("m", NamedNode::new("a:n").unwrap()).unwrap();
    assert_eq!(texts(of_one.select(&store).unwrap()), ["Ibuprofen"]);
}

#[test]
fn merging_keeps_graphs_and_their_blank_nodes_apart() {
    let one = Dataset::new(
        &turtle("_:x <a:p> 1 ."),
        [(name("a:g"), &turtle("_:x <a:p> 2 ."))],
    );
    let two = Dataset::new(
        &turtle("_:x <a:p> 1 ."),
        [(name("a:g"), &turtle("_:x <a:p> 3 ."))],
    );
    let expected = Dataset::new(
        &turtle("_:x <a:p> 1 . _:y <a:p> 1 ."),
        [(name("a:g"), &turtle("_:x <a:p> 2 . _:y <a:p> 3 ."))],
    );
    assert!(Dataset::merge([&one, &two]).is_isomorphic(&expected));
    // A node that two graphs of one dataset share is still one node.
    let shared = b"<a:g> { _:x <a:p> 1 } <a:h> { _:x <a:p> 2 }";
    let shared = Reader::new(Syntax::TriG).dataset_for_slice(shared).unwrap();
    assert!(Dataset::merge([&shared]).is_isomorphic(&shared));
    assert!(Dataset::merge([]).is_empty());
}
