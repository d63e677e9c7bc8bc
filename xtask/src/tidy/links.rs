//! Addresses in documentation comments lead to a specification or a document that this project
//! knows.

use std::path::Path;

use anyhow::Result;

use super::Finding;
use super::layers::Member;
use super::purity::rust_files;

/// Where a link in the sources may lead. A new home for specifications is added here on purpose,
/// not in passing.
const KNOWN: &[&str] = &[
    "http://127.0.0.1",
    "http://fda.gov/UNII/",
    "http://hl7.org/fhir/",
    "http://localhost",
    "http://loinc.org",
    "http://purl.bioontology.org/ontology/",
    "http://purl.org/",
    "http://schemas.",
    "http://smartplatforms.org/terms",
    "http://snomed.info/",
    "http://terminology.hl7.org/",
    "http://www.w3.org/",
    "http://www2a.cdc.gov/nip/IIS/IISStandards/vaccines.asp",
    "http://xmlns.com/foaf/",
    "https://docs.rs/",
    "https://doi.org/",
    "https://fetch.spec.whatwg.org/",
    "https://github.com/",
    "https://hl7.org/",
    "https://oauth.googlecode.com/svn/spec/",
    "https://openid.net/specs/",
    "https://rustsec.org/",
    "https://fetch.spec.whatwg.org/",
    "https://url.spec.whatwg.org/",
    "https://www.dublincore.org/",
    "https://www.rfc-editor.org/",
    "https://www.unicode.org/reports/",
    "https://www.w3.org/",
];

/// Names that RFC 2606 and RFC 6761 keep free for examples.
const EXAMPLE_HOSTS: &[&str] = &[
    "example.com",
    "example.net",
    "example.org",
    ".example",
    ".invalid",
    ".test",
];

/// Every link in a documentation comment of the crate's sources.
pub(super) fn check(root: &Path, member: &Member) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in rust_files(&member.directory.join("src"))? {
        let place = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .display()
            .to_string();
        findings.extend(check_text(&place, &std::fs::read_to_string(&path)?));
    }
    Ok(findings)
}

fn check_text(place: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if !(line.starts_with("///") || line.starts_with("//!")) {
            continue;
        }
        for link in links(line).filter(|link| !is_known(link)) {
            findings.push(Finding {
                place: format!("{place}:{}", index + 1),
                message: format!("{link} is no address that xtask/src/tidy/links.rs knows"),
            });
        }
    }
    findings
}

fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', '<', '>', '(', ')', '"', '`', '\'', '|'])
        .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
}

fn is_known(link: &str) -> bool {
    let host = link
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split(['/', ':']).next())
        .unwrap_or_default();
    host.is_empty()
        || KNOWN.iter().any(|known| link.starts_with(known))
        || EXAMPLE_HOSTS.iter().any(|known| host.ends_with(known))
}

#[cfg(test)]
mod tests {
    use super::check_text;

    #[test]
    fn only_unknown_addresses_in_documentation_are_found() {
        let text = [
            "/// See [RFC 5849](https://www.rfc-editor.org/rfc/rfc5849#section-3.4) and <http://app.example.org/x>.",
            "/// Also https://blog.somewhere.dev/post.",
            "// https://elsewhere.dev is no documentation",
        ]
        .join("\n");
        let findings: Vec<_> = check_text("a.rs", &text)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            findings,
            [
                "a.rs:2: https://blog.somewhere.dev/post. is no address that xtask/src/tidy/links.rs knows"
            ]
        );
    }
}
