//! The session on a line that does what the test says, in a protocol of four words.

use bytes::{BufMut, BytesMut};
use fenghuo_contract::{Address, Class, Content, NotTaken, Receipt, ReceiptSink, Reference, Reply};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::oneshot,
};

use super::{
    inbox::{Acks, ROOM, WAITING_MAX, Word},
    session::{Session, Wires},
    *,
};
use crate::{
    protocol::{Ack, Answer, Event, Malformed, Message, Refusal, Report, Segment, State},
    receipt::Correlation,
    text::Plan,
};

/// Submit, question, report and farewell: a letter, a number, and for answers what they say.
struct Words;

const SIZE: usize = 13;

fn frame(letter: u8, number: u32, says: u32) -> [u8; SIZE] {
    let mut out = BytesMut::new();
    out.put_u32(SIZE as u32);
    out.put_u8(letter);
    out.put_u32(number);
    out.put_u32(says);
    out[..].try_into().unwrap()
}

/// Letter, number, what it says.
fn read(frame: &[u8]) -> (u8, u32, u32) {
    let word = |place: usize| u32::from_be_bytes(frame[place..place + 4].try_into().unwrap());
    (frame[4], word(5), word(9))
}

const THROTTLED: u32 = 58;

impl Protocol for Words {
    fn name(&self) -> &'static str {
        "words"
    }

    fn header(&self) -> usize {
        SIZE
    }

    fn destination(&self, address: &Address) -> Option<Box<str>> {
        Some(address.expose().into())
    }

    fn bind(&self, _: Role, sequence: u32, out: &mut BytesMut) {
        out.put_slice(&frame(b'b', sequence, 0));
    }

    fn bound(&self, _: &[u8], _: &[u8]) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, _: &Plan<'_>, _: &Content, _: u16) -> Message {
        message(1)
    }

    fn submit(&self, _: &Segment, _: &[Box<str>], sequence: u32, out: &mut BytesMut) {
        out.put_slice(&frame(b's', sequence, 0));
    }

    fn keepalive(&self, sequence: u32, out: &mut BytesMut) -> bool {
        out.put_slice(&frame(b'q', sequence, 0));
        true
    }

    fn unbind(&self, sequence: u32, out: &mut BytesMut) {
        out.put_slice(&frame(b'u', sequence, 0));
    }

    fn read(&self, frame: &[u8]) -> Result<Event, Malformed> {
        let (letter, sequence, says) = read(frame);
        Ok(match letter {
            b'S' => {
                let id = Reference::new(sequence.to_string());
                let answer = if says == 0 { Answer::Taken(Some(id)) } else { Answer::Refused(says) };
                Event::Answered { sequence, answer, congestion: None }
            }
            b'Q' => Event::Alive { sequence },
            b'U' => Event::Left,
            b'r' => {
                let id = Reference::new(says.to_string());
                let report = Report { id, to: Box::default(), state: State::Delivered, at: None };
                Event::Report(report, Ack { sequence, ..Ack::default() })
            }
            _ => return Err(Malformed("no such word")),
        })
    }

    fn acknowledge(&self, ack: &Ack, taken: bool, out: &mut BytesMut) {
        out.put_slice(&frame(b'R', ack.sequence, u32::from(!taken)));
    }

    fn refusal(&self, status: u32) -> Refusal {
        let class = if status == THROTTLED { Class::Throttled } else { Class::Recipient };
        Refusal { class, cause: Cause::new(&status.to_string(), "") }
    }
}

struct Nobody;

#[async_trait::async_trait]
impl ReceiptSink for Nobody {
    async fn accept(&self, _: Vec<Receipt>) -> Result<(), NotTaken> {
        Ok(())
    }

    async fn reply(&self, _: Vec<Reply>) -> Result<(), NotTaken> {
        Ok(())
    }
}

fn message(segments: usize) -> Message {
    Message { segments: vec![Segment { head: Box::default(), tail: Box::default() }; segments] }
}

fn submit(segments: usize, to: usize) -> Work {
    let to = (0..to).map(|number| number.to_string().into()).collect::<Vec<Box<str>>>();
    Work::Submit { message: Arc::new(message(segments)), ends: (1..=to.len()).collect(), to }
}

