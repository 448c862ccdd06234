//! `headwater sniff` over many files: told in order, whoever looked at them, from folders and from lists.

use std::fs;

use headwater_tests::Headwater;
use serde_json::Value;

fn paths(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["path"].as_str().unwrap()).collect()
}

#[test]
fn many_files_are_told_in_order_and_lists_give_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    fs::create_dir(&files).unwrap();
    for number in 0..5_000 {
        let (name, text) = match number % 3 {
            0 => ("csv", "id,amount\n1,2.5\n2,3.5\n"),
            1 => ("json", "{\"id\": 1}\n"),
            _ => ("line\nbreak", "plain words, nothing else\n"),
        };
        fs::write(files.join(format!("{number:05}.{name}")), text).unwrap();
    }
    let headwater = Headwater::in_folder(folder.path());
    let told = headwater.run(["sniff", "--json", files.to_str().unwrap()]).expect(0).lines();
    let mut sorted = paths(&told);
    sorted.sort_unstable();
    assert_eq!((told.len(), paths(&told)), (5_000, sorted));
    let formats: Vec<_> = told[..3].iter().map(|line| line["format"].as_str().unwrap()).collect();
    assert_eq!(formats, ["csv", "json", "text"]);

    let list = folder.path().join("list");
    fs::write(&list, paths(&told).join("\0")).unwrap();
    let listed = headwater.run(["sniff", "--json", "--files-from", list.to_str().unwrap()]).expect(0).lines();
    assert_eq!(listed, told);

    let whole = |path: &&&str| !path.contains('\n');
    let names = paths(&told);
    let some: Vec<&str> = names.iter().filter(whole).copied().take(10).collect();
    fs::write(&list, format!("{}\n{}/gone\n{}\n", some[0], files.display(), some[1..].join("\n"))).unwrap();
    let listed = headwater.run(["sniff", "--json", "--files-from", list.to_str().unwrap()]).expect(3);
    assert_eq!(paths(&listed.lines()), some, "what can be read is told all the same");
}
