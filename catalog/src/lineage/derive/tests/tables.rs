//! Tables made from each other in memory: each case says what must be inferred of it, and that nothing else is.

use super::super::*;
use crate::model::{
    ContentSketch, Dialect, ExecutionId, FeaturePath, LogRole, Searched, SourceId, TableLog, Value,
};
use crate::schema::{Profiler, RowsSketch};
use crate::sketch::content::SketchKey;

/// Rows as cells of text.
#[derive(Clone)]
struct Rows {
    columns: Vec<String>,
    cells: Vec<Vec<String>>,
}

/// A table of sales; another `seed` gives other values but the same numbers and categories.
fn sales(seed: u64, rows: u64) -> Rows {
    let word = |n: u64| {
        format!("w{:x}", blake3::hash(&[seed.to_le_bytes(), n.to_le_bytes()].concat()).as_bytes()[0])
    };
    let unique = |n: u64, salt: u64| {
        hex::encode(
            &blake3::hash(&[seed.to_le_bytes(), n.to_le_bytes(), salt.to_le_bytes()].concat()).as_bytes()
                [..6],
        )
    };
    let city = |n: u64| ["Bonn", "Cork", "Lyon", "Pisa", "Riga"][(n * 7 % 13 % 5) as usize].to_string();
    let row = |n: u64| {
        let price = format!("{}", 100 + (n * 37 + seed * 13) % 900);
        vec![n.to_string(), unique(n, 1), city(n), price, unique(n, 2), word(n)]
    };
    let columns = ["id", "sku", "city", "price", "mail", "word"].map(str::to_string).to_vec();
    Rows { columns, cells: (1..=rows).map(row).collect() }
}

impl Rows {
    fn only(&self, keep: impl Fn(&Vec<String>) -> bool) -> Self {
        let cells = self.cells.iter().filter(|row| keep(row)).cloned().collect();
        Self { columns: self.columns.clone(), cells }
    }

    fn column(&self, name: &str) -> usize {
        self.columns.iter().position(|column| column == name).unwrap()
    }

    fn pick(&self, names: &[&str]) -> Self {
        let places: Vec<usize> = names.iter().map(|name| self.column(name)).collect();
        let cells = self.cells.iter().map(|row| places.iter().map(|at| row[*at].clone()).collect()).collect();
        Self { columns: names.iter().map(|name| (*name).to_string()).collect(), cells }
    }

    fn map(&self, name: &str, change: impl Fn(&str) -> String) -> Self {
        let at = self.column(name);
        let mut rows = self.clone();
        rows.cells.iter_mut().for_each(|row| row[at] = change(&row[at]));
        rows
    }

    fn with(&self, name: &str, value: impl Fn(&Vec<String>) -> String) -> Self {
        let mut rows = self.clone();
        rows.columns.push(name.into());
        rows.cells.iter_mut().for_each(|row| row.push(value(row)));
        rows
    }

    fn renamed(&self, name: impl Fn(&str) -> String) -> Self {
        Self { columns: self.columns.iter().map(|column| name(column)).collect(), cells: self.cells.clone() }
    }
}

fn blob(path: &str, day: i64, rows: &Rows) -> (BlobVersion, ContentSketch) {
    let mut profiler = Profiler::keyed(SketchKey::new([5; 32]));
    for column in &rows.columns {
        profiler.feature(&FeaturePath::column(column), None);
    }
    for row in &rows.cells {
        profiler.row();
        row.iter().enumerate().for_each(|(at, cell)| profiler.cell(at, &Value::Raw(cell.into())));
    }
    let profile = profiler.finish();
    let source = SourceId("s".into());
    let blob = BlobId::of(&source, path);
    let part = Part {
        member: Vec::new(),
        format: "csv".into(),
        media_type: String::new(),
        confidence: 1.0,
        layers: Vec::new(),
        dialect: Dialect::default(),
        size: 10_000,
        digest: None,
        rows: Some(profile.rows),
        rows_digest: Some(profile.rows_digest),
        schema: None,
    };
    let version = BlobVersion {
        blob,
        source,
        path: path.into(),
        size: 10_000,
        etag: None,
        store_version: None,
        modified: Timestamp(day * 86_400_000_000),
        crawled: Timestamp(0),
        run: ExecutionId(1),
        artifact: ArtifactId(i64::from(blob.0[0]) << 8 | i64::from(blob.0[1])),
        digest: None,
        parts: vec![part],
        anomalies: Vec::new(),
        depth: Default::default(),
        searched: Searched::Full,
        table_log: None,
    };
    let RowsSketch { count, sample, columns } = profile.sketch;
    (version, ContentSketch { blob, rows: profile.rows, count, sample, columns })
}

