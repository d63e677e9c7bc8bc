//! Packed bodies: [content codings](https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1), unpacked
//! up to a limit.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http::{HeaderMap, HeaderValue};

/// What is asked for: what this build can unpack.
const ACCEPTED: &str = match (cfg!(feature = "brotli"), cfg!(feature = "zstd")) {
    (false, false) => "gzip, deflate",
    (true, false) => "br, gzip, deflate",
    (false, true) => "zstd, gzip, deflate",
    (true, true) => "br, zstd, gzip, deflate",
};

/// Asks for packed answers. A request that asks by itself gets them as they come.
pub(crate) fn ask(headers: &mut HeaderMap) -> bool {
    if headers.contains_key(ACCEPT_ENCODING) {
        return false;
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
    true
}

/// What unpacks a body, after its headers; nothing for a plain one.
pub(crate) fn decoder(headers: &HeaderMap, limit: usize) -> Result<Option<Decoder>, String> {
    let mut codings = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"));
    let Some(coding) = codings.next() else {
        return Ok(None);
    };
    // Packed twice is a trick rather than a saving.
    match Decoder::new(coding, limit).filter(|_| codings.next().is_none()) {
        Some(decoder) => Ok(Some(decoder)),
        None => Err(String::from_utf8_lossy(coding).chars().take(32).collect()),
    }
}

/// Why a body cannot be unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Damaged,
    TooLarge,
}

/// Unpacks a body piece by piece.
pub(crate) struct Decoder {
    name: &'static str,
    /// How many bytes may still come out.
    left: usize,
    began: bool,
    inner: Inner,
}

enum Inner {
    Gzip(Box<flate2::write::MultiGzDecoder<Bounded>>),
    Deflate(Deflate),
    #[cfg(feature = "brotli")]
    Brotli(Box<brotli_decompressor::DecompressorWriter<Bounded>>),
    #[cfg(feature = "zstd")]
    Zstd(Zstd),
}

impl Decoder {
    fn new(coding: &[u8], limit: usize) -> Option<Self> {
        let (name, inner) = match &*coding.to_ascii_lowercase() {
            b"gzip" | b"x-gzip" => {
                let decoder = flate2::write::MultiGzDecoder::new(Bounded::default());
                ("gzip", Inner::Gzip(Box::new(decoder)))
            }
            b"deflate" => ("deflate", Inner::Deflate(Deflate::default())),
            #[cfg(feature = "brotli")]
            b"br" => {
                let decoder =
                    brotli_decompressor::DecompressorWriter::new(Bounded::default(), STEP);
                ("br", Inner::Brotli(Box::new(decoder)))
            }
            #[cfg(feature = "zstd")]
            b"zstd" => ("zstd", Inner::Zstd(Zstd::new()?)),
            _ => return None,
        };
        Some(Self {
            name,
            left: limit,
            began: false,
            inner,
        })
    }

    /// The name of the coding.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// What comes out when this goes in. It may be nothing yet.
    pub(crate) fn push(&mut self, packed: &[u8]) -> Result<Bytes, Problem> {
        self.began |= !packed.is_empty();
        let left = self.left;
        let out = match &mut self.inner {
            Inner::Gzip(decoder) => {
                decoder.get_mut().left = left;
                let written = decoder.write_all(packed);
                decoder.get_mut().take(written)?
            }
            Inner::Deflate(decoder) => decoder.push(packed, left)?,
            #[cfg(feature = "brotli")]
            Inner::Brotli(decoder) => {
                decoder.get_mut().left = left;
                let written = decoder.write_all(packed);
                decoder.get_mut().take(written)?
            }
            #[cfg(feature = "zstd")]
            Inner::Zstd(decoder) => decoder.push(packed, left)?,
        };
        self.left -= out.len();
        Ok(out.into())
    }

    /// What is left at the end; fails if the end came too early.
    pub(crate) fn finish(&mut self) -> Result<Bytes, Problem> {
        if !self.began {
            return Ok(Bytes::new()); // no body at all, as after HEAD
        }
        let left = self.left;
        let out = match &mut self.inner {
            Inner::Gzip(decoder) => {
                decoder.get_mut().left = left;
                let finished = decoder.try_finish();
                decoder.get_mut().take(finished)?
            }
            Inner::Deflate(decoder) => decoder.finish(left)?,
            #[cfg(feature = "brotli")]
            Inner::Brotli(decoder) => {
                decoder.get_mut().left = left;
                let finished = decoder.close();
                decoder.get_mut().take(finished)?
            }
            #[cfg(feature = "zstd")]
            Inner::Zstd(decoder) => decoder.finish()?,
        };
        self.left -= out.len();
        Ok(out.into())
    }
}

