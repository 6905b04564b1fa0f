//! Does a request wait behind background work that never ends?
//!
//! ```sh
//! cargo run -p mainspring --release --features executor --example web_service
//! cargo run -p mainspring --release --features executor --example web_service -- 8080    # curl it
//! ```
//!
//! One thread serves HTTP and rebuilds an index, which takes all time that it gets. Requests have
//! eight parts of the thread, the index one: a request waits for one step of the index at most. Without an
//! argument the program sends itself 200 requests, and prints how long they took and what each queue got.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use http_body_util::Full;
use hyper::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mainspring::clock::{Clock, SystemClock};
use mainspring::executor::tokio::TokioHost;
use mainspring::executor::{Executor, Las, RunnableFifo, yield_now};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map(|argument| argument.parse::<u16>()).transpose()?;
    let executor = Executor::builder()
        .queue("requests", 8, Las::default())
        .queue("index", 1, RunnableFifo::default())
        .host(TokioHost)
        .build()?;

    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(0))).await?;
    let address = listener.local_addr()?;
    let requests = executor.queue("requests")?;
    let server = executor.queue("requests")?.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = async |_| Ok::<_, Infallible>(Response::new(Full::new(&b"at once\n"[..])));
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            requests.spawn(connection).detach();
        }
    });
    let index = executor.queue("index")?.spawn(async {
        for step in 0_u64.. {
            std::hint::black_box((0..20_000).fold(step, |sum, i| std::hint::black_box(sum ^ i)));
            yield_now().await;
        }
    });
    index.detach();

    if port.is_some() {
        println!("http://{address}");
        executor.run_until(server).await??;
        return Ok(());
    }
    let ask_often = move || (0..200).map(|_| ask(address)).collect::<io::Result<Vec<_>>>();
    let client = tokio::task::spawn_blocking(ask_often);
    let mut took: Vec<Duration> = executor.run_until(client).await???;
    took.sort_unstable();
    println!("200 requests: half took {:?} at most, 99 of 100 {:?}", took[99], took[197]);
    for queue in executor.stats().queues {
        println!("{}: {:.0} % of the thread", queue.name, queue.share_got * 100.0);
    }
    Ok(())
}

/// Sends one request and reads the reply; says how long that took.
fn ask(address: SocketAddr) -> io::Result<Duration> {
    let begun = SystemClock.now();
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    assert!(reply.ends_with("at once\n"), "{reply}");
    Ok(begun.elapsed())
}
