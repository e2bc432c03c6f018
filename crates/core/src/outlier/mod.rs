//! Envoy's outlier detection: who is ejected, for how long, and when a host comes back.
