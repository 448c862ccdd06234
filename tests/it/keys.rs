//! Keys of the subject index: a new one is taken over crawl by crawl, an old one is destroyed, and no lookup claims more than it read.

use headwater_tests::{Answer, Headwater};

/// Places of a person, and whether something was not searched.
fn look(headwater: &Headwater) -> (usize, bool) {
    let Answer { code, stdout, stderr } =
        headwater.run(["subject", "find", "--json", "--id", "email=ada@mail.example"]);
    assert!(matches!(code, Some(0 | 1)), "{stderr}");
    (stdout.lines().count(), stderr.contains("not searched"))
}

#[test]
fn a_key_is_followed_by_a_new_one_and_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let headwater = Headwater::in_folder(folder.path());
    let lakes = ["one", "two"].map(|name| folder.path().join(name));
    for lake in &lakes {
        std::fs::create_dir(lake).unwrap();
        let rows = "1,ada@mail.example\n2,bob@mail.example\n3,carl@mail.example\n";
        std::fs::write(lake.join("people.csv"), format!("id,email\n{rows}")).unwrap();
    }
    let [one, two] = lakes.each_ref().map(|lake| lake.to_str().unwrap());
    headwater.run(["crawl", one, two]).expect(0);
    assert_eq!(look(&headwater), (2, false));
    headwater.run(["key", "destroy", "1"]).expect(3);

    headwater.run(["key", "rotate"]).expect(0);
    assert_eq!(look(&headwater), (2, false), "both keys are read");
    headwater.run(["crawl", one]).expect(0);
    let keys = headwater.run(["key", "list", "--json"]).expect(0).lines();
    let leaning: Vec<usize> = keys.iter().map(|key| key["sources"].as_array().unwrap().len()).collect();
    assert_eq!(leaning, [1, 2], "{keys:?}");
    let refused = headwater.run(["key", "destroy", "1"]).expect(3);
    assert!(refused.stderr.contains("two") && refused.stderr.contains("--anyway"), "{}", refused.stderr);

    headwater.run(["key", "destroy", "1", "--anyway"]).expect(0);
    assert!(!folder.path().join("catalog.keys/index.1.key").exists());
    assert_eq!(look(&headwater), (1, true), "the other lake's part of the index is shredded");
    headwater.run(["crawl", two]).expect(0);
    assert_eq!(look(&headwater), (2, false));

    headwater.token("admin", "owner");
    let officer = headwater.token("privacy_officer", "olga");
    for asked in [vec!["key", "rotate"], vec!["key", "list"], vec!["key", "destroy", "2"]] {
        assert_eq!(headwater.run_as(&officer, &asked).code, Some(3), "{asked:?} is an admin's");
    }
    let log = headwater.run(["audit", "list", "--json"]).expect(0).stdout;
    assert!(log.contains("rotate index key") && log.contains("destroy index key"), "{log}");
    headwater.run(["audit", "verify"]).expect(0);
}
