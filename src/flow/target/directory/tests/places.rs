//! Positions, choices and duties in the directory.

use super::*;
use crate::domain::{
    level::Level,
    message::{self, Area, Circle},
    opt_out::OptOut,
    position::Position,
    shape::Shape,
};

/// A point of a coarse grid around the district, so that many share one.
fn at(north: i32, east: i32) -> Position {
    Position::new(45.8 + f64::from(north) / 100.0, 126.5 + f64::from(east) / 100.0).unwrap()
}

fn placed(id: &str, street: &str, position: Option<Position>) -> Recipient {
    Recipient { position, ..person(id, &[street], &[(Sms, "13800138000")]) }
}

fn shapes(polygons: Vec<Vec<[f64; 2]>>, circles: Vec<Circle>) -> Vec<Shape> {
    let area = Area {
        description: String::new(),
        polygons: polygons.into_iter().map(message::Polygon).collect(),
        circles,
        geocodes: Vec::new(),
        altitude_ft: None,
        ceiling_ft: None,
    };
    Shape::of_area(&area).collect()
}

fn circle(north: i32, east: i32, radius_km: f64) -> Vec<Shape> {
    let centre = at(north, east);
    shapes(Vec::new(), vec![Circle { centre: [centre.latitude(), centre.longitude()], radius_km }])
}

