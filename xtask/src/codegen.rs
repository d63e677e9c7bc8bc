//! `cargo xtask codegen`: the generated code of smart-api and of the facade, from the ontology.
//!
//! Without options it writes what specs/smart.ttl gives. `--check` looks only, `--out` writes
//! elsewhere, `--spec` reads another ontology, `--same-code-as` compares two.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use smart_api_gen::{Formatter, Generated, Mode, Outcome, Roots, Source, Summary, Syntax};

/// The workspace's own ontology.
const SPEC: &str = "specs/smart.ttl";

/// What is in it, so that nothing can fall out of the ontology or of the generator unnoticed.
const CALLS: usize = 47;
const FILTERS: usize = 60;
const CLASSES: usize = 95;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing: fail if the generated code is not current
    #[arg(long)]
    check: bool,

    /// The ontology to read, Turtle (.ttl) or RDF/XML (any other ending)
    #[arg(long, value_name = "FILE", requires = "elsewhere")]
    spec: Option<PathBuf>,

    /// Write below this folder, api/, docs/ and facade/, instead of into the crates
    #[arg(long, value_name = "DIR", group = "elsewhere")]
    out: Option<PathBuf>,

    /// Write nothing: fail if this ontology gives other code, comments aside
    #[arg(
        long,
        value_name = "FILE",
        group = "elsewhere",
        conflicts_with = "check"
    )]
    same_code_as: Option<PathBuf>,

    /// List the fix-ups and the classes that nothing is generated for
    #[arg(long)]
    explain: bool,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    let generated = match &arguments.spec {
        Some(spec) => generate(root, spec)?,
        None => generate_own(root)?,
    };
    if let Some(other) = &arguments.same_code_as {
        compare(&generated, &generate(root, other)?)?;
    } else {
        let mode = if arguments.check {
            Mode::Check
        } else {
            Mode::Write
        };
        let changed = generated.settle(&roots(root, arguments.out.as_deref()), mode)?;
        println!(
            "codegen: {}; {} file(s) changed",
            generated.summary(),
            changed.len()
        );
    }
    if arguments.explain {
        explain(generated.summary());
    }
    Ok(())
}

/// From the workspace's own ontology, of which the counts are known.
fn generate_own(root: &Path) -> Result<Generated> {
    let generated = generate(root, &root.join(SPEC))?;
    let summary = generated.summary();
    let counts = (
        summary.calls,
        summary.filters + summary.dropped_filters,
        summary.classes,
    );
    ensure!(
        counts == (CALLS, FILTERS, CLASSES),
        "{SPEC} gives {} calls, {} filters and {} classes instead of {CALLS}, {FILTERS} and {CLASSES}: \
         if that is meant, change the numbers in xtask/src/codegen.rs",
        counts.0,
        counts.1,
        counts.2
    );
    let idle = summary
        .fixups
        .iter()
        .find(|(_, outcome)| *outcome != Outcome::Applied);
    if let Some((name, _)) = idle {
        bail!(
            "{SPEC} has nothing for the fix-up {name} to mend: delete it from crates/smart-api-gen/src/fixups.rs"
        );
    }
    ensure!(
        summary.classes == summary.emitted() + summary.skipped.len(),
        "a class was neither emitted nor skipped"
    );
    Ok(generated)
}

fn generate(root: &Path, spec: &Path) -> Result<Generated> {
    let document = fs::read(spec).with_context(|| format!("{} cannot be read", spec.display()))?;
    let is_turtle = spec.extension().is_some_and(|extension| extension == "ttl");
    let syntax = if is_turtle {
        Syntax::Turtle
    } else {
        Syntax::RdfXml
    };
    // Files of the workspace are named as they lie in it, others by their last part: a path of one
    // machine is no source.
    let inside = spec.strip_prefix(root).ok().map(Path::to_string_lossy);
    let name = inside
        .or_else(|| spec.file_name().map(|name| name.to_string_lossy()))
        .unwrap_or_default();
    let source = Source {
        name: &name,
        syntax,
        document: &document,
    };
    smart_api_gen::generate(source, &Formatter::new(root))
        .with_context(|| format!("nothing generated from {}", spec.display()))
}

