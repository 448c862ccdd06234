//! What people decide of findings: it wins over recognisers, stands over later crawls, and shows in SQL and in the record.

use headwater_tests::Headwater;
use serde_json::Value;

fn ruling<'v>(rows: &'v [Value], feature: &str, kind: &str) -> Option<&'v Value> {
    let row = rows.iter().find(|row| row["feature"] == feature && row["kind"] == kind);
    row.map(|row| &row["ruling"])
}

#[test]
fn a_decision_on_a_finding_stands_over_later_crawls_and_shows_in_sql() {
    let folder = tempfile::tempdir().unwrap();
    let headwater = Headwater::in_folder(folder.path());
    let lake = folder.path().join("lake");
    std::fs::create_dir(&lake).unwrap();
    let write = |last: &str| {
        let rows = "support@shop.example,anna\nsales@shop.example,bert\ninfo@shop.example,";
        std::fs::write(lake.join("desks.csv"), format!("inbox,code\n{rows}{last}\n")).unwrap();
        headwater.run(["crawl", lake.to_str().unwrap()]).expect(0);
    };
    let findings = || headwater.run(["findings", "desks", "--json"]).expect(0).lines();
    let select = |analyst: &str| {
        let query = "SELECT inbox, code FROM desks ORDER BY 1 LIMIT 1";
        headwater.run_as(analyst, ["sql", query, "--json"]).expect(0).lines()
    };
    write("carl");
    let before = findings();
    assert_eq!(ruling(&before, "inbox", "EMAIL_ADDRESS"), Some(&Value::Null), "{before:?}");
    assert!(before.iter().all(|row| row["why"].as_str().is_some_and(|why| !why.is_empty())));

    headwater.token("admin", "owner");
    let analyst = headwater.token("analyst", "ana");
    assert_eq!(select(&analyst)[0]["inbox"], Value::Null, "hidden until somebody says that it is nobody's");
    headwater.run(["findings", "desks", "--reject", "inbox", "EMAIL_ADDRESS"]).expect(0);
    headwater.run(["findings", "desks", "--confirm", "code", "USERNAME"]).expect(0);
    let refused = headwater.run_as(&analyst, ["findings", "desks", "--reject", "code", "USERNAME"]);
    assert_eq!(refused.code, Some(3), "an analyst decides nothing: {}", refused.stderr);
    headwater.run(["findings", "desks", "--reject", "inbox", "PASSPORT"]).expect(3);

    write("cora");
    let after = findings();
    assert_eq!(ruling(&after, "inbox", "EMAIL_ADDRESS"), Some(&Value::from("rejected")), "{after:?}");
    assert_eq!(ruling(&after, "code", "USERNAME"), Some(&Value::from("confirmed")), "{after:?}");
    let seen = select(&analyst);
    assert_eq!((&seen[0]["inbox"], &seen[0]["code"]), (&Value::from("info@shop.example"), &Value::Null));

    let record = headwater.run(["findings", "--record", "--json"]).expect(0).lines();
    let kinds: Vec<&str> =
        record[0]["kinds"].as_array().unwrap().iter().filter_map(|kind| kind["kind"].as_str()).collect();
    assert!(kinds.contains(&"USERNAME") && !kinds.contains(&"EMAIL_ADDRESS"), "{record:?}");

    let query =
        "SELECT feature, kind, ruling, path FROM headwater.findings WHERE ruling IS NOT NULL ORDER BY 1";
    let ruled = headwater.run(["sql", query, "--csv"]).expect(0).stdout;
    let expected =
        "feature,kind,ruling,path\ncode,USERNAME,confirmed,\ninbox,EMAIL_ADDRESS,rejected,desks.csv\n";
    assert_eq!(ruled, expected);

    headwater.run(["findings", "desks", "--forget", "inbox", "EMAIL_ADDRESS"]).expect(0);
    assert_eq!(ruling(&findings(), "inbox", "EMAIL_ADDRESS"), Some(&Value::Null));
    headwater.run(["catalog", "check"]).expect(0);
}

