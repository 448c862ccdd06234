use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime};

use catalog::model::{AnomalyKind, FeaturePath, FeatureType, Value};

use super::*;
use crate::format::{At, Removal, Sink};

fn archive(comment: &str) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = zip::ZipWriter::new(&mut bytes);
    writer.set_comment(comment).unwrap();
    let time = DateTime::from_date_and_time(2024, 5, 6, 7, 8, 10).unwrap();
    let options = SimpleFileOptions::default().last_modified_time(time);
    writer.add_directory("a/", options).unwrap();
    writer.start_file("a/one.txt", options).unwrap();
    writer.write_all(&b"one\n".repeat(100)).unwrap();
    writer.start_file("two.txt", options.compression_method(CompressionMethod::Stored)).unwrap();
    writer.write_all(b"two\n").unwrap();
    writer.start_file("three.txt", options.large_file(true)).unwrap();
    writer.write_all(b"three\n").unwrap();
    writer.finish().unwrap();
    bytes.into_inner()
}

fn listed(bytes: &[u8]) -> Vec<(String, Result<Vec<u8>, String>)> {
    let mut listed = Vec::new();
    members(&bytes.to_vec().into(), &Bounds::default(), &mut |member| {
        let bytes = member.content.map(|content| content.range(0, 1 << 20).unwrap().to_vec());
        listed.push((member.name, bytes.map_err(|error| error.to_string())));
        Ok(())
    })
    .unwrap();
    listed
}

fn edited(bytes: &[u8], edits: &[(&str, Edit)]) -> Vec<u8> {
    let edits = edits.iter().map(|(name, edit)| ((*name).to_owned(), edit.clone())).collect();
    let mut out = Vec::new();
    rewrite_members(&bytes.to_vec().into(), &edits, &mut out).unwrap();
    out
}

#[test]
fn nothing_edited_is_the_same_archive() {
    let bytes = archive("kept");
    assert_eq!(edited(&bytes, &[]), bytes);
    let stub = [b"#!/bin/sh\n", &bytes[..]].concat();
    assert_eq!(edited(&stub, &[]), stub);
}

#[test]
fn members_go_and_change_while_others_stay_as_bytes() {
    let bytes = archive("kept");
    let replacement = Edit::Replace(b"2\n".to_vec().into());
    let larger = Edit::Replace(b"threefold\n".to_vec().into());
    let out = edited(&bytes, &[("a/one.txt", Edit::Remove), ("two.txt", replacement), ("three.txt", larger)]);
    let expected =
        [("two.txt".to_owned(), Ok(b"2\n".to_vec())), ("three.txt".to_owned(), Ok(b"threefold\n".to_vec()))];
    assert_eq!(listed(&out), expected);
    let mut read = ZipArchive::new(Cursor::new(&out)).unwrap();
    assert_eq!(read.comment(), b"kept");
    let two = read.by_name("two.txt").unwrap();
    assert_eq!((two.compression(), two.last_modified().unwrap().minute()), (CompressionMethod::Stored, 8));
    drop(two);
    let one = edited(&bytes, &[("two.txt", Edit::Remove)]);
    let (old, new) = (open(&bytes.clone().into()).unwrap(), open(&one.clone().into()).unwrap());
    for (before, after) in [(1, 1), (3, 2)] {
        let (before, after) = (&old.entries[before], &new.entries[after]);
        let member = |bytes: &[u8], entry: &Entry| {
            bytes[entry.start as usize..][..(30 + entry.name.len() as u64 + entry.data_bytes) as usize]
                .to_vec()
        };
        assert_eq!(before.name, after.name);
        assert_eq!(member(&bytes, before), member(&one, after));
    }
}

#[test]
fn a_corrupt_member_is_told_and_the_others_are_read() {
    let mut bytes = archive("");
    let two = open(&bytes.clone().into()).unwrap().entries.remove(2);
    let data = two.start as usize + 30 + two.name.len();
    bytes[data] ^= 1;
    let listed = listed(&bytes);
    assert_eq!(listed[1], ("two.txt".to_owned(), Err("the member is corrupt".to_owned())));
    assert!(listed[0].1.is_ok() && listed[2].1.is_ok());
}