/// Takes what a decoder writes, until there is too much of it.
#[derive(Default)]
struct Bounded {
    out: Vec<u8>,
    left: usize,
    too_large: bool,
}

impl Bounded {
    fn take(&mut self, outcome: io::Result<()>) -> Result<Vec<u8>, Problem> {
        match outcome {
            _ if self.too_large => Err(Problem::TooLarge),
            Ok(()) => Ok(std::mem::take(&mut self.out)),
            Err(_damaged) => Err(Problem::Damaged),
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(left) = self.left.checked_sub(bytes.len()) else {
            self.too_large = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        self.left = left;
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `deflate` is zlib after the standard; some servers leave the zlib wrapping away, which the first
/// two bytes tell.
#[derive(Default)]
struct Deflate {
    held: Vec<u8>,
    state: Option<Decompress>,
    ended: bool,
}

impl Deflate {
    fn push(&mut self, packed: &[u8], left: usize) -> Result<Vec<u8>, Problem> {
        if self.state.is_some() {
            return self.unpack(packed, left);
        }
        self.held.extend_from_slice(packed);
        let [first, second, ..] = *self.held else {
            return Ok(Vec::new());
        };
        let zlib = first & 0x0f == 8 && u16::from_be_bytes([first, second]) % 31 == 0;
        self.state = Some(Decompress::new(zlib));
        let held = std::mem::take(&mut self.held);
        self.unpack(&held, left)
    }

    fn finish(&mut self, left: usize) -> Result<Vec<u8>, Problem> {
        let out = self.unpack(&[], left)?;
        if self.ended {
            Ok(out)
        } else {
            Err(Problem::Damaged)
        }
    }

    fn unpack(&mut self, mut packed: &[u8], left: usize) -> Result<Vec<u8>, Problem> {
        let Some(state) = self.state.as_mut().filter(|_| !self.ended) else {
            return Ok(Vec::new());
        };
        let mut out = Vec::new();
        let mut step = [0; STEP];
        loop {
            let (read, written) = (state.total_in(), state.total_out());
            let status = state
                .decompress(packed, &mut step, FlushDecompress::None)
                .map_err(|_damaged| Problem::Damaged)?;
            let read = (state.total_in() - read) as usize;
            let written = (state.total_out() - written) as usize;
            packed = &packed[read..];
            if out.len() + written > left {
                return Err(Problem::TooLarge);
            }
            out.extend_from_slice(&step[..written]);
            match status {
                Status::StreamEnd => {
                    self.ended = true;
                    return Ok(out);
                }
                _ if read == 0 && written == 0 => return Ok(out),
                _ => {}
            }
        }
    }
}

#[cfg(feature = "zstd")]
struct Zstd {
    state: zstd::stream::raw::Decoder<'static>,
    /// Whether the input so far is a whole number of frames.
    complete: bool,
}

#[cfg(feature = "zstd")]
impl Zstd {
    fn new() -> Option<Self> {
        use zstd::stream::raw::{DParameter, Decoder};
        let mut state = Decoder::new().ok()?;
        // What RFC 8878 asks every receiver to support; more would be memory at the sender's
        // bidding.
        state.set_parameter(DParameter::WindowLogMax(23)).ok()?;
        Some(Self {
            state,
            complete: false,
        })
    }

    fn push(&mut self, mut packed: &[u8], left: usize) -> Result<Vec<u8>, Problem> {
        use zstd::stream::raw::Operation as _;
        let mut out = Vec::new();
        let mut step = [0; STEP];
        loop {
            let status = self
                .state
                .run_on_buffers(packed, &mut step)
                .map_err(|_damaged| Problem::Damaged)?;
            packed = &packed[status.bytes_read..];
            if out.len() + status.bytes_written > left {
                return Err(Problem::TooLarge);
            }
            out.extend_from_slice(&step[..status.bytes_written]);
            if status.bytes_read > 0 || status.bytes_written > 0 {
                self.complete = status.remaining == 0;
            }
            if packed.is_empty() && status.bytes_written < STEP {
                return Ok(out);
            }
            if status.bytes_read == 0 && status.bytes_written == 0 {
                return Err(Problem::Damaged);
            }
        }
    }

    fn finish(&self) -> Result<Vec<u8>, Problem> {
        if self.complete {
            Ok(Vec::new())
        } else {
            Err(Problem::Damaged)
        }
    }
}

const STEP: usize = 8 << 10;

#[cfg(test)]
mod tests;
