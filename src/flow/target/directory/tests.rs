mod places;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use fenghuo_contract::Channel::{self, Email, Push, Sms};
use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::{
    Directory, Recipient, Selection,
    edit::Edit,
    index::{BLOCK, Index},
    sample::sample,
};
use crate::{
    clock::Clock,
    domain::area::AreaCode,
    store::{Commit, Expect, Key, Put, Space, Store, memory::Memory, seal::Vault},
};

const DISTRICT: &str = "230109000000";
const STREETS: [&str; 3] = ["230109002000", "230109003000", "230109005000"];

fn area(text: &str) -> AreaCode {
    text.parse().unwrap()
}

fn clock() -> Clock {
    Clock::simulated(1_700_000_000_000, 1)
}

fn empty_store() -> Store {
    Arc::new(Memory::new(clock()))
}

async fn open(store: &Store) -> Directory {
    Directory::open(Arc::clone(store), Arc::new(Vault::with_key(&[1; 32])), clock()).await.unwrap()
}

fn person(id: &str, areas: &[&str], endpoints: &[(Channel, &str)]) -> Recipient {
    Recipient {
        external_id: id.to_owned(),
        name: "王伟".to_owned(),
        areas: areas.iter().map(|text| area(text)).collect(),
        groups: vec!["residents".to_owned()],
        language: "zh-CN".to_owned(),
        endpoints: endpoints.iter().map(|(channel, text)| (*channel, (*text).to_owned())).collect(),
        drill: false,
        ..Recipient::default()
    }
}

fn within(areas: &[&str]) -> Selection {
    Selection { areas: areas.iter().map(|text| area(text)).collect(), ..Selection::default() }
}

