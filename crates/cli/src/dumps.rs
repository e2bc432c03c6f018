//! Dumps of gateways beside manifests: which of them say anything about the gateway that is asked for.

use mesh_failover_core::live::GatewayState;
use mesh_failover_core::locality::Locality;

use crate::report;

/// Says so if none of the dumps is of a gateway at `place`: then nothing is out at the start, whatever they say.
pub(crate) fn note_unless_one_is_at(place: &Locality, dumps: &[GatewayState]) {
    if dumps.is_empty() || dumps.iter().any(|dump| dump.is_at(place)) {
        return;
    }
    let mut places: Vec<String> = dumps
        .iter()
        .filter_map(|dump| dump.locality.as_ref())
        .map(|it| format!("`{it}`"))
        .collect();
    places.sort();
    places.dedup();
    report::note(
        &format!("no dump is of a gateway at `{place}`: nothing counts as ejected at the start"),
        &format!("the dumps are of gateways at {}", places.join(", ")),
    );
}
