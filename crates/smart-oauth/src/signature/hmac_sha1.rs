//! HMAC-SHA1 ([RFC 5849, section 3.4.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.2)).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::SigningKey;

pub(super) fn mac(base_string: &str, key: &SigningKey) -> [u8; 20] {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("hmac takes a key of any length");
    mac.update(base_string.as_bytes());
    mac.finalize().into_bytes().into()
}
