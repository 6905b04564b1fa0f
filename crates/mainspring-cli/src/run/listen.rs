//! Serves the dashboard beside the jobs.
//!
//! # Ground rules
//! - It has a thread and a runtime of its own: whoever looks delays no tick.
//! - It ends after the scheduler, so that it shows how the last commands end, and so that no connection to a
//!   database that was made here is gone before the last outcome is recorded.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use clap::Args;
use mainspring_dashboard::{Dashboard, Server, Source, Token};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{DASHBOARD_TOKEN as TOKEN, numbers};
use crate::sys;

/// A thousand streams of events, and as many requests.
const CONNECTIONS_MAX: usize = 2048;

/// Files that the dashboard leaves to the jobs, of all that the process may have open.
const FILES_LEFT: usize = 256;

/// What `run` says about the dashboard.
#[derive(Args, Clone, Debug)]
pub(crate) struct Listen {
    /// Serve the dashboard on this address, such as 127.0.0.1:8080
    ///
    /// With port 0 on one that is free; the log says which. An address that others than this machine can
    /// reach needs a token: --listen-token-file, or MAINSPRING_TOKEN in the environment.
    #[arg(long = "listen", value_name = "ADDR", value_parser = address)]
    pub(crate) address: Option<SocketAddr>,
    /// The file whose first line is the dashboard's token: who opens the page is asked for it
    #[arg(long = "listen-token-file", value_name = "FILE", requires = "address")]
    pub(crate) token_file: Option<PathBuf>,
}

/// The dashboard's thread.
pub(super) struct Listening {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// Opens the dashboard, if one is wanted; returns when it listens, or says why it cannot.
pub(super) fn open(
    arguments: &Listen,
    source: Source,
    store_name: &'static str,
    files: &[PathBuf],
) -> Result<Option<Listening>, String> {
    let Some(address) = arguments.address else {
        return Ok(None);
    };
    let token = token(arguments.token_file.as_deref())?;
    let title = files.iter().filter_map(|file| Some(file.file_name()?.to_string_lossy()));
    let title = title.collect::<Vec<_>>().join(", ");
    let files_max = sys::open_files_max().unwrap_or(usize::MAX);
    let connections = files_max.saturating_sub(FILES_LEFT).max(files_max / 2).min(CONNECTIONS_MAX);
    let stop = CancellationToken::new();
    let (opened, answer) = mpsc::channel();
    let stopped = stop.clone();
    let serve = async move {
        let builder = Dashboard::builder(source).title(title).store_name(store_name);
        let builder = builder.metrics(numbers::text);
        let builder = match token {
            Some(token) => builder.token(token),
            None => builder,
        };
        match Server::bind(builder.build(), address).await {
            Ok(server) => {
                let _heard = opened.send(Ok(server.address()));
                let served = server.connections_max(connections).run(stopped.cancelled());
                tokio::select! {
                    () = served => {}
                    () = numbers::keep() => {}
                }
            }
            Err(error) => {
                let _heard = opened.send(Err(refused(&error)));
            }
        }
    };
    let thread = thread::Builder::new().name("dashboard".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(serve);
        }
    });
    let thread = thread.map_err(|error| format!("no thread for the dashboard: {error}"))?;
    let address =
        answer.recv().map_err(|_| "the dashboard's thread did not start".to_owned())??;
    info!(url = format!("http://{address}/"), "the dashboard is open");
    Ok(Some(Listening { stop, thread: Some(thread) }))
}

impl Drop for Listening {
    /// Ends the streams, and waits for the thread: answers under way have two seconds.
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

fn token(file: Option<&Path>) -> Result<Option<Token>, String> {
    let (text, origin) = match (file, std::env::var(TOKEN)) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(file);
            let text = text.map_err(|error| {
                format!("the token cannot be read from {}: {error}", file.display())
            })?;
            (text, file.display().to_string())
        }
        (None, Ok(text)) => (text, TOKEN.to_owned()),
        (None, Err(_)) => return Ok(None),
    };
    let line = text.lines().next().unwrap_or_default().trim_end();
    Token::new(line).map(Some).map_err(|error| format!("{origin}: {error}"))
}

fn refused(error: &mainspring_dashboard::Error) -> String {
    if error.is_exposed() {
        return format!(
            "{error}; allowed: a loopback address such as 127.0.0.1:8080, or a token by \
             --listen-token-file FILE or {TOKEN}"
        );
    }
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    local.as_deref().unwrap_or(text).parse().map_err(|_| {
        "allowed: an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_is_an_ip_and_a_port() {
        for text in ["127.0.0.1:8080", "[::1]:0", "0.0.0.0:80", "localhost:8080"] {
            assert!(address(text).is_ok(), "{text}");
        }
        for text in ["", "8080", "localhost", "127.0.0.1", "127.0.0.1:99999", "example.org:80"] {
            assert!(address(text).is_err_and(|error| error.contains("127.0.0.1:8080")), "{text}");
        }
    }
}
