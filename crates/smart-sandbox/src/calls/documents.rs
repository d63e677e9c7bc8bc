//! Documents, medical images and the photograph: files, and what is known about them.
//!
//! The bytes come from the record itself, from `sp:resource`/`sp:content`. A record whose files lie elsewhere serves what it
//! says about them; asking for the bytes ends in 500, as in a reference container that has lost a file.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use smart_api::CallInfo;
use smart_api::vocab::sp;
use smart_rdf::vocab::{dcterms, rdf, rdfs};
use smart_rdf::{
    BlankNode, Graph, Literal, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, Term, TermRef,
    Triple,
};

use super::reading;
use crate::filter;
use crate::record::{Record, Statement};
use crate::reply::{self, Reply};
use crate::visit::Visit;

/// What an answer shows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Combined,
    Metadata,
    Raw,
}

impl Format {
    /// An item is its bytes unless asked for otherwise; a value that nobody knows means the metadata.
    fn of_item(call: &CallInfo, asked: Option<&str>) -> Self {
        match asked {
            _ if call.target == sp::class::PHOTOGRAPH => Self::Raw,
            None | Some("raw") => Self::Raw,
            Some("combined") => Self::Combined,
            Some(_) => Self::Metadata,
        }
    }

    fn of_list(asked: Option<&str>) -> Self {
        if asked == Some("combined") {
            Self::Combined
        } else {
            Self::Metadata
        }
    }
}

/// Whether a call is about files.
pub(crate) fn is_about_files(call: &CallInfo) -> bool {
    [
        sp::class::DOCUMENT,
        sp::class::MEDICAL_IMAGE,
        sp::class::PHOTOGRAPH,
    ]
    .contains(&call.target)
}

/// A list of files; never their bytes.
pub(crate) fn list(visit: &Visit<'_>, record: &Record, call: &'static CallInfo) -> Reply {
    let format = Format::of_list(visit.query.get("format"));
    let page = filter::select(record, call, &visit.query);
    reply::graph(
        &page
            .statements
            .iter()
            .flat_map(|file| described(file, format))
            .collect(),
    )
}

/// One file: its bytes or its description.
pub(crate) fn item(visit: &Visit<'_>, record: &Record, call: &'static CallInfo) -> Reply {
    let Some(file) = reading::find(record, visit, call) else {
        return reply::graph(&Graph::default());
    };
    match Format::of_item(call, visit.query.get("format")) {
        Format::Raw => raw(file),
        format => reply::graph(&described(file, format).into_iter().collect()),
    }
}

fn raw(file: &Statement) -> Reply {
    let Some(content) = Content::of(file) else {
        return reply::server_error();
    };
    let media_type = content
        .media_type
        .and_then(|name| HeaderValue::from_str(&name).ok())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut reply = reply::bare(StatusCode::OK, content.bytes);
    reply.headers_mut().insert(header::CONTENT_TYPE, media_type);
    reply
}

/// The bytes that a statement carries.
struct Content {
    bytes: Vec<u8>,
    media_type: Option<String>,
}

impl Content {
    fn of(file: &Statement) -> Option<Self> {
        let content = follow(file, &[sp::RESOURCE, sp::CONTENT])?;
        let value = literal(file, &content, sp::VALUE)?;
        let encoding = literal(file, &content, sp::ENCODING).unwrap_or_default();
        let bytes = if encoding.eq_ignore_ascii_case("base64") {
            let compact: String = value.split_ascii_whitespace().collect();
            STANDARD.decode(compact).ok()?
        } else {
            value.into_bytes()
        };
        let format = follow(file, &[dcterms::FORMAT]);
        let media_type = format.and_then(|format| literal(file, &format, rdfs::LABEL));
        Some(Self { bytes, media_type })
    }
}

