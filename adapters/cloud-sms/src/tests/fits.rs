//! What a signer is told before the release.

use super::*;

fn offline(provider: Provider) -> (CloudSms, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("key"), SECRET).unwrap();
    std::fs::write(file("callback"), "unguessable").unwrap();
    (adapter(&of(provider, file("key"), file("callback"))), folder)
}

fn with(values: &[(&str, &str)]) -> Content {
    let mut content = content();
    content.values.extend(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    content
}

#[test]
fn a_signer_sees_what_the_reader_will_and_how_many_messages_it_makes() {
    for provider in CHINESE {
        let (adapter, _folder) = offline(provider);
        let fit = adapter.fit(&content()).unwrap();
        assert_eq!(fit.text, "【松北应急】松北区气象台发布暴雨红色预警，请注意防范。");
        assert_eq!(fit.segments, 1);
        // Six of the signature, fourteen of the template, the rest the issuer's.
        let fixed = fit.text.chars().count() - "松北区气象台".chars().count();
        for (more, segments) in [(70 - fixed, 1), (71 - fixed, 2), (134 - fixed, 2), (135 - fixed, 3)] {
            let fit = adapter.fit(&with(&[("issuer", &"台".repeat(more))])).unwrap();
            assert_eq!(fit.segments, segments, "{more}");
        }
        let long = adapter.fit(&with(&[("issuer", &"台".repeat(501 - fixed))])).unwrap_err();
        assert_eq!(&*long.code, "TOO-LONG");
    }
}

#[test]
fn a_drill_says_so_or_does_not_go() {
    for provider in CHINESE {
        let (adapter, _folder) = offline(provider);
        let fit = adapter.fit(&with(&[("drill", "yes")])).unwrap();
        assert_eq!(fit.text, "【松北应急】【演练】松北区气象台发布暴雨预警");
        let marked = Content { text: "【演练】雨【演练】".to_owned(), ..content() };
        assert!(adapter.fit(&marked).unwrap().text.contains("【演练】"), "the text alone is enough");
    }
}

/// What does not fit is told before the release, and a submit says the same without calling anybody.
#[tokio::test]
async fn a_submit_refuses_exactly_what_does_not_fit() {
    for provider in CHINESE {
        let (adapter, _folder) = offline(provider);
        for (content, code) in [
            (with(&[("level", "unknown")]), "NO-TEMPLATE"),
            (with(&[("hazard_name", "一二三四五六七")]), "PARAMETER-LONG"),
            (with(&[("issuer", "")]), "NO-VALUE"),
            (with(&[("issuer", &"台".repeat(480))]), "TOO-LONG"),
        ] {
            let cause = adapter.fit(&content).unwrap_err();
            assert_eq!(&*cause.code, code, "{provider:?}");
            let batch = Batch { content: Arc::new(content), ..batch(&["13800000001", "13800000002"]) };
            let verdicts = adapter.submit(&batch, BUDGET).await.unwrap();
            assert_eq!(verdicts, [Verdict::RefusedContent(cause.clone()), Verdict::RefusedContent(cause)]);
        }
    }
}

#[test]
fn twilio_carries_the_text_or_its_short_form() {
    let (adapter, _folder) = offline(Provider::Twilio);
    let text =
        |text: &str, short: &str| Content { text: text.to_owned(), short: short.to_owned(), ..Content::default() };
    let fit = adapter.fit(&text(&"a".repeat(161), "")).unwrap();
    assert_eq!((fit.segments, fit.text.len()), (2, 161));
    let long = "雨".repeat(1601);
    assert_eq!(adapter.fit(&text(&long, "短")).unwrap(), Fit { segments: 1, text: "短".to_owned() });
    assert_eq!(&*adapter.fit(&text(&long, "")).unwrap_err().code, "TOO-LONG");
}