/// Derives and says `from -> to kind`, sorted.
fn derived(blobs: &[(BlobVersion, ContentSketch)]) -> Vec<String> {
    let facts: Vec<ContentFacts<'_>> = blobs
        .iter()
        .map(|(version, sketch)| ContentFacts {
            blob: version.blob,
            artifact: version.artifact,
            path: &version.path,
            modified: version.modified,
            version,
            sketch: Some(sketch),
        })
        .collect();
    let path = |id: BlobId| facts.iter().find(|facts| facts.blob == id).unwrap().path;
    let say = |edge: &InferredEdge| format!("{} -> {} {}", path(edge.from), path(edge.to), edge.kind);
    let mut edges: Vec<String> = derive(&facts).iter().map(say).collect();
    edges.sort();
    edges
}

/// The only edge between a table of 600 rows and what was made of it, beside a stranger with the same numbers.
fn made(path: &str, product: &Rows) -> Vec<String> {
    derived(&[
        blob("raw/sales.csv", 1, &sales(1, 600)),
        blob("raw/strangers.csv", 1, &sales(2, 600)),
        blob(path, 2, product),
    ])
}

#[test]
fn selections_are_told_from_samples_and_splits() {
    let all = sales(1, 600);
    let lyon = all.only(|row| row[2] == "Lyon");
    assert_eq!(made("exports/lyon.csv", &lyon), ["raw/sales.csv -> exports/lyon.csv filter"]);
    let some = all.only(|row| row[1].starts_with(['a', '3', '7', 'c']));
    assert_eq!(made("exports/some.csv", &some), ["raw/sales.csv -> exports/some.csv sample"]);
    let (train, test) = (all.only(|row| row[1].as_str() < "c"), all.only(|row| row[1].as_str() >= "c"));
    let blobs =
        [blob("raw/sales.csv", 1, &all), blob("ml/train.csv", 2, &train), blob("ml/test.csv", 2, &test)];
    assert_eq!(
        derived(&blobs),
        ["raw/sales.csv -> ml/test.csv split", "raw/sales.csv -> ml/train.csv split"]
    );
}

#[test]
fn parts_that_add_up_were_put_together() {
    let all = sales(1, 600);
    let number = |row: &Vec<String>| row[0].parse::<u32>().unwrap();
    let mut blobs: Vec<_> = (0..4)
        .map(|n| blob(&format!("silver/sales/part-{n}.csv"), 1, &all.only(|row| number(row) % 4 == n)))
        .collect();
    blobs.push(blob("gold/sales_all.csv", 2, &all));
    let edges: Vec<_> =
        (0..4).map(|n| format!("silver/sales/part-{n}.csv -> gold/sales_all.csv concat")).collect();
    assert_eq!(derived(&blobs), edges);
}

#[test]
fn versions_form_a_tree_without_siblings() {
    let all = sales(1, 600);
    let changed = |salt: char| {
        all.map("sku", |sku| if sku.starts_with(salt) { "new".to_string() } else { sku.to_string() })
    };
    let blobs = [
        blob("raw/sales.csv", 1, &all),
        blob("raw/sales_v2.csv", 2, &changed('a')),
        blob("raw/sales_v3.csv", 3, &changed('b')),
    ];
    assert_eq!(
        derived(&blobs),
        ["raw/sales.csv -> raw/sales_v2.csv version", "raw/sales.csv -> raw/sales_v3.csv version"]
    );
}

