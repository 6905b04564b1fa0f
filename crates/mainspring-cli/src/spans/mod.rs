//! Sends the spans of runs to a collector, where the feature `opentelemetry` is on.

#[cfg(not(feature = "opentelemetry"))]
mod off;
#[cfg(feature = "opentelemetry")]
mod otlp;

#[cfg(not(feature = "opentelemetry"))]
pub(crate) use off::Spans;
#[cfg(feature = "opentelemetry")]
pub(crate) use otlp::Spans;
