//! `/v1/warnings/{id}/sign-off`: how the signatures of a warning stand, and signing.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{
    parameters::WARNING,
    warnings::{READERS, readable, short},
};
use crate::{
    domain::signoff::{Answer as Said, SignFault, Step},
    flow::{
        approve::{SignOffFault, SignOffView, SignOrder},
        authorize::{Actor, Role},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, both},
        problem::{
            Problem,
            ProblemCode::{
                BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, MediaTypeUnsupported, RequestTimeout,
                SignOffNotCarried, SignOffNotOnDuty, SignOffNotWaiting, SignOffRefused, SignOffTextChanged,
                WarningNotFound,
            },
        },
        routes::{Access, RouteSpec},
    },
};

const SIGNERS: &[Role] = &[Role::Approver];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/warnings/{id}/sign-off", Access::roles(READERS), show).described(&SHOW),
        RouteSpec::post("/v1/warnings/{id}/sign-off", Access::roles(SIGNERS), sign).described(&SIGN),
    ]
}

/// What a signer says.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of a body, for the API description; the fields are read one by one")]
pub(in crate::http) struct SignForm {
    step: Step,
    decision: Said,
    /// The digest of what the signer was shown.
    digest: String,
    /// Why; must be there to return or reject.
    reason: Option<String>,
    /// Release at once on this signature; the others follow.
    #[schema(required = false, value_type = bool)]
    emergency: Option<bool>,
}

