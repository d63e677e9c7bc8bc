//! Unguessable text from the operating system's generator: tokens, secrets, verifiers, sessions,
//! item ids.

use getrandom::Error;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The length of a token, a secret and a verifier, in characters.
pub(crate) const TOKEN_LENGTH: usize = 20;

/// `length` characters from `[0-9A-Za-z]`, each equally likely.
pub(crate) fn alphanumeric(length: usize) -> Result<String, Error> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0_u8; 32];
    while text.len() < length {
        getrandom::fill(&mut bytes)?;
        // 248 is the largest multiple of 62 in a byte; what lies above would favor the first
        // characters.
        let characters = bytes
            .iter()
            .filter(|byte| **byte < 248)
            .map(|byte| char::from(ALPHABET[usize::from(*byte % 62)]))
            .take(length - text.len());
        text.extend(characters);
    }
    Ok(text)
}

/// `count` random version 4 UUIDs, as [RFC 9562
/// §5.4](https://www.rfc-editor.org/rfc/rfc9562#section-5.4) writes them, from one read of the
/// generator.
pub(crate) fn uuids(count: usize) -> Result<Vec<String>, Error> {
    let mut bytes = vec![0_u8; count * 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.chunks_exact(16).map(uuid).collect())
}

/// Two UUIDs at once, for an id and its secret or for a pair of tokens.
pub(crate) fn uuid_pair() -> Result<[String; 2], Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    let (first, second) = bytes.split_at(16);
    Ok([uuid(first), uuid(second)])
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match position {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        for digit in [byte >> 4, byte & 0x0f] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn text_has_the_asked_length_and_alphabet() {
        for length in [0, 1, 20, 100] {
            let text = alphanumeric(length).unwrap();
            assert_eq!(text.len(), length);
            assert!(
                text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "{text}"
            );
        }
    }

    #[test]
    fn no_two_draws_are_equal() {
        let drawn: HashSet<String> = (0..200)
            .map(|_| alphanumeric(TOKEN_LENGTH).unwrap())
            .collect();
        assert_eq!(drawn.len(), 200);
    }

    #[test]
    fn uuids_are_of_version_4() {
        for uuid in uuids(50).unwrap() {
            assert_eq!(uuid.len(), 36, "{uuid}");
            assert_eq!(&uuid[14..15], "4", "{uuid}");
            assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        }
    }

    #[test]
    fn a_uuid_is_grouped() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(uuid(&bytes), "00010203-0405-4607-8809-0a0b0c0d0e0f");
    }
}
