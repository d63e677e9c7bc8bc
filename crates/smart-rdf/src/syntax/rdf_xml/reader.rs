use std::borrow::Cow;
use std::collections::HashSet;
use std::mem;
use std::ops::Range;
use std::rc::Rc;

use memchr::memmem;
use oxiri::Iri;
use oxrdf::vocab::rdf;
use oxrdf::{Literal, NamedNodeRef};

use crate::error::{ParseError, Position};
use crate::graph::Graph;
use crate::guard::{Attribute, Markup, TagPart, Token};
use crate::limits::{Limit, LimitError, Limits};
use crate::syntax::intake::{Intake, LiteralKind};
use crate::syntax::rdf_xml::literal::XmlLiteral;
use crate::syntax::rdf_xml::names::{DeclarationFault, Name, Names, RDF, Word, split};
use crate::syntax::xml::{
    Malformed, declaration, forbidden_char, is_blank, is_nc_name, normalize_lines, resolve_text,
    resolve_value,
};

/// Reads a document in one pass: each tag is checked against the limits and taken into the graph at
/// once ([RDF/XML, 7.2](https://www.w3.org/TR/rdf-syntax-grammar/#section-Infoset-Grammar)).
///
/// There is nothing here that grows faster than the document. Elements lie on a stack of their own;
/// what a name means is looked up once; an IRI is checked when it first appears; what short forms
/// are written out to is counted.
pub(super) fn read(
    text: &str,
    base_iri: Option<&str>,
    limits: &Limits,
) -> Result<Graph, ParseError> {
    let base = base_iri.map(parse_base).transpose()?;
    if let Some(at) = forbidden_char(text) {
        return Err(fault(text, at, "a character that XML does not allow"));
    }
    Reader {
        text,
        limits,
        markup: Markup::new(text),
        intake: Intake::new(limits),
        names: Names::default(),
        document: Scope {
            base: base.map(Rc::new),
            ..Scope::default()
        },
        frames: Vec::new(),
        has_root: false,
        identifiers: HashSet::new(),
        anonymous: 0,
        attributes: Vec::new(),
        value: Value::Nothing,
        literal: XmlLiteral::default(),
        expansion: 0,
        at: 0,
    }
    .run()
}

fn parse_base(iri: &str) -> Result<Iri<String>, ParseError> {
    Iri::parse(iri.to_owned()).map_err(|error| ParseError::BaseIri {
        iri: iri.to_owned(),
        message: error.to_string(),
    })
}

struct Reader<'t> {
    text: &'t str,
    limits: &'t Limits,
    markup: Markup<'t>,
    intake: Intake<'t>,
    names: Names<'t>,
    /// What holds outside of the root element.
    document: Scope,
    /// The open elements.
    frames: Vec<Frame<'t>>,
    has_root: bool,
    /// The IRIs that `rdf:ID` gave, each once.
    identifiers: HashSet<u32>,
    /// How many nodes without a name there were.
    anonymous: u64,
    /// Those of the current tag.
    attributes: Vec<Attribute<'t>>,
    /// The text of the innermost open property.
    value: Value<'t>,
    /// The XML literal that is open, if one is.
    literal: XmlLiteral<'t>,
    /// Bytes that the document's short forms were written out to.
    expansion: usize,
    /// Where the current tag or text begins.
    at: usize,
}

struct Frame<'t> {
    tag: &'t str,
    /// How many namespace declarations are from outside.
    namespaces: usize,
    scope: Scope,
    production: Production,
}

/// What an element hands down to the elements inside.
#[derive(Clone, Default)]
struct Scope {
    base: Option<Rc<Iri<String>>>,
    /// The number of a language.
    language: Option<u32>,
}

/// What an element is, and so what may stand in it.
enum Production {
    /// Nodes of a list, with the last of its cells.
    Collection(Property, Option<u32>),
    /// A property whose attributes said everything.
    Complete,
    /// Nodes.
    Document,
    /// The top of an XML literal.
    Literal(Property),
    /// An element inside an XML literal.
    Markup,
    /// Properties of this node. `rdf:li` are counted.
    Node { subject: u32, items: u64 },
    /// Text, or one node; whether the node was there.
    Property(Property, bool),
}

