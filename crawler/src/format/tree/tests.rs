use std::io::Write as _;

use catalog::model::Value;
use roaring::RoaringTreemap;

use super::*;
use crate::format::{At, HEAD_BYTES, Sink, layer};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder =
        flate2::GzBuilder::new().filename("a.csv").mtime(7).write(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Format, layers and text of every part, and every anomaly's kind.
fn seen(bytes: &[u8], name: &str) -> (Vec<String>, Vec<AnomalyKind>) {
    let (mut parts, mut anomalies) = (Vec::new(), Vec::new());
    walk(&bytes.to_vec().into(), name, &Bounds::default(), &mut |visit| {
        match visit {
            Visit::Part(node) => {
                parts.push(format!(
                    "{}:{}:{}",
                    node.member.join("!/"),
                    node.layers.join("+"),
                    node.format.id
                ));
            }
            Visit::Anomaly(anomaly) => anomalies.push(anomaly.kind),
        }
        Ok(())
    })
    .unwrap();
    (parts, anomalies)
}

fn units(units: &[u64]) -> MemberRemoval {
    let units: RoaringTreemap = units.iter().copied().collect();
    MemberRemoval::Units(Removal { units: [(String::new(), units)].into() })
}

fn rewritten(bytes: &[u8], name: &str, removal: &TreeRemoval) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    rewrite(&bytes.to_vec().into(), name, &Bounds::default(), removal, &mut out)?;
    Ok(out)
}

const TABLE: &[u8] = b"id,name,amount\n1,Ada,2.5\n2,Bob,3.5\n3,Cy,4.5\n";

#[test]
fn layers_are_peeled_and_put_back_with_their_settings() {
    let stored = gzip(&zstd::encode_all(TABLE, 3).unwrap());
    assert_eq!(seen(&stored, "a.csv.zst.gz"), (vec![":gzip+zstd:csv".to_owned()], vec![]));
    let out = rewritten(&stored, "a.csv.zst.gz", &[(vec![], units(&[1]))].into()).unwrap();
    let mut decoder = flate2::read::GzDecoder::new(&out[..]);
    let inner = zstd::decode_all(&mut decoder).unwrap();
    assert_eq!(inner, b"id,name,amount\n1,Ada,2.5\n3,Cy,4.5\n");
    let header = decoder.header().unwrap();
    assert_eq!((header.filename(), header.mtime()), (Some(&b"a.csv"[..]), 7));
    assert_eq!(rewritten(&stored, "a.csv.zst.gz", &TreeRemoval::new()).unwrap(), stored);
}

#[test]
fn older_wrappings_of_lzma_are_peeled_and_put_back() {
    let plain = b"id,mail\n1,ada.berg@mail.example\n2,bo@inbox.example\n3,cy@mail.example\n";
    let options = lzma_rust2::LzmaOptions { dict_size: 1 << 16, ..lzma_rust2::LzmaOptions::with_preset(1) };
    let mut lzma = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None).unwrap();
    lzma.write_all(plain).unwrap();
    let lzma = lzma.finish().unwrap();
    let mut lzip = lzma_rust2::LzipWriter::new(Vec::new(), lzma_rust2::LzipOptions::with_preset(1));
    lzip.write_all(plain).unwrap();
    let lzip = lzip.finish().unwrap();
    for (stored, layer, name) in [(lzma, "lzma", "a.csv.lzma"), (lzip, "lzip", "a.csv.lz")] {
        assert_eq!(seen(&stored, name), (vec![format!(":{layer}:csv")], vec![]), "{layer}");
        let cut = seen(&stored[..stored.len() - 9], name);
        assert!(matches!(cut.1[..], [AnomalyKind::Truncated | AnomalyKind::Corrupt]), "{layer}: {:?}", cut.1);
        let removal = Removal { units: [(String::new(), [1].into_iter().collect())].into() };
        let removal: TreeRemoval = [(Vec::new(), MemberRemoval::Units(removal))].into();
        let mut out = Vec::new();
        rewrite(&stored.clone().into(), name, &Bounds::default(), &removal, &mut out).unwrap();
        assert_eq!(out[..6], stored[..6], "{layer}: the same dictionary");
        assert_eq!(seen(&out, name), (vec![format!(":{layer}:csv")], vec![]), "{layer}");
    }
}

