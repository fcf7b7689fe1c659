use std::io::{Cursor, Write};

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{MOST_ENTRIES, MOST_UNPACKED, attachments, is_package, pack, stem_of_attachment, zip};
use crate::domain::{
    finding::Weight,
    national::{Attachment, parameter, tests::sayable, unsaid},
    rules, xml,
};

const STEM: &str = "23010900000000_20260715144000_11B03_YELLOW_ALERT";
const FORM: &str = include_str!("../../../../tests/fixtures/national/valid-national-form.xml");

fn form() -> (String, Vec<u8>) {
    (format!("{STEM}.XML"), FORM.into())
}

fn file(end: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    (format!("{STEM}{end}"), bytes.into())
}

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    zip(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))).expect("packed")
}

/// The form with an element that names a file and its digest.
fn naming(end: &str, digest: &str) -> (String, Vec<u8>) {
    let resource =
        format!("<resource><resourceDesc>{STEM}{end}</resourceDesc><size/><digest>{digest}</digest></resource>");
    (form().0, FORM.replace("<web/>", &format!("<web/>{resource}")).into())
}

/// Codes of what keeps it out.
fn refused(bytes: &[u8]) -> Vec<&'static str> {
    let reading = xml::read(bytes);
    let refusing = reading.findings.iter().filter(|finding| finding.weight == Weight::Refuse);
    let codes: Vec<_> = refusing.map(|finding| finding.code).collect();
    assert_eq!(reading.message.is_none(), !codes.is_empty(), "{:#?}", reading.findings);
    codes
}

/// Replaces every occurrence of bytes by others of the same length.
fn patched(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = (0..=bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "nothing to patch");
    places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to));
    bytes
}

