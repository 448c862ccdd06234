//! A small lake in a folder, a catalog in memory, keys beside them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::Arc;

use catalog::env::{Env, fixed};
use catalog::model::{ErasureRequest, PlanId, Principal, RequestId, Role};
use catalog::store::Store;
use catalog::store::memory::MemoryStore;
use catalog::{AsOf, Catalog};

use crate::ctx::Ctx;
use crate::erase::{Desk, Identifier, KeyRing, PlanOptions, Policy, approve, plan};
use crate::source::{Lake, SourceOptions};

pub(super) const ADA: &str = "ada@mail.example";

pub(super) struct Setup {
    pub(super) folder: tempfile::TempDir,
    pub(super) store: Arc<MemoryStore>,
    pub(super) lakes: Vec<Lake>,
    pub(super) policy: Arc<Policy>,
    catalog: Arc<Catalog>,
}

impl Setup {
    pub(super) fn with(files: BTreeMap<&str, Vec<u8>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path = folder.path().join("lake").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let url = format!("file://{}", folder.path().join("lake").display());
        let lakes = vec![Lake::open(&url, &SourceOptions::default()).unwrap()];
        Self::over(folder, lakes)
    }

    pub(super) fn over(folder: tempfile::TempDir, lakes: Vec<Lake>) -> Self {
        let store = Arc::new(MemoryStore::new());
        let catalog = open(&store, 0);
        Self { folder, store, lakes, policy: Arc::default(), catalog }
    }

    /// As after a kill: another process opens the same store, later, and finds there what had been flushed.
    pub(super) fn reopened(self, times: u64) -> Self {
        self.store.lose_unflushed();
        self.store.fail_after(0);
        Self { catalog: open(&self.store, times), ..self }
    }

    pub(super) fn desk(&self, name: &str, role: Role) -> Desk {
        let keys = self.folder.path().join("keys");
        Desk {
            ctx: Ctx::new(self.catalog.clone()),
            lakes: self.lakes.clone(),
            keys: KeyRing::open(&keys, self.catalog.env().entropy.clone()).unwrap(),
            policy: self.policy.clone(),
            by: Principal { name: name.into(), roles: vec![role] },
        }
    }

    pub(super) fn officer(&self) -> Desk {
        self.desk("local:officer", Role::PrivacyOfficer)
    }

    pub(super) fn approver(&self) -> Desk {
        self.desk("local:second", Role::Approver)
    }

    pub(super) fn ada(&self) -> Vec<Identifier> {
        vec![Identifier::parse(&format!("email={ADA}")).unwrap()]
    }

    pub(super) async fn approved_plan(&self) -> (PlanId, String) {
        let answer = plan(&self.officer(), &self.ada(), PlanOptions::default()).await.unwrap();
        let id = PlanId(answer.plan);
        approve(&self.approver(), &id, &answer.hash).await.unwrap();
        (id, answer.hash)
    }

    pub(super) fn request(&self) -> RequestId {
        self.catalog.all::<ErasureRequest>(AsOf::Now).unwrap()[0].id.clone()
    }

    /// Who was refused what, as the audit log tells.
    pub(super) fn refusals(&self) -> Vec<(String, String)> {
        let mut entries = self.catalog.audit(0, usize::MAX).unwrap();
        entries.retain(|entry| entry.outcome.starts_with("refused: "));
        entries.into_iter().map(|entry| (entry.principal, entry.action)).collect()
    }

    /// Every file of the lake.
    pub(super) fn bytes(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.folder.path().join("lake"), "", &mut files);
        files
    }

    pub(super) fn write(&self, path: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join("lake").join(path), bytes).unwrap();
    }

    /// Fails if a value stands in the catalog's bytes or in a file of the lake or of the keys.
    pub(super) fn expect_no_value(&self, values: &[&str]) {
        let entries = self.store.scan(&[], &[255; 65], usize::MAX).unwrap();
        let mut files = BTreeMap::new();
        collect(self.folder.path(), "", &mut files);
        let bytes = entries.into_iter().flat_map(|(key, value)| [key, value]).chain(files.into_values());
        for bytes in bytes {
            for value in values {
                let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
                assert!(!found, "{value} in {}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}

fn open(store: &Arc<MemoryStore>, times: u64) -> Arc<Catalog> {
    let start = 1_700_000_000_000_000 + times as i64 * 3_600_000_000;
    let env = Env { clock: Arc::new(fixed::TickingClock::new(start)), ..fixed::env(times) };
    Arc::new(Catalog::open(store.clone(), env).unwrap())
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.file_type().unwrap().is_dir() {
            true => collect(&entry.path(), &format!("{name}/"), files),
            false => drop(files.insert(name, fs::read(entry.path()).unwrap())),
        }
    }
}

/// The lines that do not hold a value, whatever its case.
pub(super) fn lines_without(bytes: &[u8], value: &str) -> Vec<u8> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let stays = |line: &&[u8]| !String::from_utf8_lossy(line).to_lowercase().contains(value);
    lines.filter(stays).flatten().copied().collect()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

pub(super) fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut members = BTreeMap::new();
    for place in 0..archive.len() {
        let mut member = archive.by_index(place).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        members.insert(member.name().to_owned(), bytes);
    }
    members
}