async fn inside(directory: &Directory, shapes: &[Shape]) -> Vec<u32> {
    let selection = Selection { within: directory.within(shapes).await, ..Selection::default() };
    directory.select(&selection, Sms).into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn a_shape_finds_people_where_they_are_now() {
    let store = empty_store();
    let directory = open(&store).await;
    let people = vec![
        placed("near", STREETS[0], Some(at(0, 0))),
        placed("far", STREETS[0], Some(at(20, 20))),
        placed("unknown", STREETS[0], None),
    ];
    let rows = directory.put(people).await.unwrap();
    let here = circle(0, 0, 1.0);
    assert_eq!(inside(&directory, &here).await, [rows[0]]);
    let comes = directory.put(vec![placed("far", STREETS[0], Some(at(0, 0)))]).await.unwrap();
    assert_eq!(comes, [rows[1]]);
    assert_eq!(inside(&directory, &here).await, [rows[0], rows[1]]);
    let moves_house = directory.put(vec![placed("near", STREETS[1], Some(at(0, 0)))]).await.unwrap();
    assert_eq!(inside(&directory, &here).await, [rows[1], moves_house[0]], "the old row stands for nobody");
    let leaves = directory.put(vec![placed("far", STREETS[0], None)]).await.unwrap();
    assert_eq!((leaves, inside(&directory, &here).await), (vec![rows[1]], vec![moves_house[0]]));
    assert!(directory.remove("near").await.unwrap());
    assert_eq!(inside(&directory, &here).await, [] as [u32; 0]);
    assert_eq!(inside(&open(&store).await, &here).await, [] as [u32; 0]);
    let left = dump(&store).await;
    assert!(!left.iter().any(|(_, key, _)| key.0.starts_with(b"position/")), "the last position is gone from the disk");
}

#[tokio::test(start_paused = true)]
async fn who_is_in_two_areas_or_found_twice_gets_one_message() {
    let directory = open(&empty_store()).await;
    let one = Recipient { areas: vec![area(STREETS[0]), area(STREETS[1])], ..placed("a", STREETS[0], Some(at(0, 0))) };
    let rows = directory.put(vec![one]).await.unwrap();
    let twice: Vec<Shape> = circle(0, 0, 1.0).into_iter().chain(circle(0, 0, 2.0)).collect();
    let both = Selection { within: directory.within(&twice).await, ..within(&[DISTRICT, STREETS[0], STREETS[1]]) };
    assert_eq!(directory.select(&both, Sms).into_iter().collect::<Vec<_>>(), rows);
}

#[tokio::test(start_paused = true)]
async fn no_position_stands_readable_in_the_store() {
    let store = empty_store();
    let home = Position::new(45.123_456, 126.654_321).unwrap();
    let directory = open(&store).await;
    directory.put(vec![placed("a", STREETS[0], Some(home))]).await.unwrap();
    let (latitude, longitude) = home.micro();
    let forms: [&[u8]; 6] = [
        b"45.1",
        b"126.6",
        &latitude.to_be_bytes(),
        &longitude.to_be_bytes(),
        &latitude.to_le_bytes(),
        &longitude.to_le_bytes(),
    ];
    for (space, key, value) in dump(&store).await {
        assert!(forms.iter().all(|form| !contains(&value, form) && !contains(&key.0, form)), "{space:?} {key:?}");
    }
    assert!(!format!("{:?}", placed("a", STREETS[0], Some(home))).contains("45.1"));
    assert_eq!(directory.list(None, 1).await.unwrap().items[0].position, Some(home.coarse()));
}

#[tokio::test(start_paused = true)]
async fn a_damaged_tile_is_named_and_one_moved_elsewhere_does_not_open() {
    let store = empty_store();
    open(&store).await.put(vec![placed("a", STREETS[0], Some(at(0, 0)))]).await.unwrap();
    let key: Key = "position/00000/00".into();
    let sealed = store.get(Space::DirectoryIndex, key.clone()).await.unwrap().unwrap().value;
    let put = |key: &str, value: Option<Bytes>| Put {
        space: Space::DirectoryIndex,
        key: key.into(),
        value,
        expect: Expect::Any,
    };
    let moved = vec![put("position/00000/00", None), put("position/00001/00", Some(sealed))];
    store.commit(Commit { puts: moved, entries: Vec::new() }).await.unwrap();
    let opened = Directory::open(Arc::clone(&store), Arc::new(Vault::with_key(&[1; 32])), clock()).await;
    assert!(opened.err().expect("refused").to_string().contains("position/00001/00"));
}

#[tokio::test(start_paused = true)]
async fn a_record_from_before_positions_is_read() {
    let store = empty_store();
    let directory = open(&store).await;
    let rows = directory.put(vec![placed("a", STREETS[0], None)]).await.unwrap();
    let record = store.get(Space::Recipient, rows[0].into()).await.unwrap().unwrap().value;
    let text = String::from_utf8(record.to_vec()).unwrap();
    for name in ["position", "duty", "opt_out_below"] {
        assert!(!text.contains(name), "what a recipient has not is not written: {text}");
    }
    let again = open(&store).await;
    let changed = Recipient { duty: true, ..placed("a", STREETS[0], Some(at(1, 1))) };
    assert_eq!(again.put(vec![changed]).await.unwrap(), rows, "the same person, better known");
    let json = serde_json::json!({"external_id": "b", "areas": [STREETS[0]], "endpoints": {"sms": "13800138000"}});
    let old: Recipient = serde_json::from_value(json).unwrap();
    assert_eq!((old.duty, old.opt_out_below, old.position), (false, None, None));
}

#[tokio::test(start_paused = true)]
async fn what_shapes_leave_out_is_counted() {
    let directory = open(&empty_store()).await;
    let people = vec![
        placed("in", STREETS[0], Some(at(0, 0))),
        placed("out", STREETS[0], Some(at(20, 0))),
        placed("unknown", STREETS[0], None),
        placed("unknown elsewhere", STREETS[1], None),
        placed("abroad", "230111004000", Some(at(0, 0))),
    ];
    directory.put(people).await.unwrap();
    let drawn = |selection: &Selection| {
        let drawn = directory.drawn(selection);
        [drawn.inside, drawn.unplaced, drawn.outside, drawn.beyond]
    };
    let found = directory.within(&circle(0, 0, 1.0)).await;
    let open = Selection { within: found, ..Selection::default() };
    assert_eq!(drawn(&open), [2, 1, 0, 0]);
    let held = Selection { bounds: Some(vec![area(DISTRICT)]), ..open.clone() };
    assert_eq!(drawn(&held), [1, 1, 0, 1]);
    assert_eq!(directory.select(&held, Sms).len(), 1);
    let both = Selection { areas: vec![area(STREETS[0])], ..held };
    assert_eq!(drawn(&both), [1, 0, 1, 1]);
    let nobody = Selection { within: directory.within(&circle(80, 80, 1.0)).await, ..Selection::default() };
    assert_eq!(drawn(&nobody), [0, 2, 0, 0], "somebody may be there, anywhere");
}

#[tokio::test(start_paused = true)]
async fn a_scattered_directory_is_found_by_shapes_and_unchanged_by_codes() {
    let streets: Vec<AreaCode> = STREETS.iter().map(|text| area(text)).collect();
    let plain = Directory::synthetic(200_000, &streets, clock());
    let coded = plain.select(&within(&[DISTRICT]), Sms);
    let scattered = plain.scattered();
    assert_eq!(scattered.select(&within(&[DISTRICT]), Sms), coded);
    let frame = vec![[45.7, 126.3], [45.7, 126.33], [45.73, 126.33], [45.73, 126.3], [45.7, 126.3]];
    let first = inside(&scattered, &shapes(vec![frame], Vec::new())).await;
    let block = coded.iter().filter(|row| *row < BLOCK).count();
    assert!(first.len() >= block && first.len() < block + 100, "a block, and a few of its neighbours' edges");
}

fn some_placed() -> impl Strategy<Value = Recipient> {
    let position = proptest::option::weighted(0.8, (-6..6i32, -6..6i32));
    let choice = proptest::option::of(prop::sample::select(OptOut::ALL.to_vec()));
    let language = prop::sample::select(vec!["zh-CN", "en", "en-GB", "enm"]);
    (some_person(), position, choice, any::<bool>(), language).prop_map(|(one, place, choice, duty, language)| {
        let position = place.map(|(north, east)| at(north, east));
        Recipient { position, opt_out_below: choice, duty, language: language.to_owned(), ..one }
    })
}

/// Shapes as they are drawn: circles by middle and radius, boxes by two corners.
#[derive(Clone, Debug)]
struct Drawing {
    circles: Vec<(i32, i32, u32)>,
    boxes: Vec<(i32, i32, i32, i32)>,
}

impl Drawing {
    fn shapes(&self) -> Vec<Shape> {
        let frame = |(south, west, height, width): &(i32, i32, i32, i32)| {
            let (low, high) = (at(*south, *west), at(south + height, west + width));
            let (south, north) = (low.latitude(), high.latitude());
            let (west, east) = (low.longitude(), high.longitude());
            vec![[south, west], [south, east], [north, east], [north, west], [south, west]]
        };
        let circles =
            self.circles.iter().flat_map(|(north, east, radius)| circle(*north, *east, f64::from(*radius) / 2.0));
        shapes(self.boxes.iter().map(frame).collect(), Vec::new()).into_iter().chain(circles).collect()
    }
}

fn some_question() -> impl Strategy<Value = (Selection, Drawing, Channel)> {
    let drawing = (
        proptest::collection::vec((-6..6i32, -6..6i32, 0..12u32), 0..3),
        proptest::collection::vec((-6..6i32, -6..6i32, 1..6i32, 1..6i32), 0..3),
    );
    let bounds =
        proptest::option::of(proptest::collection::vec(prop::sample::select(vec![STREETS[0], DISTRICT]), 0..2));
    let languages = proptest::collection::vec(prop::sample::select(vec!["en", "zh-CN", "fr"]), 0..2);
    let level = proptest::option::of(prop::sample::select(Level::ALL.to_vec()));
    (some_selection(), drawing, bounds, languages, any::<bool>(), level).prop_map(
        |((selection, channel), (circles, boxes), bounds, languages, duty_only, wanted_at)| {
            let selection = Selection {
                bounds: bounds.map(|codes| codes.into_iter().map(area).collect()),
                languages: languages.into_iter().map(str::to_owned).collect(),
                duty_only,
                wanted_at,
                ..selection
            };
            (selection, Drawing { circles, boxes }, channel)
        },
    )
}

/// Whether a selection takes a recipient, said for one recipient at a time.
fn takes(one: &Recipient, selection: &Selection, shapes: &[Shape], channel: Channel) -> bool {
    let lives_in = |wide: &[AreaCode]| wide.iter().any(|wide| one.areas.iter().any(|narrow| wide.contains(*narrow)));
    let drawn = one.position.is_some_and(|position| shapes.iter().any(|shape| shape.covers(position)));
    let reads = |language: &String| one.language == *language || one.language.starts_with(&format!("{language}-"));
    let refuses =
        selection.wanted_at.is_some_and(|level| one.opt_out_below.is_some_and(|choice| choice.refuses(level)));
    one.endpoints.contains_key(&channel)
        && (lives_in(&selection.areas) || drawn && selection.bounds.as_deref().is_none_or(lives_in))
        && (selection.groups.is_empty() || one.groups.iter().any(|group| selection.groups.contains(group)))
        && (selection.languages.is_empty() || selection.languages.iter().any(reads))
        && (one.drill || !selection.drill_only)
        && (one.duty || !(selection.duty_only || refuses))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn selects_by_place_and_choice_what_a_look_at_everybody_would(
        batches in proptest::collection::vec((proptest::collection::vec(some_placed(), 0..12), proptest::option::of(0..8u32)), 1..5),
        questions in proptest::collection::vec(some_question(), 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let store = empty_store();
            let directory = open(&store).await;
            let mut model = BTreeMap::new();
            for (batch, removed) in batches {
                // Between writes somebody asks, so that no write may leave an old tree behind.
                directory.within(&circle(0, 0, 5.0)).await;
                model.extend(batch.iter().map(|one| (one.external_id.clone(), one.clone())));
                directory.put(batch).await.unwrap();
                if let Some(id) = removed.map(|id| format!("r{id}")) {
                    prop_assert_eq!(directory.remove(&id).await.unwrap(), model.remove(&id).is_some());
                }
            }
            let again = open(&store).await;
            for (selection, drawing, channel) in &questions {
                let shapes = drawing.shapes();
                let expected: BTreeSet<String> = model
                    .values()
                    .filter(|one| takes(one, selection, &shapes, *channel))
                    .map(|one| one.external_id.clone())
                    .collect();
                for directory in [&directory, &again] {
                    let selection = Selection { within: directory.within(&shapes).await, ..selection.clone() };
                    prop_assert_eq!(&selected(directory, &selection, *channel).await, &expected);
                }
            }
            Ok(())
        })?;
    }
}
