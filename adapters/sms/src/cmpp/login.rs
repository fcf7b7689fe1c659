//! The digests by which the two sides of CMPP prove that they know the shared secret.

use super::codec::{ConnectResp, Version};
use crate::mainland::digest;

/// AuthenticatorSource = MD5(Source_Addr ‖ nine zero bytes ‖ shared secret ‖ timestamp), the timestamp as ten digits.
#[must_use]
pub fn source(source: &str, secret: &str, timestamp: u32) -> [u8; 16] {
    let stamp = format!("{timestamp:010}");
    digest(&[source.as_bytes(), &[0; 9], secret.as_bytes(), stamp.as_bytes()])
}

/// AuthenticatorISMG = MD5(Status ‖ AuthenticatorSource ‖ shared secret), Status as wide as the version writes it.
#[must_use]
pub fn gateway(version: Version, status: u32, source: &[u8; 16], secret: &str) -> [u8; 16] {
    let status = status.to_be_bytes();
    let status = match version {
        Version::V20 => &status[3..],
        Version::V30 => &status,
    };
    digest(&[status, source, secret.as_bytes()])
}

/// Whether the answer comes from somebody who knows the secret. Gateways of both versions write Status with one byte or with
/// four here, so either counts.
pub(crate) fn proves(answer: &ConnectResp, source: &[u8; 16], secret: &str) -> bool {
    let expected = |version| gateway(version, answer.status, source, secret);
    [Version::V20, Version::V30].map(expected).contains(&answer.authenticator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::tests::hex;

    /// Expected values computed with Python's `hashlib` over the concatenated bytes.
    #[test]
    fn digests_are_those_of_the_specification() {
        let stamp = 101_003_005;
        let ours = source("901234", "1234", stamp);
        assert_eq!(ours, *hex("597663b3c8b35da1e5a299288c1106be"));
        assert_eq!(gateway(Version::V20, 0, &ours, "1234"), *hex("667a16f969fa34d1c7146e138fee1cd7"));
        assert_eq!(gateway(Version::V30, 0, &ours, "1234"), *hex("13b29ae912ea282aa9ad398df037d1f5"));
    }

    #[test]
    fn a_gateway_that_does_not_know_the_secret_proves_nothing() {
        let ours = source("901234", "1234", 1);
        let answer =
            |secret| ConnectResp { status: 0, authenticator: gateway(Version::V30, 0, &ours, secret), version: 0x30 };
        assert!(proves(&answer("1234"), &ours, "1234"));
        assert!(!proves(&answer("1235"), &ours, "1234"));
        assert!(!proves(&ConnectResp { status: 0, authenticator: [0; 16], version: 0x30 }, &ours, "1234"));
    }
}
