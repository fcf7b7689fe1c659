//! Fenghuo 烽火: takes a warning from a specialist headquarters and gets it to everyone concerned, on every channel, in
//! the right order, exactly as signed, and can prove what happened.
//!
//! This page is the map. It says what is where, what must stay absent from where, and walks three warnings through.
//!
//! # The way
//!
//! ```text
//! intake → authorize → approve → target → render → schedule → deliver → receipt → status
//! ```
//!
//! One file each in [`flow`], in this order. A stage ends by committing a record; the next starts from that record, so
//! a restart, a crash and a second node use the ordinary path. What a caller waits for (intake and authority) is asked in one request;
//! everything after "received" is driven from stage to stage in the background.
//!
//! | question | look at |
//! | --- | --- |
//! | what is a warning, and what must it keep? | [`domain::message`], [`domain::rules`], [`domain::warning`] |
//! | how is CAP read and written? | [`domain::cap`]; our JSON: [`domain::json`]; the national form: [`domain::national`] |
//! | who may say what? | [`flow::authorize`]; the powers: `config/authority.toml` |
//! | who has to sign it? | [`domain::signoff`] (rules), [`flow::approve`] |
//! | drill or the real thing, and what may each use? | [`domain::purpose`] (types and the one gate); drills for later: [`flow::drills`] |
//! | who gets it? | [`flow::target`], [`flow::target::directory`] |
//! | in which words? | [`flow::render::templates`] |
//! | in which order, how fast? | [`flow::schedule`] |
//! | what is tried again, what is given up? | [`flow::deliver`] |
//! | what does a provider's answer mean? | `fenghuo_contract::Verdict`, and the adapter that gives it |
//! | what became of a delivery? | [`domain::delivery`] (rules), [`flow::receipt`], [`flow::status`] |
//! | what must a screen show now? | [`flow::screens`] |
//! | what stands on disk? | [`store`] (contract), [`store::embedded`] (SQLite), [`store::redis`] (several nodes), [`flow::record`] (our records) |
//! | who does what when several nodes share a store? | [`store`] (`Cluster`), `src/flow/nodes.rs` |
//! | which route answers a request, and for whom? | [`http::routes`] and the matrix in `tests/access.rs` |
//! | what does a code mean? | [`messages`], `fenghuo explain CODE` |
//! | how is it put together? | [`app`]; concrete adapters are named in [`app::adapters`] alone |
//!
//! # What must stay absent
//!
//! A test reads the source tree and holds these (`tests/house.rs`).
//!
//! - [`domain`] has no async, no input or output, no clock and no chance. Time is an argument.
//! - Nothing but [`clock`] reads time or randomness, nothing but [`config`] reads the environment.
//! - A stage never calls a later stage: it would not happen again after a crash.
//! - [`store`] knows no warning; [`http`] knows neither store nor adapter; adapters know no warning, pace nothing and
//!   retry nothing; the engine knows no provider.
//! - There is no row per delivery. A plan is a frozen bitmap of directory rows; a delivery is named (plan, rank); its
//!   state is a byte in memory, rebuilt from the journal.
//! - Nothing is acknowledged before it is durable: not a warning, not an outcome, not a receipt.
//!
//! # A warning goes out
//!
//! `POST /v1/warnings` reads the bytes (large ones on a blocking thread), checks every rule, asks for authority, and
//! commits record, bytes and identity in one write; the answer leaves after fsync. The driver asks for signatures where a
//! rule wants them and releases it (`approve`), freezes an audience per channel (`target`) and the words per language
//! (`render`), and lets the plans into their lanes
//! (`schedule`). Each route has one consumer: it looks at the highest lane that has work for it, pays its pacer, claims
//! a slice of at most 256 deliveries, and hands it to a task. The task records a lease, looks once more whether the
//! warning still stands and the route is permitted for its purpose, makes one attempt through the adapter, and journals
//! the outcomes as
//! one packed blob. Only then do they count.
//!
//! # A provider throttles us
//!
//! The adapter answers `Throttled`; the slice's deliveries go back to their lane without having counted as attempts. The
//! route rests for as long as the provider said, halves its rate, and recovers in steps. `Misconfigured` stops the route
//! and keeps its queue; the next route of the channel carries on. `Transient` is tried again with jittered back-off
//! until tries or time are used up.
//!
//! # The process dies
//!
//! At start the records of warnings and plans are read and the journal is replayed over them, from the lowest row that a
//! plan in memory needs. Deliveries that were leased and have no outcome may have been sent: they are sent again and
//! marked as possibly doubled. Everything else goes on from where its last record stands.
//!
//! # A warning is over
//!
//! When it finished, stands no more and no receipt is awaited, its plans leave memory (`flow/retention.rs`): states, the
//! last word about each delivery and an index of references become one sorted block of the store, valid with the head
//! that is written last (`flow/projection/fold.rs`, `block.rs`). Whoever asks recalls the plan (`recall.rs`) and gets the
//! same answers. A receipt that comes after brings the plan back; it is folded again later. The journal is never cut.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod flow;
pub mod http;
pub mod lifecycle;
pub mod messages;
pub mod store;
pub mod telemetry;
