//! The schemas of bodies, from the types that are read and written, brought into a form that code generators take.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::{
    domain::{
        analysis::{Group, Reach, Spread, Tally},
        call::{By, How},
        measures::{MeasureKind, MeasureState, Planned},
        roster::{Duty, Officer, ShiftForm},
        signoff::Beyond,
    },
    flow::{
        alarms::AlarmView,
        approve::{GivenView, RemindedView, SignOffView},
        authorize::{KeyView, NewKey, Role},
        call::{CallCounts, CallView, CallsView},
        deliver::RouteLimits,
        drills::DrillView,
        exact::SignedText,
        fit::{CarriedText, RouteText},
        forecast::{ChannelForecast, Conflict, ConflictKind, Forecast, RunningForecast, StreetForecast, UsualAudience},
        inbox::{InboxItem, InboxState},
        intake::{Correct, Lift, WarningView},
        measures::{MeasureView, MeasuresView, TaskView},
        notice::{About, Addressee, NoticeDelivery, NoticeKind, NoticeOf, NoticeView, ToldView, Unreached},
        partners::{PartnerTest, PartnerView},
        preflight::PreflightText,
        receipt::ReceiptLine,
        retry::{Retried, RetriedChannel},
        roster::{OfficeView, OnDutyView, RosterSource, RosterView},
        screens::{Lesson, PlayView, Screen, ScreenView, SilenceView},
        status::{
            CanaryView, ChannelStatus, DeliveryView, Event, People, RouteView, StatusView, TimelineEntry, UseView,
            WindowView,
        },
        subscribe::{Subscription, SubscriptionKeys},
        suppress::SuppressionView,
        target::directory::RecipientView,
        upstream::UpstreamView,
    },
    http::{api, problem, public},
};

#[derive(OpenApi)]
#[openapi(components(schemas(
    About,
    Addressee,
    AlarmView,
    Beyond,
    CanaryView,
    CarriedText,
    ChannelForecast,
    ChannelStatus,
    Conflict,
    ConflictKind,
    DeliveryView,
    DrillView,
    Duty,
    Event,
    Forecast,
    GivenView,
    Group,
    InboxItem,
    InboxState,
    KeyView,
    Lesson,
    Lift,
    Correct,
    MeasureKind,
    MeasureState,
    MeasureView,
    MeasuresView,
    NewKey,
    NoticeDelivery,
    NoticeKind,
    By,
    CallCounts,
    CallView,
    CallsView,
    How,
    NoticeOf,
    NoticeView,
    Officer,
    OfficeView,
    OnDutyView,
    PartnerTest,
    PartnerView,
    People,
    Planned,
    PlayView,
    PreflightText,
    Reach,
    ReceiptLine,
    RecipientView,
    RemindedView,
    Retried,
    RetriedChannel,
    Role,
    RosterSource,
    RosterView,
    RouteLimits,
    RouteText,
    RouteView,
    RunningForecast,
    Screen,
    ScreenView,
    ShiftForm,
    SignOffView,
    SilenceView,
    SignedText,
    Spread,
    StatusView,
    StreetForecast,
    Subscription,
    SubscriptionKeys,
    SuppressionView,
    Tally,
    TaskView,
    TimelineEntry,
    ToldView,
    Unreached,
    UpstreamView,
    UseView,
    UsualAudience,
    WarningView,
    WindowView,
    api::LessonList,
    api::PlayList,
    api::AlarmDocument,
    api::AlarmList,
    api::AnalysisDocument,
    api::CallConfirmation,
    api::ConfirmDocument,
    api::DrillList,
    api::Dismissal,
    api::Health,
    api::InboxDocument,
    api::InboxList,
    api::PartnerList,
    api::KeyList,
    api::KeyForm,
    api::LineDocument,
    api::ImportDocument,
    api::LimitOrder,
    api::MeasureForm,
    api::NoticeList,
    api::OverlapDocument,
    api::Pause,
    api::PreflightDocument,
    api::ProbeResult,
    api::RetryOrder,
    api::RosterForm,
    api::RouteList,
    api::ScreenList,
    api::SignForm,
    api::TaskList,
    api::Timeline,
    problem::FieldDocument,
    problem::ProblemDocument,
    public::PushLeave,
    public::PushOrder,
)))]
struct Schemas;

/// Every schema by name.
pub(super) fn schemas() -> Value {
    let document = serde_json::to_value(Schemas::openapi()).unwrap_or_default();
    let mut schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    for (page, item) in [
        ("WarningPage", "WarningView"),
        ("DeliveryPage", "DeliveryView"),
        ("RecipientPage", "RecipientView"),
        ("SuppressionPage", "SuppressionView"),
    ] {
        schemas[page] = page_of(item);
    }
    schemas["WarningOrPreflight"] = json!({
        "description": "The warning that stands, or what a dry run found.",
        "oneOf": [reference("WarningView"), reference("PreflightDocument")]
    });
    schemas["EventStream"] = json!({
        "description": "Server-Sent Events; every data line is an Event.",
        "type": "string",
        "contentMediaType": "text/event-stream",
        "contentSchema": reference("Event")
    });
    schemas["ReceiptStream"] = json!({
        "description": "NDJSON; every line that is not empty is a ReceiptLine.",
        "type": "string",
        "contentMediaType": "application/x-ndjson",
        "contentSchema": reference("ReceiptLine")
    });
    let named = schemas.as_object().cloned().unwrap_or_default();
    for schema in schemas.as_object_mut().into_iter().flat_map(Map::values_mut) {
        merge_parts(schema, &named);
    }
    flatten_null(&mut schemas, &named);
    // Merged into the document that carries its advice too.
    schemas.as_object_mut().map(|schemas| schemas.remove("Preflight"));
    schemas
}

/// The schema of this name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A structure made of others has all of their fields: said outright, since a part that knows no further fields would
/// refuse those of its neighbours.
fn merge_parts(schema: &mut Value, named: &Map<String, Value>) {
    let Some(Value::Array(parts)) = schema.as_object_mut().and_then(|fields| fields.remove("allOf")) else { return };
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in &parts {
        let part = part["$ref"].as_str().and_then(|path| named.get(path.rsplit('/').next()?)).unwrap_or(part);
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    schema["type"] = json!("object");
    schema["properties"] = properties.into();
    schema["required"] = required.into();
}

fn page_of(item: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": reference(item)},
            "next": {"type": ["string", "null"], "description": "Pass it back as cursor for the next page; null at the end"}
        }
    })
}

/// Generators break on a choice between null and a schema, so the schema itself is told to allow null.
fn flatten_null(value: &mut Value, named: &Map<String, Value>) {
    if let Some(nullable) = nullable(value, named) {
        *value = nullable;
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|field| flatten_null(field, named)),
        Value::Array(items) => items.iter_mut().for_each(|item| flatten_null(item, named)),
        _ => {}
    }
}

fn nullable(value: &Value, named: &Map<String, Value>) -> Option<Value> {
    let [one, two] = value.get("oneOf")?.as_array()?.as_slice() else { return None };
    let null = json!({"type": "null"});
    let other = match (*one == null, *two == null) {
        (true, false) => two,
        (false, true) => one,
        _ => return None,
    };
    let name = other.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    let mut schema = name.map_or_else(|| Some(other.clone()), |name| named.get(name).cloned())?;
    let kind = schema.get("type")?.clone();
    schema["type"] = json!([kind, "null"]);
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    if let Some(description) = value.get("description").or_else(|| other.get("description")) {
        schema["description"] = description.clone();
    }
    Some(schema)
}
