//! Arrows between crates, single versions, licences.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::{expect_none, root};

/// What each of our crates must never name. An arrow means "may use" and there is no arrow back.
const NEVER: [(&str, &[&str]); 4] = [
    (
        "headwater-catalog",
        &[
            "headwater-crawler",
            "headwater-sql",
            "headwater",
            "tokio",
            "object_store",
            "reqwest",
            "axum",
            "parquet",
            "arrow-array",
            "clap",
        ],
    ),
    ("headwater-crawler", &["headwater-sql", "headwater", "axum", "clap", "sled", "datafusion", "tantivy"]),
    ("headwater-sql", &["headwater", "axum", "clap", "sled"]),
    ("headwater", &["sled", "object_store", "parquet", "datafusion", "rusqlite", "csv-core", "zip"]),
];

/// Heavy crates of which the lock file holds one version.
const SINGLE: [&str; 13] = [
    "arrow-array",
    "arrow-schema",
    "arrow-cast",
    "parquet",
    "object_store",
    "datafusion",
    "tokio",
    "hyper",
    "rustls",
    "reqwest",
    "sled",
    "tantivy",
    "rusqlite",
];

const LICENCES: [&str; 15] = [
    "Apache-2.0",
    "MIT",
    "MIT-0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "MPL-2.0",
    "CC0-1.0",
    "0BSD",
    "BSL-1.0",
    "Unlicense",
    "CDLA-Permissive-2.0",
    "bzip2-1.0.6",
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--locked".into(), "--filter-platform=x86_64-unknown-linux-gnu".into()])
        .exec()
        .unwrap()
}

fn named_dependencies(package: &Package) -> BTreeSet<&str> {
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.as_str()).collect()
}

#[test]
fn crates_point_one_way() {
    let metadata = metadata();
    let mut findings = Vec::new();
    for (name, never) in NEVER {
        let package = metadata.packages.iter().find(|package| package.name.as_str() == name);
        let package = package.unwrap_or_else(|| panic!("there is no crate {name}"));
        let named = named_dependencies(package);
        findings.extend(
            never.iter().filter(|never| named.contains(**never)).map(|never| format!("{name} names {never}")),
        );
    }
    expect_none("dependencies against the direction", &findings);
}

#[test]
fn heavy_crates_are_built_once() {
    let metadata = metadata();
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in &metadata.packages {
        versions.entry(package.name.as_str()).or_default().insert(package.version.to_string());
    }
    let doubled = |name: &&str| versions.get(*name).is_none_or(|versions| versions.len() != 1);
    let findings: Vec<_> = SINGLE
        .iter()
        .filter(|name| doubled(name))
        .map(|name| format!("{name}: {:?}", versions.get(*name)))
        .collect();
    expect_none("heavy crates that do not stand in one version", &findings);
    let banned =
        ["openssl", "openssl-sys", "native-tls"].into_iter().filter(|name| versions.contains_key(name));
    expect_none("TLS is rustls alone", &banned.map(String::from).collect::<Vec<_>>());
}

#[test]
fn licences_are_on_the_list() {
    let allowed = |requirement: &spdx::LicenseReq| {
        let id = requirement.license.id().map(|id| id.name);
        id.is_some_and(|id| LICENCES.contains(&id))
    };
    let mut findings = Vec::new();
    for package in metadata().packages {
        let Some(licence) = &package.license else {
            findings.push(format!("{} names no licence", package.name));
            continue;
        };
        let expression = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX);
        if !expression.is_ok_and(|expression| expression.evaluate(allowed)) {
            findings.push(format!("{}: {licence}", package.name));
        }
    }
    expect_none("licences that are not on the list", &findings);
}
