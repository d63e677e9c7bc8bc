use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};

use oxrdf::vocab::xsd;
use oxrdf::{BlankNodeRef, LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, TermRef, TripleRef};

/// The terms of one graph, each stored once and named by a dense number in order of first
/// appearance.
///
/// All text lies in one string. The index is an open-addressing table of numbers, so that a term
/// costs 16 bytes, its text, and about 8 bytes of table.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    text: String,
    entries: Vec<Entry>,
    slots: Vec<u32>,
    // Randomly keyed: a document must not be able to choose terms that all land in one slot.
    hasher: RandomState,
}

#[derive(Clone, Copy)]
struct Entry {
    start: u32,
    length: u32,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Iri,
    Blank,
    /// A literal of datatype `xsd:string`.
    Plain,
    /// A literal with a language tag, whose text is the entry of that number.
    Tagged(u32),
    /// A literal with a datatype, which is the entry of that number.
    Typed(u32),
    /// A language tag: an entry that no triple refers to.
    Language,
}

const EMPTY: u32 = u32::MAX;

impl Terms {
    pub(crate) fn intern(&mut self, term: TermRef<'_>) -> u32 {
        match term {
            TermRef::NamedNode(node) => self.intern_text(Kind::Iri, node.as_str()),
            TermRef::BlankNode(node) => self.intern_text(Kind::Blank, node.as_str()),
            TermRef::Literal(literal) => self.intern_literal(literal),
        }
    }

    /// The number of an IRI, and whether it is new here. The text is not looked at: who puts a new
    /// one in says that it is an IRI.
    pub(crate) fn intern_iri(&mut self, text: &str) -> (u32, bool) {
        let before = self.entries.len();
        let id = self.intern_text(Kind::Iri, text);
        (id, self.entries.len() > before)
    }

    pub(crate) fn intern_blank(&mut self, label: &str) -> u32 {
        self.intern_text(Kind::Blank, label)
    }

    /// A language tag, in lower case, for [`Terms::intern_tagged`].
    pub(crate) fn intern_language(&mut self, tag: &str) -> u32 {
        self.intern_text(Kind::Language, tag)
    }

    pub(crate) fn intern_plain(&mut self, text: &str) -> u32 {
        self.intern_text(Kind::Plain, text)
    }

    pub(crate) fn intern_tagged(&mut self, text: &str, language: u32) -> u32 {
        self.intern_text(Kind::Tagged(language), text)
    }

    /// The datatype is the number of an IRI.
    pub(crate) fn intern_typed(&mut self, text: &str, datatype: u32) -> u32 {
        if self.text(datatype) == xsd::STRING.as_str() {
            return self.intern_plain(text);
        }
        self.intern_text(Kind::Typed(datatype), text)
    }

    fn intern_literal(&mut self, literal: LiteralRef<'_>) -> u32 {
        let kind = if let Some(language) = literal.language() {
            Kind::Tagged(self.intern_text(Kind::Language, language))
        } else if literal.datatype() == xsd::STRING {
            Kind::Plain
        } else {
            Kind::Typed(self.intern_text(Kind::Iri, literal.datatype().as_str()))
        };
        self.intern_text(kind, literal.value())
    }

    fn intern_text(&mut self, kind: Kind, text: &str) -> u32 {
        if self.slots.len() * 3 <= self.entries.len() * 4 {
            self.grow();
        }
        let slot = match self.probe(kind, text) {
            Ok(id) => return id,
            Err(slot) => slot,
        };
        let id = small(self.entries.len());
        self.slots[slot] = id;
        self.entries.push(Entry {
            start: small(self.text.len()),
            length: small(text.len()),
            kind,
        });
        self.text.push_str(text);
        id
    }

    /// The number of a term that the graph holds.
    pub(crate) fn find(&self, term: TermRef<'_>) -> Option<u32> {
        match term {
            TermRef::NamedNode(node) => self.find_text(Kind::Iri, node.as_str()),
            TermRef::BlankNode(node) => self.find_text(Kind::Blank, node.as_str()),
            TermRef::Literal(literal) => {
                let kind = if let Some(language) = literal.language() {
                    Kind::Tagged(self.find_text(Kind::Language, language)?)
                } else if literal.datatype() == xsd::STRING {
                    Kind::Plain
                } else {
                    Kind::Typed(self.find_text(Kind::Iri, literal.datatype().as_str())?)
                };
                self.find_text(kind, literal.value())
            }
        }
    }

