//! Routes requests, and reads what they ask.
//!
//! # Ground rules
//! - A request gets a turn and so much time; who sends a body by the drop is not waited for.
//! - What a request says that nobody understands is refused, and not passed over.

mod act;
mod jobs;
mod overview;
mod page;
mod runs;
mod sign_in;
mod stream;
mod timeline;

use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::dashboard::Shared;
use crate::guard;
use crate::refusal::Refusal;

pub(crate) use overview::Counted;
pub(crate) use page::PARTS;

/// What every handler has.
type Shown = State<Arc<Shared>>;

/// So many bytes of a body are read.
const BODY_BYTES_MAX: usize = 64 * 1024;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let guard = shared.guard.clone();
    let changes = Router::new()
        .route("/api/jobs/trigger", post(act::trigger))
        .route("/api/jobs/pause", post(act::pause))
        .route("/api/jobs/resume", post(act::resume))
        .route("/api/runs/cancel", post(act::cancel))
        .route("/api/login", post(sign_in::sign_in))
        .layer(middleware::from_fn_with_state(guard.clone(), guard::watch_change));
    let questions = changes
        .route("/api/overview", get(overview::overview))
        .route("/api/jobs", get(jobs::jobs))
        .route("/api/job", get(jobs::job))
        .route("/api/runs", get(runs::runs))
        .route("/api/timeline", get(timeline::timeline))
        .route("/metrics", get(page::metrics))
        .layer(middleware::from_fn_with_state(shared.clone(), in_turn))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    page::parts(questions)
        .route("/", get(page::page))
        .route("/index.html", get(page::page))
        .route("/healthz", get(page::healthz))
        .route("/api/openapi.json", get(page::openapi))
        .route("/api/events", get(stream::events))
        .method_not_allowed_fallback(wrong_method)
        .fallback(page::elsewhere)
        .layer(middleware::from_fn_with_state(guard, guard::watch))
        .with_state(shared)
}

/// Has a request wait for its turn, and not for ever.
async fn in_turn(State(shared): Shown, request: Request, next: Next) -> Response {
    let answer = async {
        // Never closed.
        let _turn = shared.turns.acquire().await;
        next.run(request).await
    };
    timeout(shared.patience, answer).await.unwrap_or_else(|_| {
        let text = format!("no answer within {:?}", shared.patience);
        Refusal::unavailable(text).into_response()
    })
}

async fn wrong_method() -> Refusal {
    let text = "the path does not have this method; `Allow` says which it has";
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, text)
}

/// The query of a request.
struct Asks<T>(T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Asks<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let Query(asks) = query.map_err(|error: QueryRejection| {
            Refusal::bad(format!("the query cannot be read: {}", cause(&error)))
        })?;
        Ok(Self(asks))
    }
}

/// The body of a request.
struct Says<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Says<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let body = Json::<T>::from_request(request, state).await;
        let Json(says) = body.map_err(|error: JsonRejection| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let text = format!("the body is too large; allowed: {BODY_BYTES_MAX} bytes");
                Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text)
            }
            _ => Refusal::bad(format!("the body cannot be read: {}", cause(&error))),
        })?;
        Ok(Self(says))
    }
}

/// What was wrong, without the words of the library around it.
fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// A number of rows that may be asked for.
fn limited(limit: Option<usize>, usual: usize, most: usize) -> Result<usize, Refusal> {
    match limit {
        None => Ok(usual),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(Refusal::bad(format!("`limit` is not possible; allowed: 1 to {most}"))),
    }
}
