//! The RDF that a command works on: files, folders, standard input.

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use smart::rdf::{Dataset, Limits, Reader, Syntax};

use crate::failure::UsageError;
use crate::output;

/// What to read.
#[derive(Debug, clap::Args)]
pub(crate) struct DataArgs {
    /// Files, folders of files, or - for standard input
    #[arg(required = true, value_name = "DATA")]
    data: Vec<PathBuf>,
    /// What the data are written in; without this told by a file's name, or by how it begins
    #[arg(long, value_name = "SYNTAX")]
    from: Option<SyntaxName>,
    /// What relative IRIs are relative to; without it, the address of the file that they are in
    #[arg(long, value_name = "IRI")]
    base: Option<String>,
    /// Replace the entities that an RDF/XML document declares for itself, within limits; only for
    /// documents that you trust
    #[arg(long)]
    allow_entities: bool,
}

/// A syntax by its name on a command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SyntaxName {
    JsonLd,
    NQuads,
    NTriples,
    RdfXml,
    #[value(name = "trig")]
    TriG,
    Turtle,
}

impl From<SyntaxName> for Syntax {
    fn from(name: SyntaxName) -> Self {
        match name {
            SyntaxName::JsonLd => Self::JsonLd,
            SyntaxName::NQuads => Self::NQuads,
            SyntaxName::NTriples => Self::NTriples,
            SyntaxName::RdfXml => Self::RdfXml,
            SyntaxName::TriG => Self::TriG,
            SyntaxName::Turtle => Self::Turtle,
        }
    }
}

/// Where a document comes from.
pub(crate) enum Source {
    File(PathBuf),
    StandardInput,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::StandardInput => f.write_str("standard input"),
        }
    }
}

impl Source {
    /// The `file:` address ([RFC 8089](https://www.rfc-editor.org/rfc/rfc8089)).
    fn address(&self) -> Option<String> {
        let Self::File(path) = self else {
            return None;
        };
        let path = std::path::absolute(path).ok()?;
        let path = path.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
        let path = percent_encoding::utf8_percent_encode(&path, NOT_IN_A_PATH);
        Some(format!(
            "file://{}{path}",
            if cfg!(windows) { "/" } else { "" }
        ))
    }
}

/// What the path of an address has in an escaped form only ([RFC 3986,
/// 3.3](https://www.rfc-editor.org/rfc/rfc3986#section-3.3)).
const NOT_IN_A_PATH: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'@');

impl DataArgs {
    /// Reads everything, each document by itself.
    pub(crate) fn load(&self) -> Result<Vec<(Source, Dataset)>> {
        let sources = self.sources()?;
        let mut progress = Progress::new(sources.len());
        let mut loaded = Vec::with_capacity(sources.len());
        for source in sources {
            let dataset = self.read(&source)?;
            progress.add(dataset.len());
            loaded.push((source, dataset));
        }
        progress.end();
        Ok(loaded)
    }

    /// Reads everything as one.
    pub(crate) fn load_merged(&self) -> Result<Dataset> {
        let mut loaded = self.load()?;
        if loaded.len() == 1 {
            return Ok(loaded.remove(0).1);
        }
        Ok(Dataset::merge(loaded.iter().map(|(_, dataset)| dataset)))
    }

    fn sources(&self) -> Result<Vec<Source>> {
        let mut sources = Vec::new();
        for path in &self.data {
            if path == Path::new("-") {
                sources.push(Source::StandardInput);
            } else if path.is_dir() {
                sources.extend(files_of(path)?.into_iter().map(Source::File));
            } else {
                sources.push(Source::File(path.clone()));
            }
        }
        Ok(sources)
    }

