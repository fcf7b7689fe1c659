use super::*;
use crate::{
    cli::exit::Exit,
    domain::delivery::{Reason, State},
    flow::alarms::AlarmCode,
    http::problem::ProblemCode,
};

#[test]
fn every_code_that_reaches_a_person_is_explained() {
    let problems = ProblemCode::ALL.iter().map(|code| code.name().to_owned());
    let reasons = Reason::ALL.iter().map(|reason| reason.name().to_owned());
    let states = State::ALL.iter().map(|state| state.name().to_owned());
    let alarms = AlarmCode::ALL.iter().map(|code| code.name().to_owned());
    let exits = Exit::ALL.iter().map(|exit| exit.code().to_string());
    let all: Vec<String> = problems.chain(reasons).chain(alarms).chain(states).chain(exits).chain(told()).collect();
    assert!(all.len() > 120, "{}", all.len());
    for code in all {
        let id = find(&code).unwrap_or_else(|| panic!("{code} is not explained"));
        for lang in Lang::ALL {
            let title = messages::title(lang, &id);
            assert!(!title.is_empty() && title != id, "{code}");
        }
    }
}

#[test]
fn a_code_is_found_as_people_write_it() {
    assert_eq!(find("recipient_refused").as_deref(), Some("reason-recipient-refused"));
    assert_eq!(find(" Area-Unknown ").as_deref(), Some("area-unknown"));
    assert_eq!(find("3").as_deref(), Some("exit-3"));
    assert_eq!(find("config-rate-zero").as_deref(), Some("config-rate-zero"));
    assert_eq!(find("nothing-of-the-kind"), None);
    // Sentences of the help are no codes.
    assert_eq!(find("cli-arg-json"), None);
    assert_eq!(nearest("area-unknwn").as_deref(), Some("area-unknown"));
}
