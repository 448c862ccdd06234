//! Prints what the recognisers find: spans for lines of `{"id","text"}`, kinds of columns for CSV files.
//!
//!     cargo run --example recognise -- text DOCUMENTS.jsonl > spans.jsonl
//!     cargo run --example recognise -- columns TABLE.csv... > columns.jsonl
//!     cargo run --example recognise -- speed FILE...
//!     cargo run --example recognise -- known FILE...      (a scan for 100,000 identifiers at once)
//!
//! Offsets are in code points and kinds in the short names that scorers of personal data use.
#![allow(clippy::print_stdout, reason = "an example prints its result")]

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use headwater_crawler::recognise::{
    ColumnTally, Known, RECOGNISERS, Span, each_normal_form, recognise, recognise_one,
};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let mode = args.next().unwrap_or_default();
    let files: Vec<String> = args.collect();
    match mode.as_str() {
        "text" => files.iter().try_for_each(|f| text(f)),
        "columns" => files.iter().try_for_each(|f| columns(f)),
        "known" => files.iter().try_for_each(|f| known(f)),
        "speed" => files.iter().try_for_each(|f| speed(f)),
        _ => Err("say text, columns, speed or known, and then the files".into()),
    }
}

fn short(kind: &str) -> &str {
    match kind {
        "EMAIL_ADDRESS" => "EMAIL",
        "PHONE_NUMBER" => "PHONE",
        "PERSON_NAME" => "PERSON",
        "IBAN_CODE" => "IBAN",
        "CREDIT_CARD_NUMBER" => "CARD",
        "IP_ADDRESS" => "IP",
        "MAC_ADDRESS" => "MAC",
        "IMEI_HARDWARE_ID" => "IMEI",
        "CRYPTO_ADDRESS" => "CRYPTO",
        "DATE_OF_BIRTH" => "DOB",
        "STREET_ADDRESS" => "ADDRESS",
        "GEO_COORDINATES" => "GEO",
        "AUTH_TOKEN" => "SECRET",
        other => other,
    }
}

fn text(path: &str) -> Result<(), Failure> {
    for line in BufReader::new(std::fs::File::open(path)?).lines() {
        let document: Value = serde_json::from_str(&line?)?;
        let text = document["text"].as_str().unwrap_or_default();
        let mut spans = Vec::new();
        recognise(text, &mut spans);
        let point = |byte: usize| text[..byte].chars().count();
        let spans: Vec<Value> = spans
            .iter()
            .map(|s: &Span| json!({"start": point(s.start), "end": point(s.end), "type": short(s.kind), "subtype": s.subtype, "score": s.confidence}))
            .collect();
        println!("{}", json!({"id": document["id"], "spans": spans}));
    }
    Ok(())
}

fn columns(path: &str) -> Result<(), Failure> {
    let table = Path::new(path).file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let mut rows = records(&std::fs::read(path)?).into_iter();
    let headers = rows.next().unwrap_or_default();
    let mut tallies: Vec<ColumnTally> = headers.iter().map(|h| ColumnTally::new(h)).collect();
    let mut spans = Vec::new();
    for row in rows {
        for (cell, tally) in row.iter().zip(&mut tallies) {
            spans.clear();
            recognise(cell, &mut spans);
            tally.cell(cell, &spans);
        }
    }
    for (header, tally) in headers.iter().zip(&tallies) {
        let verdicts = tally.verdicts();
        let best = verdicts.first();
        println!(
            "{}",
            json!({"table": table, "column": header, "type": best.map_or("NONE", |v| short(v.kind)), "score": best.map(|v| v.confidence), "why": best.map(|v| &v.why)})
        );
    }
    Ok(())
}

fn records(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv_core::Reader::new();
    let (mut rest, mut rows) = (bytes, Vec::new());
    let (mut fields, mut ends) = (vec![0; bytes.len() + 1], vec![0; 4096]);
    loop {
        let (result, read, _, fields_read) = reader.read_record(rest, &mut fields, &mut ends);
        rest = &rest[read..];
        match result {
            csv_core::ReadRecordResult::Record => {
                let mut from = 0;
                let cells = ends[..fields_read].iter().map(|to| {
                    let cell = String::from_utf8_lossy(&fields[from..*to]).into_owned();
                    from = *to;
                    cell
                });
                rows.push(cells.collect());
            }
            csv_core::ReadRecordResult::InputEmpty => {}
            _ => return rows,
        }
    }
}

fn speed(path: &str) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    let megabytes = |bytes: usize, since: Instant| bytes as f64 / 1e6 / since.elapsed().as_secs_f64();
    let mut spans = Vec::new();
    recognise(&text[..text.floor_char_boundary(10_000)], &mut spans);
    spans.clear();
    let since = Instant::now();
    recognise(&text, &mut spans);
    let rate = megabytes(text.len(), since);
    let mut counts: HashMap<&str, usize> = HashMap::new();
    spans.iter().for_each(|s| *counts.entry(s.kind).or_default() += 1);
    println!("{}", json!({"file": path, "bytes": text.len(), "mb_per_s": rate, "spans": counts}));
    for recogniser in RECOGNISERS {
        let since = Instant::now();
        let mut own = Vec::new();
        recognise_one(recogniser, &text, &mut own);
        println!(
            "{}",
            json!({"kind": recogniser.kind, "mb_per_s": megabytes(text.len(), since), "spans": own.len()})
        );
    }
    Ok(())
}

/// Scans for made-up identifiers, half of them addresses and half telephone numbers.
fn known(path: &str) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    let identifiers: Vec<(&str, String)> = (0..100_000_u64)
        .map(|i| {
            let drawn = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            match i % 2 {
                0 => ("email", format!("user{drawn:x}@mail.example")),
                _ => ("phone", format!("+4930{:08}", drawn % 100_000_000)),
            }
        })
        .collect();
    let since = Instant::now();
    let known = Known::new(identifiers.iter().map(|(kind, normal)| (*kind, normal.as_str())));
    let built = since.elapsed().as_secs_f64();
    known.find(&text[..text.floor_char_boundary(10_000)], |_, _, _| {});
    let (since, mut places) = (Instant::now(), 0);
    known.find(&text, |_, _, _| places += 1);
    let rate = text.len() as f64 / 1e6 / since.elapsed().as_secs_f64();
    // The same by lines, as cells come, and beside it what reads every candidate and looks it up.
    let (since, mut by_line) = (Instant::now(), 0);
    text.lines().for_each(|line| known.find(line, |_, _, _| by_line += 1));
    let line_rate = text.len() as f64 / 1e6 / since.elapsed().as_secs_f64();
    let forms: HashSet<(&str, &str)> =
        identifiers.iter().map(|(kind, normal)| (*kind, normal.as_str())).collect();
    let (since, mut looked_up) = (Instant::now(), 0);
    for line in text.lines() {
        for kind in ["email", "phone"] {
            each_normal_form(kind, line, &mut |form| looked_up += usize::from(forms.contains(&(kind, form))));
        }
    }
    let look_up_rate = text.len() as f64 / 1e6 / since.elapsed().as_secs_f64();
    println!(
        "{}",
        json!({"file": path, "bytes": text.len(), "mb_per_s": rate, "built_s": built, "places": places,
            "by_line": {"mb_per_s": line_rate, "places": by_line}, "every_candidate": {"mb_per_s": look_up_rate, "hits": looked_up}})
    );
    Ok(())
}
