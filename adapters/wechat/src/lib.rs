//! WeChat and its like: official accounts and mini programs, apps of WeCom, robots in group chats of WeCom, DingTalk, Feishu.
//!
//! - [`OfficialAccount`] sends in one [`Way`] per route: template messages, subscription notices, mini program messages,
//!   customer-service messages, mass messages by tag, to all or by list, drafts of articles. Routes of one account share its
//!   [`Tokens`] and its [`MassQuota`]; both are seams, so that several nodes can share them too.
//! - A token is fetched by one for all who wait, some time before its end; when the provider refuses it all the same, another
//!   is fetched and the call repeated, once. The stable token is forced only when asking gives the refused one again.
//! - Templates carry values, not texts: the settings choose one by the message's values, every field has a most of
//!   characters, and what fits nowhere is refused before anybody signs it. A drill that does not say 【演练】 where it is read
//!   is refused too.
//! - Mass messages go only where the settings say (red and no drill, unless told), spend one of the month's few for their
//!   audience, and carry the delivery's token, by which the provider recognises a repeat.
//! - Callbacks are opened (signature, AES-256-CBC, whom they are for), read as XML without DTD, and answered `success`. What
//!   comes in plain counts as unsigned: its signature does not cover the message. A button of the menu is read as the text the
//!   settings give it.
//! - [`WeCom`] sends a text to a thousand members a call and parts the answer by member. What a member's minute or hour does
//!   not hold is not sent: WeCom would drop it without a word.
//! - [`Robot`] posts to group chats, which the settings name; keys and secrets come from files.
//!
//! What codes mean is in `config/codes/{wechat,wecom,dingtalk,feishu}.toml`.

mod account;
mod answer;
mod api;
mod bytes;
mod callback;
mod clock;
mod codes;
mod outbound;
mod problems;
mod quota;
mod rates;
mod robot;
mod seal;
mod secret;
mod template;
mod token;
mod wecom;
mod xml;

#[cfg(test)]
mod tests;

pub use crate::{
    account::{Draft, Mass, MassView, OfficialAccount, Settings as AccountSettings, Way},
    clock::Now,
    outbound::Outbound,
    problems::SettingsFault,
    quota::{Audience, InMemoryQuota, MassQuota, MassSend, MassUse},
    robot::{Form, Group, Preset, Robot, Settings as RobotSettings},
    template::{Parameter, Template},
    token::{AccessToken, Fetch, InMemoryTokens, Tokens},
    wecom::{Settings as WeComSettings, WeCom},
};
