//! What may be written: every key, by table, with the form of its value. A test keeps it equal to the structs of
//! [`super`] and to the sample files.

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A table with these keys and no others.
    Table(&'static [Field]),
    /// A table whose keys are names of people's choosing, each with a value of this form.
    Names(&'static Shape),
    /// A table of area codes, each with its name.
    Areas,
    /// A table an adapter reads; any key.
    Free,
    /// A list of tables, each of this form.
    Tables(&'static Shape),
    /// IP address and port.
    Address,
    /// Bytes, as a number or as `"1 MiB"`.
    Size,
    /// A path, relative to the file it stands in.
    Path,
    Text,
    Texts,
    /// Paths, relative to the file they stand in.
    Paths,
    Bool,
    /// A whole number, not negative.
    Count,
    /// Any number.
    Number,
    /// Seconds, with a fraction where wanted, not negative.
    Seconds,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words.
    Words(&'static [&'static str]),
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// Must be written: there is no default.
    pub(super) required: bool,
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false }
}

const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true }
}

const LEVELS: &[&str] = &["red", "orange", "yellow", "blue", "unknown"];
const PUBLIC_LANGUAGES: &[&str] = &["zh-CN", "en", "ru"];
const CHANNELS: &[&str] = &["sms", "wechat", "push", "email", "display", "broadcast", "webhook"];

/// The whole configuration.
pub(super) const ROOT: Shape = Shape::Table(&[
    field("server", SERVER),
    field("store", STORE),
    field("texts", TEXTS),
    field("delivery", DELIVERY),
    field("receipts", RECEIPTS),
    field("drills", DRILLS),
    field("screens", SCREENS),
    field("public", PUBLIC),
    field("retry", Shape::Names(&RETRY)),
    field("limits", LIMITS),
    field("ladder", Shape::Names(&LADDER)),
    field("alarms", ALARMS),
    field("retention", RETENTION),
    field("routes", Shape::Names(&ROUTE)),
    field("issuers", Shape::Names(&ISSUER)),
    field("sign_off", Shape::Names(&SIGN_OFF)),
    field("call", Shape::Names(&CALL)),
    field("sign_off_reminders", SIGN_OFF_REMINDERS),
    field("roster", Shape::Names(&Shape::Tables(&SHIFT))),
    field("witnesses", WITNESSES),
    field("measures", Shape::Tables(&MEASURES)),
    field("tasks", TASKS),
    field("authority", AUTHORITY),
    field("areas", Shape::Areas),
    field("hazards", Shape::Names(&HAZARD)),
    field("partners", Shape::Names(&PARTNER)),
    field("upstreams", Shape::Names(&UPSTREAM)),
]);

/// The key of the main file that names further files; it is no setting itself.
pub(super) const INCLUDE: &str = "include";

const SERVER: Shape = Shape::Table(&[
    field("listen", Shape::Address),
    field("public_url", Shape::Text),
    field("body_max", Shape::Size),
    field("stop_within_s", Shape::Seconds),
]);

const STORE: Shape = Shape::Table(&[field("data", Shape::Path), field("reserve", Shape::Size)]);

const TEXTS: Shape = Shape::Table(&[
    field("templates", Shape::Path),
    field("signature", Shape::Text),
    field("languages", Shape::Texts),
    field("short_code", Shape::Words(CHANNELS)),
    field("screen_reading_s", Shape::Seconds),
]);

const DELIVERY: Shape = Shape::Table(&[
    field("repeat_in_doubt", Shape::Words(LEVELS)),
    field("default_validity_s", Shape::Seconds),
    field("lift_validity_s", Shape::Seconds),
]);

const RECEIPTS: Shape = Shape::Table(&[
    field("unknown_keep_s", Shape::Seconds),
    field("unknown_max", Shape::Count),
    field("confirm_links", Shape::Words(CHANNELS)),
    field("confirm_words", Shape::Texts),
    field("drill_confirm_words", Shape::Texts),
    field("follower_areas", Shape::Texts),
    field("opt_out_words", Shape::Texts),
    field("opt_in_words", Shape::Texts),
    field("current_words", Shape::Texts),
    field("suppress_days", Shape::Count),
]);

const DRILLS: Shape = Shape::Table(&[field("late_s", Shape::Seconds), field("waiting_max", Shape::Count)]);

const SCREENS: Shape = Shape::Table(&[field("key_generation", Shape::Count), field("silent_after_s", Shape::Seconds)]);

const PUBLIC: Shape = Shape::Table(&[
    field("title", Shape::Text),
    field("contact", Shape::Text),
    field("languages", Shape::Words(PUBLIC_LANGUAGES)),
    field("push_route", Shape::Text),
    field("email_subscriptions", Shape::Bool),
]);

