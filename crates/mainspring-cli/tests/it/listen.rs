//! `run --listen` shows the jobs to whoever may see them, and ends with the program.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::program::{Directory, Running, mainspring, output, text};

/// Asks at `address`, with these further lines in the head; the status and the body.
fn ask(address: &str, head: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let length = body.len();
    let ask = format!(
        "{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(ask.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.split(' ').nth(1).expect("a status").to_owned(), body.to_owned())
}

/// Where the dashboard is.
fn address(running: &mut Running) -> String {
    let event = running.wait_for_message("the dashboard is open");
    let url = event["url"].as_str().expect("an address");
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

const CHANGE: &str = "Content-Type: application/json\r\nX-Mainspring: 1";

#[test]
fn the_jobs_are_shown_in_memory_and_from_a_store() {
    let directory = Directory::new("listen");
    let file = directory
        .write("jobs.toml", "[jobs.report]\nschedule = \"@yearly\"\ncommand = \"echo ran\"\n");
    let file = file.to_str().expect("UTF-8");
    for (store, kind) in [("none", "memory"), ("sqlite", "sqlite")] {
        let path = format!("sqlite:{}", directory.path().join("jobs.db").display());
        let store = if store == "none" { store } else { &path };
        let mut running = Running::start(&["--listen", "127.0.0.1:0", "--store", store, file]);
        let address = address(&mut running);
        running.wait_for_message("running");
        let (status, overview) = ask(&address, "GET /api/overview HTTP/1.1", "");
        let overview: Value = serde_json::from_str(&overview).expect("JSON");
        assert_eq!((status.as_str(), &overview["store"]), ("200", &Value::from(kind)));
        assert_eq!(overview["title"], "jobs.toml");
        let head = format!("POST /api/jobs/trigger HTTP/1.1\r\n{CHANGE}");
        assert_eq!(ask(&address, &head, r#"{"name":"report"}"#).0, "200");
        running.wait_for_line("ran");
        assert!(ask(&address, "GET / HTTP/1.1", "").1.contains("<!doctype html>"));
        let mut stream = TcpStream::connect(&address).expect("a connection");
        stream
            .write_all(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("a request");
        assert_eq!(running.stop(), Some(0), "an open stream holds nobody up");
        assert!(TcpStream::connect(&address).is_err());
    }
}

#[test]
fn a_token_is_asked_for_and_is_not_passed_on() {
    let directory = Directory::new("listen-token");
    let file = directory.write("crontab", "@reboot echo token=$MAINSPRING_TOKEN.\n");
    let token = directory.write("token", "a-token-for-the-tests\nanother line\n");
    let (file, token) = (file.to_str().expect("UTF-8"), token.to_str().expect("UTF-8"));
    let mut command = mainspring();
    command.args([
        "run",
        "--log-format",
        "json",
        "--listen",
        "0.0.0.0:0",
        "--listen-token-file",
        token,
        file,
    ]);
    command.env("MAINSPRING_TOKEN", "a-token-of-the-environment");
    let mut running = Running::spawn(command);
    let address = address(&mut running).replace("0.0.0.0", "127.0.0.1");
    running.wait_for_line("token=.");
    assert_eq!(ask(&address, "GET /api/overview HTTP/1.1", "").0, "401");
    let with = |token: &str| format!("GET /api/overview HTTP/1.1\r\nAuthorization: Bearer {token}");
    assert_eq!(ask(&address, &with("a-token-of-the-environment"), "").0, "401");
    assert_eq!(ask(&address, &with("a-token-for-the-tests"), "").0, "200");
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn what_cannot_be_listened_on_is_said_and_nothing_starts() {
    let directory = Directory::new("listen-wrong");
    let file = directory.write("crontab", "@reboot echo ran\n");
    let short = directory.write("short", "1234\n");
    let file = file.to_str().expect("UTF-8");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    let short = short.to_str().expect("UTF-8");
    for (listen, more, words) in [
        ("0.0.0.0:0", None, "--listen-token-file FILE or MAINSPRING_TOKEN"),
        ("localhost", None, "allowed: an IP address and a port"),
        (&taken, None, "cannot listen on 127.0.0.1:"),
        ("127.0.0.1:0", Some(short), "allowed: 16 bytes or more"),
        (
            "127.0.0.1:0",
            Some("/nonexistent/token"),
            "the token cannot be read from /nonexistent/token",
        ),
    ] {
        let mut arguments = vec!["run", "--store", "none", "--listen", listen];
        arguments.extend(more.into_iter().flat_map(|more| ["--listen-token-file", more]));
        arguments.push(file);
        let output = output(&arguments);
        assert!(!output.status.success());
        let said = text(&output.stderr);
        assert!(said.contains(words), "{listen}: {said}");
        assert!(!said.contains("started") && !said.contains("1234"), "{said}");
    }
}
