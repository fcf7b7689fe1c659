//! Problem documents (RFC 9457) for every answer that is not what was asked for.
//!
//! A handler returns a [`Problem`]; the document is written by the layer [`write()`] around the whole router, which knows
//! the request's language and id, and which also turns bare refusals of the framework into documents. What the caller
//! reads comes from `messages`; what only the log may read is [`Problem::because`].

mod code;
mod document;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};

pub use code::ProblemCode;
pub use document::{FieldDocument, ProblemDocument, language, write};

use crate::{
    domain::finding::{Finding, Weight},
    flow::{Unavailable, UnavailableKind, authorize::TokenFault, intake::SubmitFault},
};

/// The most field problems one document lists; the number of others stands in `more`.
pub const ERRORS_MAX: usize = 100;

/// Seconds after which a client may repeat what met a busy or unavailable part.
const RETRY_SECONDS: u16 = 2;

/// Seconds after which a client may repeat what met a full disk: somebody has to make room first.
const FULL_SECONDS: u16 = 5;

/// One answer that is not what was asked for.
#[derive(Clone, Debug)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    code: ProblemCode,
    args: Vec<(&'static str, String)>,
    errors: Vec<FieldProblem>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether it is said in the reply of the national platform.
    replied: bool,
    cause: Option<String>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldProblem {
    /// RFC 6901 pointer for JSON, element path for XML, name of a parameter or header.
    pub pointer: String,
    /// Id of its text.
    pub code: Cow<'static, str>,
    /// Variable parts of the sentence.
    pub args: Vec<(&'static str, String)>,
    /// What stood there.
    pub got: Option<String>,
    /// What may stand there, when that is a short list.
    pub allowed: Vec<String>,
    /// 1-based.
    pub line: Option<u32>,
    /// 1-based, in characters.
    pub column: Option<u32>,
}

impl FieldProblem {
    /// A problem of the field at `pointer`.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &'static str) -> Self {
        Self { pointer: pointer.into(), code: Cow::Borrowed(code), ..Self::default() }
    }

    /// Says which field it is, in the words of the caller.
    #[must_use]
    pub fn field(mut self, name: &str) -> Self {
        self.args.push(("field", name.to_owned()));
        self
    }

    /// Says what stood there (its first 120 characters).
    #[must_use]
    pub fn got(mut self, text: &str) -> Self {
        self.got = Some(text.chars().take(120).collect());
        self
    }

    /// Says what may stand there.
    #[must_use]
    pub fn allowed(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allowed = values.into_iter().map(Into::into).collect();
        self
    }

    /// Fills in a variable part of the sentence.
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

impl From<Finding> for FieldProblem {
    fn from(finding: Finding) -> Self {
        let allowed = finding.args.iter().find(|(name, _)| *name == "allowed");
        let allowed = allowed.map_or_else(Vec::new, |(_, list)| list.split(", ").map(str::to_owned).collect());
        let args = finding.args.into_iter().filter(|(name, _)| *name != "allowed").collect();
        Self {
            pointer: finding.at.path,
            code: Cow::Borrowed(finding.code),
            args,
            got: finding.got,
            allowed,
            line: finding.at.line,
            column: finding.at.column,
        }
    }
}

impl Problem {
    /// A problem without details.
    #[must_use]
    pub fn new(code: ProblemCode) -> Self {
        let retry = match code {
            ProblemCode::StoreUnavailable
            | ProblemCode::ReceiptsNotTaken
            | ProblemCode::Overloaded
            | ProblemCode::Stopping => Some(RETRY_SECONDS),
            ProblemCode::StorageFull => Some(FULL_SECONDS),
            ProblemCode::IdempotencyKeyRunning => Some(1),
            _ => None,
        };
        let headers = retry.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))).into_iter().collect();
        Self(Box::new(Inner { code, args: Vec::new(), errors: Vec::new(), headers, replied: false, cause: None }))
    }

    /// A problem of several fields.
    #[must_use]
    pub fn of_fields(code: ProblemCode, errors: Vec<FieldProblem>) -> Self {
        let mut problem = Self::new(code).with("count", errors.len());
        problem.0.errors = errors;
        problem
    }

    /// A fault of our own; `cause` goes to the log only.
    #[must_use]
    pub fn internal(cause: impl ToString) -> Self {
        Self::new(ProblemCode::Internal).because(cause)
    }

    /// Fills in a variable part of its sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.args.push((name, value.to_string()));
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Says it in the reply of the national platform, to one who asked for that.
    #[must_use]
    pub fn replied(mut self) -> Self {
        self.0.replied = true;
        self
    }

    /// Says to the log, and only to the log, what happened.
    #[must_use]
    pub fn because(mut self, cause: impl ToString) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// The same with its variable parts filled in by way of example, for the description of the API.
    #[must_use]
    pub fn exemplary(self) -> Self {
        let problem = self
            .with("path", "/v1/warning")
            .with("method", "PATCH")
            .with("line", 3)
            .with("column", 14)
            .with("role", "auditor")
            .with("allowed", "issuer, approver")
            .with("id", "0198a4c2-7f00-7000-8000-5f1c0c5a9e01")
            .with("seconds", 30)
            .with("limit", 1_048_576)
            .with("got", "text/plain")
            .with("what", "")
            .with("number", 3)
            .with("office", "flood")
            .with("on_duty", "李四")
            .with("digest", "sha256:5b0f5a6f…")
            .with("why", "lifted");
        let field = match problem.code() {
            ProblemCode::FieldsWrong => FieldProblem::new("/role", "field-missing").field("role"),
            ProblemCode::NationalFormRefused => FieldProblem::new("/status", "national-status").got("Exercise"),
            ProblemCode::WarningRejected => FieldProblem::new("/alert/info[1]/expires", "expires-not-after-sent"),
            ProblemCode::AuthorityExceeded => FieldProblem::new("/infos/0/severity", "level-not-allowed").got("red"),
            _ => return problem.with("count", 1),
        };
        let mut problem = problem.with("count", 1);
        problem.0.errors = vec![field];
        problem
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }

    /// What is wrong and what to do, for a page.
    #[must_use]
    pub fn sentence(&self, lang: crate::messages::Lang) -> String {
        crate::messages::sentence(lang, self.0.code.name(), &self.0.args)
    }

    /// What happened, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.code.status().into_response();
        response.headers_mut().extend(self.0.headers.iter().cloned());
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Unavailable> for Problem {
    fn from(fault: Unavailable) -> Self {
        let problem = match fault.kind {
            UnavailableKind::Silent => Self::new(ProblemCode::StoreUnavailable),
            UnavailableKind::DiskFull => Self::new(ProblemCode::StorageFull),
            UnavailableKind::QueueFull => Self::new(ProblemCode::Overloaded).with("what", "commit queue"),
        };
        problem.because(fault)
    }
}

