//! `headwater scan`: personal data in files, by cell and by column, without a catalog. Places and kinds, never values.

use std::collections::BTreeMap;

use catalog::model::{AnomalyKind, FeaturePath, FeatureType, Value};
use catalog::{Error, Result};
use crawler::content::Content;
use crawler::format::tree::{Node, Visit, walk};
use crawler::format::{At, Bounds, FormatError, Sink};
use crawler::recognise::{ColumnTally, Span, recognise};
use serde_json::{Value as Json, json};

use super::inputs::Inputs;
use crate::cli::render::{self, Column, Look};
use crate::cli::say;
use crate::ops::round;

const COLUMNS: &[Column] = &[
    ("path", "/path", Look::Plain),
    ("member", "/member", Look::Plain),
    ("where", "/feature", Look::Plain),
    ("kind", "/kind", Look::Plain),
    ("cells", "/cells", Look::Count),
    ("confidence", "/confidence", Look::Count),
];

/// Lines of JSON gathered before they are written.
const BUFFER_BYTES: usize = 64 << 10;

/// Prints one line a finding, or a table of sums.
///
/// # Errors
/// If a file cannot be read.
pub(crate) async fn run(paths: Vec<String>, bounds: Bounds, as_json: bool) -> Result<u8> {
    let mut report = Report { as_json, ..Report::default() };
    let looked = Inputs { paths }
        .each(&mut |path, content| {
            scan(path, content, &bounds, &mut report)?;
            report.failure.take().map_or(Ok(()), Err)
        })
        .await;
    report.flush()?;
    if !as_json && !report.sums.is_empty() {
        render::write_stdout(render::table(&report.rows(), COLUMNS).as_bytes())?;
    }
    looked?;
    Ok(if report.findings == 0 { crate::error::EXIT_NOTHING } else { 0 })
}

fn scan(path: &str, content: &Content, bounds: &Bounds, report: &mut Report) -> Result<()> {
    walk(content, path, bounds, &mut |visit| {
        match visit {
            Visit::Part(node) => part(path, &node, bounds, report)?,
            Visit::Anomaly(anomaly) => say(&format!("{path}: {}", anomaly.reason)),
        }
        Ok(())
    })
    .map_err(|error| Error::unavailable("read file", "").with_source(error))
}