async fn dump(store: &Store) -> Vec<(Space, Key, Bytes)> {
    let mut all = Vec::new();
    let spaces =
        [Space::Meta, Space::Recipient, Space::RecipientExternal, Space::RecipientAddress, Space::DirectoryIndex];
    for space in spaces {
        let listed = store.list(space, None, 1_000_000).await.unwrap();
        all.extend(listed.into_iter().map(|(key, stored)| (space, key, stored.value)));
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_district_reaches_its_streets_once_each() {
    let directory = open(&empty_store()).await;
    let people = vec![
        person("a", &[STREETS[0]], &[(Sms, "13800138000")]),
        person("b", &[STREETS[1], STREETS[0]], &[(Sms, "13800138001"), (Email, "b@x.example")]),
        person("c", &[DISTRICT], &[(Email, "c@x.example")]),
        person("d", &["230111004000"], &[(Sms, "13800138003")]),
    ];
    let rows = directory.put(people).await.unwrap();
    let select = |areas: &[&str], channel| directory.select(&within(areas), channel).into_iter().collect::<Vec<_>>();
    assert_eq!(select(&[DISTRICT, STREETS[0], STREETS[1]], Sms), [rows[0], rows[1]]);
    assert_eq!(select(&[STREETS[0]], Sms), [rows[0], rows[1]]);
    assert_eq!(select(&[STREETS[2]], Sms), [] as [u32; 0]);
    assert_eq!(select(&[DISTRICT], Email), [rows[1], rows[2]]);
    assert_eq!(select(&[], Sms), [] as [u32; 0]);
    assert_eq!(select(&["230000000000"], Sms).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn rows_of_an_area_stand_together() {
    let directory = open(&empty_store()).await;
    let people = (0..300).map(|n| person(&n.to_string(), &[STREETS[n % 3]], &[(Sms, "13800138000")])).collect();
    let rows = directory.put(people).await.unwrap();
    for (number, row) in rows.iter().enumerate() {
        assert_eq!((row / BLOCK) as usize, number % 3);
        assert_eq!((row % BLOCK) as usize, number / 3);
    }
}

#[test]
fn a_full_block_is_followed_by_another_and_no_row_is_given_twice() {
    let mut edit = Edit::of(Index::default());
    let (one, other) = (area(STREETS[0]).number(), area(STREETS[1]).number());
    let mut rows = RoaringBitmap::new();
    for _ in 0..BLOCK {
        rows.insert(edit.allocate(one).unwrap());
    }
    assert_eq!((rows.len(), rows.max()), (u64::from(BLOCK), Some(BLOCK - 1)));
    assert_eq!(edit.allocate(other), Some(BLOCK));
    assert_eq!(edit.allocate(one), Some(2 * BLOCK));
    assert_eq!(edit.allocate(other), Some(BLOCK + 1));
}

#[test]
fn a_flood_of_area_codes_does_not_use_up_the_rows() {
    let mut edit = Edit::of(Index::default());
    let rows: RoaringBitmap = (0..40_000).map(|code| edit.allocate(230_000_000_000 + code).unwrap()).collect();
    assert_eq!(rows.len(), 40_000);
    assert!(edit.index.blocks.len() <= BLOCK as usize / 2 + 1);
}

#[tokio::test(start_paused = true)]
async fn what_says_nothing_new_writes_nothing() {
    let store = empty_store();
    let directory = open(&store).await;
    let people = vec![person("a", &[STREETS[0]], &[(Sms, "13800138000")]), person("b", &[STREETS[1]], &[(Push, "t")])];
    let rows = directory.put(people.clone()).await.unwrap();
    let before = dump(&store).await;
    assert_eq!(directory.put(people).await.unwrap(), rows);
    assert_eq!(dump(&store).await, before);
}

#[tokio::test(start_paused = true)]
async fn no_address_stands_readable_in_the_store() {
    let store = empty_store();
    let directory = open(&store).await;
    let addresses = [(Sms, "13800138000"), (Email, "zhang@songbei.example"), (Push, "token-of-a-device")];
    directory.put(vec![person("a", &[STREETS[0]], &addresses)]).await.unwrap();
    let all = dump(&store).await;
    assert!(all.iter().any(|(space, _, value)| *space == Space::Recipient && contains(value, "王伟".as_bytes())));
    for (_, address) in addresses {
        let forms = [address.to_owned(), STANDARD_NO_PAD.encode(address)];
        for (space, key, value) in &all {
            assert!(
                forms.iter().all(|form| !contains(&key.0, form.as_bytes()) && !contains(value, form.as_bytes())),
                "{space:?}"
            );
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(start_paused = true)]
async fn exchanged_seals_do_not_open() {
    let store = empty_store();
    let directory = open(&store).await;
    let people =
        vec![person("a", &[STREETS[0]], &[(Sms, "13800138000")]), person("b", &[STREETS[0]], &[(Sms, "13900139000")])];
    let rows = directory.put(people).await.unwrap();
    let keys: Vec<Key> = rows.iter().map(|row| Key::from(*row)).collect();
    let found = store.get_many(Space::Recipient, keys.clone()).await.unwrap();
    let mut values: Vec<serde_json::Value> =
        found.into_iter().flatten().map(|stored| serde_json::from_slice(&stored.value).unwrap()).collect();
    let first = values[0]["sealed"].take();
    values[0]["sealed"] = values[1]["sealed"].take();
    values[1]["sealed"] = first;
    let put = |(key, value): (Key, serde_json::Value)| Put {
        space: Space::Recipient,
        key,
        value: Some(value.to_string().into()),
        expect: Expect::Any,
    };
    let puts = keys.into_iter().zip(values).map(put).collect();
    store.commit(Commit { puts, entries: Vec::new() }).await.unwrap();
    let endpoints = directory.endpoints(&rows, Sms).await.unwrap();
    assert!(endpoints.iter().all(|endpoint| endpoint.address.is_none()));
    assert_eq!(directory.views(&rows[..1]).await.unwrap()[0].as_ref().unwrap().endpoints["sms"], "?");
}

#[tokio::test(start_paused = true)]
async fn a_person_who_moves_is_still_found_by_plans_of_before() {
    let store = empty_store();
    let directory = open(&store).await;
    let old = directory.put(vec![person("a", &[STREETS[0]], &[(Sms, "13800138000")])]).await.unwrap()[0];
    let new = directory.put(vec![person("a", &[STREETS[1]], &[(Sms, "13900139000")])]).await.unwrap()[0];
    let newest = directory.put(vec![person("a", &[STREETS[2]], &[(Sms, "13900139000")])]).await.unwrap()[0];
    assert_eq!(BTreeSet::from([old, new, newest]).len(), 3);
    assert_eq!(directory.len(), 1);
    assert_eq!(directory.select(&within(&[DISTRICT]), Sms).into_iter().collect::<Vec<_>>(), [newest]);
    let endpoints = directory.endpoints(&[new, old, newest, 999_999], Sms).await.unwrap();
    let shown: Vec<_> =
        endpoints.iter().map(|endpoint| (endpoint.row, endpoint.address.as_ref().map(|a| a.expose()))).collect();
    let now = Some("13900139000");
    assert_eq!(shown, [(new, now), (old, now), (newest, now), (999_999, None)]);
    assert_eq!(directory.find_by_address(Sms, "+86 139 0013 9000").await.unwrap(), [newest]);
    assert!(directory.find_by_address(Sms, "13800138000").await.unwrap().is_empty());

    assert!(directory.remove("a").await.unwrap());
    let endpoints = directory.endpoints(&[old, new, newest], Sms).await.unwrap();
    assert!(endpoints.iter().all(|endpoint| endpoint.address.is_none()));
}

#[tokio::test(start_paused = true)]
async fn removal_erases_the_person_and_keeps_the_row_taken() {
    let store = empty_store();
    let directory = open(&store).await;
    let row = directory.put(vec![person("a", &[STREETS[0]], &[(Sms, "13800138000")])]).await.unwrap()[0];
    assert!(directory.remove("a").await.unwrap());
    assert!(!directory.remove("a").await.unwrap());
    assert!(directory.is_empty() && directory.select(&within(&[DISTRICT]), Sms).is_empty());
    let view = directory.views(&[row]).await.unwrap()[0].clone().unwrap();
    assert_eq!((view.external_id.as_str(), view.name.as_str(), view.endpoints.len()), ("a", "", 0));
    assert_eq!(directory.find_by_external("a").await.unwrap(), None);
    assert!(directory.find_by_address(Sms, "13800138000").await.unwrap().is_empty());
    let stored = store.get(Space::Recipient, row.into()).await.unwrap().unwrap().value;
    assert!(!contains(&stored, b"sealed") && !contains(&stored, "王伟".as_bytes()));

    let again = open(&store).await.put(vec![person("a", &[STREETS[0]], &[(Sms, "13800138000")])]).await.unwrap()[0];
    assert_ne!(again, row);
}

#[tokio::test(start_paused = true)]
async fn groups_drills_and_languages_narrow() {
    let directory = open(&empty_store()).await;
    let mut people: Vec<_> = (0..4).map(|n| person(&n.to_string(), &[STREETS[0]], &[(Sms, "13800138000")])).collect();
    people[1].groups = vec!["rescue".to_owned(), "officials".to_owned()];
    people[2].groups = vec!["officials".to_owned()];
    people[2].drill = true;
    people[3].language = "en".to_owned();
    let rows = directory.put(people).await.unwrap();
    let mut selection = within(&[DISTRICT]);
    let all = directory.select(&selection, Sms);
    let by_language = directory.by_language(&all);
    assert_eq!(by_language["en"].iter().collect::<Vec<_>>(), [rows[3]]);
    assert_eq!(by_language["zh-CN"].len(), 3);
    selection.groups = vec!["officials".to_owned(), "rescue".to_owned(), "nobody".to_owned()];
    assert_eq!(directory.select(&selection, Sms).into_iter().collect::<Vec<_>>(), rows[1..3]);
    selection.drill_only = true;
    assert_eq!(directory.select(&selection, Sms).into_iter().collect::<Vec<_>>(), [rows[2]]);

    assert!(directory.remove("3").await.unwrap());
    assert_eq!(directory.by_language(&all)["zh-CN"].len(), 4, "no row of an audience is without a language");
}

#[tokio::test(start_paused = true)]
async fn lists_by_external_id_in_pages() {
    let directory = open(&empty_store()).await;
    let people = ["d", "b", "a", "c", "乙"].map(|id| person(id, &[STREETS[0]], &[(Sms, "13800138000")]));
    directory.put(people.into()).await.unwrap();
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = directory.list(cursor.as_deref(), 2).await.unwrap();
        seen.extend(page.items.into_iter().map(|view| (view.external_id, view.endpoints["sms"].clone())));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let ids: Vec<_> = seen.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c", "d", "乙"]);
    assert!(seen.iter().all(|(_, masked)| masked == "138****8000"));
    assert!(directory.list(Some("not a cursor!"), 2).await.unwrap().items.is_empty());
    assert_eq!(directory.find_by_address(Sms, "13800138000").await.unwrap().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn another_key_does_not_open_the_directory() {
    let store = empty_store();
    open(&store).await;
    let other = Directory::open(Arc::clone(&store), Arc::new(Vault::with_key(&[2; 32])), clock()).await;
    assert!(other.err().expect("refused").to_string().contains("sealed with key"));
}

#[tokio::test(start_paused = true)]
async fn two_directories_on_one_store_do_not_overwrite_each_other() {
    let store = empty_store();
    let (one, other) = (open(&store).await, open(&store).await);
    let first = one.put(vec![person("a", &[STREETS[0]], &[(Sms, "13800138000")])]).await.unwrap();
    let late = vec![person("b", &[STREETS[0]], &[(Sms, "13800138001")])];
    let second = other.put(late).await.expect("it reads what it had not seen, and writes again");
    assert_ne!(first, second);
    assert_eq!(other.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_index_is_named() {
    let store = empty_store();
    open(&store).await.put(vec![person("a", &[STREETS[0]], &[(Sms, "13800138000")])]).await.unwrap();
    let put = |value: &'static [u8]| Put {
        space: Space::DirectoryIndex,
        key: "block/00000/channel/sms".into(),
        value: Some(Bytes::from_static(value)),
        expect: Expect::Any,
    };
    store.commit(Commit { puts: vec![put(b"\x01\x02")], entries: Vec::new() }).await.unwrap();
    let opened = Directory::open(Arc::clone(&store), Arc::new(Vault::with_key(&[1; 32])), clock()).await;
    assert!(opened.err().expect("refused").to_string().contains("block/00000/channel/sms"));
}

#[tokio::test(start_paused = true)]
async fn a_synthetic_directory_selects_like_a_real_one() {
    let areas: Vec<_> = STREETS.iter().map(|text| area(text)).collect();
    let directory = Directory::synthetic(200_000, &areas, clock());
    assert_eq!(directory.len(), 200_000);
    let half = directory.select(&within(&[DISTRICT]), Sms);
    assert!((95_000..105_000).contains(&half.len()), "{}", half.len());
    let third = directory.select(&within(&[STREETS[1]]), Sms);
    assert!((31_000..36_000).contains(&third.len()) && third.is_subset(&half));
    let narrowed = Selection { groups: vec!["residents".to_owned()], drill_only: true, ..within(&[DISTRICT]) };
    assert!((27_000..33_000).contains(&directory.select(&narrowed, Sms).len()));
    let languages = directory.by_language(&half);
    assert_eq!(languages.values().map(RoaringBitmap::len).sum::<u64>(), half.len());
    assert!((5_000..8_000).contains(&languages["en"].len()), "{}", languages["en"].len());
    let row = half.min().unwrap();
    assert!(directory.endpoints(&[row], Sms).await.unwrap()[0].address.is_some());
}

#[test]
fn a_sample_is_the_same_for_the_same_seed_and_unreal() {
    let areas: Vec<_> = STREETS.iter().map(|text| area(text)).collect();
    let specials = [(Sms, "+99900000001".to_owned()), (Sms, "+99900000002".to_owned())];
    let people = sample(5_000, 7, &areas, &specials);
    assert!(people == sample(5_000, 7, &areas, &specials) && people != sample(5_000, 8, &areas, &specials));
    let count =
        |address: &str| people.iter().filter(|one| one.endpoints.get(&Sms).is_some_and(|text| text == address)).count();
    assert!(specials.iter().all(|(_, address)| (5..60).contains(&count(address))));
    for one in &people {
        assert!(one.drill && !one.endpoints.is_empty() && !one.name.is_empty());
        assert!(one.endpoints.get(&Sms).is_none_or(|text| text.starts_with("+999")));
        assert!(one.endpoints.get(&Email).is_none_or(|text| text.ends_with(".example")));
        for (channel, text) in &one.endpoints {
            assert_eq!(super::canonical_address(*channel, text).as_deref(), Ok(text.as_str()));
        }
    }
    assert!(sample(5, 1, &[], &[]).is_empty());
}

/// What a directory should say, worked out by looking at every recipient.
fn expected(model: &BTreeMap<String, Recipient>, selection: &Selection, channel: Channel) -> BTreeSet<String> {
    let chosen = |one: &&Recipient| {
        one.endpoints.contains_key(&channel)
            && selection.areas.iter().any(|wide| one.areas.iter().any(|narrow| wide.contains(*narrow)))
            && (selection.groups.is_empty() || one.groups.iter().any(|group| selection.groups.contains(group)))
            && (one.drill || !selection.drill_only)
    };
    model.values().filter(chosen).map(|one| one.external_id.clone()).collect()
}

async fn selected(directory: &Directory, selection: &Selection, channel: Channel) -> BTreeSet<String> {
    let rows: Vec<u32> = directory.select(selection, channel).into_iter().collect();
    directory.views(&rows).await.unwrap().into_iter().map(|view| view.unwrap().external_id).collect()
}

fn some_person() -> impl Strategy<Value = Recipient> {
    let areas = proptest::collection::btree_set(
        prop::sample::select(vec![DISTRICT, STREETS[0], STREETS[1], "230109005001"]),
        1..3,
    );
    let groups = proptest::collection::btree_set(prop::sample::select(vec!["g1", "g2", "g/3"]), 0..3);
    let endpoints = proptest::collection::btree_map(prop::sample::select(vec![Sms, Email, Push]), 0..3u32, 1..3);
    (0..8u32, areas, groups, endpoints, any::<bool>(), any::<bool>()).prop_map(
        |(id, areas, groups, endpoints, drill, english)| Recipient {
            external_id: format!("r{id}"),
            name: String::new(),
            areas: areas.into_iter().map(area).collect(),
            groups: groups.into_iter().map(str::to_owned).collect(),
            language: if english { "en" } else { "zh-CN" }.to_owned(),
            endpoints: endpoints.into_iter().map(|(channel, n)| (channel, format!("address-{n}"))).collect(),
            drill,
            ..Recipient::default()
        },
    )
}

fn some_selection() -> impl Strategy<Value = (Selection, Channel)> {
    let areas =
        proptest::collection::vec(prop::sample::select(vec![DISTRICT, STREETS[0], STREETS[1], "230109005000"]), 0..4);
    let groups = proptest::collection::vec(prop::sample::select(vec!["g1", "g2", "g/3"]), 0..3);
    let selection = (areas, groups, any::<bool>()).prop_map(|(areas, groups, drill_only)| Selection {
        groups: groups.into_iter().map(str::to_owned).collect(),
        drill_only,
        ..within(&areas)
    });
    (selection, prop::sample::select(vec![Sms, Email, Push]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn selects_what_a_look_at_everybody_would(
        batches in proptest::collection::vec((proptest::collection::vec(some_person(), 0..8), proptest::option::of(0..8u32)), 1..6),
        questions in proptest::collection::vec(some_selection(), 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let store = empty_store();
            let directory = open(&store).await;
            let mut model = BTreeMap::new();
            for (batch, removed) in batches {
                model.extend(batch.iter().map(|one| (one.external_id.clone(), one.clone())));
                directory.put(batch).await.unwrap();
                if let Some(id) = removed.map(|id| format!("r{id}")) {
                    prop_assert_eq!(directory.remove(&id).await.unwrap(), model.remove(&id).is_some());
                }
            }
            let again = open(&store).await;
            prop_assert_eq!(directory.len(), model.len() as u64);
            prop_assert_eq!(again.len(), model.len() as u64);
            for (selection, channel) in &questions {
                let expected = expected(&model, selection, *channel);
                prop_assert_eq!(&selected(&directory, selection, *channel).await, &expected);
                prop_assert_eq!(&selected(&again, selection, *channel).await, &expected);
            }
            for n in 0..3 {
                let address = format!("address-{n}");
                let having = model.values().filter(|one| one.endpoints.get(&Push) == Some(&address)).count();
                prop_assert_eq!(directory.find_by_address(Push, &address).await.unwrap().len(), having);
            }
            Ok(())
        })?;
    }
}
