use super::{super::codec::ConnectResp, Frame as Message, *};
use crate::{
    cmpp::Settings,
    mainland::tests::{in_folder, laid_out},
};

const SETTINGS: &str = "sp_id = '901234'\nsecret_file = 'SECRET'\nsender = '10690001'\nservice_id = 'WARN'\n\
                        link = { host = '127.0.0.1' }\n";

fn with(settings: &str, check: impl FnOnce(&dyn Protocol)) {
    in_folder(&format!("{settings}{SETTINGS}"), |settings| {
        let settings: Settings = toml::from_str(settings).unwrap();
        check(&*settings.ready(Arc::new(|| 0), 0).unwrap().protocol);
    });
}

fn code(refused: Result<(), Refusal>) -> (Class, String) {
    let Refusal { class, cause } = refused.unwrap_err();
    (class, cause.code.into())
}

/// The answer to a log-in, by a gateway that holds this secret.
fn answer(request: &[u8], status: u32, secret: &str, version: Version) -> Vec<u8> {
    let Message::Connect(ours) = Pdu::decode(version, request).unwrap().message else { panic!("no connect") };
    assert_eq!(ours.authenticator, login::source("901234", "secret", ours.timestamp));
    let authenticator = login::gateway(version, status, &ours.authenticator, secret);
    let answer = ConnectResp { status, authenticator, version: version.number() };
    Pdu { sequence: 1, message: Message::ConnectResp(answer) }.encode(version)
}

#[test]
fn a_gateway_must_prove_that_it_knows_the_secret_unless_told_otherwise() {
    with("", |cmpp| {
        let mut request = BytesMut::new();
        cmpp.bind(Role::Transceiver, 1, &mut request);
        assert_eq!(cmpp.bound(&request, &answer(&request, 0, "secret", Version::V30)), Ok(()));
        let forged = answer(&request, 0, "another", Version::V30);
        assert_eq!(code(cmpp.bound(&request, &forged)), (Class::Misconfigured, "AUTHENTICATOR".to_owned()));
        assert_eq!(code(cmpp.bound(&request, b"HTTP/1.1 400")), (Class::Misconfigured, "LOGIN".to_owned()));
        let older = answer(&request, 4, "secret", Version::V20);
        assert_eq!(code(cmpp.bound(&request, &older)), (Class::Misconfigured, "connect 4".to_owned()));
    });
    with("verify_gateway = false\n", |cmpp| {
        let mut request = BytesMut::new();
        cmpp.bind(Role::Transceiver, 1, &mut request);
        assert_eq!(cmpp.bound(&request, &answer(&request, 0, "another", Version::V30)), Ok(()));
    });
}

#[test]
fn submits_are_those_of_the_codec() {
    for (settings, version) in [("version = '2.0'\n", Version::V20), ("", Version::V30)] {
        with(settings, |cmpp| {
            let numbers = ["13812341234".into(), "13900000001".into()];
            for (segment, number) in laid_out(cmpp).segments.iter().zip(1..) {
                let mut out = BytesMut::new();
                cmpp.submit(segment, &numbers, 9, &mut out);
                let pdu = Pdu::decode(version, &out).unwrap();
                assert_eq!(pdu.encode(version), out);
                let Message::Submit(submit) = pdu.message else { panic!("no submit") };
                assert_eq!((submit.parts, submit.part, submit.udhi, submit.format), (2, number, 1, 8));
                assert_eq!(submit.content[..6], [5, 0, 3, 0x2A, 2, number]);
                assert_eq!(&*submit.valid_until, "700101100000032+");
                assert_eq!((submit.level, submit.registered_delivery, &*submit.numbers), (9, 1, &numbers[..]));
            }
        });
    }
}

#[test]
fn a_report_that_cannot_be_read_is_answered_so() {
    with("", |cmpp| {
        let deliver = Deliver { id: *b"12345678", registered_delivery: 1, content: vec![1; 59], ..Deliver::default() };
        let frame = Pdu { sequence: 5, message: Message::Deliver(Box::new(deliver)) }.encode(Version::V30);
        let Ok(Event::Asked(answer)) = cmpp.read(&frame) else { panic!("not answered at once") };
        let refused = Taken { id: *b"12345678", result: UNREADABLE };
        let expected = Pdu { sequence: 5, message: Message::DeliverResp(refused) };
        assert_eq!(Pdu::decode(Version::V30, &answer), Ok(expected));
        assert!(cmpp.read(&frame[..40]).is_err(), "a message cut short ends the connection");
    });
}

#[test]
fn a_report_is_about_the_number_wherever_it_stands() {
    with("", |cmpp| {
        for (inside, outside) in [("13812341234", ""), ("", "13812341234")] {
            let status = Status {
                id: *b"12345678",
                stat: "DELIVRD".into(),
                submitted: "2611300912".into(),
                done: "2611300913".into(),
                number: inside.into(),
                sequence: 0,
            };
            let content = status.encode(Version::V30);
            let deliver = Deliver { number: outside.into(), registered_delivery: 1, content, ..Deliver::default() };
            let frame = Pdu { sequence: 5, message: Message::Deliver(Box::new(deliver)) }.encode(Version::V30);
            let Ok(Event::Report(report, _)) = cmpp.read(&frame) else { panic!("no report") };
            assert_eq!((&*report.to, report.state), ("13812341234", crate::protocol::State::Delivered));
        }
    });
}
