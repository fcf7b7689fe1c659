use std::sync::Arc;

use fenghuo_contract::{
    Item, Token,
    conformance::{self, Samples},
};

use super::*;

fn content(title: &str, text: &str) -> Content {
    Content { title: title.to_owned(), text: text.to_owned(), thread: "warning-7".to_owned(), ..Content::default() }
}

async fn submit(settings: &Settings, content: Content, addresses: &[&str]) -> Vec<Verdict> {
    let item = |(index, address): (usize, &&str)| Item {
        token: Token::new(1, index as u32),
        address: Address::new(*address),
        attempt: 1,
        confirm: None,
    };
    let items = addresses.iter().enumerate().map(item).collect();
    let batch = Batch { content: Arc::new(content), items };
    Display::new(settings).submit(&batch, Duration::from_secs(1)).await.unwrap()
}

#[tokio::test]
async fn hands_over_what_can_be_shown() {
    let verdicts = submit(&Settings::default(), content("暴雨红色预警", "请勿外出"), &["gate-1", "gate-2"]).await;
    let reference = |screen| Verdict::Accepted(Some(reference_for(&Address::new(screen), "warning-7")));
    assert_eq!(verdicts, [reference("gate-1"), reference("gate-2")]);
    assert_eq!(verdicts[0], Verdict::Accepted(Some(Reference::new("gate-1/warning-7"))));
}

#[tokio::test]
async fn refuses_what_no_screen_can_show() {
    let settings = Settings { text_max: Some(4), ..Settings::default() };
    for (title, text) in [("", "请勿外出"), ("预警", " \n"), ("预警", "请勿外出!")] {
        let verdicts = submit(&settings, content(title, text), &["gate-1"]).await;
        assert!(matches!(verdicts[..], [Verdict::RefusedContent(_)]), "{title:?} {text:?}: {verdicts:?}");
    }
}

#[tokio::test]
async fn refuses_names_that_could_be_taken_for_another_screen() {
    let long = "x".repeat(300);
    let verdicts = submit(&Settings::default(), content("预警", "请勿外出"), &["", "a/b", &long, "gate-1"]).await;
    let refused = |verdict: &Verdict| matches!(verdict, Verdict::RefusedRecipient(_));
    assert_eq!(verdicts.iter().map(refused).collect::<Vec<_>>(), [true, true, true, false]);
}

#[tokio::test]
async fn keeps_the_contract() {
    let samples = Samples {
        content: content("暴雨红色预警", "请勿外出"),
        addresses: ["gate-1", "gate-2", "square"].map(Address::new).into(),
    };
    let make = || async { Arc::new(Display::new(&Settings { text_max: Some(200), ..Settings::default() })) as _ };
    conformance::run(make, &samples).await.assert();
}
