use super::*;

fn hop(proxy: &Proxy, uri: &str) -> Option<String> {
    let hop = proxy.hop(&uri.parse().unwrap()).unwrap()?;
    Some(hop.uri.authority()?.to_string())
}

fn environment(variables: &[(&str, &str)]) -> Proxy {
    Proxy::from_variables(|name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

const OTHER: &str = "https://other.example/";

#[test]
fn everything_but_the_exceptions_and_this_machine() {
    let proxy = Proxy::all_but("http://me:pass@proxy.example:3128", "emr.example").unwrap();
    let through = Some("proxy.example:3128".to_owned());
    assert_eq!(hop(&proxy, OTHER), through);
    assert_eq!(hop(&proxy, "http://other.example/"), through);
    for direct in [
        "https://emr.example/",
        "http://localhost:7000/",
        "http://127.0.0.1:7000/",
        "https://[::1]/",
    ] {
        assert_eq!(hop(&proxy, direct), None, "{direct}");
    }
    assert_eq!(hop(&Proxy::none(), OTHER), None);
}

#[test]
fn exceptions_are_names_addresses_ranges_and_ports() {
    for (exceptions, uri, is_direct) in [
        ("*", "https://emr.example/", true),
        ("emr.example", "https://EMR.example./", true),
        ("emr.example", "https://a.emr.example/", true),
        ("emr.example", "https://notemr.example/", false),
        (".emr.example", "https://a.emr.example/", true),
        (".emr.example", "https://emr.example/", true),
        ("*.emr.example", "https://a.emr.example/", true),
        ("*.emr.example", "https://notemr.example/", false),
        ("emr.example:8443", "https://emr.example:8443/", true),
        ("emr.example:8443", "https://emr.example/", false),
        ("emr.example:443", "https://emr.example/", true),
        ("emr.example:80", "http://emr.example/", true),
        (".emr.example:8443", "https://a.emr.example:8443/", true),
        ("10.0.0.0/8", "https://10.255.0.1/", true),
        ("10.0.0.0/8", "https://11.0.0.1/", false),
        ("10.0.0.0/8", "https://10.example/", false),
        ("0.0.0.0/0", "https://10.0.0.1/", true),
        ("10.0.0.0/33", "https://10.0.0.0/", false),
        ("10.0.0.1", "https://10.0.0.1:8443/", true),
        ("10.0.0.1:8443", "https://10.0.0.1:8443/", true),
        ("10.0.0.1:8443", "https://10.0.0.1/", false),
        ("10.0.0.1", "https://[::ffff:10.0.0.1]/", true),
        ("2001:db8::1", "https://[2001:db8::1]/", true),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443/", true),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]/", false),
        ("2001:db8::/32", "https://[2001:db8:1::1]/", true),
        ("2001:db8::/32", "https://[2001:db9::1]/", false),
        ("a.example, b.example", "https://b.example/", true),
        ("a.example b.example", "https://b.example/", true),
        (",, ,", "https://b.example/", false),
        (".", "https://b.example/", false),
    ] {
        let proxy = Proxy::all_but("http://proxy.example:3128", exceptions).unwrap();
        assert_eq!(hop(&proxy, uri).is_none(), is_direct, "{exceptions} {uri}");
    }
}

#[test]
fn environment_is_read_by_scheme() {
    let proxy = environment(&[
        ("http_proxy", "plain.example:3128"),
        ("HTTPS_PROXY", "http://secure.example:3129"),
        ("ALL_PROXY", "socks5h://all.example"),
        ("NO_PROXY", "emr.example:8443"),
    ]);
    assert_eq!(
        hop(&proxy, "http://a.example/").unwrap(),
        "plain.example:3128"
    );
    assert_eq!(hop(&proxy, OTHER).unwrap(), "secure.example:3129");
    assert_eq!(hop(&proxy, "https://emr.example:8443/"), None);
    assert!(hop(&proxy, "https://emr.example/").is_some());

    let proxy = environment(&[("HTTPS_PROXY", " "), ("all_proxy", "socks5://all.example")]);
    assert_eq!(hop(&proxy, OTHER).unwrap(), "all.example:1080");
    assert_eq!(hop(&environment(&[]), OTHER), None);
}

#[test]
fn header_of_a_web_request_does_not_name_the_proxy() {
    let given = [
        ("REQUEST_METHOD", "GET"),
        ("HTTP_PROXY", "http://evil.example:1"),
        ("HTTPS_PROXY", "http://secure.example:3129"),
    ];
    let proxy = environment(&given);
    assert_eq!(hop(&proxy, "http://a.example/"), None);
    assert!(hop(&proxy, OTHER).is_some());
}

#[test]
fn password_goes_to_the_proxy_and_nowhere_else() {
    let proxy = Proxy::all("http://me:canary@proxy.example:3128").unwrap();
    let hop = proxy.hop(&Uri::from_static(OTHER)).unwrap().unwrap();
    assert!(!hop.uri.to_string().contains("canary"));
    assert!(hop.authorization().unwrap().is_sensitive());
    assert!(!format!("{proxy:?}").contains("canary"));

    let proxy = Proxy::all("socks5://me:canary%40@proxy.example").unwrap();
    let hop = proxy.hop(&Uri::from_static(OTHER)).unwrap().unwrap();
    assert!(!hop.uri.to_string().contains("canary"));
    let Protocol::Socks5 { credentials, .. } = hop.protocol else {
        panic!("not SOCKS");
    };
    assert_eq!(credentials.unwrap().password, "canary@");
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    for (address, expected) in [
        (
            "",
            "not the address of a proxy; give it as in http://proxy.example:3128",
        ),
        (
            "https://me:canary@proxy.example:3128",
            "https proxies are not supported; use one with http, socks5 or socks5h",
        ),
        (
            "socks4://me:canary@proxy.example",
            "socks4 proxies are not supported; use one with http, socks5 or socks5h",
        ),
        (
            "http://me:can ary@proxy.example",
            "not the address of a proxy; give it as in http://proxy.example:3128",
        ),
        (
            "me:canary://proxy.example",
            "not the address of a proxy; give it as in http://proxy.example:3128",
        ),
        (
            "http://",
            "not the address of a proxy; give it as in http://proxy.example:3128",
        ),
    ] {
        let refused = Proxy::all(address).unwrap_err();
        assert_eq!(refused.to_string(), expected, "{address}");
        if address.is_empty() {
            continue;
        }
        // The same from the environment, by the request that would need it.
        let proxy = environment(&[("HTTPS_PROXY", address), ("NO_PROXY", "emr.example")]);
        let uri = Uri::from_static(OTHER);
        assert_eq!(proxy.hop(&uri).err(), Some(refused), "{address}");
        assert_eq!(hop(&proxy, "https://emr.example/"), None);
        assert_eq!(hop(&proxy, "http://other.example/"), None);
    }
    assert_eq!(
        Proxy::all("proxy.example").unwrap_err(),
        ProxyError::Malformed
    );
}
