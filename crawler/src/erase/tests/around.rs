//! What stands around content rather than in it: comments, links, owners, directories, the headers of compression. Found by the
//! index, and erased while the content stays.

use std::collections::BTreeMap;
use std::io::Write;

use super::lake::{ADA, Setup, gzip, unzip, zip_of};
use crate::erase::{FindOptions, certificate, find, run, verify};
use crate::pipeline::crawl;
use crate::source::{Lake, SourceOptions};

const OTHERS: &str = "id,email\n7,dora@x.example\n8,emil@x.example\n9,fred@x.example\n";

/// Her comment on the archive, and a row of hers in a member beside one of others.
fn commented_zip() -> Vec<u8> {
    let rows = format!("{OTHERS}1,{ADA}\n");
    let mut bytes = zip_of(&[("hers.csv", rows.as_bytes()), ("others.csv", OTHERS.as_bytes())]);
    let comment = format!("exported for {ADA}");
    let at = bytes.len() - 2;
    bytes[at..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
    bytes.extend(comment.bytes());
    bytes
}

fn tar(link: &str, owner: &str, comment: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let header = |size: usize| {
        let mut header = tar::Header::new_ustar();
        header.set_size(size as u64);
        header.set_mode(0o640);
        header.set_mtime(7);
        header
    };
    let mut symlink = header(0);
    symlink.set_entry_type(tar::EntryType::Symlink);
    builder.append_link(&mut symlink, "latest", link).unwrap();
    builder.append_pax_extensions([("comment", comment.as_bytes())]).unwrap();
    let mut file = header(OTHERS.len());
    file.set_username(owner).unwrap();
    builder.append_data(&mut file, "others.csv", OTHERS.as_bytes()).unwrap();
    builder.into_inner().unwrap()
}

fn named_gzip() -> Vec<u8> {
    let mut encoder = flate2::GzBuilder::new()
        .filename(format!("{ADA}.csv"))
        .write(Vec::new(), flate2::Compression::default());
    encoder.write_all(OTHERS.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn lake() -> BTreeMap<&'static str, Vec<u8>> {
    BTreeMap::from([
        ("comment.zip", commented_zip()),
        ("link.tar", tar(&format!("../{ADA}"), "root", "nightly")),
        ("owner.tar", tar("others.csv", ADA, "nightly")),
        ("pax.tar.gz", gzip(&tar("others.csv", "root", &format!("for {ADA}")))),
        ("header.csv.gz", named_gzip()),
        ("nobody.tar", tar("others.csv", "root", "nightly")),
    ])
}

#[tokio::test]
async fn it_is_found_by_the_index_and_goes_while_the_content_stays() {
    let setup = Setup::with(lake());
    crawl(&setup.officer().ctx, &setup.lakes[0]).await.unwrap();
    let answer = find(&setup.officer(), &setup.ada(), FindOptions::default()).await.unwrap();
    let mut found: Vec<_> =
        answer.places.iter().map(|place| (&*place.path, place.column.as_deref())).collect();
    found.sort_unstable();
    let expected = [
        ("comment.zip", Some("archive comment")),
        ("comment.zip", Some("email")),
        ("header.csv.gz", Some("header")),
        ("link.tar", Some("link")),
        ("owner.tar", Some("owner")),
        ("pax.tar.gz", Some("pax record")),
    ];
    assert_eq!(found, expected);
    assert_eq!(answer.blobs_read, 5, "the index leads there");

    let before = setup.bytes();
    let (plan, hash) = setup.approved_plan().await;
    let ran = run(&setup.officer(), &plan, &hash).await.unwrap();
    assert!(ran.refused.is_empty() && ran.failed.is_empty() && ran.open.is_empty(), "{ran:?}");
    let verified = verify(&setup.officer(), &plan.0).await.unwrap();
    assert_eq!((verified.hits, verified.not_searched.len()), (0, 0), "{verified:?}");
    assert!(certificate(&setup.officer(), &plan.0).await.unwrap().contains("\"status\":\"complete\""));
    setup.expect_no_value(&[ADA]);

    let after = setup.bytes();
    assert_eq!(after["nobody.tar"], before["nobody.tar"]);
    assert_eq!(unzip(&after["comment.zip"])["others.csv"], OTHERS.as_bytes());
    assert_eq!(unzip(&after["comment.zip"])["hers.csv"], OTHERS.as_bytes());
    assert_eq!(super::lake::gunzip(&after["header.csv.gz"]), OTHERS.as_bytes());
    let unpacked = |bytes: &[u8]| {
        let mut archive = tar::Archive::new(bytes);
        let file = archive.entries().unwrap().find(|entry| entry.as_ref().unwrap().size() > 0);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut file.unwrap().unwrap(), &mut text).unwrap();
        text
    };
    assert_eq!(unpacked(&after["link.tar"]), OTHERS);
    assert_eq!(unpacked(&after["owner.tar"]), OTHERS);
    assert_eq!(unpacked(&super::lake::gunzip(&after["pax.tar.gz"])), OTHERS);
}

#[tokio::test]
async fn what_globs_leave_out_is_said_to_be_unsearched() {
    let mut setup = Setup::with(lake());
    let options = SourceOptions { exclude: vec!["*.tar".into()], ..SourceOptions::default() };
    setup.lakes = vec![Lake::open(setup.lakes[0].url(), &options).unwrap()];
    let (plan, hash) = setup.approved_plan().await;
    run(&setup.officer(), &plan, &hash).await.unwrap();
    let verified = verify(&setup.officer(), &plan.0).await.unwrap();
    assert_eq!(verified.hits, 0);
    let reasons: Vec<_> = verified.not_searched.iter().map(|one| one.reason.as_str()).collect();
    assert!(reasons.len() == 1 && reasons[0].starts_with("3 objects"), "{reasons:?}");
    let document = certificate(&setup.officer(), &plan.0).await.unwrap();
    assert!(document.contains("\"status\":\"partial\"") && document.contains("3 objects"), "{document}");
}
