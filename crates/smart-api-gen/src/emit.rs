//! The generated files: one small emitter an output item. What they write is laid out by rustfmt
//! afterwards.

mod call;
mod code_set;
mod facade;
mod imports;
mod lists;
mod model;
mod reference;
mod statements;
mod table;
mod text;
mod vocab;

use self::facade::Face;
use crate::ir::{Api, Category};

pub(crate) use text::HEADER;

/// Which crate's `generated` folder a file belongs to, or whether it is documentation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Tree {
    Api,
    Docs,
    Facade,
}

/// A file before it is laid out.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) tree: Tree,
    /// Below the `generated` folder, with slashes.
    pub(crate) path: String,
    /// The lines that begin with `//!`.
    pub(crate) header: String,
    pub(crate) code: String,
}

impl SourceFile {
    /// Whether it is code, and laid out as such.
    pub(crate) fn is_code(&self) -> bool {
        is_code(&self.path)
    }
}

/// Whether a file of this name is code.
pub(crate) fn is_code(path: &str) -> bool {
    path.ends_with(".rs")
}

/// Every file, in the order of the paths.
pub(crate) fn emit(api: &Api, source: &str) -> Vec<SourceFile> {
    let mut files = Vec::new();
    let mut add = |tree, path: &str, subject: &str, code| {
        let header = text::header(source, subject);
        files.push(SourceFile {
            tree,
            path: path.to_owned(),
            header,
            code,
        });
    };
    for call in &api.calls {
        add(
            Tree::Api,
            &format!("calls/{}.rs", call.function),
            &format!("<{}>", call.iri.as_str()),
            call::emit(call),
        );
    }
    add(
        Tree::Api,
        "calls.rs",
        "The calls of the API, one type each.",
        table::modules(&api.calls),
    );
    add(
        Tree::Api,
        "call_table.rs",
        "All calls by name.",
        table::table(&api.calls),
    );
    add(
        Tree::Api,
        "statements.rs",
        "The classes whose instances are statements of a record.",
        statements::emit(&api.statements),
    );
    for model in &api.models {
        let path = format!("models/{}.rs", model.module);
        let subject = format!("<{}>", model.class.as_str());
        add(Tree::Api, &path, &subject, model::emit(model));
    }
    for labels in &api.label_sets {
        let path = format!("models/{}.rs", labels.module);
        let subject = format!("<{}>", labels.class.as_str());
        add(Tree::Api, &path, &subject, code_set::emit_labels(labels));
    }
    add(
        Tree::Api,
        "models.rs",
        "What records hold, one type for each class.",
        model::modules(&api.models, &api.label_sets),
    );
    let roots: Vec<String> = api.roots().map(|class| class.as_str().to_owned()).collect();
    add(
        Tree::Api,
        "check.rs",
        "Everything in a graph that a model reads.",
        model::checks(&api.models, &roots),
    );
    add(
        Tree::Api,
        "lists.rs",
        "What occurs more than once.",
        lists::emit(&api.models),
    );
    for set in &api.code_sets {
        let path = format!("codes/{}.rs", set.module);
        let subject = format!("<{}>", set.class.as_str());
        add(Tree::Api, &path, &subject, code_set::emit(set));
    }
    add(
        Tree::Api,
        "codes.rs",
        "The closed lists of codes, one type each.",
        code_set::modules(&api.code_sets),
    );
    for vocabulary in &api.vocabularies {
        let path = format!("vocab/{}.rs", vocabulary.module);
        let subject = format!("The terms of <{}>.", vocabulary.namespace);
        add(Tree::Api, &path, &subject, vocab::emit(vocabulary));
    }
    add(
        Tree::Api,
        "vocab.rs",
        "The vocabularies that the ontology declares.",
        vocab::modules(&api.vocabularies),
    );
    for category in [Category::Container, Category::Record, Category::User] {
        let calls: Vec<_> = api
            .calls
            .iter()
            .filter(|call| call.category == category)
            .collect();
        for face in [Face::Async, Face::Blocking] {
            let (path, subject) = facade::place(category, face);
            let code = facade::emit(category, face, &calls);
            add(Tree::Facade, &path, subject, code);
        }
    }
    // Once for people, and once for programs that explain a call.
    for (tree, path) in [(Tree::Docs, "api.md"), (Tree::Api, "reference.md")] {
        files.push(SourceFile {
            tree,
            path: path.to_owned(),
            header: String::new(),
            code: reference::emit(&api.calls, source),
        });
    }
    files.sort_by(|one, other| (one.tree, &one.path).cmp(&(other.tree, &other.path)));
    files
}

#[cfg(test)]
mod tests;
