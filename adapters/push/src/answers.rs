//! What is the same in reading the answers of all providers.

use std::time::Duration;

use fenghuo_contract::{Cause, CodeTable, Fault, Verdict};

/// Items a submit must have before what most of them were told is laid on us.
const MANY: usize = 20;

/// The verdict on a code; a code the table does not know is looked up by `status`, then tried again.
pub(crate) fn verdict(codes: &CodeTable, code: &str, status: &str, text: &str, after: Option<Duration>) -> Verdict {
    let class = codes.find(code).map_or_else(|| codes.class(status), |meaning| meaning.class);
    class.verdict(Cause::new(code, text), after)
}

/// What a verdict means for a call that touches nobody.
pub(crate) fn fault(verdict: Verdict) -> Result<(), Fault> {
    match verdict {
        Verdict::Accepted(_) => Ok(()),
        Verdict::Misconfigured(cause) => Err(Fault::Misconfigured(cause)),
        Verdict::Throttled { after, cause, .. } => Err(Fault::Throttled { after, cause }),
        Verdict::InDoubt(cause) => Err(Fault::InDoubt(cause)),
        Verdict::Transient(cause) | Verdict::RefusedContent(cause) | Verdict::RefusedRecipient(cause) => {
            Err(Fault::Transient(cause))
        }
    }
}

/// A refusal of the recipient with one of these codes.
pub(crate) fn refusal<'a>(verdict: &'a Verdict, codes: &[&str]) -> Option<&'a Cause> {
    match verdict {
        Verdict::RefusedRecipient(cause) if codes.contains(&&*cause.code) => Some(cause),
        _ => None,
    }
}

/// An answer that speaks of one recipient speaks of us when nearly everybody (nine of ten, of twenty at least) gets it:
/// these verdicts become [`Verdict::Misconfigured`], with `text` for whoever looks.
pub(crate) fn blame_us_if_nearly_all(verdicts: &mut [Verdict], is: impl Fn(&Verdict) -> Option<&Cause>, text: &str) {
    let such = verdicts.iter().filter(|verdict| is(verdict).is_some()).count();
    if verdicts.len() < MANY || such * 10 < verdicts.len() * 9 {
        return;
    }
    for verdict in verdicts {
        if let Some(cause) = is(verdict) {
            *verdict = Verdict::Misconfigured(Cause::new(&cause.code, text));
        }
    }
}

/// Content that was taken once is not at fault: whoever was told so is tried again.
pub(crate) fn acquit_content(verdicts: &mut [Verdict]) {
    if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Accepted(_))) {
        for verdict in verdicts {
            if let Verdict::RefusedContent(cause) = verdict {
                *verdict = Verdict::Transient(cause.clone());
            }
        }
    }
}

/// The refusal of every item for the content's sake.
pub(crate) fn refused(cause: Cause, count: usize) -> Vec<Verdict> {
    vec![Verdict::RefusedContent(cause); count]
}

/// The answer of an adapter that has been closed.
pub(crate) fn closed() -> Fault {
    Fault::Transient(Cause::new("CLOSED", "the adapter is closed"))
}
