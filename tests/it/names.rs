//! Paths, members and columns that are called after somebody: found and erased for her, and shown to nobody without the right.

use std::fs;
use std::path::{Path, PathBuf};

use headwater_tests::{Answer, Daemon, Headwater, peer};

const ZOE: &str = "zoe.quist@mail.example";
/// What of her would tell who she is.
const TELLING: [&str; 2] = ["zoe", "quist"];

/// A lake that calls files, folders, members and columns after her.
fn lake(folder: &Path) -> PathBuf {
    let lake = folder.join("lake");
    let put = |path: &str, text: &str| {
        let file = lake.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    put(&format!("exports/{ZOE}.csv"), "id,v\n1,2\n2,3\n3,5\n4,8\n5,13\n6,21\n7,34\n8,55\n9,89\n10,144\n");
    put("exports/copy.csv", "id,v\n1,2\n2,3\n3,5\n4,8\n5,13\n6,21\n7,34\n8,55\n9,89\n10,144\n");
    put(&format!("users/email={ZOE}/part-0.csv"), "id,w\n1,2\n2,3\n");
    put("users/email=bob.hay@mail.example/part-0.csv", "id,w\n3,2\n4,3\n");
    put("crm/hours.json", &format!("{{\"day\": 1, \"{ZOE}\": 2}}\n"));
    put(&format!("logs/{ZOE}_1.log"), "started\nstopped\n");
    let zip = fs::File::create(lake.join("crm/all.zip")).unwrap();
    let mut zip = zip::ZipWriter::new(zip);
    for name in [format!("{ZOE}.csv"), "x.csv".to_owned()] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, b"a,b\n1,2\n3,4\n").unwrap();
    }
    zip.finish().unwrap();
    lake
}

fn expect_nobody(answer: &Answer, asked: &str) {
    for text in [&answer.stdout, &answer.stderr] {
        let text = text.to_lowercase();
        for telling in TELLING {
            assert!(!text.contains(telling), "{asked} tells of her: {text}");
        }
    }
}

/// Questions that a role may ask; none of them spells her name.
fn questions(role: &str) -> Vec<Vec<&'static str>> {
    let mut questions = vec![
        vec!["search", "*", "--json"],
        vec!["search", "path:exports", "--json"],
        vec!["search", "*", "--facets", "--json"],
        vec!["search", "--suggest", "q", "--json"],
        vec!["search", "--suggest", "z", "--json"],
        vec!["datasets", "--json", "--files"],
        vec!["datasets"],
        vec!["lineage", "--json"],
        vec!["lineage", "--dot"],
        vec!["findings", "--json"],
        vec!["findings", "--record", "--json"],
        vec!["schema", "show", "hours", "--json"],
        vec!["runs", "--json"],
    ];
    if role == "analyst" {
        for query in [
            "SELECT * FROM headwater.blobs",
            "SELECT * FROM headwater.datasets",
            "SELECT * FROM headwater.findings",
            "SELECT * FROM headwater.lineage",
            "SELECT * FROM headwater.features",
            "SELECT * FROM headwater.anomalies",
            "SELECT * FROM headwater.runs",
            "SELECT table_name, column_name FROM information_schema.columns",
            "SELECT * FROM users",
        ] {
            questions.push(vec!["sql", query, "--json"]);
        }
    }
    questions
}

#[test]
fn a_name_that_tells_of_somebody_is_shown_to_nobody_without_the_right() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let headwater = Headwater::in_folder(folder.path());
    headwater.run(["crawl", lake.to_str().unwrap()]).expect(0);
    for role in ["viewer", "analyst", "steward", "admin"] {
        let token = headwater.token(role, role);
        for question in questions(role) {
            let answer = headwater.run_as(&token, &question);
            expect_nobody(&answer, &format!("{role}: {question:?}"));
        }
        // Who asks for her by name learns nothing either.
        for query in ["zoe", "quist*", "path:zoe", "column:quist", "name:zoe"] {
            let answer = headwater.run_as(&token, ["search", query, "--json"]);
            assert!(answer.stdout.is_empty(), "{role}: {query}: {}", answer.stdout);
        }
    }
    let viewer = headwater.token("viewer", "vic");
    let shown = headwater.run_as(&viewer, ["datasets", "--json", "--files"]).expect(0).stdout;
    assert!(shown.contains("exports/***.csv") && shown.contains("exports/copy.csv"), "{shown}");

    let officer = headwater.token("privacy_officer", "pia");
    let found = headwater.run_as(&officer, ["search", "quist", "--json"]).expect(0).lines();
    assert!(found.iter().any(|hit| hit["path"] == format!("exports/{ZOE}.csv")), "{found:?}");
    let id = format!("email={ZOE}");
    let places = headwater.run_as(&officer, ["subject", "find", "--json", "--id", &id]).expect(0).lines();
    for path in ["exports/", "users/email=", "crm/all.zip", "crm/hours.json", "logs/"] {
        let is_found = places.iter().any(|place| place["path"].as_str().is_some_and(|p| p.starts_with(path)));
        assert!(is_found, "{path}: {places:?}");
    }
}

#[test]
fn pages_and_programs_see_what_the_command_line_shows() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let headwater = Headwater::in_folder(folder.path());
    headwater.run(["crawl", lake.to_str().unwrap()]).expect(0);
    let viewer = headwater.token("viewer", "vic");
    let headwater = headwater.with("HEADWATER_LOG", "trace");
    let daemon = Daemon::start(&headwater, &[]);
    let walked = peer("names.py", [&daemon.url, &viewer]).expect(0);
    expect_nobody(&walked, "pages and programs");
    assert!(walked.stdout.contains("exports/***.csv"), "{}", walked.stdout);
    let log = daemon.end();
    assert!(log.contains("operation=\"datasets\""), "each question is logged: {log}");
    assert!(TELLING.iter().all(|telling| !log.contains(telling)), "the log tells of her: {log}");
}

#[test]
fn a_false_alarm_in_a_name_is_shown_again_once_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let headwater = Headwater::in_folder(folder.path());
    headwater.run(["crawl", lake.to_str().unwrap()]).expect(0);
    headwater.token("admin", "owner");
    let viewer = headwater.token("viewer", "vic");
    let named =
        || headwater.run_as(&viewer, ["search", "path:exports is:dataset", "--json"]).expect(0).lines();
    let hidden = named();
    let row = hidden.iter().find(|row| row["root"] == "exports/***.csv").expect("it is hidden");
    let id = row["id"].as_str().unwrap().to_owned();
    headwater.run(["findings", &id, "--reject", "", "EMAIL_ADDRESS"]).expect(0);
    assert!(named().iter().any(|row| row["root"] == format!("exports/{ZOE}.csv")), "{:?}", named());
}
