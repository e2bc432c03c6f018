//! The region router: which region a request goes to before Envoy chooses a host there.
