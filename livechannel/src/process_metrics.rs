//! What the operating system says of this process, under the names that Prometheus's own clients
//! use.

use core::fmt;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// Looks at the process whenever somebody asks.
#[derive(Debug)]
pub(crate) struct ProcessMetrics {
    /// Unix seconds.
    started: f64,
}

/// What `/proc/self` says; a number that cannot be read is left out.
#[derive(Debug, Default)]
struct Look {
    cpu_seconds: Option<f64>,
    virtual_bytes: Option<u64>,
    resident_bytes: Option<u64>,
    descriptors: Option<u64>,
}

impl ProcessMetrics {
    /// Takes now for the start.
    pub(crate) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self { started: since.map_or(0.0, |since| since.as_secs_f64()) }
    }
}

impl Look {
    fn now() -> Self {
        let (mut look, page) = (Self::default(), page_size() as u64);
        if let Ok(text) = fs::read_to_string("/proc/self/stat") {
            look.cpu_seconds = cpu_seconds(&text, clock_ticks_per_second());
        }
        if let Ok(text) = fs::read_to_string("/proc/self/statm") {
            let mut pages = text.split(' ').map(|count| Some(count.parse::<u64>().ok()? * page));
            look.virtual_bytes = pages.next().flatten();
            look.resident_bytes = pages.next().flatten();
        }
        // One of them is the folder that is being read.
        let open = fs::read_dir("/proc/self/fd").map(|open| open.count() as u64);
        look.descriptors = open.ok().map(|open| open.saturating_sub(1));
        look
    }
}

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let look = Look::now();
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: Option<f64>| {
            let Some(value) = value else {
                return Ok(());
            };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)
        };
        #[expect(clippy::cast_precision_loss, reason = "no count here is above 2^53")]
        let float = |count: Option<u64>| count.map(|count| count as f64);
        let bytes = Some(&Unit::Bytes);
        gauge("process_virtual_memory", "Virtual memory", bytes, float(look.virtual_bytes))?;
        gauge("process_resident_memory", "Resident memory", bytes, float(look.resident_bytes))?;
        gauge("process_open_fds", "Open descriptors", None, float(look.descriptors))?;
        let most = getrlimit(Resource::Nofile).current;
        gauge("process_max_fds", "Descriptors that may be open", None, float(most))?;
        let (unit, started) = (Some(&Unit::Seconds), Some(self.started));
        gauge("process_start_time", "When the process began, Unix time", unit, started)?;
        if let Some(seconds) = look.cpu_seconds {
            let counter = ConstCounter::new(seconds);
            let help = "Processor time, of the program and of the kernel for it";
            let kind = counter.metric_type();
            counter.encode(encoder.encode_descriptor("process_cpu", help, unit, kind)?)?;
        }
        Ok(())
    }
}

/// Reads processor time from `/proc/self/stat`. The second field, a name in parentheses, may have
/// anything in it.
fn cpu_seconds(stat: &str, ticks_per_second: u64) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(|time| time.parse::<u64>().ok());
    let ticks = times.next()?? + times.next()??;
    #[expect(clippy::cast_precision_loss, reason = "no process runs for so long")]
    Some(ticks as f64 / ticks_per_second as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_whatever_the_program_is_called() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 1 0 99 1 2";
        assert_eq!(cpu_seconds(stat, 100), Some(2.0));
        assert_eq!(cpu_seconds("", 100), None);
    }

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let look = Look::now();
        assert!(look.resident_bytes.unwrap() > 1 << 20);
        assert!(look.virtual_bytes.unwrap() > look.resident_bytes.unwrap());
        assert!(look.descriptors.unwrap() >= 3 && look.cpu_seconds.is_some());
    }
}
