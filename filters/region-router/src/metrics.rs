//! From the core's numbers to Envoy's statistics.

use mesh_failover_abi::{MetricType, host};
use mesh_failover_core::router::{Form, Metric, Sample};

/// Envoy's numbers of the metrics that were written so far, by [`Sample::key`], ascending. Kept over configurations: Envoy would
/// number them anew each time.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    known: Vec<(u64, u32)>,
    /// In bytes, as it was written last.
    memory: u64,
}

impl Metrics {
    pub(crate) fn write(&mut self, sample: &Sample<'_>) {
        let key = sample.key();
        let id = match self.known.binary_search_by_key(&key, |(known, _)| *known) {
            Ok(place) => self.known.get(place).map(|(_, id)| *id),
            Err(place) => define(sample).inspect(|id| self.known.insert(place, (key, *id))),
        };
        let Some(id) = id else { return };
        match sample.metric.form() {
            Form::Counter => host::increment_metric(id, sample.value),
            Form::Gauge | Form::Histogram => host::record_metric(id, sample.value),
        }
    }

    /// Says how large the machine's memory is, if it has grown.
    pub(crate) fn memory(&mut self) {
        let bytes = mesh_failover_abi::memory_bytes();
        if bytes != self.memory {
            self.memory = bytes;
            self.write(&whole(Metric::Memory, bytes));
        }
    }
}

/// A sample of the router as a whole.
const fn whole(metric: Metric, value: u64) -> Sample<'static> {
    Sample { metric, host: "", port: 0, region: "", value }
}

fn define(sample: &Sample<'_>) -> Option<u32> {
    let form = match sample.metric.form() {
        Form::Counter => MetricType::Counter,
        Form::Gauge => MetricType::Gauge,
        Form::Histogram => MetricType::Histogram,
    };
    host::define_metric(form, &sample.full_name())
}

/// Counts what became of a configuration.
pub(crate) fn configured(taken: bool) {
    let metric = if taken { Metric::ConfigurationTaken } else { Metric::ConfigurationRefused };
    Metrics::default().write(&whole(metric, 1));
}
