//! Counters for Prometheus.

use core::sync::atomic::AtomicU64;
use core::time::Duration;

use hls_segmenter::Cause;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::process_metrics::ProcessMetrics;
use crate::store::Dropped;

/// What the service counts.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// What has no prefix.
    process: Registry,
    /// RTMP connections that are open.
    pub(crate) connections: Gauge,
    /// Channels that are live on this node.
    pub(crate) channels: Gauge,
    /// Requests that wait for a part.
    pub(crate) blocked: Waiting,
    /// Requests that were passed on to other nodes.
    pub(crate) passed_on: Counter,
    pub(crate) received_bytes: Counter,
    pub(crate) messages: Counter,
    pub(crate) bad_messages: Counter,
    pub(crate) segments_lost: Counter,
    pub(crate) store_retries: Counter,
    pub(crate) waits: Counter,
    pub(crate) snapshots: Counter,
    pub(crate) snapshots_dropped: Counter,
    /// HTTP connections for which there was no place.
    pub(crate) http_refused: Counter,
    stored_segments: Counter,
    stored_bytes: Counter,
    store_seconds: Histogram,
    engine_seconds: Counter<f64, AtomicU64>,
    cuts: Family<CauseLabel, Counter>,
    refusals: Family<ReasonLabel, Counter>,
    not_carried: Family<CodecLabel, Counter>,
    requests: Family<RequestLabel, Counter>,
}

/// How many wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting(Gauge);

/// One that waits, as long as it is there.
#[derive(Debug)]
pub(crate) struct OneWaits(Gauge);

impl Waiting {
    /// Counts one that waits.
    pub(crate) fn inc_guard(&self) -> OneWaits {
        self.0.inc();
        OneWaits(self.0.clone())
    }
}

