//! Recognisers of the configuration: found by `scan`, indexed by a crawl, found again by lookup; wrong ones are refused at once.

use std::path::Path;

use headwater_tests::Headwater;
use serde_json::Value;

const CONFIGURATION: &str = r#"
[[recogniser]]
kind = "EMPLOYEE_NUMBER"
pattern = 'E-(\d{6})'
columns = ["staff no"]
identifies = true

[[recogniser]]
kind = "PROJECT_NAME"
dictionary = ["Nightjar"]
"#;

fn configured(folder: &Path, text: &str) -> Headwater {
    let file = folder.join("headwater.toml");
    std::fs::write(&file, text).unwrap();
    Headwater::in_folder(folder).with("HEADWATER_CONFIG", file.to_str().unwrap())
}

#[test]
fn declared_kinds_are_found_indexed_and_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    let headwater = configured(folder.path(), CONFIGURATION);
    let lake = folder.path().join("lake");
    std::fs::create_dir(&lake).unwrap();
    std::fs::write(lake.join("staff.csv"), "staff_no,desk\nE-100200,4\nE-100201,5\nE-100202,6\n").unwrap();
    std::fs::write(lake.join("note.txt"), "E-100201 works on nightjar\n").unwrap();

    let found = headwater.run(["scan", "--json", lake.to_str().unwrap()]).expect(0).lines();
    let kinds = |name: &str| -> Vec<&str> {
        let of_file =
            found.iter().filter(|line| line["path"].as_str().is_some_and(|path| path.ends_with(name)));
        of_file.filter_map(|line| line["kind"].as_str()).collect()
    };
    assert!(kinds("staff.csv").contains(&"EMPLOYEE_NUMBER"), "{found:?}");
    assert_eq!(kinds("note.txt"), ["EMPLOYEE_NUMBER", "PROJECT_NAME"]);

    headwater.run(["crawl", lake.to_str().unwrap()]).expect(0);
    let places =
        headwater.run(["subject", "find", "--json", "--id", "employee_number=E-100201"]).expect(0).lines();
    let mut paths: Vec<&str> = places.iter().filter_map(|place: &Value| place["path"].as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths, ["note.txt", "staff.csv"]);
}

#[test]
fn declarations_that_cannot_work_are_refused_when_the_program_starts() {
    let folder = tempfile::tempdir().unwrap();
    for (text, reason) in [
        (
            "[[recogniser]]\nkind = \"EMAIL_ADDRESS\"\npattern = 'x'",
            "entry 1: kind EMAIL_ADDRESS is built in",
        ),
        ("[[recogniser]]\nkind = \"BADGE\"\npattern = '('", "entry 1: the pattern does not parse"),
        ("[[recogniser]]\nkind = \"BADGE\"", "BADGE needs a pattern or a dictionary"),
        (
            "[[recogniser]]\nkind = \"BADGE\"\npattern = 'B\\d+'\nchecksum = \"crc\"",
            "write one of luhn, mod97",
        ),
        (
            "[[recogniser]]\nkind = \"BADGE\"\ndictionary_file = \"nowhere.txt\"",
            "dictionary_file: nowhere.txt",
        ),
        ("[[recogniser]]\nkind = \"BADGE\"\npatern = 'x'", "unknown field"),
    ] {
        let refused = configured(folder.path(), text).run(["datasets"]).expect(2);
        assert!(refused.stderr.contains(reason), "{text}: {}", refused.stderr);
    }
}
