//! Every public asynchronous method of the facade's handles has a blocking twin of the same name.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result};
use syn::{ImplItem, Item, Type, Visibility};

use super::Finding;
use super::purity::rust_files;

/// Both generations: the folder of the asynchronous handles, and that of the blocking ones.
const ROOMS: [(&str, &str); 2] = [
    (
        "crates/smart/src/classic",
        "crates/smart/src/blocking/classic",
    ),
    ("crates/smart/src/fhir", "crates/smart/src/blocking/fhir"),
];

/// Methods without a twin of their name, and what stands for them.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("App::register", "blocking code registers with the builder"),
    (
        "EhrLaunch::authorize",
        "App::answer_launch, which has the runtime",
    ),
    (
        "EhrLaunch::authorize_with",
        "App::answer_launch_with, likewise",
    ),
    ("Entries::try_next", "the handle is an Iterator"),
    ("RecordSweep::next", "Records is an Iterator"),
    ("RecordSweep::try_next", "Records is an Iterator"),
    ("Session::open", "App::open_session, which has the runtime"),
    (
        "Session::stream",
        "the body is read with asynchronous methods",
    ),
    ("Session::with_tokens", "App::session_with_tokens, likewise"),
];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for (handles, twins) in ROOMS {
        let twins = methods(&root.join(twins), |method| method.asyncness.is_none())?;
        for method in methods(&root.join(handles), |method| method.asyncness.is_some())? {
            let is_exception = EXCEPTIONS.iter().any(|(known, _)| *known == method);
            if is_exception {
                used.insert(method);
            } else if !has_twin(&method, &twins) {
                findings.push(Finding {
                    place: handles.to_owned(),
                    message: format!("`{method}` has no blocking twin"),
                });
            }
        }
    }
    for (known, _) in EXCEPTIONS {
        if !used.contains(*known) {
            findings.push(Finding {
                place: "xtask/src/tidy/blocking.rs".to_owned(),
                message: format!("`{known}` is not an asynchronous method any more"),
            });
        }
    }
    Ok(findings)
}

/// A builder has asynchronous and blocking endings side by side, which need different names.
fn has_twin(method: &str, twins: &BTreeSet<String>) -> bool {
    twins.contains(method)
        || (method.contains("Builder::") && twins.contains(&format!("{method}_blocking")))
}

/// The public methods in a folder, as `Type::method`.
fn methods(folder: &Path, is_wanted: impl Fn(&syn::Signature) -> bool) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for path in rust_files(folder)? {
        let text = std::fs::read_to_string(&path)?;
        let file = syn::parse_file(&text)
            .with_context(|| format!("{} cannot be parsed", path.display()))?;
        for item in file.items {
            let Item::Impl(block) = item else { continue };
            let Some(handle) = type_name(&block.self_ty) else {
                continue;
            };
            for item in block.items {
                if let ImplItem::Fn(method) = item
                    && matches!(method.vis, Visibility::Public(_))
                    && is_wanted(&method.sig)
                {
                    names.insert(format!("{handle}::{}", method.sig.ident));
                }
            }
        }
    }
    Ok(names)
}

fn type_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_builder_may_add_to_the_name() {
        let twins = BTreeSet::from([
            "AppBuilder::register_blocking".to_owned(),
            "Session::read".to_owned(),
            "Session::write_blocking".to_owned(),
        ]);
        assert!(has_twin("AppBuilder::register", &twins));
        assert!(has_twin("Session::read", &twins));
        assert!(!has_twin("Session::write", &twins));
        assert!(!has_twin("Session::delete", &twins));
    }

    #[test]
    fn public_methods_are_found_by_type() {
        let folder = tempfile::tempdir().unwrap();
        let text = "impl A { pub async fn b(&self) {} pub fn c(&self) {} async fn d(&self) {} }";
        std::fs::write(folder.path().join("a.rs"), text).unwrap();
        let found = methods(folder.path(), |method| method.asyncness.is_some()).unwrap();
        assert_eq!(found, BTreeSet::from(["A::b".to_owned()]));
    }
}
