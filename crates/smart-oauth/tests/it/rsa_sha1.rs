//! RSA-SHA1 against a signature that OpenSSL made (`openssl dgst -sha1 -sign`), with a key that was
//! thrown away.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AuthorizationHeader, Consumer, Dialect, Nonce, RsaSha1PublicKey, SignError, SignableRequest,
    SignatureMethod, SigningParams, Verification, VerifyError, sign,
};

const BASE_STRING: &str = "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dn%26oauth_signature_method%3DRSA-SHA1%26oauth_timestamp%3D1196666512%26oauth_version%3D1.0";
const SIGNATURE: &str = "r9q+nm9u2HryXghbj2uSX3wnNcrmPgsEgx4od/HqJtQwg6iPtNk+cfHSCPv5PFtDBsoufGbYZBl5ycbVUCvU/LEfaR0CbeykCaJdfzi0RDIqLNNo8kjVK+v9dktFBx14DMhAyVS0XqQp4HYdDlOZAsaib8QqUwXZ3IcVrXeA4ghyzqHu3fNsTGLcIEkGI7lQ5HrRJ2cFDgv2VC2i5H0axmq8ddqw13AZC/wqSK3IDiLpoc5USRijRWO9tTsXKsCNtjMx/tS67N3LE1Y9ZN8BCtQsCs1TbfscmYtn5s0IqaSQL5r183V12UIPvi9QbhnOifSWPYgHiIa83tMtghBqkQ==";
const PUBLIC_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA4loLRY1TAxTzWSmxN556rucyiruJkqb80OEFzkXNNGqzvFrkW24me/jMv2LNVZ7uYAHQZ/g/P7kAI0RCgLJU8RHTMjtlYtTPKtC143/094YHwBnK/nQZ52zoJa94Sp5s5Qs/W2GnLsNCu1Np7RNteZ+cqaCjUuPWL4cWELQtsyhrkrC3ilSZUcukVgm966FgUDjQdJ8/MjK29sFHRfhNo/qIkToCUmIMWTiUooZFXjMRg5g1o8Y4ukHrAHoAvfrruDi2kRsYhIbYiNdKBMyFzUJ52Ps2pPzBTSMU087KWZ0+vmFtTd5rgKnrB2UncMSFpJbI2iYoFICoRIKfX3xsUwIDAQAB";

type Refusal = Box<dyn std::error::Error + Send + Sync>;

fn request() -> http::Request<Vec<u8>> {
    http::Request::get("http://photos.example.net/photos?file=vacation.jpg")
        .body(Vec::new())
        .unwrap()
}

fn params<'a>(
    consumer: &'a Consumer,
    key: &'a dyn smart_oauth::oauth1::RsaSha1Key,
) -> SigningParams<'a> {
    let timestamp = Timestamp::from_unix_seconds(1_196_666_512);
    SigningParams::new(consumer, Nonce::new("n").unwrap(), timestamp)
        .with_dialect(Dialect::Rfc5849)
        .with_rsa_key(key)
}

/// A key that lives elsewhere: it knows the one answer that OpenSSL gave.
fn elsewhere(message: &[u8]) -> Result<Vec<u8>, Refusal> {
    if message == BASE_STRING.as_bytes() {
        Ok(STANDARD.decode(SIGNATURE).unwrap())
    } else {
        Err("the key does not sign this".into())
    }
}

#[test]
fn openssl_signs_and_we_verify() {
    let consumer = Consumer::new("dpf43f3p2l4k3l03", "unused");
    let mut request = request();
    let view = SignableRequest::from_http(&request).unwrap();
    let signed = sign(&view, &params(&consumer, &elsewhere)).unwrap();
    assert_eq!(signed.base_string(), BASE_STRING);
    assert_eq!(signed.signature(), SIGNATURE);
    signed.apply_to(&mut request);

    let header = AuthorizationHeader::from_headers(request.headers())
        .unwrap()
        .unwrap();
    let key = RsaSha1PublicKey::from_der(STANDARD.decode(PUBLIC_KEY).unwrap());
    let verification = Verification::new(consumer.secret(), None)
        .with_methods(&[SignatureMethod::RsaSha1])
        .with_rsa_key(&key);
    let view = SignableRequest::from_http(&request).unwrap();
    assert!(verification.verify(&view, &header).is_ok());

    let mut changed = request.clone();
    *changed.uri_mut() = "http://photos.example.net/photos?file=other.jpg"
        .parse()
        .unwrap();
    let other_key = RsaSha1PublicKey::from_der(*b"no key");
    let without_key =
        Verification::new(consumer.secret(), None).with_methods(&[SignatureMethod::RsaSha1]);
    for (verification, request) in [
        (verification, &changed),
        (verification.with_rsa_key(&other_key), &request),
        (without_key, &request),
    ] {
        let view = SignableRequest::from_http(request).unwrap();
        assert!(matches!(
            verification.verify(&view, &header),
            Err(VerifyError::BadSignature)
        ));
    }
    let hmac_only = Verification::new(consumer.secret(), None).with_rsa_key(&key);
    assert!(matches!(
        hmac_only.verify(&view, &header),
        Err(VerifyError::UnsupportedSignatureMethod)
    ));
}

#[test]
fn refusals_are_reported() {
    let consumer = Consumer::new("other", "unused");
    let request = request();
    let view = SignableRequest::from_http(&request).unwrap();
    let params = params(&consumer, &elsewhere);
    assert!(matches!(sign(&view, &params), Err(SignError::Rsa(_))));
    let without_key = params.clone().with_method(SignatureMethod::RsaSha1);
    assert!(matches!(
        sign(&view, &without_key),
        Err(SignError::NoPrivateKey)
    ));
    let portable = params.with_dialect(Dialect::Portable);
    assert!(matches!(
        sign(&view, &portable),
        Err(SignError::MethodUnknownToContainer { .. })
    ));
}
