//! One real HTTP server (1.1, or 2 without TLS for whoever starts so) that plays one pod, and can be broken while it runs.
//!
//! A pod's death has several faces and Envoy sees each differently: an answer of 503, a refused
//! connection, silence. Each is made for real, on the socket, not by pretending in the handler.
//!
//! While a backend refuses, its port stays bound without listening, so that no other process gets
//! it and the backend can come back under the same address.

use std::convert::Infallible;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::{ENDPOINT_HEADER, REGION_HEADER};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// What is wrong with a backend.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// A share of the requests is answered with this status.
    Status {
        /// The status.
        code: u16,
        /// The share, 0 to 1; every request is drawn for itself.
        ratio: f64,
    },
    /// Every answer takes this long.
    Slow(Duration),
    /// Connections are accepted and requests never answered.
    Blackhole,
    /// Nothing arrives any more: open connections fall silent, new ones are never made.
    Unreachable,
    /// Open connections are cut, new ones refused.
    Refuse,
    /// The pod left in an orderly way: open requests are answered, new connections refused.
    Gone,
}

/// How long answers take where nothing is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Latency {
    /// No longer than they need.
    #[default]
    None,
    /// Always so long.
    Constant(Duration),
    /// Log-normally distributed.
    Spread {
        /// Half take at most this.
        p50: Duration,
        /// 99 of 100 take at most this.
        p99: Duration,
    },
}

impl Latency {
    /// The latency of one request; `random` is uniform in 0..1.
    fn draw(self, random: [f64; 2]) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Constant(latency) => latency,
            Self::Spread { p50, p99 } => {
                // 99 % of a standard normal distribution are below 2.3263; Box and Muller make one of two uniforms.
                let sigma = (p99.as_secs_f64() / p50.as_secs_f64()).ln() / 2.326_347_874;
                let [a, b] = random;
                let normal = (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos();
                p50.mul_f64((sigma * normal).exp())
            }
        }
    }
}

/// A running server; dropping it cuts its connections and frees its port.
#[derive(Debug)]
pub struct Backend {
    pod: Arc<Pod>,
    address: SocketAddr,
    control: mpsc::Sender<(Fault, oneshot::Sender<Result<()>>)>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Pod {
    name: String,
    region: String,
    fault: Mutex<Fault>,
    latency: Mutex<Latency>,
    /// Makes this backend's draws differ from its neighbours'.
    seed: u64,
    requests: AtomicU64,
}

impl Backend {
    /// Starts a server on a free loopback port; it tells its name and region in response headers.
    ///
    /// `/headers` answers with the headers that came, `/echo/…` with the first line and the body, `/bytes/N` with so
    /// many bytes, `/status/N` with that status and nothing.
    pub async fn start(name: &str, region: &str) -> Result<Self> {
        Self::start_seeded(name, region, 0).await
    }

    /// The same, with failures and latencies that follow from `seed` and the name.
    pub async fn start_seeded(name: &str, region: &str, seed: u64) -> Result<Self> {
        let listener = listen(bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?)?;
        let address = listener.local_addr()?;
        let pod = Arc::new(Pod {
            name: name.to_owned(),
            region: region.to_owned(),
            fault: Mutex::default(),
            latency: Mutex::default(),
            seed: name.bytes().fold(seed, |seed, byte| mix(seed ^ u64::from(byte))),
            requests: AtomicU64::new(0),
        });
        let (control, commands) = mpsc::channel(1);
        let server = tokio::spawn(serve(pod.clone(), listener, address, commands));
        Ok(Self { pod, address, control, server })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.pod.name
    }

    /// Its region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.pod.region
    }

