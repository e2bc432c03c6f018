//! Open-loop load: a request every 1/rate seconds, whatever becomes of the ones before.
//!
//! A closed loop would slow down exactly when a region is dying, and so hide the failures it
//! causes. Here every request has a moment at which it is due and is recorded against that moment.
//!
//! Connections are kept alive and take turns, so that all of Envoy's workers get requests; another
//! one is opened when all are busy, up to a limit. Beyond the limit a request is lost, and says so.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval_at};

use crate::http::{Answer, Connection};
use crate::record::{Outcome, Record};
use crate::{ENDPOINT_HEADER, REGION_HEADER};

/// How the load is made.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Requests a second.
    pub rate: u32,
    /// Connections opened at the start.
    pub connections: usize,
    /// Most requests in flight.
    pub limit: usize,
    /// After this a request is lost.
    pub timeout: Duration,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { rate: 200, connections: 8, limit: 2_000, timeout: Duration::from_secs(10) }
    }
}

/// A running load; dropping it stops it.
#[derive(Debug)]
pub struct Load {
    client: Arc<Client>,
    task: JoinHandle<()>,
    stop: tokio::sync::watch::Sender<bool>,
}

#[derive(Debug)]
struct Client {
    address: SocketAddr,
    options: LoadOptions,
    began: Instant,
    phase: AtomicU32,
    idle: Mutex<VecDeque<Connection>>,
    records: Mutex<Vec<Record>>,
}

impl Load {
    /// Opens the connections and starts.
    pub async fn start(address: SocketAddr, options: LoadOptions) -> Result<Self> {
        let mut idle = VecDeque::new();
        for _ in 0..options.connections {
            idle.push_back(Connection::open(address).await?);
        }
        let client = Arc::new(Client {
            address,
            options,
            began: Instant::now(),
            phase: AtomicU32::new(0),
            idle: Mutex::new(idle),
            records: Mutex::default(),
        });
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let task = tokio::spawn(run(client.clone(), stopped));
        Ok(Self { client, task, stop })
    }

    /// Time since the load began: the clock of the records.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.client.began.elapsed()
    }

    /// Requests due from now on belong to this phase.
    pub fn enter(&self, phase: u32) {
        self.client.phase.store(phase, Ordering::Relaxed);
    }

    /// What is finished so far of a phase, in the order it finished.
    #[must_use]
    pub fn records_of(&self, phase: u32) -> Vec<Record> {
        self.client.records().iter().filter(|it| it.phase == phase).cloned().collect()
    }

    /// Lets what is in flight finish and returns every request in the order they were due.
    pub async fn finish(mut self) -> Vec<Record> {
        self.stop.send_replace(true);
        let _ = (&mut self.task).await;
        let mut records = std::mem::take(&mut *self.client.records());
        records.sort_by_key(|record| record.start);
        records
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    fn records(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> Result<Connection> {
        while let Some(connection) = { self.idle().pop_front() } {
            if connection.is_ready() {
                return Ok(connection);
            }
        }
        Connection::open(self.address).await
    }

    async fn exchange(&self) -> Result<Outcome> {
        let mut connection = self.connection().await?;
        let answer = connection.get("/", &[]).await?;
        self.idle().push_back(connection);
        Ok(outcome(&answer))
    }

    async fn request(self: Arc<Self>, start: Duration, phase: u32) {
        let outcome = match tokio::time::timeout(self.options.timeout, self.exchange()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Outcome::Lost(format!("{error:#}")),
            Err(_) => Outcome::Lost("no answer in time".to_owned()),
        };
        self.record(start, phase, outcome);
    }

    fn record(&self, start: Duration, phase: u32, outcome: Outcome) {
        let duration = self.began.elapsed().saturating_sub(start);
        self.records().push(Record { start, duration, phase, outcome });
    }
}

fn outcome(answer: &Answer) -> Outcome {
    match (answer.header(REGION_HEADER), answer.header(ENDPOINT_HEADER)) {
        (Some(region), Some(endpoint)) => Outcome::Answered {
            status: answer.status,
            region: region.to_owned(),
            endpoint: endpoint.to_owned(),
        },
        _ => Outcome::Local { status: answer.status },
    }
}

async fn run(client: Arc<Client>, mut stopped: tokio::sync::watch::Receiver<bool>) {
    let period = Duration::from_secs(1) / client.options.rate.max(1);
    let mut clock = interval_at(client.began.into(), period);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut in_flight = JoinSet::new();
    loop {
        let due = tokio::select! {
            due = clock.tick() => due.into_std().saturating_duration_since(client.began),
            _ = stopped.changed() => break,
        };
        let phase = client.phase.load(Ordering::Relaxed);
        while in_flight.try_join_next().is_some() {}
        if in_flight.len() < client.options.limit {
            in_flight.spawn(client.clone().request(due, phase));
        } else {
            client.record(due, phase, Outcome::Lost("too many requests in flight".to_owned()));
        }
    }
    while in_flight.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backend, Fault};

    #[tokio::test]
    async fn the_rate_holds_while_nothing_answers() {
        let backend = Backend::start("a-0", "europe-west1").await.unwrap();
        let options = LoadOptions {
            rate: 100,
            timeout: Duration::from_millis(300),
            ..LoadOptions::default()
        };
        let load = Load::start(backend.address(), options).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        load.enter(1);
        backend.set(Fault::Blackhole).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let records = load.finish().await;
        let due_until_then = records.iter().filter(|it| it.start < Duration::from_secs(1)).count();
        assert_eq!(due_until_then, 100);
        let (before, after): (Vec<_>, Vec<_>) = records.iter().partition(|it| it.phase == 0);
        assert!(before.iter().filter(|it| !it.is_ok()).count() <= 1, "the last may be caught");
        assert!(after.iter().filter(|it| it.is_ok()).count() <= 1);
        assert!(after.len() >= 49);
    }
}
