//! `cargo xtask image`: the region router as an OCI image that a gateway can pull.
//!
//! The layout is what Istio's agent reads: one layer, gzipped, with `plugin.wasm` at its root. The same sources give the same bytes: times, owners
//! and the order of everything are fixed. Any registry client can push it, for example
//! `skopeo copy oci:target/image docker://REGISTRY/region-router:TAG`.
//!
//! **Source**: OCI image-spec 1.1 image-layout, manifest, config; Istio pkg/wasm/imagefetcher.go
//! `extractOCIStandardImage`, 1.31; the WASM artifact image specification of solo.io, "compat" variant.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{filter, workspace};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// Tar counts in blocks of this many bytes.
const BLOCK: usize = 512;

/// Arguments of `cargo xtask image`.
#[derive(clap::Args)]
#[command(after_help = "\
The layout is written to target/image. Push it with any registry client:
  skopeo copy oci:target/image docker://REGISTRY/region-router:TAG
and name the printed digest in the WasmPlugin: `url: oci://REGISTRY/region-router@DIGEST`. With --name
the manifests of deploy/ are written to target/deploy with that in them: kubectl apply -k target/deploy/kustomize.")]
pub struct Args {
    /// Write the layout to this folder instead
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Write the manifests of deploy/ too, for an image of this name: REGISTRY/region-router
    #[arg(long, value_name = "IMAGE")]
    name: Option<String>,
}

/// What stands in the manifests of deploy/ where the image's name and digest belong.
const PLACEHOLDER: &str = "registry.example/region-router@sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The folders of deploy/ that name the image.
const MANIFESTS: [&str; 2] = ["kustomize", "traffic-extension"];

/// Builds the filter, writes the layout, and prints what a WasmPlugin must name.
pub fn run(args: Args) -> Result<()> {
    let module = fs::read(filter::build("region-router")?)?;
    let out = args.out.unwrap_or_else(|| workspace::target().join("image"));
    let digest = write(&module, &out)?;
    println!("{}", out.display());
    println!("  image   {digest}");
    println!("  module  sha256:{}", filter::hex(&Sha256::digest(&module)));
    let name = args.name.as_deref();
    let registry = name.unwrap_or("REGISTRY/region-router");
    println!("push it: skopeo copy oci:{} docker://{registry}:TAG", out.display());
    if let Some(name) = name {
        let deploy = workspace::target().join("deploy");
        write_manifests(&format!("{name}@{digest}"), &deploy)?;
        println!("attach it: kubectl apply -k {}", deploy.join(MANIFESTS[0]).display());
    }
    Ok(())
}

/// Writes the manifests of deploy/ with this image in them.
fn write_manifests(image: &str, to: &Path) -> Result<()> {
    for folder in MANIFESTS {
        let (from, to) = (workspace::root().join("deploy").join(folder), to.join(folder));
        fs::create_dir_all(&to).with_context(|| format!("`{}`", to.display()))?;
        for entry in fs::read_dir(&from).with_context(|| format!("`{}`", from.display()))? {
            let entry = entry?;
            let text = fs::read_to_string(entry.path())?;
            fs::write(to.join(entry.file_name()), text.replace(PLACEHOLDER, image))?;
        }
    }
    Ok(())
}