fn part(
    path: &str,
    node: &Node<'_>,
    bounds: &Bounds,
    report: &mut Report,
) -> std::result::Result<(), FormatError> {
    let Some(read) = node.format.read else { return Ok(()) };
    let mut scanning = Scanning {
        path,
        member: node.member.join("!/"),
        is_text: node.format.media_type.starts_with("text/x-log") || node.format.media_type == "text/plain",
        columns: Vec::new(),
        spans: Vec::new(),
        report,
    };
    let ended = read(node.content, node.dialect, bounds, &mut scanning);
    scanning.judge_columns();
    match ended {
        Err(FormatError::Io(error)) => Err(FormatError::Io(error)),
        Err(error) => {
            say(&format!("{path}: {error}"));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// What was found so far: lines on their way out, or sums for a table.
#[derive(Default)]
struct Report {
    as_json: bool,
    lines: String,
    sums: BTreeMap<(String, String, String, &'static str), (u64, f32)>,
    findings: u64,
    failure: Option<Error>,
}

impl Report {
    fn line(&mut self, line: &Json) {
        self.findings += 1;
        self.lines.push_str(&line.to_string());
        self.lines.push('\n');
        if self.lines.len() >= BUFFER_BYTES
            && let Err(error) = self.flush()
        {
            self.failure.get_or_insert(error);
        }
    }

    fn flush(&mut self) -> Result<()> {
        render::write_stdout(std::mem::take(&mut self.lines).as_bytes())
    }

    fn sum(
        &mut self,
        path: &str,
        member: &str,
        feature: &str,
        kind: &'static str,
        cells: u64,
        confidence: f32,
    ) {
        self.findings += 1;
        let key = (path.to_owned(), member.to_owned(), feature.to_owned(), kind);
        let (count, surest) = self.sums.entry(key).or_default();
        *count += cells;
        *surest = surest.max(confidence);
    }

    fn rows(&self) -> Vec<Json> {
        let row = |((path, member, feature, kind), (cells, confidence)): (
            &(String, String, String, &str),
            &(u64, f32),
        )| {
            json!({"path": path, "member": member, "feature": feature, "kind": kind, "cells": cells, "confidence": round(*confidence)})
        };
        self.sums.iter().map(row).collect()
    }
}

struct ScannedColumn {
    name: String,
    tally: ColumnTally,
    /// Kinds that its cells were already reported for.
    reported: Vec<&'static str>,
}

struct Scanning<'a> {
    path: &'a str,
    member: String,
    /// Lines of text: places are byte ranges, not features.
    is_text: bool,
    columns: Vec<ScannedColumn>,
    spans: Vec<Span>,
    report: &'a mut Report,
}

impl Scanning<'_> {
    /// Kinds that show in a column as a whole only, such as names of people.
    fn judge_columns(&mut self) {
        for column in std::mem::take(&mut self.columns) {
            if self.is_text {
                continue;
            }
            for verdict in column.tally.verdicts() {
                if column.reported.contains(&verdict.kind) {
                    continue;
                }
                if self.report.as_json {
                    self.report.line(&json!({
                        "path": self.path, "member": self.member, "kind": verdict.kind, "feature": column.name,
                        "row": Json::Null, "cells": verdict.hits, "confidence": round(verdict.confidence),
                        "why": verdict.why,
                    }));
                } else {
                    let (cells, confidence) = (verdict.hits, verdict.confidence);
                    self.report.sum(self.path, &self.member, &column.name, verdict.kind, cells, confidence);
                }
            }
        }
    }

    fn found(&mut self, feature: usize, at: At, span: Span) {
        let column = &mut self.columns[feature];
        if !column.reported.contains(&span.kind) {
            column.reported.push(span.kind);
        }
        if !self.report.as_json {
            let name = if self.is_text { "" } else { &column.name };
            self.report.sum(self.path, &self.member, name, span.kind, 1, span.confidence);
            return;
        }
        let mut line = json!({"path": self.path, "member": self.member, "kind": span.kind});
        if let Some(subtype) = span.subtype {
            line["subtype"] = json!(subtype);
        }
        if self.is_text {
            let start = at.offset.unwrap_or(0);
            line["span"] = json!([start + span.start as u64, start + span.end as u64]);
        } else {
            line["feature"] = json!(column.name);
        }
        line["row"] = json!(at.row);
        line["confidence"] = json!(round(span.confidence));
        self.report.line(&line);
    }
}

impl Sink for Scanning<'_> {
    fn table(&mut self, name: &str) {
        self.judge_columns();
        let container = self.member.split("#").next().unwrap_or_default().to_owned();
        self.member = format!("{container}#{name}");
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        let name = path.to_string();
        self.columns.push(ScannedColumn { tally: ColumnTally::new(&name), name, reported: Vec::new() });
        self.columns.len() - 1
    }

    fn row(&mut self, _: u64) {}

    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        let Some(text) = value.text() else { return };
        if feature >= self.columns.len() {
            return;
        }
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        recognise(&text, &mut spans);
        self.columns[feature].tally.cell(&text, &spans);
        for span in &spans {
            self.found(feature, at, *span);
        }
        self.spans = spans;
    }

    fn remark(&mut self, at: At, what: &'static str, text: &str) {
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        recognise(text, &mut spans);
        if !spans.is_empty() {
            let known = self.columns.iter().position(|column| column.name == what);
            let feature = known.unwrap_or_else(|| self.feature(&FeaturePath::column(what), None));
            spans.iter().for_each(|span| self.found(feature, at, *span));
        }
        self.spans = spans;
    }

    fn anomaly(&mut self, _: AnomalyKind, reason: String) {
        say(&format!("{}: {reason}", self.path));
    }
}
