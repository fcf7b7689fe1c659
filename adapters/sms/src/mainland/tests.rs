use super::*;
use crate::{
    SettingsFault, Text,
    protocol::{Message, Protocol},
};

/// Settings with a file in place of `SECRET`.
pub(crate) fn in_folder(settings: &str, check: impl FnOnce(&str)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "secret\n").unwrap();
    check(&settings.replace("SECRET", file.to_str().unwrap()));
}

/// A red warning of two segments that expires two hours after 1970 began, with reference 42.
pub(crate) fn laid_out(protocol: &dyn Protocol) -> Message {
    let content =
        Content { text: "台".repeat(134), urgency: Urgency::Highest, expires_at: 7200, ..Content::default() };
    let plan = Plan::new(&content, &Text::default()).unwrap();
    protocol.message(&plan, &content, 42)
}

/// Every key is complained of, once, and no other.
pub(crate) fn faults(fault: Option<SettingsFault>, keys: &[&str]) {
    let SettingsFault(lines) = fault.unwrap();
    let mut told: Vec<&str> = lines.iter().filter_map(|line| line.split_once(": ")).map(|(key, _)| key).collect();
    let mut expected = keys.to_vec();
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(told, expected, "{lines:?}");
}

#[test]
fn the_highest_level_has_the_highest_priority_of_each_protocol() {
    let levels = [Urgency::Unknown, Urgency::Low, Urgency::Medium, Urgency::High, Urgency::Highest];
    assert_eq!(levels.map(|level| priority(level, 9)), [0, 0, 3, 6, 9]);
    assert_eq!(levels.map(|level| priority(level, 3)), [0, 0, 1, 2, 3]);
}

#[test]
fn a_message_lives_until_it_expires_and_never_longer_than_the_gateway_keeps_it() {
    let content = |expires_at| Content { expires_at, ..Content::default() };
    assert_eq!(&*valid_until(&content(3600), 0, 48), "700101090000032+");
    assert_eq!(&*valid_until(&content(1_000_000), 0, 48), "700103080000032+");
    assert_eq!(&*valid_until(&content(3600), 0, 0), "");
}

#[test]
fn connections_and_processes_begin_with_different_numbers() {
    let numbers = Numbers::new(0x0123_4567_89AB_CDEF);
    let firsts = [numbers.next(), numbers.next(), Numbers::new(0x0123_4567_89AB_CDF0).next()];
    assert_eq!(firsts, [0xCDEF_0001, 0xCDFF_0001, 0xCDF0_0001]);
}

#[test]
fn flash_does_not_change_the_alphabet() {
    assert_eq!(
        [0, 8, 0x18, 15, 4].map(coding),
        [Coding::Ascii, Coding::Ucs2, Coding::Ucs2, Coding::Gbk, Coding::Ascii]
    );
    for coded in CODINGS {
        assert_eq!(coding(format(coded)), coded);
    }
}

#[test]
fn words_of_reports_are_told_by_their_longest_beginning() {
    for text in [include_str!("../../../../config/codes/cmpp.toml"), include_str!("../../../../config/codes/smgp.toml")]
    {
        let codes = CodeTable::parse(text).unwrap();
        assert_eq!(state(&codes, "DELIVRD"), State::Delivered);
        assert_eq!(state(&codes, "ACCEPTD"), State::Pending);
        for failed in ["EXPIRED", "DELETED", "UNDELIV", "UNKNOWN", "REJECTD", "MA:0001", "IC:0151", "MK:0015"] {
            let State::Failed(cause) = state(&codes, failed) else { panic!("{failed}") };
            assert_eq!(&*cause.code, failed);
            assert!(!cause.text.contains("no table"), "{failed}: {cause}");
        }
        for unknown in ["0", "", "delivrd", "ZZ:9999", "submit 0"] {
            let State::Failed(cause) = state(&codes, unknown) else { panic!("{unknown}") };
            assert!(cause.text.contains("no table"), "{unknown}: {cause}");
        }
    }
}
