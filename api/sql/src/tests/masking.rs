//! What a principal without the right can get out of tables by any query, and what a policy changes of that.

use catalog::Change;
use catalog::masking::{Policy, Rule, RuleText};
use catalog::model::Ruling;

use super::*;

const TOWNS: [&str; 5] = ["Berlin", "Hamburg", "Munich", "Cologne", "Leipzig"];

/// Customers with what is personal of them, in one way and in another; shops, which are nobody's; visits by town.
fn lake(folder: &Path) {
    let mut csv = "id,full_name,email,age,city,country,date_of_birth,points\n".to_owned();
    for id in 0..40 {
        let (town, age) = (TOWNS[id % 5], 20 + id);
        csv += &format!(
            "{id},Ada Berg,ada{id}@mail.example,{age},{town},Germany,19{:02}-05-{:02},{}\n",
            60 + id % 40,
            1 + id % 28,
            id * 10
        );
    }
    put(folder, "customers/customers.csv", csv);
    let shop = |id: usize| format!("{id},{},{}\n", TOWNS[id % 5], id * 3);
    put(folder, "shops/shops.csv", format!("shop,city,staff\n{}", (0..40).map(shop).collect::<String>()));
    for town in TOWNS {
        let visit = |id: usize| format!("{id},guest{id}.{}@mail.example\n", town.to_lowercase());
        let visits = format!("visit,email\n{}", (0..10).map(visit).collect::<String>());
        put(folder, &format!("visits/city={town}/part-0.csv"), visits);
    }
}

