use proptest::prelude::*;

use super::{Answer, Given, SignFault, SignOff, Signer, Standing, Step};

const DIGEST: &str = "sha256:aa";

fn sign_off(steps: &[Step], second_within_ms: Option<i64>) -> SignOff {
    SignOff {
        rule: "red".to_owned(),
        steps: steps.to_vec(),
        given: Vec::new(),
        voided: Vec::new(),
        began_ms: 0,
        expires_ms: 1_000,
        second_within_ms,
        beyond: None,
    }
}

fn given(step: Step, answer: Answer, person: &str) -> Given {
    Given {
        step,
        answer,
        person: person.to_owned(),
        key: format!("key-of-{person}"),
        at_ms: 10,
        reason: (answer != Answer::Approve).then(|| "错别字".to_owned()),
        digest: DIGEST.to_owned(),
        emergency: false,
        deputy_of: None,
    }
}

fn take(sign_off: &mut SignOff, given: Given) -> Result<(), SignFault> {
    let person = given.person.clone();
    sign_off.take(given, Signer { person: &person, made_by: None }, "zhang", DIGEST)
}

#[test]
fn three_persons_sign_three_steps_in_order() {
    let mut it = sign_off(&Step::ALL, None);
    assert_eq!(it.standing(0), Standing::Waiting(Step::Review));
    let early = take(&mut it, given(Step::Sign, Answer::Approve, "li"));
    assert_eq!(early, Err(SignFault::NotThisStep(Step::Review)));
    for (step, person) in [(Step::Review, "li"), (Step::Sign, "wang"), (Step::Office, "zhao")] {
        assert!(!it.releases(10));
        take(&mut it, given(step, Answer::Approve, person)).unwrap();
    }
    assert_eq!(it.standing(5_000), Standing::Signed, "what is signed does not expire");
    assert_eq!(take(&mut it, given(Step::Office, Answer::Reject, "qian")), Err(SignFault::Over));
}

#[test]
fn nobody_signs_his_own_or_twice_or_with_a_key_the_submitter_made() {
    let mut it = sign_off(&Step::ALL, Some(100));
    assert_eq!(take(&mut it, given(Step::Review, Answer::Approve, "zhang")), Err(SignFault::Submitter));
    let helper = Signer { person: "li", made_by: Some("zhang") };
    let made = it.take(given(Step::Review, Answer::Approve, "li"), helper, "zhang", DIGEST);
    assert_eq!(made, Err(SignFault::MadeBySubmitter));
    take(&mut it, given(Step::Review, Answer::Approve, "li")).unwrap();
    assert_eq!(take(&mut it, given(Step::Sign, Answer::Approve, "li")), Err(SignFault::Twice));
    let emergency = Given { emergency: true, ..given(Step::Sign, Answer::Approve, "zhang") };
    assert_eq!(take(&mut it, emergency), Err(SignFault::Submitter), "not in an emergency either");
}

#[test]
fn returned_rejected_and_expired_end_it() {
    for (answer, standing) in [(Answer::Return, Standing::Returned), (Answer::Reject, Standing::Rejected)] {
        let mut it = sign_off(&[Step::Sign], None);
        let silent = Given { reason: Some(" ".to_owned()), ..given(Step::Sign, answer, "li") };
        assert_eq!(take(&mut it, silent), Err(SignFault::ReasonMissing));
        // Who says no need not have seen the newest text.
        let blind = Given { digest: "sha256:old".to_owned(), ..given(Step::Sign, answer, "li") };
        take(&mut it, blind).unwrap();
        assert_eq!((it.standing(10), it.releases(10)), (standing, false));
        assert_eq!(take(&mut it, given(Step::Sign, Answer::Approve, "wang")), Err(SignFault::Over));
    }
    let mut it = sign_off(&[Step::Sign], None);
    assert_eq!(it.standing(1_000), Standing::Expired);
    let late = Given { at_ms: 1_000, ..given(Step::Sign, Answer::Approve, "li") };
    assert_eq!(take(&mut it, late), Err(SignFault::Over));
}

#[test]
fn in_an_emergency_one_signature_releases_and_the_others_are_owed() {
    let emergency = Given { emergency: true, ..given(Step::Sign, Answer::Approve, "li") };
    let mut never = sign_off(&Step::ALL, None);
    assert_eq!(take(&mut never, emergency.clone()), Err(SignFault::NoEmergency));
    let mut it = sign_off(&[Step::Review, Step::Sign], Some(100));
    let review = Given { emergency: true, ..given(Step::Review, Answer::Approve, "li") };
    assert_eq!(take(&mut it, review), Err(SignFault::NotThisStep(Step::Sign)));
    take(&mut it, emergency).unwrap();
    assert_eq!((it.standing(10), it.releases(10), it.second_due_ms()), (Standing::Owed(Step::Review), true, Some(110)));
    assert_eq!(it.standing(9_999), Standing::Owed(Step::Review), "released is released");
    assert_eq!(take(&mut it, given(Step::Review, Answer::Reject, "wang")), Err(SignFault::Released));
    take(&mut it, given(Step::Review, Answer::Approve, "wang")).unwrap();
    assert_eq!((it.standing(20), it.second_due_ms()), (Standing::Signed, None));
}

#[test]
fn a_yes_is_about_exactly_one_text() {
    let mut it = sign_off(&[Step::Review, Step::Sign], None);
    take(&mut it, given(Step::Review, Answer::Approve, "li")).unwrap();
    let old = Given { digest: "sha256:old".to_owned(), ..given(Step::Sign, Answer::Approve, "wang") };
    assert_eq!(take(&mut it, old), Err(SignFault::Outdated { digest: DIGEST.to_owned() }));
    assert!(!it.void(DIGEST));
    assert!(it.void("sha256:new"));
    assert_eq!((it.standing(20), it.voided.len()), (Standing::Waiting(Step::Review), 1));
}

proptest! {
    /// Whatever is tried in whatever order: nothing is released without a yes to the present text by somebody else than
    /// the submitter, nobody has signed twice, and a full release has as many persons as steps.
    #[test]
    fn nothing_is_released_without_the_persons_it_takes(
        steps in prop::sample::subsequence(Step::ALL.to_vec(), 1..=3),
        second in prop::option::of(Just(100)),
        tries in prop::collection::vec(
            (prop::sample::select(Step::ALL.to_vec()), prop::sample::select(Answer::ALL.to_vec()), 0usize..5,
             any::<bool>(), any::<bool>(), 0i64..2_000),
            0..12,
        ),
    ) {
        let persons = ["zhang", "li", "wang", "zhao", "qian"];
        let mut it = sign_off(&steps, second);
        for (step, answer, person, emergency, newest, at_ms) in tries {
            let digest = if newest { DIGEST } else { "sha256:old" };
            let said = Given { emergency, at_ms, digest: digest.to_owned(), ..given(step, answer, persons[person]) };
            let before = it.clone();
            if take(&mut it, said).is_err() {
                prop_assert_eq!(&it, &before, "a refused answer changes nothing");
            }
        }
        let mut signers: Vec<&str> = it.given.iter().map(|given| given.person.as_str()).collect();
        let count = signers.len();
        signers.sort_unstable();
        signers.dedup();
        prop_assert_eq!(signers.len(), count);
        prop_assert!(!signers.contains(&"zhang"));
        if it.releases(0) {
            let yes = it.given.iter().filter(|given| given.answer == Answer::Approve && given.digest == DIGEST).count();
            let emergency = it.given.iter().any(|given| given.emergency);
            prop_assert!(yes == steps.len() || (emergency && second.is_some() && yes >= 1));
        }
    }
}
