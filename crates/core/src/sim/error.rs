//! Why a scenario cannot be played.

use std::fmt;

use crate::lb::config::UnsupportedPolicy;
use crate::outlier::ConfigError;
use crate::translate::ProxyError;

/// Why a scenario cannot be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SimError {
    /// The scenario's gateway does not exist.
    Gateway(ProxyError),
    /// A field of the scenario.
    Field {
        /// For example `spec.steps[2].scale`.
        path: String,
        /// What is wrong and what to write instead.
        message: String,
    },
    /// A regular expression decides where the request goes.
    Regex(String),
    /// The router arm is asked for, and no WasmPlugin selects the gateway.
    NoRouter,
    /// The region router refuses its configuration.
    Router {
        /// The WasmPlugin, `namespace/name`.
        plugin: String,
        /// What the router refuses.
        error: String,
    },
    /// A cluster's load balancing policy is not modelled.
    Policy {
        /// The cluster.
        cluster: String,
        /// The policy.
        error: UnsupportedPolicy,
    },
    /// A cluster's outlier detection is one that Envoy refuses.
    OutlierDetection {
        /// The cluster.
        cluster: String,
        /// What Envoy refuses.
        error: ConfigError,
    },
}

impl SimError {
    pub(super) fn field(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Field { path: path.into(), message: message.into() }
    }

    /// The same of the gateway at this place of the scenario's `otherGateways`.
    pub(super) fn of_other(self, index: u64) -> Self {
        let place = format!("spec.otherGateways[{index}]");
        match self {
            Self::Gateway(error) => Self::field(format!("{place}.gateway"), error.to_string()),
            Self::Field { path, message } => match path.strip_prefix("spec.traffic") {
                Some(field) => Self::field(format!("{place}.traffic{field}"), message),
                None => Self::field(path, message),
            },
            other => other,
        }
    }
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway(error) => write!(f, "`spec.gateway`: {error}"),
            Self::Field { path, message } => write!(f, "`{path}`: {message}"),
            Self::Regex(regex) => write!(
                f,
                "the regular expression `{regex}` decides where the scenario's request goes, and regular expressions are \
                 not modelled; write an exact value or a prefix, or another `spec.traffic.path`"
            ),
            Self::NoRouter => f.write_str(
                "the router arm needs the region router, and no WasmPlugin selects the gateway; add the WasmPlugin with its \
                 `pluginConfig`, or play the `native` arm",
            ),
            Self::Router { plugin, error } => {
                write!(f, "the region router refuses the `pluginConfig` of WasmPlugin `{plugin}`: {error}")
            }
            Self::Policy { cluster, error } => write!(f, "cluster `{cluster}`: {error}"),
            Self::OutlierDetection { cluster, error } => {
                write!(f, "cluster `{cluster}`: Envoy refuses its outlier detection: {error}")
            }
        }
    }
}

impl std::error::Error for SimError {}
