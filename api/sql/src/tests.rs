use std::fs;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use catalog::env::fixed;
use catalog::store::memory::MemoryStore;
use crawler::ctx::Ctx;
use crawler::source::SourceOptions;
use datafusion::arrow::util::pretty::pretty_format_batches;
use futures::TryStreamExt;

use super::*;

mod masking;

struct Files;

impl LakeOpener for Files {
    fn open(&self, source: &Source) -> Result<Arc<Lake>> {
        Ok(Arc::new(Lake::open(&source.url, &SourceOptions::default())?))
    }
}

/// A small lake, crawled.
async fn crawled(fill: impl Fn(&Path)) -> (tempfile::TempDir, Arc<Catalog>) {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let catalog = Arc::new(Catalog::open(Arc::new(MemoryStore::default()), fixed::env(1)).unwrap());
    let url = format!("file://{}", folder.path().display());
    let lake = Lake::open(&url, &SourceOptions::default()).unwrap();
    crawler::pipeline::crawl(&Ctx::new(catalog.clone()), &lake).await.unwrap();
    (folder, catalog)
}

fn put(folder: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// People in CSV by region and day, visits in JSON lines, an archive, a database.
fn small(folder: &Path) {
    for (region, day) in [("emea", "2024-05-01"), ("emea", "2024-05-02"), ("apac", "2024-05-01")] {
        let mut csv = "id,name,email,score\n".to_owned();
        for id in 0..20 {
            csv += &format!("{id},Ada Berg,ada.{region}{id}@mail.example,{}.5\n", id % 7);
        }
        put(folder, &format!("people/region={region}/day={day}/part-0.csv"), csv);
    }
    let visit = |id: u32| {
        format!(
            "{{\"id\":{id},\"at\":{{\"page\":\"p{id}\",\"mail\":\"v{id}@mail.example\"}},\"tags\":[\"a\",\"b\"]}}\n"
        )
    };
    put(folder, "visits/visits.jsonl", (0..30).map(visit).collect::<String>());
    let file = folder.join("shop.sqlite");
    let database = rusqlite::Connection::open(&file).unwrap();
    database
        .execute_batch(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL); CREATE TABLE lines (sku TEXT, count INTEGER);
             INSERT INTO orders VALUES (1, 2.5), (2, 4.5); INSERT INTO lines VALUES ('x', 3), ('y', 4), ('z', 5);",
        )
        .unwrap();
}

async fn engine(catalog: &Arc<Catalog>, masking: Masking) -> Engine {
    Engine::open(catalog.clone(), Arc::new(Files), masking, AsOf::Now).await.unwrap()
}

/// What a principal without the right gets where nobody wrote a rule.
fn personal() -> Masking {
    Masking::Personal(Arc::default())
}

