//! The rooms of a crate, that is, the folders of its `src`: docs/architecture.md shows each of
//! them, and each uses only rooms that are allowed to it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result};
use syn::visit::{self, Visit};

use super::Finding;
use super::layers::Member;
use super::purity::{is_test_file, rust_files};

/// A crate's rooms from the ground up. A room uses the rooms before it, and not those after it.
struct Floors {
    package: &'static str,
    rooms: &'static [&'static str],
    /// A room, one after it that it uses all the same, and why.
    exceptions: &'static [(&'static str, &'static str, &'static str)],
}

const BUILDINGS: &[Floors] = &[
    Floors {
        package: "smart-api",
        rooms: &["vocab", "model", "call", "generated"],
        exceptions: &[
            ("vocab", "generated", TABLES),
            ("model", "generated", TABLES),
            ("call", "generated", TABLES),
        ],
    },
    Floors {
        package: "smart-cli",
        rooms: &["commands"],
        exceptions: &[],
    },
    Floors {
        package: "smart-fhir",
        rooms: &["resource", "bundle", "export", "rdf"],
        exceptions: &[],
    },
    Floors {
        package: "smart-oauth",
        rooms: &["oauth1", "oauth2"],
        exceptions: &[],
    },
    Floors {
        package: "smart-rdf",
        rooms: &["graph", "guard", "syntax", "sparql"],
        exceptions: &[(
            "guard",
            "sparql",
            "the guard of queries judges the rewritten algebra",
        )],
    },
    Floors {
        package: "smart-sdk",
        rooms: &["error", "exchange", "vault", "classic", "fhir", "blocking"],
        exceptions: &[
            ("error", "classic", ERROR),
            ("error", "exchange", ERROR),
            ("error", "fhir", ERROR),
            (
                "classic",
                "blocking",
                "the builder makes both kinds of client",
            ),
            ("vault", "classic", "a record's token is kept as well"),
        ],
    },
    Floors {
        package: "smart-transport",
        rooms: &["proxy", "connector", "hyper_client"],
        exceptions: &[],
    },
];

const TABLES: &str = "the tables are data, written by the code generator";
const ERROR: &str = "one error type holds what all rooms report";

/// Compares the folders of a crate with the picture, and its paths with the order of its rooms.
pub(super) fn check(root: &Path, member: &Member) -> Result<Vec<Finding>> {
    let source = member.directory.join("src");
    let place = source.strip_prefix(root).unwrap_or(&source);
    let place = place.display().to_string();
    if !place.starts_with("crates/") {
        return Ok(Vec::new());
    }
    let rooms = folders(&source)?;
    let picture = std::fs::read_to_string(root.join("docs/architecture.md"))
        .context("docs/architecture.md cannot be read")?;
    let mut findings = differences(&place, &rooms, &drawn(&picture, &place));
    let floors = BUILDINGS
        .iter()
        .find(|floors| floors.package == member.name);
    for path in rust_files(&source)? {
        let Some(floors) = floors else { break };
        if is_test_file(&path) {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let inside = path.strip_prefix(&source).unwrap_or(&path);
        let room = inside.components().next();
        let room = room.map(|room| room.as_os_str().to_string_lossy().into_owned());
        let room = room.unwrap_or_default();
        let place = format!("{place}/{}", inside.display());
        findings.extend(upward(&place, room.trim_end_matches(".rs"), &text, floors)?);
    }
    Ok(findings)
}

fn folders(source: &Path) -> Result<BTreeSet<String>> {
    let mut folders = BTreeSet::new();
    for entry in std::fs::read_dir(source)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() && name != "tests" {
            folders.insert(name);
        }
    }
    Ok(folders)
}

/// The rooms that the picture shows for a crate: in its line and those indented below it, the words
/// that end in a slash.
fn drawn(picture: &str, place: &str) -> BTreeSet<String> {
    let mut lines = picture.lines().skip_while(|line| !line.starts_with(place));
    let first = lines.next().and_then(|line| line.strip_prefix(place));
    let more = lines.take_while(|line| line.starts_with(' '));
    let words = first
        .into_iter()
        .chain(more)
        .flat_map(str::split_whitespace);
    let rooms = words.filter_map(|word| word.trim_end_matches(',').strip_suffix('/'));
    rooms.map(str::to_owned).collect()
}

