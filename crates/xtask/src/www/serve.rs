//! A folder behind a free port on loopback: the playground as any static host would serve it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, Result};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_staticfile::Static;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Serves a folder for as long as the runtime lives.
pub async fn serve(folder: PathBuf) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port")?;
    let address = listener.local_addr()?;
    let files = Static::new(folder);
    tokio::spawn(async move {
        // A connection that fails on the way is the browser's to try again.
        while let Ok((stream, _)) = listener.accept().await {
            let files = files.clone();
            let service = service_fn(move |request| files.clone().serve(request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_types_that_browsers_insist_on() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "<!doctype html>").unwrap();
        std::fs::write(folder.path().join("core.wasm"), b"\0asm").unwrap();
        std::fs::write(folder.path().join("main.js"), "1").unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let address = runtime.block_on(serve(folder.path().to_owned())).unwrap();
        let head = |path: &str| -> String {
            use std::io::{Read as _, Write as _};
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text.to_lowercase()
        };
        assert!(head("/").contains("content-type: text/html"));
        assert!(head("/core.wasm").contains("content-type: application/wasm"));
        assert!(head("/main.js").contains("javascript"));
        assert!(head("/gone").starts_with("http/1.1 404"));
        assert!(!head("/../../etc/passwd").contains("root:"));
    }
}
