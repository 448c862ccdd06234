use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime};

use super::*;

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
