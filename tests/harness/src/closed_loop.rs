//! Closed-loop load: as fast as the other side allows, for measuring cost a request.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
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
}

/// What a closed loop got through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throughput {
    /// Answers with a status below 500.
    pub requests: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl ClosedLoop {
    /// Runs it; an answer that is an error ends it, because its cost is another one.
    pub async fn run(self) -> Result<Throughput> {
        let began = Instant::now();
        let mut loops = JoinSet::new();
        for _ in 0..self.connections {
            loops.spawn(self.one(began));
        }
        let mut requests = 0;
        while let Some(count) = loops.join_next().await {
            requests += count??;
        }
        Ok(Throughput { requests, elapsed: began.elapsed() })
    }

    async fn one(self, began: Instant) -> Result<u64> {
        let mut connection = Connection::open(self.address).await?;
        let mut count = 0;
        while began.elapsed() < self.duration {
            let status = connection.get("/", &[]).await?.status;
            if status >= 500 {
                bail!("the gateway answered {status} under load");
            }
            count += 1;
        }
        Ok(count)
    }
}
