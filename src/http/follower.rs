//! What a follower (`fenghuo follow`) serves of the gateway's pages, without a gateway behind it.

pub(crate) use super::{
    console::assets::get as asset,
    feeds::{cap::CAP, kiosk::of_follower as page, player::lines},
};