#[derive(Clone, Copy)]
struct Property {
    subject: u32,
    predicate: u32,
    /// What `rdf:ID` names the triple.
    reification: Option<u32>,
    datatype: Option<u32>,
}

#[derive(Default)]
enum Value<'t> {
    #[default]
    Nothing,
    /// One piece, as in the document.
    Piece(&'t str),
    Text(String),
}

impl Value<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Nothing => "",
            Self::Piece(piece) => piece,
            Self::Text(text) => text,
        }
    }
}

/// The attributes of a tag, sorted by what they are for.
#[derive(Default)]
struct Said<'t> {
    about: Option<Cow<'t, str>>,
    datatype: Option<Cow<'t, str>>,
    id: Option<Cow<'t, str>>,
    node_id: Option<Cow<'t, str>>,
    parse_type: Option<Cow<'t, str>>,
    resource: Option<Cow<'t, str>>,
    /// Predicates and texts.
    properties: Vec<(u32, Cow<'t, str>)>,
}

impl<'t> Reader<'t> {
    fn run(mut self) -> Result<Graph, ParseError> {
        self.check_declaration()?;
        loop {
            self.at = self.markup.offset();
            match self.markup.token()? {
                None => break,
                Some(Token::Aside(range)) => self.aside(range),
                Some(Token::CData(range)) => self.cdata(range)?,
                Some(Token::Doctype(start)) => {
                    return Err(ParseError::Doctype {
                        position: Position::of(self.text, start),
                    });
                }
                Some(Token::End { name, .. }) => self.end_tag(name)?,
                Some(Token::Start { name, .. }) => self.start_tag(name)?,
                Some(Token::Text(range)) => self.characters(range)?,
            }
        }
        self.at = self.text.len();
        if let Some(frame) = self.frames.last() {
            let name = shorten(frame.tag);
            return Err(self.fault(&format!(
                "the document ends inside `<{name}>`; is it cut off?"
            )));
        }
        if !self.has_root {
            return Err(self.fault("there is no element; is it XML?"));
        }
        Ok(self.intake.finish())
    }

