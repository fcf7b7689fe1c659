//! Who begins and ends to follow what a route sends, by the provider's own word: the directory keeps those who do.
//!
//! They are recipients of their own, in the group `followers` and the areas the configuration gives them; who is known by
//! name already stays what he is.

use std::sync::Arc;

use fenghuo_contract::{Channel, Follow, FollowState, NotTaken};

use crate::flow::{Parts, Unavailable, target::directory::Recipient};

/// The group of everybody who came by himself.
const GROUP: &str = "followers";

/// Takes who came and who went; returns once the directory knows.
pub(super) async fn take(parts: &Arc<Parts>, route: &str, followers: Vec<Follow>) -> Result<(), NotTaken> {
    let Some(channel) = parts.routes.get(route).map(|route| route.config.channel) else { return Ok(()) };
    for follow in followers {
        keep(parts, channel, &follow).await.map_err(|fault| {
            tracing::warn!(route, %fault, "who follows is not taken; its provider repeats it");
            NotTaken
        })?;
    }
    Ok(())
}

async fn keep(parts: &Parts, channel: Channel, follow: &Follow) -> Result<(), Unavailable> {
    let address = follow.address.expose();
    let digest = parts.directory.address_digest(channel, address);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let external_id = format!("follower:{channel}:{hex}");
    match follow.state {
        FollowState::Left => {
            parts.directory.remove(&external_id).await?;
        }
        FollowState::Followed => {
            let areas = &parts.config.receipts.follower_areas;
            if areas.is_empty() || !parts.directory.find_by_address(channel, address).await?.is_empty() {
                return Ok(());
            }
            let recipient = Recipient {
                external_id,
                areas: areas.clone(),
                groups: vec![GROUP.to_owned()],
                language: parts.config.texts.languages.first().cloned().unwrap_or_default(),
                endpoints: [(channel, address.to_owned())].into(),
                ..Recipient::default()
            };
            parts.directory.put(vec![recipient]).await?;
        }
    }
    Ok(())
}
