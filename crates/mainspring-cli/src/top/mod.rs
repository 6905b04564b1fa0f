//! `mainspring top`: what a store holds, as a view on a terminal that follows it.
//!
//! `snapshot` reads the store, `view` knows what is looked at and what a key means, `draw` makes a frame of
//! both; this file waits: for keys, for news of the store, for the next second.

mod draw;
mod snapshot;
#[cfg(test)]
mod tests;
mod view;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use mainspring_job::store::{Cancelled, Store, StoreError};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::sleep;

use self::snapshot::Snapshot;
use self::view::{Ask, View};
use crate::cli::Top;
use crate::exit::Exit;
use crate::log;
use crate::stored::Address;
use crate::sys::Signals;

/// The store is asked so often,
const EVERY: Duration = Duration::from_secs(1);

/// and after news, but not more often than this.
const BETWEEN_NEWS: Duration = Duration::from_millis(250);

/// Shows the store until somebody quits.
pub(crate) fn top(arguments: &Top) -> io::Result<Exit> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Ok(Exit::failed(
            "`top` needs a terminal: `mainspring jobs`, `runs` and `history` print the same, with --json \
             for programs",
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match open(arguments).await {
            Ok((address, store, first)) => show(&address, store, first).await,
            Err(text) => Ok(Exit::failed(text)),
        }
    })
}

/// The store and what is in it, or a sentence for people.
async fn open(arguments: &Top) -> Result<(Address, Arc<dyn Store>, Snapshot), String> {
    let address = arguments.store.clone().map_or_else(Address::only_one, Ok)?;
    let store = address.open(false).await?;
    let first = Snapshot::read(&*store).await.map_err(|error| error.to_string())?;
    Ok((address, store, first))
}

async fn show(address: &Address, store: Arc<dyn Store>, first: Snapshot) -> io::Result<Exit> {
    let mut signals = Signals::new()?;
    let mut screen = Screen::open()?;
    let mut inputs = inputs();
    let (tell, mut told) = mpsc::unbounded_channel();
    let wanted = Arc::new(Notify::new());
    let follower = tokio::spawn(follow(store.clone(), wanted.clone(), tell.clone()));
    let (place, mut view, mut snapshot) = (address.to_string(), View::default(), first);
    loop {
        screen.terminal.draw(|frame| draw::draw(frame, &place, &view, &snapshot))?;
        tokio::select! {
            Some(told) = told.recv() => match told {
                Told::Snapshot(Ok(read)) => (snapshot, view.trouble) = (read, None),
                Told::Snapshot(Err(error)) => view.trouble = Some(error.to_string()),
                Told::Done(text) => {
                    view.say(text, snapshot.now);
                    wanted.notify_one();
                }
            },
            input = inputs.recv() => match input {
                Some(Input::Key(key)) => match view.key(key, &snapshot) {
                    Some(Ask::Quit) => break,
                    Some(ask) => drop(tokio::spawn(carry_out(store.clone(), ask, tell.clone()))),
                    None => {}
                },
                Some(Input::Resized) => {}
                // The terminal has gone.
                None => break,
            },
            _ = signals.next() => break,
        }
    }
    follower.abort();
    Ok(Exit::Well)
}

/// What tasks tell the view.
enum Told {
    Snapshot(Result<Snapshot, StoreError>),
    Done(String),
}

/// Reads the store again and again, for as long as anybody looks.
async fn follow(store: Arc<dyn Store>, wanted: Arc<Notify>, tell: UnboundedSender<Told>) {
    let mut watch = store.watch();
    loop {
        let news = async {
            tokio::select! {
                () = watch.changed() => {}
                () = wanted.notified() => {}
            }
            sleep(BETWEEN_NEWS).await;
        };
        tokio::select! {
            () = news => {}
            () = sleep(EVERY) => {}
        }
        if tell.send(Told::Snapshot(Snapshot::read(&*store).await)).is_err() {
            return;
        }
    }
}

/// Changes the store as was asked, and tells what came of it.
async fn carry_out(store: Arc<dyn Store>, ask: Ask, tell: UnboundedSender<Told>) {
    let text = change(&*store, ask).await.unwrap_or_else(|error| format!("not done: {error}"));
    // Nobody looks any more.
    let _ = tell.send(Told::Done(text));
}

async fn change(store: &dyn Store, ask: Ask) -> Result<String, StoreError> {
    let (word, name, is_there) = match ask {
        Ask::Quit => return Ok(String::new()),
        Ask::Trigger(name) => {
            let run = store.trigger(&name, log::now()).await?;
            ("triggered", name, run.is_some())
        }
        Ask::Pause(name) => {
            let is_there = store.pause(&name).await?;
            ("paused", name, is_there)
        }
        Ask::Resume(name) => {
            let is_there = store.resume(&name, log::now()).await?;
            ("resumed", name, is_there)
        }
        Ask::Cancel(name, runs) => {
            let cancelled = store.cancel(&runs).await?;
            let count = |what| cancelled.iter().filter(|it| **it == what).count();
            let (done, asked) = (count(Cancelled::Done), count(Cancelled::Asked));
            return Ok(format!("{name}: {done} cancelled, {asked} asked to end"));
        }
    };
    Ok(if is_there { format!("{word} {name}") } else { format!("there is no job {name} any more") })
}

/// The terminal while it is ours; a panic gives it back as well.
struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    fn open() -> io::Result<Self> {
        Ok(Self { terminal: ratatui::try_init()? })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

enum Input {
    Key(KeyEvent),
    Resized,
}

/// Reads keys on a thread of its own, which ends with the program.
fn inputs() -> UnboundedReceiver<Input> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            let input = match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => Input::Key(key),
                Event::Resize(..) => Input::Resized,
                _ => continue,
            };
            if sender.send(input).is_err() {
                return;
            }
        }
    });
    receiver
}
