//! How a scenario is played.

use std::time::Duration;

use mesh_failover_sorted::SortedMap;

use super::arm::Arm;
use crate::cluster::Address;
use crate::live::GatewayState;
use crate::translate::IstioVersion;

/// How to play.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Goes before the scenario's own seed.
    pub seed: Option<u64>,
    /// Length of a frame; unset: a second, or more in runs longer than 20 minutes.
    pub resolution: Option<Duration>,
    /// Where endpoints are, by name: consistent hashing leads where it would lead there. Unset: at addresses that the seed makes up.
    pub addresses: SortedMap<String, Address>,
    /// istiod's version.
    pub version: IstioVersion,
    /// Who decides about regions.
    pub arm: Arm,
    /// Gateways as they run: what those at the scenario's gateway have ejected is out when the run starts. Pods of the gateway
    /// beyond them start as the last of them.
    pub gateways: Vec<GatewayState>,
}
