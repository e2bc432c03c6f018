//! Closed-loop load: as fast as the other side allows, for measuring cost a request.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hyper::body::Bytes;
use tokio::task::JoinSet;

use crate::http::Connection;

/// Connections that each send one request after the other.
#[derive(Debug, Clone, Copy)]
pub struct ClosedLoop {
    /// Where to.
    pub address: SocketAddr,
    /// How many.
    pub connections: usize,
    /// How long.
    pub duration: Duration,
    /// Bytes of a POST's body; 0: a GET.
    pub body: usize,
}

/// What a closed loop got through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throughput {
    /// Answers with a status below 500.
    pub requests: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// The time within which 99 % of them were answered.
    pub p99: Duration,
}

impl ClosedLoop {
    /// Runs it; an answer that is an error ends it, because its cost is another one.
    pub async fn run(self) -> Result<Throughput> {
        let began = Instant::now();
        let mut loops = JoinSet::new();
        for _ in 0..self.connections {
            loops.spawn(self.one(began));
        }
        let mut times = Vec::new();
        while let Some(of_one) = loops.join_next().await {
            times.extend(of_one??);
        }
        let elapsed = began.elapsed();
        times.sort_unstable();
        let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
        Ok(Throughput { requests: times.len() as u64, elapsed, p99 })
    }

    /// How long each request of one connection took.
    async fn one(self, began: Instant) -> Result<Vec<Duration>> {
        let mut connection = Connection::open(self.address).await?;
        let method = if self.body == 0 { "GET" } else { "POST" };
        let body = Bytes::from(vec![b'x'; self.body]);
        let mut times = Vec::new();
        while began.elapsed() < self.duration {
            let sent = Instant::now();
            let status = connection.send(method, "/", &[], body.clone()).await?.status;
            if status >= 500 {
                bail!("the gateway answered {status} under load");
            }
            times.push(sent.elapsed());
        }
        Ok(times)
    }
}