fn roots(root: &Path, out: Option<&Path>) -> Roots {
    match out {
        Some(out) => Roots {
            api: out.join("api"),
            docs: out.join("docs"),
            facade: out.join("facade"),
        },
        None => {
            // Messages name files as one would type them here.
            let here = std::env::current_dir().unwrap_or_default();
            let root = root.strip_prefix(here).unwrap_or(root);
            Roots {
                api: root.join("crates/smart-api/src/generated"),
                docs: root.join("docs"),
                facade: root.join("crates/smart/src/classic/generated"),
            }
        }
    }
}

fn compare(one: &Generated, other: &Generated) -> Result<()> {
    println!("codegen: {}", one.summary());
    println!("against: {}", other.summary());
    let differences = one
        .clone()
        .without_comments()
        .differences(&other.clone().without_comments());
    if !differences.is_empty() {
        bail!(
            "{} file(s) differ in more than comments: {}",
            differences.len(),
            differences.join(", ")
        );
    }
    println!("the code is the same, comments aside");
    Ok(())
}

fn explain(summary: &Summary) {
    for (fixup, outcome) in &summary.fixups {
        let outcome = match outcome {
            Outcome::Applied => "applied",
            Outcome::NotApplicable => "not applicable",
            Outcome::NotNeeded => "not needed",
        };
        println!("fix-up {fixup}: {outcome}");
    }
    for repair in &summary.repairs {
        println!("repaired {repair}");
    }
    for (class, reason) in &summary.skipped {
        println!("skipped {}: {reason}", class.as_str());
    }
}

#[cfg(test)]
mod tests {
    use smart_api_gen::{Mode, OutputError};

    use super::{generate_own, roots};
    use crate::workspace;

    #[test]
    fn committed_code_is_current() {
        let root = workspace().unwrap();
        let generated = generate_own(&root).unwrap();
        if let Err(error) = generated.settle(&roots(&root, None), Mode::Check) {
            panic!("{error}");
        }
    }

    #[test]
    fn what_is_written_checks_and_what_is_changed_does_not() {
        let root = workspace().unwrap();
        let generated = generate_own(&root).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let roots = roots(&root, Some(folder.path()));

        let all = generated.settle(&roots, Mode::Write).unwrap();
        assert!(all.len() > 47, "{} files", all.len());
        assert_eq!(
            generated.settle(&roots, Mode::Check).unwrap(),
            [""; 0].map(std::path::PathBuf::from)
        );
        assert!(generated.settle(&roots, Mode::Write).unwrap().is_empty());

        let edited = roots.api.join("calls/get_medications.rs");
        let obsolete = roots.facade.join("old_calls.rs");
        let text = std::fs::read_to_string(&edited).unwrap();
        std::fs::write(&obsolete, &text).unwrap();
        std::fs::write(&edited, text.replace("GET", "PUT")).unwrap();
        let error = generated.settle(&roots, Mode::Check).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with("2 file(s) are not what the ontology gives: "),
            "{message}"
        );
        assert!(
            message.ends_with("; run `cargo xtask codegen`"),
            "{message}"
        );
        let OutputError::Stale { paths } = error else {
            panic!("{message}")
        };
        assert_eq!(paths, [edited, obsolete.clone()]);
        assert!(obsolete.exists());

        assert_eq!(generated.settle(&roots, Mode::Write).unwrap(), paths);
        assert!(!obsolete.exists());
        generated.settle(&roots, Mode::Check).unwrap();
    }

    #[test]
    fn a_file_that_was_not_generated_is_left_alone() {
        let root = workspace().unwrap();
        let generated = generate_own(&root).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let roots = roots(&root, Some(folder.path()));
        generated.settle(&roots, Mode::Write).unwrap();
        let notes = roots.api.join("notes.rs");
        std::fs::write(&notes, "// mine").unwrap();
        for mode in [Mode::Check, Mode::Write] {
            let error = generated.settle(&roots, mode).unwrap_err();
            assert!(
                matches!(&error, OutputError::Foreign { path } if *path == notes),
                "{error}"
            );
        }
        assert!(notes.exists());
    }
}
