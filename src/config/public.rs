//! The site for residents.

use serde::Deserialize;

use crate::messages::PublicLang;

/// The site for residents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Public {
    /// Name of the site, in the head of every page; empty = the signature of messages.
    pub title: String,
    /// Whom residents ask, for example a telephone number; empty = not told.
    pub contact: String,
    /// Languages offered, first = default.
    pub languages: Vec<PublicLang>,
    /// The route that serves subscriptions of browsers; absent = none are taken. Its adapter must be `webpush`.
    pub push_route: Option<String>,
    /// Whether residents may subscribe by e-mail; each address is asked first.
    pub email_subscriptions: bool,
}

impl Default for Public {
    fn default() -> Self {
        Self {
            title: String::new(),
            contact: String::new(),
            languages: PublicLang::ALL.to_vec(),
            push_route: None,
            email_subscriptions: false,
        }
    }
}
