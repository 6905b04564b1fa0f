//! Who may not is refused, and every answer guards the browser that reads it.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use mainspring_dashboard::{Dashboard, Token};
use mainspring_scheduler::{Job, Scheduler};
use serde_json::json;

use crate::world::{HOUR, ask, clock, get, of, post, request, scheduler};

const TOKEN: &str = "a-token-for-the-tests";

fn one_job(clock: &mainspring_clock::ManualClock) -> Scheduler {
    let scheduler = scheduler(clock);
    scheduler.add(Job::every(HOUR).named("job").run(|_| async {})).unwrap();
    scheduler
}

fn guarded(scheduler: &Scheduler) -> Router {
    let token = Token::new(TOKEN).unwrap();
    Dashboard::builder(scheduler.clone()).token(token).build().router()
}

/// A request to pause the job, with these headers and nothing else.
fn pause(headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(Method::POST).uri("/api/jobs/pause");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(r#"{"name":"job"}"#)).unwrap()
}

const RIGHT: [(&str, &str); 5] = [
    ("host", "localhost:8080"),
    ("content-type", "application/json"),
    ("x-mainspring", "1"),
    ("origin", "http://localhost:8080"),
    ("sec-fetch-site", "same-origin"),
];

/// The right headers, one of them changed or left out.
fn with(name: &'static str, value: Option<&'static str>) -> Vec<(&'static str, &'static str)> {
    let others = RIGHT.into_iter().filter(|(other, _)| *other != name);
    others.chain(value.map(|value| (name, value))).collect()
}

#[tokio::test]
async fn changes_from_other_sites_are_refused() {
    let clock = clock();
    let scheduler = one_job(&clock);
    let router = of(&scheduler);
    for (name, value, status) in [
        ("origin", Some("http://evil.example"), 403),
        ("origin", Some("null"), 403),
        ("origin", Some("http://localhost:8081"), 403),
        ("origin", Some("https://localhost:8080.evil.example"), 403),
        ("sec-fetch-site", Some("cross-site"), 403),
        ("sec-fetch-site", Some("same-site"), 403),
        ("sec-fetch-site", Some("none"), 403),
        ("x-mainspring", None, 403),
        ("x-mainspring", Some("0"), 403),
        ("content-type", None, 415),
        ("content-type", Some("text/plain"), 415),
        ("content-type", Some("application/x-www-form-urlencoded"), 415),
        ("host", None, 421),
        ("host", Some("rebound.example:8080"), 421),
        ("host", Some("192.168.1.7:8080"), 421),
    ] {
        ask(&router, pause(&with(name, value))).await.refused(status);
        assert!(!scheduler.jobs()[0].is_paused, "{name}: {value:?}");
    }
    // Programs that are no browsers say less.
    ask(&router, pause(&RIGHT[..3])).await.ok();
    assert!(scheduler.jobs()[0].is_paused);
}

#[tokio::test]
async fn other_sites_and_names_read_nothing() {
    let clock = clock();
    let router = of(&one_job(&clock));
    for path in ["/", "/api/jobs", "/api/events", "/api/openapi.json", "/metrics", "/none"] {
        let rebound = Request::builder().uri(path).header("host", "rebound.example");
        ask(&router, rebound.body(Body::empty()).unwrap()).await.refused(421);
    }
    let embedded = request(Method::GET, "/api/jobs").header("sec-fetch-site", "cross-site");
    ask(&router, embedded.body(Body::empty()).unwrap()).await.refused(403);
    let allowed = Dashboard::builder(one_job(&clock)).hosts(["ops.example.org"]).build().router();
    let by_name = Request::builder().uri("/api/jobs").header("host", "ops.example.org:443");
    ask(&allowed, by_name.body(Body::empty()).unwrap()).await.ok();
    let by_proxy = [
        ("host", "127.0.0.1:8080"),
        ("content-type", "application/json"),
        ("x-mainspring", "1"),
        ("origin", "https://ops.example.org"),
    ];
    ask(&allowed, pause(&by_proxy)).await.ok();
    let any = Dashboard::builder(one_job(&clock)).any_host().build().router();
    let by_name = Request::builder().uri("/api/jobs").header("host", "anything.example");
    ask(&any, by_name.body(Body::empty()).unwrap()).await.ok();
}

#[tokio::test]
async fn a_token_opens_and_nothing_else_does() {
    let clock = clock();
    let router = guarded(&one_job(&clock));
    let open = ["/", "/app.js", "/app.css", "/icon.svg", "/healthz"];
    let closed = [
        "/api/overview",
        "/api/jobs",
        "/api/job?name=job",
        "/api/runs",
        "/api/timeline",
        "/api/events",
        "/api/openapi.json",
        "/metrics",
        "/none",
        "//api/jobs",
        "/api/../api/jobs",
        "/api/login/",
    ];
    for path in open {
        assert_eq!(get(&router, path).await.status, StatusCode::OK, "{path}");
    }
    for path in closed {
        let answer = get(&router, path).await;
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{path}");
        answer.refused(401);
    }
    let with = async |name: &str, value: &str| {
        let request = request(Method::GET, "/api/jobs").header(name, value);
        ask(&router, request.body(Body::empty()).unwrap()).await
    };
    for (name, value) in [
        ("authorization", "Bearer a-token-for-the-test"),
        ("authorization", "Bearer "),
        ("authorization", "Basic a-token-for-the-tests"),
        ("authorization", TOKEN),
        ("cookie", "mainspring="),
        ("cookie", "mainspring=a-token-for-the-tests"),
        ("cookie", "mainspring"),
    ] {
        with(name, value).await.refused(401);
    }
    with("authorization", "Bearer a-token-for-the-tests").await.ok();
    with("authorization", "bearer a-token-for-the-tests").await.ok();
}

#[tokio::test]
async fn a_browser_signs_in() {
    let clock = clock();
    let router = Router::new().nest("/ops", guarded(&one_job(&clock)));
    let wrong = post(&router, "/ops/api/login", &json!({"token": "not-the-token-at-all"})).await;
    assert!(!wrong.headers.contains_key("set-cookie"));
    wrong.refused(401);
    let right = post(&router, "/ops/api/login", &json!({"token": TOKEN})).await;
    let cookie = right.headers["set-cookie"].to_str().unwrap().to_owned();
    right.ok();
    assert!(cookie.contains("; Path=/ops/; HttpOnly; SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(TOKEN) && !cookie.contains("Secure"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let others = format!("theme=dark; {pair}; other=1");
    let asked = request(Method::GET, "/ops/api/jobs").header("cookie", others);
    ask(&router, asked.body(Body::empty()).unwrap()).await.ok();
    // A sign-in that another site has the browser send is none.
    let forged = Request::builder()
        .method(Method::POST)
        .uri("/ops/api/login")
        .header("host", "ops.example.org")
        .header("content-type", "application/json")
        .header("x-mainspring", "1")
        .header("origin", "https://evil.example");
    let body = json!({"token": TOKEN}).to_string();
    ask(&router, forged.body(Body::from(body.clone())).unwrap()).await.refused(403);
    let by_tls = Request::builder()
        .method(Method::POST)
        .uri("/ops/api/login")
        .header("host", "ops.example.org")
        .header("content-type", "application/json")
        .header("x-mainspring", "1")
        .header("origin", "https://ops.example.org");
    let answer = ask(&router, by_tls.body(Body::from(body)).unwrap()).await;
    assert!(answer.headers["set-cookie"].to_str().unwrap().ends_with("; Secure"));
}

#[tokio::test]
async fn every_answer_guards_its_reader() {
    let clock = clock();
    let router = of(&one_job(&clock));
    for path in [
        "/",
        "/app.js",
        "/app.css",
        "/icon.svg",
        "/healthz",
        "/api/jobs",
        "/api/job?name=none",
        "/none",
        "/metrics",
    ] {
        let answer = get(&router, path).await;
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert!(
            header("content-type").contains(';') || !header("content-type").starts_with("text/")
        );
        assert!(["no-store", "no-cache"].contains(&header("cache-control").as_str()));
    }
    let page = get(&router, "/").await;
    for forbidden in ["<style", " style=", "onclick=", "javascript:", "http://", "https://"] {
        assert!(!page.text.contains(forbidden), "the policy would stop `{forbidden}` in the page");
    }
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused() {
    let clock = clock();
    let router = of(&one_job(&clock));
    let send = async |body: Vec<u8>| {
        let mut request = request(Method::POST, "/api/jobs/pause");
        for (name, value) in &RIGHT[1..] {
            request = request.header(*name, *value);
        }
        ask(&router, request.body(Body::from(body)).unwrap()).await
    };
    for body in [
        &b""[..],
        b"{",
        b"null",
        b"[]",
        b"\"job\"",
        b"{}",
        b"{\"name\":1}",
        b"{\"name\":\"job\",\"more\":1}",
        b"{\"name\":\"job\"}x",
        b"{\"name\":\"\xff\"}",
    ] {
        let error = send(body.to_vec()).await.refused(400);
        assert!(error.starts_with("the body cannot be read: "), "{error}");
    }
    let deep = "[".repeat(30_000).into_bytes();
    send(deep).await.refused(400);
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000)).into_bytes();
    assert!(send(large).await.refused(413).contains("65536 bytes"));
    let wrong =
        ask(&router, request(Method::DELETE, "/api/jobs").body(Body::empty()).unwrap()).await;
    assert_eq!(wrong.headers["allow"], "GET,HEAD");
    wrong.refused(405);
}
