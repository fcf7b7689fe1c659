use super::{Frame as Message, *};
use crate::{
    mainland::tests::{in_folder, laid_out},
    sgip::Settings,
};

const SETTINGS: &str = "node_id = 3010012345\nlogin_name = 'fenghuo'\npassword_file = 'SECRET'\nsender = '10655123'\n\
                        corp_id = '12345'\nservice_type = 'WARN'\nlink = { host = '127.0.0.1' }\n\
                        reports = { listen = '127.0.0.1:8801', allow = ['127.0.0.1/32'], login_name = 'smg', \
                        password_file = 'SECRET' }\n";

fn with(check: impl FnOnce(&dyn Protocol)) {
    in_folder(SETTINGS, |settings| {
        let settings: Settings = toml::from_str(settings).unwrap();
        check(&*settings.ready(Arc::new(|| 0), 0).unwrap().0.protocol);
    });
}

#[test]
fn submits_are_those_of_the_codec_and_name_their_message() {
    with(|sgip| {
        let numbers = ["8613812341234".into(), "8613900000001".into()];
        for segment in &laid_out(sgip).segments {
            let mut out = BytesMut::new();
            sgip.submit(segment, &numbers, 9, &mut out);
            let pdu = Pdu::decode(&out).unwrap();
            assert_eq!(pdu.encode(), out);
            assert_eq!(pdu.sequence, Sequence { node: 3_010_012_345, stamp: 101_080_000, counter: 9 });
            let taken = Pdu { sequence: pdu.sequence, message: Message::SubmitResp(0) }.encode();
            let name = Some(Reference::new(pdu.sequence.bytes()));
            let expected = Event::Answered { sequence: 9, answer: Answer::Taken(name), congestion: None };
            assert_eq!(sgip.read(&taken), Ok(expected));
            let Message::Submit(submit) = pdu.message else { panic!("no submit") };
            assert_eq!((submit.report_flag, submit.udhi, submit.coding, submit.priority), (1, 1, 8, 9));
            assert_eq!((&*submit.expires, &*submit.numbers), ("700101100000032+", &numbers[..]));
        }
    });
}

#[test]
fn reports_are_read_and_answered_under_their_own_number() {
    with(|sgip| {
        let submit = Sequence { node: 1, stamp: 2, counter: 3 };
        let sequence = Sequence { node: 4, stamp: 5, counter: 6 };
        for (state, error, expected) in [
            (0, 0, State::Delivered),
            (1, 0, State::Pending),
            (2, 29, State::Failed(Cause::new("report 29", "Unknown user"))),
            (2, 26, State::Failed(Cause::new("report 26", "The telephone's memory is full"))),
            (2, 99, State::Failed(Cause::new("report 99", "a status no table knows"))),
        ] {
            let status = Status { submit, report_type: 0, number: "8613812341234".into(), state, error };
            let frame = Pdu { sequence, message: Message::Report(status) }.encode();
            let Ok(Event::Report(report, ack)) = sgip.read(&frame) else { panic!("no report") };
            assert_eq!((report.id, report.state), (Reference::new(submit.bytes()), expected));
            for (taken, result) in [(true, 0), (false, LATER)] {
                let mut out = BytesMut::new();
                sgip.acknowledge(&ack, taken, &mut out);
                assert_eq!(Pdu::decode(&out), Ok(Pdu { sequence, message: Message::ReportResp(result) }));
            }
        }
        let deliver = Pdu { sequence, message: Message::Deliver(Box::default()) }.encode();
        let Ok(Event::Fragment(_, ack)) = sgip.read(&deliver) else { panic!("no text") };
        let mut out = BytesMut::new();
        sgip.acknowledge(&ack, true, &mut out);
        assert_eq!(Pdu::decode(&out), Ok(Pdu { sequence, message: Message::DeliverResp(0) }));
    });
}
