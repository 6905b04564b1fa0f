//! The store in PostgreSQL: the suite, restarts, cut connections, TLS.

mod connections;
mod outages;
mod proxy;
mod schedulers;
mod server;
mod suite;
mod tls;
mod workers;
