//! What a centre does with a request.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    behaviour::{Behaviour, Manner, Outcome, Rule, State, When},
    book::{Cancelled, Segment},
    calendar::Stamp,
    dialect::{Asked, Cause, Delivery, Dialect, Fault, Head, Id, Login, Receipt, Submit},
    exchange::Way,
    link::{Bound, Flow, Link},
    sent::Request,
};

/// The moment a request is served in.
#[derive(Clone, Copy)]
struct Moment<'a> {
    behaviour: &'a Behaviour,
    now: Instant,
    stamp: Stamp,
}

impl<D: Dialect> Link<D> {
    /// Serves one frame.
    pub(crate) fn serve(&mut self, frame: &[u8], behaviour: &Behaviour, now: Instant) -> Flow {
        let head = D::head(frame);
        let stamp = self.calendar.stamp(now);
        let moment = Moment { behaviour, now, stamp };
        match self.dialect.read(&head, &frame[D::HEADER..]) {
            Err(fault) => self.refuse(&head, fault),
            Ok(Asked::Answer) => self.answered(&head, moment),
            Ok(Asked::Bind(login)) => self.bind(&head, &login, behaviour),
            Ok(_) if self.bound.is_none() => self.refuse(&head, Fault::Answer(D::code(Cause::NotBound))),
            Ok(Asked::Submit(submit)) => self.submit(&head, &submit, moment),
            Ok(Asked::Cancel(id, to)) => self.cancel(&head, id, to),
            Ok(Asked::Unserved(status)) => self.plain(&head, status),
            Ok(Asked::Test) => {
                self.entries.counts.tests += 1;
                self.plain(&head, 0)
            }
            Ok(Asked::Unbind) => {
                self.entries.counts.unbinds += 1;
                self.dialect.answer(&head, 0, &mut self.out);
                self.release();
                Flow::Close
            }
        }
    }

    fn plain(&mut self, head: &Head, status: u32) -> Flow {
        self.dialect.answer(head, status, &mut self.out);
        Flow::Go
    }

    fn bind(&mut self, head: &Head, login: &Login<'_>, behaviour: &Behaviour) -> Flow {
        let status = match self.dialect.judge(login, behaviour) {
            _ if behaviour.bind_status != 0 => behaviour.bind_status,
            _ if self.bound.is_some() => D::code(Cause::AlreadyBound),
            0 if !self.shared.bind(behaviour.most_binds) => D::code(Cause::TooManyBinds),
            status => status,
        };
        self.dialect.answer_bind(head, status, login, behaviour, &mut self.out);
        if status == 0 {
            self.bind_as(login.sends, login.receives);
        } else {
            self.entries.counts.binds_refused += 1;
        }
        // A link that is bound stays so; one that is not may try again.
        Flow::Go
    }

    fn bind_as(&mut self, sends: bool, receives: bool) {
        self.entries.counts.binds += 1;
        self.entries.counts.bound += 1;
        self.bound = Some(Bound { sends });
        if receives {
            self.mailbox = Some(self.shared.exchange.join(self.number));
        }
    }

    fn answered(&mut self, head: &Head, moment: Moment<'_>) -> Flow {
        match self.sent.answered(head.sequence[2]) {
            Some(Request::Delivery(_)) if head.status == 0 => self.entries.counts.acknowledged += 1,
            Some(Request::Delivery(delivery)) => {
                self.entries.counts.unwelcome += 1;
                if let Some(wait) = moment.behaviour.refused_again {
                    self.shared.exchange.post(moment.now, moment.now + wait, [(Way::By(self.number), delivery)]);
                }
            }
            Some(Request::Test) => self.entries.counts.tests_answered += 1,
            Some(Request::Bind) if head.status == 0 && self.shared.bind(None) => self.bind_as(false, true),
            Some(Request::Bind) => return Flow::Close,
            Some(Request::Answered) | None => self.entries.counts.malformed += 1,
        }
        Flow::Go
    }

