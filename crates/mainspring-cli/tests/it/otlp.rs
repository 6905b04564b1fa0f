//! Spans of runs reach a collector: the test itself, on a socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::program::{Directory, Running, mainspring, text};

/// What was sent: the line of the request, and its body.
type Sent = (String, Vec<u8>);

/// A collector's address, and what is sent there.
fn collector() -> (String, Receiver<Sent>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, sender) = (stream.expect("a connection"), sender.clone());
            thread::spawn(move || take(&stream, &sender));
        }
    });
    (address, receiver)
}

/// Takes requests until the connection ends.
fn take(stream: &TcpStream, sender: &Sender<Sent>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &String| !line.trim_end().is_empty()) {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            lines.push(line.to_lowercase());
        }
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length:"))?;
        let mut body = vec![0; length.trim().parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        sender.send((lines.swap_remove(0), body)).ok()?;
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()?;
    }
}

/// Runs one job to its end, with its spans sent to `collector`.
fn run_once(directory: &Directory, collector: &str) {
    let jobs = "[jobs.backup]\nschedule = '@reboot'\ncommand = 'true'\n\
                [jobs.upload]\nschedule = '@reboot'\ncommand = 'exit 7'\n";
    let file = directory.write("jobs.toml", jobs);
    let mut command = mainspring();
    command.args(["run", "--log-format", "json", "--otlp", collector]).arg(file);
    let mut running = Running::spawn(command);
    running.wait_for_message("finished");
    running.wait_for_message("failed");
    assert_eq!(running.stop(), Some(0));
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn a_collector_receives_each_run_with_its_job() {
    let (address, sent) = collector();
    run_once(&Directory::new("otlp"), &address);
    let sent: Vec<Sent> = sent.try_iter().collect();
    assert!(!sent.is_empty(), "what is left goes before the program ends");
    for (request, _) in &sent {
        assert_eq!(request.trim_end(), "post /v1/traces http/1.1");
    }
    let all: Vec<u8> = sent.into_iter().flat_map(|(_, body)| body).collect();
    for text in ["mainspring", "run", "attempt", "backup", "upload", "succeeded", "failed", "due"] {
        assert!(contains(&all, text), "{text}: {}", String::from_utf8_lossy(&all));
    }
}

#[test]
fn a_collector_that_does_not_answer_stops_nothing() {
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", deaf.local_addr().expect("an address"));
    run_once(&Directory::new("otlp-deaf"), &address);
}

#[test]
fn what_is_no_address_is_said() {
    let directory = Directory::new("otlp-wrong");
    let file = directory.write("jobs.toml", "[jobs.a]\nschedule = '@daily'\ncommand = 'true'\n");
    let output = mainspring().args(["run", "--otlp", "localhost"]).arg(file).output();
    let output = output.expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("http://localhost:4318"), "{}", text(&output.stderr));
}