#[test]
fn products_by_columns_are_told_apart() {
    let all = sales(1, 600);
    let narrow = all.pick(&["sku", "price", "mail"]);
    assert_eq!(made("exports/a.csv", &narrow), ["raw/sales.csv -> exports/a.csv project"]);
    let renamed = all.renamed(|name| format!("col_{}", name.len()) + &name[..1]);
    assert_eq!(made("exports/a.csv", &renamed), ["raw/sales.csv -> exports/a.csv rename"]);
    let masked = all.map("mail", |mail| blake3::hash(mail.as_bytes()).to_string());
    assert_eq!(made("exports/a.csv", &masked), ["raw/sales.csv -> exports/a.csv mask"]);
    let wider = all.with("price_log", |row| format!("{:.3}", row[3].parse::<f64>().unwrap().ln()));
    assert_eq!(made("exports/a.csv", &wider), ["raw/sales.csv -> exports/a.csv derive"]);
}

#[test]
fn a_join_comes_from_both_of_its_tables() {
    let people = sales(3, 200).pick(&["id", "sku", "mail"]).renamed(|name| format!("p{name}"));
    let person = |row: &Vec<String>| (row[0].parse::<usize>().unwrap() * 31) % 200;
    let facts = sales(1, 600).pick(&["id", "sku", "price", "mail"]);
    let facts = facts.with("person", |row| people.cells[person(row)][0].clone());
    let joined = facts
        .with("d_psku", |row| people.cells[person(row)][1].clone())
        .with("d_pmail", |row| people.cells[person(row)][2].clone());
    let blobs = [
        blob("raw/facts.csv", 1, &facts),
        blob("raw/people.csv", 1, &people),
        blob("raw/strangers.csv", 1, &sales(2, 600)),
        blob("silver/x.csv", 2, &joined),
    ];
    assert_eq!(
        derived(&blobs),
        ["raw/facts.csv -> silver/x.csv join", "raw/people.csv -> silver/x.csv join"]
    );
}

#[test]
fn an_aggregate_is_known_by_its_counts_and_sums() {
    let all = sales(1, 600);
    let mut groups: std::collections::BTreeMap<String, (u64, u64)> = std::collections::BTreeMap::new();
    for row in &all.cells {
        let (count, sum) = groups.entry(row[2].clone()).or_default();
        (*count, *sum) = (*count + 1, *sum + row[3].parse::<u64>().unwrap());
    }
    let columns = ["city", "n", "price_sum"].map(str::to_string).to_vec();
    let cells =
        groups.into_iter().map(|(city, (n, sum))| vec![city, n.to_string(), sum.to_string()]).collect();
    assert_eq!(
        made("gold/by_city.csv", &Rows { columns, cells }),
        ["raw/sales.csv -> gold/by_city.csv aggregate"]
    );
}

#[test]
fn a_pointer_leads_to_the_content_it_names() {
    let store = "dvc/files/md5/cd/2f7cf371c6e7cfb5c6e731435db879";
    let mut pointer = blob("projects/a.csv.dvc", 2, &sales(9, 6));
    let addresses = vec!["cd/2f7cf371c6e7cfb5c6e731435db879".to_string()];
    pointer.0.table_log = Some(TableLog::of(LogRole::Pointer { addresses, bytes: None }));
    let blobs = [blob(store, 1, &sales(1, 600)), pointer];
    assert_eq!(derived(&blobs), [format!("{store} -> projects/a.csv.dvc pointer")]);
}

#[test]
fn tables_that_are_only_numbered_alike_have_nothing_to_do_with_each_other() {
    let few = |seed| sales(seed, 600).pick(&["id", "city", "price"]);
    let blobs =
        [blob("a/one.csv", 1, &few(1)), blob("b/other.csv", 2, &few(2)), blob("c/third.csv", 3, &few(3))];
    assert_eq!(derived(&blobs), Vec::<String>::new());
}

