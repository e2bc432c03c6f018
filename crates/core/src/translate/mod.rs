//! istiod's part: from manifests and endpoints to one proxy's listeners, routes and clusters.
