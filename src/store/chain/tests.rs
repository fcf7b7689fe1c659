use bytes::Bytes;

use super::*;

fn entry(kind: EntryKind, data: &'static [u8]) -> Entry {
    Entry { kind, data: Bytes::from_static(data) }
}

#[test]
fn entries_come_back_where_they_were_said_to_stand() {
    let entries =
        [entry(EntryKind::Decision, b"{}"), entry(EntryKind::Leases, b""), entry(EntryKind::Outcomes, b"\x00\xff\x10")];
    let mut row = Vec::new();
    let stand: Vec<Appended> = entries.iter().map(|entry| pack(&mut row, 7, entry)).collect();
    assert_eq!(row.len(), entries.iter().map(packed_len).sum::<usize>());
    let read: Vec<EntryRef<'_>> = Entries::of(&row).expect("well-formed").collect();
    assert_eq!(read.len(), entries.len());
    for ((read, entry), at) in read.iter().zip(&entries).zip(stand) {
        assert_eq!((read.kind, read.data), (entry.kind, &entry.data[..]));
        assert_eq!((at.sequence, at.offset), (7, read.offset));
        assert_eq!(&row[at.offset as usize..][..read.data.len()], read.data);
    }
}

#[test]
fn a_row_that_ends_early_or_holds_an_unknown_kind_is_refused() {
    let mut row = Vec::new();
    pack(&mut row, 1, &entry(EntryKind::Outcomes, b"abcdef"));
    for length in 1..row.len() {
        assert_eq!(Entries::of(&row[..length]).err(), Some(Malformed::Short { offset: 0 }), "cut at {length}");
    }
    row[0] = 9;
    assert_eq!(Entries::of(&row).err(), Some(Malformed::Kind { kind: 9, offset: 0 }));
    row[0] = 3;
    row[1..5].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(Entries::of(&row).err(), Some(Malformed::Short { offset: 0 }));
}

#[test]
fn the_link_covers_every_part_of_a_row() {
    let hash = link(&GENESIS, 1, 1_000, b"data");
    assert_ne!(hash, link(&[1; 32], 1, 1_000, b"data"));
    assert_ne!(hash, link(&GENESIS, 2, 1_000, b"data"));
    assert_ne!(hash, link(&GENESIS, 1, 1_001, b"data"));
    assert_ne!(hash, link(&GENESIS, 1, 1_000, b"Data"));
}

#[test]
fn the_link_is_what_the_written_form_says() {
    // printf of 32 zero bytes, 01 00.., e8 03 00.., "data" through sha256sum.
    let mut bytes = vec![0_u8; 32];
    bytes.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(b"data");
    assert_eq!(link(&GENESIS, 1, 1_000, b"data"), <[u8; 32]>::from(Sha256::digest(&bytes)));
}

#[test]
fn a_hash_of_another_algorithm_is_not_taken_for_ours() {
    let tagged = tag(&[7; 32]);
    assert_eq!(untag(&tagged), Ok([7; 32]));
    let mut other = tagged;
    other[0] = 2;
    assert_eq!(untag(&other), Err(Malformed::Hash));
    assert_eq!(untag(&tagged[..32]), Err(Malformed::Hash));
    assert_eq!(untag(&[]), Err(Malformed::Hash));
}
