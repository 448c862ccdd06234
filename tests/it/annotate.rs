//! What people say of datasets, blobs and columns: found, kept over crawls, regrouping, export and import, and taken away
//! with an erased person.

use headwater_tests::Headwater;
use serde_json::Value;

fn first(rows: &[Value]) -> &Value {
    rows.first().unwrap_or_else(|| panic!("there is no row"))
}

/// A lake of one folder with two parts of a table.
fn lake(folder: &std::path::Path) -> std::path::PathBuf {
    let lake = folder.join("lake");
    std::fs::create_dir_all(lake.join("shop")).unwrap();
    for part in 0..2 {
        let text = format!("id,price\n{part},3.50\n{},4.20\n", part + 10);
        std::fs::write(lake.join(format!("shop/orders-{part}.csv")), text).unwrap();
    }
    lake
}

#[test]
fn what_people_say_stands_over_crawls_regrouping_and_import() {
    let folder = tempfile::tempdir().unwrap();
    let headwater = Headwater::in_folder(folder.path());
    let lake = lake(folder.path());
    let crawl = |extra: &[&str]| {
        headwater.run(["crawl", lake.to_str().unwrap()].iter().chain(extra)).expect(0);
    };
    crawl(&[]);
    let datasets = headwater.run(["datasets", "--json"]).expect(0).lines();
    let name = first(&datasets)["name"].as_str().unwrap().to_owned();
    let before = jiff::Timestamp::now().to_string();
    let describe = ["--tag", "Gold Layer", "--owner", "data-platform", "--describe", "One row an order"];
    headwater.run(["annotate", &name].iter().chain(&describe)).expect(0);
    headwater.run(["annotate", &name, "--column", "price", "--tag", "money"]).expect(0);
    headwater.run(["annotate", "shop/orders-1.csv", "--tag", "late"]).expect(0);
    headwater.run(["annotate", &name, "--column", "colour", "--tag", "x"]).expect(3);
    headwater.run(["annotate", "nothing/there", "--tag", "x"]).expect(3);

    let check = |headwater: &Headwater, config: &[&str]| {
        let ask = |arguments: &[&str]| headwater.run(arguments.iter().chain(config)).expect(0).lines();
        let datasets = ask(&["datasets", "--json"]);
        let row = first(&datasets);
        assert_eq!(row["tags"], serde_json::json!(["gold-layer"]), "{row}");
        assert_eq!(row["owners"], serde_json::json!(["data-platform"]));
        assert_eq!(row["description"], "One row an order");
        assert_eq!(row["columns"][0]["tags"], serde_json::json!(["money"]));
        assert_eq!(first(&ask(&["search", "--json", "tag:money"]))["kind"], "dataset");
        assert_eq!(first(&ask(&["search", "--json", "tag:late"]))["path"], "shop/orders-1.csv");
    };
    check(&headwater, &[]);
    std::fs::write(lake.join("shop/orders-2.csv"), "id,price\n7,1.00\n").unwrap();
    crawl(&[]);
    check(&headwater, &[]);

    // Grouped anew it is another dataset, by another id and name.
    let id = |rows: &[Value]| first(rows)["id"].as_str().map(str::to_owned);
    let config = folder.path().join("headwater.toml");
    let url = format!("file://{}", lake.to_str().unwrap());
    let grouping =
        format!("[[source]]\nurl = \"{url}\"\n[[source.dataset]]\npaths = [\"shop/**\"]\nname = \"sales\"\n");
    std::fs::write(&config, grouping).unwrap();
    let config = ["--config", config.to_str().unwrap()];
    crawl(&config);
    let regrouped = headwater.run(["datasets", "--json"]).expect(0).lines();
    assert_eq!(first(&regrouped)["name"], "sales");
    assert_ne!(id(&regrouped), id(&datasets));
    check(&headwater, &config);

    let past = headwater.run(["datasets", "--json", "--as-of", &before]).expect(0).lines();
    assert_eq!(first(&past).get("tags"), None, "nobody had said anything then");
    headwater.run(["annotate", "sales", "--describe", "Sales of the shop"]).expect(0);
    let history = headwater.run(["annotate", "sales", "--history", "--json"]).expect(0).lines();
    let said: Vec<_> = history.iter().filter_map(|row| row["description"].as_str()).collect();
    assert_eq!(said, ["Sales of the shop", "One row an order"]);
    headwater.run(["annotate", "sales", "--describe", "One row an order"]).expect(0);

    let export = folder.path().join("backup");
    headwater.run(["catalog", "export", export.to_str().unwrap()]).expect(0);
    let copy = Headwater::in_folder(&folder.path().join("copy"));
    copy.run(["catalog", "import", export.to_str().unwrap()]).expect(0);
    check(&copy, &[]);
    copy.run(["catalog", "check"]).expect(0);
    let audit = headwater.run(["audit", "list", "--json"]).expect(0).lines();
    assert!(audit.iter().any(|entry| entry["action"] == "annotate"), "{audit:?}");
}
