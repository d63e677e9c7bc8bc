//! Documents, medical images and the photograph: files, and what is known about them.
//!
//! The bytes come from the record itself, from `sp:resource`/`sp:content`, or from the file that
//! lies beside the patient's. A record whose files are missing serves what it says about them;
//! asking for the bytes ends in 500, as in a reference container that has lost a file.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
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
use crate::classic::calls::graph_reply;
use crate::classic::state::ContainerState;
use crate::records::filter;
use crate::records::load::MOST_BYTES;
use crate::records::record::{FILE_CLASSES, Record, Statement};
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

/// What an answer shows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Combined,
    Metadata,
    Raw,
}

impl Format {
    /// An item is its bytes unless asked for otherwise; a value that nobody knows means the
    /// metadata.
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
    FILE_CLASSES.contains(&call.target)
}

/// A list of files; never their bytes.
pub(crate) fn list(
    _container: &ContainerState,
    request: &RequestContext<'_>,
    record: &Record,
    call: &'static CallInfo,
) -> Reply {
    let format = Format::of_list(request.query.get("format"));
    let page = filter::select(record, call, &request.query);
    let mut triples = Vec::new();
    for file in &page.statements {
        match described(file, format) {
            Ok(description) => triples.extend(description),
            Err(unreadable) => return unreadable.reply(),
        }
    }
    graph_reply(&triples.into_iter().collect())
}

/// One file: its bytes or its description.
pub(crate) fn item(
    _container: &ContainerState,
    request: &RequestContext<'_>,
    record: &Record,
    call: &'static CallInfo,
) -> Reply {
    let Some(file) = reading::find(record, request, call) else {
        return graph_reply(&Graph::default());
    };
    match Format::of_item(call, request.query.get("format")) {
        Format::Raw => raw(file),
        format => match described(file, format) {
            Ok(description) => graph_reply(&description.into_iter().collect()),
            Err(unreadable) => unreadable.reply(),
        },
    }
}

fn raw(file: &Statement) -> Reply {
    let content = match Content::of(file) {
        Ok(Some(content)) => content,
        Ok(None) => {
            tracing::warn!("a document's file is not there");
            return reply::server_error();
        }
        Err(unreadable) => return unreadable.reply(),
    };
    let media_type = content
        .media_type
        .and_then(|name| HeaderValue::from_str(&name).ok())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut reply = reply::bare(StatusCode::OK, content.bytes);
    reply.headers_mut().insert(header::CONTENT_TYPE, media_type);
    reply
}

/// The bytes that a statement describes.
struct Content {
    bytes: Vec<u8>,
    media_type: Option<String>,
}

/// Why the bytes of a statement are there and cannot be served.
#[derive(Debug, thiserror::Error)]
enum ContentError {
    #[error("the content of a document is not base64, though it says so")]
    Base64,
    #[error("the file of a document cannot be read")]
    File(#[source] io::Error),
    #[error("the file of a document is longer than {MOST_BYTES} bytes")]
    TooLarge,
}

impl ContentError {
    fn reply(self) -> Reply {
        tracing::error!(error = &self as &dyn std::error::Error, "not served");
        reply::server_error()
    }
}

impl Content {
    /// None if the statement has no content and no file lies beside the patient's.
    fn of(file: &Statement) -> Result<Option<Self>, ContentError> {
        let bytes = match (inline(file)?, &file.file) {
            (Some(bytes), _) => bytes,
            (None, Some(path)) => read(path)?,
            (None, None) => return Ok(None),
        };
        let media_type = media_type(file);
        Ok(Some(Self { bytes, media_type }))
    }
}

/// The content that the statement carries itself.
fn inline(file: &Statement) -> Result<Option<Vec<u8>>, ContentError> {
    let content = follow(file, &[sp::RESOURCE, sp::CONTENT]);
    let read = |property| literal(file, content.as_ref()?, property);
    let Some(value) = read(sp::VALUE) else {
        return Ok(None);
    };
    let is_base64 =
        read(sp::ENCODING).is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
    if !is_base64 {
        return Ok(Some(value.into_bytes()));
    }
    let compact: String = value.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(compact).map_err(|_| ContentError::Base64)?;
    Ok(Some(bytes))
}

fn read(path: &Path) -> Result<Vec<u8>, ContentError> {
    let file = File::open(path).map_err(ContentError::File)?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(ContentError::File)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ContentError::TooLarge);
    }
    Ok(bytes)
}

/// The label of the format or, where it has none, the end of its IRI, which is made from the media
/// type.
fn media_type(file: &Statement) -> Option<String> {
    const MEDIA_TYPES: &str = "http://purl.org/NET/mediatypes/";
    let format = follow(file, &[dcterms::FORMAT])?;
    literal(file, &format, rdfs::LABEL).or_else(|| match &format {
        Term::NamedNode(iri) => iri.as_str().strip_prefix(MEDIA_TYPES).map(str::to_owned),
        _ => None,
    })
}

/// The statement with what the container adds: size, place and hash, and on request the content.
fn described(file: &Arc<Statement>, format: Format) -> Result<Vec<Triple>, ContentError> {
    let Some(content) = Content::of(file)? else {
        return Ok(file.triples().collect());
    };
    let mut triples = without_additions(file);
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
    Ok(triples)
}

/// Text files go as they are, everything else in base64.
fn encoded(file: &Statement, bytes: &[u8]) -> (&'static str, String) {
    let is_text = file.texts(sp::FILE_NAME).any(|name| name.ends_with(".txt"));
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => ("UTF-8", text.to_owned()),
        _ => ("Base64", STANDARD.encode(bytes)),
    }
}

/// The statement's triples but for those that the container makes from the bytes, and what hangs on
/// them alone: a size or hash that the record states may be that of another version.
fn without_additions(file: &Statement) -> Vec<Triple> {
    const ADDED: [NamedNodeRef<'static>; 2] = [sp::FILE_SIZE, sp::RESOURCE];
    let mut dropped: HashSet<Term> = HashSet::new();
    let mut open: Vec<Term> = ADDED
        .iter()
        .flat_map(|property| file.graph.objects(file.uri.as_ref(), *property))
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
            let is_added = triple.subject == uri && ADDED.contains(&triple.predicate.as_ref());
            !is_added && !dropped.contains(&Term::from(triple.subject.clone()))
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
