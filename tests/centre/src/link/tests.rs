//! Streams nobody should send.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::{cmpp::Cmpp, dialect::Asked, sgip::Sgip, smgp::Smgp, smpp::Smpp};

/// Octets that look like frames: a length that is often right, a command that often exists, and anything behind.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let command = prop_oneof![0_u32..10, 0x8000_0000_u32..0x8000_000A, Just(0x21), Just(0x103), any::<u32>()];
    let body = prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..300);
    let frame = (command, body, prop_oneof![8 => Just(0_u32), 1 => any::<u32>()]).prop_map(|(command, body, lie)| {
        let length = (u32::try_from(body.len()).unwrap() + 8).wrapping_add(lie);
        [&length.to_be_bytes()[..], &command.to_be_bytes(), &body].concat()
    });
    prop::collection::vec(frame, 1..8).prop_map(|frames| frames.concat())
}

/// Feeds a stream in two pieces to a link that is bound or not; answers what it wrote and kept.
fn feed<D: Dialect>(stream: &[u8], is_bound: bool) -> (usize, usize) {
    let shared = Arc::new(Shared::new(Behaviour::default(), date(2026, 6, 1).at(8, 0, 0, 0)));
    let mut link = Link::<D>::new(&shared);
    if is_bound && shared.bind(None) {
        link.bound = Some(Bound { sends: true });
        link.mailbox = Some(shared.exchange.join(link.number));
    }
    let (first, second) = stream.split_at(stream.len() / 2);
    let mut input = first.to_vec();
    let mut flow = link.take(&mut input);
    if flow == Flow::Go {
        input.extend_from_slice(second);
        flow = link.take(&mut input);
    }
    link.send();
    link.enter();
    let kept = if flow == Flow::Go { input.len() } else { 0 };
    (link.out.len(), kept)
}

proptest! {
    #[test]
    fn no_stream_breaks_a_centre(stream in stream(), is_bound: bool) {
        let fed = [
            feed::<Smpp>(&stream, is_bound),
            feed::<Cmpp>(&stream, is_bound),
            feed::<Sgip>(&stream, is_bound),
            feed::<Smgp>(&stream, is_bound),
        ];
        for (written, kept) in fed {
            // An answer, and a receipt for each number, of at most three hundred octets each.
            prop_assert!(written <= stream.len() * 300 && kept <= stream.len());
        }
    }

    #[test]
    fn every_sequence_is_answered_once(count in 1_u32..50, answered in prop::collection::vec(0_u32..60, 0..100)) {
        let mut sent = Sent::default();
        for number in 1..=count {
            prop_assert_eq!(sent.next(Request::Test), number);
        }
        let mut left: std::collections::BTreeSet<u32> = (1..=count).collect();
        for sequence in answered {
            prop_assert_eq!(sent.answered(sequence).is_some(), left.remove(&sequence));
            prop_assert_eq!(sent.unanswered(), left.len());
        }
    }
}

#[test]
fn a_frame_in_pieces_waits_for_its_end() {
    let test = [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1];
    let head = Smpp::head(&test);
    assert!(matches!(Smpp::new().read(&head, &[]), Ok(Asked::Test)));
    for cut in 1..16 {
        assert_eq!(feed::<Smpp>(&test[..cut], true), (0, cut));
    }
    assert_eq!(feed::<Smpp>(&test, true), (16, 0));
}
