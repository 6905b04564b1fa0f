//! Says no: a status and one text, which says what is wrong and what would be right.
//!
//! # Ground rules
//! - What a store says of itself may name hosts and paths: it goes to the log, and clients hear what kind of
//!   trouble it is.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mainspring_job::store::{StoreError, StoreErrorKind};
use serde::Serialize;

/// An answer, or why there is none.
pub(crate) type Answer<T> = Result<T, Refusal>;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    text: String,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// What was asked makes no sense.
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(crate) fn forbidden(text: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, text)
    }

    pub(crate) fn no_job(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no job `{name}` (any more)"))
    }

    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(Body { error: &self.text })).into_response()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::of_store(&error)
    }
}

impl Refusal {
    /// What kind of trouble the store has.
    pub(crate) fn of_store(error: &StoreError) -> Self {
        tracing::warn!(%error, "the dashboard's question was not answered by the store");
        match error.kind() {
            StoreErrorKind::Unavailable => {
                Self::unavailable("the store does not answer; the same request may work again")
            }
            StoreErrorKind::Full => Self::unavailable("the store is full"),
            StoreErrorKind::ReadOnly => Self::forbidden("the store can only be read"),
            StoreErrorKind::Refused => {
                let text = "the store refused; does this program read the job's schedule?";
                Self::new(StatusCode::CONFLICT, text)
            }
            _ => {
                let text = "the store failed; the log of the program says more";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, text)
            }
        }
    }
}

impl From<mainspring_scheduler::Error> for Refusal {
    fn from(error: mainspring_scheduler::Error) -> Self {
        tracing::warn!(%error, "the dashboard's question was not answered by the scheduler");
        let status = match error.is_no_such_job() {
            true => StatusCode::NOT_FOUND,
            false => StatusCode::CONFLICT,
        };
        Self::new(status, error.to_string())
    }
}
