//! What the facade promises beyond its parts: that the examples do what they say.

mod examples;
#[cfg(feature = "postgres")]
#[allow(dead_code, reason = "the store's own tests stop and crash it too")]
#[path = "../../../mainspring-postgres/tests/it/server.rs"]
mod server;