#[test]
fn what_comes_packed_is_named_with_its_digests_and_given_out_again() {
    // SHA-1 of `abc`, FIPS 180-2.
    let named = naming("_P_01.jpg", "A9993E364706816ABA3E25717850C26C9CD0D89D");
    let archive = packed(&[named, file("_P_01.JPG", b"abc"), file("_O_00.pdf", b"minutes")]);
    let reading = xml::read(&archive);
    assert_eq!(reading.findings, []);
    let message = reading.message.expect("taken");
    let files = attachments(&archive, &message).expect("sound");
    assert_eq!(files.iter().map(|file| &file.bytes[..]).collect::<Vec<_>>(), [&b"minutes"[..], b"abc"]);
    let of_file = |name: &str| {
        let values = message.infos[0].parameters.iter().filter(move |one| one.name == name);
        values.map(|one| one.value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of_file(parameter::SHA256).len(), 2);
    // FIPS 180-2 as well: what is signed is about the file.
    assert_eq!(of_file(parameter::SHA256)[0], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(of_file("CN-12379.resource.size"), ["7"], "the unnamed one is measured, the named one says nothing");
    let (name, again) = pack(&message, &files).expect("said");
    assert_eq!(name, format!("{STEM}.ZIP"));
    assert_eq!(again, pack(&message, &files).expect("said").1, "the same bytes each time");
    assert_eq!(xml::read(&again).message.as_ref(), Some(&message));
    assert_eq!(unsaid(&message), []);

    let mut other = files;
    other[1].bytes = Bytes::from_static(b"abd");
    assert!(!other[1].is_of(&message), "a file that was exchanged is not the one that was signed");
}

#[test]
fn only_what_the_rules_name_is_taken() {
    let zeros = vec![0; 4 << 20];
    let many: Vec<_> =
        std::iter::once(form()).chain((0..MOST_ENTRIES).map(|n| file(&format!("_O_{n:02}.pdf"), b"x"))).collect();
    let noise: Vec<u8> = (0_u32..3 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let large: Vec<_> =
        std::iter::once(form()).chain((0..3).map(|n| file(&format!("_P_{n:02}.jpg"), &noise))).collect();
    let one = packed(&[form(), file("_P_01.jpg", b"abc")]);
    let twice = packed(&[form(), file("_P_01.jpg", b"abc"), file("_P_02.jpg", b"abd")]);
    let mut locked = one.clone();
    // The first flag bit of every entry, in both of its headers.
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<_> = (0..locked.len() - 4).filter(|at| locked[*at..].starts_with(signature)).collect();
        places.into_iter().for_each(|at| locked[at + flags] |= 1);
    }
    let crc_of_abc = 0x3524_41c2_u32.to_le_bytes();
    let lying = {
        // Says that three bytes are two.
        let mut bytes = one.clone();
        let places: Vec<_> = (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(b"PK\x01\x02")).collect();
        bytes[places[1] + 24] = 2;
        bytes
    };
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("sound", one.clone(), &[]),
        ("no form", packed(&[file("_P_01.jpg", b"abc")]), &["national-zip-form", "national-zip-name"]),
        ("empty", packed(&[]), &["national-zip-form"]),
        ("two forms", packed(&[form(), ("B.XML".into(), b"<alert/>".to_vec())]), &["national-zip-form"]),
        ("another stem", packed(&[form(), ("B_P_01.jpg".into(), b"x".to_vec())]), &["national-zip-name"]),
        ("a path", packed(&[form(), ("../B_P_01.jpg".into(), b"x".to_vec())]), &["national-zip-name"]),
        ("a folder", packed(&[form(), ("in/".into(), Vec::new())]), &["national-zip-name"]),
        ("a drive", packed(&[form(), ("C:\\B.XML".into(), Vec::new())]), &["national-zip-name"]),
        ("another kind", packed(&[form(), file("_X_01.jpg", b"x")]), &["national-zip-name"]),
        ("no number", packed(&[form(), file("_P_1.jpg", b"x")]), &["national-zip-name"]),
        (
            "differs in case",
            packed(&[form(), file("_P_01.jpg", b"x"), file("_p_01.JPG", b"y")]),
            &["national-zip-twice"],
        ),
        ("the same name", patched(twice, b"_P_02.jpg", b"_P_01.jpg"), &["national-zip-twice"]),
        ("many", packed(&many), &["national-zip-entries"]),
        ("much", packed(&large), &["national-zip-unpacks"]),
        ("a bomb", packed(&[form(), file("_O_01.bin", &zeros)]), &["national-zip-unpacks"]),
        ("a password", locked, &["national-zip-encrypted", "national-zip-encrypted"]),
        ("a lie", lying, &["national-zip-broken"]),
        ("cut", one[..one.len() - 30].to_vec(), &["national-zip-broken"]),
        ("damaged", patched(one.clone(), &crc_of_abc, &[0; 4]), &["national-zip-broken"]),
        ("not there", packed(&[naming("_P_01.jpg", "")]), &["national-attachment-missing"]),
        (
            "another file",
            packed(&[naming("_P_01.jpg", &"0".repeat(40)), file("_P_01.jpg", b"abc")]),
            &["national-attachment-differs"],
        ),
        ("not a digest", packed(&[naming("_P_01.jpg", "无"), file("_P_01.jpg", b"abc")]), &[]),
        ("in base64", packed(&[naming("_P_01.jpg", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="), file("_P_01.jpg", b"abc")]), &[]),
        ("no form of theirs", packed(&[(form().0, b"<alert/>".to_vec())]), &["national-wrong-root"]),
    ];
    for (what, bytes, expected) in cases {
        assert!(is_package(&bytes));
        assert_eq!(refused(&bytes), expected, "{what}");
    }
}

#[test]
fn other_ways_of_packing_are_named() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(form().0, SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).unwrap();
    writer.write_all(FORM.as_bytes()).unwrap();
    let stored = writer.finish().unwrap().into_inner();
    assert_eq!(refused(&stored), [] as [&str; 0]);
    let mut bzip2 = stored;
    for (signature, method) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let at = (0..bzip2.len() - 4).find(|at| bzip2[*at..].starts_with(signature)).unwrap();
        bzip2[at + method] = 12;
    }
    assert_eq!(refused(&bzip2), ["national-zip-method"]);
}

#[test]
fn a_name_that_differs_from_the_contents_is_told_and_taken() {
    let archive = packed(&[("23010900000000_20260715144000_11B03_RED_Cancel.xml".into(), FORM.into())]);
    let reading = xml::read(&archive);
    assert!(reading.message.is_some());
    assert_eq!(reading.findings.iter().map(|found| found.code).collect::<Vec<_>>(), ["national-file-name"]);
}

#[test]
fn stems_end_before_mark_and_number() {
    for (name, stem) in [
        ("A_B_P_01.jpg", Some("A_B")),
        ("a_o_99.PDF", Some("a")),
        ("A_P_01", None),
        ("A_P_01.", None),
        ("A_P_01.tar.gz", None),
        ("_P_01.jpg", None),
        ("A_P_0é.jpg", None),
        ("预警_P_01.jpg", None),
        ("", None),
    ] {
        assert_eq!(stem_of_attachment(name), stem, "{name}");
    }
}

fn files() -> impl Strategy<Value = Vec<(char, u8, String, Vec<u8>)>> {
    let file = (prop_oneof![Just('P'), Just('O')], 0_u8..100, "[a-zA-Z0-9]{1,5}", vec(any::<u8>(), 0..200));
    vec(file, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_message_and_its_files_come_out_of_a_zip_as_they_went_in(message in sayable(), files in files()) {
        prop_assume!(rules::check(&message).iter().all(|found| found.weight == Weight::Advise));
        let form = xml::read(&crate::domain::national::write(&message).expect("sayable")).message.expect("a form");
        let stem = crate::domain::national::file_name(&form).expect("sayable").replace(".XML", "");
        let mut files: Vec<Attachment> = files.into_iter().map(|(kind, number, extension, bytes)| Attachment {
            name: format!("{stem}_{kind}_{number:02}.{extension}"),
            bytes: bytes.into(),
        }).collect();
        files.sort_by(|one, other| one.name.cmp(&other.name));
        files.dedup_by(|one, other| one.is_called(&other.name));
        let handed_in = pack(&form, &files).expect("said").1;
        let reading = xml::read(&handed_in);
        let message = reading.message.expect("taken");
        let kept = attachments(&handed_in, &message).expect("sound");
        prop_assert_eq!(&kept, &files);
        prop_assert!(kept.iter().all(|file| file.is_of(&message)));
        let (name, given_out) = pack(&message, &kept).expect("said");
        prop_assert_eq!(name, format!("{stem}.ZIP"));
        let again = xml::read(&given_out).message.expect("taken");
        prop_assert_eq!(&again, &message);
        prop_assert_eq!(attachments(&given_out, &again).expect("sound"), files);
    }

    #[test]
    fn no_damage_to_a_zip_brings_the_reader_down(at in 0.0..1.0, byte in any::<u8>(), cut in 0_usize..60) {
        let mut bytes = packed(&[form(), file("_P_01.jpg", b"abc")]);
        let place = (bytes.len() as f64 * at) as usize;
        bytes[place] = byte;
        bytes.truncate(bytes.len() - cut);
        let reading = xml::read(&bytes);
        prop_assert!(reading.message.is_some() || !reading.findings.is_empty());
    }
}

#[test]
fn what_is_unpacked_is_bounded_by_a_few_bodies() {
    assert!(MOST_UNPACKED <= 2 * crate::domain::cap::MOST_BYTES as u64);
}
