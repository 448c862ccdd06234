//! Length, headers and forbidden words of our source files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{expect_none, root};

const LINES_MAX: usize = 500;
/// Files that may name the calls that overwrite or delete blobs: the one place that acts, the seam under it, and
/// wrappers that must implement the whole `ObjectStore` trait.
const MAY_WRITE_BLOBS: [&str; 5] =
    ["erase/execute.rs", "source/write.rs", "source/guard.rs", "source/faulty.rs", "source/versions.rs"];

fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in ["catalog", "crawler", "api", "fixtures", "tests"] {
        collect(&root().join(folder), &mut files);
    }
    let relative = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    files.iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn files_are_short() {
    let long = sources().into_iter().filter(|(_, text)| text.lines().count() > LINES_MAX);
    let findings: Vec<_> =
        long.map(|(path, text)| format!("{path}: {} lines", text.lines().count())).collect();
    expect_none(&format!("files over {LINES_MAX} lines"), &findings);
}

#[test]
fn files_say_what_they_own() {
    let product = |path: &str| !path.ends_with("/tests.rs");
    let without = sources().into_iter().filter(|(path, text)| product(path) && !text.starts_with("//!"));
    expect_none("files without a `//!` header", &without.map(|(path, _)| path).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_for_later_without_an_issue() {
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ig", "nore"), concat!("un", "implemented!")];
    let mut findings = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            let marked = marks.iter().any(|mark| line.contains(mark));
            if marked && !line.contains('#') || line.contains(marks[2]) {
                findings.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    expect_none("marks without an issue number", &findings);
}

#[test]
fn blobs_are_written_in_one_place() {
    let calls =
        [".put_opts(", ".put_multipart", ".delete_stream(", "write::replace", "write::delete", ".delete(&"];
    let mut findings = Vec::new();
    for (path, text) in sources() {
        let in_crawler = path.starts_with("crawler/src/") && !path.contains("tests");
        if !in_crawler || MAY_WRITE_BLOBS.iter().any(|allowed| path.ends_with(allowed)) {
            continue;
        }
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in product.lines().enumerate() {
            if calls.iter().any(|call| line.contains(call)) {
                findings.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    expect_none("blobs written outside erase/execute.rs and its seam", &findings);
}

#[test]
fn formats_are_asked_through_the_table() {
    let outside = |path: &str| path.starts_with("crawler/src/") && !path.starts_with("crawler/src/format/");
    let mut findings = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| outside(path) && !path.contains("tests")) {
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in product.lines().enumerate() {
            if line.contains("format.id ==")
                || line.contains("match format.id")
                || line.contains("format == \"")
            {
                findings.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    expect_none("formats told apart outside format/", &findings);
}

/// What `docs/adding-a-format.md` shows must stay true: a format touches one file, one table and one folder of fixtures.
#[test]
fn a_new_format_touches_one_file_one_table_and_one_folder() {
    const PATCH: &str = "docs/examples/toy-format.patch";
    let text = fs::read_to_string(root().join(PATCH)).unwrap();
    let touched = text.lines().filter_map(|line| line.strip_prefix("+++ b/"));
    let elsewhere = |path: &&str| {
        !path.starts_with("fixtures/formats/toy/")
            && !["crawler/src/format/toy.rs", "crawler/src/format/mod.rs"].contains(path)
    };
    expect_none(
        "other files that the toy format touches",
        &touched.filter(elsewhere).map(String::from).collect::<Vec<_>>(),
    );
    let checked = Command::new("git").current_dir(root()).args(["apply", "--check", PATCH]).output().unwrap();
    let problem = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success(), "the patch no longer fits the tree; make it anew: {problem}");
}
