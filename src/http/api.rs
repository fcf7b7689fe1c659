//! The API for programs, one noun a file. Each file lists its routes with who may use them and what the description of
//! the API says about them.

mod alarms;
mod analysis;
mod callbacks;
mod calls;
mod confirm;
mod drills;
mod education;
mod events;
mod inbox;
mod keys;
mod measures;
mod national;
mod notices;
mod operations;
mod parameters;
mod partners;
mod plays;
mod preflight;
mod progress;
mod receipts;
mod recipients;
mod retry;
mod roster;
mod routes;
mod screens;
mod sign_off;
mod suppressions;
mod unsubscribe;
mod warnings;

pub(in crate::http) use self::{
    alarms::{AlarmDocument, AlarmList, sentence},
    analysis::{ANALYSTS, AnalysisDocument, Asked, OverlapDocument},
    calls::{CONFIRMERS, CallConfirmation, NOTE_MAX, TELEPHONISTS},
    confirm::ConfirmDocument,
    drills::DrillList,
    education::{LessonList, read as read_lesson},
    inbox::{DECIDERS, Dismissal, INBOX_READERS, InboxDocument, InboxList, REASON_MAX},
    keys::{KeyForm, KeyList},
    measures::{MEASURE_NOTE_MAX, MeasureForm, TaskList, measure_problem},
    notices::NoticeList,
    operations::Health,
    partners::PartnerList,
    plays::PlayList,
    progress::Timeline,
    recipients::{ImportDocument, LineDocument},
    retry::{ORDERERS, RetryOrder},
    roster::RosterForm,
    routes::{LimitOrder, Pause, ProbeResult, RouteList},
    screens::ScreenList,
    sign_off::SignForm,
    warnings::PreflightDocument,
};
use super::routes::RouteSpec;

/// Every route of the API.
#[must_use]
pub fn routes() -> Vec<RouteSpec> {
    let nouns = [
        warnings::routes(),
        national::routes(),
        preflight::routes(),
        drills::routes(),
        alarms::routes(),
        inbox::routes(),
        partners::routes(),
        analysis::routes(),
        progress::routes(),
        sign_off::routes(),
        notices::routes(),
        plays::routes(),
        calls::routes(),
        measures::routes(),
        roster::routes(),
        retry::routes(),
        receipts::routes(),
        confirm::routes(),
        unsubscribe::routes(),
        callbacks::routes(),
        events::routes(),
        recipients::routes(),
        suppressions::routes(),
        screens::routes(),
        education::routes(),
        routes::routes(),
        keys::routes(),
        operations::routes(),
    ];
    nouns.into_iter().flatten().collect()
}