#[test]
fn a_bzip2_stream_keeps_its_block_size() {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(4));
    encoder.write_all(TABLE).unwrap();
    let stored = encoder.finish().unwrap();
    assert_eq!(seen(&stored, "a.csv.bz2"), (vec![":bzip2:csv".to_owned()], vec![]));
    let out = rewritten(&stored, "a.csv.bz2", &[(vec![], units(&[1]))].into()).unwrap();
    assert_eq!(out[..4], *b"BZh4");
    let mut plain = String::new();
    std::io::Read::read_to_string(&mut bzip2::read::BzDecoder::new(&out[..]), &mut plain).unwrap();
    assert_eq!(plain, "id,name,amount\n1,Ada,2.5\n3,Cy,4.5\n");
}

#[test]
fn a_frame_is_known_where_a_buffer_ends_within_its_magic() {
    // A stored block of deflate keeps its length, so that the first member ends a byte before the reader's buffer does.
    for before in [1, 2] {
        let store = |bytes: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let overhead = store(&[b'a'; 60_000]).len() - 60_000;
        let first = store(&vec![b'a'; (64 << 10) - before - overhead]);
        assert_eq!(first.len(), (64 << 10) - before);
        let stored: Content = [first, gzip(b"tail")].concat().into();
        let peeled = layer::detect(&stored.range(0, 16).unwrap()).unwrap().peel(&stored, 1 << 20).unwrap();
        assert_eq!((peeled.anomaly, peeled.trailing), (None, 0), "{before}");
    }
}

#[test]
fn what_decodes_before_a_stream_breaks_is_read_but_not_rewritten() {
    let rows: String = (0..20_000).map(|row| format!("{row},name{},{}.5\n", row * 7919, row)).collect();
    let stored = gzip(format!("id,name,amount\n{rows}").as_bytes());
    let cut = &stored[..stored.len() / 2];
    assert_eq!(seen(cut, "a.csv.gz"), (vec![":gzip:csv".to_owned()], vec![AnomalyKind::Truncated]));
    let error = rewritten(cut, "a.csv.gz", &[(vec![], units(&[1]))].into()).unwrap_err();
    assert!(matches!(error, FormatError::Truncated(_)));
    let mut trailing = gzip(TABLE);
    trailing.extend(gzip(b"4,Di,5.5\n"));
    trailing.extend(b"garbage");
    assert_eq!(seen(&trailing, "a.csv.gz"), (vec![":gzip:csv".to_owned()], vec![AnomalyKind::Corrupt]));
    let out = rewritten(&trailing, "a.csv.gz", &[(vec![], units(&[3]))].into()).unwrap();
    assert!(out.ends_with(b"garbage"));
}

#[test]
fn lying_and_empty_content_is_told() {
    assert_eq!(seen(b"", "a.csv"), (vec!["::empty".to_owned()], vec![AnomalyKind::Empty]));
    let html = b"<!DOCTYPE html><html><body><h1>503</h1></body></html>\n";
    assert_eq!(seen(html, "a.csv"), (vec!["::html".to_owned()], vec![AnomalyKind::Mislabelled]));
    assert_eq!(seen(TABLE, "a.csv.gz"), (vec!["::csv".to_owned()], vec![AnomalyKind::Mislabelled]));
}

