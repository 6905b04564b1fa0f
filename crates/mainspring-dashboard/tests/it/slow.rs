//! Clients that are slow, silent or gone take nothing from others.

use std::time::Duration;

use mainspring_dashboard::{Dashboard, Server, Token};
use mainspring_scheduler::Scheduler;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::world::{clock, scheduler};

const PATIENCE: Duration = Duration::from_millis(300);

/// Longer than anything here takes; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(30);

const ASK: &[u8] = b"GET /api/overview HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A server on its own address, until its token is cancelled.
struct Served {
    address: std::net::SocketAddr,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

async fn serve(scheduler: &Scheduler, streams: usize, connections: usize) -> Served {
    let dashboard = Dashboard::builder(scheduler.clone()).patience(PATIENCE).streams_max(streams);
    let server = Server::bind(dashboard.build(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (address, stop) = (server.address(), CancellationToken::new());
    let stopped = stop.clone().cancelled_owned();
    let server = tokio::spawn(server.connections_max(connections).run(stopped));
    Served { address, stop, server }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    /// Asks on a connection of its own; the answer's first line.
    async fn ask(&self) -> String {
        let mut stream = self.connect().await;
        stream.write_all(ASK).await.unwrap();
        first_line(&mut stream).await
    }

    async fn open_stream(&self) -> (TcpStream, String) {
        let mut stream = self.connect().await;
        stream.write_all(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let line = first_line(&mut stream).await;
        (stream, line)
    }
}

async fn first_line(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.contains(&b'\n') {
        let mut bytes = [0; 1024];
        let length = timeout(LONG, stream.read(&mut bytes)).await.expect("an answer").unwrap_or(0);
        if length == 0 {
            break;
        }
        read.extend_from_slice(&bytes[..length]);
    }
    let text = String::from_utf8_lossy(&read);
    text.lines().next().unwrap_or_default().to_owned()
}

/// Whether the server ends the connection.
async fn is_cut(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 64 * 1024];
    let cut = async { while stream.read(&mut bytes).await.is_ok_and(|length| length > 0) {} };
    timeout(LONG, cut).await.is_ok()
}

#[tokio::test]
async fn who_sends_a_request_by_the_byte_is_cut() {
    let served = serve(&scheduler(&clock()), 10, 10).await;
    // The head.
    let mut silent = served.connect().await;
    let mut slow = served.connect().await;
    let dripping = async {
        for byte in ASK.iter().cycle() {
            if slow.write_all(&[*byte]).await.is_err() {
                return;
            }
            sleep(PATIENCE / 10).await;
        }
    };
    timeout(LONG, dripping).await.expect("the head took too long, and the connection is cut");
    assert!(is_cut(&mut silent).await);
    // Between two requests.
    let mut idle = served.connect().await;
    idle.write_all(ASK).await.unwrap();
    assert_eq!(first_line(&mut idle).await, "HTTP/1.1 200 OK");
    assert!(is_cut(&mut idle).await);
    // The body.
    let mut stuck = served.connect().await;
    let head =
        b"POST /api/jobs/pause HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        X-Mainspring: 1\r\nContent-Length: 1000\r\n\r\n{";
    stuck.write_all(head).await.unwrap();
    assert_eq!(first_line(&mut stuck).await, "HTTP/1.1 503 Service Unavailable");
    assert!(is_cut(&mut stuck).await);
    assert_eq!(served.ask().await, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn who_does_not_read_the_answer_is_cut() {
    let scheduler = scheduler(&clock());
    for number in 0..500 {
        let job = mainspring_scheduler::Job::every(LONG).named(format!("{number:0200}"));
        scheduler.add(job.run(|_| async {})).unwrap();
    }
    let served = serve(&scheduler, 10, 1).await;
    let mut greedy = served.connect().await;
    // More than the kernel keeps for anybody.
    let ask = b"GET /api/jobs?limit=500 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for _ in 0..200 {
        greedy.write_all(ask).await.unwrap();
    }
    // It had the only connection.
    assert_eq!(served.ask().await, "HTTP/1.1 200 OK");
    drop(greedy);
}

#[tokio::test]
async fn who_is_gone_leaves_a_seat_free() {
    let served = serve(&scheduler(&clock()), 1, 10).await;
    let (first, line) = served.open_stream().await;
    assert_eq!(line, "HTTP/1.1 200 OK");
    assert_eq!(served.open_stream().await.1, "HTTP/1.1 503 Service Unavailable");
    drop(first);
    let again = async {
        while served.open_stream().await.1 != "HTTP/1.1 200 OK" {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, again).await.expect("the seat is free");
}

#[tokio::test]
async fn streams_outlast_the_patience_and_end_with_the_server() {
    let served = serve(&scheduler(&clock()), 10, 10).await;
    let (mut stream, _) = served.open_stream().await;
    sleep(3 * PATIENCE).await;
    served.stop.cancel();
    timeout(LONG, served.server).await.expect("the server ends").unwrap();
    let mut rest = Vec::new();
    timeout(LONG, stream.read_to_end(&mut rest)).await.expect("the stream ends").unwrap();
    let text = String::from_utf8(rest).unwrap();
    assert!(text.ends_with("0\r\n\r\n"), "it ended in its own time, and as a whole: {text:?}");
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let served = serve(&scheduler(&clock()), 10, 10).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(100_000));
    let heads = format!("GET / HTTP/1.1\r\n{}\r\n", "X-Header: value\r\n".repeat(5000));
    for bytes in [
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}",
        "GET / HTTP/1.1\r\nHost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        &long,
        &heads,
    ] {
        let mut stream = served.connect().await;
        // It may be cut before it has said all.
        let _sent = stream.write_all(bytes.as_bytes()).await;
        let line = first_line(&mut stream).await;
        assert!(line.is_empty() || line.starts_with("HTTP/1.1 4"), "{bytes:.40?}: {line}");
    }
    assert_eq!(served.ask().await, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn only_a_token_opens_the_dashboard_to_others() {
    let scheduler = scheduler(&clock());
    for address in ["0.0.0.0:0", "[::]:0"] {
        let dashboard = Dashboard::builder(scheduler.clone()).build();
        let error = Server::bind(dashboard, address.parse().unwrap()).await.expect_err("exposed");
        assert!(error.is_exposed(), "{error}");
    }
    let token = Token::new("a-token-for-the-tests").unwrap();
    let dashboard = Dashboard::builder(scheduler.clone()).token(token).build();
    Server::bind(dashboard, "0.0.0.0:0".parse().unwrap()).await.expect("guarded");
    let taken = serve(&scheduler, 1, 1).await;
    let dashboard = Dashboard::builder(scheduler).build();
    let error = Server::bind(dashboard, taken.address).await.expect_err("taken");
    assert_eq!(error.to_string(), format!("cannot listen on {}", taken.address));
    assert!(!error.is_exposed() && std::error::Error::source(&error).is_some());
}
