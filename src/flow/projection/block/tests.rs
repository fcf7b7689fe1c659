use proptest::prelude::*;

use super::{Damaged, Detail, Details, Head, Writer, crc_of, index_parts, opened, ranks_of, sealed};

fn head(index: Vec<Vec<u64>>, details: Vec<u32>, size: u32) -> Head {
    Head {
        plan: 7,
        warning: crate::flow::record::WarningId("w".to_owned()),
        generation: 1,
        size,
        as_of: 0,
        folded_ms: 0,
        finished_ms: 0,
        counts: vec![1, 2],
        reasons: vec![3],
        doubled: 0,
        changed_ms: 0,
        routes: Vec::new(),
        details,
        index,
        erased_ms: None,
        erasing: false,
        people: None,
    }
}

proptest! {
    #[test]
    fn details_survive(
        rows in prop::collection::vec(
            (prop::option::of(0i64..1 << 39), prop::option::of(0u8..254), prop::option::of(0u8..254), prop::collection::vec(any::<u8>(), 0..60), 0u8..5),
            1..200,
        ),
    ) {
        let codes: Vec<Vec<u8>> = (0..5u8).map(|n| vec![n; usize::from(n)]).collect();
        let expected = rows.iter().map(|(at, route, giver, reference, code)| Detail {
            at_ms: at.map(|at| 1_000 + at), route: *route, reference, giver: *giver, code: &codes[usize::from(*code)],
        });
        let expected: Vec<Detail<'_>> = expected.collect();
        let mut writer = Writer::new(1_000);
        expected.iter().for_each(|detail| writer.put(detail));
        let stored = writer.take();
        let read = Details::read(&stored).expect("readable");
        for (at, detail) in expected.iter().enumerate() {
            prop_assert_eq!(read.get(at), Some(detail.clone()));
        }
        prop_assert_eq!(read.get(expected.len()), None);
        prop_assert!(writer.is_empty());
    }

    #[test]
    fn damage_is_named(bytes in prop::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index) {
        let stored = sealed(bytes.clone());
        prop_assert_eq!(opened(&stored), Ok(&bytes[..]));
        let mut damaged = stored.to_vec();
        let at = at.index(damaged.len());
        damaged[at] ^= 1;
        prop_assert_eq!(opened(&damaged), Err(Damaged));
        // Whole, but made of anything.
        let _read = Details::read(&stored);
    }

    #[test]
    fn an_index_gives_every_rank(runs in prop::collection::vec(prop::collection::vec((0u32..20, any::<u32>()), 0..50), 1..4)) {
        let mut parts = Vec::new();
        let mut index = Vec::new();
        for run in &runs {
            let run = run.iter().map(|(crc, rank)| u64::from(*crc) << 32 | u64::from(*rank)).collect();
            let (firsts, bytes): (Vec<u64>, Vec<_>) = index_parts(run).unzip();
            index.push(firsts);
            parts.extend(bytes);
        }
        let head = head(index, Vec::new(), 0);
        for crc in 0..20 {
            let parts = head.index_of(crc).into_iter().map(|part| ranks_of(&parts[part], crc).expect("readable"));
            let mut found: Vec<u32> = parts.flatten().collect();
            let mut expected: Vec<u32> = runs.iter().flatten().filter(|(of, _)| *of == crc).map(|(_, rank)| *rank).collect();
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn an_index_of_several_parts_is_searched_in_the_right_ones() {
    let run: Vec<u64> = (0..300_000u64).map(|n| (n / 3) << 32 | n).collect();
    let (firsts, parts): (Vec<u64>, Vec<_>) = index_parts(run).unzip();
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| part.len() <= (1 << 20) + 4));
    let head = head(vec![firsts], Vec::new(), 0);
    for crc in [0, 1, 43_690, 43_691, 87_381, 99_999] {
        let found: Vec<u32> =
            head.index_of(crc).into_iter().flat_map(|part| ranks_of(&parts[part], crc).expect("readable")).collect();
        assert_eq!(found, [crc * 3, crc * 3 + 1, crc * 3 + 2]);
    }
    assert!(head.index_of(5_000_000).into_iter().all(|part| ranks_of(&parts[part], 5_000_000).unwrap().is_empty()));
}

#[test]
fn a_rank_is_in_one_part_of_the_details() {
    let head = head(Vec::new(), vec![0, 10, 25], 30);
    assert_eq!(
        [0, 9, 10, 24, 25, 29, 30].map(|rank| head.detail_of(rank)),
        [Some(0), Some(0), Some(1), Some(1), Some(2), Some(2), None]
    );
}

#[test]
fn a_reference_belongs_to_its_route() {
    assert_ne!(crc_of("sms.a", b"bc"), crc_of("sms.ab", b"c"));
}

#[test]
fn counts_of_an_older_program_are_understood_and_those_of_a_newer_one_are_not() {
    let head = head(Vec::new(), Vec::new(), 0);
    assert_eq!(head.totals::<3, 2>(), Some(([1, 2, 0], [3, 0])));
    assert_eq!(head.totals::<1, 2>(), None);
}
