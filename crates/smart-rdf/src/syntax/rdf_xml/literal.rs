use std::borrow::Cow;

use crate::syntax::rdf_xml::names::{Names, split};

/// The text of an XML literal, in the form that makes equal ones equal
/// ([Exclusive XML Canonicalization](https://www.w3.org/TR/xml-exc-c14n/), with comments).
#[derive(Default)]
pub(super) struct XmlLiteral<'t> {
    text: String,
    /// Namespaces that the text declares: prefix, namespace, inner ones last.
    rendered: Vec<(&'t str, String)>,
    /// For each open element, how many of them are from outside of it.
    outer: Vec<usize>,
}

/// A prefix that stands for nothing.
pub(super) struct UnknownPrefix;

impl<'t> XmlLiteral<'t> {
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn start(
        &mut self,
        tag: &'t str,
        attributes: &[(&'t str, Cow<'t, str>)],
        names: &Names<'_>,
    ) -> Result<(), UnknownPrefix> {
        self.outer.push(self.rendered.len());
        self.text.push('<');
        self.text.push_str(tag);
        let mut prefixes = vec![split(tag).ok_or(UnknownPrefix)?.0];
        let mut sorted = Vec::with_capacity(attributes.len());
        for (name, value) in attributes {
            let (prefix, local) = split(name).ok_or(UnknownPrefix)?;
            let namespace = match prefix {
                "" => "",
                prefix => names.namespace(prefix).ok_or(UnknownPrefix)?,
            };
            if !prefix.is_empty() {
                prefixes.push(prefix);
            }
            sorted.push((namespace, local, *name, value));
        }
        prefixes.sort_unstable();
        prefixes.dedup();
        for prefix in prefixes {
            self.declare(prefix, names.namespace(prefix).ok_or(UnknownPrefix)?);
        }
        sorted.sort_unstable();
        for (_, _, name, value) in sorted {
            self.text.push(' ');
            self.text.push_str(name);
            self.value(value);
        }
        self.text.push('>');
        Ok(())
    }

    /// Declares a namespace unless the text around has done so.
    fn declare(&mut self, prefix: &'t str, namespace: &str) {
        let rendered = self.rendered.iter().rev().find(|(name, _)| *name == prefix);
        let current = rendered.map_or("", |(_, namespace)| namespace);
        if prefix == "xml" || current == namespace {
            return;
        }
        self.text.push_str(if prefix.is_empty() {
            " xmlns"
        } else {
            " xmlns:"
        });
        self.text.push_str(prefix);
        self.value(namespace);
        self.rendered.push((prefix, namespace.to_owned()));
    }

    fn value(&mut self, value: &str) {
        self.text.push_str("=\"");
        for character in value.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '"' => self.text.push_str("&quot;"),
                '\t' => self.text.push_str("&#x9;"),
                '\n' => self.text.push_str("&#xA;"),
                '\r' => self.text.push_str("&#xD;"),
                other => self.text.push(other),
            }
        }
        self.text.push('"');
    }

    pub(super) fn end(&mut self, tag: &str) {
        self.text.push_str("</");
        self.text.push_str(tag);
        self.text.push('>');
        if let Some(outer) = self.outer.pop() {
            self.rendered.truncate(outer);
        }
    }

    pub(super) fn characters(&mut self, characters: &str) {
        for character in characters.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '\r' => self.text.push_str("&#xD;"),
                other => self.text.push(other),
            }
        }
    }

    /// A comment or processing instruction, with its brackets.
    pub(super) fn aside(&mut self, aside: &str) {
        self.text.push_str(aside);
    }
}
