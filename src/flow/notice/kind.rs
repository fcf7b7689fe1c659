//! Every kind of notice. Its texts are the messages `notice-…`: the value is the headline, `.detail` what it says.

use serde::{Deserialize, Serialize};

/// Declares the kinds: variant, stable name.
macro_rules! notice_kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal;)+) => {
        /// What a notice tells.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum NoticeKind { $($(#[doc = $doc])+ $variant),+ }

        impl NoticeKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Stable name in API and journal.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

notice_kinds! {
    /// An actual warning was released.
    WitnessRelease = "witness_release";
    /// An actual warning was released on one signature.
    WitnessEmergency = "witness_emergency";
    /// An actual warning was lifted.
    WitnessLift = "witness_lift";
    /// A key with power was made.
    WitnessGrant = "witness_grant";
    /// A warning waits for a signature.
    SignOffReminder = "sign_off_reminder";
    /// A warning was released on one signature, and another is owed.
    SecondSignature = "second_signature";
    /// A warning was returned to its issuer.
    SignOffReturned = "sign_off_returned";
    /// A warning was rejected.
    SignOffRejected = "sign_off_rejected";
    /// A warning will soon be too old to be signed.
    SignOffExpiring = "sign_off_expiring";
    /// Nobody signed a warning in time.
    SignOffExpired = "sign_off_expired";
    /// An officer has to confirm a warning.
    OfficerCall = "officer_call";
    /// Whoever stands in for an officer has to confirm a warning.
    DeputyCall = "deputy_call";
    /// An office has something to do.
    MeasuresAssigned = "measures_assigned";
    /// It is due soon.
    MeasuresDue = "measures_due";
    /// It was not done in time.
    MeasuresOverdue = "measures_overdue";
    /// Nothing is heard of a screen.
    ScreenSilent = "screen_silent";
    /// It is heard again.
    ScreenBack = "screen_back";
    /// Somebody typed this address to subscribe; its owner is asked.
    SubscriptionAsked = "subscription_asked";
}

impl NoticeKind {
    /// Id of its texts.
    #[must_use]
    pub fn code(self) -> String {
        format!("notice-{}", self.name().replace('_', "-"))
    }

    /// Whether nothing more is owed to anybody about a warning after it.
    pub(crate) const fn settles(self) -> bool {
        matches!(
            self,
            Self::WitnessRelease
                | Self::WitnessEmergency
                | Self::WitnessLift
                | Self::SignOffReturned
                | Self::SignOffRejected
                | Self::SignOffExpired
        )
    }

    /// Whether it asks somebody to confirm.
    pub(crate) const fn calls(self) -> bool {
        matches!(self, Self::OfficerCall | Self::DeputyCall)
    }

    /// Whether it asks somebody to sign.
    pub(crate) const fn reminds(self) -> bool {
        matches!(self, Self::SignOffReminder | Self::SecondSignature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{self, Lang};

    #[test]
    fn every_kind_has_its_texts() {
        for kind in NoticeKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name(), "API and journal say the same");
            for lang in Lang::ALL {
                assert!(messages::is_code(&kind.code()), "{}", kind.code());
                assert!(messages::attribute(lang, &kind.code(), "detail").is_some(), "{}", kind.code());
            }
        }
    }
}
