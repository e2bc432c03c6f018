//! The commands of the guide: apply everywhere, then take a region away and bring it back.

use std::fmt::Write as _;

use super::{RenderedFile, Wanted, cluster};

impl Wanted<'_> {
    /// The commands over the files to apply, those of one cluster with its name.
    pub(super) fn commands(
        &self,
        files: &[RenderedFile],
        services: &[(String, RenderedFile)],
    ) -> String {
        let contexts: Vec<&str> = self.spec.regions.iter().map(cluster).collect();
        let mut text = String::from(
            "# The names of contexts are those of the intent's clusters: `kubectl config get-contexts` shows yours.\n\n\
             # Apply in every cluster.\n",
        );
        let names: Vec<String> = files.iter().map(|file| format!("-f {}", file.name)).collect();
        let _ = writeln!(
            text,
            "for context in {}; do\n  kubectl --context \"$context\" apply {}\ndone",
            contexts.join(" "),
            names.join(" ")
        );
        if !services.is_empty() {
            text += "\n# Each region's own Service in its cluster only, after a look at its selector and its port.\n";
        }
        for (cluster, file) in services {
            let _ = writeln!(text, "kubectl --context {cluster} apply -f {}", file.name);
        }
        let (Some(first), service) = (self.spec.regions.first(), self.service()) else {
            return text;
        };
        let scale = |replicas: u32| {
            format!(
                "kubectl --context {} --namespace {} scale deployment/{service} --replicas={replicas}\n",
                cluster(first),
                self.namespace
            )
        };
        let _ = write!(
            text,
            "\n# Validate: take {0} away while requests come through the gateway, then bring it back.\n{1}# … watch the \
             other regions take over …\n{2}\n# The same without a cluster.\nmesh-failover explain . --from {0}\n",
            first.name,
            scale(0),
            scale(first.replicas.unwrap_or(3))
        );
        text
    }
}
