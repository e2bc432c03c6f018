//! Clients that mean well, and clients that do not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use mesh_failover_harness::REGION_HEADER;
use mesh_failover_harness::http::{Answer, Connection};

use super::play::Seen;
use super::random::Random;

const LIMIT: Duration = Duration::from_secs(8);
const RESCUED_FROM: &str = "x-mesh-rescued-from";

/// Sends one request after the other, each with an id, on connections that it keeps for a while.
pub(super) async fn steady(address: SocketAddr, seen: Arc<Seen>, mut random: Random, client: u64) {
    let mut connection = None;
    let mut id = 0;
    while !seen.stopped() {
        id += 1;
        // Taken before the request: a region that is let in again meanwhile may answer it.
        let out = seen.out();
        let request = Request::draw(&mut random, &format!("{client}-{id}"));
        let open = connection.take().filter(Connection::is_ready);
        match tokio::time::timeout(LIMIT, request.exchange(address, open)).await {
            Ok(Ok((answer, open))) => {
                let rescued = answer.header(RESCUED_FROM).map(str::to_owned);
                if let Err(error) = request.judge(&answer, out.filter(|_| seen.out().is_some())) {
                    seen.broken(format!("{error:#}"));
                }
                if let Some(region) = answer.header(REGION_HEADER) {
                    seen.count_answer(region);
                }
                seen.count(|all| {
                    all.requests += 1;
                    all.rescued += u64::from(rescued.is_some());
                });
                connection = Some(open).filter(|_| random.below(20) > 0);
            }
            Ok(Err(error)) => {
                seen.broken(format!("{} {}: {error:#}", request.method, request.path))
            }
            Err(_) => seen.broken(format!("{} {}: no answer", request.method, request.path)),
        }
        tokio::time::sleep(Duration::from_millis(5 + random.below(20))).await;
    }
}

struct Request {
    method: &'static str,
    path: String,
    body: String,
}

impl Request {
    fn draw(random: &mut Random, id: &str) -> Self {
        let method = random.one_of(&["GET", "GET", "GET", "HEAD", "PUT", "DELETE", "POST", "POST"]);
        let length = random.one_of(&[0, 1, 100, 4_000]);
        let body = if method == "POST" { id.repeat(1 + length / id.len()) } else { String::new() };
        let path = if method == "GET" && random.below(5) == 0 {
            format!("/bytes/{}", random.below(200_000))
        } else {
            format!("/echo/{id}")
        };
        Self { method, path, body }
    }

    async fn exchange(
        &self,
        address: SocketAddr,
        open: Option<Connection>,
    ) -> Result<(Answer, Connection)> {
        let mut connection = match open {
            Some(open) => open,
            None => Connection::open(address).await?,
        };
        let answer = connection.send(self.method, &self.path, &[], self.body.clone()).await?;
        Ok((answer, connection))
    }

    /// `out`: a region that must not have been asked.
    fn judge(&self, answer: &Answer, out: Option<String>) -> Result<()> {
        let Self { method, path, body } = self;
        let region = answer.header(REGION_HEADER);
        let from = answer.header(RESCUED_FROM);
        // Envoy answers so before it reads the body, and then there is nothing to repeat.
        if answer.status == 503 && !body.is_empty() && answer.body == "no healthy upstream" {
            return Ok(());
        }
        if answer.status != 200 {
            bail!(
                "{method} {path}: {} {:?} from {region:?} after {from:?}",
                answer.status,
                answer.text()
            );
        }
        let expected = match path.strip_prefix("/bytes/") {
            Some(count) => "x".repeat(count.parse()?),
            None if *method == "HEAD" => String::new(),
            None => format!("{method} {path}\n{body}"),
        };
        if answer.body != expected {
            bail!(
                "{method} {path}: {} bytes that are another's: {:.60}",
                answer.body.len(),
                answer.text()
            );
        }
        if out.is_some() && (out.as_deref() == region || out.as_deref() == from) {
            bail!("{method} {path}: reached {out:?}, which is out");
        }
        Ok(())
    }
}

/// Does what no client should. What comes back is judged only where it could harm others.
pub(super) async fn hostile(address: SocketAddr, seen: Arc<Seen>, mut random: Random) {
    while !seen.stopped() {
        let trick = random.below(6);
        match tokio::time::timeout(LIMIT, play(address, trick, &mut random)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => seen.broken(format!("hostile client, trick {trick}: {error:#}")),
            Err(_) => seen.broken(format!("hostile client, trick {trick}: no end")),
        }
        seen.count(|all| all.hostile += 1);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn play(address: SocketAddr, trick: u64, random: &mut Random) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let id = random.below(1 << 40);
    match trick {
        // Leaves in the middle of a body, or before the answer.
        0 => {
            let text =
                format!("POST /echo/{id} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nhalf");
            stream.write_all(text.as_bytes()).await?;
        }
        1 => {
            stream
                .write_all(format!("GET /echo/{id} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes())
                .await?;
            tokio::time::sleep(Duration::from_millis(random.below(10))).await;
        }
        // Steers, and repeats itself.
        2 => {
            let lines = "x-mesh-region: nowhere\r\nx-mesh-rescued-from: a\r\n".repeat(20);
            let text =
                format!("GET /echo/{id} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{lines}\r\n");
            stream.write_all(text.as_bytes()).await?;
            let head = all(&mut stream).await?;
            if !head.starts_with("HTTP/1.1 200") {
                bail!("a steering header changed the answer: {head:.200}");
            }
        }
        // Too much, and nonsense.
        3 => {
            let text = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(100_000));
            // Envoy may close while it is being written.
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = all(&mut stream).await;
        }
        4 => {
            stream
                .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n: \x00\xff\r\nno colon\r\n\r\n")
                .await?;
            let _ = all(&mut stream).await;
        }
        // Asks several things at once: the answers must come in that order.
        _ => {
            let ask = |n| format!("GET /echo/{id}-{n} HTTP/1.1\r\nhost: a\r\n\r\n");
            let last = format!("GET /echo/{id}-4 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            let text = (0..4).map(ask).collect::<String>() + &last;
            stream.write_all(text.as_bytes()).await?;
            let answers = all(&mut stream).await?;
            let places: Vec<_> =
                (0..5).map(|n| answers.find(&format!("GET /echo/{id}-{n}\n"))).collect();
            if places.iter().any(Option::is_none) || !places.is_sorted() {
                bail!("answers to pipelined requests at {places:?} of:\n{answers:.2000}");
            }
        }
    }
    Ok(())
}

async fn all(stream: &mut TcpStream) -> Result<String> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