const RETRY: Shape = Shape::Table(&[
    field("first_s", Shape::Seconds),
    field("longest_s", Shape::Seconds),
    field("factor", Shape::Number),
    field("attempts_max", Shape::Count),
    field("in_doubt_max", Shape::Count),
]);

const RATE_UNIT: Shape = Shape::Word(&["recipients", "messages", "segments", "calls"]);

const LIMITS: Shape = Shape::Table(&[
    field("channel", Shape::Names(&LIMIT)),
    field("issuer", Shape::Names(&LIMIT)),
    field("recipient", Shape::Names(&RECIPIENT_LIMIT)),
]);

const LIMIT: Shape = Shape::Table(&[
    field("rate_per_s", Shape::Count),
    field("per_minute", Shape::Count),
    field("per_day", Shape::Count),
    field("rate_unit", RATE_UNIT),
    field("hard_cap", Shape::Bool),
    field("red_share", Shape::Number),
]);

const RECIPIENT_LIMIT: Shape = Shape::Table(&[
    field("per_hour", Shape::Count),
    field("per_day", Shape::Count),
    field("up_to", Shape::Word(LEVELS)),
]);

const LADDER: Shape = Shape::Table(&[
    required("channels", Shape::Words(CHANNELS)),
    field("wait_s", Shape::Seconds),
    field("until", Shape::Word(&["accepted", "delivered", "confirmed"])),
]);

const ALARMS: Shape = Shape::Table(&[
    field("stuck_s", Shape::Seconds),
    field("no_route_s", Shape::Seconds),
    field("red_paused_s", Shape::Seconds),
    field("slow_factor", Shape::Number),
    field("slow_share", Shape::Number),
    field("missing_share", Shape::Number),
    field("receipts_wait_s", Shape::Seconds),
    field("clear_s", Shape::Seconds),
]);

const RETENTION: Shape = Shape::Table(&[
    field("fold_after_s", Shape::Seconds),
    field("receipts_wait_s", Shape::Seconds),
    field("details_days", Shape::Count),
]);

const ROUTE: Shape = Shape::Table(&[
    required("channel", Shape::Word(CHANNELS)),
    required("adapter", Shape::Text),
    field("drill", Shape::Bool),
    field("actual", Shape::Bool),
    field("rate_per_s", Shape::Count),
    field("rate_unit", RATE_UNIT),
    field("per_minute", Shape::Count),
    field("per_day", Shape::Count),
    field("hard_cap", Shape::Bool),
    field("red_share", Shape::Number),
    field("batch", Shape::Count),
    field("window", Shape::Count),
    field("red_window", Shape::Count),
    field("timeout_s", Shape::Seconds),
    field("callback_secret_file", Shape::Path),
    field("callback_signatures", Shape::Word(&["observe", "enforce"])),
    field("standby", Shape::Bool),
    field("canary_s", Shape::Seconds),
    field("breaker", BREAKER),
    field("cost_per_unit", Shape::Number),
    field("settings", Shape::Free),
]);

const BREAKER: Shape = Shape::Table(&[
    field("faults", Shape::Count),
    field("share", Shape::Number),
    field("attempts", Shape::Count),
    field("span_s", Shape::Seconds),
]);

const ISSUER: Shape = Shape::Table(&[
    required("name", Shape::Text),
    field("senders", Shape::Texts),
    required("hazards", Shape::Texts),
    required("levels", Shape::Words(LEVELS)),
    required("areas", Shape::Texts),
    field("relay", Shape::Bool),
    field("audience_max", Shape::Count),
]);

const SIGN_OFF: Shape = Shape::Table(&[
    field("hazards", Shape::Texts),
    required("levels", Shape::Words(LEVELS)),
    field("issuers", Shape::Texts),
    field("drills", Shape::Bool),
    required("steps", Shape::Words(&["review", "sign", "office"])),
    field("expires_s", Shape::Seconds),
    field("second_within_s", Shape::Seconds),
]);

const CALL: Shape = Shape::Table(&[
    field("hazards", Shape::Texts),
    required("levels", Shape::Words(LEVELS)),
    field("issuers", Shape::Texts),
    field("drills", Shape::Bool),
    field("groups", Shape::Texts),
    field("offices", Shape::Texts),
    field("channels", Shape::Words(CHANNELS)),
    field("confirm_within_s", Shape::Seconds),
    field("deputy_after_s", Shape::Seconds),
    field("telephone_after_s", Shape::Seconds),
]);

