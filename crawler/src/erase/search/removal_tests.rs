//! What goes and what stays, to the byte, where other erasers lose rows of others or leave the person behind.

use std::io::Read as _;

use super::*;
use crate::content::Spool;
use crate::format::Removal;
use crate::format::tree::{MemberRemoval, TreeRemoval, rewrite};

/// Path, who goes, bytes before, bytes after.
type Case = (&'static str, &'static [&'static str], &'static [u8], &'static [u8]);

fn sought(ids: &[&str]) -> Sought {
    Sought::new(ids.iter().map(|id| Identifier::parse(id).unwrap()).collect())
}

/// The bytes that a blob has once these people are out of it; none of them is found in it again.
fn without(ids: &[&str], path: &str, bytes: &[u8]) -> Vec<u8> {
    let (sought, bounds) = (sought(ids), Bounds::default());
    let content = Content::from(bytes.to_vec());
    let found = sought.search(&content, path, &bounds, false);
    let removal: TreeRemoval = found
        .parts
        .into_iter()
        .filter(|part| !part.units.is_empty())
        .map(|part| (part.member, MemberRemoval::Units(Removal { units: part.units })))
        .collect();
    let mut spool = Spool::new(u64::MAX);
    rewrite(&content, path, &bounds, &removal, &mut spool).unwrap();
    let mut left = spool.finish().unwrap();
    assert!(!sought.search(&left, path, &bounds, false).has_hits(), "{path} still holds somebody");
    let mut bytes = Vec::new();
    left.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn lines_go_and_all_other_bytes_stay() {
    let email: &'static [&'static str] = &["email=ada@x.example"];
    let cases: &[Case] = &[
        ("crlf.csv", email, b"id,email\r\n1,ada@x.example\r\n2,b@x.example\r\n", b"id,email\r\n2,b@x.example\r\n"),
        ("noend.csv", email, b"id,email\n2,b@x.example\n1,ada@x.example", b"id,email\n2,b@x.example\n"),
        (
            "blank.ndjson",
            email,
            b"{\"e\":\"b@x.example\"}\n\n{\"e\":\"ADA@X.Example\"}\n\n{\"e\":\"c@x.example\"}",
            b"{\"e\":\"b@x.example\"}\n\n\n{\"e\":\"c@x.example\"}",
        ),
        (
            "separator.ndjson",
            email,
            "{\"t\":\"a\u{2028}b\",\"e\":\"b@x.example\"}\n{\"t\":\"c\u{2028}d\",\"e\":\"ada@x.example\"}\n".as_bytes(),
            "{\"t\":\"a\u{2028}b\",\"e\":\"b@x.example\"}\n".as_bytes(),
        ),
        (
            "latin.ndjson",
            email,
            b"{\"n\":\"J\xf6rg\",\"e\":\"b@x.example\"}\n{\"n\":\"Ad\xe4\",\"e\":\"ada@x.example\"}\n",
            b"{\"n\":\"J\xf6rg\",\"e\":\"b@x.example\"}\n",
        ),
        (
            "malformed.ndjson",
            email,
            b"{\"e\":\"b@x.example\"}\n{\"e\":\"c@x.example\",\n{\"e\":\"ada@x.example\"}\n{\"e\":\"d@x.example\"}\n{\"e\":\"f@x.example\"}\n{\"e\":\"g@x.example\"}\n",
            b"{\"e\":\"b@x.example\"}\n{\"e\":\"c@x.example\",\n{\"e\":\"d@x.example\"}\n{\"e\":\"f@x.example\"}\n{\"e\":\"g@x.example\"}\n",
        ),
        (
            "hidden.ndjson",
            email,
            b"{\"e\":\"b@x.example\"}\n{\"e\":\"ada@x.example\",\n{\"e\":\"d@x.example\"}\n{\"e\":\"f@x.example\"}\n{\"e\":\"g@x.example\"}\n",
            b"{\"e\":\"b@x.example\"}\n{\"e\":\"d@x.example\"}\n{\"e\":\"f@x.example\"}\n{\"e\":\"g@x.example\"}\n",
        ),
        (
            "free.ndjson",
            email,
            b"{\"e\":\"b@x.example\",\"note\":\"no one\"}\n{\"e\":\"c@x.example\",\"note\":\"cc <Ada@x.example>, thanks\"}\n",
            b"{\"e\":\"b@x.example\",\"note\":\"no one\"}\n",
        ),
        (
            "a.csv.dvc",
            email,
            b"outs:\n- md5: 0123456789abcdef0123456789abcdef\n  size: 9\n  path: a.csv\ndesc: ask Ada@x.example\n",
            b"outs:\n- md5: 0123456789abcdef0123456789abcdef\n  size: 9\n  path: a.csv\n",
        ),
        (
            "users.ndjson",
            &["customer_id=0"],
            b"{\"customer_id\":0,\"n\":0}\n{\"customer_id\":10,\"n\":0}\n{\"customer_id\":\"0\",\"n\":1}\n",
            b"{\"customer_id\":10,\"n\":0}\n",
        ),
        (
            "parts.ndjson",
            &["customer_id=7"],
            b"{\"customer_id\":\"7\",\"tenant_id\":\"\"}\n{\"customer_id\":\"\",\"tenant_id\":\"7\"}\n{\"customer_id\":null,\"tenant_id\":\"\"}\n",
            b"{\"customer_id\":\"\",\"tenant_id\":\"7\"}\n{\"customer_id\":null,\"tenant_id\":\"\"}\n",
        ),
    ];
    for (path, ids, before, after) in cases {
        let left = without(ids, path, before);
        assert_eq!(String::from_utf8_lossy(&left), String::from_utf8_lossy(after), "{path}");
        assert_eq!(left, *after, "{path}");
    }
}

#[test]
fn elements_go_wherever_their_list_stands() {
    let ids = &["customer_id=7"][..];
    let cases: &[(&str, &str, &str)] = &[
        (
            "top.json",
            "[{\"customer_id\":6},{\"customer_id\":7},{\"customer_id\":70}]",
            "[{\"customer_id\":6},{\"customer_id\":70}]",
        ),
        (
            "pretty.json",
            "[\n  {\n    \"customer_id\": 7\n  },\n  {\n    \"customer_id\": 8\n  }\n]\n",
            "[\n  {\n    \"customer_id\": 8\n  }\n]\n",
        ),
        (
            "nested.json",
            "{\"day\":1,\"orders\":[{\"customer_id\":\"7\",\"x\":1},{\"customer_id\":\"8\",\"x\":2}]}",
            "{\"day\":1,\"orders\":[{\"customer_id\":\"8\",\"x\":2}]}",
        ),
    ];
    for (path, before, after) in cases {
        let left = without(ids, path, before.as_bytes());
        assert_eq!(String::from_utf8(left).unwrap(), *after, "{path}");
    }
}

#[test]
fn thousands_of_people_are_found_in_one_pass() {
    let ids: Vec<String> = (0..5_000).map(|n| format!("email=p{n}@x.example")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let row = |n: u32| format!("{n},p{n}@x.example\n");
    let table: String = (0..20_000).map(row).collect();
    let expected: String = (5_000..20_000).map(row).collect();
    let left = without(&ids, "people.csv", format!("id,email\n{table}").as_bytes());
    assert!(left == format!("id,email\n{expected}").as_bytes());
}
