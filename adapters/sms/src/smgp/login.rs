//! The digests by which the two sides of SMGP prove that they know the shared secret.

use super::codec::LoginResp;
use crate::mainland::digest;

/// AuthenticatorClient = MD5(ClientID ‖ seven zero bytes ‖ shared secret ‖ timestamp), the timestamp as ten digits.
#[must_use]
pub fn client(client: &str, secret: &str, timestamp: u32) -> [u8; 16] {
    let stamp = format!("{timestamp:010}");
    digest(&[client.as_bytes(), &[0; 7], secret.as_bytes(), stamp.as_bytes()])
}

/// AuthenticatorServer = MD5(Status ‖ AuthenticatorClient ‖ shared secret).
#[must_use]
pub fn server(status: u32, client: &[u8; 16], secret: &str) -> [u8; 16] {
    digest(&[&status.to_be_bytes(), client, secret.as_bytes()])
}

/// Whether the answer comes from somebody who knows the secret.
pub(crate) fn proves(answer: &LoginResp, client: &[u8; 16], secret: &str) -> bool {
    server(answer.status, client, secret) == answer.authenticator
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::tests::hex;

    /// Expected values computed with Python's `hashlib` over the concatenated bytes.
    #[test]
    fn digests_are_those_of_the_specification() {
        let ours = client("10690001", "secret", 101_003_005);
        assert_eq!(ours, *hex("e57713f57dc5f8aaecbd77c0da9e754a"));
        assert_eq!(server(0, &ours, "secret"), *hex("748e1d5910c16845f4e14818a8d1f815"));
    }

    #[test]
    fn a_gateway_that_does_not_know_the_secret_proves_nothing() {
        let ours = client("10690001", "secret", 1);
        let answer = |authenticator| LoginResp { status: 0, authenticator, version: 0x30 };
        assert!(proves(&answer(server(0, &ours, "secret")), &ours, "secret"));
        assert!(!proves(&answer(server(0, &ours, "other")), &ours, "secret"));
        assert!(!proves(&answer([0; 16]), &ours, "secret"));
    }
}
