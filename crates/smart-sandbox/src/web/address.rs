//! Where a server is found: scheme and host, and the path below which it lies.

use http::HeaderValue;
use smart_api::ApiBase;

/// The base address of a server, for example `http://localhost:7000` or
/// `http://localhost:3000/smart` for a server that is nested into another.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    base: String,
    /// The length of scheme and host.
    origin: usize,
    origin_header: HeaderValue,
}

impl Address {
    /// None for what is not a base.
    pub(crate) fn parse(base: &str) -> Option<Self> {
        let base = ApiBase::parse(base).ok()?.as_str().to_owned();
        let host = base.find("://")? + 3;
        let origin = base[host..].find('/').map_or(base.len(), |end| host + end);
        let origin_header = HeaderValue::from_str(&base[..origin]).ok()?;
        Some(Self {
            base,
            origin,
            origin_header,
        })
    }

    /// The whole address, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// What browsers call the origin: scheme and host.
    pub(crate) fn origin(&self) -> &str {
        &self.base[..self.origin]
    }

    pub(crate) fn origin_header(&self) -> HeaderValue {
        self.origin_header.clone()
    }

    /// The path of the base, empty or beginning with a slash: links of pages begin with it.
    pub(crate) fn path(&self) -> &str {
        &self.base[self.origin..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_base_without_its_path() {
        for (base, origin, path) in [
            ("http://localhost:7000", "http://localhost:7000", ""),
            (
                "https://h.example/smart/api",
                "https://h.example",
                "/smart/api",
            ),
        ] {
            let address = Address::parse(base).unwrap();
            assert_eq!((address.origin(), address.path()), (origin, path));
        }
        assert!(Address::parse("localhost").is_none());
    }
}
