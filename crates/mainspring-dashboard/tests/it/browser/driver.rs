//! Drives headless Chromium over WebDriver, which is HTTP with JSON.
//!
//! The crates that speak it bring far more than the nine commands needed here, and licences that the
//! dependency graph does not take.
//!
//! # Ground rules
//! - Nobody waits for a time to pass: [`Browser::until`] asks until something is so, or fails with a picture
//!   of what is there instead.
//! - One browser serves all scenarios; each begins on an empty page.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// How long anything may take to show. A busy machine needs some of it, and no test waits for all of it.
const PATIENCE: Duration = Duration::from_secs(60);

const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What WebDriver calls a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub(super) const TAB: char = '\u{e004}';
pub(super) const ENTER: char = '\u{e007}';
pub(super) const ESCAPE: char = '\u{e00c}';
pub(super) const RIGHT: char = '\u{e014}';
pub(super) const DOWN: char = '\u{e015}';

/// A headless Chromium, and the program that drives it.
pub(super) struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub(super) async fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "the page is tried in headless Chromium, and `chromedriver` does not start ({error}): \
                     `cargo xtask test` installs it, or install Chromium and its driver \
                     (Debian and Ubuntu: `apt-get install chromium chromium-driver`)"
                )
            });
        let port = driver_port(&mut driver);
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let mut browser = Self {
            driver,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            session: String::new(),
            _profile: profile,
        };
        browser.session = browser.open_session().await;
        browser
    }

    async fn open_session(&self) -> String {
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        let arguments = [
            "--headless",
            // Its sandbox asks the kernel for more than containers give.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-color-profile=srgb",
            "--hide-scrollbars",
            &profile,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let opened = self.ask(Method::POST, "/session", wanted).await.unwrap_or_else(|error| {
            panic!("Chromium does not start: is it installed beside its driver? {error}")
        });
        opened["sessionId"].as_str().expect("a session has an id").to_owned()
    }

    /// Ends the browser; its driver ends with `self`.
    pub(super) async fn quit(self) {
        let ended = self.command(Method::DELETE, "", json!({})).await;
        ended.expect("the browser ends");
    }

    /// Loads `url` into a page that was empty before, so that nothing of the last one is left.
    pub(super) async fn open(&self, url: &str) {
        self.post("/url", json!({"url": "about:blank"})).await;
        self.post("/url", json!({"url": url})).await;
    }

    /// What `script` returns.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({"script": script, "args": []})).await
    }

    /// What `script` gives to the function that is its argument.
    pub(super) async fn run_async(&self, script: &str) -> Value {
        self.post("/execute/async", json!({"script": script, "args": []})).await
    }

    /// Waits until the expression is true, and gives its value.
    pub(super) async fn until(&self, what: &str, expression: &str) -> Value {
        let script = format!("return {expression}");
        let seen = timeout(PATIENCE, async {
            loop {
                let value = self.run(&script).await;
                if !matches!(value, Value::Null | Value::Bool(false)) && value != 0 && value != "" {
                    return value;
                }
                sleep(LOOK_EVERY).await;
            }
        });
        match seen.await {
            Ok(value) => value,
            Err(_) => panic!("{what}: not in {PATIENCE:?}; the page says\n{}", self.text().await),
        }
    }

    /// All that the page says.
    pub(super) async fn text(&self) -> String {
        let text = self.run("return document.body.innerText").await;
        text.as_str().unwrap_or_default().chars().take(3_000).collect()
    }

    /// Clicks as a mouse does: what is covered or out of sight cannot be clicked.
    pub(super) async fn click(&self, css: &str) {
        let clicked = timeout(PATIENCE, async {
            loop {
                match self.try_click(css).await {
                    Ok(()) => return,
                    // News may draw a row anew in the very moment.
                    Err(_) => sleep(LOOK_EVERY).await,
                }
            }
        });
        if clicked.await.is_err() {
            let error = self.try_click(css).await.expect_err("it could not be clicked");
            panic!("`{css}` cannot be clicked: {error}\n{}", self.text().await);
        }
    }

    async fn try_click(&self, css: &str) -> Result<(), String> {
        let wanted = json!({"using": "css selector", "value": css});
        let found = self.command(Method::POST, "/element", wanted).await?;
        let id = found[ELEMENT].as_str().ok_or("no element")?;
        self.command(Method::POST, &format!("/element/{id}/click"), json!({})).await.map(drop)
    }

    /// Presses and releases one key after the other, whatever has the focus.
    pub(super) async fn press(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|what| json!({"type": what, "value": key.to_string()}))
            })
            .collect();
        let source = json!({"type": "key", "id": "keyboard", "actions": strokes});
        self.post("/actions", json!({"actions": [source]})).await;
    }

    /// A command of the browser's own developer tools.
    pub(super) async fn tools(&self, command: &str, params: Value) -> Value {
        self.post("/goog/cdp/execute", json!({"cmd": command, "params": params})).await
    }

    /// A window of that size; a phone's shows the page as phones do.
    pub(super) async fn resize(&self, width: u32, height: u32, is_phone: bool) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone});
        self.tools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Says what the viewer prefers: `light` or `dark`.
    pub(super) async fn prefer(&self, scheme: &str) {
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.tools("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// Writes a picture of what is in sight.
    pub(super) async fn picture(&self, path: &Path) {
        let taken = self.tools("Page.captureScreenshot", json!({"format": "png"})).await;
        let text = taken["data"].as_str().expect("a picture has data");
        let bytes = BASE64_STANDARD.decode(text).expect("the picture is in base64");
        std::fs::write(path, bytes).expect("the picture can be written");
    }

    /// What the console said since it was last asked: warnings and errors.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let said = self.post("/se/log", json!({"type": "browser"})).await;
        let entries = said.as_array().expect("the log is a list").iter();
        let bad = entries.filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.command(Method::POST, path, body)
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    async fn command(&self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        self.ask(method, &format!("/session/{}{path}", self.session), body).await
    }

    /// One connection for each command: they are few, and nothing is left over.
    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        let stream = TcpStream::connect(self.address).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .expect("a request");
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let is_good = answer.status().is_success();
        let bytes =
            answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        connection.abort();
        let mut answer: Value =
            serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        if is_good {
            return Ok(value);
        }
        let error = value["error"].as_str().unwrap_or("error");
        Err(format!("{error}: {}", value["message"].as_str().unwrap_or_default()))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Either it is there to be killed, or it has ended already.
        let _killed = self.driver.kill();
        let _waited = self.driver.wait();
    }
}

/// The port that the driver chose, as it says itself.
fn driver_port(driver: &mut Child) -> u16 {
    let output = driver.stdout.take().expect("its output is piped");
    let mut lines = BufReader::new(output).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let after = line.split("on port ").nth(1)?;
        after.trim_end_matches('.').parse().ok().filter(|port| *port != 0)
    });
    // Somebody reads on, or the driver would stop at a full pipe.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    port.expect("chromedriver says on which port it listens")
}

/// Where pictures of failures go.
pub(super) fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
