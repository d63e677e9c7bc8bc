//! How much of an answer is read.

/// What an answer may cost to read. Every bound has a default that fits what servers send many
/// times over.
///
/// ```
/// use smart_fhir::Limits;
///
/// let limits = Limits::default().with_bytes(64 << 20).with_pages(10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) bytes: usize,
    pub(crate) depth: usize,
    pub(crate) entries: usize,
    pub(crate) pages: usize,
    pub(crate) line: usize,
}

/// `serde_json` itself goes no deeper.
const DEEPEST: usize = 127;

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            depth: 64,
            entries: 10_000,
            pages: 10_000,
            line: 16 << 20,
        }
    }
}

impl Limits {
    /// The bounds of [`Limits::default`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of one JSON body. 16 MiB unless set. What is read takes up to 20 times as much memory.
    #[must_use]
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Levels of objects and lists in one another. 64 unless set, 127 at most.
    #[must_use]
    pub fn with_depth(mut self, levels: usize) -> Self {
        self.depth = levels.min(DEEPEST);
        self
    }

    /// Entries of one bundle, files of one manifest. 10,000 unless set.
    #[must_use]
    pub fn with_entries(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }

    /// Pages of one search. 10,000 unless set.
    #[must_use]
    pub fn with_pages(mut self, pages: usize) -> Self {
        self.pages = pages;
        self
    }

    /// Bytes of one line of NDJSON. 16 MiB unless set.
    #[must_use]
    pub fn with_line(mut self, bytes: usize) -> Self {
        self.line = bytes;
        self
    }
}
