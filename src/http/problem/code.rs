//! The one table of problem codes and the status each is answered with.

use axum::http::StatusCode;

/// Declares the codes: variant, stable name, status.
macro_rules! problem_codes {
    ($($variant:ident = $name:literal, $status:ident;)+) => {
        /// The code of a problem: stable, the same in API, console, log, metric and `fenghuo explain`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemCode { $(#[doc = concat!("`", $name, "`")] $variant),+ }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its stable name, the id of its texts.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The status it is answered with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }
        }
    };
}

problem_codes! {
    RequestMalformed = "request-malformed", BAD_REQUEST;
    ParameterWrong = "parameter-wrong", BAD_REQUEST;
    HeaderWrong = "header-wrong", BAD_REQUEST;
    BodyNotJson = "body-not-json", BAD_REQUEST;
    BodyBrokenOff = "body-broken-off", BAD_REQUEST;
    FieldsWrong = "fields-wrong", BAD_REQUEST;
    CallbackUnreadable = "callback-unreadable", BAD_REQUEST;
    WarningUnreadable = "warning-unreadable", BAD_REQUEST;
    KeyMissing = "key-missing", UNAUTHORIZED;
    KeyUnknown = "key-unknown", UNAUTHORIZED;
    KeyRevoked = "key-revoked", UNAUTHORIZED;
    RoleNotAllowed = "role-not-allowed", FORBIDDEN;
    CrossSiteRequest = "cross-site-request", FORBIDDEN;
    CallbackForged = "callback-forged", FORBIDDEN;
    AuthorityExceeded = "authority-exceeded", FORBIDDEN;
    MeasureNotYours = "measure-not-yours", FORBIDDEN;
    NotFound = "not-found", NOT_FOUND;
    SubscriptionsNotOffered = "subscriptions-not-offered", NOT_FOUND;
    SubscriptionUnusable = "subscription-unusable", UNPROCESSABLE_ENTITY;
    TooManySubscriptions = "too-many-subscriptions", TOO_MANY_REQUESTS;
    WarningNotFound = "warning-not-found", NOT_FOUND;
    MeasureNotFound = "measure-not-found", NOT_FOUND;
    DrillNotFound = "drill-not-found", NOT_FOUND;
    RecipientNotFound = "recipient-not-found", NOT_FOUND;
    SuppressionNotFound = "suppression-not-found", NOT_FOUND;
    ScreenNotFound = "screen-not-found", NOT_FOUND;
    LessonNotFound = "lesson-not-found", NOT_FOUND;
    OfficeNotFound = "office-not-found", NOT_FOUND;
    OfficerNotListed = "officer-not-listed", NOT_FOUND;
    RouteNotFound = "route-not-found", NOT_FOUND;
    PartnerNotFound = "partner-not-found", NOT_FOUND;
    InboxItemNotFound = "inbox-item-not-found", NOT_FOUND;
    KeyNotFound = "key-not-found", NOT_FOUND;
    CallbackUnknown = "callback-unknown", NOT_FOUND;
    ConfirmLinkUnknown = "confirm-link-unknown", NOT_FOUND;
    ExplanationNotFound = "explanation-not-found", NOT_FOUND;
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED;
    RequestTimeout = "request-timeout", REQUEST_TIMEOUT;
    IdentityTaken = "identity-taken", CONFLICT;
    NationalFormRefused = "national-form-refused", CONFLICT;
    IdempotencyKeyRunning = "idempotency-key-running", CONFLICT;
    WarningNotDelivering = "warning-not-delivering", CONFLICT;
    WarningNotReleased = "warning-not-released", CONFLICT;
    InboxItemOver = "inbox-item-over", CONFLICT;
    UpstreamNotFound = "upstream-not-found", CONFLICT;
    WarningOver = "warning-over", CONFLICT;
    MeasureSettled = "measure-settled", CONFLICT;
    DrillOver = "drill-over", CONFLICT;
    DrillsTooMany = "drills-too-many", CONFLICT;
    SignOffNotWaiting = "sign-off-not-waiting", CONFLICT;
    SignOffRefused = "sign-off-refused", CONFLICT;
    SignOffNotOnDuty = "sign-off-not-on-duty", CONFLICT;
    SignOffNotCarried = "sign-off-not-carried", CONFLICT;
    SignOffTextChanged = "sign-off-text-changed", CONFLICT;
    ImportRunning = "import-running", CONFLICT;
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE;
    MediaTypeUnsupported = "media-type-unsupported", UNSUPPORTED_MEDIA_TYPE;
    NotADrill = "not-a-drill", UNPROCESSABLE_ENTITY;
    WarningRejected = "warning-rejected", UNPROCESSABLE_ENTITY;
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY;
    Internal = "internal", INTERNAL_SERVER_ERROR;
    StoreUnavailable = "store-unavailable", SERVICE_UNAVAILABLE;
    ReceiptsNotTaken = "receipts-not-taken", SERVICE_UNAVAILABLE;
    Overloaded = "overloaded", SERVICE_UNAVAILABLE;
    Stopping = "stopping", SERVICE_UNAVAILABLE;
    StorageFull = "storage-full", INSUFFICIENT_STORAGE;
}

impl ProblemCode {
    /// The code for a bare status that the framework answered with.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::MediaTypeUnsupported,
            StatusCode::SERVICE_UNAVAILABLE => Self::Overloaded,
            status if status.is_client_error() => Self::RequestMalformed,
            _ => Self::Internal,
        }
    }
}
