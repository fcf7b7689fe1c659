//! What providers post to us.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::LazyLock,
};

use fenghuo_contract::{Origin, Receipt, ReceiptState, Reference, SignatureCheck};

use proptest::{prop_assert, prop_assert_eq, proptest};

use super::*;

/// A call as a provider makes it.
struct Posted {
    headers: Vec<(String, String)>,
    body: String,
    signature: SignatureCheck,
}

impl Posted {
    fn of(body: &str) -> Self {
        Self { headers: Vec::new(), body: body.to_owned(), signature: SignatureCheck::Enforce }
    }

    fn read(&self, adapter: &CloudSms) -> Result<Inbound, CallbackFault> {
        let peer = IpAddr::V4(Ipv4Addr::new(203, 119, 1, 2));
        let (headers, body) = (self.headers.as_slice(), self.body.as_bytes());
        adapter.read_callback(&Callback { peer, headers, query: "", body, signature: self.signature })
    }
}

/// An adapter that calls nobody.
fn offline(provider: Provider) -> (CloudSms, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("key"), SECRET).unwrap();
    std::fs::write(file("callback"), "unguessable").unwrap();
    (adapter(&of(provider, file("key"), file("callback"))), folder)
}

/// The whole circle: what was accepted is what is reported, delivery by delivery.
#[tokio::test]
async fn reports_name_the_deliveries_that_were_accepted() {
    for provider in ALL {
        let mut cloud = Cloud::start(provider).await;
        let adapter = cloud.adapter();
        let numbers = ["13800000001", "13800000002", "+85261234567"];
        let verdicts = adapter.submit(&batch(&numbers), BUDGET).await.unwrap();
        let accepted = verdicts.into_iter().filter_map(|verdict| match verdict {
            Verdict::Accepted(reference) => reference,
            _ => None,
        });
        let mut accepted: Vec<Reference> = accepted.collect();
        let mut reported = Vec::new();
        while reported.len() < numbers.len() {
            for callback in cloud.next().await["callbacks"].as_array().unwrap() {
                let headers = callback["headers"].as_object().unwrap().iter();
                let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
                let posted = Posted { headers: headers.collect(), ..Posted::of(callback["body"].as_str().unwrap()) };
                reported.extend(posted.read(&adapter).unwrap().receipts);
            }
        }
        let origin = if provider == Provider::Twilio { Origin::Signed } else { Origin::Unsigned };
        for receipt in &reported {
            assert_eq!((&receipt.state, receipt.origin), (&ReceiptState::Delivered, origin), "{provider:?}");
        }
        let mut reported: Vec<Reference> = reported.into_iter().map(|receipt| receipt.reference).collect();
        accepted.sort();
        reported.sort();
        assert_eq!(accepted, reported, "{provider:?}");
    }
}

fn receipt(reference: &str, code: &str, text: &str, at: Option<i64>) -> Receipt {
    let state = ReceiptState::Failed(Cause::new(code, text));
    Receipt { reference: Reference::new(reference), state, at, origin: Origin::Unsigned }
}

#[test]
fn failures_carry_the_providers_code_and_no_number() {
    let (tencent, _folder) = offline(Provider::Tencent);
    let report = r#"[{"user_receive_time":"2018-04-13 14:31:46","nationcode":"86","mobile":"13800000001",
        "report_status":"FAIL","errmsg":"MBBLACK","description":"13800000001 屏蔽","sid":"2640:9"}, {"sid": 7}]"#;
    let inbound = Posted::of(report).read(&tencent).unwrap();
    let expected = receipt("2640:9", "MBBLACK", "**** 屏蔽", Some(1_523_601_106_000));
    assert_eq!(inbound.receipts, [expected]);
    assert_eq!(&*inbound.answer.unwrap().body, br#"{"result":0,"errmsg":"OK"}"#);

    let (huawei, _folder) = offline(Provider::Huawei);
    let report =
        "sequence=1&total=1&updateTime=2018-04-13T06%3A31%3A46Z&smsMsgId=b9_6&status=UNDELIV&to=%2B8613800000001";
    let expected = receipt("b9_6", "UNDELIV", "", Some(1_523_601_106_000));
    assert_eq!(Posted::of(report).read(&huawei).unwrap().receipts, [expected]);
    let several = r#"{"statusReportList":[{"smsMsgId":"a","status":"EXPIRED","statusDesc":"late"},{"smsMsgId":"b","status":"ACCEPTD"}]}"#;
    assert_eq!(Posted::of(several).read(&huawei).unwrap().receipts, [receipt("a", "EXPIRED", "late", None)]);

    let (aliyun, _folder) = offline(Provider::Aliyun);
    let report = r#"[{"phone_number":"13800000001","success":false,"err_code":"MOBILE_NOT_ON_SERVICE","err_msg":"停机",
        "report_time":"2018-04-13 14:31:46","biz_id":"5^0"}]"#;
    let inbound = Posted::of(report).read(&aliyun).unwrap();
    let [failed] = inbound.receipts.as_slice() else { panic!("{inbound:?}") };
    assert_eq!(failed.state, receipt("", "MOBILE_NOT_ON_SERVICE", "停机", None).state);
    assert!(failed.reference.as_bytes().starts_with(b"5^0/") && failed.at == Some(1_523_601_106_000));
    assert_eq!(&*inbound.answer.unwrap().body, "{\"code\":0,\"msg\":\"成功\"}".as_bytes());
}

