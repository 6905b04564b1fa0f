//! A thousand streams of events and ten thousand requests take bounded memory and leave nothing behind.
#![cfg(target_os = "linux")]

use std::net::SocketAddr;
use std::time::Duration;

use mainspring_dashboard::{Dashboard, Server};
use mainspring_scheduler::{Job, Scheduler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::HOUR;

const STREAMS: usize = 1000;
const CLIENTS: usize = 16;
const REQUESTS: usize = 10_000;

/// Longer than anything here takes; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(60);

/// What a thousand streams may take, both of their ends being here: 100 KB each.
const STREAMS_BYTES_MAX: usize = 100_000_000;

/// What ten thousand answers may leave behind.
const REQUESTS_BYTES_MAX: usize = 50_000_000;

/// What the process has in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc");
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("pages");
    pages * 4096
}

/// Reads until `end` was read.
async fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    let mut bytes = [0; 4096];
    while !read.windows(end.len()).any(|window| window == end) {
        let length = timeout(LONG, stream.read(&mut bytes)).await.expect("more").expect("a client");
        assert_ne!(length, 0, "the stream goes on: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&bytes[..length]);
    }
    read
}

async fn open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let read = read_until(&mut stream, b"event: hello").await;
    assert!(read.starts_with(b"HTTP/1.1 200 OK"));
    stream
}

/// Asks so many times on one connection.
async fn ask(address: SocketAddr, times: usize) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    for number in 0..times {
        let path = ["jobs?limit=20", "overview", "runs", "timeline?hours=1"][number % 4];
        let head = format!("GET /api/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let read = read_until(&mut stream, b"\r\n\r\n").await;
        let text = String::from_utf8_lossy(&read);
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.expect("a length").parse().expect("a number");
        let head = text.find("\r\n\r\n").expect("an end") + 4;
        let mut rest = vec![0; head + length - read.len()];
        timeout(LONG, stream.read_exact(&mut rest)).await.expect("all of it").expect("a body");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_and_ten_thousand_requests_are_borne() {
    let scheduler = Scheduler::new();
    for number in 0..100 {
        let job = Job::every(HOUR).named(format!("job {number}")).run(|_| async {});
        scheduler.add(job).unwrap();
    }
    let id = scheduler.find("job 7").unwrap();
    let dashboard = Dashboard::builder(scheduler.clone()).streams_max(STREAMS).build();
    let server = Server::bind(dashboard, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(server.run(async { drop(stopped.await) }));
    ask(address, 100).await;

    let before = resident();
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(open(address).await);
    }
    let open_bytes = resident().saturating_sub(before);
    println!("{STREAMS} streams: {} KB", open_bytes / 1000);
    assert!(open_bytes < STREAMS_BYTES_MAX, "{open_bytes} bytes for {STREAMS} streams");

    let before = resident();
    let clients: Vec<_> =
        (0..CLIENTS).map(|_| tokio::spawn(ask(address, REQUESTS / CLIENTS))).collect();
    for number in 0..500 {
        scheduler.pause(id);
        scheduler.resume(id);
        if number % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    for client in clients {
        client.await.expect("every request was answered");
    }
    let left_bytes = resident().saturating_sub(before);
    println!("{REQUESTS} requests: {} KB left", left_bytes / 1000);
    assert!(left_bytes < REQUESTS_BYTES_MAX, "{left_bytes} bytes after {REQUESTS} requests");

    for stream in &mut streams {
        read_until(stream, b"\"kind\":\"paused\"").await;
    }
    // All seats are taken, and all are free again when everybody has gone.
    let mut refused = TcpStream::connect(address).await.expect("a connection");
    refused.write_all(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let read = read_until(&mut refused, b"\r\n\r\n").await;
    assert!(read.starts_with(b"HTTP/1.1 503"));
    drop(streams);
    tokio::time::sleep(Duration::from_millis(200)).await;
    for _ in 0..STREAMS / 10 {
        drop(open(address).await);
    }
    drop(stop);
    timeout(LONG, server).await.expect("the server stops").expect("in good order");
}
