//! Decides who may ask what: hosts, tokens, and requests that other sites have browsers send.
//!
//! # Ground rules
//! - Without a token the host that a browser believes to talk to must be known: a name that somebody else
//!   resolves to this machine (DNS rebinding) is none.
//! - What changes anything carries a header that no form can send, names no other origin, and is JSON.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, ORIGIN,
    REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Token;
use crate::api::PARTS;
use crate::refusal::{Answer, Refusal};

/// The cookie's name.
pub(crate) const COOKIE_NAME: &str = "mainspring";

/// What a change must carry.
const CHANGE: HeaderName = HeaderName::from_static("x-mainspring");

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is answered to anybody, beside the page's parts: they hold no data. And the way in.
const OPEN: [&str; 4] = ["/", "/index.html", "/healthz", "/api/login"];

/// Who may ask.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) token: Option<Token>,
    pub(crate) hosts: Hosts,
}

/// By which names the dashboard may be asked.
#[derive(Clone, Debug)]
pub(crate) enum Hosts {
    /// This machine's names for itself, and these.
    Known(Vec<String>),
    Any,
}

/// Lets through what may pass, and sets the headers of all that goes out.
pub(crate) async fn watch(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let is_asset = is_open(path) && !path.starts_with("/api/");
    let mut response = match guard.judge(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let is_unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    set(REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    // The page of a newer program is never mixed with the script of an older one.
    set(CACHE_CONTROL, if is_asset { "no-cache" } else { "no-store" });
    if is_unauthorized {
        set(WWW_AUTHENTICATE, "Bearer");
    }
    response
}

fn is_open(path: &str) -> bool {
    OPEN.contains(&path) || PARTS.iter().any(|part| part.path == path)
}

/// Lets a change through that no other site has sent.
pub(crate) async fn watch_change(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    if *request.method() == Method::POST
        && let Err(refusal) = guard.judge_change(request.headers(), host_of(&request))
    {
        return refusal.into_response();
    }
    next.run(request).await
}

impl Guard {
    fn judge(&self, request: &Request) -> Answer<()> {
        let (headers, host) = (request.headers(), host_of(request));
        if self.token.is_none() && !host.is_some_and(|host| self.knows(host)) {
            return Err(Refusal::new(
                StatusCode::MISDIRECTED_REQUEST,
                "the dashboard is not known by this host name; allowed: localhost, or what the program \
                 was told; or give it a token",
            ));
        }
        let path = request.uri().path();
        if path.starts_with("/api/") || path == "/metrics" {
            self.judge_site(headers)?;
        }
        if !is_open(path) {
            self.judge_token(headers)?;
        }
        Ok(())
    }

    /// Whether it is a name of this machine, or one that was allowed.
    fn knows(&self, host: &str) -> bool {
        let Hosts::Known(known) = &self.hosts else {
            return true;
        };
        let name = without_port(host);
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.is_loopback())
            || known.iter().any(|known| name.eq_ignore_ascii_case(known))
    }

    fn judge_site(&self, headers: &HeaderMap) -> Answer<()> {
        match text(headers, &FETCH_SITE) {
            None | Some("same-origin" | "none") => Ok(()),
            _ => Err(Refusal::forbidden("another site has sent this request")),
        }
    }

    fn judge_token(&self, headers: &HeaderMap) -> Answer<()> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let bearer = text(headers, &AUTHORIZATION).and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let is_cookie = || {
            let cookies =
                headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
            let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
            pairs.any(|pair| {
                let pair = pair.trim().split_once('=');
                pair.is_some_and(|(name, value)| name == COOKIE_NAME && token.is_cookie(value))
            })
        };
        if bearer.is_some_and(|bearer| token.is(bearer)) || is_cookie() {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "a token is needed: `Authorization: Bearer TOKEN`, or sign in on the page",
        ))
    }

    fn judge_change(&self, headers: &HeaderMap, host: Option<&str>) -> Answer<()> {
        if headers.contains_key(ORIGIN)
            && !text(headers, &ORIGIN).is_some_and(|origin| self.is_ours(origin, host))
        {
            return Err(Refusal::forbidden("another site has sent this request"));
        }
        if text(headers, &FETCH_SITE).is_some_and(|site| site != "same-origin") {
            return Err(Refusal::forbidden("another site has sent this request"));
        }
        if text(headers, &CHANGE) != Some("1") {
            return Err(Refusal::forbidden("the header `X-Mainspring: 1` is missing"));
        }
        let content = text(headers, &CONTENT_TYPE).and_then(|content| content.split(';').next());
        if !content.is_some_and(|content| content.trim().eq_ignore_ascii_case("application/json")) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body must be JSON, and `Content-Type: application/json` must say so",
            ));
        }
        Ok(())
    }

    /// Whether a page of that origin is this dashboard's.
    fn is_ours(&self, origin: &str, host: Option<&str>) -> bool {
        let Some((_, authority)) = origin.split_once("://") else {
            return false;
        };
        let is_known = |known: &String| known.eq_ignore_ascii_case(without_port(authority));
        host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
            || matches!(&self.hosts, Hosts::Known(known) if known.iter().any(is_known))
    }
}

/// What the client believes to talk to.
fn host_of(request: &Request) -> Option<&str> {
    let host = request.uri().authority().map(|authority| authority.as_str());
    host.or_else(|| text(request.headers(), &HOST))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A host's name or address; an address of version 6 keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::{Guard, Hosts};

    #[test]
    fn hosts_of_this_machine_are_known() {
        let guard = Guard { token: None, hosts: Hosts::Known(vec!["ops.example.org".into()]) };
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.9.9.9", "[::1]", "[::1]:8"]
        {
            assert!(guard.knows(host), "{host}");
        }
        assert!(guard.knows("ops.example.org:443") && guard.knows("OPS.example.org"));
        for host in
            ["", "evil.example", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example"]
        {
            assert!(!guard.knows(host), "{host}");
        }
    }

    #[test]
    fn an_origin_is_ours_if_it_is_the_host() {
        let guard = Guard { token: None, hosts: Hosts::Known(vec!["ops.example.org".into()]) };
        let host = Some("127.0.0.1:8080");
        assert!(guard.is_ours("http://127.0.0.1:8080", host));
        assert!(guard.is_ours("https://ops.example.org", host));
        for origin in
            ["null", "", "http://127.0.0.1", "http://127.0.0.1:8081", "http://evil.example"]
        {
            assert!(!guard.is_ours(origin, host), "{origin}");
        }
    }
}
