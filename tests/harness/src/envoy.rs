//! The released Envoy as a child process.
//!
//! Envoy picks its own ports (admin and listeners ask for port 0), so nothing here races for a
//! free one; what it picked is read back from the admin address file and `/listeners`.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{cpu, find, http};

const ADMIN_TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);
const LOG_LINES_SHOWN: usize = 30;

/// How Envoy is started.
#[derive(Debug, Clone)]
pub struct EnvoyOptions {
    /// Worker threads.
    pub concurrency: u32,
    /// `--component-log-level`, for example `wasm:trace`.
    pub component_log_level: Option<String>,
    /// The core all of its threads run on; unset: any.
    pub core: Option<usize>,
    /// How long it may take to be ready. A module is compiled for every worker in that time.
    pub ready_within: Duration,
    /// How long a listener that was replaced lives on for its open connections, in whole seconds; unset: Envoy's ten minutes.
    pub drain_time: Option<Duration>,
}

impl Default for EnvoyOptions {
    fn default() -> Self {
        Self {
            concurrency: 1,
            component_log_level: None,
            core: None,
            ready_within: Duration::from_secs(30),
            drain_time: None,
        }
    }
}

/// A running Envoy; dropping it kills it.
#[derive(Debug)]
pub struct Envoy {
    child: Child,
    admin: SocketAddr,
    log: PathBuf,
}

impl Envoy {
    /// Starts Envoy on a bootstrap file and waits until it is ready. Its log and the address of
    /// its admin interface are written to `folder`.
    pub async fn start(bootstrap: &Path, folder: &Path, options: &EnvoyOptions) -> Result<Self> {
        let log = folder.join("envoy.log");
        let admin_file = folder.join("admin-address");
        let mut command = Command::new(find::envoy()?);
        command
            .arg("--config-path")
            .arg(bootstrap)
            .args(["--use-dynamic-base-id", "--log-level", "info"])
            .args(["--concurrency", &options.concurrency.to_string()])
            // Who reads a log need not wait for it, and can tell its times.
            .args(["--file-flush-interval-msec", "100"])
            .env("TZ", "UTC")
            .arg("--admin-address-path")
            .arg(&admin_file)
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?);
        if let Some(levels) = &options.component_log_level {
            command.args(["--component-log-level", levels]);
        }
        if let Some(time) = options.drain_time {
            command.args(["--drain-time-s", &time.as_secs().to_string()]);
        }
        let mut spawn = || command.spawn().context("cannot start Envoy");
        let child = match options.core {
            Some(core) => cpu::on_core(core, spawn)??,
            None => spawn()?,
        };
        // From here on dropping kills it.
        let mut envoy = Self { child, admin: SocketAddr::from(([127, 0, 0, 1], 0)), log };
        envoy.wait_until_ready(&admin_file, options.ready_within).await?;
        Ok(envoy)
    }

    async fn wait_until_ready(&mut self, admin_file: &Path, limit: Duration) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < limit {
            if let Some(status) = self.child.try_wait()? {
                bail!("Envoy ended with {status}:\n{}", self.log_tail());
            }
            if let Ok(address) = fs::read_to_string(admin_file).unwrap_or_default().parse() {
                self.admin = address;
                let ready = http::get(address, "/ready", ADMIN_TIMEOUT).await;
                if ready.is_ok_and(|it| it.status == 200) {
                    return Ok(());
                }
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("Envoy was not ready within {limit:?}:\n{}", self.log_tail())
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its admin interface.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Everything it has logged.
    pub fn log(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.log)?).into_owned())
    }

    /// The last lines it has logged, for messages.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = self.log().unwrap_or_else(|error| format!("no log: {error}"));
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }

    /// Where the only listener listens.
    pub async fn listener(&self) -> Result<SocketAddr> {
        let listeners = self.json("/listeners?format=json").await?;
        let address = listeners
            .pointer("/listener_statuses/0/local_address/socket_address")
            .with_context(|| format!("no listener yet: {listeners}"))?;
        let host = address["address"].as_str().unwrap_or_default();
        Ok(format!("{host}:{}", address["port_value"]).parse()?)
    }

    /// A counter or gauge by its full name; a statistic that does not exist yet is 0.
    pub async fn stat(&self, name: &str) -> Result<u64> {
        let stats = self.get(&format!("/stats?filter=^{}$", escaped(name))).await?;
        let prefix = format!("{name}: ");
        let value = stats.lines().find_map(|line| line.strip_prefix(&prefix));
        Ok(value.map(str::parse).transpose()?.unwrap_or_default())
    }

    /// An admin page as JSON, for example `/clusters?format=json` or `/server_info`.
    pub async fn json(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.get(path).await?)?)
    }

    /// An admin page as text.
    pub async fn get(&self, path: &str) -> Result<String> {
        self.admin_request("GET", path).await
    }

    /// Posts to the admin interface, for example `/reset_counters`.
    pub async fn post(&self, path: &str) -> Result<String> {
        self.admin_request("POST", path).await
    }

    async fn admin_request(&self, method: &str, path: &str) -> Result<String> {
        let answer = http::request(self.admin, method, path, ADMIN_TIMEOUT).await?;
        if answer.status != 200 {
            bail!("Envoy's admin answered {} to {method} {path}: {}", answer.status, answer.text());
        }
        Ok(answer.text())
    }
}

/// A name as a regular expression in a query.
fn escaped(name: &str) -> String {
    name.replace('.', "[.]").replace('|', "[|]")
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
