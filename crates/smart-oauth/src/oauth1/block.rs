//! The parameters of an ordinary header as one block, of which only nonce and timestamp change from
//! one signature to the next.
//!
//! All of OAuth's names have one prefix. Where no other name has it they stand side by side in a
//! base string, in either dialect's order, and can be written as one.

use crate::encode::percent_encode;
use crate::oauth1::credentials::{Consumer, TokenKey};
use crate::oauth1::parameters::Parameter;
use crate::oauth1::signature::SignatureMethod;
use crate::oauth1::text::Text;

/// What the names of all OAuth parameters begin with.
pub(crate) const PREFIX: &str = "oauth_";

/// What stays the same, as it is written, in the pieces between nonce and timestamp.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    in_base_string: [Vec<u8>; 3],
    in_header: [Vec<u8>; 3],
}

impl Frame {
    pub(crate) fn new(
        consumer: &Consumer,
        token: Option<&TokenKey>,
        method: SignatureMethod,
    ) -> Self {
        let pair = |name: &str, value: &str| format!("{name}={}&", percent_encode(value));
        let consumer = pair("oauth_consumer_key", consumer.key().as_str());
        let token = token.map_or(String::new(), |key| pair("oauth_token", key.as_str()));
        let method = pair("oauth_signature_method", method.name());
        // in the order of the names
        let in_base_string = [
            format!("{consumer}oauth_nonce="),
            format!("&{method}oauth_timestamp="),
            format!("&{token}oauth_version=1.0"),
        ];
        // in the order in which a header shows them
        let in_header = [
            format!("{consumer}{token}{method}oauth_timestamp="),
            "&oauth_nonce=".to_owned(),
            "&oauth_version=1.0".to_owned(),
        ];
        let quoted = |text: String| text.replace('=', "=\"").replace('&', "\", ");
        let [first, second, third] = in_header.map(quoted);
        Self {
            in_base_string: in_base_string.map(|piece| percent_encode(&piece).into_bytes()),
            in_header: [first, second, third + "\""].map(String::into_bytes),
        }
    }
}

/// A block that is complete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) nonce: Text<'a>,
    pub(crate) timestamp: Text<'a>,
}

impl Block<'_> {
    /// Whether none of the other parameters would sort between those of a block.
    pub(crate) fn is_alone(others: &[Parameter<'_>]) -> bool {
        !others.iter().any(|other| other.name.starts_with(PREFIX))
    }

    pub(crate) fn push_to_base_string(&self, out: &mut Vec<u8>) {
        let [before_nonce, before_timestamp, rest] = &self.frame.in_base_string;
        out.extend_from_slice(before_nonce);
        self.nonce.push_encoded_twice(out);
        out.extend_from_slice(before_timestamp);
        self.timestamp.push_encoded_twice(out);
        out.extend_from_slice(rest);
    }

    pub(crate) fn len_in_header(&self) -> usize {
        let pieces: usize = self.frame.in_header.iter().map(Vec::len).sum();
        pieces + self.timestamp.encoded_len() + self.nonce.encoded_len()
    }

    pub(crate) fn push_to_header(&self, out: &mut Vec<u8>) {
        let [before_timestamp, before_nonce, rest] = &self.frame.in_header;
        out.extend_from_slice(before_timestamp);
        self.timestamp.push_encoded(out);
        out.extend_from_slice(before_nonce);
        self.nonce.push_encoded(out);
        out.extend_from_slice(rest);
    }
}
