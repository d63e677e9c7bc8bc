//! The two verifiers that a signature must please, each written down plainly and slowly, sharing
//! nothing with the crate.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// A request as the two models see it.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) method: &'static str,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) header: Vec<(String, String)>,
}

impl Plain {
    /// RFC 5849, section 3.4.1: everything counts, encoded and then sorted.
    pub(crate) fn rfc_base_string(&self) -> String {
        let all = [&self.query[..], &self.form[..], &self.header[..]].concat();
        let mut pairs: Vec<_> = all
            .iter()
            .map(|(name, value)| (encode(name), encode(value)))
            .collect();
        pairs.sort();
        self.join(&self.host.to_lowercase(), &self.path, pairs)
    }

    fn join(&self, host: &str, path: &str, pairs: Vec<(String, String)>) -> String {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let url = format!("http://{host}{path}");
        format!(
            "{}&{}&{}",
            self.method,
            encode(&url),
            encode(&pairs.join("&"))
        )
    }
}

pub(crate) fn signature(base_string: &str, consumer_secret: &str, token_secret: &str) -> String {
    let key = format!("{}&{}", encode(consumer_secret), encode(token_secret));
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(base_string.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// `name=value` pairs as a query or form body.
pub(crate) fn form(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

pub(crate) fn encode(text: &str) -> String {
    let keep = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    let one = |byte: u8| match char::from(byte) {
        plain if keep.contains(plain) => plain.to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// A request as it travels, every part as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) method: &'static str,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: String,
}

impl Wire {
    /// What a strict server signs: RFC 5849, section 3.4.1.
    pub(crate) fn rfc_base_string(&self, header: &str) -> String {
        let form_type = "application/x-www-form-urlencoded";
        let is_form = self.media_type().to_lowercase() == form_type;
        let mut pairs = split(&self.query, &['&']);
        if is_form {
            pairs.extend(split(&self.body, &['&']));
        }
        pairs.extend(header_parameters(header));
        pairs.retain(|(name, _)| name != b"oauth_signature");
        let mut pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (encode_bytes(name), encode_bytes(value)))
            .collect();
        pairs.sort();
        self.join(&self.host.to_lowercase(), self.path.as_bytes(), pairs)
    }

    /// What the reference container signs; `None` if it cannot verify the request whatever its
    /// signature.
    pub(crate) fn container_base_string(&self, header: &str) -> Option<String> {
        let path = decode_bytes(&self.path);
        // it puts the address together with the decoded path, and takes it apart with Python's
        // urlparse
        let last_segment = path.iter().rposition(|byte| *byte == b'/')?;
        if path.iter().any(|byte| b"?#".contains(byte)) || path[last_segment..].contains(&b';') {
            return None;
        }
        // its two servers take such a body for different things
        if !self.body.is_empty() && self.content_type.is_none() {
            return None;
        }
        let data = if self.method == "GET" {
            &self.query
        } else if self.media_type() == "application/x-www-form-urlencoded" {
            &self.body
        } else {
            ""
        };
        let mut merged = BTreeMap::new();
        for (name, value) in split(data, &['&', ';']) {
            if name.is_empty() || merged.insert(name, value).is_some() {
                return None;
            }
        }
        for (name, value) in header_parameters(header) {
            merged.insert(name, value);
        }
        merged.remove(&b"oauth_signature"[..]);
        let pairs = merged
            .iter()
            .map(|(name, value)| (encode_bytes(name), encode_bytes(value)))
            .collect();
        Some(self.join(&self.host, &path, pairs))
    }

    fn media_type(&self) -> &str {
        let content_type = self.content_type.unwrap_or_default();
        content_type.split(';').next().unwrap().trim()
    }

    fn join(&self, host: &str, path: &[u8], pairs: Vec<(String, String)>) -> String {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let url = [b"http://", host.as_bytes(), path].concat();
        let parts = [encode_bytes(&url), encode(&pairs.join("&"))];
        format!("{}&{}&{}", self.method, parts[0], parts[1])
    }
}

type Pair = (Vec<u8>, Vec<u8>);

fn split(data: &str, separators: &[char]) -> Vec<Pair> {
    let pieces = data.split(separators).filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let decode = |text: &str| decode_bytes(&text.replace('+', " "));
            (decode(name), decode(value))
        })
        .collect()
}

/// As the reference container reads a header: six characters off, split at commas, quotes off.
fn header_parameters(header: &str) -> Vec<Pair> {
    header[6..]
        .split(',')
        .map(|piece| {
            let (name, value) = piece.trim().split_once('=').unwrap();
            (decode_bytes(name), decode_bytes(value.trim_matches('"')))
        })
        .filter(|(name, _)| name != b"realm")
        .collect()
}

fn encode_bytes(bytes: &[u8]) -> String {
    let keep = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    let one = |byte: &u8| match keep.contains(byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    bytes.iter().map(one).collect()
}

fn decode_bytes(text: &str) -> Vec<u8> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    bytes
}