impl Drop for OneWaits {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabel {
    cause: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodecLabel {
    codec: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabel {
    method: &'static str,
    status: u16,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("livechannel"),
            process: Registry::default(),
            connections: Gauge::default(),
            channels: Gauge::default(),
            blocked: Waiting::default(),
            passed_on: Counter::default(),
            received_bytes: Counter::default(),
            messages: Counter::default(),
            bad_messages: Counter::default(),
            segments_lost: Counter::default(),
            store_retries: Counter::default(),
            waits: Counter::default(),
            snapshots: Counter::default(),
            snapshots_dropped: Counter::default(),
            http_refused: Counter::default(),
            stored_segments: Counter::default(),
            stored_bytes: Counter::default(),
            store_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            engine_seconds: Counter::default(),
            cuts: Family::default(),
            refusals: Family::default(),
            not_carried: Family::default(),
            requests: Family::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        self.process.register_collector(Box::new(ProcessMetrics::new()));
        let to = &mut self.registry;
        let version = ("version", env!("CARGO_PKG_VERSION"));
        let features = ("features", FEATURES);
        to.register("build", "What was built", Info::new([version, features]));
        to.register("rtmp_connections", "Open RTMP connections", self.connections.clone());
        to.register("live_channels", "Channels that are live on this node", self.channels.clone());
        to.register(
            "blocked_requests",
            "Requests that wait for a part or a list",
            self.blocked.0.clone(),
        );
        to.register(
            "requests_passed_on",
            "Requests that were passed on to the node that has the channel",
            self.passed_on.clone(),
        );
        to.register("rtmp_received_bytes", "Bytes received over RTMP", self.received_bytes.clone());
        to.register("rtmp_messages", "Media messages received", self.messages.clone());
        to.register(
            "rtmp_bad_messages",
            "Media messages that the engine passed over",
            self.bad_messages.clone(),
        );
        to.register(
            "rtmp_refusals",
            "RTMP connections that were refused or ended, by reason",
            self.refusals.clone(),
        );
        to.register(
            "codecs_not_carried",
            "Publications with media of a codec that is not carried, by codec",
            self.not_carried.clone(),
        );
        to.register("segments", "Segments that ended, by cause", self.cuts.clone());
        to.register(
            "segments_lost",
            "Segments that found no room or did not get into the store",
            self.segments_lost.clone(),
        );
        to.register(
            "stored_segments",
            "Segments that got into the store",
            self.stored_segments.clone(),
        );
        to.register(
            "stored_bytes",
            "Bytes of segments that got into the store",
            self.stored_bytes.clone(),
        );
        to.register(
            "store_retries",
            "Requests to the store that were tried again",
            self.store_retries.clone(),
        );
        to.register(
            "store_waits",
            "Times that a connection was held up by the store",
            self.waits.clone(),
        );
        to.register("snapshots", "Snapshots that got into the store", self.snapshots.clone());
        to.register(
            "snapshots_dropped",
            "Snapshots that were dropped",
            self.snapshots_dropped.clone(),
        );
        to.register(
            "http_connections_refused",
            "HTTP connections for which there was no place",
            self.http_refused.clone(),
        );
        to.register("http_requests", "HTTP requests, by method and status", self.requests.clone());
        to.register_with_unit(
            "store",
            "From the end of a segment's turn in the queue until its playlist is stored",
            Unit::Seconds,
            self.store_seconds.clone(),
        );
        to.register_with_unit(
            "engine",
            "Time spent in the segmenter",
            Unit::Seconds,
            self.engine_seconds.clone(),
        );
        self
    }

    pub(crate) fn cut(&self, cause: Cause) {
        let cause = cause.name();
        self.cuts.get_or_create(&CauseLabel { cause }).inc();
    }

    pub(crate) fn stored(&self, len: usize, took: Duration) {
        self.stored_segments.inc();
        self.stored_bytes.inc_by(len as u64);
        self.store_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn engine(&self, took: Duration) {
        self.messages.inc();
        self.engine_seconds.inc_by(took.as_secs_f64());
    }

    pub(crate) fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Counts a publication with media that is dropped. A codec may have any name that an encoder
    /// makes up: those that nobody knows are one.
    pub(crate) fn not_carried(&self, dropped: &Dropped) {
        let known = CODECS.iter().find(|known| **known == dropped.codec);
        let codec = known.copied().unwrap_or("other");
        self.not_carried.get_or_create(&CodecLabel { codec }).inc();
    }

    pub(crate) fn request(&self, method: &'static str, status: u16) {
        self.requests.get_or_create(&RequestLabel { method, status }).inc();
    }

    /// Returns everything in the OpenMetrics text format.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = text::encode_registry(&mut out, &self.registry)
            .and_then(|()| text::encode_registry(&mut out, &self.process))
            .and_then(|()| text::encode_eof(&mut out));
        out
    }
}

/// What can be left out of a build.
const FEATURES: &str = match (cfg!(feature = "s3"), cfg!(feature = "etcd")) {
    (true, true) => "s3,etcd",
    (true, false) => "s3",
    (false, true) => "etcd",
    (false, false) => "",
};
/// Codecs that are counted by name, as the engine calls them.
const CODECS: [&str; 19] = [
    "H.264",
    "H.265",
    "H.266",
    "AV1",
    "VP8",
    "VP9",
    "Sorenson H.263",
    "Screen video",
    "VP6",
    "AAC",
    "MP3",
    "MP3 8 kHz",
    "Opus",
    "AC-3",
    "E-AC-3",
    "FLAC",
    "PCM",
    "Speex",
    "G.711",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Media;

    #[test]
    fn codecs_that_an_encoder_makes_up_are_one_series() {
        let metrics = Metrics::new();
        for codec in ["Opus", "ab01", "ab02"] {
            let (codec, reason) = (codec.to_owned(), String::new());
            metrics.not_carried(&Dropped { media: Media::Audio, codec, reason });
        }
        let text = metrics.text();
        assert!(text.contains("livechannel_build_info{version=\"") && text.ends_with("# EOF\n"));
        assert!(text.contains("\nprocess_cpu_seconds_total "), "{text}");
        assert!(text.contains("\nprocess_resident_memory_bytes "), "{text}");
        let line = |codec, count| {
            format!("livechannel_codecs_not_carried_total{{codec=\"{codec}\"}} {count}\n")
        };
        assert!(text.contains(&line("Opus", 1)), "{text}");
        assert!(text.contains(&line("other", 2)), "{text}");
    }
}