/// The statement with what the container adds: size, place and hash, and on request the content.
fn described(file: &Arc<Statement>, format: Format) -> Vec<Triple> {
    let Some(content) = Content::of(file) else {
        return file.triples().collect();
    };
    let mut triples = without_resource(file);
    let label = |part: &str| {
        let id = file.uri.as_str().rsplit('/').next().unwrap_or_default();
        let id: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        BlankNode::new_unchecked(format!("f{id}{part}"))
    };
    let text = |value: &str| Term::from(Literal::new_simple_literal(value));
    let mut add = |subject: NamedOrBlankNode, property: NamedNodeRef<'_>, object: Term| {
        triples.push(Triple::new(subject, property.into_owned(), object));
    };
    let uri = NamedOrBlankNode::from(file.uri.clone());
    if file
        .graph
        .object(file.uri.as_ref(), sp::FILE_SIZE)
        .is_none()
    {
        let size = label("size");
        add(uri.clone(), sp::FILE_SIZE, size.clone().into());
        add(
            size.clone().into(),
            rdf::TYPE,
            sp::class::VALUE_AND_UNIT.into_owned().into(),
        );
        add(
            size.clone().into(),
            sp::VALUE,
            text(&content.bytes.len().to_string()),
        );
        add(size.into(), sp::UNIT, text("byte"));
    }
    let (resource, hash) = (label("resource"), label("hash"));
    add(uri, sp::RESOURCE, resource.clone().into());
    add(
        resource.clone().into(),
        rdf::TYPE,
        sp::class::RESOURCE.into_owned().into(),
    );
    add(
        resource.clone().into(),
        sp::LOCATION,
        text(file.uri.as_str()),
    );
    add(resource.clone().into(), sp::HASH, hash.clone().into());
    add(
        hash.clone().into(),
        rdf::TYPE,
        sp::class::HASH.into_owned().into(),
    );
    add(hash.clone().into(), sp::ALGORITHM, text("SHA-256"));
    add(
        hash.into(),
        sp::VALUE,
        text(&hexadecimal(&Sha256::digest(&content.bytes))),
    );
    if format == Format::Combined {
        let node = label("content");
        let (encoding, value) = encoded(file, &content.bytes);
        add(resource.into(), sp::CONTENT, node.clone().into());
        add(
            node.clone().into(),
            rdf::TYPE,
            sp::class::CONTENT.into_owned().into(),
        );
        add(node.clone().into(), sp::ENCODING, text(encoding));
        add(node.into(), sp::VALUE, text(&value));
    }
    triples
}

/// Text files go as they are, everything else in base64.
fn encoded(file: &Statement, bytes: &[u8]) -> (&'static str, String) {
    let is_text = file.texts(sp::FILE_NAME).any(|name| name.ends_with(".txt"));
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => ("UTF-8", text.to_owned()),
        _ => ("Base64", STANDARD.encode(bytes)),
    }
}

/// The statement's triples but for `sp:resource` and what hangs on it alone.
fn without_resource(file: &Statement) -> Vec<Triple> {
    let mut dropped: HashSet<Term> = HashSet::new();
    let mut open: Vec<Term> = file
        .graph
        .objects(file.uri.as_ref(), sp::RESOURCE)
        .map(TermRef::into_owned)
        .collect();
    while let Some(node) = open.pop() {
        if matches!(node, Term::BlankNode(_)) && dropped.insert(node.clone()) {
            open.extend(objects(file, &node));
        }
    }
    let uri = NamedOrBlankNode::from(file.uri.clone());
    file.triples()
        .filter(|triple| {
            let of_resource = triple.subject == uri && triple.predicate == sp::RESOURCE;
            !of_resource && !dropped.contains(&Term::from(triple.subject.clone()))
        })
        .collect()
}

fn objects(file: &Statement, node: &Term) -> Vec<Term> {
    let Some(subject) = as_subject(node) else {
        return Vec::new();
    };
    let triples = file.graph.matching(Some(subject), None, None);
    triples.map(|triple| triple.object.into_owned()).collect()
}

fn follow(file: &Statement, path: &[NamedNodeRef<'_>]) -> Option<Term> {
    path.iter()
        .try_fold(Term::from(file.uri.clone()), |node, property| {
            let next = file.graph.object(as_subject(&node)?, *property)?;
            Some(next.into_owned())
        })
}

fn literal(file: &Statement, node: &Term, property: NamedNodeRef<'_>) -> Option<String> {
    match file.graph.object(as_subject(node)?, property)? {
        TermRef::Literal(literal) => Some(literal.value().to_owned()),
        _ => None,
    }
}

fn as_subject(node: &Term) -> Option<NamedOrBlankNodeRef<'_>> {
    match node {
        Term::NamedNode(node) => Some(node.as_ref().into()),
        Term::BlankNode(node) => Some(node.as_ref().into()),
        _ => None,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
