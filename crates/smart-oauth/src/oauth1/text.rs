//! A name or a value where it stands, decoded on the way out so that nothing has to be copied.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::encode::{
    ENCODED_RANK, decode_form, encoded, escape, is_unreserved, push_encoded, push_encoded_twice,
};

/// Bytes of a request, and how they are to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    written: &'a [u8],
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)] // as wide as its neighbors, so that copies of a text can be forwarded: 3 % of a signature
enum Kind {
    /// Nothing to decode and nothing to encode, as most text is.
    Clean,
    /// As it is.
    Plain,
    /// As a form writes it ([RFC 5849, section
    /// 3.4.1.3.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3.1)).
    Form,
}

impl<'a> Text<'a> {
    /// Text of unreserved characters only.
    pub(crate) fn clean(text: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        let written = text.as_ref();
        debug_assert!(written.iter().copied().all(is_unreserved));
        Self {
            written,
            kind: Kind::Clean,
        }
    }

    /// Text that means what it says.
    pub(crate) fn plain(text: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self {
            written: text.as_ref(),
            kind: Kind::Plain,
        }
    }

    /// Text that a form has written, whatever it holds.
    pub(crate) fn form(written: &'a [u8]) -> Self {
        Self {
            written,
            kind: Kind::Form,
        }
    }

    /// Reads a name of a query or form up to its `=` or `&`, or a value up to its `&`, with a
    /// single look at each byte; and what follows, delimiter included.
    pub(crate) fn read_form(text: &'a [u8], part: FormPart) -> (Self, &'a [u8]) {
        let stop = part as u8;
        let mut seen = 0;
        let end = text.iter().position(|byte| {
            let class = CLASS[usize::from(*byte)];
            let stops = class & stop != 0;
            seen |= if stops { 0 } else { class };
            stops
        });
        let (written, rest) = text.split_at(end.unwrap_or(text.len()));
        let kind = if seen & CODED != 0 {
            Kind::Form
        } else if seen != 0 {
            Kind::Plain
        } else {
            Kind::Clean
        };
        (Self { written, kind }, rest)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.written.is_empty()
    }

    /// What the text means.
    pub(crate) fn decoded(self) -> Cow<'a, [u8]> {
        match self.kind {
            Kind::Form => decode_form(self.written),
            Kind::Clean | Kind::Plain => Cow::Borrowed(self.written),
        }
    }

    /// What the text means, for people; bytes that are not UTF-8 become a replacement character.
    pub(crate) fn lossy(self) -> String {
        String::from_utf8_lossy(&self.decoded()).into_owned()
    }

    /// What the text means, byte by byte.
    pub(crate) fn bytes(self) -> impl Iterator<Item = u8> {
        let mut rest = self.written;
        std::iter::from_fn(move || {
            let (first, tail) = rest.split_first()?;
            let (byte, after) = match (self.kind, *first) {
                (Kind::Form, b'%') => escape(rest).unwrap_or((b'%', tail)),
                (Kind::Form, b'+') => (b' ', tail),
                (_, byte) => (byte, tail),
            };
            rest = after;
            Some(byte)
        })
    }

    /// The length of the encoded form.
    pub(crate) fn encoded_len(self) -> usize {
        match self.kind {
            Kind::Clean => self.written.len(),
            Kind::Plain => {
                let is_escaped = |byte: &&u8| !is_unreserved(**byte);
                self.written.len() + 2 * self.written.iter().filter(is_escaped).count()
            }
            Kind::Form => self.bytes().map(|byte| encoded(byte).count()).sum(),
        }
    }

    /// Whether it begins with these unreserved characters.
    pub(crate) fn starts_with(self, prefix: &str) -> bool {
        match self.kind {
            Kind::Clean | Kind::Plain => self.written.starts_with(prefix.as_bytes()),
            Kind::Form => self.bytes().take(prefix.len()).eq(prefix.bytes()),
        }
    }

    /// Whether the two are equal, however they are written.
    fn means_what(self, other: Self) -> bool {
        self.bytes().eq(other.bytes())
    }

    /// Appends the encoded form.
    #[inline]
    pub(crate) fn push_encoded(self, out: &mut Vec<u8>) {
        match self.kind {
            Kind::Clean => out.extend_from_slice(self.written),
            Kind::Plain => push_encoded(out, self.written),
            Kind::Form => push_encoded(out, &self.decoded()),
        }
    }

    /// Appends what a base string holds of it: the encoded form of the encoded form.
    #[inline]
    pub(crate) fn push_encoded_twice(self, out: &mut Vec<u8>) {
        match self.kind {
            Kind::Clean => out.extend_from_slice(self.written),
            Kind::Plain => push_encoded_twice(out, self.written),
            Kind::Form => self.push_decoded_and_encoded_twice(out),
        }
    }

    fn push_decoded_and_encoded_twice(self, out: &mut Vec<u8>) {
        let mut rest = self.written;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'%' | b'+')) {
            push_encoded_twice(out, &rest[..at]);
            let tail = &rest[at + 1..];
            let (byte, after) = match rest[at] {
                b'+' => (b' ', tail),
                _ => escape(&rest[at..]).unwrap_or((b'%', tail)),
            };
            push_encoded_twice(out, &[byte]);
            rest = after;
        }
        push_encoded_twice(out, rest);
    }

    /// The order of the encoded forms, which [section
    /// 3.4.1.3.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3.2) sorts by.
    pub(crate) fn encoded_cmp(self, other: Self) -> Ordering {
        if (self.kind, other.kind) == (Kind::Clean, Kind::Clean) {
            return self.written.cmp(other.written);
        }
        let rank = |byte| ENCODED_RANK[usize::from(byte)];
        self.bytes().map(rank).cmp(other.bytes().map(rank))
    }

    /// The order of the texts as they are, which the Classic container sorts by.
    pub(crate) fn raw_cmp(self, other: Self) -> Ordering {
        if self.kind == Kind::Form || other.kind == Kind::Form {
            self.bytes().cmp(other.bytes())
        } else {
            self.written.cmp(other.written)
        }
    }

    /// Whether it sorts the same way in either order.
    pub(crate) fn is_clean(self) -> bool {
        self.kind == Kind::Clean
    }

    /// A number that orders two texts as their encoded forms are ordered, unless it is the same for
    /// both.
    pub(crate) fn encoded_key(self) -> u64 {
        match self.kind {
            Kind::Clean => match self.written.first_chunk() {
                Some(first) => u64::from_be_bytes(*first),
                None => first_eight(self.written.iter().copied()),
            },
            Kind::Plain | Kind::Form => first_eight(self.bytes().flat_map(encoded)),
        }
    }

    /// The same for the order of the texts as they are.
    pub(crate) fn raw_key(self) -> u64 {
        first_eight(self.bytes())
    }
}