#[test]
fn bombs_stop_at_the_limit() {
    let bounds = Bounds { decoded_bytes_max: 1000, ..Bounds::default() };
    let stored = gzip(&[b'a'; 100_000]);
    let mut anomalies = Vec::new();
    walk(&stored.into(), "a.gz", &bounds, &mut |visit| {
        if let Visit::Anomaly(anomaly) = visit {
            anomalies.push(anomaly.kind);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(anomalies, [AnomalyKind::LimitReached]);
}

/// Text of every part without members, by path.
fn leaves(bytes: &[u8], name: &str) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    walk(&bytes.to_vec().into(), name, &Bounds::default(), &mut |visit| {
        if let Visit::Part(node) = visit
            && node.format.container.is_none()
        {
            let bytes = node.content.range(0, 1 << 20).unwrap();
            leaves.insert(node.member.join("!/"), String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(())
    })
    .unwrap();
    leaves
}

#[test]
fn units_and_members_go_from_archives_within_archives_and_nothing_else_does() {
    let stored = gzip(include_bytes!("../../../../fixtures/formats/zip/good-nested.zip"));
    let before = leaves(&stored, "a.zip.gz");
    let names: Vec<_> = before.keys().map(String::as_str).collect();
    assert_eq!(names, ["d/nested.zip!/people.csv", "d/people.csv", "readme.txt"]);
    let nested = vec!["d/nested.zip".to_owned(), "people.csv".to_owned()];
    let removal =
        [(nested.clone(), units(&[1])), (vec!["d/people.csv".to_owned()], MemberRemoval::Whole)].into();
    let out = rewritten(&stored, "a.zip.gz", &removal).unwrap();
    let mut expected = before.clone();
    expected.remove("d/people.csv");
    let table = expected.get_mut("d/nested.zip!/people.csv").unwrap();
    *table = table
        .split_inclusive('\n')
        .enumerate()
        .filter(|(line, _)| *line != 2)
        .map(|(_, line)| line)
        .collect();
    assert_eq!(leaves(&out, "a.zip.gz"), expected);
    let shallow = Bounds { depth_max: 2, ..Bounds::default() };
    let mut anomalies = Vec::new();
    walk(&stored.into(), "a.zip.gz", &shallow, &mut |visit| {
        if let Visit::Anomaly(anomaly) = visit {
            anomalies.push(anomaly.kind);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(anomalies, [AnomalyKind::LimitReached]);
}

#[test]
fn every_layer_is_put_back_so_that_it_decodes_to_the_same() {
    for layer in layer::LAYERS {
        let plain: Content = TABLE.repeat(1000).into();
        let mut encoded = Vec::new();
        let magic: &[u8] = match layer.id {
            "lz4" => &[0x04, 0x22, 0x4d, 0x18, 0x64, 0x40],
            _ => &[],
        };
        layer.restore(&magic.to_vec().into(), 0, false, &plain, &mut encoded).unwrap();
        assert!(std::ptr::eq(layer::detect(&encoded).unwrap(), layer), "{}", layer.id);
        let peeled = layer.peel(&encoded.clone().into(), 1 << 20).unwrap();
        assert_eq!(
            (peeled.content.range(0, 1 << 20).unwrap(), peeled.anomaly),
            (plain.range(0, 1 << 20).unwrap(), None)
        );
        // Nothing tells where a stream of `.Z` ends.
        if layer.id == "compress" {
            continue;
        }
        let again = [&encoded[..], &encoded].concat();
        let twice = layer.peel(&again.into(), 1 << 20).unwrap();
        assert_eq!((twice.content.len(), twice.anomaly), (plain.len() * 2, None), "{}", layer.id);
        let cut = layer.peel(&encoded[..encoded.len() - 5].to_vec().into(), 1 << 20).unwrap();
        assert_eq!(cut.anomaly.map(|anomaly| anomaly.0), Some(AnomalyKind::Truncated), "{}", layer.id);
    }
}

#[test]
fn a_unit_that_is_not_there_is_refused() {
    assert!(rewritten(TABLE, "a.csv", &[(vec![], units(&[3]))].into()).is_err());
    assert!(rewritten(TABLE, "a.csv", &[(vec![], units(&[WHOLE]))].into()).is_err());
    assert!(rewritten(TABLE, "a.csv", &[(vec!["b".to_owned()], MemberRemoval::Whole)].into()).is_err());
}

#[test]
fn a_head_alone_tells_format_and_layers() {
    let rows: String = (0..200_000).map(|row| format!("{row};name{};{}.5\n", row * 7919, row)).collect();
    let stored = gzip(rows.as_bytes());
    let sniffed = sniff_head(&stored[..HEAD_BYTES], &[], false, "part-0000");
    assert_eq!((sniffed.format.id, sniffed.layers), ("csv", vec!["gzip"]));
    assert_eq!((sniffed.dialect.delimiter, sniffed.dialect.header), (Some(';'), Some(false)));
}

/// Rows as text, for tests of readers.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) names: Vec<String>,
    pub(crate) cells: Vec<(u64, String, String)>,
    pub(crate) anomalies: Vec<AnomalyKind>,
}

impl Sink for Rows {
    fn table(&mut self, _: &str) {}
    fn feature(
        &mut self,
        path: &catalog::model::FeaturePath,
        _: Option<catalog::model::FeatureType>,
    ) -> usize {
        self.names.push(path.to_string());
        self.names.len() - 1
    }
    fn row(&mut self, _: u64) {}
    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        let text = value.text().map_or_else(|| "NULL".to_owned(), |text| text.into_owned());
        self.cells.push((at.unit, self.names[feature].clone(), text));
    }
    fn anomaly(&mut self, kind: AnomalyKind, _: String) {
        self.anomalies.push(kind);
    }
}
