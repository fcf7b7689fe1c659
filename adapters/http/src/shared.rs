use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fenghuo_contract::Fault;

/// One thing that many use and one of them makes anew when it no longer serves: a connection, an access token.
///
/// Whoever waits while it is made gets what was made, or the same fault; nobody tries again behind a failure he waited for.
#[derive(Debug)]
pub struct Shared<T> {
    current: Mutex<Option<Arc<T>>>,
    /// Held by whoever makes a new one.
    making: tokio::sync::Mutex<()>,
    /// How often making failed, and how the last time.
    failed: Mutex<(u64, Option<Fault>)>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { current: Mutex::default(), making: tokio::sync::Mutex::default(), failed: Mutex::default() }
    }
}

impl<T> Shared<T> {
    /// The current one when it is `good`, else what `make` gives. Dropping the future is safe: the next who waits makes it.
    ///
    /// # Errors
    /// The [`Fault`] of `make`, one's own or that of somebody waited for.
    pub async fn get<F>(&self, good: impl Fn(&Arc<T>) -> bool, make: impl FnOnce() -> F) -> Result<Arc<T>, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        if let Some(current) = self.current(&good) {
            return Ok(current);
        }
        let failures = held(&self.failed).0;
        let _turn = self.making.lock().await;
        if let Some(current) = self.current(&good) {
            return Ok(current);
        }
        if let (now, Some(fault)) = &*held(&self.failed)
            && *now != failures
        {
            return Err(fault.clone());
        }
        self.put(make().await)
    }

    fn put(&self, made: Result<T, Fault>) -> Result<Arc<T>, Fault> {
        match made {
            Ok(made) => {
                let made = Arc::new(made);
                *held(&self.current) = Some(Arc::clone(&made));
                Ok(made)
            }
            Err(fault) => {
                let mut failed = held(&self.failed);
                *failed = (failed.0 + 1, Some(fault.clone()));
                Err(fault)
            }
        }
    }

    fn current(&self, good: impl Fn(&Arc<T>) -> bool) -> Option<Arc<T>> {
        held(&self.current).as_ref().filter(|current| good(current)).map(Arc::clone)
    }

    /// Forgets it.
    pub fn clear(&self) {
        drop(held(&self.current).take());
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use fenghuo_contract::Cause;
    use tokio::task::JoinSet;

    use super::*;

    /// 64 ask at once; whoever makes one takes a while. Returns what they got and how often it was made.
    async fn asked(works: bool) -> (Vec<Result<Arc<u32>, Fault>>, u32) {
        let (shared, made) = (Arc::new(Shared::default()), Arc::new(AtomicU32::new(0)));
        let mut askers = JoinSet::new();
        for _ in 0..64 {
            let (shared, made) = (Arc::clone(&shared), Arc::clone(&made));
            askers.spawn(async move {
                let make = || async {
                    tokio::task::yield_now().await;
                    let number = made.fetch_add(1, Ordering::Relaxed);
                    if works { Ok(number) } else { Err(Fault::Transient(Cause::new("NO", ""))) }
                };
                shared.get(|_| true, make).await
            });
        }
        (askers.join_all().await, made.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn one_makes_it_for_all_and_a_failure_is_for_all_too() {
        let (got, made) = asked(true).await;
        assert!(made == 1 && got.iter().all(|got| got.as_ref().is_ok_and(|got| **got == 0)), "{made} {got:?}");
        let (got, made) = asked(false).await;
        assert!(made == 1 && got.iter().all(Result::is_err), "{made} {got:?}");
    }

    #[tokio::test]
    async fn what_no_longer_serves_is_made_anew_and_a_failure_is_forgotten() {
        let shared = Shared::default();
        let failing = || async { Err(Fault::Transient(Cause::new("NO", ""))) };
        assert!(shared.get(|_: &Arc<u32>| true, failing).await.is_err());
        assert_eq!(*shared.get(|_| true, || async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*shared.get(|_| true, || async { Ok(2) }).await.unwrap(), 1);
        assert_eq!(*shared.get(|known| **known > 1, || async { Ok(2) }).await.unwrap(), 2);
        shared.clear();
        assert_eq!(*shared.get(|_| true, || async { Ok(3) }).await.unwrap(), 3);
    }
}
