//! Prints what each file under some paths is, one JSON line a file: `cargo run --example sniff -- [--tree] PATH...`. For measuring.

use std::error::Error;
use std::fs::File;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use headwater_crawler::content::Content;
use headwater_crawler::format::tree::{self, Visit};
use headwater_crawler::format::{Bounds, HEAD_BYTES, TAIL_BYTES};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let tree = paths.first().is_some_and(|first| first.as_os_str() == "--tree");
    if tree {
        paths.remove(0);
    }
    let mut out = stdout().lock();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(
                path.read_dir()?
                    .map(|entry| entry.map(|entry| entry.path()))
                    .collect::<Result<Vec<_>, _>>()?,
            );
        } else {
            writeln!(out, "{}", line(&path, tree)?)?;
        }
    }
    Ok(())
}

fn line(path: &Path, tree: bool) -> Result<serde_json::Value, Box<dyn Error>> {
    let content = Content::of_file(File::open(path)?)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = content.range(0, 4 * HEAD_BYTES)?;
    let tail = content.range(content.len().saturating_sub(TAIL_BYTES as u64), TAIL_BYTES)?;
    let head = tree::sniff_head(&bytes, &tail, bytes.len() as u64 == content.len(), &name);
    let (mut parts, mut anomalies) = (Vec::new(), Vec::new());
    let mut line = json!({
        "path": path, "format": head.format.id, "media_type": head.media_type, "confidence": head.confidence,
        "dialect": head.dialect, "layers": head.layers, "mislabelled": head.mislabelled,
    });
    if !tree {
        return Ok(line);
    }
    tree::walk(&content, &name, &Bounds::default(), &mut |visit| {
        match visit {
            Visit::Part(node) => parts.push(json!({
                "member": node.member, "format": node.format.id, "confidence": node.confidence, "dialect": node.dialect,
                "layers": node.layers,
            })),
            Visit::Anomaly(anomaly) => anomalies.push(anomaly),
        }
        Ok(())
    })?;
    line["parts"] = json!(parts);
    line["anomalies"] = json!(anomalies);
    Ok(line)
}
