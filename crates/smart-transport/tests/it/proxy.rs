//! A proxy on the way.

use bytes::Bytes;
use http::Request;
use smart_test_support::{CannedResponse, TestServer};
#[cfg(feature = "tls")]
use smart_transport::Stage;
use smart_transport::{HyperTransport, Proxy, Transport as _};

fn request(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

/// A proxy that answers by itself with what it was asked.
async fn telling() -> TestServer {
    TestServer::answering(|request| {
        let password = request.header("proxy-authorization").unwrap_or("none");
        let line = request.head().lines().next().unwrap();
        CannedResponse::new(200).body(format!("{line} / {password}"))
    })
    .await
    .unwrap()
}

fn through(proxy: &TestServer, user: &str) -> HyperTransport {
    let proxy = Proxy::all(&format!("http://{user}{}", proxy.address())).unwrap();
    HyperTransport::builder()
        .proxy(proxy)
        .allow_plain_http_to("emr.example")
        .build()
}

#[tokio::test]
async fn plain_requests_name_their_whole_url_to_the_proxy() {
    let proxy = telling().await;
    let transport = through(&proxy, "me:pass@");
    let response = transport
        .fetch(request("http://emr.example/records?a=b"))
        .await
        .unwrap();
    assert_eq!(
        response.body(),
        "GET http://emr.example/records?a=b HTTP/1.1 / Basic bWU6cGFzcw=="
    );
}

#[tokio::test]
async fn requests_to_this_machine_go_straight() {
    let proxy = telling().await;
    let server = telling().await;
    let transport = through(&proxy, "me:pass@");
    let response = transport
        .fetch(request(&server.url("/here")))
        .await
        .unwrap();
    assert_eq!(response.body(), "GET /here HTTP/1.1 / none");
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
#[cfg(feature = "tls")]
async fn https_goes_through_a_tunnel() {
    use smart_test_support::{Authority, ServerConnection};
    use smart_transport::Certificates;

    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["emr.example"]).unwrap();
    let server = TestServer::tls(&identity).await.unwrap();
    let target = server.address();
    let proxy = TestServer::start(move |mut connection: ServerConnection| async move {
        let opening = connection.read_request().await?.unwrap();
        assert_eq!(opening.method(), "CONNECT");
        assert_eq!(opening.target(), "emr.example:443");
        assert_eq!(
            opening.header("proxy-authorization"),
            Some("Basic bWU6cGFzcw==")
        );
        connection.write("HTTP/1.1 200 OK\r\n\r\n").await?;
        let stream = tokio::net::TcpStream::connect(target).await?;
        connection.tunnel(stream).await
    })
    .await
    .unwrap();
    let certificates = Certificates::from_pem(authority.pem().as_bytes()).unwrap();
    let way = Proxy::all(&format!("http://me:pass@{}", proxy.address())).unwrap();
    let transport = HyperTransport::builder()
        .proxy(way)
        .trust_certificate(certificates)
        .build();
    let response = transport
        .fetch(request("https://emr.example/records"))
        .await
        .unwrap();
    assert_eq!(response.body(), "hello");
}

#[tokio::test]
#[cfg(feature = "tls")]
async fn proxy_that_refuses_is_told() {
    let proxy = TestServer::in_turn([CannedResponse::new(403)])
        .await
        .unwrap();
    let transport = through(&proxy, "me:canary@");
    let error = transport
        .fetch(request("https://emr.example/records"))
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    assert!(error.is_connect());
    assert_eq!(
        error.to_string(),
        "the proxy opened no way to emr.example; check the proxy's address and what it allows, or go without it"
    );
    assert!(!format!("{error:?}").contains("canary"));
}

/// A SOCKS proxy that wants a name and a password, and answers what is sent through it by itself.
/// It tells what it was asked.
async fn socks_proxy() -> (
    std::net::SocketAddr,
    tokio::sync::oneshot::Receiver<Vec<u8>>,
) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 3];
        stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(bytes, [5, 1, 2]);
        stream.write_all(&[5, 2]).await.unwrap();
        let mut bytes = vec![0; 10];
        stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(bytes, b"\x01\x02me\x05p@ss:");
        stream.write_all(&[1, 0]).await.unwrap();
        let mut asked = vec![0; 256];
        let length = stream.read(&mut asked).await.unwrap();
        asked.truncate(length);
        tell.send(asked).unwrap();
        stream
            .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            .await
            .unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        assert!(request[..length].starts_with(b"GET /records?a=b HTTP/1.1\r\n"));
        let answer = CannedResponse::new(200).body("hello").to_bytes();
        stream.write_all(&answer).await.unwrap();
    });
    (address, told)
}

#[tokio::test]
async fn socks_proxy_is_told_a_name_or_an_address() {
    for (scheme, port, expected) in [
        (
            "socks5h",
            "",
            b"\x05\x01\0\x03\x0bemr.example\0\x50".to_vec(),
        ),
        (
            "socks5h",
            ":7000",
            b"\x05\x01\0\x03\x0bemr.example\x1b\x58".to_vec(),
        ),
        ("socks5", "", b"\x05\x01\0\x01\xc0\0\x02\x07\0\x50".to_vec()),
    ] {
        let (address, told) = socks_proxy().await;
        let proxy = Proxy::all(&format!("{scheme}://me:p%40ss%3A@{address}")).unwrap();
        let transport = HyperTransport::builder()
            .proxy(proxy)
            .resolve("emr.example", "192.0.2.7:0".parse().unwrap())
            .allow_plain_http_to("emr.example")
            .build();
        let url = format!("http://emr.example{port}/records?a=b");
        let response = transport.fetch(request(&url)).await.unwrap();
        assert_eq!(response.body(), "hello");
        assert_eq!(told.await.unwrap(), expected, "{scheme}");
    }
}