fn differences(place: &str, rooms: &BTreeSet<String>, drawn: &BTreeSet<String>) -> Vec<Finding> {
    let missing = rooms.difference(drawn).map(|room| {
        format!("the room {room}/ is not in the picture of docs/architecture.md; draw it there")
    });
    let gone = drawn.difference(rooms).map(|room| {
        format!(
            "docs/architecture.md shows the room {room}/, which does not exist; remove it there"
        )
    });
    let finding = |message| Finding {
        place: place.to_owned(),
        message,
    };
    missing.chain(gone).map(finding).collect()
}

/// The paths from a room to one after it.
fn upward(place: &str, room: &str, text: &str, floors: &Floors) -> Result<Vec<Finding>> {
    let floor = |name: &str| floors.rooms.iter().position(|room| *room == name);
    let Some(own) = floor(room) else {
        return Ok(Vec::new());
    };
    let file = syn::parse_file(text).with_context(|| format!("{place} cannot be parsed"))?;
    let mut uses = Uses::default();
    uses.visit_file(&file);
    let is_excepted = |used: &str| {
        let mut exceptions = floors.exceptions.iter();
        exceptions.any(|(from, to, _)| (*from, *to) == (room, used))
    };
    let upward = uses
        .modules
        .into_iter()
        .filter(|used| floor(used).is_some_and(|other| other > own) && !is_excepted(used));
    let finding = |used: String| Finding {
        place: place.to_owned(),
        message: format!(
            "the room {room}/ must not use {used}/, which stands above it; move what both need below both"
        ),
    };
    Ok(upward.map(finding).collect())
}

/// The first segments of all paths that begin with `crate`, test modules aside.
#[derive(Default)]
struct Uses {
    modules: BTreeSet<String>,
}

impl Visit<'_> for Uses {
    fn visit_item_mod(&mut self, item: &syn::ItemMod) {
        let is_test = item.attrs.iter().any(|attribute| {
            matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
        });
        if !is_test {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_use_path(&mut self, path: &syn::UsePath) {
        if path.ident == "crate" {
            self.take(&path.tree);
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let mut segments = path.segments.iter();
        if segments.next().is_some_and(|first| first.ident == "crate")
            && let Some(module) = segments.next()
        {
            self.modules.insert(module.ident.to_string());
        }
        visit::visit_path(self, path);
    }
}

impl Uses {
    fn take(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                self.modules.insert(path.ident.to_string());
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.take(tree);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: Floors = Floors {
        package: "house",
        rooms: &["cellar", "hall", "attic"],
        exceptions: &[("cellar", "attic", "the chimney")],
    };

    #[test]
    fn a_room_uses_only_what_stands_below_it() {
        let messages = |room: &str, text: &str| {
            let findings = upward("house/src/x.rs", room, text, &HOUSE).unwrap();
            findings
                .into_iter()
                .map(|finding| finding.message)
                .collect::<Vec<_>>()
        };
        assert_eq!(messages("attic", "use crate::{cellar::A, hall};"), [""; 0]);
        assert_eq!(messages("cellar", "use crate::attic::Smoke;"), [""; 0]);
        assert_eq!(messages("garden", "use crate::attic::Smoke;"), [""; 0]);
        let hall = "the room hall/ must not use attic/, which stands above it; \
                    move what both need below both";
        for text in [
            "use crate::attic::A;",
            "use crate::{cellar, attic::{A, B}};",
            "fn f() { crate::attic::f() }",
        ] {
            assert_eq!(messages("hall", text), [hall], "{text}");
        }
        let test = "#[cfg(test)] mod tests { use crate::attic::A; }";
        assert_eq!(messages("hall", test), [""; 0]);
    }

    #[test]
    fn the_picture_and_the_folders_are_the_same() {
        let picture = "text\ncrates/house/src   cellar/ hall/ door.rs\n                   shed/\n\ncrates/other/src  x/\n";
        let set = |rooms: &[&str]| rooms.iter().map(ToString::to_string).collect();
        let drawn = drawn(picture, "crates/house/src");
        assert_eq!(drawn, set(&["cellar", "hall", "shed"]));
        let findings = differences(
            "crates/house/src",
            &set(&["cellar", "hall", "attic"]),
            &drawn,
        );
        let messages: Vec<_> = findings.iter().map(|finding| &*finding.message).collect();
        assert_eq!(
            messages,
            [
                "the room attic/ is not in the picture of docs/architecture.md; draw it there",
                "docs/architecture.md shows the room shed/, which does not exist; remove it there",
            ]
        );
    }
}
