//! Answers with what is the same for everybody: the page and its parts.

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Shown;
use crate::refusal::Refusal;

const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";

/// A part of the page: it holds no data, and is given to anybody.
pub(crate) struct Part {
    pub(crate) path: &'static str,
    kind: &'static str,
    text: &'static str,
}

/// All of them. The scripts are modules, each of one concern, as the browser takes them.
pub(crate) static PARTS: [Part; 18] = [
    Part { path: "/app.css", kind: CSS, text: include_str!("../../assets/app.css") },
    Part { path: "/icon.svg", kind: SVG, text: include_str!("../../assets/icon.svg") },
    Part { path: "/favicon.ico", kind: SVG, text: include_str!("../../assets/icon.svg") },
    script("/actions.js", include_str!("../../assets/actions.js")),
    script("/api.js", include_str!("../../assets/api.js")),
    script("/app.js", include_str!("../../assets/app.js")),
    script("/details.js", include_str!("../../assets/details.js")),
    script("/dom.js", include_str!("../../assets/dom.js")),
    script("/figures.js", include_str!("../../assets/figures.js")),
    script("/jobs.js", include_str!("../../assets/jobs.js")),
    script("/keys.js", include_str!("../../assets/keys.js")),
    script("/live.js", include_str!("../../assets/live.js")),
    script("/paged.js", include_str!("../../assets/paged.js")),
    script("/route.js", include_str!("../../assets/route.js")),
    script("/runs.js", include_str!("../../assets/runs.js")),
    script("/system.js", include_str!("../../assets/system.js")),
    script("/timeline.js", include_str!("../../assets/timeline.js")),
    script("/words.js", include_str!("../../assets/words.js")),
];

const fn script(path: &'static str, text: &'static str) -> Part {
    Part { path, kind: JAVASCRIPT, text }
}

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

/// The page's parts, each at its path.
pub(super) fn parts<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    PARTS.iter().fold(router, |router, part| {
        router.route(part.path, get(async || asset(part.kind, part.text)))
    })
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
