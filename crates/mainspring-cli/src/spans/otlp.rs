//! Sends spans to an OpenTelemetry collector, by OTLP over HTTP.
//!
//! # Ground rules
//! - Spans are sent in batches on a thread of their own. Where the collector does not answer they are
//!   dropped: no job waits for it.
//! - Plain HTTP only: a collector stands beside the program, and speaks TLS with the world.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::Run;

/// So long a collector has for one batch, and the last one at the end of the program.
const PATIENCE: Duration = Duration::from_secs(3);

/// Sends what the log's subscriber is told, if anywhere; the rest of it when this is dropped.
pub(crate) struct Spans(Option<SdkTracerProvider>);

impl Spans {
    /// Sends to the collector that the command line or the environment names.
    ///
    /// # Errors
    /// If that is no address, in a sentence for people.
    pub(crate) fn of(arguments: &Run) -> Result<Self, String> {
        // A variable without a value names nothing.
        let collector = arguments.otlp.as_deref().filter(|url| !url.is_empty());
        collector.map(provider).transpose().map(Self)
    }

    /// Begins to log, and to send.
    pub(crate) fn begin(&self, log: impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync) {
        let tracer = self.0.as_ref().map(|provider| provider.tracer("mainspring"));
        let layer = tracer.map(|tracer| tracing_opentelemetry::layer().with_tracer(tracer));
        log.with(layer).init();
    }
}

fn provider(collector: &str) -> Result<SdkTracerProvider, String> {
    if !collector.starts_with("http://") {
        return Err(format!(
            "{collector:?} is no address of a collector; allowed: such as http://localhost:4318"
        ));
    }
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_http_client(Client(config.build().into()))
        .with_endpoint(format!("{}/v1/traces", collector.trim_end_matches('/')))
        .build()
        .map_err(|error| format!("spans cannot be sent to {collector:?}: {error}"))?;
    let name = std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| "mainspring".to_owned());
    let resource = Resource::builder().with_service_name(name).build();
    let provider = SdkTracerProvider::builder().with_resource(resource);
    Ok(provider.with_batch_exporter(exporter).build())
}

impl Drop for Spans {
    fn drop(&mut self) {
        // The log is the place to say so, and it has ended.
        let _unsent = self.0.as_ref().map(|provider| provider.shutdown_with_timeout(PATIENCE));
    }
}

/// A client that blocks, as the thread that sends does nothing else.
#[derive(Debug)]
struct Client(ureq::Agent);

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let answer = self.0.run(Request::from_parts(parts, &body[..]))?;
        let (parts, mut body) = answer.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}