    fn find_text(&self, kind: Kind, text: &str) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        self.probe(kind, text).ok()
    }

    /// The entry that equals this one, or the free slot where it belongs.
    fn probe(&self, kind: Kind, text: &str) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = self.hash(kind, text) & mask;
        loop {
            let id = self.slots[slot];
            if id == EMPTY {
                return Err(slot);
            }
            let entry = self.entries[id as usize];
            if entry.kind == kind && self.text_of(entry) == text {
                return Ok(id);
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let capacity = (self.slots.len() * 2).max(64);
        self.slots = vec![EMPTY; capacity];
        for (id, entry) in self.entries.iter().enumerate() {
            let mut slot = self.hash(entry.kind, self.text_of(*entry)) & (capacity - 1);
            while self.slots[slot] != EMPTY {
                slot = (slot + 1) & (capacity - 1);
            }
            self.slots[slot] = small(id);
        }
    }

    fn hash(&self, kind: Kind, text: &str) -> usize {
        let mut hasher = self.hasher.build_hasher();
        kind.hash(&mut hasher);
        text.hash(&mut hasher);
        // Only low bits are used, so that cutting to 32 bits on a small machine loses nothing.
        #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
        {
            hasher.finish() as usize
        }
    }

    fn text_of(&self, entry: Entry) -> &str {
        &self.text[entry.start as usize..][..entry.length as usize]
    }

    fn text(&self, id: u32) -> &str {
        self.text_of(self.entries[id as usize])
    }

    pub(crate) fn term(&self, id: u32) -> TermRef<'_> {
        let entry = self.entries[id as usize];
        let text = self.text_of(entry);
        match entry.kind {
            Kind::Iri => NamedNodeRef::new_unchecked(text).into(),
            Kind::Blank => BlankNodeRef::new_unchecked(text).into(),
            Kind::Plain | Kind::Language => LiteralRef::new_simple_literal(text).into(),
            Kind::Tagged(language) => {
                LiteralRef::new_language_tagged_literal_unchecked(text, self.text(language)).into()
            }
            Kind::Typed(datatype) => LiteralRef::new_typed_literal(
                text,
                NamedNodeRef::new_unchecked(self.text(datatype)),
            )
            .into(),
        }
    }

    pub(crate) fn subject(&self, id: u32) -> NamedOrBlankNodeRef<'_> {
        match self.entries[id as usize].kind {
            Kind::Blank => BlankNodeRef::new_unchecked(self.text(id)).into(),
            _ => self.predicate(id).into(),
        }
    }

    pub(crate) fn predicate(&self, id: u32) -> NamedNodeRef<'_> {
        NamedNodeRef::new_unchecked(self.text(id))
    }

    pub(crate) fn triple(&self, [subject, predicate, object]: [u32; 3]) -> TripleRef<'_> {
        TripleRef {
            subject: self.subject(subject),
            predicate: self.predicate(predicate),
            object: self.term(object),
        }
    }

    /// All IRIs, those of datatypes included.
    pub(crate) fn iris(&self) -> impl Iterator<Item = &str> {
        let iris = self.entries.iter().filter(|entry| entry.kind == Kind::Iri);
        iris.map(|entry| self.text_of(*entry))
    }

    pub(crate) fn languages(&self) -> impl Iterator<Item = &str> {
        let tags = self.entries.iter();
        let tags = tags.filter(|entry| entry.kind == Kind::Language);
        tags.map(|entry| self.text_of(*entry))
    }

    pub(crate) fn text_bytes(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.entries.shrink_to_fit();
    }
}

/// Numbers and offsets are 32 bits wide: parsers stop far below by their limits, and a graph is
/// held in memory.
fn small(number: usize) -> u32 {
    u32::try_from(number).expect("a graph holds less than 4 GiB of text")
}