    fn cancel(&mut self, head: &Head, id: Option<Id>, to: &str) -> Flow {
        self.entries.counts.cancels += 1;
        self.entries.cancelled.push(Cancelled { id, to: to.to_owned() });
        let mut stopped = 0;
        self.shared.exchange.change(|delivery| match delivery {
            Delivery::Receipt(receipt)
                if id.is_none_or(|id| id == receipt.id) && (id.is_some() || *receipt.to == *to) =>
            {
                receipt.outcome = Outcome { state: State::Deleted, ..Outcome::default() };
                stopped += 1;
            }
            _ => {}
        });
        self.entries.counts.stopped += stopped;
        // As far as a centre goes, what has no receipt on its way has been delivered.
        self.plain(head, if stopped > 0 { 0 } else { D::code(Cause::Gone) })
    }

    fn submit(&mut self, head: &Head, submit: &Submit<'_>, moment: Moment<'_>) -> Flow {
        self.submits += 1;
        let unanswered = self.unanswered + self.slow.len() + 1;
        let counts = &mut self.entries.counts;
        counts.submits += 1;
        counts.most_unanswered = counts.most_unanswered.max(unanswered as u64);
        let answer = match self.refusal(unanswered, moment) {
            None => self.judge_numbers(head, submit, moment),
            Some(status) => {
                self.entries.counts.refused += 1;
                let mut answer = Vec::new();
                self.answer_refused(head, status, moment.behaviour, &mut answer);
                answer
            }
        };
        if self.lifetime.is_some_and(|lifetime| self.submits >= lifetime) {
            return Flow::Cut;
        }
        self.answer_when_due(answer, moment);
        Flow::Go
    }

    /// Why no submit is taken now.
    fn refusal(&mut self, unanswered: usize, moment: Moment<'_>) -> Option<u32> {
        if !self.bound.is_some_and(|bound| bound.sends) {
            return Some(D::code(Cause::NotBound));
        }
        if moment.behaviour.window.is_some_and(|window| unanswered > window) {
            self.entries.counts.throttled += 1;
            return Some(D::code(Cause::WindowFull));
        }
        if self.shared.is_too_much(moment.behaviour, moment.now) {
            self.entries.counts.throttled += 1;
            return Some(moment.behaviour.throttle.status.unwrap_or(D::code(Cause::Throttled)));
        }
        None
    }

    fn answer_refused(&self, head: &Head, status: u32, behaviour: &Behaviour, out: &mut Vec<u8>) {
        if behaviour.bare_errors {
            self.dialect.answer(head, status, out);
        } else {
            self.dialect.answer_submit(head, status, Id::default(), &[], behaviour, out);
        }
    }

    /// Judges each number of a submit by the rules; answers what is to be written.
    fn judge_numbers(&mut self, head: &Head, submit: &Submit<'_>, moment: Moment<'_>) -> Vec<u8> {
        let behaviour = moment.behaviour;
        let mut answer = Vec::new();
        let failed = self.failed(submit, behaviour);
        if let Some((_, status)) = failed.first()
            && (!submit.is_multi || failed.len() == submit.to.len())
        {
            self.entries.counts.refused += 1;
            self.answer_refused(head, *status, behaviour, &mut answer);
            return answer;
        }
        let id = D::id(self.shared.next_message(), head, moment.stamp);
        if D::DISCARDS_REPEATED && self.shared.is_repeated(id) {
            self.entries.counts.discarded += 1;
        } else if !self.take_message(id, submit, &failed, moment) {
            self.entries.counts.silenced += 1;
            self.silenced += 1;
            return answer;
        }
        self.entries.counts.taken += 1;
        self.dialect.answer_submit(head, 0, id, &failed, behaviour, &mut answer);
        answer
    }

