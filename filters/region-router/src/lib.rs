//! The region router as a Proxy-Wasm filter: callbacks and host calls; all decisions are the core's.
