//! Servers that speak as Google Cloud Storage and Azure Blob Storage do, on loopback; they go with their value.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{Answer, free_port, peer, peers, wait_for_port};

/// A server that keeps blobs.
pub struct Cloud {
    server: Child,
    kind: &'static str,
    /// Its URL.
    pub endpoint: String,
}

impl Cloud {
    /// Google Cloud Storage: fake-gcs-server, as `tests/peers/gcs.py` starts it.
    pub fn google() -> Self {
        let port = free_port();
        let mut command = peers("python");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/gcs.py")).arg(port.to_string());
        Self::start("gcs", command, port)
    }

    /// Azure Blob Storage: Azurite, which Microsoft maintains.
    pub fn azure() -> Self {
        let port = free_port();
        let mut command = peers("../node/node_modules/.bin/azurite-blob");
        command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
        command.args(["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]);
        Self::start("azure", command, port)
    }

    fn start(kind: &'static str, mut command: Command, port: u16) -> Self {
        let server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the server starts");
        wait_for_port(port);
        Self { server, kind, endpoint: format!("http://127.0.0.1:{port}") }
    }

    /// The environment in which a client finds it, as its vendor's own clients do.
    pub fn environment(&self) -> Vec<(&'static str, &str)> {
        match self.kind {
            "gcs" => vec![("STORAGE_EMULATOR_HOST", &self.endpoint)],
            _ => vec![("AZURE_STORAGE_USE_EMULATOR", "true"), ("AZURITE_BLOB_STORAGE_URL", &self.endpoint)],
        }
    }

    /// The URL of a bucket or container.
    pub fn url(&self, bucket: &str) -> String {
        let scheme = if self.kind == "gcs" { "gs" } else { "az" };
        format!("{scheme}://{bucket}")
    }

    /// Puts files of a folder into it, gets all out of it, or deletes some (`tests/peers/stores.py`).
    pub fn ask(&self, verb: &str, bucket: &str, folder: &Path, only: &[&str]) -> Answer {
        let folder = folder.to_str().expect("the folder has a plain name");
        let arguments = [self.kind, verb, &self.endpoint, bucket, folder];
        peer("stores.py", arguments.iter().chain(only))
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