/// Writes the layout of an image with this module; returns the image's digest.
pub fn write(module: &[u8], out: &Path) -> Result<String> {
    let tar = tar(module);
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(&tar)?;
    let layer = gzip.finish()?;
    let config = json!({
        "architecture": "wasm",
        "os": "wasi",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest(&tar)]},
    });
    let config = serde_json::to_vec(&config)?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, &config),
        "layers": [descriptor(LAYER, &layer)],
        "annotations": {
            "org.opencontainers.image.title": "mesh-failover region router",
            "org.opencontainers.image.description": "Proxy-Wasm filter: region-aware routing inside the Istio ingress gateway",
            "org.opencontainers.image.licenses": "Apache-2.0",
            "org.opencontainers.image.version": env!("CARGO_PKG_VERSION"),
        },
    });
    let manifest = serde_json::to_vec(&manifest)?;
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor(MANIFEST, &manifest)],
    });
    let blobs = out.join("blobs/sha256");
    // What an earlier build has left would be pushed with it.
    if blobs.exists() {
        fs::remove_dir_all(&blobs).with_context(|| format!("`{}`", blobs.display()))?;
    }
    fs::create_dir_all(&blobs).with_context(|| format!("`{}`", blobs.display()))?;
    for blob in [&layer, &config, &manifest] {
        fs::write(blobs.join(filter::hex(&Sha256::digest(blob))), blob)?;
    }
    fs::write(out.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    fs::write(out.join("index.json"), serde_json::to_vec(&index)?)?;
    Ok(digest(&manifest))
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", filter::hex(&Sha256::digest(bytes)))
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()})
}

/// A tar archive with `plugin.wasm` and nothing else, of no time and nobody's.
///
/// **Source**: POSIX.1-2017 pax, "ustar Interchange Format".
fn tar(module: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; BLOCK];
    let mut field = |at: usize, text: &str| {
        for (place, byte) in header.iter_mut().skip(at).zip(text.bytes()) {
            *place = byte;
        }
    };
    field(0, "plugin.wasm");
    field(100, "0000644");
    field(108, "0000000");
    field(116, "0000000");
    field(124, &format!("{:011o}", module.len()));
    field(136, "00000000000");
    field(148, "        ");
    field(156, "0");
    field(257, "ustar");
    field(263, "00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    for (place, byte) in header.iter_mut().skip(148).zip(sum.bytes()) {
        *place = byte;
    }
    let mut archive = header.to_vec();
    archive.extend(module);
    archive.resize(archive.len().next_multiple_of(BLOCK) + 2 * BLOCK, 0);
    archive
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Every file of the layout, by name.
    fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for folder in [folder.to_owned(), folder.join("blobs/sha256")] {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.path().is_file() {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    files.push((name, fs::read(entry.path()).unwrap()));
                }
            }
        }
        files.sort();
        files
    }

    #[test]
    fn the_same_module_gives_the_same_image_and_every_blob_its_digest() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(b"something else", two.path()).unwrap();
        let digest = write(b"\0asm\x01\0\0\0", one.path()).unwrap();
        assert_eq!(write(b"\0asm\x01\0\0\0", two.path()).unwrap(), digest);
        assert_eq!(files(one.path()), files(two.path()));
        let manifest = digest.strip_prefix("sha256:").unwrap();
        assert!(one.path().join("blobs/sha256").join(manifest).is_file());
        for (name, bytes) in files(one.path()).into_iter().filter(|(name, _)| name.len() == 64) {
            assert_eq!(filter::hex(&Sha256::digest(&bytes)), name);
        }
    }

    #[test]
    fn the_manifests_name_the_image() {
        let folder = tempfile::tempdir().unwrap();
        let image = "registry.test/site/region-router@sha256:abc";
        write_manifests(image, folder.path()).unwrap();
        for file in ["kustomize/wasm-plugin.yaml", "traffic-extension/traffic-extension.yaml"] {
            let text = fs::read_to_string(folder.path().join(file)).unwrap();
            assert_eq!(text.matches(&format!("url: oci://{image}\n")).count(), 1, "{file}: {text}");
            assert!(!text.contains("registry.example"), "{file}");
        }
        assert!(folder.path().join("kustomize/kustomization.yaml").is_file());
    }

    #[test]
    fn tar_finds_the_module() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, module) = (folder.path().join("a.tar"), vec![7; 1000]);
        fs::write(&archive, tar(&module)).unwrap();
        let output = Command::new("tar").arg("-xOf").arg(archive).arg("plugin.wasm").output();
        assert_eq!(output.unwrap().stdout, module);
    }
}
