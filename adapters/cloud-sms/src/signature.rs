//! The providers' signatures of requests, as their own published code makes them.

use base64::{Engine, engine::general_purpose::STANDARD};
use fenghuo_http::hmac_sha256;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A key that signs. It is never shown.
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// A short name for a text that says nothing about it to whoever lacks the key.
    pub(crate) fn tag(&self, text: &str) -> String {
        hex(&hmac_sha256(self.0.as_bytes(), &[text.as_bytes()])[..8])
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Who signs.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its public name.
    pub(crate) id: String,
    /// What signs.
    pub(crate) secret: Secret,
}

/// Aliyun's `ACS3-HMAC-SHA256`: the value of `Authorization`. `headers` are sorted by name and hold the body's hash.
pub(crate) fn acs3(key: &Key, headers: &[(&str, String)], body_hash: &str) -> String {
    const ALGORITHM: &str = "ACS3-HMAC-SHA256";
    let canonical = canonical("/", headers, body_hash);
    let text = format!("{ALGORITHM}\n{}", sha256(canonical.as_bytes()));
    let signature = hex(&hmac_sha256(key.secret.0.as_bytes(), &[text.as_bytes()]));
    format!("{ALGORITHM} Credential={},SignedHeaders={},Signature={signature}", key.id, names(headers))
}

/// Tencent's `TC3-HMAC-SHA256`: the value of `Authorization`. The date of `now` is part of the key.
pub(crate) fn tc3(key: &Key, service: &str, headers: &[(&str, String)], body_hash: &str, now: Timestamp) -> String {
    const ALGORITHM: &str = "TC3-HMAC-SHA256";
    let date = now.strftime("%Y-%m-%d").to_string();
    let scope = format!("{date}/{service}/tc3_request");
    let canonical = sha256(canonical("/", headers, body_hash).as_bytes());
    let text = format!("{ALGORITHM}\n{}\n{scope}\n{canonical}", now.as_second());
    let start = Zeroizing::new(format!("TC3{}", key.secret.expose()));
    let of_date = Zeroizing::new(hmac_sha256(start.as_bytes(), &[date.as_bytes()]));
    let of_service = Zeroizing::new(hmac_sha256(&*of_date, &[service.as_bytes()]));
    let signing = Zeroizing::new(hmac_sha256(&*of_service, &[b"tc3_request"]));
    let signature = hex(&hmac_sha256(&*signing, &[text.as_bytes()]));
    format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}", key.id, names(headers))
}

/// Huawei's `SDK-HMAC-SHA256` (AK/SK): the value of `Authorization`. `path` ends with a slash.
pub(crate) fn sdk_hmac(key: &Key, path: &str, headers: &[(&str, String)], body_hash: &str, date: &str) -> String {
    const ALGORITHM: &str = "SDK-HMAC-SHA256";
    let canonical = sha256(canonical(path, headers, body_hash).as_bytes());
    let text = format!("{ALGORITHM}\n{date}\n{canonical}");
    let signature = hex(&hmac_sha256(key.secret.0.as_bytes(), &[text.as_bytes()]));
    format!("{ALGORITHM} Access={}, SignedHeaders={}, Signature={signature}", key.id, names(headers))
}

/// Huawei's `X-WSSE`: the value of the header. The digest is the base64 of the hash *in hexadecimal*, as in the published
/// samples.
pub(crate) fn wsse(key: &Key, nonce: &str, created: &str) -> String {
    let digest = sha256(format!("{nonce}{created}{}", key.secret.expose()).as_bytes());
    let digest = STANDARD.encode(digest);
    let name = &key.id;
    format!("UsernameToken Username=\"{name}\",PasswordDigest=\"{digest}\",Nonce=\"{nonce}\",Created=\"{created}\"")
}

/// `Authorization` of RFC 7617.
pub(crate) fn basic(key: &Key) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", key.id, key.secret.expose())))
}

/// Whether `signature` is Twilio's for a form posted to `url`: HMAC-SHA-1 over the address and the fields sorted by name.
pub(crate) fn verify_twilio(secret: &Secret, url: &str, form: &[(String, String)], signature: &str) -> bool {
    let Ok(tag) = STANDARD.decode(signature) else { return false };
    let mut fields: Vec<_> = form.iter().collect();
    fields.sort_unstable();
    fields.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.0.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(url.as_bytes());
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.verify_slice(&tag).is_ok()
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the three signatures have in common: a POST without a query.
fn canonical(path: &str, headers: &[(&str, String)], body_hash: &str) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    format!("POST\n{path}\n\n{lines}\n{}\n{body_hash}", names(headers))
}

fn names(headers: &[(&str, String)]) -> String {
    headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}