    /// What is wrong with it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.pod.fault()
    }

    /// Makes its answers take so long from the next request on.
    pub fn set_latency(&self, latency: Latency) {
        *self.pod.latency.lock().unwrap_or_else(PoisonError::into_inner) = latency;
    }

    /// Requests that reached it so far, answered or not.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.pod.requests.load(Ordering::Relaxed)
    }

    /// Breaks or mends it; returns once that is in effect.
    pub async fn set(&self, fault: Fault) -> Result<()> {
        let (done, when_done) = oneshot::channel();
        self.control.send((fault, done)).await.context("the backend's server has ended")?;
        when_done.await.context("the backend's server has ended")?
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Pod {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_fault(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn latency(&self) -> Latency {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        let ordinal = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut draws = (0..3).map(|place| draw(self.seed.wrapping_add(3 * ordinal + place)));
        let mut draw = || draws.next().unwrap_or_default();
        let (failing, random) = (draw(), [draw(), draw()]);
        let mut status = 200;
        let mut latency = self.latency().draw(random);
        match self.fault() {
            Fault::Status { code, ratio } if failing < ratio => status = code,
            Fault::Slow(slow) => latency = slow,
            _ => {}
        }
        tokio::time::sleep(latency).await;
        // Also a request that came before must not be answered through a network that is gone.
        if matches!(self.fault(), Fault::Blackhole | Fault::Unreachable) {
            pending().await
        }
        let path = request.uri().path().to_owned();
        let body = match path.split('/').skip(1).collect::<Vec<_>>()[..] {
            ["headers"] => seen_headers(&request).into(),
            ["echo", ..] => echo(request).await?,
            ["bytes", count] => Bytes::from(vec![b'x'; count.parse()?]),
            ["status", code] => {
                status = if status == 200 { code.parse()? } else { status };
                Bytes::new()
            }
            _ => format!("{} in {}\n", self.name, self.region).into(),
        };
        Ok(Response::builder()
            .status(status)
            .header(ENDPOINT_HEADER, &self.name)
            .header(REGION_HEADER, &self.region)
            .body(Full::new(body))?)
    }
}

/// Its first line, and its body.
async fn echo(request: Request<Incoming>) -> Result<Bytes> {
    let mut said = format!("{} {}\n", request.method(), request.uri()).into_bytes();
    said.extend(request.into_body().collect().await?.to_bytes());
    Ok(said.into())
}

/// `name: value` a line, as they arrived.
fn seen_headers(request: &Request<Incoming>) -> String {
    let line = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    request.headers().iter().map(line).collect()
}

/// The n-th number in `0..1`, so that a run can be repeated.
fn draw(n: u64) -> f64 {
    (mix(n) >> 11) as f64 / (1u64 << 53) as f64
}

/// SplitMix64.
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn bound(address: SocketAddr) -> Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address).with_context(|| format!("cannot bind {address}"))?;
    Ok(socket)
}

fn listen(socket: TcpSocket) -> Result<TcpListener> {
    socket.listen(BACKLOG.unsigned_abs()).context("cannot listen")
}

/// The port: open, held shut, or open to nobody.
enum Port {
    Open(TcpListener),
    Shut(TcpSocket),
    /// The queue of connections is full, so the system drops every further attempt, as a dead network does.
    Full {
        listener: TcpListener,
        _queue: Vec<TcpStream>,
    },
}

impl Port {
    async fn switch(self, fault: Fault, address: SocketAddr) -> Result<Self> {
        Ok(match (self, fault) {
            (same @ Self::Full { .. }, Fault::Unreachable) => same,
            (Self::Open(listener), Fault::Unreachable) => full(listener, address).await?,
            (Self::Shut(socket), Fault::Unreachable) => full(listen(socket)?, address).await?,
            (same @ Self::Shut(_), Fault::Refuse | Fault::Gone) => same,
            (open, Fault::Refuse | Fault::Gone) => {
                drop(open);
                Self::Shut(bound(address)?)
            }
            (same @ Self::Open(_), _) => same,
            (Self::Shut(socket), _) => Self::Open(listen(socket)?),
            (Self::Full { listener, .. }, _) => {
                rustix::net::listen(&listener, BACKLOG).context("cannot listen")?;
                Self::Open(listener)
            }
        })
    }

    async fn accept(&self) -> TcpStream {
        if let Self::Open(listener) = self {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => return stream,
                    // Out of descriptors, or the peer was gone already: neither is ours to report.
                    Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
        }
        pending().await
    }
}