#[test]
fn replies_come_in_with_the_number_as_the_directory_has_it() {
    for (provider, body, at) in [
        (
            Provider::Aliyun,
            r#"[{"phone_number":"13800000001","send_time":"2018-04-13 14:31:46","content":"收到","sign_name":"松北应急","dest_code":"1"}]"#,
            Some(1_523_601_106_000),
        ),
        (
            Provider::Tencent,
            r#"{"extend":"","mobile":"13800000001","nationcode":"86","sign":"松北应急","text":"收到","time":1523601106}"#,
            Some(1_523_601_106_000),
        ),
        (
            Provider::Huawei,
            "smsMsgId=x&from=%2B8613800000001&to=1069&body=%E6%94%B6%E5%88%B0&createTime=2018-04-13T06:31:46Z",
            Some(1_523_601_106_000),
        ),
        (Provider::Twilio, "MessageSid=SM1&SmsStatus=received&From=%2B8613800000001&Body=%E6%94%B6%E5%88%B0", None),
    ] {
        let (adapter, _folder) = offline(provider);
        let inbound = Posted { signature: SignatureCheck::Observe, ..Posted::of(body) }.read(&adapter).unwrap();
        let [reply] = inbound.replies.as_slice() else { panic!("{provider:?}: {inbound:?}") };
        assert_eq!((reply.from.expose(), reply.text.as_str(), reply.at), ("13800000001", "收到", at), "{provider:?}");
        assert!(inbound.receipts.is_empty());
    }
}

#[tokio::test]
async fn a_signature_that_does_not_fit_is_forged_unless_watched_only() {
    let mut cloud = Cloud::start(Provider::Twilio).await;
    let adapter = cloud.adapter();
    submit(&adapter, &batch(&["13800000001"])).await;
    let call = cloud.next().await;
    let callback = &call["callbacks"][1];
    let signature = callback["headers"]["x-twilio-signature"].as_str().unwrap();
    let good = Posted {
        headers: vec![("x-twilio-signature".to_owned(), signature.to_owned())],
        ..Posted::of(callback["body"].as_str().unwrap())
    };
    assert_eq!(good.read(&adapter).unwrap().receipts[0].origin, Origin::Signed);
    let port = CALLBACKS.replace(".example/", ".example:443/");
    let spelled = super::adapter(&Settings { callback_url: Some(port), ..cloud.settings() });
    assert_eq!(good.read(&spelled).unwrap().receipts[0].origin, Origin::Signed, "with or without the port");
    let forged = Posted { body: good.body.replace("delivered", "failed"), headers: good.headers.clone(), ..good };
    let unsigned = Posted::of(&forged.body);
    for mut posted in [forged, unsigned] {
        assert!(matches!(posted.read(&adapter), Err(CallbackFault::Forged)));
        posted.signature = SignatureCheck::Observe;
        let inbound = posted.read(&adapter).unwrap();
        assert_eq!(inbound.receipts[0].origin, Origin::Unsigned);
        assert!(matches!(inbound.receipts[0].state, ReceiptState::Failed(_)));
    }
    let silent = Settings { callback_url: None, callback_secret_file: None, ..cloud.settings() };
    let silent = super::adapter(&silent);
    assert_eq!(silent.profile().receipts, ReceiptStyle::None);
    assert!(matches!(Posted::of("MessageSid=SM1").read(&silent), Err(CallbackFault::Unexpected)));
}

#[test]
fn calls_from_elsewhere_are_forged() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), SECRET).unwrap();
    let settings = of(Provider::Aliyun, folder.path().join("key"), PathBuf::new());
    for (from, forged) in [("203.119.0.0/16", false), ("203.120.0.0/16", true), ("::/0", true)] {
        let adapter = adapter(&Settings { callback_from: vec![from.parse().unwrap()], ..settings.clone() });
        assert_eq!(matches!(Posted::of("[]").read(&adapter), Err(CallbackFault::Forged)), forged, "{from}");
    }
}

#[test]
fn the_same_report_twice_is_passed_on_twice() {
    let (tencent, _folder) = offline(Provider::Tencent);
    let report = r#"{"report_status":"SUCCESS","errmsg":"DELIVRD","sid":"1"}"#;
    let inbound = Posted::of(&format!("[{report},{report}]")).read(&tencent).unwrap();
    assert_eq!(inbound.receipts.len(), 2);
}

#[test]
fn what_is_neither_is_unreadable() {
    for provider in CHINESE {
        let (adapter, _folder) = offline(provider);
        for body in ["", "{", "[1]", "[{}]", "{\"text\":1}", "smsMsgId=", "status=DELIVRD"] {
            let read = Posted::of(body).read(&adapter);
            assert!(matches!(read, Err(CallbackFault::Unreadable(_))), "{provider:?} {body}: {read:?}");
        }
    }
}

/// Adapters that call nobody, made once.
static OFFLINE: LazyLock<Vec<CloudSms>> = LazyLock::new(|| ALL.map(|provider| offline(provider).0).into());

proptest! {
    /// Whatever is posted, it is read the same each time, and never believed as signed without a signature.
    #[test]
    fn nothing_that_is_posted_makes_it_panic_or_lie(
        body in "(\\[?\\{)?(\"?(sid|status|text|biz_id|success|phone_number|MessageSid|from|body|=|&|:|,)\"?|[0-9]{1,12}|true|%[0-9a-f]{1,2}){0,12}(\\}\\]?)?",
    ) {
        for adapter in &*OFFLINE {
            let posted = Posted { signature: SignatureCheck::Observe, ..Posted::of(&body) };
            let read = posted.read(adapter);
            prop_assert_eq!(format!("{:?}", read), format!("{:?}", posted.read(adapter)));
            let inbound = read.unwrap_or_default();
            let signed = inbound.receipts.iter().any(|receipt| receipt.origin == Origin::Signed);
            prop_assert!(!signed && inbound.replies.iter().all(|reply| reply.origin == Origin::Unsigned));
        }
    }
}
