//! Offers the program's metrics in the text that Prometheus reads.

use std::sync::OnceLock;
use std::time::Duration;

use mainspring_scheduler::metrics::{ALL, Kind};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// What histograms were told is sorted into their buckets so often, also if nobody asks.
const BETWEEN_UPKEEPS: Duration = Duration::from_secs(5);

/// The recorder is the process's own, and so is what it has recorded.
static RECORDED: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins to record, which must be before the first scheduler is made; once per process.
pub(super) fn record() -> Result<(), BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in ALL {
        if let Kind::Histogram(buckets) = metric.kind {
            let matcher = Matcher::Full(metric.name.to_owned());
            builder = builder.set_buckets_for_metric(matcher, buckets.bounds())?;
        }
    }
    let handle = builder.install_recorder()?;
    RECORDED.get_or_init(|| handle);
    Ok(())
}

/// What was recorded, as text; empty if nothing is.
pub(super) fn text() -> String {
    RECORDED.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Keeps what was recorded small, for as long as it is polled.
pub(super) async fn keep() {
    loop {
        tokio::time::sleep(BETWEEN_UPKEEPS).await;
        if let Some(recorded) = RECORDED.get() {
            recorded.run_upkeep();
        }
    }
}
