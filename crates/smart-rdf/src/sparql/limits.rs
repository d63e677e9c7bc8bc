/// What a query may cost. There is no clock here: time is bounded by counting what the evaluation
/// does.
///
/// A service that answers foreign queries bounds their time as well, with a
/// [`Cancellation`](crate::Cancellation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    pub(crate) bytes: usize,
    pub(crate) depth: usize,
    pub(crate) chain: usize,
    pub(crate) rows: usize,
    pub(crate) row_bytes: usize,
    pub(crate) steps: usize,
    pub(crate) text_bytes: usize,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            bytes: 64 << 10,
            depth: 24,
            chain: 100,
            rows: 1_000_000,
            row_bytes: 256 << 20,
            steps: 10_000_000,
            text_bytes: 128 << 20,
        }
    }
}

impl QueryLimits {
    /// The bounds of [`QueryLimits::default`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the query's text. 64 KiB unless set.
    #[must_use]
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Levels of brackets in the query's text. 24 unless set.
    ///
    /// The parser is recursive: far above the default a query can overflow the stack of its thread
    /// and abort the process.
    #[must_use]
    pub fn with_depth(mut self, levels: usize) -> Self {
        self.depth = levels;
        self
    }

    /// Triple patterns, groups and operators that hang on each other, such as the triples of one
    /// group or the terms of one sum. 100 unless set.
    ///
    /// The evaluator is recursive over them: far above the default it can overflow the stack of its
    /// thread. Built without optimization it takes ten times the stack, so that a thread of 2 MiB
    /// is too small for queries near the default.
    #[must_use]
    pub fn with_chain(mut self, parts: usize) -> Self {
        self.chain = parts;
        self
    }

    /// Rows of a SELECT, triples of a CONSTRUCT or DESCRIBE, and rows that the query makes by
    /// itself, without the graph (by `VALUES` blocks that multiply, for instance). 1,000,000 unless
    /// set.
    #[must_use]
    pub fn with_rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// Bytes of memory that the rows of a SELECT, or the triples of a CONSTRUCT or DESCRIBE, take
    /// until they are returned. 256 MiB unless set.
    ///
    /// It is an estimate from the number of values and the length of their text, a little above
    /// what is allocated.
    #[must_use]
    pub fn with_row_bytes(mut self, bytes: usize) -> Self {
        self.row_bytes = bytes;
        self
    }

    /// Steps of the evaluation: each look into the graph, each triple seen, each value copied into
    /// another row, and for regular expressions what their size and that of the text make likely.
    /// 10,000,000 unless set, which is a second or so.
    ///
    /// Patterns that share no variable, and match more often together than this allows, are refused
    /// before they are run. Other joins of rows in memory are ended by unwinding, once the steps
    /// are spent. A program built with `panic = "abort"`, or for a target without unwinding such as
    /// WebAssembly, cannot end those: if its queries are foreign, it runs them in a process or
    /// worker that it can stop.
    #[must_use]
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Bytes of text in the answer, all together, and in what `CONCAT`, `REPLACE`, `ENCODE_FOR_URI`
    /// and `GROUP_CONCAT` make on the way. 128 MiB unless set.
    ///
    /// It is apart from rows and steps because one step can double a text, and a text that the
    /// graph holds once may be in every row.
    #[must_use]
    pub fn with_text_bytes(mut self, bytes: usize) -> Self {
        self.text_bytes = bytes;
        self
    }
}
