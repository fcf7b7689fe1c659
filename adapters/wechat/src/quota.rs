//! Mass messages left in the month: a follower gets only a few, so each is spent knowingly.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use fenghuo_contract::Fault;

/// To whom a mass message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Audience {
    /// Every follower.
    All,
    /// The followers with this tag.
    Tag(i64),
}

/// One mass message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct MassSend<'a> {
    /// App id of the account.
    pub account: &'a str,
    /// The month of Beijing, `2026-11`.
    pub month: &'a str,
    /// To whom.
    pub audience: Audience,
    /// Names the delivery: the same one is counted once.
    pub token: &'a str,
}

/// Mass messages of a month, by audience.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MassUse(pub BTreeMap<Audience, u32>);

impl MassUse {
    /// How many the followers of an audience have had, those of other audiences that hold them included. Followers with
    /// two tags are not seen: for them it may be too few, and the provider counts last.
    #[must_use]
    pub fn of(&self, audience: Audience) -> u32 {
        let own = |audience| self.0.get(&audience).copied().unwrap_or(0);
        match audience {
            Audience::Tag(_) => own(Audience::All) + own(audience),
            Audience::All => {
                let tags = self.0.iter().filter(|(audience, _)| matches!(audience, Audience::Tag(_)));
                own(Audience::All) + tags.map(|(_, used)| *used).max().unwrap_or(0)
            }
        }
    }
}

/// Counts mass messages for everybody who uses an account: the adapters of one process, or of several nodes where the
/// implementation is shared by them.
#[async_trait::async_trait]
pub trait MassQuota: Send + Sync + 'static {
    /// Takes one of `most` for the audience and answers whether there was one. A delivery that has one already keeps it.
    ///
    /// # Errors
    /// A [`Fault`] when the counter cannot be asked: nothing may be sent then.
    async fn take(&self, send: MassSend<'_>, most: u32) -> Result<bool, Fault>;

    /// Gives one back: the provider is known not to have taken the message.
    ///
    /// # Errors
    /// A [`Fault`] when the counter cannot be asked; the one stays spent then.
    async fn give_back(&self, send: MassSend<'_>) -> Result<(), Fault>;

    /// What was used of a month.
    ///
    /// # Errors
    /// A [`Fault`] when the counter cannot be asked.
    async fn used(&self, account: &str, month: &str) -> Result<MassUse, Fault>;
}

/// The counter of one process. It begins at nothing with each start.
#[derive(Debug, Default)]
pub struct InMemoryQuota {
    accounts: Mutex<HashMap<String, Month>>,
}

/// What an account sent in a month.
#[derive(Debug, Default)]
struct Month {
    name: String,
    /// By delivery.
    sends: HashMap<String, Audience>,
}

impl InMemoryQuota {
    fn with<T>(&self, account: &str, month: &str, act: impl FnOnce(&mut HashMap<String, Audience>) -> T) -> T {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = accounts.entry(account.to_owned()).or_default();
        if known.name != month {
            *known = Month { name: month.to_owned(), ..Month::default() };
        }
        act(&mut known.sends)
    }
}

fn counted(sends: &HashMap<String, Audience>) -> MassUse {
    let mut used = BTreeMap::new();
    sends.values().for_each(|audience| *used.entry(*audience).or_default() += 1);
    MassUse(used)
}

#[async_trait::async_trait]
impl MassQuota for InMemoryQuota {
    async fn take(&self, send: MassSend<'_>, most: u32) -> Result<bool, Fault> {
        Ok(self.with(send.account, send.month, |sends| {
            let has = sends.contains_key(send.token);
            let free = has || counted(sends).of(send.audience) < most;
            if free {
                sends.insert(send.token.to_owned(), send.audience);
            }
            free
        }))
    }

    async fn give_back(&self, send: MassSend<'_>) -> Result<(), Fault> {
        self.with(send.account, send.month, |sends| sends.remove(send.token));
        Ok(())
    }

    async fn used(&self, account: &str, month: &str) -> Result<MassUse, Fault> {
        Ok(self.with(account, month, |sends| counted(sends)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn send(audience: Audience, token: &'static str) -> MassSend<'static> {
        MassSend { account: "wx", month: "2026-11", audience, token }
    }

    #[tokio::test]
    async fn a_follower_never_gets_more_than_the_month_allows() {
        let quota = InMemoryQuota::default();
        for (audience, token, expected) in [
            (Audience::Tag(1), "a", true),
            (Audience::Tag(1), "a", true),
            (Audience::All, "b", true),
            (Audience::Tag(2), "c", true),
            (Audience::Tag(1), "d", true),
            (Audience::Tag(1), "e", false),
            (Audience::All, "f", false),
            (Audience::Tag(2), "g", true),
            (Audience::Tag(2), "h", false),
        ] {
            assert_eq!(quota.take(send(audience, token), 3).await, Ok(expected), "{audience:?} {token}");
        }
        assert_eq!(quota.used("wx", "2026-11").await.unwrap().of(Audience::All), 3);
        quota.give_back(send(Audience::Tag(1), "d")).await.unwrap();
        assert_eq!(quota.take(send(Audience::Tag(1), "e"), 3).await, Ok(true), "what was given back is free");
        let next = MassSend { month: "2026-12", ..send(Audience::All, "f") };
        assert_eq!(quota.take(next, 3).await, Ok(true), "a month begins with all of them");
        assert_eq!(quota.used("another", "2026-12").await, Ok(MassUse::default()));
    }
}
