//! Shows jobs, runs and schedulers: one page, live, and the JSON API that it stands on.
//!
//! A [`Dashboard`] is an axum router that any application can mount, under any path. What it shows comes from a
//! [`Source`]: a scheduler in memory, a node of a store, or a store alone. A [`Server`] serves one by itself, as
//! `mainspring run --listen` does.
//!
//! ```
//! use axum::Router;
//! use mainspring_dashboard::Dashboard;
//! use mainspring_scheduler::{Job, Scheduler};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scheduler = Scheduler::new();
//! scheduler.add(Job::cron("0 9 * * MON-FRI")?.named("report").run(|_| async {}))?;
//!
//! let dashboard = Dashboard::builder(scheduler.clone()).build();
//! let app: Router = Router::new().nest_service("/ops", dashboard.router());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let stopper = scheduler.clone();
//! tokio::select! {
//!     served = axum::serve(listener, app) => served?, // the page is at /ops/
//!     ran = scheduler.run() => drop(ran?),
//! #   () = async move { stopper.shutdown(std::time::Duration::ZERO); std::future::pending().await } => {}
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Who may ask
//! Nobody is let in by accident. Without a [token](DashboardBuilder::token) the dashboard answers browsers that
//! call it `localhost` or by a loopback address, and a [`Server`] listens on no other. With one, everything but
//! the empty page asks for it. Requests that change anything need a header and a content type that no form of
//! another site can send, and name no other origin. Every answer carries a content policy under which nothing
//! runs that does not come from here.
//!
//! # What it costs
//! With nobody looking: each event of the scheduler is counted. A page of jobs asks for that page and for the
//! last runs of its jobs, however many jobs there are. Events are written once for all who listen; who is
//! slow loses some and hears how many. Requests, streams and connections are bounded, and so is what each may
//! take of time and memory.
//!
//! The API is described at `api/openapi.json`, relative to where the router is mounted.

mod answer;
mod api;
mod dashboard;
mod error;
mod guard;
mod hub;
mod pump;
mod refusal;
mod serve;
mod source;
mod token;

pub use dashboard::{Dashboard, DashboardBuilder};
pub use error::Error;
pub use serve::Server;
pub use source::Source;
pub use token::Token;
