use super::{super::codec::LoginResp, Frame as Message, *};
use crate::{
    mainland::tests::{in_folder, laid_out},
    smgp::Settings,
};

const SETTINGS: &str = "client_id = '10690001'\nsecret_file = 'SECRET'\nsender = '10690001'\nservice_id = 'WARN'\n\
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
fn answer(request: &[u8], status: u32, secret: &str) -> Vec<u8> {
    let Message::Login(ours) = Pdu::decode(request).unwrap().message else { panic!("no log-in") };
    assert_eq!(ours.authenticator, login::client("10690001", "secret", ours.timestamp));
    assert_eq!(ours.mode, 2);
    let authenticator = login::server(status, &ours.authenticator, secret);
    let answer = LoginResp { status, authenticator, version: codec::VERSION };
    Pdu { sequence: 1, message: Message::LoginResp(answer) }.encode()
}

#[test]
fn a_gateway_must_prove_that_it_knows_the_secret_unless_told_otherwise() {
    with("", |smgp| {
        let mut request = BytesMut::new();
        smgp.bind(Role::Transceiver, 1, &mut request);
        assert_eq!(smgp.bound(&request, &answer(&request, 0, "secret")), Ok(()));
        let forged = smgp.bound(&request, &answer(&request, 0, "another"));
        assert_eq!(code(forged), (Class::Misconfigured, "AUTHENTICATOR".to_owned()));
        assert_eq!(code(smgp.bound(&request, b"HTTP/1.1 400")), (Class::Misconfigured, "LOGIN".to_owned()));
        let too_many = smgp.bound(&request, &answer(&request, 2, "secret"));
        assert_eq!(code(too_many), (Class::ThrottledConnection, "2".to_owned()));
    });
    with("verify_gateway = false\n", |smgp| {
        let mut request = BytesMut::new();
        smgp.bind(Role::Transceiver, 1, &mut request);
        assert_eq!(smgp.bound(&request, &answer(&request, 0, "another")), Ok(()));
    });
}

#[test]
fn submits_are_those_of_the_codec() {
    with("", |smgp| {
        let numbers = ["13312341234".into(), "13300000001".into()];
        for (segment, number) in laid_out(smgp).segments.iter().zip(1..) {
            let mut out = BytesMut::new();
            smgp.submit(segment, &numbers, 9, &mut out);
            let pdu = Pdu::decode(&out).unwrap();
            assert_eq!(pdu.encode(), out);
            let Message::Submit(submit) = pdu.message else { panic!("no submit") };
            assert_eq!(submit.part, Some(codec::Part { total: 2, number }));
            assert_eq!(submit.content[..6], [5, 0, 3, 0x2A, 2, number]);
            assert_eq!((submit.message_type, submit.need_report, submit.priority), (6, 1, 3));
            assert_eq!((&*submit.valid_until, &*submit.numbers), ("700101100000032+", &numbers[..]));
        }
    });
}

#[test]
fn a_report_that_cannot_be_read_is_answered_so() {
    with("", |smgp| {
        let deliver = Deliver { id: *b"1234567890", is_report: 1, content: b"id:short".into(), ..Deliver::default() };
        let frame = Pdu { sequence: 5, message: Message::Deliver(Box::new(deliver)) }.encode();
        let Ok(Event::Asked(answer)) = smgp.read(&frame) else { panic!("not answered at once") };
        let refused = Taken { id: *b"1234567890", status: UNREADABLE };
        assert_eq!(Pdu::decode(&answer), Ok(Pdu { sequence: 5, message: Message::DeliverResp(refused) }));
        assert!(smgp.read(&frame[..40]).is_err(), "a message cut short ends the connection");
    });
}

#[test]
fn a_report_is_about_the_number_wherever_it_stands() {
    with("", |smgp| {
        for (number, receiver) in [("13312341234", "10690001"), ("1069000155", "13312341234")] {
            let status =
                Status { id: *b"1234567890", done: "2611300913".into(), stat: "DELIVRD".into(), error: "000".into() };
            let (number, receiver) = (number.into(), receiver.into());
            let deliver = Deliver { number, receiver, is_report: 1, content: status.encode(), ..Deliver::default() };
            let frame = Pdu { sequence: 5, message: Message::Deliver(Box::new(deliver)) }.encode();
            let Ok(Event::Report(report, _)) = smgp.read(&frame) else { panic!("no report") };
            assert_eq!((&*report.to, report.state), ("13312341234", State::Delivered));
        }
    });
}