    /// The numbers a rule refuses, each with its status.
    fn failed<'a>(&self, submit: &Submit<'a>, behaviour: &Behaviour) -> Vec<(&'a str, u32)> {
        let status = |to: &str| behaviour.rule(to).map_or(0, |rule| self.shared.refusal(rule));
        submit.to.iter().map(|to| (*to, status(to))).filter(|(_, status)| *status != 0).collect()
    }

    /// Does with a message what its numbers' rules say; answers whether it is answered.
    fn take_message(&mut self, id: Id, submit: &Submit<'_>, failed: &[(&str, u32)], moment: Moment<'_>) -> bool {
        let mut is_answered = true;
        for to in submit.to.iter().filter(|to| failed.iter().all(|(refused, _)| refused != *to)) {
            let rule = moment.behaviour.rule(to);
            match rule.and_then(|rule| rule.manner).unwrap_or(moment.behaviour.manner) {
                Manner::Lying => self.entries.counts.dropped += 1,
                Manner::Silent => {
                    is_answered = false;
                    self.arrive(submit, to, moment);
                }
                Manner::Honest => {
                    self.arrive(submit, to, moment);
                    self.receipt(id, submit, to, rule, moment);
                }
            }
        }
        is_answered
    }

    fn arrive(&mut self, submit: &Submit<'_>, to: &str, moment: Moment<'_>) {
        let at = moment.now.saturating_duration_since(self.shared.started);
        self.entries.segments.push(Segment::new(submit, to, self.number, at, moment.behaviour.keep));
    }

    fn answer_when_due(&mut self, answer: Vec<u8>, moment: Moment<'_>) {
        if moment.behaviour.answer_after.is_zero() && self.slow.is_empty() {
            self.unanswered += 1;
            self.out.extend(answer);
        } else if !answer.is_empty() {
            self.slow.push_back((moment.now + moment.behaviour.answer_after, answer));
        }
    }

    /// Sends the receipt of a message on its way.
    fn receipt(&mut self, id: Id, submit: &Submit<'_>, to: &str, rule: Option<&Rule>, moment: Moment<'_>) {
        let receipts = &moment.behaviour.receipts;
        let mut outcome = rule.and_then(|rule| rule.outcome.as_ref()).unwrap_or(&receipts.outcome).clone();
        if submit.part.is_some_and(|part| Some(part.number) == receipts.failing_segment) {
            outcome = Outcome { state: State::Undeliverable, error: 1, word: None };
        }
        let wanted = submit.wants_receipt || submit.wants_failures && outcome.state != State::Delivered;
        if !(wanted || receipts.unasked) || receipts.when == When::Never {
            return;
        }
        let receipt = Receipt { id, from: submit.from.into(), to: to.into(), outcome, submitted: moment.stamp };
        if receipts.intermediate {
            let outcome = Outcome { state: State::Enroute, ..Outcome::default() };
            self.send_receipt(Receipt { outcome, ..receipt.clone() }, moment);
        }
        for _ in 0..=u8::from(receipts.twice) {
            self.send_receipt(receipt.clone(), moment);
        }
    }

    fn send_receipt(&mut self, receipt: Receipt, moment: Moment<'_>) {
        let (receipts, delivery) = (&moment.behaviour.receipts, Delivery::Receipt(receipt));
        let here = self.mailbox.is_some() && !receipts.elsewhere;
        let wait = match receipts.when {
            When::BeforeAnswer if here => {
                self.sent.queue.push_back(delivery);
                return self.send();
            }
            When::After { ms } => moment.behaviour.answer_after + Duration::from_millis(ms),
            When::BeforeAnswer | When::Never => Duration::ZERO,
        };
        if here && wait.is_zero() {
            return self.sent.queue.push_back(delivery);
        }
        let way = if receipts.elsewhere { Way::NotBy(self.number) } else { Way::By(self.number) };
        self.shared.exchange.post(moment.now, moment.now + wait, [(way, delivery)]);
    }
}