#[test]
fn a_truncated_archive_and_a_bomb_are_errors() {
    let bytes = archive("");
    let cut = Content::from(bytes[..bytes.len() / 2].to_vec());
    let error = members(&cut, &Bounds::default(), &mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, FormatError::Truncated(_)));
    let bounds = Bounds { decoded_bytes_max: 10, ..Bounds::default() };
    let mut limited = 0;
    members(&bytes.into(), &bounds, &mut |member| {
        limited += i32::from(matches!(member.content, Err(FormatError::Limit(_))));
        Ok(())
    })
    .unwrap();
    assert_eq!(limited, 1);
}

/// What is said around members: unit, where, text.
#[derive(Default)]
struct Remarks(Vec<(u64, &'static str, String)>);

impl Sink for Remarks {
    fn table(&mut self, _: &str) {}
    fn feature(&mut self, _: &FeaturePath, _: Option<FeatureType>) -> usize {
        unreachable!("an archive has no columns")
    }
    fn row(&mut self, _: u64) {}
    fn cell(&mut self, _: usize, _: At, _: Value<'_>) {}
    fn remark(&mut self, at: At, what: &'static str, text: &str) {
        if !text.is_empty() {
            self.0.push((at.unit, what, text.to_owned()));
        }
    }
    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}

fn remarks(bytes: &[u8]) -> Vec<(u64, &'static str, String)> {
    let mut remarks = Remarks::default();
    around::read(&bytes.to_vec().into(), &Dialect::default(), &Bounds::default(), &mut remarks).unwrap();
    remarks.0
}

#[test]
fn what_stands_around_members_is_told_and_taken_out() {
    let bytes = include_bytes!("../../../../fixtures/formats/zip/good-around.zip");
    let told = remarks(bytes);
    let expected = [
        (0, "directory", "ben@mail.example/"),
        (1, "comment", "of cleo@mail.example"),
        (2, "extra field", "dora@mail.example"),
        (3, "archive comment", "for ada@mail.example"),
    ];
    assert_eq!(told, expected.map(|(unit, what, text)| (unit, what, text.to_owned())));
    let ranges = around::around(&bytes.to_vec().into()).unwrap();
    for (unit, _, text) in told {
        let holds = |around: &crate::format::Around| {
            let range = around.range.start as usize..around.range.end as usize;
            around.unit == unit && memchr::memmem::find(&bytes[range], text.as_bytes()).is_some()
        };
        assert!(ranges.iter().any(holds), "{text}");
    }
    let removal = Removal { units: [(String::new(), (0..4).collect())].into() };
    let mut out = Vec::new();
    around::strip(&bytes.to_vec().into(), &Dialect::default(), &removal, &mut out).unwrap();
    assert!(memchr::memmem::find(&out, b"mail.example").is_none());
    assert_eq!(listed(&out), listed(bytes), "files stay as they were");
    ZipArchive::new(Cursor::new(&out)).unwrap().by_name("two.csv").unwrap();
}

#[test]
fn deleted_members_between_others_are_dropped_by_any_rewrite() {
    let bytes = archive("kept");
    let two = open(&bytes.clone().into()).unwrap().entries.remove(2).start as usize;
    // An appender that replaced a member leaves the old one's bytes where they were.
    let mut gapped = bytes[..two].to_vec();
    gapped.extend(b"ada@mail.example");
    let gap = gapped.len() - two;
    gapped.extend(&bytes[two..]);
    let opened = open(&bytes.clone().into()).unwrap();
    let shift = |bytes: &mut [u8], place: usize| {
        let value = u32::from_le_bytes(bytes[place..place + 4].try_into().unwrap()) + gap as u32;
        bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
    };
    for entry in &opened.entries[2..] {
        shift(&mut gapped, entry.record_start as usize + gap + 42);
    }
    let end = gapped.len() - 22 - "kept".len();
    shift(&mut gapped, end + 16);
    let ranges = around::around(&gapped.clone().into()).unwrap();
    assert!(ranges.iter().any(|around| around.unit == 4 && around.range.start as usize == two), "{ranges:?}");
    assert_eq!(edited(&gapped, &[]), bytes);
}