const SIGN_OFF_REMINDERS: Shape = Shape::Table(&[
    field("first_s", Shape::Seconds),
    field("every_s", Shape::Seconds),
    field("deputy_after_s", Shape::Seconds),
    field("expiring_s", Shape::Seconds),
    field("channels", Shape::Words(CHANNELS)),
]);

const SHIFT: Shape = Shape::Table(&[
    required("person", Shape::Text),
    required("recipient", Shape::Text),
    required("roles", Shape::Words(&["review", "sign", "office", "duty"])),
    field("from", Shape::Text),
    field("until", Shape::Text),
    field("days", Shape::Words(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"])),
    field("hours", Shape::Text),
    field("deputies", Shape::Tables(&OFFICER)),
]);

const OFFICER: Shape = Shape::Table(&[required("person", Shape::Text), required("recipient", Shape::Text)]);

const WITNESSES: Shape = Shape::Table(&[
    field("tell", Shape::Words(&["release", "lift", "grant"])),
    field("levels", Shape::Words(LEVELS)),
    field("channels", Shape::Words(CHANNELS)),
    field("valid_s", Shape::Seconds),
]);

const MEASURES: Shape = Shape::Table(&[
    required("hazards", Shape::Texts),
    required("levels", Shape::Words(LEVELS)),
    required("items", Shape::Tables(&MEASURE)),
]);

const MEASURE: Shape = Shape::Table(&[
    required("office", Shape::Text),
    field("kind", Shape::Word(&["duty", "report_up", "notify_neighbours"])),
    required("text_zh", Shape::Text),
    required("text_en", Shape::Text),
    required("due_s", Shape::Seconds),
]);

const TASKS: Shape = Shape::Table(&[
    field("remind_before_s", Shape::Seconds),
    field("neighbours", Shape::Texts),
    field("channels", Shape::Words(CHANNELS)),
]);

const AUTHORITY: Shape = Shape::Table(&[
    field("private_hazards", Shape::Texts),
    field("hazards", Shape::Names(&POWER)),
    field("issuers", Shape::Names(&GRANTS)),
]);

const POWER: Shape = Shape::Table(&[
    field("levels", Shape::Words(LEVELS)),
    field("relay_only", Shape::Bool),
    field("originators", Shape::Texts),
    field("public", Shape::Bool),
    field("superior", Shape::Text),
]);

const GRANTS: Shape = Shape::Names(&GRANT);

const GRANT: Shape = Shape::Table(&[field("levels", Shape::Words(LEVELS)), field("areas", Shape::Texts)]);

const HAZARD: Shape = Shape::Table(&[
    required("zh", Shape::Text),
    required("en", Shape::Text),
    required("class", Shape::Word(&["natural", "accident", "health", "social"])),
]);

const PARTNER: Shape = Shape::Table(&[
    required("url", Shape::Text),
    field("secret_files", Shape::Paths),
    field("hazards", Shape::Texts),
    field("levels", Shape::Words(LEVELS)),
    field("areas", Shape::Texts),
    field("drills", Shape::Bool),
    field("active", Shape::Bool),
    field("allow_private", Shape::Texts),
    field("ca_file", Shape::Path),
    field("timeout_s", Shape::Seconds),
    field("ping_s", Shape::Seconds),
]);

const UPSTREAM: Shape = Shape::Table(&[
    required("url", Shape::Text),
    required("format", Shape::Word(&["cap", "atom", "rss", "national"])),
    field("every_s", Shape::Seconds),
    field("hazards", Shape::Texts),
    field("areas", Shape::Texts),
    field("senders", Shape::Texts),
    required("issuer", Shape::Text),
    field("rule", Shape::Word(&["relay", "wait"])),
    field("active", Shape::Bool),
    field("silent_after", Shape::Count),
    field("allow_private", Shape::Texts),
    field("ca_file", Shape::Path),
    field("timeout_s", Shape::Seconds),
]);

impl Shape {
    /// The fields of a table of fixed keys.
    #[cfg(test)]
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::Table(fields) => fields,
            _ => &[],
        }
    }

    /// The word messages use for it: `config-form-{word}`.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Table(_) | Self::Names(_) | Self::Areas | Self::Free => "table",
            Self::Tables(_) => "tables",
            Self::Address => "address",
            Self::Size => "size",
            Self::Path => "path",
            Self::Text => "text",
            Self::Texts | Self::Paths => "texts",
            Self::Bool => "bool",
            Self::Count => "count",
            Self::Number => "number",
            Self::Seconds => "seconds",
            Self::Word(_) => "word",
            Self::Words(_) => "words",
        }
    }
}
