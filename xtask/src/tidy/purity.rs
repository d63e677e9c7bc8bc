//! No sockets, clock, randomness, files or environment in the sources of a crate that does no I/O.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use syn::visit::{self, Visit};

use super::Finding;
use super::layers::Member;

/// A path that begins with one of these reaches outside the process.
const FORBIDDEN: &[(&str, &str)] = &[
    ("std::env", "the environment"),
    ("std::fs", "files"),
    ("std::io::stdin", "standard input"),
    ("std::net", "sockets"),
    ("std::process", "processes"),
    ("std::thread::sleep", "the clock"),
    ("std::time::Instant", "the clock"),
    ("std::time::SystemTime", "the clock"),
    ("getrandom", "randomness"),
    ("rand", "randomness"),
];

/// Reads every source file of the crate; test code may do what it likes.
pub(super) fn check(root: &Path, member: &Member) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in rust_files(&member.directory.join("src"))? {
        if is_test_file(&path) {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let place = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .display()
            .to_string();
        findings.extend(
            check_text(&place, &text).with_context(|| format!("{place} cannot be parsed"))?,
        );
    }
    Ok(findings)
}

pub(super) fn is_test_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs")
        || path.components().any(|part| part.as_os_str() == "tests")
}

fn check_text(place: &str, text: &str) -> syn::Result<Vec<Finding>> {
    let file = syn::parse_file(text)?;
    let mut reader = Reader::default();
    reader.visit_file(&file);
    Ok(reader
        .reached
        .into_iter()
        .map(|(path, what)| Finding {
            place: place.to_owned(),
            message: format!(
                "`{path}` reaches {what}, but this crate does no I/O: take it as an argument"
            ),
        })
        .collect())
}

/// Collects what a file names, by `use` or by a full path, outside its tests.
#[derive(Default)]
struct Reader {
    reached: Vec<(String, &'static str)>,
}

impl Reader {
    fn name(&mut self, path: &str) {
        let forbidden = FORBIDDEN.iter().find(|(prefix, _)| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        });
        if let Some((_, what)) = forbidden {
            self.reached.push((path.to_owned(), what));
        }
    }

    fn imports(&mut self, prefix: &str, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                self.imports(&format!("{prefix}{}::", path.ident), &path.tree);
            }
            syn::UseTree::Name(name) => self.name(&format!("{prefix}{}", name.ident)),
            syn::UseTree::Rename(name) => self.name(&format!("{prefix}{}", name.ident)),
            syn::UseTree::Glob(_) => self.name(prefix.trim_end_matches("::")),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.imports(prefix, tree);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !attributes(item).iter().any(is_test_only) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.imports("", &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.name(&segments.join("::"));
        visit::visit_path(self, path);
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test_only(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return attribute.path().is_ident("test");
    };
    attribute.path().is_ident("cfg") && list.tokens.to_string() == "test"
}

/// Every `.rs` file below a folder, sorted; an absent folder has none.
pub(super) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)
            .with_context(|| format!("{} cannot be read", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::check_text;

    fn check(text: &str) -> Vec<String> {
        check_text("lib.rs", text)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn imports_and_full_paths_are_found() {
        let findings = check(
            "use std::{fmt, net::TcpStream, time::{Duration, SystemTime as Now}};\nfn f() { std::env::var(\"X\"); }",
        );
        assert_eq!(
            findings,
            [
                "lib.rs: `std::net::TcpStream` reaches sockets, but this crate does no I/O: take it as an argument",
                "lib.rs: `std::time::SystemTime` reaches the clock, but this crate does no I/O: take it as an argument",
                "lib.rs: `std::env::var` reaches the environment, but this crate does no I/O: take it as an argument",
            ]
        );
    }

    #[test]
    fn what_merely_sounds_alike_passes() {
        assert_eq!(
            check("use std::time::Duration; use std::io::Write; mod random; use crate::rand_free;"),
            [""; 0]
        );
    }

    #[test]
    fn tests_may_do_as_they_like() {
        assert_eq!(
            check("#[cfg(test)] mod tests { use std::fs; } #[test] fn f() { std::env::args(); }"),
            [""; 0]
        );
    }
}
