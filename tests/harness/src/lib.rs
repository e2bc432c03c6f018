//! Real backends, a real Envoy and real load for the demo, the end-to-end tests and the benchmarks.
