//! A throw-away PostgreSQL of a test's own, from the binaries that are installed.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// The user that the server runs as where the tests are root's, since it refuses to be root.
const NOBODY: &str = "nobody";

/// A server that ends, and whose data goes, when this is dropped.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Server {
    /// A running server.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if is_root() {
            run(Command::new("chown").arg(NOBODY).arg(folder.path()));
        }
        run(command("initdb")
            .args(["--no-sync", "--auth=trust", "--username=mainspring", "--encoding=UTF8"])
            .args(["--locale=C", "--pgdata"])
            .arg(folder.path().join("data")));
        let port = free_port();
        let mut server = Self { folder, port, process: None };
        server.resume(&[]);
        server
    }

    /// Starts it again on the same data and port, with settings.
    pub(crate) fn resume(&mut self, settings: &[&str]) {
        assert!(self.process.is_none(), "it runs");
        let log = fs::File::create(self.folder.path().join("log")).expect("a log");
        let mut postgres = command("postgres");
        postgres.arg("-D").arg(self.data()).arg("-k").arg(self.data());
        postgres.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        // It survives kills of itself all the same; the machine's own end is not tried here.
        postgres.args(["-c", "fsync=off"]);
        for setting in settings {
            postgres.args(["-c", setting]);
        }
        postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(postgres.spawn().expect("postgres starts"));
        let ready = || {
            let mut ask = command("pg_isready");
            ask.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            ask.status().expect("pg_isready runs").success()
        };
        for _ in 0..600 {
            if ready() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        panic!("the server did not start:\n{log}");
    }

    /// Ends all connections and the server, as its administrator would.
    pub(crate) fn stop(&mut self) {
        self.signal("INT");
    }

    /// Ends it as a crash would.
    pub(crate) fn crash(&mut self) {
        self.signal("QUIT");
    }

    /// The address of its one database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://mainspring@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Puts a file that only the server may read among its data.
    pub(crate) fn give(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        fs::write(&path, text).expect("a file");
        run(Command::new("chmod").arg("600").arg(&path));
        if is_root() {
            run(Command::new("chown").arg(NOBODY).arg(&path));
        }
    }

    fn signal(&mut self, signal: &str) {
        let Some(mut process) = self.process.take() else { return };
        // `setpriv` has become the server: the number is the server's own.
        run(Command::new("kill").args(["-s", signal, &process.id().to_string()]));
        process.wait().expect("it was started");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let quit =
                Command::new("kill").args(["-s", "QUIT", &process.id().to_string()]).status();
            if quit.is_ok() {
                let _ = process.wait();
            }
        }
    }
}

/// One of PostgreSQL's programs, as a user that it accepts.
fn command(program: &str) -> Command {
    let program = found(program);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", NOBODY, "--regid", "nogroup", "--clear-groups", "--"]).arg(program);
    command.current_dir("/");
    command
}

/// In the path, or where Debian and others put it.
fn found(program: &str) -> PathBuf {
    let mut folders: Vec<PathBuf> = Vec::new();
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path));
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let there = folders.iter().map(|folder| folder.join(program)).find(|path| is_file(path));
    there.unwrap_or_else(|| {
        panic!(
            "`{program}` is not installed: install PostgreSQL's server, or call `cargo xtask test`"
        )
    })
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().expect("id runs").stdout == b"0\n"
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[track_caller]
fn run(command: &mut Command) {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} failed: {told}");
}