async fn show(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<SignOffView>, Problem> {
    let view = readable(&site, &actor, &id).await?;
    let sign_off = site.flow.sign_off(&view.id).await?;
    sign_off.map(Json).ok_or_else(|| Problem::new(SignOffNotWaiting))
}

async fn sign(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SignOffView>, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let step = required(&mut fields, "step", &Step::ALL.map(|step| (step.name(), step)));
    let answer = required(&mut fields, "decision", &Said::ALL.map(|answer| (answer.name(), answer)));
    let digest = fields.required_text("digest", 128);
    let reason = fields.text("reason", 500);
    let emergency = fields.flag("emergency");
    fields.end()?;
    let (Some(step), Some(answer)) = (step, answer) else {
        return Err(Problem::internal("step and decision were demanded above"));
    };
    let view = readable(&site, &actor, &id).await?;
    let order = SignOrder { step, answer, reason, digest, emergency };
    let signed = site.flow.sign(&view.id, order, &actor).await?;
    signed.map(Json).ok_or_else(|| Problem::new(WarningNotFound).with("id", short(&id)))
}

/// One of some names that must be there.
fn required<T: Copy>(fields: &mut Fields, name: &str, values: &[(&str, T)]) -> Option<T> {
    let found = fields.one_of(name, values);
    if found.is_none() && !fields.has_problem(name) {
        fields.required_text(name, 64);
    }
    found
}

impl From<SignOffFault> for Problem {
    fn from(fault: SignOffFault) -> Self {
        let why = match fault {
            SignOffFault::NotWaiting | SignOffFault::Refused(SignFault::Over) => return Self::new(SignOffNotWaiting),
            SignOffFault::Refused(SignFault::Outdated { digest }) => {
                return Self::new(SignOffTextChanged).with("digest", digest);
            }
            SignOffFault::NotOnDuty { office, on_duty } => {
                return Self::new(SignOffNotOnDuty).with("office", office).with("on_duty", on_duty.join(", "));
            }
            SignOffFault::NotCarried(findings) => return Self::of_findings(SignOffNotCarried, findings),
            SignOffFault::Unavailable(fault) => return fault.into(),
            SignOffFault::Refused(SignFault::NotThisStep(_)) => "step",
            SignOffFault::Refused(SignFault::Submitter) => "submitter",
            SignOffFault::Refused(SignFault::MadeBySubmitter) => "made-by-submitter",
            SignOffFault::Refused(SignFault::Twice) => "twice",
            SignOffFault::Refused(SignFault::ReasonMissing) => "reason",
            SignOffFault::Refused(SignFault::NoEmergency) => "emergency",
            SignOffFault::Refused(SignFault::Released) => "released",
        };
        Self::new(SignOffRefused).with("why", why)
    }
}

fn example() -> Value {
    json!({
        "warning": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01", "rule": "red-and-orange", "state": "waiting", "step": "sign",
        "steps": ["review", "sign", "office"],
        "given": [{
            "step": "review", "answer": "approve", "person": "李四", "at": "2026-07-15T15:02:00+08:00", "took_s": 95,
            "reason": null, "emergency": false, "deputy_of": null
        }],
        "voided": [], "began_at": "2026-07-15T15:00:25+08:00", "expires_at": "2026-07-15T15:30:25+08:00",
        "second_due_at": null,
        "reminded": [{
            "step": "sign", "at": "2026-07-15T15:02:01+08:00", "persons": ["王五"], "deputies": false,
            "notice": "0198a4c3-1000-7000-8000-1c0c5a9e01b2"
        }],
        "emergency_allowed": true,
        "digest": "sha256:5b0f5a6f0c1e4c0bb6d59d2a3a1b1c0e8f7d6c5b4a39281706f5e4d3c2b1a091",
        "texts": [{
            "channel": "sms", "language": "zh-CN", "title": "暴雨红色预警",
            "text": "【松北预警】松北区防汛抗旱指挥部发布暴雨红色预警"
        }],
        "carried": [{
            "channel": "sms", "language": "zh-CN",
            "routes": [
                {"route": "sms.cmcc", "segments": 1},
                {"route": "sms.cloud", "segments": null, "refusal": "NO-TEMPLATE no approved template for 11B03 red"}
            ]
        }],
        "measures": [{
            "office": "flood", "kind": "report_up", "text_zh": "向上级报告预警发布和已采取的措施",
            "text_en": "report the warning and what has been done", "due_s": 3600, "to": ["哈尔滨市"]
        }]
    })
}

const VIEW: Option<Content> = Some(Content { media_type: "application/json", schema: Some("SignOffView"), example });

static SHOW: Operation = Operation {
    id: "getSignOff",
    tag: "warnings",
    summary: both("签发进行到哪一步", "How the signatures of a warning stand"),
    description: both(
        "每一步由谁在何时说了什么、用了多久；下一步是什么；现在发布会发出的每一段文字，以及签字所指的摘要。",
        "Who said what at each step, when and after how long; what is next; every text as it would go out now, and the \
         digest a signature is about.",
    ),
    parameters: &[WARNING],
    request: &[],
    answers: &[Answer { status: 200, text: both("签发的状态", "The state of the sign-off"), content: VIEW }],
    problems: &[WarningNotFound, SignOffNotWaiting, RequestTimeout],
};

static SIGN: Operation = Operation {
    id: "signWarning",
    tag: "warnings",
    summary: both("签字、退回或否决", "Approve, return or reject"),
    description: both(
        "签的是 digest 所指的文字，一字不差；文字变了要重看重签。提交的人不能签，同一个人不能签两步，提交的人发的密钥也不能签：比的是人。\
         退回和否决要写原因。emergency 为 true 时，签发人一人签字立即发布，其余的签名在规定时间内补上，否则告警。解除不等签字。",
        "A signature is about exactly the texts its digest names; when they change they are read and signed anew. Whoever \
         handed the warning in does not sign it, nobody signs two steps, nor does anybody with a key the submitter made: \
         persons are compared. Returning and rejecting need a reason. With emergency one signature of the step sign or \
         office releases at once, and the others follow within the configured time, or an alarm is raised. Lifts never wait.",
    ),
    parameters: &[WARNING],
    request: &[Content {
        media_type: "application/json",
        schema: Some("SignForm"),
        example: || {
            json!({
                "step": "sign", "decision": "approve",
                "digest": "sha256:5b0f5a6f0c1e4c0bb6d59d2a3a1b1c0e8f7d6c5b4a39281706f5e4d3c2b1a091"
            })
        },
    }],
    answers: &[Answer { status: 200, text: both("签字之后的状态", "The state after it"), content: VIEW }],
    problems: &[
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        WarningNotFound,
        RequestTimeout,
        SignOffNotCarried,
        SignOffNotOnDuty,
        SignOffNotWaiting,
        SignOffRefused,
        SignOffTextChanged,
        BodyTooLarge,
        MediaTypeUnsupported,
    ],
};