/// The first is the highest; zeros stand for what is missing.
fn first_eight(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut key = 0;
    let mut place = u64::BITS;
    for byte in bytes {
        place -= 8;
        key |= u64::from(byte) << place;
        if place == 0 {
            break;
        }
    }
    key
}

/// Where the reading of a part of a form stops.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum FormPart {
    Name = AMPERSAND | EQUALS,
    Value = AMPERSAND,
}

const AMPERSAND: u8 = 1;
const EQUALS: u8 = 1 << 1;
const CODED: u8 = 1 << 2;
const RESERVED: u8 = 1 << 3;

/// What each byte is in a form; nothing for those that need neither decoding nor encoding.
static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte: u8 = 0;
    loop {
        table[byte as usize] = match byte {
            b'&' => AMPERSAND,
            b'=' => EQUALS,
            b'%' | b'+' => CODED,
            _ if is_unreserved(byte) => 0,
            _ => RESERVED,
        };
        if byte == 255 {
            break table;
        }
        byte += 1;
    }
};

impl PartialEq for Text<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        if self.kind == Kind::Form || other.kind == Kind::Form {
            self.means_what(*other)
        } else {
            self.written == other.written
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(written: &[u8]) -> Text<'_> {
        let (text, rest) = Text::read_form(written, FormPart::Value);
        assert!(rest.is_empty());
        text
    }

    #[test]
    fn parts_stop_at_their_delimiters() {
        let read = |text: &'static str, part| {
            let (text, rest) = Text::read_form(text.as_bytes(), part);
            (text.lossy(), str::from_utf8(rest).unwrap())
        };
        assert_eq!(read("a+b=c&d", FormPart::Name), ("a b".into(), "=c&d"));
        assert_eq!(read("a&d", FormPart::Name), ("a".into(), "&d"));
        assert_eq!(read("c=%3d&d", FormPart::Value), ("c==".into(), "&d"));
        assert_eq!(read("", FormPart::Value), (String::new(), ""));
    }

    proptest! {
        #[test]
        fn reading_in_place_is_decoding_first(left in "[a-c%+4=é]{0,12}", right in "[a-c%+4=é]{0,12}") {
            let (left, right) = (form(left.as_bytes()), form(right.as_bytes()));
            let (left_decoded, right_decoded) = (decode_form(left.written), decode_form(right.written));
            prop_assert_eq!(left.bytes().collect::<Vec<_>>(), &*left_decoded);
            prop_assert_eq!(left.decoded(), &*left_decoded);
            prop_assert_eq!(left == right, left_decoded == right_decoded);
            prop_assert_eq!(left.raw_cmp(right), left_decoded.cmp(&right_decoded));

            let once = |bytes: &[u8]| {
                let mut out = Vec::new();
                push_encoded(&mut out, bytes);
                out
            };
            let mut written = Vec::new();
            left.push_encoded(&mut written);
            prop_assert_eq!(left.encoded_len(), written.len());
            prop_assert_eq!(&written, &once(&left_decoded));
            written.clear();
            left.push_encoded_twice(&mut written);
            prop_assert_eq!(written, once(&once(&left_decoded)));
            prop_assert_eq!(left.encoded_cmp(right), once(&left_decoded).cmp(&once(&right_decoded)));
        }

        #[test]
        fn keys_never_contradict_the_order(left in "[ab%.~é\0-]{0,9}", right in "[ab%.~é\0-]{0,9}") {
            let (left, right) = (form(left.as_bytes()), form(right.as_bytes()));
            for (keys, order) in [
                (left.encoded_key().cmp(&right.encoded_key()), left.encoded_cmp(right)),
                (left.raw_key().cmp(&right.raw_key()), left.raw_cmp(right)),
            ] {
                prop_assert!(keys.is_eq() || keys == order);
            }
        }
    }
}
