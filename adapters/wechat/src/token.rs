//! The token every call carries: fetched once for everybody who waits for it, shared by whoever shares the account.

use std::{collections::HashMap, fmt, pin::Pin, sync::Arc};

use fenghuo_contract::Fault;
use tokio::sync::Mutex;

use crate::secret::Secret;

/// A token and how long it may be used.
#[derive(Clone)]
pub struct AccessToken {
    secret: Secret,
    /// Seconds since 1970 after which another is fetched; some time before the provider refuses this one.
    pub until: i64,
}

impl AccessToken {
    /// Takes a token as the provider wrote it.
    #[must_use]
    pub fn new(text: &str, until: i64) -> Self {
        Self { secret: Secret::new(text), until }
    }

    /// The token, for the wire and for a store that is as well guarded as the secrets.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("until", &self.until).finish_non_exhaustive()
    }
}

/// Asks the provider for a token, once.
pub type Fetch<'a> = Pin<Box<dyn Future<Output = Result<AccessToken, Fault>> + Send + 'a>>;

/// Keeps the tokens of accounts for everybody who uses them: the adapters of one process, or of several nodes where the
/// implementation is shared by them.
///
/// A provider that hands out a new token makes the old one worthless, so there must be one refresher for each account.
#[async_trait::async_trait]
pub trait Tokens: Send + Sync + 'static {
    /// The token of the account that may be used at `now` (seconds since 1970); `None` when there is none.
    ///
    /// # Errors
    /// A [`Fault`] when the keeper cannot be asked.
    async fn get(&self, account: &str, now: i64) -> Result<Option<AccessToken>, Fault>;

    /// A token other than `stale`, which the provider refused or which ran out at `now`. Under the account's lease: one of all who ask runs
    /// its `fetch`, the others wait for what it brings, be it a token or a fault, and drop theirs unused. Who is dropped
    /// while fetching leaves the lease to the next.
    ///
    /// # Errors
    /// The fault of the fetch, or of the keeper.
    async fn renew(
        &self,
        account: &str,
        stale: Option<&AccessToken>,
        now: i64,
        fetch: Fetch<'_>,
    ) -> Result<AccessToken, Fault>;
}

/// Tokens of one process.
#[derive(Debug, Default)]
pub struct InMemoryTokens {
    accounts: std::sync::Mutex<HashMap<String, Arc<Account>>>,
}

#[derive(Debug, Default)]
struct Account {
    /// What the last fetch brought, and how many there were.
    last: std::sync::Mutex<(u64, Option<Result<AccessToken, Fault>>)>,
    /// Held by whoever fetches.
    lease: Mutex<()>,
}

impl InMemoryTokens {
    fn account(&self, name: &str) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(accounts.entry(name.to_owned()).or_default())
    }
}

impl Account {
    fn last(&self) -> (u64, Option<Result<AccessToken, Fault>>) {
        self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn keep(&self, brought: &Result<AccessToken, Fault>) {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = (last.0 + 1, Some(brought.clone()));
    }
}

#[async_trait::async_trait]
impl Tokens for InMemoryTokens {
    async fn get(&self, account: &str, now: i64) -> Result<Option<AccessToken>, Fault> {
        let (_, last) = self.account(account).last();
        Ok(last.and_then(Result::ok).filter(|token| now < token.until))
    }

    async fn renew(
        &self,
        account: &str,
        stale: Option<&AccessToken>,
        now: i64,
        fetch: Fetch<'_>,
    ) -> Result<AccessToken, Fault> {
        let account = self.account(account);
        let (before, _) = account.last();
        let _lease = account.lease.lock().await;
        let (count, last) = account.last();
        let is_new =
            |token: &AccessToken| now < token.until && stale.is_none_or(|stale| stale.expose() != token.expose());
        match last {
            Some(Ok(token)) if is_new(&token) => Ok(token),
            Some(Err(fault)) if count != before => Err(fault),
            _ => {
                let brought = fetch.await;
                account.keep(&brought);
                brought
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use fenghuo_contract::Cause;

    use super::*;

    async fn ask(
        tokens: &InMemoryTokens,
        stale: Option<&AccessToken>,
        fetched: &AtomicU32,
        answer: Result<AccessToken, Fault>,
    ) -> Result<AccessToken, Fault> {
        let fetch = async move {
            tokio::task::yield_now().await;
            fetched.fetch_add(1, Ordering::Relaxed);
            answer
        };
        tokens.renew("wx", stale, 0, Box::pin(fetch)).await
    }

    #[tokio::test]
    async fn everybody_who_waits_gets_what_one_fetches() {
        let (tokens, fetched) = (InMemoryTokens::default(), AtomicU32::new(0));
        let fault = Fault::Misconfigured(Cause::new("40125", "wrong secret"));
        let asked = (0..64).map(|_| ask(&tokens, None, &fetched, Err(fault.clone())));
        let brought = futures_util::future::join_all(asked).await;
        assert!(brought.iter().all(|brought| *brought.as_ref().unwrap_err() == fault));
        assert_eq!(fetched.load(Ordering::Relaxed), 1, "a refusal is shared too");
        let asked = (0..64).map(|_| ask(&tokens, None, &fetched, Ok(AccessToken::new("a", 100))));
        let brought = futures_util::future::join_all(asked).await;
        assert!(brought.iter().all(|brought| brought.as_ref().unwrap().expose() == "a"));
        assert_eq!(fetched.load(Ordering::Relaxed), 2, "a later try asks again");
    }

    #[tokio::test]
    async fn a_token_serves_until_it_is_stale_or_over() {
        let (tokens, fetched) = (InMemoryTokens::default(), AtomicU32::new(0));
        assert!(tokens.get("wx", 0).await.unwrap().is_none());
        let first = ask(&tokens, None, &fetched, Ok(AccessToken::new("a", 100))).await.unwrap();
        assert_eq!(tokens.get("wx", 99).await.unwrap().unwrap().expose(), "a");
        assert!(tokens.get("wx", 100).await.unwrap().is_none());
        assert!(tokens.get("another", 0).await.unwrap().is_none());
        for _ in 0..2 {
            let second = ask(&tokens, Some(&first), &fetched, Ok(AccessToken::new("b", 100))).await.unwrap();
            assert_eq!(second.expose(), "b");
        }
        assert_eq!(fetched.load(Ordering::Relaxed), 2, "who refuses the first gets the second without a third");
        assert!(!format!("{first:?}").contains("\"a\""));
    }

    #[tokio::test]
    async fn who_is_dropped_while_fetching_leaves_the_lease() {
        let (tokens, fetched) = (InMemoryTokens::default(), AtomicU32::new(0));
        let never = tokens.renew("wx", None, 0, Box::pin(std::future::pending()));
        assert!(futures_util::FutureExt::now_or_never(never).is_none());
        ask(&tokens, None, &fetched, Ok(AccessToken::new("a", 100))).await.unwrap();
    }
}