/// A session on a pipe that holds `room` bytes, and the other end of everything.
struct Bench {
    peer: DuplexStream,
    jobs: mpsc::Sender<Job>,
    words: mpsc::Receiver<Vec<Word>>,
    acks: mpsc::Sender<Acks>,
    stop: watch::Sender<bool>,
    ended: oneshot::Receiver<Cause>,
    _task: JoinSet<()>,
}

impl Bench {
    fn new(room: usize, window: usize) -> Self {
        let (near, peer) = tokio::io::duplex(room);
        let (jobs, mut queue) = mpsc::channel(16);
        let (sender, words) = mpsc::channel(ROOM);
        let (acks, answers) = mpsc::channel(ROOM);
        let (tell, ended) = oneshot::channel();
        let line = Line {
            host: String::new(),
            port: 0,
            tls: None,
            binds: 1,
            window,
            connect_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(10),
            keepalive: Duration::from_secs(30),
            reconnect_max: Duration::from_secs(60),
        };
        let correlation = Arc::new(Correlation::new(false, 1000));
        let courier = Arc::new(Courier::new(Arc::new(Nobody), correlation));
        let links = Links::new(&(Arc::new(Words) as Arc<dyn Protocol>), line, &[Role::Transceiver], &courier, 7);
        let bind = Arc::clone(&links.binds[0].0);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut session = Session::new(&bind, 1);
            let wires = Wires { jobs: &mut queue, words: sender, acks: answers };
            let cause = session.run(near, BytesMut::new(), wires).await;
            tell.send(cause).unwrap();
        });
        Self { peer, jobs, words, acks, stop: links.stop, ended, _task: task }
    }

    async fn job(&self, work: Work, budget: Duration) -> oneshot::Receiver<Done> {
        let (job, done) = Job::new(work, false, now() + budget);
        self.jobs.send(job).await.unwrap();
        done
    }

    /// The next frame the session wrote.
    async fn heard(&mut self) -> (u8, u32, u32) {
        let mut bytes = [0; SIZE];
        self.peer.read_exact(&mut bytes).await.unwrap();
        read(&bytes)
    }

    async fn say(&mut self, frames: &[(u8, u32, u32)]) {
        let bytes: Vec<u8> = frames.iter().flat_map(|(letter, number, says)| frame(*letter, *number, *says)).collect();
        self.peer.write_all(&bytes).await.unwrap();
    }
}

const MINUTE: Duration = Duration::from_secs(60);

fn taken(number: u32) -> Outcome {
    Outcome::Answered(Answer::Taken(Some(Reference::new(number.to_string()))))
}

#[tokio::test(start_paused = true)]
async fn answers_find_their_requests_in_any_order() {
    let mut bench = Bench::new(4096, 8);
    let done = bench.job(submit(1, 3), MINUTE).await;
    let mut written = [0; 3 * SIZE];
    assert_eq!(bench.peer.read(&mut written).await.unwrap(), 3 * SIZE, "all leaves in one write");
    bench.say(&[(b'S', 3, 0), (b'S', 99, 0), (b'S', 1, 11), (b'S', 2, 0), (b'S', 2, 7)]).await;
    let done = done.await.unwrap();
    assert_eq!(done.outcomes, [Outcome::Answered(Answer::Refused(11)), taken(2), taken(3)]);
    assert_eq!(done.fault, None);
}