impl From<TokenFault> for Problem {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::Unknown => Self::new(ProblemCode::KeyUnknown),
            TokenFault::Revoked => Self::new(ProblemCode::KeyRevoked),
            TokenFault::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<SubmitFault> for Problem {
    fn from(fault: SubmitFault) -> Self {
        match fault {
            SubmitFault::Rejected(findings) => Self::of_findings(rejection(&findings), findings),
            SubmitFault::Forbidden(findings) => Self::of_findings(ProblemCode::AuthorityExceeded, findings),
            SubmitFault::IdentityTaken(id) => Self::new(ProblemCode::IdentityTaken).with("id", id),
            SubmitFault::KeyReused => Self::new(ProblemCode::IdempotencyKeyReused),
            SubmitFault::KeyRunning => Self::new(ProblemCode::IdempotencyKeyRunning),
            SubmitFault::NotReleased => Self::new(ProblemCode::WarningNotReleased),
            SubmitFault::Unavailable(fault) => fault.into(),
        }
    }
}

impl Problem {
    /// A problem of everything that findings refuse.
    pub(in crate::http) fn of_findings(code: ProblemCode, findings: Vec<Finding>) -> Self {
        let refusing = findings.into_iter().filter(|finding| finding.weight == Weight::Refuse);
        Self::of_fields(code, refusing.map(FieldProblem::from).collect())
    }
}

/// Bytes that are no document at all are another problem than a document that breaks rules.
fn rejection(findings: &[Finding]) -> ProblemCode {
    let unreadable = |finding: &Finding| {
        let code = finding.code;
        finding.weight == Weight::Refuse
            && (code == "json-syntax" || code.starts_with("xml-") || code.starts_with("encoding-"))
    };
    if findings.iter().any(unreadable) { ProblemCode::WarningUnreadable } else { ProblemCode::WarningRejected }
}

/// The problem of a bare status that the framework answered with.
fn of_status(status: StatusCode) -> Problem {
    Problem::new(ProblemCode::of_status(status)).because("refused by the framework")
}
