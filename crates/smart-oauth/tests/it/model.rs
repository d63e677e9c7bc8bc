//! The two verifiers that a signature must please, each written down plainly and slowly, sharing nothing with the crate.

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

    /// The reference container: one place for data, the header wins, sorted and then encoded, the path decoded.
    pub(crate) fn container_base_string(&self) -> String {
        let data = if self.method == "GET" {
            &self.query
        } else {
            &self.form
        };
        let mut merged: BTreeMap<String, String> = data.iter().cloned().collect();
        merged.extend(self.header.iter().cloned());
        let pairs = merged
            .iter()
            .map(|(name, value)| (encode(name), encode(value)))
            .collect();
        self.join(&self.host, &decode(&self.path), pairs)
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

fn decode(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}
