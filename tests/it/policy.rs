//! A policy of erasure, a rectification, a rehearsal, a refusal and a replay, by the command line as people use it.

use std::fs;

use headwater_tests::Headwater;

const CUSTOMERS: &str = "id,email,full_name,amount\n\
    1,ada@mail.example,Ada Byron,12.50\n\
    2,bob@x.example,Bob Stone,7.25\n\
    3,carl@x.example,Carl Frost,9.99\n\
    4,dora@x.example,Dora Winter,1.00\n";

/// A lake of three files, crawled under a policy.
fn crawled(policy: &str) -> (tempfile::TempDir, Headwater) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("crm/customers.csv", CUSTOMERS.to_owned()),
        (
            "sales/orders.ndjson",
            "{\"n\":1,\"email\":\"ADA@mail.example\"}\n{\"n\":2,\"email\":\"bob@x.example\"}\n".into(),
        ),
        (
            "logs/app.log",
            "2026-01-01 10:00:00 INFO start\n2026-01-01 10:00:01 INFO login ada@mail.example\n".into(),
        ),
    ] {
        let path = folder.path().join("lake").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let config = folder.path().join("policy.toml");
    fs::write(&config, policy).unwrap();
    let headwater = Headwater::in_folder(folder.path()).with("HEADWATER_CONFIG", config.to_str().unwrap());
    headwater.run(["crawl", folder.path().join("lake").to_str().unwrap()]).expect(0);
    (folder, headwater)
}

/// Approves, rehearses, runs, verifies and certifies what was planned.
fn through(headwater: &Headwater, planned: &serde_json::Value) -> String {
    let (plan, hash) = (planned["plan"].as_str().unwrap(), planned["hash"].as_str().unwrap());
    let dry = headwater.run(["erase", "run", plan, "--hash", hash, "--dry-run", "--json"]).expect(0).json();
    let dry = dry["steps"].as_array().unwrap();
    assert!(dry.iter().all(|step| step["outcome"] == "would be done"), "{dry:?}");
    let approver = headwater.token("approver", "bob");
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "run", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "verify", plan]).expect(0);
    headwater.run(["erase", "certificate", plan, "--json"]).expect(0).stdout
}

#[test]
fn a_policy_decides_by_path_what_becomes_of_a_person() {
    let policy = "[[erasure]]\npath = 'crm/**'\nmethod = 'pseudonymise'\n\
                  [[erasure]]\npath = 'logs/**'\nkind = 'email'\nmethod = 'mask'\n";
    let (folder, headwater) = crawled(policy);
    let planned =
        headwater.run(["erase", "plan", "--json", "--id", "email=ada@mail.example"]).expect(0).json();
    let methods: Vec<_> =
        planned["steps"].as_array().unwrap().iter().map(|step| step["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["pseudonymise", "mask", "remove_units"]);
    let certificate = through(&headwater, &planned);
    assert!(certificate.contains("\"status\":\"complete\""), "{certificate}");
    let read = |path: &str| fs::read_to_string(folder.path().join("lake").join(path)).unwrap();
    let customers = read("crm/customers.csv");
    let ada: Vec<&str> = customers.lines().nth(1).unwrap().split(',').collect();
    assert!(
        ada[0] == "1" && ada[1].starts_with("psn_") && ada[2].starts_with("psn_") && ada[3] == "12.50",
        "{ada:?}"
    );
    let others = |text: &str| {
        text.lines().enumerate().filter(|(n, _)| *n != 1).map(|(_, line)| line.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(others(&customers), others(CUSTOMERS));
    assert!(read("logs/app.log").ends_with("INFO login ***\n"));
    assert_eq!(read("sales/orders.ndjson"), "{\"n\":2,\"email\":\"bob@x.example\"}\n");

    // A backup of the customers is restored: the crawl raises an alarm, a replay plans again.
    fs::write(folder.path().join("lake/crm/restored.csv"), CUSTOMERS).unwrap();
    let alarm = headwater.run(["crawl", folder.path().join("lake").to_str().unwrap()]).expect(0);
    assert!(
        alarm.stderr.contains("erase replay") || alarm.stdout.contains("erase replay"),
        "{}",
        alarm.stderr
    );
    let back = headwater.run(["erase", "replay", "--json"]).expect(1).json();
    let back = back["replayed"].as_array().unwrap();
    assert_eq!(
        (back.len(), back[0]["plan"]["steps"][0]["path"].as_str()),
        (1, Some("crm/restored.csv")),
        "{back:?}"
    );
    through(&headwater, &back[0]["plan"]);
    assert!(
        read("crm/restored.csv").contains(&format!("1,{},{},12.50", ada[1], ada[2])),
        "the same pseudonyms again"
    );
    headwater.run(["erase", "replay"]).expect(0);
}

#[test]
fn a_wrong_address_is_put_right_by_the_same_line() {
    let (folder, headwater) = crawled("");
    let rectify =
        ["erase", "plan", "--json", "--rectify", "email=ada@mail.example", "--with", "ada@new.example"];
    let planned = headwater.run(rectify).expect(0).json();
    through(&headwater, &planned);
    let customers = fs::read_to_string(folder.path().join("lake/crm/customers.csv")).unwrap();
    assert_eq!(customers, CUSTOMERS.replace("ada@mail.example", "ada@new.example"));
    headwater.run(["subject", "find", "--id", "email=ada@mail.example"]).expect(1);
    headwater.run(["subject", "find", "--id", "email=ada@new.example"]).expect(0);
    headwater.run(["erase", "plan", "--rectify", "email=ada@new.example", "--with", "nonsense"]).expect(2);
}

#[test]
fn a_request_is_extended_and_refused_with_reasons() {
    let (_folder, headwater) = crawled("");
    let id = "email=ada@mail.example";
    let planned = headwater.run(["erase", "plan", "--json", "--id", id]).expect(0).json();
    let request = planned["request"].as_str().unwrap();
    let listed = headwater.run(["erase", "list", "--json"]).expect(0).lines();
    let days = listed[0]["days_left"].as_i64().unwrap();
    assert!((27..=31).contains(&days), "{days}");
    headwater.run(["erase", "extend", request, "--reason", "many blobs"]).expect(0);
    headwater.run(["erase", "extend", request, "--reason", "once more"]).expect(3);
    let days = headwater.run(["erase", "list", "--json"]).expect(0).lines()[0]["days_left"].as_i64().unwrap();
    assert!((88..=92).contains(&days), "{days}");
    headwater.run(["erase", "refuse", request, "--ground", "whim", "--reason", "x"]).expect(2);
    let refuse =
        ["erase", "refuse", request, "--ground", "legal_obligation", "--reason", "tax law", "--json"];
    let refused = headwater.run(refuse).expect(0).json();
    assert_eq!(
        (refused["status"].as_str(), refused["refusal"]["ground"].as_str()),
        (Some("refused"), Some("legal_obligation"))
    );
    let (plan, hash) = (planned["plan"].as_str().unwrap(), planned["hash"].as_str().unwrap());
    headwater.run(["erase", "run", plan, "--hash", hash]).expect(3);
    headwater.run(["subject", "find", "--id", id]).expect(0);
}
