//! How fast recognisers read: prose with little to find, records full of it, cells one by one, and a scan for many at once.
//!
//!     cargo bench -p headwater-crawler --bench recognise

use std::fmt::Write as _;
use std::hint::black_box;

use aho_corasick::AhoCorasick;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use headwater_crawler::recognise::{ColumnTally, Known, recognise, recognise_and_identify};

/// English as people write it: our own documents, over and over.
fn prose() -> String {
    let once = [
        include_str!("../../docs/ARCHITECTURE.md"),
        include_str!("../../docs/THREATS.md"),
        include_str!("../../docs/GLOSSARY.md"),
        include_str!("../../LICENSE"),
    ]
    .join("\n");
    once.repeat(1_000_000 / once.len() + 1)
}

/// Numbers that look drawn and are the same each time.
fn drawn(i: u64) -> u64 {
    i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24
}

/// Log lines and records, each with a person in it.
fn records() -> String {
    let mut text = String::new();
    for i in 0..4_000 {
        let number = drawn(i);
        let _ = writeln!(
            text,
            "2024-05-{:02} 12:{:02}:09 INFO user=anna.berg{} ip=10.{}.{}.7 mail=user{number:x}@mail.example order {}",
            i % 28 + 1,
            i % 60,
            i % 100,
            number % 200,
            number % 190,
            number % 1_000_000_000,
        );
        let _ = writeln!(
            text,
            "Dear Anna Berg, call +49 30 {:07}, account DE89 3704 0044 0532 0130 00, card 4111 1111 1111 1111.",
            number % 10_000_000,
        );
    }
    text
}

fn texts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("recognise");
    for (name, text) in [("prose", prose()), ("records", records())] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("spans in {name}"), |bench| {
            let mut spans = Vec::new();
            bench.iter(|| {
                spans.clear();
                recognise(black_box(&text), &mut spans);
                spans.len()
            });
        });
        group.bench_function(format!("spans and identifiers in {name}"), |bench| {
            let (mut spans, mut tokens) = (Vec::new(), Vec::new());
            bench.iter(|| {
                spans.clear();
                tokens.clear();
                recognise_and_identify(black_box(&text), &mut spans, &mut tokens);
                (spans.len(), tokens.len())
            });
        });
    }
    group.finish();
}

fn cells(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cells");
    let phones: Vec<String> = (0..2_000).map(|i| format!("030 {:07}", drawn(i) % 10_000_000)).collect();
    let numbers: Vec<String> = (0..2_000).map(|i| format!("{}", drawn(i) % 1_000_000_000)).collect();
    let words: Vec<String> =
        (0..2_000).map(|i| format!("shelf {}", (b'a' + (i % 26) as u8) as char)).collect();
    for (name, column) in [("telephone numbers", phones), ("numbers", numbers), ("words", words)] {
        group.throughput(Throughput::Elements(column.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut tally = ColumnTally::new("c1");
                let (mut spans, mut tokens) = (Vec::new(), Vec::new());
                for cell in &column {
                    spans.clear();
                    tokens.clear();
                    recognise_and_identify(cell, &mut spans, &mut tokens);
                    tally.cell(cell, &spans);
                }
                tally.verdicts().len()
            });
        });
    }
    group.finish();
}

fn known(criterion: &mut Criterion) {
    let wanted: Vec<(&str, String)> = (0..100_000)
        .map(|i| match i % 2 {
            0 => ("email", format!("nobody{:x}@mail.example", drawn(i))),
            _ => ("phone", format!("+4940{:08}", drawn(i) % 100_000_000)),
        })
        .collect();
    let known = Known::new(wanted.iter().map(|(kind, normal)| (*kind, normal.as_str())));
    let plain = AhoCorasick::new(wanted.iter().map(|(_, normal)| normal)).expect("as many fit");
    let one = memchr::memmem::Finder::new(&wanted[0].1);
    let mut group = criterion.benchmark_group("scan for 100,000");
    for (name, text) in [("prose", prose()), ("records", records())] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut places = 0;
                known.find(black_box(&text), |_, _, _| places += 1);
                places
            });
        });
        // What others do with the same text, which finds one spelling only: all of them, and one.
        group.bench_function(format!("{name}, plain aho-corasick"), |bench| {
            bench.iter(|| plain.find_iter(black_box(&text)).count());
        });
        group.bench_function(format!("{name}, one literal"), |bench| {
            bench.iter(|| one.find_iter(black_box(text.as_bytes())).count());
        });
    }
    group.finish();
}

criterion_group!(benches, texts, cells, known);
criterion_main!(benches);
