//! Tests of the subject index against a plain map: over merges, purges, past times and kills.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::catalog::Change;
use crate::env::fixed;
use crate::lineage::implied::kept;
use crate::model::{Depth, Dialect, ExecutionId, Part, Principal, Searched, SourceId, Timestamp};
use crate::store::memory::MemoryStore;

/// Tokens by blob.
type Held = BTreeMap<u8, Vec<u16>>;

struct Lake {
    store: Arc<MemoryStore>,
    catalog: Catalog,
    held: Held,
    artifacts: Vec<(u8, ArtifactId)>,
    past: Vec<(Timestamp, Held)>,
}

fn digest(token: u16) -> TokenDigest {
    let mut digest = [0; 12];
    digest.copy_from_slice(&blake3::hash(&token.to_be_bytes()).as_bytes()[..12]);
    TokenDigest(digest)
}

fn version(blob: u8, artifact: ArtifactId) -> BlobVersion {
    let part = Part {
        member: Vec::new(),
        format: "csv".into(),
        media_type: "text/csv".into(),
        confidence: 1.0,
        layers: Vec::new(),
        dialect: Dialect::default(),
        size: 1,
        digest: None,
        rows: None,
        rows_digest: None,
        schema: None,
    };
    BlobVersion {
        blob: BlobId([blob; 20]),
        source: SourceId::of("memory:///lake"),
        path: format!("orders/{blob}.csv"),
        size: 1,
        etag: None,
        store_version: None,
        modified: Timestamp(0),
        crawled: Timestamp(0),
        run: ExecutionId(1),
        artifact,
        digest: None,
        parts: vec![part],
        anomalies: Vec::new(),
        searched: Searched::Full,
        table_log: None,
        depth: Depth::Full,
    }
}

impl Lake {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let catalog = Catalog::open(Arc::clone(&store) as _, fixed::env(1)).unwrap();
        Self { store, catalog, held: Held::new(), artifacts: Vec::new(), past: Vec::new() }
    }

    fn commit(&mut self, changes: &[Change]) {
        let sequence = self.catalog.commit(&Principal::system(), changes).unwrap();
        let at = self.catalog.journal(sequence).unwrap().unwrap().at;
        self.past.push((at, self.held.clone()));
    }

    fn before(&self, blob: u8) -> Vec<Change> {
        let known: Option<BlobVersion> = self.catalog.get(&BlobId([blob; 20]), AsOf::Now).unwrap();
        known.map_or_else(Vec::new, |known| kept(&self.catalog, &known).unwrap())
    }

    fn put(&mut self, blob: u8, tokens: &[u16]) {
        let artifact = ArtifactId(self.catalog.reserve_ids(1).unwrap());
        let mut changes = self.before(blob);
        changes.push(Change::put(&version(blob, artifact)).unwrap());
        changes.push(Change::tokens(artifact, tokens.iter().map(|token| digest(*token)).collect()));
        self.held.insert(blob, tokens.to_vec());
        self.artifacts.push((blob, artifact));
        self.commit(&changes);
    }

    fn close(&mut self, blob: u8) {
        let mut changes = self.before(blob);
        changes.push(Change::close::<BlobVersion>(&BlobId([blob; 20])));
        self.held.remove(&blob);
        self.commit(&changes);
    }

    fn purge(&mut self, blob: u8) {
        let of_blob = |(of, artifact): &(u8, ArtifactId)| (*of == blob).then_some(*artifact);
        let artifacts: Vec<_> = self.artifacts.iter().filter_map(of_blob).collect();
        let mut changes = vec![Change::purge::<BlobVersion>(&BlobId([blob; 20]))];
        for artifact in &artifacts {
            changes.extend([Change::purge_tokens(*artifact), Change::purge::<Artifact>(artifact)]);
        }
        self.artifacts.retain(|(of, _)| *of != blob);
        self.held.remove(&blob);
        self.past.iter_mut().for_each(|(_, held)| drop(held.remove(&blob)));
        self.commit(&changes);
    }

    fn agrees(&self, tokens: impl Iterator<Item = u16> + Clone) {
        let past = self.past.iter().map(|(at, held)| (AsOf::Time(*at), held));
        for (as_of, held) in past.chain([(AsOf::Now, &self.held)]) {
            for token in tokens.clone() {
                let expected: BTreeSet<_> = held
                    .iter()
                    .filter(|(_, tokens)| tokens.contains(&token))
                    .map(|(blob, _)| BlobId([*blob; 20]))
                    .collect();
                assert_eq!(self.catalog.blobs_with(&[digest(token)], as_of).unwrap(), expected, "{as_of:?}");
            }
        }
        assert_eq!(self.catalog.check().unwrap(), []);
    }

    /// Numbers of the runs that blocks belong to, and of those that count.
    fn runs(&self) -> (BTreeSet<u32>, BTreeSet<u32>) {
        let (from, to) = (key::subject_runs(), key::end_of(&key::subject_runs()));
        let blocks = self.store.scan(&from, &to, usize::MAX).unwrap();
        let stored = blocks.iter().map(|(key, _)| key::parse_subject_run(key).unwrap()).collect();
        let counted = Manifest::read(self.store.as_ref()).unwrap().runs;
        (stored, counted.iter().map(|run| run.number).collect())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, Vec<u16>),
    Close(u8),
    Purge(u8),
    Merge,
    Rewrite,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..5u8, prop::collection::vec(0..12u16, 0..8)).prop_map(|(blob, tokens)| Step::Put(blob, tokens)),
        2 => (0..5u8).prop_map(Step::Close),
        1 => (0..5u8).prop_map(Step::Purge),
        2 => Just(Step::Merge),
        1 => Just(Step::Rewrite),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_answers_as_a_plain_map_would(steps in prop::collection::vec(step(), 0..40)) {
        let mut lake = Lake::new();
        for step in steps {
            match step {
                Step::Put(blob, tokens) => lake.put(blob, &tokens),
                Step::Close(blob) => lake.close(blob),
                Step::Purge(blob) => lake.purge(blob),
                Step::Merge => lake.catalog.merge_tokens().unwrap(),
                Step::Rewrite => lake.catalog.rewrite().unwrap(),
            }
        }
        lake.agrees(0..12);
    }
}

