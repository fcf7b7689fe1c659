//! People, not messages: who was reached by what first, ladders, alarms, forecasts; on a clock that is advanced by
//! sleeping.

mod alarms;
mod api;
mod forecast;
mod ladder;
mod reach;
