//! Kinds that columns and words before them tell, secrets, and the table of all kinds in the documentation.

use std::path::Path;

use catalog::model::Category;

use super::*;

fn verdict(header: &str, cells: &[&str]) -> Option<(&'static str, String)> {
    let mut tally = ColumnTally::new(header);
    let mut spans = Vec::new();
    for cell in cells.iter().cycle().take(60) {
        spans.clear();
        recognise(cell, &mut spans);
        tally.cell(cell, &spans);
    }
    tally.verdicts().first().map(|verdict| (verdict.kind, verdict.why.clone()))
}

#[test]
fn columns_of_people_are_told_by_header_and_cells_together() {
    for (header, cells, kind) in [
        ("age", &["34", "61", "7"][..], "AGE"),
        ("Geschlecht", &["m", "w", "d"], "GENDER"),
        ("c4", &["female", "male", "female"], "GENDER"),
        ("city", &["Berlin", "São Paulo", "東京"], "CITY"),
        ("country_code", &["DE", "FR", "JP"], "COUNTRY"),
        ("Land", &["Deutschland", "Österreich"], "COUNTRY"),
        ("zip", &["90210", "10001-1234"], "POSTAL_CODE"),
        ("postcode", &["SW1A 1AA", "M1 1AE"], "POSTAL_CODE"),
        ("religion", &["catholic", "Muslim", "none"], "RELIGION"),
        ("Konfession", &["rk", "ev", "konfessionslos"], "RELIGION"),
        ("political_party", &["Labour", "Conservative"], "POLITICAL_AFFILIATION"),
        ("union_member", &["Unison", "none", "GMB"], "TRADE_UNION"),
        ("sexual_orientation", &["heterosexual", "gay", "bisexual"], "SEXUAL_ORIENTATION"),
        ("ethnicity", &["White British", "Asian", "Black Caribbean"], "ETHNIC_GROUP"),
        ("diagnosis", &["Type 2 diabetes", "asthma", "essential hypertension"], "MEDICAL_TERM"),
        ("blood_type", &["A+", "O-", "AB+"], "MEDICAL_TERM"),
        ("icd10", &["E11.9", "J45.0", "I10"], "ICD10_CODE"),
        ("vin", &["WVWZZZ1JZ3W386752", "1M8GDM9AXKP042788"], "VEHICLE_IDENTIFICATION_NUMBER"),
        ("c1", &["1M8GDM9AXKP042788", "1HGCM82633A004352"], "VEHICLE_IDENTIFICATION_NUMBER"),
        ("driving_licence", &["MORGA753116SM9IJ", "SMITH901136JA9AB"], "DRIVERS_LICENSE_NUMBER"),
        ("license_plate", &["B-AB 1234", "M-XY 99"], "LICENSE_PLATE"),
        ("swift", &["DEUTDEFF500", "BNPAFRPP"], "SWIFT_CODE"),
        ("account_number", &["53201300", "44120099"], "FINANCIAL_ACCOUNT_NUMBER"),
        ("idfa", &["6D92078A-8246-4BA4-AE5B-76104861E7DC"], "ADVERTISING_ID"),
        ("device_id", &["9774d56d682e549c", "1b2c3d4e5f607182"], "DEVICE_ID"),
        (
            "ua",
            &[
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
            ],
            "HTTP_USER_AGENT",
        ),
    ] {
        let found = verdict(header, cells);
        assert_eq!(found.map(|(kind, _)| kind), Some(kind), "{header}");
    }
    for (header, cells) in [
        ("max_age", &["34", "61", "7"][..]),
        ("page", &["34", "61", "7"]),
        ("product", &["green", "white", "black", "straight cut"]),
        ("country_count", &["1", "2"]),
        ("store", &["Berlin", "Oslo"]),
        ("status", &["m", "f"]),
        ("sku", &["E11", "J45", "B12"]),
        ("zip_file", &["data.zip", "b.zip"]),
        ("union_type", &["left", "outer"]),
    ] {
        assert_eq!(verdict(header, cells).map(|(kind, _)| kind), None, "{header}");
    }
}

#[test]
fn a_verdict_says_what_spoke_for_it() {
    let (_, why) = verdict("bsn", &["111222333", "123456782"]).expect("a number of persons");
    assert!(why.contains("NL_BSN") && why.ends_with("the column is named like it"), "{why}");
    let (_, why) = verdict("c1", &["a@b.example"]).expect("addresses");
    assert_eq!(why, "60 of 60 cells hold it whole, 0 in part; 100 % of 60 sampled have its form");
}