    /// What it says of the encoding was seen to when the bytes became text.
    fn check_declaration(&self) -> Result<(), ParseError> {
        match declaration(self.text) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.malformed(0, &error)),
        }
    }

    // --- text

    fn characters(&mut self, range: Range<usize>) -> Result<(), ParseError> {
        let text = &self.text[range];
        if self.takes_text() {
            let text = resolve_text(text).map_err(|error| self.malformed(self.at, &error))?;
            return self.take_text(text);
        }
        if is_blank(text) {
            return Ok(());
        }
        Err(self.fault(if self.frames.is_empty() {
            "text outside of the root element"
        } else {
            "text where only elements may stand"
        }))
    }

    fn cdata(&mut self, range: Range<usize>) -> Result<(), ParseError> {
        let text = &self.text[range.start + "<![CDATA[".len()..range.end - "]]>".len()];
        if self.takes_text() {
            return self.take_text(normalize_lines(text));
        }
        if is_blank(text) && !self.frames.is_empty() {
            return Ok(());
        }
        Err(self.fault("text where only elements may stand"))
    }

    fn aside(&mut self, range: Range<usize>) {
        if self.in_literal() {
            self.literal.aside(&normalize_lines(&self.text[range]));
        }
    }

    fn in_literal(&self) -> bool {
        matches!(
            self.frames.last().map(|frame| &frame.production),
            Some(Production::Literal(_) | Production::Markup)
        )
    }

    fn takes_text(&self) -> bool {
        self.in_literal()
            || matches!(
                self.frames.last().map(|frame| &frame.production),
                Some(Production::Property(_, false))
            )
    }

    fn take_text(&mut self, text: Cow<'t, str>) -> Result<(), ParseError> {
        if self.in_literal() {
            self.literal.characters(&text);
            return self.check_literal();
        }
        if self.value.as_str().len() + text.len() > self.limits.term_length() {
            return Err(self.over(Limit::TermLength, self.limits.term_length()));
        }
        self.value = match (mem::take(&mut self.value), text) {
            (Value::Nothing, Cow::Borrowed(piece)) => Value::Piece(piece),
            (Value::Nothing, Cow::Owned(text)) => Value::Text(text),
            (Value::Piece(piece), more) => Value::Text([piece, &*more].concat()),
            (Value::Text(text), more) => Value::Text(text + &more),
        };
        Ok(())
    }

    fn check_literal(&self) -> Result<(), ParseError> {
        if self.literal.len() > self.limits.term_length() {
            return Err(self.over(Limit::TermLength, self.limits.term_length()));
        }
        Ok(())
    }

    // --- tags

    fn start_tag(&mut self, tag: &'t str) -> Result<(), ParseError> {
        if self.frames.len() >= self.limits.depth {
            return Err(self.over(Limit::Depth, self.limits.depth));
        }
        if self.frames.is_empty() && mem::replace(&mut self.has_root, true) {
            return Err(self.fault("a second root element"));
        }
        self.check_iri_length(tag)?;
        let outer = self
            .frames
            .last()
            .map_or(&self.document, |frame| &frame.scope);
        let mut scope = outer.clone();
        let namespaces = self.names.len();
        let empty = self.attributes(&mut scope)?;
        let production = if self.in_literal() {
            self.markup(tag)?
        } else {
            self.element(tag, &scope)?
        };
        self.frames.push(Frame {
            tag,
            namespaces,
            scope,
            production,
        });
        if empty { self.end_tag(tag) } else { Ok(()) }
    }

    /// Reads the attributes, and applies those that are about the document itself; whether the tag
    /// is an empty one.
    fn attributes(&mut self, scope: &mut Scope) -> Result<bool, ParseError> {
        self.attributes.clear();
        let mut count = 0;
        loop {
            let attribute = match self.markup.attribute()? {
                TagPart::Close { empty, .. } => return Ok(empty),
                TagPart::Attribute(attribute) => attribute,
            };
            count += 1;
            if count > self.limits.attributes {
                return Err(self.over(Limit::Attributes, self.limits.attributes));
            }
            self.check_iri_length(attribute.name)?;
            if self
                .attributes
                .iter()
                .any(|other| other.name == attribute.name)
            {
                return Err(self.fault("an attribute twice in one tag"));
            }
            match attribute.name {
                "xmlns" => self.namespace("", &attribute)?,
                "xml:base" => self.base(&attribute, scope)?,
                "xml:lang" => self.language(&attribute, scope)?,
                name => {
                    if let Some(prefix) = name.strip_prefix("xmlns:") {
                        self.namespace(prefix, &attribute)?;
                    }
                }
            }
            self.attributes.push(attribute);
        }
    }

    fn namespace(&mut self, prefix: &'t str, attribute: &Attribute<'t>) -> Result<(), ParseError> {
        let value = self.value_of(attribute)?;
        self.check_iri_length(&value)?;
        if self.names.len() >= self.limits.attributes {
            return Err(self.over(Limit::Namespaces, self.limits.attributes));
        }
        self.names.declare(prefix, value).map_err(|error| {
            self.fault(match error {
                DeclarationFault::Malformed => "a declared prefix must be a name without a colon",
                DeclarationFault::Reserved => {
                    "`xml` and `xmlns` and what they stand for cannot be declared"
                }
                DeclarationFault::Undeclared => "a prefix cannot stand for nothing",
            })
        })
    }

    fn base(&mut self, attribute: &Attribute<'t>, scope: &mut Scope) -> Result<(), ParseError> {
        let value = self.value_of(attribute)?;
        self.check_iri_length(&value)?;
        let base = match &scope.base {
            Some(outer) => {
                self.expand(outer.len())?;
                outer.resolve(&value)
            }
            None => Iri::parse(value.into_owned()),
        };
        let base = base.map_err(|error| self.fault(&format!("`xml:base` is no IRI: {error}")))?;
        self.check_iri_length(&base)?;
        scope.base = Some(Rc::new(base));
        Ok(())
    }

    fn language(&mut self, attribute: &Attribute<'t>, scope: &mut Scope) -> Result<(), ParseError> {
        let value = self.value_of(attribute)?;
        self.check_iri_length(&value)?;
        scope.language = if value.is_empty() {
            None
        } else {
            let literal = Literal::new_language_tagged_literal("", value)
                .map_err(|error| self.fault(&format!("`xml:lang` is no language tag: {error}")))?;
            let number = self.intake.language(literal.language().unwrap_or_default());
            Some(number.map_err(|error| self.place(error))?)
        };
        Ok(())
    }

    fn end_tag(&mut self, tag: &str) -> Result<(), ParseError> {
        let Some(frame) = self.frames.pop() else {
            return Err(self.fault(&format!("`</{}>` closes nothing", shorten(tag))));
        };
        if frame.tag != tag {
            let (found, expected) = (shorten(tag), shorten(frame.tag));
            return Err(self.fault(&format!("`</{found}>` where `</{expected}>` is expected")));
        }
        match frame.production {
            Production::Collection(property, last) => self.end_list(property, last)?,
            Production::Complete
            | Production::Document
            | Production::Node { .. }
            | Production::Property(_, true) => {}
            Production::Literal(property) => {
                let text = mem::take(&mut self.literal).into_text();
                let datatype = self.vocabulary(rdf::XML_LITERAL)?;
                let object = self.literal(&text, LiteralKind::Typed(datatype))?;
                self.emit(property, object)?;
            }
            Production::Markup => {
                self.literal.end(tag);
                self.check_literal()?;
            }
            Production::Property(property, false) => {
                let kind = match property.datatype {
                    Some(datatype) => LiteralKind::Typed(datatype),
                    None => plain_kind(&frame.scope),
                };
                let value = mem::take(&mut self.value);
                let object = self.literal(value.as_str(), kind)?;
                self.emit(property, object)?;
            }
        }
        self.names.truncate(frame.namespaces);
        Ok(())
    }

    /// An element of an XML literal.
    fn markup(&mut self, tag: &'t str) -> Result<Production, ParseError> {
        let mut attributes = Vec::with_capacity(self.attributes.len());
        for attribute in &self.attributes {
            if !is_declaration(attribute.name) {
                attributes.push((attribute.name, self.value_of(attribute)?));
            }
        }
        let before = self.literal.len();
        self.literal
            .start(tag, &attributes, &self.names)
            .map_err(|_| self.fault("a prefix that is not declared, or what is no name"))?;
        self.check_literal()?;
        self.expand(self.literal.len() - before)?;
        Ok(Production::Markup)
    }

    fn element(&mut self, tag: &'t str, scope: &Scope) -> Result<Production, ParseError> {
        let name = self.name_of_tag(tag)?;
        let said = self.said()?;
        let parent = self.frames.last_mut().map(|frame| &mut frame.production);
        match parent {
            None if name == Name::Word(Word::Rdf) => {
                if said.is_empty() {
                    Ok(Production::Document)
                } else {
                    Err(self.fault("`rdf:RDF` takes no attributes but declarations"))
                }
            }
            None | Some(Production::Document) => self.node(name, said, scope),
            Some(Production::Node { subject, items }) => {
                let subject = *subject;
                if name == Name::Word(Word::Li) {
                    *items += 1;
                    let item = format!("{RDF}_{items}");
                    let predicate = self.new_iri(&item)?;
                    return self.property(subject, predicate, said, scope);
                }
                match name {
                    Name::Iri(predicate) => self.property(subject, predicate, said, scope),
                    Name::Word(_) => Err(self.fault("this name cannot be a property")),
                }
            }
            Some(Production::Property(property, has_node)) => {
                let property = *property;
                if mem::replace(has_node, true) {
                    return Err(self.fault(
                        "a property with two nodes; use `rdf:parseType=\"Collection\"` for a list",
                    ));
                }
                if property.datatype.is_some() {
                    return Err(self.fault("a node where text is expected"));
                }
                if !is_blank(mem::take(&mut self.value).as_str()) {
                    return Err(self.fault("a property with both text and a node"));
                }
                let node = self.node(name, said, scope)?;
                if let Production::Node { subject, .. } = node {
                    self.emit(property, subject)?;
                }
                Ok(node)
            }
            Some(Production::Collection(property, last)) => {
                let (property, last) = (*property, *last);
                let node = self.node(name, said, scope)?;
                if let Production::Node { subject, .. } = node {
                    let cell = self.list_item(property, last, subject)?;
                    if let Some(Frame {
                        production: Production::Collection(_, last),
                        ..
                    }) = self.frames.last_mut()
                    {
                        *last = Some(cell);
                    }
                }
                Ok(node)
            }
            Some(Production::Complete) => {
                Err(self.fault("an element in a property that its attributes have completed"))
            }
            // What is inside an XML literal does not come here.
            Some(Production::Literal(_) | Production::Markup) => self.markup(tag),
        }
    }

    /// [RDF/XML, 7.2.11](https://www.w3.org/TR/rdf-syntax-grammar/#nodeElement).
    fn node(
        &mut self,
        name: Name,
        said: Said<'t>,
        scope: &Scope,
    ) -> Result<Production, ParseError> {
        let class = match name {
            Name::Iri(class) => Some(class),
            Name::Word(Word::Description) => None,
            Name::Word(_) => return Err(self.fault("this name cannot be a node")),
        };
        if said.datatype.is_some() || said.parse_type.is_some() || said.resource.is_some() {
            return Err(self.fault(
                "a node takes neither `rdf:datatype` nor `rdf:parseType` nor `rdf:resource`",
            ));
        }
        let subject = match (&said.id, &said.about, &said.node_id) {
            (Some(id), None, None) => self.identifier(id, scope)?,
            (None, Some(about), None) => self.resolve(about, scope)?,
            (None, None, Some(label)) => self.node_id(label)?,
            (None, None, None) => self.anonymous()?,
            _ => {
                return Err(
                    self.fault("a node takes one of `rdf:ID`, `rdf:about` and `rdf:nodeID` only")
                );
            }
        };
        if let Some(class) = class {
            let predicate = self.vocabulary(rdf::TYPE)?;
            self.triple([subject, predicate, class])?;
        }
        self.property_attributes(subject, said.properties, scope)?;
        Ok(Production::Node { subject, items: 0 })
    }

    /// [RDF/XML, 7.2.14](https://www.w3.org/TR/rdf-syntax-grammar/#propertyElt).
    fn property(
        &mut self,
        subject: u32,
        predicate: u32,
        said: Said<'t>,
        scope: &Scope,
    ) -> Result<Production, ParseError> {
        if said.about.is_some() {
            return Err(self.fault("a property takes no `rdf:about`"));
        }
        let property = Property {
            subject,
            predicate,
            reification: match &said.id {
                Some(id) => Some(self.identifier(id, scope)?),
                None => None,
            },
            datatype: match &said.datatype {
                Some(datatype) => Some(self.resolve(datatype, scope)?),
                None => None,
            },
        };
        let has_object =
            said.resource.is_some() || said.node_id.is_some() || !said.properties.is_empty();
        if let Some(parse_type) = &said.parse_type {
            if has_object || property.datatype.is_some() {
                return Err(self.fault("`rdf:parseType` takes no attribute but `rdf:ID` beside it"));
            }
            return match &**parse_type {
                "Collection" => Ok(Production::Collection(property, None)),
                "Resource" => {
                    let node = self.anonymous()?;
                    self.emit(property, node)?;
                    Ok(Production::Node {
                        subject: node,
                        items: 0,
                    })
                }
                _ => Ok(Production::Literal(property)),
            };
        }
        if !has_object {
            self.value = Value::Nothing;
            return Ok(Production::Property(property, false));
        }
        if property.datatype.is_some() {
            return Err(self.fault("`rdf:datatype` on a property that is no text"));
        }
        let object = match (&said.resource, &said.node_id) {
            (Some(resource), None) => self.resolve(resource, scope)?,
            (None, Some(label)) => self.node_id(label)?,
            (None, None) => self.anonymous()?,
            (Some(_), Some(_)) => {
                return Err(
                    self.fault("a property takes one of `rdf:resource` and `rdf:nodeID` only")
                );
            }
        };
        self.emit(property, object)?;
        self.property_attributes(object, said.properties, scope)?;
        Ok(Production::Complete)
    }

    /// [RDF/XML, 7.2.25](https://www.w3.org/TR/rdf-syntax-grammar/#propertyAttr).
    fn property_attributes(
        &mut self,
        subject: u32,
        properties: Vec<(u32, Cow<'t, str>)>,
        scope: &Scope,
    ) -> Result<(), ParseError> {
        if properties.is_empty() {
            return Ok(());
        }
        let class = self.vocabulary(rdf::TYPE)?;
        for (predicate, value) in properties {
            let object = if predicate == class {
                self.resolve(&value, scope)?
            } else {
                self.literal(&value, plain_kind(scope))?
            };
            self.triple([subject, predicate, object])?;
        }
        Ok(())
    }

    /// One more cell of a list, which the one before or the property leads to.
    fn list_item(
        &mut self,
        property: Property,
        last: Option<u32>,
        item: u32,
    ) -> Result<u32, ParseError> {
        let cell = self.anonymous()?;
        match last {
            None => self.emit(property, cell)?,
            Some(last) => {
                let rest = self.vocabulary(rdf::REST)?;
                self.triple([last, rest, cell])?;
            }
        }
        let first = self.vocabulary(rdf::FIRST)?;
        self.triple([cell, first, item])?;
        Ok(cell)
    }

    fn end_list(&mut self, property: Property, last: Option<u32>) -> Result<(), ParseError> {
        let nil = self.vocabulary(rdf::NIL)?;
        match last {
            None => self.emit(property, nil),
            Some(last) => {
                let rest = self.vocabulary(rdf::REST)?;
                self.triple([last, rest, nil])
            }
        }
    }

    // --- names

    fn name_of_tag(&mut self, tag: &'t str) -> Result<Name, ParseError> {
        match self.names.known(tag) {
            Some(name) => Ok(name),
            None => self.new_name(tag),
        }
    }

    /// The attributes that are not about the document itself.
    fn said(&mut self) -> Result<Said<'t>, ParseError> {
        let mut said = Said::default();
        let attributes = mem::take(&mut self.attributes);
        for attribute in &attributes {
            if is_declaration(attribute.name) || is_xml(attribute.name) {
                continue;
            }
            let value = self.value_of(attribute)?;
            let name = match self.names.known(attribute.name) {
                Some(name) if attribute.name.contains(':') => name,
                _ => self.name_of_attribute(attribute.name)?,
            };
            let place = match name {
                Name::Iri(predicate) => {
                    if said.properties.iter().any(|(other, _)| *other == predicate) {
                        return Err(self.fault("an attribute twice in one tag"));
                    }
                    said.properties.push((predicate, value));
                    continue;
                }
                Name::Word(Word::About) => &mut said.about,
                Name::Word(Word::Datatype) => &mut said.datatype,
                Name::Word(Word::Id) => &mut said.id,
                Name::Word(Word::NodeId) => &mut said.node_id,
                Name::Word(Word::ParseType) => &mut said.parse_type,
                Name::Word(Word::Resource) => &mut said.resource,
                Name::Word(Word::Description | Word::Li | Word::Old | Word::Rdf) => {
                    return Err(self.fault(&format!(
                        "`{}` cannot be an attribute",
                        shorten(attribute.name)
                    )));
                }
            };
            if place.replace(value).is_some() {
                return Err(self.fault("an attribute twice in one tag"));
            }
        }
        self.attributes = attributes;
        Ok(said)
    }

    fn name_of_attribute(&mut self, attribute: &'t str) -> Result<Name, ParseError> {
        if attribute.contains(':') {
            return self.new_name(attribute);
        }
        // Documents of old times leave the prefix out of these.
        match attribute {
            "ID" | "about" | "parseType" | "resource" => {
                Ok(Word::of(attribute).map_or(Name::Word(Word::Old), Name::Word))
            }
            "type" => self.vocabulary(rdf::TYPE).map(Name::Iri),
            _ => Err(self.fault(&format!(
                "the attribute `{}` needs a prefix",
                shorten(attribute)
            ))),
        }
    }

    fn new_name(&mut self, qualified: &'t str) -> Result<Name, ParseError> {
        let Some((prefix, local)) = split(qualified) else {
            return Err(self.fault(&format!("`{}` is no name", shorten(qualified))));
        };
        let Some(namespace) = self.names.namespace(prefix) else {
            return Err(self.fault(&format!("the prefix `{}` is not declared", shorten(prefix))));
        };
        // Names are compared joined: a namespace may end in the middle of a word.
        let iri = [namespace, local].concat();
        let name = match iri.strip_prefix(RDF).and_then(Word::of) {
            Some(word) => Name::Word(word),
            None => Name::Iri(self.new_iri(&iri)?),
        };
        self.names.remember(qualified, name);
        Ok(name)
    }

    /// The number of an IRI that a short form stands for.
    fn new_iri(&mut self, iri: &str) -> Result<u32, ParseError> {
        self.expand(iri.len())?;
        self.absolute(iri)
    }

    fn vocabulary(&mut self, node: NamedNodeRef<'_>) -> Result<u32, ParseError> {
        match self.intake.iri(node.as_str()) {
            Ok((number, _)) => Ok(number),
            Err(error) => Err(self.place(error)),
        }
    }

    fn absolute(&mut self, iri: &str) -> Result<u32, ParseError> {
        let (number, is_new) = self.intake.iri(iri).map_err(|error| self.place(error))?;
        if is_new {
            Iri::parse(iri).map_err(|error| self.bad_iri(iri, &error))?;
        }
        Ok(number)
    }

    fn resolve(&mut self, reference: &str, scope: &Scope) -> Result<u32, ParseError> {
        let Some(base) = &scope.base else {
            return self.absolute(reference);
        };
        // Resolving takes `/../` and the like out of an IRI, and leaves others as they are.
        if has_scheme(reference) && memmem::find(reference.as_bytes(), b"/.").is_none() {
            return self.absolute(reference);
        }
        self.expand(base.len())?;
        match base.resolve(reference) {
            Ok(iri) => match self.intake.iri(&iri) {
                Ok((number, _)) => Ok(number),
                Err(error) => Err(self.place(error)),
            },
            Err(error) => Err(self.bad_iri(reference, &error)),
        }
    }

    /// [RDF/XML, 6.1.2 and
    /// 5.1](https://www.w3.org/TR/rdf-syntax-grammar/#section-Syntax-ID-xml-base): given once in a
    /// document.
    fn identifier(&mut self, id: &str, scope: &Scope) -> Result<u32, ParseError> {
        if !is_nc_name(id) {
            return Err(self.fault("`rdf:ID` must be a name without a colon"));
        }
        let number = self.resolve(&format!("#{id}"), scope)?;
        if !self.identifiers.insert(number) {
            return Err(self.fault("the same `rdf:ID` a second time"));
        }
        Ok(number)
    }

    fn node_id(&mut self, label: &str) -> Result<u32, ParseError> {
        if !is_nc_name(label) {
            return Err(self.fault("`rdf:nodeID` must be a name without a colon"));
        }
        self.intake.blank(label).map_err(|error| self.place(error))
    }

    /// A number is no name, so that it does not meet one of `rdf:nodeID`.
    fn anonymous(&mut self) -> Result<u32, ParseError> {
        let label = self.anonymous.to_string();
        self.anonymous += 1;
        self.intake.blank(&label).map_err(|error| self.place(error))
    }

    // --- what goes into the graph

    fn literal(&mut self, text: &str, kind: LiteralKind) -> Result<u32, ParseError> {
        let number = self.intake.literal(text, kind);
        number.map_err(|error| self.place(error))
    }

    fn emit(&mut self, property: Property, object: u32) -> Result<(), ParseError> {
        let Property {
            subject, predicate, ..
        } = property;
        self.triple([subject, predicate, object])?;
        let Some(statement) = property.reification else {
            return Ok(());
        };
        for (property, value) in [
            (rdf::SUBJECT, subject),
            (rdf::PREDICATE, predicate),
            (rdf::OBJECT, object),
        ] {
            let property = self.vocabulary(property)?;
            self.triple([statement, property, value])?;
        }
        let (property, class) = (
            self.vocabulary(rdf::TYPE)?,
            self.vocabulary(rdf::STATEMENT)?,
        );
        self.triple([statement, property, class])
    }

    fn triple(&mut self, triple: [u32; 3]) -> Result<(), ParseError> {
        self.intake
            .triple(triple)
            .map_err(|error| self.place(error))
    }

    // --- bounds and faults

    fn value_of(&self, attribute: &Attribute<'t>) -> Result<Cow<'t, str>, ParseError> {
        if attribute.value.len() > self.limits.term_length() {
            return Err(self.over(Limit::TermLength, self.limits.term_length()));
        }
        resolve_value(attribute.value)
            .map_err(|error| self.malformed(attribute.value_start, &error))
    }

    fn check_iri_length(&self, text: &str) -> Result<(), ParseError> {
        if text.len() > self.limits.iri_length {
            return Err(self.over(Limit::IriLength, self.limits.iri_length));
        }
        Ok(())
    }

    fn expand(&mut self, bytes: usize) -> Result<(), ParseError> {
        self.expansion = self.expansion.saturating_add(bytes);
        if self.expansion > self.limits.expansion {
            return Err(self.over(Limit::Expansion, self.limits.expansion));
        }
        Ok(())
    }

    fn over(&self, limit: Limit, allowed: usize) -> ParseError {
        self.place(LimitError::new(limit, allowed, None))
    }

    fn place(&self, error: LimitError) -> ParseError {
        error.at(Position::of(self.text, self.at)).into()
    }

    fn bad_iri(&self, iri: &str, error: &oxiri::IriParseError) -> ParseError {
        let without_base = if has_scheme(iri) {
            ""
        } else {
            "; is a base IRI missing?"
        };
        self.fault(&format!(
            "`{}` is no IRI: {error}{without_base}",
            shorten(iri)
        ))
    }

    fn malformed(&self, start: usize, error: &Malformed) -> ParseError {
        fault(
            self.text,
            start + error.at,
            &format!("expected {}", error.message),
        )
    }

    fn fault(&self, message: &str) -> ParseError {
        fault(self.text, self.at, message)
    }
}

impl Said<'_> {
    fn is_empty(&self) -> bool {
        self.about.is_none()
            && self.datatype.is_none()
            && self.id.is_none()
            && self.node_id.is_none()
            && self.parse_type.is_none()
            && self.resource.is_none()
            && self.properties.is_empty()
    }
}

fn plain_kind(scope: &Scope) -> LiteralKind {
    scope
        .language
        .map_or(LiteralKind::Plain, LiteralKind::Tagged)
}

fn is_declaration(attribute: &str) -> bool {
    attribute == "xmlns" || attribute.starts_with("xmlns:")
}

/// Attributes that belong to XML itself say nothing in RDF ([RDF/XML,
/// 6.1.4](https://www.w3.org/TR/rdf-syntax-grammar/#section-Identifiers)).
fn is_xml(attribute: &str) -> bool {
    attribute
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("xml"))
}

fn has_scheme(reference: &str) -> bool {
    reference.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

fn fault(text: &str, offset: usize, message: &str) -> ParseError {
    ParseError::Syntax {
        position: Position::of(text, offset),
        message: message.to_owned(),
    }
}

/// The beginning of a name, for a message.
fn shorten(name: &str) -> String {
    name.chars().take(80).collect()
}