    fn read(&self, source: &Source) -> Result<Dataset> {
        let unreadable = || format!("{source} cannot be read");
        let (bytes, by_name) = match source {
            Source::File(path) => {
                let file = File::open(path).with_context(unreadable)?;
                announce(source, &file);
                (read_all(file).with_context(unreadable)?, syntax_of(path))
            }
            Source::StandardInput => {
                let bytes = read_all(io::stdin().lock()).with_context(unreadable)?;
                (bytes, None)
            }
        };
        let syntax = self.from.map(Syntax::from).or(by_name);
        let Some(syntax) = syntax.or_else(|| Syntax::detect(None, &bytes)) else {
            bail!(UsageError(format!(
                "{source} does not look like RDF; say what it is by --from"
            )));
        };
        let mut reader = Reader::new(syntax).with_limits(limits());
        if let Some(base) = self.base.clone().or_else(|| source.address()) {
            reader = reader.with_base_iri(base);
        }
        if self.allow_entities {
            reader = reader.allow_entities();
        }
        let dataset = reader
            .dataset_for_slice(&bytes)
            .with_context(|| source.to_string())?;
        if dataset.is_empty() {
            note_emptiness(source, syntax);
        }
        Ok(dataset)
    }
}

/// Says that nothing was read: JSON that is not JSON-LD, such as FHIR's, is read without a word.
fn note_emptiness(source: &Source, syntax: Syntax) {
    let reason = match syntax {
        Syntax::JsonLd => "; without a @context, only keys that are IRIs have a meaning",
        _ => "",
    };
    output::note(format!("{source} has no triples{reason}"));
}

/// Says that a file will take a while.
fn announce(source: &Source, file: &File) {
    const LONG: u64 = 32 << 20;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    if length >= LONG {
        output::note(format!("reading {source}, {} MiB", length >> 20));
    }
}

/// The most bytes of one document.
const MOST: usize = 1 << 30;

/// Reads no further than it takes to see that it is too much.
fn read_all(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MOST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Who names a file on a command line has chosen it, so that it may be far larger than an answer.
/// What makes a small document large is bounded all the same.
fn limits() -> Limits {
    Limits::default()
        .with_bytes(MOST)
        .with_triples(20_000_000)
        .with_term_bytes(MOST)
        .with_expansion(MOST)
}

/// The files of a folder that are RDF by their names, sorted.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?;
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if path.is_file() && syntax_of(&path).is_some() {
            files.push(path);
        } else {
            others.push(path);
        }
    }
    if files.is_empty() {
        bail!(UsageError(format!(
            "{} holds no file that is RDF by its name",
            folder.display()
        )));
    }
    files.sort();
    note_unread(folder, others);
    Ok(files)
}

/// Says what of a folder was left out.
fn note_unread(folder: &Path, mut others: Vec<PathBuf>) {
    let names = |path: &PathBuf| Some(path.file_name()?.to_string_lossy().into_owned());
    others.sort();
    let names: Vec<_> = others
        .iter()
        .filter_map(names)
        .filter(|name| !name.starts_with('.'))
        .collect();
    let Some(first) = names.first() else { return };
    let more = match names.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let folder = folder.display();
    output::note(format!(
        "not read, because not RDF by name: {first}{more} in {folder}; name them to read them"
    ));
}

fn syntax_of(path: &Path) -> Option<Syntax> {
    Syntax::from_extension(path.extension()?.to_str()?)
}

/// Tells the person at the terminal how far a long load is. Who has standard error elsewhere is
/// told now and then.
struct Progress {
    files: usize,
    read: usize,
    triples: usize,
    told: Instant,
    is_silent: bool,
}

impl Progress {
    fn new(files: usize) -> Self {
        Self {
            files,
            read: 0,
            triples: 0,
            told: Instant::now(),
            is_silent: true,
        }
    }

    fn add(&mut self, triples: usize) {
        const AT_A_TERMINAL: Duration = Duration::from_secs(1);
        const ELSEWHERE: Duration = Duration::from_secs(10);
        self.read += 1;
        self.triples += triples;
        let pause = if io::stderr().is_terminal() {
            AT_A_TERMINAL
        } else {
            ELSEWHERE
        };
        if self.told.elapsed() >= pause {
            self.tell();
        }
    }

    fn end(&mut self) {
        if !self.is_silent {
            self.tell();
        }
    }

    fn tell(&mut self) {
        self.is_silent = false;
        self.told = Instant::now();
        let Self {
            files,
            read,
            triples,
            ..
        } = self;
        output::note(format!("{read} of {files} files read, {triples} triples"));
    }
}
