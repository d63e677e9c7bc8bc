//! How often signing asks for memory. A test of its own, since the counter replaces the allocator
//! of the whole program.

use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AccessToken, Consumer, Nonce, SignableRequest, Signer, SigningParams, sign,
};

/// The base string with its signature, and the header.
const ALLOCATIONS: u64 = 2;

#[test]
fn signature_takes_few_allocations() {
    let request = http::Request::get(
        "http://localhost:7000/records/1288992/lab_results/?date_from=2008-01-01&date_to=2013-12-31&limit=25\
         &loinc=13457-7%7C2089-1&note=fasting%20sample&offset=50",
    )
    .body(Vec::new())
    .unwrap();
    let consumer = Consumer::new("my-app@apps.smartplatforms.org", "smartapp-secret");
    let token = AccessToken::new("acctoken0123456789ab", "accsecret0123456789a");
    let signer = Signer::new(consumer).with_access_token(&token);
    let counted = allocation_counter::measure(|| {
        let now = Timestamp::from_unix_seconds(1_365_000_000);
        let params = SigningParams::prepared(&signer, Nonce::from_random([7; 16]), now);
        let signed = sign(&SignableRequest::from_http(&request).unwrap(), &params).unwrap();
        assert_eq!(signed.signature().len(), 28);
    });
    assert_eq!(counted.count_total, ALLOCATIONS);
}
