use super::*;

#[test]
fn every_kind_of_record_is_found_by_its_number() {
    let source = include_str!("../contract.rs");
    let (_, kinds) = source.split_once("pub enum Space {").unwrap();
    let (kinds, _) = kinds.split_once("\n}\n").unwrap();
    let numbers = kinds.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = ")?.1.parse().ok());
    let numbers: Vec<u8> = numbers.collect();
    assert_eq!(numbers.len(), Space::ALL.len());
    for number in numbers {
        assert_eq!(Space::of(number).map(|space| space as u8), Some(number));
    }
    assert_eq!(Space::of(0), None);
}
