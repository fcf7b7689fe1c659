//! The written specification of an adapter, in the words of RFC 2119. Rules marked **(checked)** are executed by the
//! `conformance` suite, which names them by their number; the others are for the reader of an adapter.
//!
//! # What an adapter is
//!
//! - **S1** An adapter MUST make one attempt for each item of a submit: no retries of its own beyond S2, no pacing, no
//!   queue that outlives the submit, no counting. The engine schedules.
//! - **S2** An adapter MAY repeat what it did before anything of the item reached the provider: open a new connection when
//!   a kept one turned out to be dead, fetch a new token when the old one ran out. Once.
//! - **S3** An adapter MUST know no warnings, recipients or levels beyond what [`Batch`](crate::Batch) says, and MUST NOT
//!   read the clock for decisions: the engine decides whether something is still worth sending.
//! - **S4** [`profile`](crate::Adapter::profile) MUST be constant for the life of the adapter, and its numbers MUST be at
//!   least 1. **(checked)**
//! - **S6** [`carries`](crate::Adapter::carries) MUST be constant, and an adapter that shares its channel with others SHOULD
//!   refuse kinds that are theirs; an address of a kind it does not carry is not offered to it.
//! - **S5** An adapter MUST allow concurrent calls of every method. **(checked)**
//!
//! # One attempt
//!
//! - **S10** A submit that returns `Ok` MUST return exactly one verdict per item, in the order of the items.
//!   **(checked)**
//! - **S11** An empty batch MUST be answered with no verdicts, without a call to the provider, and never with a fault other
//!   than that of S41. **(checked)**
//! - **S12** Batches of up to [`batch_max`](crate::Profile::batch_max) items MUST be carried **(checked)**. More are not
//!   offered; an adapter that gets more anyway MUST NOT panic, and either carries them all or answers with a fault.
//!   **(checked)** It is not required to split.
//! - **S13** The same [`Token`](crate::Token) MUST give the same repeat key at the provider on every attempt, when
//!   [`Deduplication::ByToken`](crate::Deduplication::ByToken) is claimed, and tokens that differ in their round alone
//!   MUST give different ones.
//! - **S14** Text MUST go out unaltered: never shortened, never rewritten beyond the encoding of the channel. Where it does
//!   not fit, its signed [`short`](crate::Content::short) form goes out if that fits; else the answer MUST be
//!   [`RefusedContent`](crate::Verdict::RefusedContent) for every item. **(checked for
//!   [`text_max`](crate::Profile::text_max))** A provider that carries approved templates only gets one that the settings
//!   chose by [`values`](crate::Content::values).
//! - **S15** A submit MUST return within its budget; a grace of one second is tolerated. **(checked)** What was written and
//!   not answered is [`InDoubt`](crate::Verdict::InDoubt), what was not written is
//!   [`Transient`](crate::Verdict::Transient).
//! - **S16** Dropping the future of a submit MUST leave the adapter usable: the next submit works. **(checked)**
//! - **S17** References of accepted items MUST be unique per delivery within the route, as long as receipts are to be
//!   expected. **(checked)** Without receipts the reference SHOULD still be given when the provider says one.
//! - **S18** An adapter that carries submits over a bounded number of links of its own, two or more, MUST NOT let batches
//!   that are not [`urgent`](crate::Batch::urgent) occupy all of them: an urgent one never waits for the answer to another
//!   kind. Where there is one link, urgent batches SHOULD be the next to get it.
//!
//! - **S19** [`fit`](crate::Adapter::fit) MUST be pure, and MUST refuse exactly the content that a submit would refuse for
//!   its length or for want of a template. **(checked)**
//!
//! # Classifying the answer
//!
//! - **S20** A verdict says who is at fault and whether the outcome is known; it MUST NOT depend on how often the item was
//!   tried.
//! - **S21** [`RefusedRecipient`](crate::Verdict::RefusedRecipient) MUST mean that nothing we change makes this address
//!   reachable: the directory may stop using it.
//! - **S22** [`RefusedContent`](crate::Verdict::RefusedContent) MUST mean that every address would be answered the same:
//!   the engine stops the plan on this route.
//! - **S23** [`Misconfigured`](crate::Verdict::Misconfigured) MUST mean that a person has to act (password, signature,
//!   balance, permission): the engine stops the route and keeps its queue.
//! - **S24** [`Throttled`](crate::Verdict::Throttled) MUST carry the provider's own waiting time when it says one, and the
//!   narrowest scope that is known.
//! - **S25** [`InDoubt`](crate::Verdict::InDoubt) MUST be used when, and only when, the provider may have taken the item.
//! - **S26** An answer that is not in the adapter's tables MUST become [`Transient`](crate::Verdict::Transient) with the
//!   raw code in the [`Cause`](crate::Cause); it MUST NOT become a refusal by guess.
//! - **S27** A [`Fault`](crate::Fault) MUST be used only when it holds for every item of the batch.
//! - **S28** Tables of provider codes SHOULD be data in one place.
//!
//! # Receipts
//!
//! - **S30** [`read_callback`](crate::Adapter::read_callback) MUST be pure: the same call gives the same answer, and
//!   nothing changes. **(checked)** It MUST NOT panic on any bytes, and its cost MUST be bounded by their number.
//!   **(checked)**
//! - **S31** A callback whose signature can be verified MUST be verified before anything of it is believed. One that does
//!   not fit is [`Forged`](crate::CallbackFault::Forged), or with
//!   [`SignatureCheck::Observe`](crate::SignatureCheck::Observe) read on; its receipts, and those of providers without
//!   signatures, are [`Origin::Unsigned`](crate::Origin::Unsigned).
//! - **S32** A link that pushes receipts MUST acknowledge one to the provider only after
//!   [`ReceiptSink::accept`](crate::ReceiptSink::accept) returned `Ok`.
//!   The same holds for replies and [`ReceiptSink::reply`](crate::ReceiptSink::reply).
//! - **S33** Receipts MUST be passed on as they come: late, twice, out of order, before the answer to the submit. The
//!   engine merges them.
//!
//! # Life
//!
//! - **S40** [`probe`](crate::Adapter::probe) MUST have no effect a person could notice, and SHOULD go as far as the
//!   provider allows without one (connect, log in). **(checked as far as that it succeeds, and that submits work after
//!   it)**
//! - **S41** [`close`](crate::Adapter::close) MUST be idempotent, MUST return within five seconds, and MUST end every task
//!   the adapter started **(checked, except the tasks)**. A submit after it is answered with
//!   [`Fault::Transient`](crate::Fault::Transient). **(checked)**
//!
//! # Discretion
//!
//! - **S50** An address MUST NOT appear in a [`Cause`](crate::Cause), an error, a log line or a metric; provider texts that
//!   quote it are cut or masked. **(checked for causes)**
//! - **S51** Secrets MUST come from files named in the settings, and MUST NOT appear in `Debug`, logs or URLs.
//! - **S52** Everything read from a provider MUST be bounded in size before it is kept.
//!
//! # Settings
//!
//! - **S60** Settings MUST refuse unknown keys, MUST document every key with its unit and default, and MUST report every
//!   problem found at once.