#[test]
fn parts_too_small_to_compare_and_spread_over_folders_are_put_together_too() {
    let all = sales(1, 60);
    let number = |row: &Vec<String>| row[0].parse::<u32>().unwrap();
    let bounds = [("de", 0, 25), ("fr", 25, 28), ("us", 28, 60)];
    for template in ["raw/GO/sales.csv", "raw/chunk_GO/data.csv", "raw/dt=GO/part-0.csv"] {
        let path = |of: &str| template.replace("GO", of);
        let part = |(of, from, to): &(&str, u32, u32)| {
            blob(&path(of), 1, &all.only(|row| (from + 1..=*to).contains(&number(row))))
        };
        let mut blobs: Vec<_> = bounds.iter().map(part).collect();
        blobs.push(blob("gold/whole.csv", 2, &all));
        let edges: Vec<String> =
            bounds.iter().map(|(of, ..)| format!("{} -> gold/whole.csv concat", path(of))).collect();
        assert_eq!(derived(&blobs), edges);
    }
}

#[test]
fn an_aggregate_may_group_by_several_columns_and_shared_categories_make_none() {
    let all = sales(1, 600).with("shift", |row| ["early", "late"][row[0].len() % 2].to_string());
    let mut groups: std::collections::BTreeMap<(String, String), (f64, u64)> = Default::default();
    for row in &all.cells {
        let (sum, count) = groups.entry((row[2].clone(), row[6].clone())).or_default();
        (*sum, *count) = (*sum + row[3].parse::<f64>().unwrap(), *count + 1);
    }
    let columns = ["city", "shift", "price_mean"].map(str::to_string).to_vec();
    let mean = |((city, shift), (sum, count)): (&(String, String), &(f64, u64))| {
        vec![city.clone(), shift.clone(), format!("{:.4}", sum / *count as f64)]
    };
    let summed = Rows { columns, cells: groups.iter().map(mean).collect() };
    let blobs = [blob("raw/sales.csv", 1, &all), blob("gold/kpis.csv", 2, &summed)];
    assert_eq!(derived(&blobs), ["raw/sales.csv -> gold/kpis.csv aggregate"]);
    let other = sales(5, 60)
        .with("shift", |row| ["early", "late"][row[0].len() % 2].to_string())
        .pick(&["sku", "city", "shift", "word"]);
    let blobs = [blob("raw/sales.csv", 1, &all), blob("gold/other.csv", 2, &other)];
    assert_eq!(derived(&blobs), Vec::<String>::new());
}

#[test]
fn few_rows_of_one_category_are_a_filter_and_some_names_may_stay_in_a_renaming() {
    let all = sales(1, 50);
    let lyon = all.only(|row| row[2] == "Lyon");
    let blobs = [blob("raw/sales.csv", 1, &all), blob("exports/x.csv", 2, &lyon)];
    assert_eq!(derived(&blobs), ["raw/sales.csv -> exports/x.csv filter"]);
    let renamed = sales(1, 600).renamed(|name| match name {
        "sku" | "mail" => format!("src_{name}"),
        name => name.to_string(),
    });
    assert_eq!(made("exports/a.csv", &renamed), ["raw/sales.csv -> exports/a.csv rename"]);
}

#[test]
fn the_parts_of_one_job_go_one_way_whatever_single_times_say() {
    let all = sales(1, 600);
    let number = |row: &Vec<String>| row[0].parse::<u32>().unwrap();
    let mut blobs = Vec::new();
    for n in 0..8 {
        let part = all.only(|row| number(row) % 8 == n);
        let turned = Rows { cells: part.cells.iter().rev().cloned().collect(), ..part.clone() };
        let made = if n < 2 { 1 } else { 9 };
        blobs.push(blob(&format!("a/t/part-{n}.csv"), 5, &part));
        blobs.push(blob(&format!("b/t/part-{n}.csv"), made, &turned));
    }
    let edges: Vec<String> =
        (0..8).map(|n| format!("a/t/part-{n}.csv -> b/t/part-{n}.csv reorder")).collect();
    assert_eq!(derived(&blobs), edges);
}

