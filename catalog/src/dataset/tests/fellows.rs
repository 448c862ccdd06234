//! Blobs whose names or folders differ in words and that are one dataset all the same, and those that are not.

use super::outcome;

/// Lines of a folder's files, with the format and columns of each.
fn folder(folder: &str, names: &[&str], rest: &str) -> String {
    names.iter().map(|name| format!("{folder}/{name} {rest}\n")).collect()
}

#[test]
fn one_file_a_language_or_country_is_one_dataset_if_there_are_three_with_the_same_columns() {
    let found = outcome(
        "a/orders_de.csv
         a/orders_fr.csv
         a/orders_it.csv
         b/labels.en-US.json json
         b/labels.pt-BR.json json
         b/labels.de-DE.json json
         c/orders_de.csv
         c/orders_fr.csv
         d/log_in.csv
         d/log_is.csv csv a,b
         d/log_it.csv csv c,d
         e/de.csv
         e/fr.csv
         e/it.csv
         f/shard-a.csv
         f/shard-b.csv
         f/shard-c.csv",
    );
    assert_eq!(
        found,
        [
            "a [] orders: 3",
            "b [] labels: 3",
            "c/orders_de.csv [] orders_de: 1",
            "c/orders_fr.csv [] orders_fr: 1",
            "d/log_in.csv [] log_in: 1",
            "d/log_is.csv [] log_is: 1",
            "d/log_it.csv [] log_it: 1",
            "e/de.csv [] de: 1",
            "e/fr.csv [] fr: 1",
            "e/it.csv [] it: 1",
            "f [] f: 3",
        ]
    );
}

#[test]
fn one_file_an_entity_is_one_dataset_if_they_fill_their_folder_with_the_same_columns() {
    let names = ["ada", "ben", "cleo", "dan", "eva", "finn", "gus", "hal"];
    let json = names.map(|name| format!("{name}.json"));
    let json = json.each_ref().map(String::as_str);
    let codes =
        ["SKU-1-BB", "SKU-2-BB", "SKU-1-AX", "X-2-CY", "X-3-DQ", "X-4-EQ", "X-5-FX", "X-6-GQ", "X-7-HY"];
    let few = ["orders", "returns", "quotes", "refunds"];
    let lines = [
        folder("users", &json, "json id,name"),
        folder("products", &codes, "json sku,price"),
        folder("sales", &few, "csv id,total"),
        folder("topics", &json, "ndjson before,after,op"),
        folder("mixed", &json, "json id,name"),
        folder("mixed", &few, "json total,at"),
    ];
    let found = outcome(&lines.concat());
    let joined: Vec<&String> = found.iter().filter(|line| !line.ends_with(": 1")).collect();
    assert_eq!(joined, ["products [] products: 9", "users [] users: 8"]);
    assert_eq!(found.len(), 2 + 4 + 8 + 12);
}

#[test]
fn folders_of_languages_stores_and_hosts_are_partitions_and_those_of_versions_and_stages_are_none() {
    let found = outcome(
        "wiki/en/part-0.parquet parquet
         wiki/de/part-0.parquet parquet
         wiki/pt-BR/part-0.parquet parquet
         syslog/router-a/2024-05-01.log text line
         syslog/router-b/2024-05-01.log text line
         syslog/router-c/2024-05-01.log text line
         retail/emea/store_1/returns.csv
         retail/emea/store_2/returns.csv
         retail/apac/store_3/returns.csv
         retail/apac/store_4/returns.csv
         retail/amer/store_5/returns.csv
         retail/amer/store_6/returns.csv
         bench/73ae020/results.csv
         bench/3341923/results.csv
         bench/cb8999d/results.csv
         tenants/acme/orders.csv
         tenants/orion/orders.csv
         customers/full/dt=2024-05-01/0.csv
         customers/incremental/dt=2024-05-01/0.csv
         api/v1/orders.csv
         api/v2/orders.csv
         api/v3/orders.csv
         env/prd/orders.csv
         env/uat/orders.csv
         env/sit/orders.csv",
    );
    let partitioned: Vec<&String> = found.iter().filter(|line| line.contains("folder")).collect();
    assert_eq!(
        partitioned,
        [
            "bench [folder:string] bench: 3",
            "retail [folder:string folder_2:string] returns: 6",
            "syslog [folder:string] syslog: 3",
            "tenants [folder:string] tenants_orders: 2",
            "wiki [folder:string] wiki: 3",
        ]
    );
    assert_eq!(found.len(), 5 + 8);
}

