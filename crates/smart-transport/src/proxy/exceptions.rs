//! Where requests go straight: the entries of `NO_PROXY`.

use std::net::IpAddr;

use http::Uri;

use super::port;

/// What is excepted from the proxy.
#[derive(Default)]
pub(super) struct Exceptions(Vec<Exception>);

struct Exception {
    hosts: Hosts,
    /// The only port that it holds for, if it names one.
    port: Option<u16>,
}

enum Hosts {
    All,
    /// A name and its subdomains, in lower case.
    Domain(String),
    Address(IpAddr),
    /// The addresses whose first bits are these.
    Range {
        first: IpAddr,
        bits: u32,
    },
}

impl Exceptions {
    /// Entries are separated by commas or spaces, as curl reads them. What is neither an address
    /// nor a range is a name.
    pub(super) fn parse(list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace());
        let entries = entries.filter(|entry| !entry.is_empty());
        Self(entries.map(Exception::parse).collect())
    }

    pub(super) fn hold_for(&self, uri: &Uri) -> bool {
        let host = uri.host().unwrap_or_default();
        let host = without_brackets(host).trim_end_matches('.');
        let host = host.to_ascii_lowercase();
        let port = port(uri);
        self.0.iter().any(|entry| entry.holds_for(&host, port))
    }
}

impl Exception {
    fn parse(entry: &str) -> Self {
        let (host, port) = split_port(entry);
        Self {
            hosts: Hosts::parse(host),
            port,
        }
    }

    fn holds_for(&self, host: &str, port: u16) -> bool {
        self.port.is_none_or(|only| only == port) && self.hosts.contain(host)
    }
}

/// An entry without its port. An IPv6 address has colons of its own, and brackets if a port follows
/// it.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if entry.parse::<IpAddr>().is_ok() {
        return (entry, None);
    }
    match entry.rsplit_once(':') {
        Some((host, port)) => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_other) => (entry, None),
        },
        None => (entry, None),
    }
}

impl Hosts {
    fn parse(host: &str) -> Self {
        let host = without_brackets(host);
        if host == "*" {
            return Self::All;
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Self::Address(address.to_canonical());
        }
        if let Some((first, bits)) = host.split_once('/')
            && let (Ok(first), Ok(bits)) = (first.parse::<IpAddr>(), bits.parse())
        {
            return Self::Range { first, bits };
        }
        let name = host.strip_prefix('*').unwrap_or(host);
        let name = name.trim_matches('.').to_ascii_lowercase();
        Self::Domain(name)
    }

    fn contain(&self, host: &str) -> bool {
        let address = host
            .parse()
            .ok()
            .map(|address: IpAddr| address.to_canonical());
        match self {
            Self::All => true,
            Self::Address(excepted) => address == Some(*excepted),
            Self::Range { first, bits } => {
                address.is_some_and(|address| share_bits(*first, address, *bits))
            }
            Self::Domain(name) => host
                .strip_suffix(name.as_str())
                .is_some_and(|rest| !name.is_empty() && (rest.is_empty() || rest.ends_with('.'))),
        }
    }
}

/// Whether two addresses of the same kind begin with the same bits. A number of bits that the kind
/// does not have fits none.
fn share_bits(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    let (one, other, length) = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (u32::from(one).into(), u32::from(other).into(), u32::BITS)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => (u128::from(one), u128::from(other), u128::BITS),
        _ => return false,
    };
    length
        .checked_sub(bits)
        .is_some_and(|rest| (one ^ other).checked_shr(rest).unwrap_or(0) == 0)
}

fn without_brackets(host: &str) -> &str {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}