#[test]
fn secrets_are_told_by_their_issuers_and_by_their_names() {
    let body = |chars: usize| "a1B2c3D4e5F6g7H8i9J0".chars().cycle().take(chars).collect::<String>();
    for (prefix, chars) in [
        ("AKIA", 16),
        ("ghp_", 36),
        ("glpat-", 20),
        ("xoxb-", 40),
        ("sk-proj-", 60),
        ("sk-ant-api03-", 60),
        ("sk_live_", 24),
        ("hf_", 34),
        ("npm_", 36),
        ("dop_v1_", 64),
        ("shpat_", 32),
        ("whsec_", 32),
        ("hvs.", 30),
    ] {
        let text = format!("key {prefix}{} end", body(chars));
        let mut spans = Vec::new();
        recognise(&text, &mut spans);
        let found: Vec<_> = spans.iter().map(|span| (span.kind, span.end - span.start)).collect();
        assert_eq!(found, [("AUTH_TOKEN", prefix.len() + chars)], "{prefix}");
    }
    let named = |text: &str| {
        let mut spans = Vec::new();
        recognise(text, &mut spans);
        spans.first().and_then(|span| span.subtype)
    };
    assert_eq!(named("password=hunter22x"), Some("PASSWORD"));
    assert_eq!(named("\"client_secret\": \"9f8e7d6c5b4a39281706f5e4\""), Some("API_KEY"));
    for text in
        ["secret=see2docs", "api_key=${API_KEY_1}", "password: changeme", "sk-learn 1.2 and npm_config_x1"]
    {
        assert_eq!(named(text), None, "{text}");
    }
}

/// Where the table stands in the document.
const TABLE: (&str, &str) = ("<!-- table: kinds -->\n", "<!-- end of table -->");

/// `UPDATE=1 cargo test` writes it anew.
#[test]
fn the_documentation_lists_every_recogniser() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/RECOGNISERS.md");
    let document = std::fs::read_to_string(&path).expect("the document is there");
    let (head, rest) = document.split_once(TABLE.0).expect("the table begins");
    let (_, tail) = rest.split_once(TABLE.1).expect("the table ends");
    let expected = format!("{head}{}{}{}{tail}", TABLE.0, table(), TABLE.1);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).expect("the document can be written");
    }
    assert!(
        document == expected || std::env::var_os("UPDATE").is_some(),
        "UPDATE=1 cargo test writes the table anew"
    );
}

fn table() -> String {
    let mut rows =
        String::from("| kind | `--id` | category | in text | subject index |\n|---|---|---|---|---|\n");
    for recogniser in RECOGNISERS {
        let by_itself = !std::ptr::fn_addr_eq(recogniser.find, no_find as fn(&Outline<'_>, &mut Hits<'_>));
        let text = match (by_itself, recogniser.announced.is_some()) {
            (true, true) => "by its form, or behind a word",
            (true, false) => "by its form and the words around it",
            (false, true) => "behind a word that announces it",
            (false, false) => "no, in columns only",
        };
        let index = if recogniser.identifies { "yes" } else { "" };
        let category = Category::of(recogniser.kind).name();
        rows.push_str(&format!(
            "| `{}` | `{}` | {category} | {text} | {index} |\n",
            recogniser.kind, recogniser.id_name
        ));
    }
    let schemes: Vec<String> = national_schemes().map(|scheme| format!("`{scheme}`")).collect();
    format!("{rows}\nNational numbers, each with its checksum where it has one: {}.\n", schemes.join(", "))
}

/// Met in logs, sources and books that nobody tuned to.
#[test]
fn what_machines_write_raises_no_alarm() {
    for text in [
        "081110 224338 31 INFO dfs.FSNamesystem: BLOCK* ask to delete",
        "Received block blk_-4433556521525567493 of size 28492032",
        "block -4380385204018751771 terminating",
        "2017-05-16 00:00:05.185 2931 INFO nova.virt.libvirt",
        "REPORT : 7045 5030 150903 240",
        "48 52 56 60 64 100 104 108 112 116 120 124 128 132 136 140",
        "in6_unlink_ifa: IPv6 address 0x77c911454f15210b has no prefix",
        "termination for sessionid: 0x14ed93111f20046",
        "rhost=103.example user=uucp and user=git",
        "ObjectIdentifier(\"2.5.29.37\") and 1.3.101.112, netmask 255.255.255.0 on 127.0.0.1",
        "\"start_chars\": list('-+0123456789.')",
        "est associé à `s2`, puis à l'indice `0`, et à 100'`. Le message",
        "En Rust, les tests d'intégration; Add Amir to Sales",
        "草稿、査読待ち、公開中です。値を変えない場合、尚更です。",
        "if line == '-----BEGIN PRIVATE KEY-----': return",
        "self.mark_install(from_user=from_user), handle: scheduler::Handle, need to handle: whatever",
        "key_password=certs[0][2], private_key: ed25519.Ed25519PrivateKey",
    ] {
        let mut spans = Vec::new();
        recognise(text, &mut spans);
        let found: Vec<_> = spans.iter().map(|span| (span.kind, &text[span.start..span.end])).collect();
        assert_eq!(found, [], "{text}");
    }
}
