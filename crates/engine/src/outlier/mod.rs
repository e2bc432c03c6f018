//! Envoy's outlier detection: who is ejected, for how long, and when a host comes back.
//!
//! Passive health checking: the results of real requests are counted per host
//! ([`DetectorHostMonitor`]); a run of errors ejects at once, a bad success rate ejects at the next
//! sweep, and a sweep also brings hosts back ([`Detector`]). What the load balancer makes of an ejection, and when
//! it learns of it, is not decided here: see [`crate::lb`].
//!
//! **Source**: Envoy source/common/upstream/outlier_detection_impl.{h,cc}, v1.40.
//!
//! **Not modelled**: runtime overrides (`outlier_detection.*`), `detect_degraded_hosts`, extension monitors.

mod candidates;
mod config;
mod detector;
mod event;
mod monitor;
mod monitors;
mod stats;
mod success_rate;

pub use config::{ConfigError, DetectorConfig};
pub use detector::{Detector, DetectorState};
pub use event::{Action, EjectionType, OutlierDetectionEvent};
pub use monitor::{Detections, DetectorHostMonitor, HostResult};
pub use stats::DetectionStats;
pub use success_rate::{
    EjectionThreshold, MonitorType, SuccessRateAccumulator, success_rate_ejection_threshold,
};
