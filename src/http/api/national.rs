//! The national 12379 form: a warning given out in it, with its attachments in a zip, and its reply to one who hands a
//! warning in.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Uri,
        header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    parameters::WARNING,
    warnings::{READERS, readable, short},
};
use crate::{
    domain::{
        finding::Finding,
        message::{Message, MessageRef, NamedValue},
        national::{self, Attachment, parameter},
    },
    flow::{
        authorize::Actor,
        intake::{Submitted, WarningView},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{NationalFormRefused, ParameterWrong, WarningNotFound},
        },
        routes::{Access, RouteSpec},
    },
    messages::{self, Lang},
};

/// Names what of a warning is not in its form: JSON pointers with commas between.
const UNSAID: HeaderName = HeaderName::from_static("fenghuo-unsaid");

const XML: &str = "application/xml; charset=utf-8";

const ZIP: &str = "application/zip";

/// Means of release the platform's rules name; it may have others.
const METHODS: [&str; 9] = ["SMS", "LED", "SPEAKER", "TV", "BROADCAST", "WEB", "PHONE", "FAX", "RECORD"];

/// Means of release in one address.
const METHODS_MAX: usize = 16;

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![RouteSpec::get("/v1/warnings/{id}/national", Access::roles(READERS), show).described(&NATIONAL)]
}

async fn show(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let sender_code = fields.text("sender_code", 14);
    let methods = methods(&mut fields);
    fields.end()?;
    let view = readable(&site, &actor, &id).await?;
    if view.notice.is_some() {
        return Err(Problem::new(WarningNotFound).with("id", short(&id)));
    }
    let first = site.flow.warning(&view.event).await?;
    let mut attachments = site.flow.attachments(&view.id).await?;
    let message = completed(view, first, sender_code, methods);
    // Whom the form's own business is hidden from, its files are too.
    attachments.retain(|attachment| attachment.is_of(&message));
    let packed = wants_package(&headers, !attachments.is_empty());
    // Writing, reading again and comparing takes a while for a large warning.
    let work = move || Given::of(&message, packed.then_some(attachments.as_slice()));
    let given = tokio::task::spawn_blocking(work).await.map_err(Problem::internal)?;
    let refused = |findings| Problem::of_findings(NationalFormRefused, findings);
    let Given { document, name, left_out } = given.map_err(refused)?;
    let mut response = Body::from(document).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(if packed { ZIP } else { XML }));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    headers.extend(disposition.ok().map(|value| (CONTENT_DISPOSITION, value)));
    let left_out = HeaderValue::from_str(&left_out.join(", ")).ok().filter(|value| !value.is_empty());
    headers.extend(left_out.map(|value| (UNSAID, value)));
    Ok(response)
}

/// A warning in the form, as it is given out.
struct Given {
    document: Vec<u8>,
    name: String,
    /// Paths of what the form has no place for.
    left_out: Vec<String>,
}

impl Given {
    /// Alone, or in a zip with its attachments.
    fn of(message: &Message, attachments: Option<&[Attachment]>) -> Result<Self, Vec<Finding>> {
        let left_out = national::unsaid(message).into_iter().map(|finding| finding.at.path).collect();
        let (name, document) = match attachments {
            Some(attachments) => national::pack(message, attachments)?,
            None => (national::file_name(message)?, national::write(message)?),
        };
        Ok(Self { document, name, left_out })
    }
}

/// The means of release that an address asks for.
fn methods(fields: &mut Fields) -> Vec<String> {
    let text = fields.text("methods", 200).unwrap_or_default();
    let words: Vec<String> =
        text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect();
    let fits =
        |word: &String| word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if words.len() > METHODS_MAX || !words.iter().all(fits) {
        fields.refuse("methods", "value-not-allowed", &text, &METHODS.map(str::to_owned));
        return Vec::new();
    }
    words
}

/// The message with what only the form must have: the code of the unit and the means of release where the warning names
/// none of its own, and a reference to the first of the event.
fn completed(view: WarningView, first: Option<WarningView>, unit: Option<String>, methods: Vec<String>) -> Message {
    let mut message = view.message;
    // A reference of the form names already what it should.
    let named = message.references.iter().all(national::is_bare);
    if let Some(first) = first.filter(|first| !named && first.id != view.id) {
        let Message { sender, identifier, sent, .. } = first.message;
        message.references = vec![MessageRef { sender, identifier, sent }];
    }
    for info in &mut message.infos {
        let has = |name: &str| info.parameters.iter().any(|parameter| parameter.name == name);
        let mut added = Vec::new();
        if !has(parameter::SENDER_CODE) {
            added.extend(unit.iter().map(|unit| (parameter::SENDER_CODE, unit)));
        }
        if !has(parameter::METHOD) {
            added.extend(methods.iter().map(|method| (parameter::METHOD, method)));
        }
        let added = added.into_iter();
        info.parameters.extend(added.map(|(name, value)| NamedValue { name: name.to_owned(), value: value.clone() }));
    }
    message
}

/// Whether a caller asks for the reply of the national platform: XML, and nothing else that we answer with.
pub(super) fn wants_reply(headers: &HeaderMap) -> bool {
    let all = accepted(headers);
    all.iter().any(is_xml) && !all.iter().any(|kind| kind.ends_with("json"))
}

