//! `mesh-failover explain`.

mod text;

use mesh_failover_core::explain::{Explanation, explain_live};
use mesh_failover_core::live::Mesh;

use crate::args::{ExplainArgs, ExplainOutput};
use crate::report::{self, Failure};
use crate::{dumps, output};

pub(crate) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let (texts, Mesh { manifests, gateways, .. }, proxy) = args.gateway.read()?;
    dumps::note_unless_one_is_at(&proxy.locality, &gateways);
    let explanation = explain_live(&manifests, &proxy, &gateways);
    report::print(&explanation.diagnostics, &texts);
    let (explanation, left_out) = if args.all { (explanation, 0) } else { routed(explanation) };
    match args.output {
        ExplainOutput::Text => output::print(&text::view(&explanation, left_out)),
        ExplainOutput::Json => output::print_json(&explanation)?,
    }
    Ok(())
}

/// Only clusters that the gateway's routes lead to, and how many others there are.
fn routed(mut explanation: Explanation) -> (Explanation, usize) {
    let all = explanation.clusters.len();
    explanation.clusters.retain(|cluster| !cluster.routes.is_empty());
    let left_out = all - explanation.clusters.len();
    (explanation, left_out)
}