/// Eight runs of several blocks, a token in all of them, and a blob that is to be forgotten.
fn eight_runs() -> Lake {
    let mut lake = Lake::new();
    for blob in 0..8u8 {
        let own = (1_000..1_400).map(|token| token + 400 * u16::from(blob));
        lake.put(blob, &own.chain([7]).collect::<Vec<_>>());
    }
    lake
}

#[test]
fn runs_become_one_and_every_pair_stays() {
    let lake = eight_runs();
    assert_eq!(lake.runs().1.len(), 8);
    lake.catalog.merge_tokens().unwrap();
    let (stored, counted) = lake.runs();
    assert_eq!((stored.len(), &stored), (1, &counted), "nothing is left of what was merged");
    let (from, to) = (key::subject_runs(), key::end_of(&key::subject_runs()));
    let bytes: usize = lake
        .store
        .scan(&from, &to, usize::MAX)
        .unwrap()
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    assert!(bytes < 8 * 401 * 8, "{bytes} bytes: about seven a pair, block keys included");
    lake.agrees([7, 1_000, 1_399, 1_400, 4_199].into_iter());
}

#[test]
fn a_token_that_fills_many_blocks_is_found_everywhere() {
    let store = MemoryStore::new();
    let mut run = Builder::new(3);
    for artifact in 1..2_000 {
        run.push(Pair { token: 5, artifact });
    }
    run.push(Pair { token: 6, artifact: 9 });
    run.push(Pair { token: 6, artifact: 9 });
    assert_eq!(run.finish().pairs, 2_000);
    let writes = run.blocks.into_iter().map(|(key, block)| (key, Some(block))).collect();
    store.commit(&crate::store::Batch { expect: None, writes }).unwrap();
    let found = |token| {
        let mut artifacts = BTreeSet::new();
        run::find(&store, 3, token, &mut artifacts).unwrap();
        artifacts
    };
    assert_eq!((found(4).len(), found(5).len(), found(6).len(), found(7).len()), (0, 1_999, 1, 0));
}

#[test]
fn a_kill_at_any_point_of_a_merge_or_a_rewrite_changes_no_answer() {
    let some = [7, 1_000, 1_399, 1_800, 4_199];
    for rewrites in [false, true] {
        let work = |lake: &Lake| match rewrites {
            true => lake.catalog.rewrite(),
            false => lake.catalog.merge_tokens(),
        };
        let mut kills = 0;
        for commits in 1.. {
            let mut lake = eight_runs();
            lake.purge(1);
            lake.store.fail_after(commits);
            let worked = work(&lake);
            lake.agrees(some.into_iter());
            lake.store.fail_after(0);
            work(&lake).unwrap();
            lake.agrees(some.into_iter());
            let (stored, counted) = lake.runs();
            assert_eq!(stored, counted, "after a kill at commit {commits} nothing is left over");
            if worked.is_ok() {
                break;
            }
            kills += 1;
        }
        assert!(kills > 3, "{kills} points are too few to be all");
    }
}

#[test]
fn a_rewrite_leaves_no_pair_of_what_was_purged() {
    let mut lake = eight_runs();
    lake.catalog.merge_tokens().unwrap();
    lake.purge(1);
    lake.catalog.rewrite().unwrap();
    let gone: Vec<u64> = (1_400..1_800).map(|token| token_of(&digest(token))).collect();
    let (mut pairs, mut left) = (0, 0);
    for number in lake.runs().1 {
        let mut blocks = run::Blocks::new(lake.store.as_ref(), number);
        while let Some((_, block)) = blocks.next().unwrap() {
            pairs += block.len();
            left += block.iter().filter(|pair| gone.contains(&pair.token)).count();
        }
    }
    assert_eq!((pairs, left), (7 * 401, 0));
    lake.agrees([7, 1_000, 1_400].into_iter());
}
