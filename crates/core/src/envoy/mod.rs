//! A runnable Envoy configuration: bootstrap and endpoint files from what [`crate::translate`] made.