#[test]
fn names_that_repeat_their_folder_name_tables_whatever_their_columns() {
    let found = outcome(
        "cdc/shop.orders/2024/05/01/shop.orders+0+001.json ndjson before,after,op
         cdc/shop.orders/2024/05/02/shop.orders+0+002.json ndjson before,after,op
         cdc/shop.items/2024/05/01/shop.items+0+001.json ndjson before,after,op
         cdc/shop.items/2024/05/02/shop.items+0+002.json ndjson before,after,op
         cdc/shop.people/2024/05/01/shop.people+0+001.json ndjson before,after,op
         cdc/shop.people/2024/05/02/shop.people+0+002.json ndjson before,after,op
         in/orbit/orbit_payments_20240501.csv
         in/vertex/vertex_payments_20240501.csv
         in/zenit/zenit_payments_20240501.csv",
    );
    assert_eq!(
        found,
        [
            "cdc/shop.items [year:int month:int day:int] shop_items: 2",
            "cdc/shop.orders [year:int month:int day:int] shop_orders: 2",
            "cdc/shop.people [year:int month:int day:int] shop_people: 2",
            "in [folder:string] payments: 3",
        ]
    );
}

#[test]
fn folders_of_pictures_are_labels() {
    let found = outcome(
        "train/cat/img_1.png image -
         train/dog/img_2.png image -
         train/fox/img_3.png image -
         val/cat/img_4.png image -
         val/dog/img_5.png image -
         val/fox/img_6.png image -
         pacs/p1/study_1/slice_1.png image -
         pacs/p1/study_2/slice_1.png image -
         pacs/p7/study_1/slice_1.png image -
         pacs/p7/study_2/slice_1.png image -",
    );
    assert_eq!(
        found,
        [
            "pacs [folder:string folder_2:string] pacs: 4",
            "train [folder:string] train_img: 3",
            "val [folder:string] val_img: 3",
        ]
    );
}

#[test]
fn a_number_or_date_that_all_blobs_lie_below_is_no_partition() {
    let found = outcome(
        "logs/123456789012/elb/2024/05/01/a.log text -
         logs/123456789012/elb/2024/05/02/a.log text -
         backup/2024-06-10/tickets/dt=2024-05-01/a.csv
         backup/2024-06-10/tickets/dt=2024-05-02/b.csv
         in/11/2024-05-01/x.csv
         in/12/2024-05-01/x.csv",
    );
    assert_eq!(
        found,
        [
            "backup/2024-06-10/tickets [dt:date] tickets: 2",
            "in [number:int date:date] x: 2",
            "logs/123456789012/elb [year:int month:int day:int] a: 2",
        ]
    );
}

#[test]
fn runs_below_a_date_go_by_their_time_and_pieces_and_codes_count() {
    let found = outcome(
        "runs/2024-05-01/09-30-07/metrics.csv
         runs/2024-05-02/13-05-59/metrics.csv
         runs/2024-05-02/235959/metrics.csv
         plan/FY23/Q1/bids.csv
         plan/FY23/Q2/bids.csv
         plan/FY24/Q1/bids.csv
         weeks/2024/week_05/bids.csv
         weeks/2024/week_06/bids.csv
         at/log_2024-05-01T01-00-00Z.csv
         at/log_2024-05-02T13-30-59Z.csv
         cut/items.csv.part1
         cut/items.csv.part2
         cut/more.csv.aa
         cut/more.csv.ab
         lab/plate_A01.csv
         lab/plate_B12.csv
         lab/model_v01.csv csv x
         lab/out-1pc1yb3w-98ad.csv csv y
         lab/out-icvafx96-nfmr.csv csv y
         lab/out-9z2mk41c-kk7d.csv csv y
         lab/out-7bd0x1qa-c0da.csv csv y
         hive/dt=2024-05-01/000000_0
         hive/dt=2024-05-01/000000_0_copy_1
         hive/dt=2024-05-02/000000_0
         hive/dt=2024-05-02/000000_0_copy_1
         keyed/date=2024-05-01_region=EU.csv
         keyed/date=2024-05-02_region=US.csv
         names/Kunden_März_2024.csv
         names/Kunden_Oktober_2024.csv",
    );
    assert_eq!(
        found,
        [
            "at [] log: 2",
            "cut [] items: 2",
            "cut [] more: 2",
            "hive [dt:date] hive: 4",
            "keyed [] date_region: 2",
            "lab [] lab: 4",
            "lab [] plate: 2",
            "lab/model_v01.csv [] model_v01: 1",
            "names [] kunden: 2",
            "plan [year:int quarter:int] plan_bids: 3",
            "runs [date:date time:string] metrics: 3",
            "weeks [year:int week:int] weeks_bids: 2",
        ]
    );
}
