use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Base64url, with its padding or without: browsers leave it out, libraries do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A subscription as `PushSubscription.toJSON()` gives it out.
pub(crate) struct Subscription {
    pub(crate) endpoint: String,
    /// The browser's public key, uncompressed.
    pub(crate) key: [u8; 65],
    /// Its secret.
    pub(crate) auth: [u8; 16],
}

#[derive(serde::Deserialize)]
struct Document {
    endpoint: String,
    keys: Keys,
}

#[derive(serde::Deserialize)]
struct Keys {
    p256dh: String,
    auth: String,
}

impl Subscription {
    /// `None` when it is not one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let Document { endpoint, keys } = serde_json::from_str(text).ok()?;
        let key = BASE64.decode(keys.p256dh).ok()?.try_into().ok()?;
        let auth = BASE64.decode(keys.auth).ok()?.try_into().ok()?;
        Some(Self { endpoint, key, auth })
    }
}
