use super::*;

fn archive() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let long = format!("{}/long.txt", "deep".repeat(40));
    for (name, bytes) in
        [("one.txt", &b"one\n"[..]), ("two.txt", b"two\n"), (&long, b"long\n"), ("one.txt", b"newer\n")]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o640);
        header.set_mtime(7);
        builder.append_data(&mut header, name, bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn listed(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut listed = Vec::new();
    members(&bytes.to_vec().into(), &Bounds::default(), &mut |member| {
        listed.push((member.name, member.content.unwrap().range(0, 100).unwrap().to_vec()));
        Ok(())
    })
    .unwrap();
    listed
}

#[test]
fn members_go_and_change_while_others_stay_as_bytes() {
    let bytes = archive();
    let names: Vec<_> = listed(&bytes).into_iter().map(|(name, _)| name).collect();
    assert_eq!((names[0].as_str(), names[3].as_str()), ("one.txt", "one.txt#2"));
    let edits =
        [("one.txt".to_owned(), Edit::Remove), (names[2].clone(), Edit::Replace(vec![b'x'; 600].into()))];
    let mut out = Vec::new();
    rewrite(&bytes.clone().into(), &edits.into(), &mut out).unwrap();
    let after = listed(&out);
    assert_eq!(after[0], ("two.txt".to_owned(), b"two\n".to_vec()));
    assert_eq!((after[1].1.len(), after[2].0.as_str(), &after[2].1[..]), (100, "one.txt", &b"newer\n"[..]));
    assert_eq!(out[..1024], bytes[1024..2048]);
    let mut same = Vec::new();
    rewrite(&bytes.clone().into(), &BTreeMap::new(), &mut same).unwrap();
    assert_eq!(same, bytes);
}

#[test]
fn an_archive_that_ends_within_a_member_is_truncated() {
    let cut = Content::from(archive()[..700].to_vec());
    let mut told = false;
    let ended = members(&cut, &Bounds::default(), &mut |member| {
        told |= matches!(member.content, Err(FormatError::Truncated(_)));
        Ok(())
    });
    assert!(told || matches!(ended, Err(FormatError::Truncated(_))));
}

#[test]
fn what_stands_around_members_is_taken_out_and_files_stay() {
    let bytes = include_bytes!("../../../../fixtures/formats/tar/good-around.tar");
    let ranges = around::around(&bytes.to_vec().into()).unwrap();
    let people = ["ada", "ben", "cleo", "dora", "emil"];
    for (person, unit) in people.into_iter().zip([0, 1, 2, 3, 3]) {
        let holds = |around: &crate::format::Around| {
            let range = around.range.start as usize..around.range.end as usize;
            let name = format!("{person}@mail.example");
            around.unit == unit && memchr::memmem::find(&bytes[range], name.as_bytes()).is_some()
        };
        assert!(ranges.iter().any(holds), "{person}: {ranges:?}");
    }
    let removal = crate::format::Removal { units: [(String::new(), (0..5).collect())].into() };
    let mut out = Vec::new();
    around::strip(&bytes.to_vec().into(), &Dialect::default(), &removal, &mut out).unwrap();
    assert!(memchr::memmem::find(&out, b"mail.example").is_none());
    assert_eq!(listed(&out), listed(bytes));
    assert!(memchr::memmem::find(&out, b"mtime=1714550400.5").is_some(), "its times stay");
}
