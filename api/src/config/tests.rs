//! Where settings come from, in which order, and how a wrong one is refused.

use catalog::masking::Treatment;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn file(text: &str) -> (tempfile::TempDir, Flags) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headwater.toml");
    std::fs::write(&path, text).unwrap();
    (folder, Flags { config: Some(path), ..Flags::default() })
}

fn refusal(text: &str) -> String {
    let (_folder, flags) = file(text);
    load(&flags, &BTreeMap::new()).unwrap_err().to_string()
}

#[test]
fn flags_win_over_environment_and_environment_over_file() {
    let (_folder, mut flags) = file("catalog = '/from/file'\nlisten = '127.0.0.1:1'\n");
    let config = load(&flags, &BTreeMap::new()).unwrap();
    assert_eq!(
        (config.catalog.to_str(), config.keys_dir.to_str()),
        (Some("/from/file"), Some("/from/file.keys"))
    );
    let set = environment(&[("HEADWATER_CATALOG", "/from/environment"), ("HEADWATER_LISTEN", "127.0.0.1:2")]);
    assert_eq!(load(&flags, &set).unwrap().catalog.to_str(), Some("/from/environment"));
    flags.catalog = Some("/from/flag".into());
    let config = load(&flags, &set).unwrap();
    assert_eq!((config.catalog.to_str(), config.listen.port()), (Some("/from/flag"), 2));
}

#[test]
fn a_wrong_key_is_named_with_its_origin() {
    let unknown = refusal("catalog = 'x'\ncrawl_intervall = 3\n");
    assert!(unknown.contains("crawl_intervall") && unknown.contains("headwater.toml"), "{unknown}");
    assert!(unknown.contains("line 2"), "{unknown}");
    let nested = refusal("[[source]]\nurl = 's3://b/'\nshedule = '@daily'\n");
    assert!(nested.contains("shedule"), "{nested}");
    assert!(refusal("[[source]]\nurl = 's3://b/'\nschedule = 'whenever'\n").contains("source.schedule"));
    assert!(refusal("[limits]\nrows_max = 0\n").contains("limits.rows_max"));
    assert!(refusal("listen = 'nowhere'\n").contains("listen"));
}

#[test]
fn a_slip_in_a_variable_is_refused_and_a_foreign_one_is_not() {
    let slip = environment(&[("HEADWATER_CATALOGUE", "x")]);
    let error = load(&Flags::default(), &slip).unwrap_err().to_string();
    assert!(error.contains("HEADWATER_CATALOGUE") && error.contains("HEADWATER_CATALOG"), "{error}");
    let foreign =
        environment(&[("HEADWATER_SERVICE_HOST", "10.0.0.1"), ("HEADWATER_PORT", "tcp://10.0.0.1:80")]);
    assert!(load(&Flags::default(), &foreign).is_ok());
}

#[test]
fn a_source_says_what_belongs_together() {
    let (_folder, flags) = file(
        "[[source]]\nurl = 's3://b/'\n[[source.dataset]]\npaths = ['a/**']\nname = 'orders'\n\
         [[source.dataset]]\npaths = ['b/*']\nsplit = 'file'\n\
         [[source.dataset]]\npaths = ['c/*', 'd/*']\nexclude = true\n",
    );
    let config = load(&flags, &BTreeMap::new()).unwrap();
    let corrections = grouping::corrections(&config.sources[0].dataset).unwrap();
    assert_eq!(corrections.len(), 3);
    assert_eq!(corrections[0].to, catalog::dataset::Grouping::One("orders".into()));
    assert_eq!(corrections[2].paths, ["c/*", "d/*"]);
    let said = |line: &str| refusal(&format!("[[source]]\nurl = 's3://b/'\n[[source.dataset]]\n{line}\n"));
    for (line, told) in [
        ("paths = []\nexclude = true", "source.dataset.paths"),
        ("paths = ['a/*']", "exactly one"),
        ("paths = ['a/*']\nname = 'x'\nexclude = true", "exactly one"),
        ("paths = ['a/*']\nname = 'Orders 1'", "source.dataset.name"),
        ("paths = ['a/*']\nsplit = 'row'", "source.dataset.split"),
        ("paths = ['a/[']\nexclude = true", "glob"),
        ("paths = ['a/*']\nnames = 'x'", "names"),
    ] {
        assert!(said(line).contains(told), "{line}: {}", said(line));
    }
}

#[test]
fn a_masking_rule_is_read_or_refused() {
    let (_folder, flags) = file(
        "[[mask]]\nkind = 'email_address'\nwith = 'hash'\n[[mask]]\ndataset = 'crm_*'\ncolumn = 'a.b'\nwith = 'show'\n",
    );
    let policy = load(&flags, &BTreeMap::new()).unwrap().masking;
    assert_eq!(policy.treatment("x", "y", "EMAIL_ADDRESS", true), Treatment::Hash);
    assert_eq!(policy.treatment("crm_eu", "a.b", "PHONE_NUMBER", true), Treatment::Show);
    assert!(refusal("[[mask]]\nwith = 'null'\n").contains("key mask, entry 1"));
    assert!(refusal("[[mask]]\nkind = 'AGE'\nwith = 'blank'\n").contains("blank"));
    assert!(refusal("[[mask]]\nkind = 'AGE'\n").contains("with"));
}

#[test]
fn a_policy_of_erasure_is_read_in_its_order_and_checked() {
    let text = "on_return = 'plan'\n[[erasure]]\npath = 'sales/**'\nmethod = 'pseudonymise'\n\
                [[erasure]]\nkind = 'email'\nmethod = 'mask'\n";
    let (_folder, flags) = file(text);
    let policy = load(&flags, &BTreeMap::new()).unwrap().erasure;
    let rules = policy.rules();
    assert_eq!(
        (rules[0].path.as_deref(), rules[1].kind.as_deref()),
        (Some("sales/**"), Some("EMAIL_ADDRESS"))
    );
    assert!(policy.replay);
    assert!(refusal("[[erasure]]\nmethod = 'shred'\n").contains("erasure.method"));
    assert!(refusal("[[erasure]]\nmethod = 'mask'\nkind = 'colour'\n").contains("erasure.kind"));
    assert!(refusal("[[erasure]]\nmethod = 'mask'\nglob = 'x'\n").contains("glob"));
    assert!(refusal("on_return = 'shout'\n").contains("on_return"));
}
