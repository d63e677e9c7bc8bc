//! Every folder of `tests/vectors`, stage by stage, so that a failure names the first stage that
//! went wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AccessToken, AuthorizationHeader, Consumer, Dialect, Nonce, SignableRequest, SigningParams,
    TokenSecret, Verifier, sign, verify,
};

#[test]
fn every_vector_holds_at_every_stage() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(Vector::read)
        .collect();
    assert_eq!(cases.len(), 10, "a vector was added or lost");
    cases.iter().for_each(Vector::check);
}

struct Vector {
    name: String,
    request: http::Request<Vec<u8>>,
    credentials: BTreeMap<String, String>,
    parameters: String,
    base_string: String,
    signature: String,
    header: String,
}

impl Vector {
    fn read(folder: PathBuf) -> Self {
        let text = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        let line = |file: &str| text(file).trim_end().to_owned();
        let credentials = text("credentials.txt");
        let pairs = credentials
            .lines()
            .map(|line| line.split_once(": ").unwrap());
        Self {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            request: read_request(&text("request.txt")),
            credentials: pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            parameters: line("parameters.txt"),
            base_string: line("base_string.txt"),
            signature: line("signature.txt"),
            header: line("header.txt"),
        }
    }

    fn check(&self) {
        let name = &self.name;
        let view = SignableRequest::from_http(&self.request).unwrap();
        let consumer = Consumer::new(self.text("consumer_key"), self.text("consumer_secret"));
        let token = self
            .get("token")
            .map(|key| AccessToken::new(key, self.text("token_secret")));
        let verifier = self.get("verifier").map(Verifier::from);
        let signed = sign(
            &view,
            &self.params(&consumer, token.as_ref(), verifier.as_ref()),
        )
        .unwrap();

        let parameters = signed.base_string().rsplit('&').next().unwrap();
        let parameters = parameters
            .replace("%26", "\n")
            .replace("%3D", "=")
            .replace("%25", "%");
        assert_eq!(parameters, self.parameters, "{name}: parameters");
        assert_eq!(
            signed.base_string(),
            self.base_string,
            "{name}: base string"
        );
        assert_eq!(signed.signature(), self.signature, "{name}: signature");

        let sent = signed.authorization().to_str().unwrap();
        let (sent, expected) = (
            AuthorizationHeader::parse(sent).unwrap(),
            AuthorizationHeader::parse(&self.header).unwrap(),
        );
        assert!(sent.iter().eq(expected.iter()), "{name}: header");
        assert_eq!(
            signed.authorization().to_str().unwrap(),
            self.header,
            "{name}: header text"
        );

        let token_secret = token.map(|token| TokenSecret::from(token.secret().expose()));
        let accepted = verify(&view, &expected, consumer.secret(), token_secret.as_ref());
        assert!(accepted.is_ok(), "{name}: {accepted:?}");
    }

    fn params<'a>(
        &'a self,
        consumer: &'a Consumer,
        token: Option<&'a AccessToken>,
        verifier: Option<&'a Verifier>,
    ) -> SigningParams<'a> {
        let nonce = Nonce::new(self.text("nonce")).unwrap();
        let timestamp = Timestamp::from_unix_seconds(self.text("timestamp").parse().unwrap());
        let mut params = SigningParams::new(consumer, nonce, timestamp);
        params = token
            .into_iter()
            .fold(params, SigningParams::with_access_token);
        params = verifier
            .into_iter()
            .fold(params, SigningParams::with_verifier);
        params = self
            .get("callback")
            .into_iter()
            .fold(params, SigningParams::with_callback);
        params = self
            .get("realm")
            .into_iter()
            .fold(params, SigningParams::with_realm);
        if self.get("version") == Some("none") {
            params = params.without_version();
        }
        params.with_dialect(match self.text("dialect") {
            "container" => Dialect::Container,
            "portable" => Dialect::Portable,
            "rfc5849" => Dialect::Rfc5849,
            other => panic!("{}: no dialect {other}", self.name),
        })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.credentials.get(name).map(String::as_str)
    }

    fn text(&self, name: &str) -> &str {
        self.get(name)
            .unwrap_or_else(|| panic!("{} lacks {name}", self.name))
    }
}

fn read_request(text: &str) -> http::Request<Vec<u8>> {
    let (head, body) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let (method, url) = lines.next().unwrap().split_once(' ').unwrap();
    let request = http::Request::builder().method(method).uri(url);
    lines
        .map(|line| line.split_once(": ").unwrap())
        .fold(request, |request, (name, value)| {
            request.header(name, value)
        })
        .body(body.as_bytes().to_vec())
        .unwrap()
}