#[tokio::test(start_paused = true)]
async fn the_window_is_never_passed_and_narrows() {
    let mut bench = Bench::new(4096, 4);
    let done = bench.job(submit(1, 20), MINUTE).await;
    // The only link keeps one place for urgent batches.
    for number in 1..=3 {
        assert_eq!(bench.heard().await, (b's', number, 0));
    }
    let silence = tokio::time::timeout(Duration::from_secs(5), bench.heard()).await;
    assert!(silence.is_err(), "{silence:?}");
    bench.say(&[(b'S', 1, THROTTLED), (b'S', 2, 0), (b'S', 3, 0)]).await;
    assert_eq!(bench.heard().await, (b's', 4, 0));
    let silence = tokio::time::timeout(Duration::from_millis(200), bench.heard()).await;
    assert!(silence.is_err(), "halved to 2, one of them kept: {silence:?}");
    let mut number = 4;
    while number < 20 {
        bench.say(&[(b'S', number, 0)]).await;
        number += 1;
        assert_eq!(bench.heard().await, (b's', number, 0));
    }
    bench.say(&[(b'S', 20, 0)]).await;
    assert_eq!(done.await.unwrap().outcomes.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn urgent_work_has_a_place_of_its_own() {
    let mut bench = Bench::new(4096, 4);
    let _others = bench.job(submit(1, 20), MINUTE).await;
    for _ in 0..3 {
        bench.heard().await;
    }
    let (job, done) = Job::new(submit(1, 1), true, now() + MINUTE);
    bench.jobs.send(job).await.unwrap();
    let (_, number, _) = bench.heard().await;
    bench.say(&[(b'S', number, 0)]).await;
    assert_eq!(done.await.unwrap().outcomes, [taken(number)]);
}

#[tokio::test(start_paused = true)]
async fn at_a_lost_link_only_what_left_is_in_doubt() {
    let mut bench = Bench::new(3 * SIZE + 5, 64);
    let done = bench.job(submit(1, 10), MINUTE).await;
    for number in 1..=2 {
        assert_eq!(bench.heard().await, (b's', number, 0));
    }
    bench.say(&[(b'S', 2, 0)]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(bench.peer);
    let done = done.await.unwrap();
    let doubt = done.outcomes.iter().filter(|outcome| **outcome == Outcome::Unanswered).count();
    // Two were read, three and a part stand in the pipe: five left whole, one of them is answered.
    assert_eq!((doubt, &done.outcomes[1]), (4, &taken(2)));
    assert!(done.outcomes[5..].iter().all(|outcome| *outcome == Outcome::Unsent), "{done:?}");
    assert!(matches!(done.fault, Some(Fault::Transient(_))), "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_runs_out_ends_the_job_and_not_the_link() {
    let mut bench = Bench::new(4096, 3);
    let done = bench.job(submit(1, 5), Duration::from_secs(2)).await;
    let started = now();
    let done = done.await.unwrap();
    assert!(started.elapsed() < Duration::from_millis(2_200));
    let (doubt, unsent) = (Outcome::Unanswered, Outcome::Unsent);
    assert_eq!(done.outcomes, [doubt.clone(), doubt, unsent.clone(), unsent.clone(), unsent]);
    bench.heard().await;
    bench.heard().await;
    // The late answers free their places.
    let done = bench.job(submit(1, 1), MINUTE).await;
    bench.say(&[(b'S', 1, 0), (b'S', 2, 0)]).await;
    assert_eq!(bench.heard().await, (b's', 3, 0));
    bench.say(&[(b'S', 3, 0)]).await;
    assert_eq!(done.await.unwrap().outcomes, [taken(3)]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_is_not_written() {
    let mut bench = Bench::new(4096, 3);
    let first = bench.job(submit(1, 2), MINUTE).await;
    let dropped = bench.job(submit(1, 2), MINUTE).await;
    let last = bench.job(submit(1, 1), MINUTE).await;
    bench.heard().await;
    bench.heard().await;
    drop(dropped);
    bench.say(&[(b'S', 1, 0), (b'S', 2, 0)]).await;
    assert_eq!(first.await.unwrap().outcomes.len(), 2);
    assert_eq!(bench.heard().await, (b's', 3, 0));
    bench.say(&[(b'S', 3, 0)]).await;
    assert_eq!(last.await.unwrap().outcomes, [taken(3)]);
}

#[tokio::test(start_paused = true)]
async fn further_segments_of_a_refused_message_stay_here() {
    let mut bench = Bench::new(4096, 2);
    let done = bench.job(submit(3, 2), MINUTE).await;
    assert_eq!(bench.heard().await, (b's', 1, 0));
    bench.say(&[(b'S', 1, 11)]).await;
    for number in 2..=4 {
        assert_eq!(bench.heard().await, (b's', number, 0));
        bench.say(&[(b'S', number, 0)]).await;
    }
    let refused = Outcome::Answered(Answer::Refused(11));
    let expected = [refused, Outcome::Unsent, Outcome::Unsent, taken(2), taken(3), taken(4)];
    assert_eq!(done.await.unwrap().outcomes, expected);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_peer_is_asked_and_a_silent_one_given_up() {
    let mut bench = Bench::new(4096, 2);
    let (letter, number, _) = bench.heard().await;
    assert_eq!(letter, b'q');
    bench.say(&[(b'Q', number, 0)]).await;
    assert_eq!(bench.heard().await.0, b'q');
    let asked = now();
    let cause = bench.ended.await.unwrap();
    assert_eq!(&*cause.code, "SILENT");
    assert!(asked.elapsed() >= Duration::from_secs(9), "{:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_ends_the_link() {
    for bad in [&b"\0\0\0\x05x"[..], &b"\0\x02\0\0"[..], &frame(b'?', 1, 0)[..]] {
        let mut bench = Bench::new(4096, 2);
        let done = bench.job(submit(1, 1), MINUTE).await;
        bench.heard().await;
        bench.peer.write_all(bad).await.unwrap();
        assert_eq!(&*bench.ended.await.unwrap().code, "MALFORMED");
        assert_eq!(done.await.unwrap().outcomes, [Outcome::Unanswered]);
    }
}

#[tokio::test(start_paused = true)]
async fn frames_in_pieces_are_put_together() {
    let mut bench = Bench::new(4096, 2);
    let done = bench.job(submit(1, 1), MINUTE).await;
    bench.heard().await;
    for byte in frame(b'S', 1, 0) {
        bench.peer.write_all(&[byte]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(done.await.unwrap().outcomes, [taken(1)]);
}

#[tokio::test(start_paused = true)]
async fn reports_are_acknowledged_when_told() {
    let mut bench = Bench::new(1 << 20, 2);
    bench.say(&[(b'r', 5, 77)]).await;
    let (_, ack) = bench.words.recv().await.unwrap().remove(0);
    let silence = tokio::time::timeout(Duration::from_secs(5), bench.heard()).await;
    assert!(silence.is_err(), "nothing is acknowledged before it is taken: {silence:?}");
    bench.acks.send(vec![(ack, true)]).await.unwrap();
    assert_eq!(bench.heard().await, (b'R', 5, 0));
}

#[tokio::test(start_paused = true)]
async fn reports_that_come_one_by_one_while_the_journal_is_slow_wait_until_there_are_too_many() {
    let mut bench = Bench::new(1 << 20, 2);
    // As many single reports as there is room for on the way, and then many more: none is refused.
    let single = 10 * ROOM as u32;
    for number in 0..single {
        bench.say(&[(b'r', number, 1)]).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let silence = tokio::time::timeout(Duration::from_secs(5), bench.heard()).await;
    assert!(silence.is_err(), "a report was answered although nobody took it: {silence:?}");
    // One read less than what is kept here beside those on the way, and one too many.
    let full = single + WAITING_MAX as u32 - (single - ROOM as u32);
    let rest: Vec<_> = (single..=full).map(|number| (b'r', number, 1)).collect();
    bench.say(&rest).await;
    assert_eq!(bench.heard().await, (b'R', full, 1), "the one there is no room for is to be repeated");
    let mut numbers = Vec::new();
    while numbers.len() < full as usize {
        numbers.extend(bench.words.recv().await.unwrap().into_iter().map(|(_, ack)| ack.sequence));
    }
    assert_eq!(numbers, (0..full).collect::<Vec<_>>(), "what waited is passed on in order as soon as there is room");
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_answers_and_says_farewell() {
    let mut bench = Bench::new(4096, 4);
    let done = bench.job(submit(1, 1), MINUTE).await;
    bench.heard().await;
    bench.stop.send_replace(true);
    tokio::time::sleep(Duration::from_millis(200)).await;
    bench.say(&[(b'S', 1, 0)]).await;
    assert_eq!(done.await.unwrap().outcomes, [taken(1)]);
    let (letter, number, _) = bench.heard().await;
    assert_eq!(letter, b'u');
    bench.say(&[(b'U', number, 0)]).await;
    assert_eq!(&*bench.ended.await.unwrap().code, "CLOSED");
}