/// Whether a warning is given out as a zip: when the caller names a zip, or names no form and there are attachments.
fn wants_package(headers: &HeaderMap, attachments: bool) -> bool {
    let all = accepted(headers);
    let zip = |kind: &String| kind == ZIP || kind == "application/x-zip-compressed";
    all.iter().any(zip) || (attachments && !all.iter().any(is_xml))
}

/// The media types a caller names.
fn accepted(headers: &HeaderMap) -> Vec<String> {
    let text = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kinds = text.split(',').map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    kinds.filter(|kind| !kind.is_empty()).collect()
}

fn is_xml(kind: &String) -> bool {
    kind == "application/xml" || kind == "text/xml"
}

/// The answer to a warning that was taken, with the platform's reply as its body.
pub(super) fn replied(submitted: &Submitted, lang: Lang, answer: fn(Submitted) -> Response) -> Response {
    let (text, view) = match submitted {
        Submitted::Created(view) => ("national-reply-taken", view),
        Submitted::Repeated(view) => ("national-reply-repeated", view),
    };
    let note = messages::text(lang, text, &[("id", view.id.to_string())]);
    let (mut head, _) = answer(submitted.clone()).into_parts();
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(XML));
    head.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(national::reply(None, &note)))
}

/// A short form, for the description of the API.
pub(super) fn form() -> Value {
    Value::String(
        concat!(
            "<alert xmlns=\"http://com.icss.amp\"><identifier>23010900000000_20260715143500</identifier>",
            "<sender>松北区防汛抗旱指挥部</sender><senderCode>23010900000000</senderCode>",
            "<sendTime>2026-07-15 14:40:00+08:00</sendTime><status>Test</status><msgType>Alert</msgType>",
            "<scope>Public</scope>…</alert>"
        )
        .to_owned(),
    )
}

/// What a zip is, for the description of the API: its bytes are no example anybody could read.
pub(super) fn package() -> Value {
    Value::String("PK…23010900000000_20260715144000_11B03_RED_ALERT.XML, …_P_01.jpg, …_O_01.pdf".to_owned())
}

const SENDER_CODE: Parameter = Parameter {
    name: "sender_code",
    place: "query",
    schema: || json!({"type": "string", "pattern": "^[0-9]{14}$"}),
    text: both(
        "发布单位的 14 位编码；预警的 sender 已经是编码，或带有参数 CN-12379.senderCode 时不用写",
        "Code of the issuing unit, 14 digits; not needed where the sender is one or the warning has the parameter \
         CN-12379.senderCode",
    ),
};

const METHOD_LIST: Parameter = Parameter {
    name: "methods",
    place: "query",
    schema: || json!({"type": "string", "example": "SMS,WEB"}),
    text: both(
        "请国家平台使用的发布手段，用逗号分隔；预警自己带有参数 CN-12379.method 时不起作用",
        "Means by which the national platform is asked to release it, with commas between; without effect where the \
         warning has the parameter CN-12379.method",
    ),
};

static NATIONAL: Operation = Operation {
    id: "getWarningNational",
    tag: "warnings",
    summary: both("一条预警的 12379 格式文件", "A warning in the national 12379 form"),
    description: both(
        "国家突发事件预警信息发布系统的 XML 格式，文件名在 Content-Disposition 中。格式没有地方写的内容列在应答头 \
         Fenghuo-Unsaid 中（JSON 指针）；不能省略的内容无法表达时回答 409。\
         随预警交来附件的，连同附件打成 zip 给出；Accept: application/xml 只要 XML，application/zip 总是要 zip。只有 Actual 和 Test，演练永远不会写成这种格式。",
        "The XML form of the national warning platform, its file name in Content-Disposition. What the form has no place \
         for is listed in the header Fenghuo-Unsaid (JSON pointers); what cannot be left out and not be said is answered \
         409. A warning that came with attachments is given out with them in a zip; Accept: application/xml asks for the \
         XML alone, application/zip always for a zip. Actual and Test only: an exercise is never written in this form.",
    ),
    parameters: &[WARNING, SENDER_CODE, METHOD_LIST],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("12379 格式文件", "The document in the form"),
        content: Some(Content { media_type: "application/xml", schema: None, example: form }),
    }],
    problems: &[ParameterWrong, WarningNotFound, NationalFormRefused],
};

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header::ACCEPT};

    use super::{wants_package, wants_reply};

    #[test]
    fn only_who_asks_for_xml_and_not_for_json_gets_the_reply() {
        for (accept, wanted) in [
            ("application/xml", true),
            ("text/xml; q=0.9, */*; q=0.1", true),
            ("application/xml, application/json", false),
            ("application/xml, application/problem+json", false),
            ("application/cap+xml", false),
            ("*/*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wants_reply(&headers), wanted, "{accept}");
        }
        assert!(!wants_reply(&HeaderMap::new()));
    }

    #[test]
    fn a_zip_is_given_to_who_names_it_or_leaves_the_form_to_us() {
        for (accept, alone, with_files) in [
            ("application/zip", true, true),
            ("application/x-zip-compressed, */*", true, true),
            ("application/xml", false, false),
            ("text/xml, */*", false, false),
            ("*/*", false, true),
            ("", false, true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(
                (wants_package(&headers, false), wants_package(&headers, true)),
                (alone, with_files),
                "{accept}"
            );
        }
    }
}
