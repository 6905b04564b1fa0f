//! Answers with what is the same for everybody: the page and its parts.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};

use super::Shown;
use crate::refusal::Refusal;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";

/// The page; its parts are found beside it, which needs a slash after the path where it is mounted.
pub(super) async fn page(OriginalUri(uri): OriginalUri) -> Response {
    let path = uri.path();
    if !path.ends_with('/') && !path.ends_with("/index.html") {
        // A relative one, since a proxy may know the place by another name; with a last part, since a router
        // that is nested is not asked for what ends in a slash.
        let last = path.rsplit('/').next().unwrap_or_default();
        let to = format!("{last}/index.html");
        return (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)]).into_response();
    }
    asset(HTML, include_str!("../../assets/index.html"))
}

pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../../assets/app.js"))
}

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../assets/app.css"))
}

pub(super) async fn icon() -> Response {
    asset(SVG, include_str!("../../assets/icon.svg"))
}

pub(super) async fn openapi() -> Response {
    asset(JSON, include_str!("../../assets/openapi.json"))
}

/// Says that the program answers.
pub(super) async fn healthz() -> Response {
    asset("text/plain; charset=utf-8", "ok\n")
}

pub(super) async fn metrics(State(shared): Shown) -> Result<Response, Refusal> {
    let render = shared.metrics.as_ref();
    let render =
        render.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "no metrics are kept here"))?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render()).into_response())
}

/// Every other path.
pub(super) async fn elsewhere() -> Refusal {
    let text = "there is nothing here; /api/openapi.json says what there is";
    Refusal::new(StatusCode::NOT_FOUND, text)
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}