async fn full(listener: TcpListener, address: SocketAddr) -> Result<Port> {
    const TRY: Duration = Duration::from_millis(20);
    rustix::net::listen(&listener, 0).context("cannot listen")?;
    let mut queue = Vec::new();
    // A queue of length 0 holds one or two; the first attempt that is not made says it is full.
    while let Ok(connected) = tokio::time::timeout(TRY, TcpStream::connect(address)).await {
        queue.push(connected.context("cannot fill the port's queue")?);
    }
    Ok(Port::Full { listener, _queue: queue })
}

async fn serve(
    pod: Arc<Pod>,
    listener: TcpListener,
    address: SocketAddr,
    mut commands: mpsc::Receiver<(Fault, oneshot::Sender<Result<()>>)>,
) {
    let mut port = Port::Open(listener);
    let mut connections = JoinSet::new();
    let (leaving, _) = watch::channel(());
    loop {
        tokio::select! {
            stream = port.accept() => {
                connections.spawn(connection(pod.clone(), stream, leaving.subscribe()));
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            Some((fault, done)) = commands.recv() => {
                pod.set_fault(fault);
                match fault {
                    Fault::Refuse => connections.shutdown().await,
                    Fault::Gone => leaving.send_replace(()),
                    _ => {}
                }
                match port.switch(fault, address).await {
                    Ok(switched) => port = switched,
                    Err(error) => {
                        let _ = done.send(Err(error));
                        return;
                    }
                }
                let _ = done.send(Ok(()));
            }
        }
    }
}

/// Serves one connection; when the pod leaves, the current request is answered with
/// `connection: close` and an idle connection is closed.
async fn connection(pod: Arc<Pod>, stream: TcpStream, mut leaving: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let pod = pod.clone();
        async move {
            // A backend has nobody to report an impossible header to; it answers nothing instead.
            match pod.answer(request).await {
                Ok(response) => Ok::<_, Infallible>(response),
                Err(_) => pending().await,
            }
        }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new());
    // What is compared is the client's limit on streams.
    server.http2().timer(TokioTimer::new()).max_concurrent_streams(None);
    let connection = server.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = &mut connection => {}
        _ = leaving.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;

    async fn check(backend: &Backend, fault: Fault, expect: Option<u16>) {
        backend.set(fault).await.unwrap();
        let answer = http::get(backend.address(), "/", Duration::from_millis(300)).await;
        assert_eq!(answer.ok().map(|it| it.status), expect, "{fault:?}");
    }

    #[tokio::test]
    async fn every_fault_can_be_switched_on_and_off() {
        let backend = Backend::start("a-0", "europe-west1").await.unwrap();
        for fault in [
            (Fault::Status { code: 503, ratio: 1.0 }, Some(503)),
            (Fault::Refuse, None),
            (Fault::Slow(Duration::from_millis(20)), Some(200)),
            (Fault::Blackhole, None),
            (Fault::Unreachable, None),
            (Fault::Gone, None),
        ] {
            check(&backend, fault.0, fault.1).await;
            check(&backend, Fault::None, Some(200)).await;
        }
        assert_eq!(backend.requests(), 9, "refused connections carry no request");
    }

    #[tokio::test]
    async fn a_ratio_is_kept() {
        let backend = Backend::start("a-0", "europe-west1").await.unwrap();
        backend.set(Fault::Status { code: 503, ratio: 0.25 }).await.unwrap();
        let mut failed = 0;
        for _ in 0..400 {
            let answer = http::get(backend.address(), "/", Duration::from_secs(5)).await.unwrap();
            failed += u32::from(answer.status == 503);
        }
        assert!((70..=130).contains(&failed), "{failed} of 400 failed");
    }

    #[tokio::test]
    async fn it_names_itself() {
        let backend = Backend::start("a-0", "europe-west1").await.unwrap();
        let answer = http::get(backend.address(), "/", Duration::from_secs(5)).await.unwrap();
        assert_eq!(answer.header(ENDPOINT_HEADER), Some("a-0"));
        assert_eq!(answer.header(REGION_HEADER), Some("europe-west1"));
    }
}
