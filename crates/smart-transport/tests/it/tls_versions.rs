//! Nothing older than TLS 1.2 is offered or accepted.

use bytes::Bytes;
use http::Request;
use smart_transport::{HyperTransport, Stage, Transport as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The extension of a ClientHello that lists versions ([RFC 8446,
/// 4.2.1](https://www.rfc-editor.org/rfc/rfc8446#section-4.2.1)).
const SUPPORTED_VERSIONS: u16 = 43;

#[tokio::test]
async fn servers_of_tls_1_1_are_refused_before_anything_is_sent() {
    for (minor, name) in [(1, "TLS 1.0"), (2, "TLS 1.1")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut header = [0; 5];
            stream.read_exact(&mut header).await.unwrap();
            let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
            stream.read_exact(&mut hello).await.unwrap();
            stream.write_all(&server_hello(minor)).await.unwrap();
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            (hello, rest)
        });
        let request = Request::get(format!("https://{address}/"));
        let request = request.body(Bytes::new()).unwrap();
        let error = HyperTransport::new().fetch(request).await.unwrap_err();
        assert_eq!(error.stage(), Stage::NotSent, "{name}");
        let text = error.to_string();
        assert!(text.contains("speaks TLS 1.2 or 1.3"), "{name}: {text}");
        let (hello, rest) = server.await.unwrap();
        assert_eq!(offered_versions(&hello), [0x0304, 0x0303], "{name}");
        // an alert of level fatal, description protocol_version, and nothing else
        assert!(
            rest.ends_with(&[2, 70]) && rest.len() == 7,
            "{name}: {rest:?}"
        );
    }
}

/// A ServerHello that picks version 3.`minor` and a cipher suite of its time
/// ([RFC 4346, 7.4.1.3](https://www.rfc-editor.org/rfc/rfc4346#section-7.4.1.3)).
fn server_hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![3, minor];
    hello.extend([7; 32]); // random
    hello.extend([0, 0, 0x2f, 0]); // no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression
    let length = hello.len() as u8;
    let mut record = vec![22, 3, minor, 0, length + 4, 2, 0, 0, length];
    record.extend(hello);
    record
}

fn offered_versions(hello: &[u8]) -> Vec<u16> {
    let number = |bytes: &[u8]| u16::from_be_bytes([bytes[0], bytes[1]]);
    let rest = &hello[4 + 2 + 32..];
    let rest = &rest[1 + usize::from(rest[0])..]; // session
    let rest = &rest[2 + usize::from(number(rest))..]; // cipher suites
    let rest = &rest[1 + usize::from(rest[0])..]; // compression
    let mut extensions = &rest[2..];
    while !extensions.is_empty() {
        let end = 4 + usize::from(number(&extensions[2..]));
        if number(extensions) == SUPPORTED_VERSIONS {
            return extensions[5..end].chunks(2).map(number).collect();
        }
        extensions = &extensions[end..];
    }
    Vec::new()
}
