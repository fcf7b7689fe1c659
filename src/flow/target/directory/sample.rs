//! A sample directory for demonstrations and drills. Nobody in it exists.

use std::collections::BTreeMap;

use fenghuo_contract::Channel;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::{DEFAULT_LANGUAGE, Recipient};
use crate::domain::area::AreaCode;

const FAMILY: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕";
const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰春梅建国志红文辉鹏宇浩雪晨松江岚冰";

/// `n` recipients over `areas`, the same for the same `seed`, all of them for drills only.
///
/// Telephone numbers begin with +999, which no country has; mail addresses end in `.example`. About six of a thousand
/// addresses on a channel named in `specials` are taken from there instead, in turn: addresses at which a simulated
/// provider behaves in some special way. Without areas there are no recipients.
#[must_use]
pub fn sample(n: usize, seed: u64, areas: &[AreaCode], specials: &[(Channel, String)]) -> Vec<Recipient> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut specials = Specials::new(specials);
    if areas.is_empty() {
        return Vec::new();
    }
    (0..n).map(|number| recipient(number, areas, &mut chance, &mut specials)).collect()
}

/// Special addresses by channel, with how many were used.
struct Specials<'a>(BTreeMap<Channel, (Vec<&'a str>, usize)>);

impl<'a> Specials<'a> {
    fn new(specials: &'a [(Channel, String)]) -> Self {
        let mut by_channel = BTreeMap::<_, (Vec<_>, usize)>::new();
        for (channel, address) in specials {
            by_channel.entry(*channel).or_default().0.push(address.as_str());
        }
        Self(by_channel)
    }

    fn next(&mut self, channel: Channel) -> Option<String> {
        let (addresses, used) = self.0.get_mut(&channel)?;
        *used += 1;
        addresses.get((*used - 1) % addresses.len()).map(|address| (*address).to_owned())
    }
}

fn recipient(number: usize, areas: &[AreaCode], chance: &mut StdRng, specials: &mut Specials<'_>) -> Recipient {
    let group = group(chance.random_range(0..1000));
    let mut endpoints = BTreeMap::new();
    for (channel, share) in shares(group) {
        if chance.random_range(0..100) < share {
            let special = if chance.random_range(0..1000) < 6 { specials.next(channel) } else { None };
            endpoints.insert(channel, special.unwrap_or_else(|| address(channel, number, chance)));
        }
    }
    if endpoints.is_empty() {
        endpoints.insert(Channel::Sms, address(Channel::Sms, number, chance));
    }
    let home = areas[chance.random_range(0..areas.len())];
    let works_elsewhere = chance.random_range(0..100) < 5;
    let second = areas[chance.random_range(0..areas.len())];
    Recipient {
        external_id: format!("demo-{number:07}"),
        name: name(chance),
        areas: if works_elsewhere && second != home { vec![home, second] } else { vec![home] },
        groups: vec![group.to_owned()],
        language: if chance.random_range(0..100) < 3 { "en" } else { DEFAULT_LANGUAGE }.to_owned(),
        endpoints,
        drill: true,
        ..Recipient::default()
    }
}

fn group(of_thousand: u32) -> &'static str {
    match of_thousand {
        0..20 => "officials",
        20..35 => "rescue",
        35..60 => "schools",
        _ => "residents",
    }
}

/// How many of a hundred members of a group have an address on each channel.
fn shares(group: &str) -> [(Channel, u32); 4] {
    let [sms, wechat, push, email] = match group {
        "residents" => [92, 55, 30, 12],
        "schools" => [100, 60, 20, 95],
        _ => [100, 80, 70, 90],
    };
    [(Channel::Sms, sms), (Channel::Wechat, wechat), (Channel::Push, push), (Channel::Email, email)]
}

fn address(channel: Channel, number: usize, chance: &mut StdRng) -> String {
    match channel {
        Channel::Sms => format!("+999138{number:08}"),
        Channel::Wechat => format!("oDemo{:022x}", chance.random::<u64>()),
        Channel::Push => format!("demo:{:032x}", chance.random::<u128>()),
        Channel::Email => format!("resident{number:07}@songbei.example"),
        Channel::Display | Channel::Broadcast | Channel::Webhook => format!("demo-{number:07}"),
    }
}

fn name(chance: &mut StdRng) -> String {
    let (family, given): (Vec<char>, Vec<char>) = (FAMILY.chars().collect(), GIVEN.chars().collect());
    let length = if chance.random_range(0..100) < 35 { 1 } else { 2 };
    family.choose(chance).into_iter().chain((0..length).filter_map(|_| given.choose(chance))).collect()
}