fn policy(rules: &[RuleText<'_>]) -> Masking {
    let rules = rules.iter().map(|rule| Rule::parse(rule).unwrap()).collect();
    Masking::Personal(Arc::new(Policy::new(rules)))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_tells_what_a_hidden_column_holds() {
    let (_folder, catalog) = crawled(lake).await;
    let (all, masked) = (engine(&catalog, Masking::Off).await, engine(&catalog, personal()).await);
    // Each answers something else for another person, and the same for nobody's.
    for sql in [
        "SELECT count(*) FROM customers WHERE email = 'ada7@mail.example'",
        "SELECT count(*) FILTER (WHERE email = 'ada7@mail.example') FROM customers",
        "SELECT sum(CASE WHEN email LIKE 'ada7%' THEN 1 ELSE 0 END) FROM customers",
        "SELECT count(DISTINCT email) FROM customers",
        "SELECT count(*) FROM customers WHERE age > 30",
        "SELECT count(*) FROM customers WHERE city = 'Berlin'",
        "SELECT count(*) FROM customers WHERE country = 'Germany'",
        "SELECT count(*) FROM customers WHERE date_of_birth < DATE '1990-01-01'",
        "SELECT count(*) FROM customers WHERE EXISTS (SELECT 1 FROM (VALUES ('ada7@mail.example')) AS v(e) WHERE v.e = email)",
        "SELECT count(*) FROM customers JOIN (VALUES ('ada7@mail.example')) AS v(e) ON v.e = email",
        "SELECT count(*) FROM customers WHERE email IN ('ada7@mail.example', 'nobody')",
        "SELECT count(*) FROM customers WHERE regexp_like(email, '^ada7@')",
        "SELECT count(*) FROM (SELECT email FROM customers INTERSECT SELECT 'ada7@mail.example') t",
        "WITH v AS (SELECT lower(email) AS e FROM customers) SELECT count(*) FROM v WHERE e LIKE 'ada7@%'",
        "SELECT count(e) FROM (SELECT first_value(email) OVER (ORDER BY age DESC) AS e FROM customers) t",
        "SELECT count(*) FROM visits WHERE city = 'Berlin'",
        "SELECT count(DISTINCT city) FROM visits",
        "SELECT count(*) FROM shops s JOIN customers c ON s.city = c.city",
    ] {
        assert_eq!(number(&masked, sql).await, 0, "{sql}");
        assert_ne!(number(&all, sql).await, 0, "{sql}");
    }
    for sql in [
        "SELECT min(email), max(age), min(date_of_birth), max(city), min(country), max(full_name) FROM customers",
        "SELECT string_agg(email, ','), max(length(email)), max(reverse(email)), avg(age), median(age), NULL FROM customers",
        "SELECT email, age, city, date_of_birth, country, full_name FROM customers ORDER BY age DESC LIMIT 1",
    ] {
        assert_eq!(lines(&masked, sql).await, [",,,,,"], "{sql}");
        assert_ne!(lines(&all, sql).await, [",,,,,"], "{sql}");
    }
    // Order, too, would tell: rows come as they lie.
    let ordered = "SELECT id FROM customers ORDER BY email DESC, id LIMIT 3";
    assert_eq!(lines(&masked, ordered).await, ["0", "1", "2"]);
    assert_eq!(lines(&all, ordered).await, ["9", "8", "7"]);
    // What is nobody's stays.
    assert_eq!(number(&masked, "SELECT count(*) FROM shops WHERE city = 'Berlin'").await, 8);
    assert_eq!(number(&masked, "SELECT max(points) FROM customers").await, 390);
    assert_eq!(number(&masked, "SELECT count(*) FROM visits").await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_and_their_figures_do_not_tell_either() {
    let (_folder, catalog) = crawled(lake).await;
    let masked = engine(&catalog, personal()).await;
    for (hit, miss) in [("ada7@mail.example", "ada7@mail.nowhere"), ("Berlin", "Nowhere")] {
        let column = if hit.contains('@') { "email" } else { "city" };
        let figures = async |value: &str| {
            let sql = format!("EXPLAIN ANALYZE SELECT visit FROM visits WHERE {column} = '{value}'");
            let plan = lines(&masked, &sql).await.join("\n");
            let rows =
                plan.split("output_rows=").skip(1).map(|rest| rest.split([',', ']', ' ']).next().unwrap());
            rows.map(str::to_owned).collect::<Vec<String>>()
        };
        let found = figures(hit).await;
        assert!(!found.is_empty());
        assert_eq!(found, figures(miss).await, "{column}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_hashes_shortens_or_shows() {
    let (_folder, catalog) = crawled(lake).await;
    let masking = policy(&[
        RuleText {
            kind: Some("EMAIL_ADDRESS"),
            dataset: Some("visits"),
            with: "partial",
            ..RuleText::default()
        },
        RuleText { kind: Some("EMAIL_ADDRESS"), with: "hash", ..RuleText::default() },
        RuleText { kind: Some("DATE_OF_BIRTH"), with: "partial", ..RuleText::default() },
        RuleText { category: Some("indirect"), with: "show", ..RuleText::default() },
        RuleText { feature: Some("points"), with: "null", ..RuleText::default() },
    ]);
    let masked = engine(&catalog, masking).await;
    let one = |sql: &'static str| async { lines(&masked, sql).await.join(";") };
    assert_eq!(one("SELECT DISTINCT email FROM visits").await, "***@mail.example");
    assert_eq!(one("SELECT count(*) FROM visits WHERE city = 'Berlin'").await, "10");
    assert_eq!(one("SELECT age, city, full_name, points FROM customers WHERE id = 6").await, "26,Hamburg,,");
    assert_eq!(one("SELECT date_of_birth FROM customers WHERE id = 6").await, "1966-01-01");
    assert_eq!(number(&masked, "SELECT count(DISTINCT email) FROM customers").await, 40);
    let joined = "SELECT count(*) FROM customers a JOIN customers b ON a.email = b.email";
    assert_eq!(number(&masked, joined).await, 40);
    assert_eq!(number(&masked, "SELECT count(*) FROM customers WHERE email LIKE '%ada7%'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_decided_is_hidden_or_shown() {
    let (_folder, catalog) = crawled(lake).await;
    let find = |name: &str| {
        let all: Vec<Dataset> = catalog.all(AsOf::Now).unwrap();
        all.into_iter().find(|dataset| dataset.name == name).unwrap().id
    };
    let rule = |dataset, feature: &str, kind: &str, confirmed| {
        let ruling = Ruling {
            dataset,
            feature: feature.into(),
            kind: kind.into(),
            confirmed,
            by: "anna".into(),
            at: catalog.env().clock.now(),
        };
        catalog.commit(&catalog::model::Principal::system(), &[Change::put(&ruling).unwrap()]).unwrap();
    };
    rule(find("customers"), "city", "CITY", false);
    rule(find("shops"), "staff", "AGE", true);
    let masked = engine(&catalog, personal()).await;
    assert_eq!(number(&masked, "SELECT count(city) FROM customers").await, 40);
    assert_eq!(number(&masked, "SELECT count(staff) FROM shops").await, 0);
    assert_eq!(number(&masked, "SELECT count(city) FROM shops").await, 0, "now they are persons'");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_the_crawl_is_looked_at_first() {
    let (folder, catalog) = crawled(|folder| {
        let row = |id: u32| format!("{{\"id\":{id},\"word\":\"abc\",\"in\":{{\"deep\":[\"x\"]}}}}\n");
        put(folder, "events/a.jsonl", (0..20).map(row).collect::<String>());
    })
    .await;
    let now = "{\"id\":4111111111111111,\"word\":\"mail ada@mail.example\",\"in\":{\"deep\":[\"+49 30 12345678\",\"y\"]}}\n\
               {\"id\":2,\"word\":\"abc\",\"in\":{\"deep\":[]}}\n";
    put(folder.path(), "events/a.jsonl", now);
    let sql = "SELECT id, word, \"in\"['deep'][1], \"in\"['deep'][2] FROM a";
    let names = lines(&engine(&catalog, personal()).await, "SELECT name FROM headwater.datasets").await;
    let sql = sql.replace("FROM a", &format!("FROM {}", names[0]));
    let (all, masked) = (engine(&catalog, Masking::Off).await, engine(&catalog, personal()).await);
    assert_eq!(lines(&masked, &sql).await, [",,,y", "2,abc,,"]);
    assert_eq!(lines(&all, &sql).await[0], "4111111111111111,mail ada@mail.example,+49 30 12345678,y");
}
