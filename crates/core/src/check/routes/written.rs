//! What routes are written in: a VirtualService, or an HTTPRoute of the Gateway API, each with its own names for the same things.

use crate::manifest::gateway_api::KubeHttpRoute;
use crate::manifest::{Kind, VirtualService};
use crate::translate::DEFAULT_RETRY_ON;

/// A kind whose rules lead to services. Fields are those of a rule.
pub(super) trait Written: Kind {
    /// The list of rules in the object.
    const RULES: &'static str;
    const DESTINATIONS: &'static str;
    /// The limit for a whole request.
    const TIMEOUT: &'static str;
    /// The limit for an attempt.
    const TRY_TIMEOUT: &'static str;
    const RETRIES: &'static str;
    /// What is retried, among `RETRIES`.
    const CONDITIONS: &'static str;
    /// The conditions in Istio's words where none are written.
    const NO_CONDITIONS: &'static str;
    /// A value for `CONDITIONS` with which a 503 is retried.
    const WITH_503: &'static str;
    /// What shares traffic between regions and fails over.
    const INSTEAD_OF_WEIGHTS: &'static str;
}

impl Written for VirtualService {
    const RULES: &'static str = "spec.http";
    const DESTINATIONS: &'static str = "route";
    const TIMEOUT: &'static str = "timeout";
    const TRY_TIMEOUT: &'static str = "retries.perTryTimeout";
    const RETRIES: &'static str = "retries";
    const CONDITIONS: &'static str = "retryOn";
    const NO_CONDITIONS: &'static str = "";
    const WITH_503: &'static str = "\"connect-failure,refused-stream,unavailable,cancelled,503\"";
    const INSTEAD_OF_WEIGHTS: &'static str =
        "use one destination without `subset` and `distribute` in its DestinationRule";
}

impl Written for KubeHttpRoute {
    const RULES: &'static str = "spec.rules";
    const DESTINATIONS: &'static str = "backendRefs";
    const TIMEOUT: &'static str = "timeouts.request";
    const TRY_TIMEOUT: &'static str = "timeouts.backendRequest";
    const RETRIES: &'static str = "retry";
    const CONDITIONS: &'static str = "codes";
    const NO_CONDITIONS: &'static str = DEFAULT_RETRY_ON;
    const WITH_503: &'static str = "[503]";
    const INSTEAD_OF_WEIGHTS: &'static str =
        "use one Service for all regions and `distribute` in its DestinationRule";
}
