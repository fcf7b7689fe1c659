use axum::{Router, body::to_bytes, http::Request, middleware::from_fn, routing::get};
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::{domain::finding::Finding, messages::Lang};

fn written(problem: Problem) -> Value {
    serde_json::to_value(ProblemDocument::new(Lang::English, &problem, "request-1")).expect("a document")
}

#[test]
fn every_code_has_one_name_and_a_failing_status() {
    let names: std::collections::BTreeSet<&str> = ProblemCode::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), ProblemCode::ALL.len());
    for code in ProblemCode::ALL {
        let status = code.status();
        assert!(status.is_client_error() || status.is_server_error(), "{}", code.name());
    }
}

#[test]
fn every_document_is_complete_in_both_languages() {
    for code in ProblemCode::ALL {
        let document = written(Problem::new(*code).exemplary());
        assert_eq!(document["type"], format!("/docs/errors/{}", code.name()));
        assert_eq!(document["status"], code.status().as_u16());
        assert_eq!(document["instance"], "request-1");
        assert_eq!(document["detail"], document["messages"]["en"]);
        for text in [&document["title"], &document["messages"]["zh-CN"], &document["messages"]["en"]] {
            let text = text.as_str().expect("a text");
            assert!(!text.is_empty() && !text.contains("{$") && !text.contains("{ $"), "{}: {text}", code.name());
        }
    }
}

#[test]
fn a_finding_keeps_its_place_and_what_would_be_allowed() {
    let mut finding = Finding::refuse("level-not-allowed", "/infos/0/severity").got("red");
    finding = finding.arg("issuer", "防汛").arg("allowed", "blue, yellow");
    finding.at.line = Some(7);
    let problem =
        Problem::from(SubmitFault::Forbidden(vec![finding, Finding::advise("headline-long", "/infos/0/headline")]));
    let document = written(problem);
    assert_eq!((&document["code"], &document["status"]), (&"authority-exceeded".into(), &403.into()));
    let errors = document["errors"].as_array().expect("a list");
    assert_eq!(errors.len(), 1, "advice keeps nothing out");
    assert_eq!(errors[0]["pointer"], "/infos/0/severity");
    assert_eq!(errors[0]["allowed"], serde_json::json!(["blue", "yellow"]));
    assert_eq!((&errors[0]["got"], &errors[0]["line"]), (&"red".into(), &7.into()));
    let text = errors[0]["detail"].as_str().expect("a text");
    assert!(text.contains("防汛") && text.contains("red") && text.contains("blue, yellow"), "{text}");
}

#[test]
fn a_hundred_errors_are_listed_and_the_others_counted() {
    let errors = (0..130).map(|n| FieldProblem::new(format!("/{n}"), "field-unknown").field("x")).collect();
    let document = written(Problem::of_fields(ProblemCode::FieldsWrong, errors));
    assert_eq!(document["errors"].as_array().map(Vec::len), Some(100));
    assert_eq!(document["more"], 30);
}

#[test]
fn bytes_that_are_no_document_are_told_from_documents_that_break_rules() {
    let code = |finding| Problem::from(SubmitFault::Rejected(vec![finding])).code();
    for unreadable in ["xml-syntax", "encoding-bytes", "json-syntax"] {
        assert_eq!(code(Finding::refuse(unreadable, "")), ProblemCode::WarningUnreadable);
    }
    for broken in ["json-field-missing", "cap-element-order", "expires-not-after-sent"] {
        assert_eq!(code(Finding::refuse(broken, "")), ProblemCode::WarningRejected);
    }
}

async fn answered(response: Response) -> (StatusCode, axum::http::HeaderMap, Value) {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.expect("a body");
    (parts.status, parts.headers, serde_json::from_slice(&bytes).expect("a document"))
}

fn app() -> Router {
    Router::new()
        .route("/refuses", get(|| async { StatusCode::UNSUPPORTED_MEDIA_TYPE }))
        .route("/store", get(|| async { Problem::from(Unavailable::new("disk on fire at /var/lib".to_owned())) }))
        .route("/key", get(|| async { Problem::new(ProblemCode::KeyMissing) }))
        .layer(from_fn(write))
}

async fn ask(path: &str, method: &str, language: &str) -> (StatusCode, axum::http::HeaderMap, Value) {
    let request = Request::builder().uri(path).method(method).header("accept-language", language);
    answered(app().oneshot(request.body(axum::body::Body::empty()).expect("a request")).await.expect("an answer")).await
}

#[tokio::test]
async fn refusals_of_the_framework_become_documents() {
    let (status, headers, document) = ask("/refuses", "GET", "en").await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(document["code"], "media-type-unsupported");
    let (status, headers, document) = ask("/store", "DELETE", "en").await;
    assert_eq!((status, document["code"].as_str()), (StatusCode::METHOD_NOT_ALLOWED, Some("method-not-allowed")));
    assert!(headers.contains_key("allow"));
}

#[tokio::test]
async fn the_language_asked_for_is_answered() {
    for (asked, answered) in [("en", "en"), ("zh", "zh-CN"), ("fr", "zh-CN")] {
        let (_, headers, document) = ask("/key", "GET", asked).await;
        assert_eq!(headers["content-language"], answered);
        assert_eq!(document["detail"], document["messages"][answered]);
        assert_eq!(headers["www-authenticate"], "Bearer realm=\"fenghuo\"");
    }
}

#[tokio::test]
async fn what_went_wrong_inside_is_for_the_log_only() {
    let (status, headers, document) = ask("/store", "GET", "en").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(headers.contains_key("retry-after"));
    assert!(!document.to_string().contains("fire"), "{document}");
}