#[test]
fn what_analysts_see_is_as_the_configuration_says_in_every_form_of_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("headwater.toml");
    let rules = "[[mask]]\nkind = 'EMAIL_ADDRESS'\nwith = 'partial'\n[[mask]]\ndataset = 'people'\ncolumn = 'age'\nwith = 'show'\n";
    std::fs::write(&file, rules).unwrap();
    let headwater = Headwater::in_folder(folder.path()).with("HEADWATER_CONFIG", file.to_str().unwrap());
    let lake = folder.path().join("lake");
    std::fs::create_dir(&lake).unwrap();
    let row = |id: usize| format!("{id},p{id}.quill@mail.example,{},Zwolle,Netherlands\n", 30 + id % 9);
    let rows: String = (0..60).map(row).collect();
    std::fs::write(lake.join("people.csv"), format!("id,email,age,city,country\n{rows}")).unwrap();
    headwater.run(["crawl", lake.to_str().unwrap()]).expect(0);
    headwater.token("admin", "owner");
    let analyst = headwater.token("analyst", "ana");
    let sql = |query: &str, form: &str| headwater.run_as(&analyst, ["sql", query, form]).expect(0).stdout;
    let first = "SELECT email, age, city, country FROM people WHERE id = 4";
    assert_eq!(
        sql(first, "--json"),
        "{\"email\":\"***@mail.example\",\"age\":34,\"city\":null,\"country\":null}\n"
    );
    assert_eq!(sql(first, "--csv"), "email,age,city,country\n***@mail.example,34,,\n");
    let arrow =
        headwater.command(["sql", first, "--arrow"]).env("HEADWATER_TOKEN", &analyst).output().unwrap();
    let holds = |text: &str| arrow.stdout.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(arrow.status.success() && holds("***@mail.example"));
    assert!(!holds("p4.quill") && !holds("Zwolle") && !holds("Netherlands"));
    let sought = "SELECT count(*) AS n FROM people WHERE email = 'p4.quill@mail.example' OR city = 'Zwolle'";
    assert_eq!(sql(sought, "--json"), "{\"n\":0}\n");
    let officer = headwater.token("privacy_officer", "olga");
    let seen = headwater.run_as(&officer, ["sql", sought, "--json"]).expect(0).stdout;
    assert_eq!(seen, "{\"n\":60}\n");
    std::fs::write(&file, "[[mask]]\nkind = 'AGE'\nwith = 'veil'\n").unwrap();
    let refused = headwater.run(["datasets"]).expect(2);
    assert!(refused.stderr.contains("mask, entry 1"), "{}", refused.stderr);
}

#[test]
fn the_record_says_why_how_long_and_to_whom_and_decisions_follow_lineage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("headwater.toml");
    let rules = "[[processing]]\ndataset = 'orders'\npurpose = 'billing'\nretention_days = 30\nrecipients = ['tax adviser']\n";
    std::fs::write(&file, rules).unwrap();
    let headwater = Headwater::in_folder(folder.path()).with("HEADWATER_CONFIG", file.to_str().unwrap());
    let lake = folder.path().join("lake");
    let row = |id: usize| format!("{id},m{id}.{}@mail.example,{}.{id:02}\n", id * 7919 % 1000, id * 37 % 900);
    let rows = |ids: std::ops::Range<usize>| ids.map(row).collect::<String>();
    for (name, table) in
        [("orders", rows(0..400)), ("extract", rows(100..300)), ("elsewhere", rows(1_000..1_200))]
    {
        std::fs::create_dir_all(&lake).unwrap();
        std::fs::write(lake.join(format!("{name}.csv")), format!("id,contact,total\n{table}")).unwrap();
    }
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(40 * 86_400);
    let orders = std::fs::File::options().write(true).open(lake.join("orders.csv")).unwrap();
    orders.set_modified(old).unwrap();
    headwater.run(["crawl", lake.to_str().unwrap()]).expect(0);
    let record = || headwater.run(["findings", "--record", "--json"]).expect(0);
    let told = record();
    assert!(told.stderr.contains("1 datasets hold blobs past their retention"), "{}", told.stderr);
    let rows = told.lines();
    let of =
        |name: &str| rows.iter().find(|row| row["dataset"] == name).unwrap_or_else(|| panic!("{rows:?}"));
    assert_eq!(
        (&of("orders")["purpose"], &of("orders")["recipients"][0]),
        (&"billing".into(), &"tax adviser".into())
    );
    assert_eq!(of("orders")["past_retention"]["blobs"], 1);
    assert_eq!(of("orders")["passed_on_to"], serde_json::json!(["extract"]));
    assert_eq!(of("extract")["received_from"], serde_json::json!(["orders"]));
    assert_eq!((&of("extract")["purpose"], &of("extract")["past_retention"]), (&Value::Null, &Value::Null));

    let out = folder.path().join("package");
    let person = "email=m150.850@mail.example";
    headwater.run(["subject", "package", "--id", person, "--out", out.to_str().unwrap()]).expect(0);
    let page = std::fs::read_to_string(out.join("index.html")).unwrap();
    for fact in [
        "It is kept for: billing.",
        "for 30 days",
        "given to: tax adviser.",
        "It came from ",
        "From it was made: ",
    ] {
        assert!(page.contains(fact), "{fact} in {page}");
    }

    let ruled = |spread: &[&str]| -> Vec<String> {
        let asked = ["findings", "orders", "--reject", "contact", "EMAIL_ADDRESS", "--json"];
        let rows = headwater.run(asked.iter().chain(spread)).expect(0).lines();
        rows.iter().map(|row| row["dataset"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ruled(&[]), ["orders"]);
    assert_eq!(ruled(&["--spread"]), ["orders", "extract"], "and not where nothing leads");
    let left: Vec<Value> = record().lines().into_iter().map(|row| row["dataset"].clone()).collect();
    assert_eq!(left, ["elsewhere"]);
}
