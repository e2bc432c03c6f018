//! The clients of a drill: open loop, over many connections, so that all workers of all Envoys get their part.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use mesh_failover_core::manifest::Traffic;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::program::NUMBER_HEADER;
use crate::http::Connection;

/// Connections kept to each Envoy. Which worker gets one is the kernel's choice, so that few would be unevenly spread.
const CONNECTIONS: usize = 48;

#[derive(Debug)]
pub(super) struct Client {
    gateways: Vec<Arc<Gateway>>,
    request: Arc<Template>,
    random: u64,
}

#[derive(Debug)]
struct Gateway {
    address: SocketAddr,
    idle: Mutex<Vec<Connection>>,
}

#[derive(Debug)]
struct Template {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
}

/// Running requests and how late each of them began.
pub(super) type Running = JoinHandle<(JoinSet<()>, Vec<Duration>)>;

impl Client {
    pub(super) async fn open(
        addresses: &[SocketAddr],
        traffic: &Traffic,
        seed: u64,
    ) -> Result<Self> {
        let mut gateways = Vec::new();
        for &address in addresses {
            let mut idle = Vec::new();
            for _ in 0..CONNECTIONS {
                idle.push(Connection::open(address).await?);
            }
            gateways.push(Arc::new(Gateway { address, idle: Mutex::new(idle) }));
        }
        let mut headers: Vec<(String, String)> =
            traffic.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.extend(traffic.host.clone().map(|host| ("host".to_owned(), host)));
        let request = Template {
            method: traffic.method.clone().unwrap_or_else(|| "GET".to_owned()),
            path: traffic.path.clone().unwrap_or_else(|| "/".to_owned()),
            headers,
        };
        Ok(Self { gateways, request: Arc::new(request), random: seed })
    }

    /// Sends a request at each moment after `began`.
    pub(super) async fn run(
        &mut self,
        began: Instant,
        due: &[Duration],
    ) -> (JoinSet<()>, Vec<Duration>) {
        let mut running = JoinSet::new();
        let mut late = Vec::new();
        for (number, at) in due.iter().enumerate() {
            tokio::time::sleep_until(began + *at).await;
            late.push((began + *at).elapsed());
            let which = self.below(self.gateways.len());
            let Some(gateway) = self.gateways.get(which).cloned() else { break };
            let connection = self.idle(&gateway);
            running.spawn(request(gateway, connection, self.request.clone(), number));
            while running.try_join_next().is_some() {}
        }
        (running, late)
    }

    /// Any of the connections that have nothing to do.
    fn idle(&mut self, gateway: &Gateway) -> Option<Connection> {
        let mut idle = gateway.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Connection::is_ready);
        let which = self.below(idle.len());
        (which < idle.len()).then(|| idle.swap_remove(which))
    }

    /// A number below `bound`: xorshift64*.
    fn below(&mut self, bound: usize) -> usize {
        let mut x = self.random | 1;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random = x;
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }
}

/// What comes back is Envoy's to tell; here only the connection matters.
async fn request(
    gateway: Arc<Gateway>,
    connection: Option<Connection>,
    template: Arc<Template>,
    number: usize,
) {
    let number = number.to_string();
    let headers = template.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<(&str, &str)> = headers.chain([(NUMBER_HEADER, number.as_str())]).collect();
    let connection = match connection {
        Some(connection) => Ok(connection),
        None => Connection::open(gateway.address).await,
    };
    if let Ok(mut connection) = connection
        && connection.send(&template.method, &template.path, &headers, "").await.is_ok()
    {
        gateway.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// Waits for what is under way, but not for ever; returns how late the latest of 99 of 100 requests was.
pub(super) async fn finish(running: Running, patience: Duration) -> Result<Duration> {
    let (mut running, mut late) = running.await.context("the client has panicked")?;
    let all = async { while running.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(patience, all).await;
    late.sort_unstable();
    Ok(late.get(late.len() * 99 / 100).copied().unwrap_or_default())
}
