//! Codes of the diagnostics of a translation, `MF01xx`, in one place.
//!
//! They say what istiod does silently, and what this translation leaves out; findings about style and risk
//! are the checks' business.

/// Several `to` keys of a `distribute` entry cover the same locality: istiod walks a Go map there,
/// so its result is random. Here the most specific key takes the locality.
pub const OVERLAPPING_DISTRIBUTE: &str = "MF0101";
/// `failoverPriority` over a DNS service with endpoints in several localities: istiod 1.30 and
/// 1.31 crash (istio/istio#61857). Here the labels are ignored.
pub const DNS_FAILOVER_PRIORITY: &str = "MF0102";
/// A route names a cluster that does not exist: Envoy answers 503 with the flag `NC`.
pub const CLUSTER_NOT_FOUND: &str = "MF0103";
/// A server of a Gateway whose protocol carries no HTTP routes; it is left out.
pub const SERVER_LEFT_OUT: &str = "MF0104";
/// A part of a VirtualService that is not modelled; the rest of it is.
pub const ROUTE_PART_LEFT_OUT: &str = "MF0105";
/// A ServiceEntry, or one of its ports or endpoints, that is left out.
pub const SERVICE_PART_LEFT_OUT: &str = "MF0106";
/// Two endpoints of a service carry the same name; scenarios and live views cannot tell them apart.
pub const DUPLICATE_ENDPOINT: &str = "MF0107";
/// A setting that the chosen version of Istio does not know yet and ignores.
pub const TOO_NEW: &str = "MF0108";
/// No Gateway selects the proxy: it listens on nothing.
pub const NO_LISTENER: &str = "MF0109";
/// A port or an address that cannot be one.
pub const BAD_ADDRESS: &str = "MF0110";
/// Two TLS servers claim a host on one port; istiod keeps the older one.
pub const DUPLICATE_TLS_HOST: &str = "MF0111";
/// An HTTPRoute names a Gateway or a listener that is not there.
pub const ROUTE_NOT_BOUND: &str = "MF0112";
/// An HTTPRoute that istiod drops because something in it is wrong.
pub const ROUTE_REFUSED: &str = "MF0113";
