//! Private keys as DER, from the members of a JSON Web Key ([RFC 7518, section
//! 6](https://www.rfc-editor.org/rfc/rfc7518#section-6)). Only writes, and only these two shapes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::oauth2::answer::text;

type Bytes = Zeroizing<Vec<u8>>;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// The public key's place in an `ECPrivateKey`.
const PUBLIC_KEY: u8 = 0xa1;

/// The object identifiers `id-ecPublicKey`, `prime256v1` and `secp384r1`, tag and length included.
const EC_PUBLIC_KEY: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 5, 0x2b, 0x81, 0x04, 0x00, 0x22];

/// The longest member that is read, in characters: a modulus of 16,384 bits.
const MAX_MEMBER: usize = 2736;

/// An RSA key as PKCS #1 ([RFC 8017, appendix
/// A.1.2](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2)).
pub(super) fn rsa(jwk: &Map<String, Value>) -> Option<Bytes> {
    let mut numbers = integer(&[0]);
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        numbers.extend_from_slice(&integer(&member(jwk, name)?));
    }
    Some(element(SEQUENCE, &numbers))
}

/// A key on P-256 or P-384 as PKCS #8 ([RFC 5915](https://www.rfc-editor.org/rfc/rfc5915)).
pub(super) fn ec(jwk: &Map<String, Value>) -> Option<Bytes> {
    let (curve, size) = match text(jwk, "crv")? {
        "P-256" => (P256, 32),
        "P-384" => (P384, 48),
        _ => return None,
    };
    let coordinate = |name| member(jwk, name).filter(|bytes| bytes.len() == size);
    let point = [&[0, 4][..], &coordinate("x")?, &coordinate("y")?].concat();
    let public = element(PUBLIC_KEY, &element(BIT_STRING, &point));
    let private = element(OCTET_STRING, &coordinate("d")?);
    let key = sequence(&[&integer(&[1]), &private, &public]);
    let kind = sequence(&[EC_PUBLIC_KEY, curve]);
    Some(sequence(&[
        &integer(&[0]),
        &kind,
        &element(OCTET_STRING, &key),
    ]))
}

/// The same from PEM of the older kind, `EC PRIVATE KEY`, which says its curve inside ([RFC 5915,
/// section 4](https://www.rfc-editor.org/rfc/rfc5915#section-4)). `None` if there is none, or it
/// has a passphrase.
pub(super) fn sec1(pem: &str) -> Option<Bytes> {
    let (_, rest) = pem.split_once("-----BEGIN EC PRIVATE KEY-----")?;
    let (lines, _) = rest.split_once("-----END EC PRIVATE KEY-----")?;
    let text: Zeroizing<String> = Zeroizing::new(lines.split_ascii_whitespace().collect());
    if text.len() > MAX_MEMBER {
        return None;
    }
    let key = STANDARD.decode(&*text).map(Zeroizing::new).ok()?;
    let fits = |curve: &&&[u8]| key.windows(curve.len()).any(|part| part == **curve);
    let curve = [P256, P384].iter().find(fits).copied()?;
    let kind = sequence(&[EC_PUBLIC_KEY, curve]);
    let key = element(OCTET_STRING, &key);
    Some(sequence(&[&integer(&[0]), &kind, &key]))
}

fn member(jwk: &Map<String, Value>, name: &str) -> Option<Bytes> {
    let text = text(jwk, name).filter(|text| text.len() <= MAX_MEMBER)?;
    URL_SAFE_NO_PAD.decode(text).ok().map(Zeroizing::new)
}

/// A number that is not negative.
fn integer(bytes: &[u8]) -> Bytes {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[zeros..];
    let needs_zero = digits.first().is_none_or(|first| *first >= 0x80);
    let sign: &[u8] = if needs_zero { &[0] } else { &[] };
    element(INTEGER, &Zeroizing::new([sign, digits].concat()))
}

fn sequence(parts: &[&[u8]]) -> Bytes {
    element(SEQUENCE, &Zeroizing::new(parts.concat()))
}

fn element(tag: u8, content: &[u8]) -> Bytes {
    let length = content.len();
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 6));
    bytes.push(tag);
    match length {
        0..0x80 => bytes.push(length as u8),
        0x80..0x100 => bytes.extend_from_slice(&[0x81, length as u8]),
        // the members' limit keeps keys below 64 KiB
        _ => bytes.extend_from_slice(&[0x82, (length >> 8) as u8, length as u8]),
    }
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PEM whose content names a curve and is of that length.
    fn pem(length: usize) -> String {
        let content = [P384.to_vec(), vec![0; length - P384.len()]].concat();
        format!(
            "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----",
            STANDARD.encode(content)
        )
    }

    #[test]
    fn keys_in_pem_are_bounded() {
        let longest = MAX_MEMBER / 4 * 3;
        assert!(sec1(&pem(longest)).is_some());
        assert!(sec1(&pem(longest + 1)).is_none());
    }
}
