//! Stands between store and server, and cuts connections.

use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) struct Proxy {
    port: u16,
    connections: Arc<Mutex<Vec<JoinHandle<()>>>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let connections = Arc::<Mutex<Vec<JoinHandle<()>>>>::default();
        let held = connections.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let forward = tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(("127.0.0.1", server)).await {
                        // Either side may leave when it likes.
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                });
                held.lock().expect("nobody panics").push(forward);
            }
        });
        Self { port, connections, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://mainspring@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends every connection in the middle of whatever it says; says how many.
    pub(crate) fn cut(&self) -> usize {
        let mut connections = self.connections.lock().expect("nobody panics");
        let alive = connections.iter().filter(|connection| !connection.is_finished()).count();
        connections.drain(..).for_each(|connection| connection.abort());
        alive
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}
