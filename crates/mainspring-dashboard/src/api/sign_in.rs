//! Gives a browser a cookie for a token.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::header::{ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{Says, Shown};
use crate::answer::Done;
use crate::guard::COOKIE_NAME;
use crate::refusal::Refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    token: String,
}

pub(super) async fn sign_in(
    State(shared): Shown,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Says(SignIn { token: given }): Says<SignIn>,
) -> Result<Response, Refusal> {
    let Some(token) = &shared.guard.token else {
        return Ok(Json(Done::OK).into_response());
    };
    if !token.is(&given) {
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, "that is not the token"));
    }
    // The browser says itself whether it came by TLS, which a proxy may have ended.
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let secure = if origin.starts_with("https://") { "; Secure" } else { "" };
    let path = uri.path().strip_suffix("api/login").filter(|path| is_plain(path)).unwrap_or("/");
    let cookie = format!(
        "{COOKIE_NAME}={}; Path={path}; HttpOnly; SameSite=Strict; Max-Age=2592000{secure}",
        token.cookie()
    );
    Ok(([(SET_COOKIE, cookie)], Json(Done::OK)).into_response())
}

/// Whether a path can stand in a cookie as it is.
fn is_plain(path: &str) -> bool {
    path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"'))
}
