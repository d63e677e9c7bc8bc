use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

fn packed(coding: &str, plain: &[u8]) -> Vec<u8> {
    let level = Compression::default();
    match coding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        "raw" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        #[cfg(feature = "brotli")]
        "br" => {
            let mut out = Vec::new();
            let mut encoder = brotli::CompressorWriter::new(&mut out, 4096, 5, 20);
            encoder.write_all(plain).unwrap();
            drop(encoder);
            out
        }
        #[cfg(feature = "zstd")]
        "zstd" => zstd::encode_all(plain, 3).unwrap(),
        _ => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
    }
}

/// How a body is packed, and what its header says.
const CODINGS: &[(&str, &str)] = &[
    ("gzip", "gzip"),
    ("gzip", "X-GZIP"),
    ("zlib", "deflate"),
    ("raw", "deflate"),
    #[cfg(feature = "brotli")]
    ("br", "br"),
    #[cfg(feature = "zstd")]
    ("zstd", "zstd"),
];

fn unpacked(header: &str, packed: &[u8], pieces: usize, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, header.parse().unwrap());
    let mut decoder = decoder(&headers, limit).unwrap().unwrap();
    let mut out = Vec::new();
    for piece in packed.chunks(pieces) {
        out.extend_from_slice(&decoder.push(piece)?);
    }
    out.extend_from_slice(&decoder.finish()?);
    Ok(out)
}

fn plain() -> Vec<u8> {
    (0..20_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_string().into_bytes())
        .collect()
}

#[test]
fn what_was_packed_comes_out_however_it_is_cut() {
    let plain = plain();
    for (coding, header) in CODINGS {
        let packed = packed(coding, &plain);
        for pieces in [1, 7, 4096, packed.len()] {
            let out = unpacked(header, &packed, pieces, plain.len());
            assert!(out.is_ok_and(|out| out == plain), "{coding} {pieces}");
        }
    }
}

#[test]
fn limit_holds_for_what_comes_out() {
    let bomb = vec![0; 4 << 20];
    for (coding, header) in CODINGS {
        let packed = packed(coding, &bomb);
        assert!(packed.len() < 8 << 10, "{coding} {}", packed.len());
        for pieces in [100, packed.len()] {
            let out = unpacked(header, &packed, pieces, bomb.len() - 1);
            assert_eq!(out, Err(Problem::TooLarge), "{coding}");
        }
        assert!(
            unpacked(header, &packed, 100, bomb.len()).is_ok(),
            "{coding}"
        );
    }
}

#[test]
fn cut_and_damaged_bodies_are_noticed() {
    let plain = plain();
    for (coding, header) in CODINGS {
        let packed = packed(coding, &plain);
        for end in [1, 2, 10, packed.len() / 2, packed.len() - 1] {
            let out = unpacked(header, &packed[..end], 512, plain.len());
            assert_eq!(out, Err(Problem::Damaged), "{coding} {end}");
        }
        let noise = unpacked(header, b"<html>not packed at all</html>", 8, 1 << 20);
        assert_eq!(noise, Err(Problem::Damaged), "{coding}");
    }
}

#[test]
fn no_body_needs_no_unpacking() {
    for (_, header) in CODINGS {
        assert_eq!(unpacked(header, b"", 1, 10), Ok(Vec::new()));
    }
}

#[test]
fn other_codings_are_named() {
    for (header, expected) in [("compress", "compress"), ("gzip, gzip", "gzip")] {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, header.parse().unwrap());
        assert_eq!(decoder(&headers, 10).err().as_deref(), Some(expected));
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, "identity".parse().unwrap());
    assert!(decoder(&headers, 10).unwrap().is_none());
    assert!(decoder(&HeaderMap::new(), 10).unwrap().is_none());
}
