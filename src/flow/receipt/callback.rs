//! Calls a provider makes to us: the secret in the path, the adapter's own check and reading, the commit, the answer.

use std::{collections::BTreeMap, path::PathBuf};

use fenghuo_contract::{Answer, Callback, CallbackFault, Inbound, NotTaken, Origin};
use subtle::ConstantTimeEq;

use crate::{config::Config, flow::Flow};

/// Characters of a secret at least.
const SHORTEST: usize = 16;

/// The secrets of every route that takes calls. Shows nothing of itself.
#[derive(Clone, Default)]
pub struct CallbackSecrets(BTreeMap<String, Vec<String>>);

/// A file of secrets is of no use.
#[derive(Debug, thiserror::Error)]
pub enum SecretFault {
    /// It cannot be read.
    #[error("{file}: cannot be read")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It has no secret, or one that can be guessed or cannot stand in an address.
    #[error("{file}: every line must be a secret of at least 16 letters, digits, - or _")]
    Unfit {
        /// The file.
        file: PathBuf,
    },
}

impl CallbackSecrets {
    /// Reads the files the routes name.
    ///
    /// # Errors
    /// [`SecretFault`].
    pub fn read(config: &Config) -> Result<Self, SecretFault> {
        let mut secrets = BTreeMap::new();
        for (name, route) in &config.routes {
            let Some(file) = &route.callback_secret_file else { continue };
            let text = std::fs::read_to_string(file)
                .map_err(|source| SecretFault::Unreadable { file: file.clone(), source })?;
            let lines: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
            let fit = |line: &String| {
                line.len() >= SHORTEST && line.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            };
            if lines.is_empty() || !lines.iter().all(fit) {
                return Err(SecretFault::Unfit { file: file.clone() });
            }
            secrets.insert(name.clone(), lines);
        }
        Ok(Self(secrets))
    }

    /// Whether a secret is one of a route's; takes the same time wherever the two differ.
    fn opens(&self, route: &str, given: &str) -> bool {
        let known = self.0.get(route).map(Vec::as_slice).unwrap_or_default();
        known.iter().fold(false, |opens, secret| opens | bool::from(secret.as_bytes().ct_eq(given.as_bytes())))
    }
}

/// What a call is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackAnswer {
    /// Everything in it is durable; what the provider wants to read then.
    Taken(Option<Answer>),
    /// There is no such route, it takes no calls, or the secret is not its own.
    Unknown,
    /// The signature is wrong or missing.
    Forged,
    /// It cannot be read.
    Unreadable,
    /// Not durable: the provider must call again.
    NotTaken,
}

impl Flow {
    /// Whether a call may be listened to: the path names a route and its secret. Asked before the body is read.
    #[must_use]
    pub fn callback_opens(&self, route: &str, secret: &str) -> bool {
        self.0.callback_secrets.opens(route, secret) && self.0.routes.contains_key(route)
    }

    /// Takes a provider's call whose secret has been checked; returns once its receipts are durable. What a wrong
    /// signature means is set per route, whatever the callback says.
    pub async fn callback(&self, route: &str, callback: &Callback<'_>) -> CallbackAnswer {
        let Some(known) = self.0.routes.get(route) else { return CallbackAnswer::Unknown };
        let callback = Callback { signature: known.config.callback_signatures, ..*callback };
        let known_route = &known.adapter;
        let Inbound { receipts, replies, followers, answer } = match known_route.read_callback(&callback) {
            Ok(inbound) => inbound,
            Err(fault) => {
                let answer = match fault {
                    CallbackFault::Forged => CallbackAnswer::Forged,
                    CallbackFault::Unreadable(_) => CallbackAnswer::Unreadable,
                    CallbackFault::Unexpected => CallbackAnswer::Unknown,
                };
                tracing::warn!(route, %fault, peer = %callback.peer, "a provider's call gave no receipts");
                return answer;
            }
        };
        let asks = replies.iter().any(|reply| super::current::is_asked(&self.0, &reply.text));
        let unsigned = receipts.iter().filter(|receipt| receipt.origin == Origin::Unsigned).count();
        if super::take(&self.0, route, receipts).await.is_err() {
            return CallbackAnswer::NotTaken;
        }
        self.0.telemetry.receipts_unsigned(route, unsigned as u64);
        let written = super::reply::take(&self.0, route, replies).await;
        let known = match written {
            Ok(()) => super::follow::take(&self.0, route, followers).await,
            Err(NotTaken) => Err(NotTaken),
        };
        match known {
            Ok(()) if asks => {
                let told = known_route.answer_with(&callback, &super::current::text(self));
                CallbackAnswer::Taken(told.or(answer))
            }
            Ok(()) => CallbackAnswer::Taken(answer),
            Err(NotTaken) => CallbackAnswer::NotTaken,
        }
    }
}