async fn rows(engine: &Engine, sql: &str) -> Vec<RecordBatch> {
    let answer = engine.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    answer.try_collect().await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The rows of an answer as lines of fields.
async fn lines(engine: &Engine, sql: &str) -> Vec<String> {
    let table = pretty_format_batches(&rows(engine, sql).await).unwrap().to_string();
    let fields = |line: &str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(",");
    table.lines().filter(|line| line.starts_with('|')).skip(1).map(fields).collect()
}

async fn number(engine: &Engine, sql: &str) -> i64 {
    rows(engine, sql).await[0].column(0).as_primitive::<Int64Type>().value(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn datasets_members_and_tables_are_queried_as_they_lie() {
    let (_folder, catalog) = crawled(small).await;
    let engine = engine(&catalog, Masking::Off).await;
    let tables = lines(
        &engine,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'lake' ORDER BY 1",
    )
    .await;
    assert_eq!(tables, ["people", "shop__lines", "shop__orders", "visits"]);
    assert_eq!(number(&engine, "SELECT count(*) FROM people").await, 60);
    let sums = "SELECT region, day, count(*), sum(score) FROM people GROUP BY 1, 2 ORDER BY 1, 2";
    assert_eq!(
        lines(&engine, sums).await,
        ["apac,2024-05-01,20,67.0", "emea,2024-05-01,20,67.0", "emea,2024-05-02,20,67.0"]
    );
    assert_eq!(lines(&engine, "SELECT at['page'], tags[2] FROM visits WHERE id = 7").await, ["p7,b"]);
    assert_eq!(number(&engine, "SELECT sum(count) FROM shop__lines").await, 12);
    let join = "SELECT count(*) FROM people p JOIN shop__orders o ON p.id = o.id WHERE p.region = 'emea'";
    assert_eq!(number(&engine, join).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_rows_are_queried_with_their_nesting() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats");
    let (_folder, catalog) = crawled(|folder| {
        for (path, fixture) in [
            ("chains/chains.avro", "avro/good-chain.avro"),
            ("persons/persons.avro", "avro/good-snappy.avro"),
            ("coded/coded.arrow", "arrow/good-dictionary.arrow"),
            ("flat/flat.arrows", "arrow_stream/good-flat.arrows"),
        ] {
            put(folder, path, fs::read(fixtures.join(fixture)).unwrap());
        }
    })
    .await;
    let engine = engine(&catalog, Masking::Off).await;
    assert_eq!(
        lines(&engine, "SELECT mail FROM chains ORDER BY 1").await,
        ["c@mail.example", "d@mail.example"]
    );
    let nested = "SELECT id, contact['phones'][1], paid FROM persons WHERE id IN (0, 8) ORDER BY id";
    assert_eq!(lines(&engine, nested).await, ["0,,-5.0", "8,+4930000008,-3.0"]);
    assert_eq!(number(&engine, "SELECT count(*) FROM persons WHERE born < DATE '1970-01-01'").await, 2);
    assert_eq!(number(&engine, "SELECT count(DISTINCT email) FROM coded").await, 60);
    assert_eq!(
        number(&engine, "SELECT max(id) FROM flat WHERE seen < TIMESTAMP '2024-05-01T00:30:00Z'").await,
        29
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_on_partitions_and_limits_leave_blobs_unread() {
    let (folder, catalog) = crawled(small).await;
    let engine = engine(&catalog, Masking::Off).await;
    // What is not there cannot have been read.
    fs::remove_dir_all(folder.path().join("people/region=apac")).unwrap();
    assert_eq!(number(&engine, "SELECT count(*) FROM people WHERE region = 'emea'").await, 40);
    let later = "SELECT count(*) FROM people WHERE day > DATE '2024-05-01' AND upper(region) = 'EMEA'";
    assert_eq!(number(&engine, later).await, 20);
    assert_eq!(lines(&engine, "SELECT id FROM people WHERE region LIKE 'em%' LIMIT 3").await.len(), 3);
    let error =
        engine.query("SELECT count(*) FROM people").await.unwrap().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_features_are_null_however_they_are_asked_for() {
    let (_folder, catalog) = crawled(small).await;
    let (all, masked) = (engine(&catalog, Masking::Off).await, engine(&catalog, personal()).await);
    let counts = "SELECT count(email) FROM people";
    assert_eq!((number(&all, counts).await, number(&masked, counts).await), (60, 0));
    for sql in [
        "SELECT email FROM people WHERE email IS NOT NULL",
        "SELECT email FROM people WHERE email LIKE 'ada%'",
        "SELECT upper(email) FROM people GROUP BY 1 HAVING upper(email) IS NOT NULL",
        "WITH p AS (SELECT email AS e FROM people) SELECT e FROM p WHERE length(e) > 0",
        "SELECT at['mail'] FROM visits WHERE at['mail'] IS NOT NULL",
        "SELECT p.id FROM people p JOIN people q ON p.email = q.email",
        "SELECT max(email) AS m FROM people HAVING max(email) IS NOT NULL",
    ] {
        assert!(lines(&masked, sql).await.is_empty(), "{sql}");
        assert!(!lines(&all, sql).await.is_empty(), "{sql}");
    }
    assert_eq!(lines(&masked, "SELECT at['page'] FROM visits WHERE id = 3").await, ["p3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_is_a_schema_of_tables() {
    let (_folder, catalog) = crawled(|folder| {
        small(folder);
        put(folder, "broken/cut.parquet", b"PAR1 and nothing more that would be a file");
    })
    .await;
    let engine = engine(&catalog, personal()).await;
    assert_eq!(number(&engine, "SELECT count(*) FROM headwater.blobs").await, 6);
    let datasets = "SELECT name, format, blobs, partition_keys FROM headwater.datasets WHERE name = 'people'";
    assert_eq!(lines(&engine, datasets).await, ["people,csv,3,region,day"]);
    let features = "SELECT name, type FROM headwater.features WHERE dataset = 'people' ORDER BY position";
    assert_eq!(lines(&engine, features).await, ["id,int", "name,string", "email,string", "score,float"]);
    let findings =
        "SELECT count(*) FROM headwater.findings WHERE kind = 'EMAIL_ADDRESS' AND feature = 'email'";
    assert_eq!(number(&engine, findings).await, 3);
    assert_eq!(
        lines(&engine, "SELECT path, kind FROM headwater.anomalies").await,
        ["broken/cut.parquet,TRUNCATED"]
    );
    assert_eq!(number(&engine, "SELECT count(*) FROM headwater.runs WHERE state = 'COMPLETE'").await, 1);
    assert_eq!(number(&engine, "SELECT count(*) FROM headwater.lineage WHERE confidence > 1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_changed_and_errors_say_what_to_do() {
    let (_folder, catalog) = crawled(small).await;
    let engine = engine(&catalog, Masking::Off).await;
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "DROP TABLE people",
        "INSERT INTO people VALUES (1)",
        "DELETE FROM people",
        "UPDATE people SET id = 1",
        "COPY people TO '/tmp/people.csv'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "SET datafusion.execution.batch_size = 1",
        "SELECT * FROM nobody",
        "SELECT * FROM '/etc/passwd'",
        "SELEC 1",
        "SELECT 1; SELECT 2",
    ] {
        let error = engine.query(sql).await.err().unwrap_or_else(|| panic!("{sql} was taken"));
        assert_eq!(error.kind, ErrorKind::Invalid, "{sql}: {error}");
    }
    let cast = engine.query("SELECT CAST(email AS BIGINT) FROM people").await.unwrap();
    let error = cast.try_collect::<Vec<_>>().await.unwrap_err();
    assert!(!error.to_string().contains('@'), "{error}");
    assert_eq!(
        engine.query(&" ".repeat(QUERY_TEXT_BYTES_MAX + 1)).await.err().unwrap().kind,
        ErrorKind::Limit
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_dropped_ends_its_reading() {
    let (_folder, catalog) = crawled(|folder| {
        put(folder, "long.csv", format!("id,word\n{}", "1,abc\n".repeat(400_000)));
    })
    .await;
    let engine = engine(&catalog, Masking::Off).await;
    let mut answer = engine.query("SELECT id, word FROM long").await.unwrap();
    let first = answer.try_next().await.unwrap().unwrap();
    assert_eq!(first.num_rows(), BATCH_ROWS);
    drop(answer);
    assert_eq!(number(&engine, "SELECT count(*) FROM long").await, 400_000);
}
