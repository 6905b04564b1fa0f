//! Serves a dashboard by itself: listens, bounds what clients may take, stops.
//!
//! # Ground rules
//! - A client has so long for the head of a request, for reading an answer, and between two requests. Whoever
//!   is slower is cut.
//! - There are so many connections and no more; further ones wait in the kernel.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use crate::Dashboard;
use crate::error::{Error, Kind};

/// After which the kernel asks whether a silent client is still there.
const SILENCE: Duration = Duration::from_secs(60);

/// For answers under way when the server stops.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A head may have so many bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// A dashboard on an address of its own.
///
/// ```
/// use mainspring_dashboard::{Dashboard, Server};
/// use mainspring_scheduler::Scheduler;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dashboard = Dashboard::builder(Scheduler::new()).build();
/// let server = Server::bind(dashboard, "127.0.0.1:0".parse()?).await?;
/// println!("http://{}/", server.address());
/// # let stopped = async {};
/// server.run(stopped).await; // until `stopped` completes
/// # Ok(())
/// # }
/// ```
pub struct Server {
    dashboard: Dashboard,
    listener: TcpListener,
    address: SocketAddr,
    connections: usize,
}

impl Server {
    /// Listens on `address`; port 0 takes one that is free.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// If the address cannot be had, or if others than this machine could reach it and the dashboard asks
    /// for no token ([`Error::is_exposed`]).
    pub async fn bind(dashboard: Dashboard, address: SocketAddr) -> Result<Self, Error> {
        if !address.ip().to_canonical().is_loopback() && !dashboard.has_token() {
            return Err(Kind::Exposed(address).into());
        }
        let cannot = |error| Error::from(Kind::Bind(address, error));
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        Ok(Self { dashboard, listener, address, connections: 2048 })
    }

    /// The address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections there may be at once; 2,048 unless said otherwise, and at least one. Each is
    /// an open file of the process.
    pub fn connections_max(self, connections: usize) -> Self {
        Self { connections: connections.clamp(1, Semaphore::MAX_PERMITS), ..self }
    }

    /// Answers until `stop` completes. Then the streams of events end, and other answers have two seconds.
    ///
    /// # Cancel safety
    /// Dropping the future closes the address; connections that are open go on until they end by
    /// themselves.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let room = Arc::new(Semaphore::new(self.connections));
        let patience = self.dashboard.patience();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEAD_BYTES_MAX);
        let service = TowerToHyperService::new(self.dashboard.router());
        let graceful = GracefulShutdown::new();
        let mut stop = pin!(stop);
        loop {
            let next = async {
                let seat = room.clone().acquire_owned().await;
                (self.listener.accept().await, seat)
            };
            let (accepted, seat) = tokio::select! {
                biased;
                () = &mut stop => break,
                next = next => next,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection to the dashboard was not accepted");
                    // The process may be out of files, and others may close theirs.
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            look_after(&stream);
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(patience));
            let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service.clone());
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // What a client breaks is the client's.
                let _ended = connection.await;
                drop(seat);
            });
        }
        drop(self.listener);
        self.dashboard.close();
        let _ended_in_time = timeout(LAST_WORDS, graceful.shutdown()).await;
    }
}

/// Has the kernel notice a client that is gone without a word.
fn look_after(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(SILENCE);
    // A kernel that will not is no reason to send a client away.
    let _kept = socket.set_tcp_keepalive(&keepalive);
    let _sent_at_once = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _given_up = socket.set_tcp_user_timeout(Some(SILENCE));
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}