#[test]
fn a_computed_column_that_stands_elsewhere_too_makes_no_join() {
    let doubled = |row: &Vec<String>| (2 * row[3].parse::<u64>().unwrap()).to_string();
    let (one, other) = (sales(1, 600), sales(2, 600));
    let blobs = [
        blob("raw/sales.csv", 1, &one),
        blob("raw/strangers.csv", 1, &other),
        blob("ml/one.csv", 2, &one.with("price_feature", doubled)),
        blob("ml/other.csv", 2, &other.with("price_feature", doubled)),
    ];
    assert_eq!(
        derived(&blobs),
        ["raw/sales.csv -> ml/one.csv derive", "raw/strangers.csv -> ml/other.csv derive"]
    );
}

#[test]
fn a_name_that_says_it_came_first_is_no_product_s() {
    let all = sales(1, 600);
    let lines = |path: &str, other: &str| {
        let turned = Rows { cells: all.cells.iter().rev().cloned().collect(), ..all.clone() };
        derived(&[blob(path, 1, &all), blob(other, 1, &turned)])
    };
    assert_eq!(lines("x/sales_raw.csv", "x/sales.csv"), ["x/sales_raw.csv -> x/sales.csv reorder"]);
    assert_eq!(lines("x/sales_eu.csv", "x/sales.csv"), ["x/sales.csv -> x/sales_eu.csv reorder"]);
}

#[test]
fn what_a_table_s_log_took_out_is_neither_parent_nor_child() {
    let all = sales(1, 600);
    let halves = [
        all.only(|row| row[0].parse::<u64>().unwrap() <= 300),
        all.only(|row| row[0].parse::<u64>().unwrap() > 300),
    ];
    let commit = |version, added: &[&str], removed: &[&str]| {
        let mut log = blob(&format!("t/_delta_log/{version:020}.json"), 1, &sales(9, 1));
        let ids = |paths: &[&str]| paths.iter().map(|path| BlobId::of(&SourceId("s".into()), path)).collect();
        log.0.table_log = Some(TableLog {
            added: ids(added),
            removed: ids(removed),
            ..TableLog::of(LogRole::DeltaCommit { version })
        });
        log
    };
    let with_log = |logs: Vec<(BlobVersion, ContentSketch)>| {
        let parquet = |path, day, rows| {
            let mut file = blob(path, day, rows);
            file.0.parts[0].format = "parquet".into();
            file
        };
        let mut blobs = vec![
            parquet("t/a.parquet", 1, &halves[0]),
            parquet("t/b.parquet", 2, &halves[1]),
            parquet("t/compacted.parquet", 3, &all),
            blob("out/first_half.csv", 4, &halves[0]),
        ];
        blobs.extend(logs);
        derived(&blobs)
    };
    let compacted = || {
        vec![
            commit(0, &["t/a.parquet", "t/b.parquet"], &[]),
            commit(1, &["t/compacted.parquet"], &["t/a.parquet", "t/b.parquet"]),
        ]
    };
    assert_eq!(with_log(compacted()), ["t/compacted.parquet -> out/first_half.csv sample"]);
    assert!(with_log(Vec::new()).contains(&"t/a.parquet -> t/compacted.parquet concat".to_string()));
}

#[test]
fn partitions_of_one_table_do_not_come_from_each_other() {
    let all = sales(1, 600);
    let until = |last: u64| all.only(|row| row[0].parse::<u64>().unwrap() <= last);
    let snapshots = |first: &str, second: &str, third: &str| {
        derived(&[blob(first, 1, &until(400)), blob(second, 2, &until(500)), blob(third, 3, &all)])
    };
    assert!(
        snapshots("t/as_of=2024-05-01/x.csv", "t/as_of=2024-05-02/x.csv", "t/as_of=2024-05-03/x.csv")
            .is_empty()
    );
    assert!(snapshots("t/2024/05/01/x.csv", "t/2024/05/02/x.csv", "t/2024/05/03/x.csv").is_empty());
    assert_eq!(snapshots("a/x.csv", "b/x.csv", "c/x.csv").len(), 2);
}
