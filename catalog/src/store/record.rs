//! How nouns are kept: one byte for the kind, one for the version of its layout, then MessagePack with field names,
//! which lets a later layout add fields with defaults without touching what is stored. Blobs, which are many, are packed
//! tighter ([`super::record_blob`]).

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::catalog::{AsOf, Catalog};
use crate::error::{Error, Result};
use crate::lineage::implied;
use crate::model::{
    Artifact, ArtifactId, Association, Attribution, BlobId, BlobVersion, ContentSketch, Context, ContextId,
    Dataset, DatasetId, Event, EventKind, Execution, ExecutionId, Findings, Schema, SchemaId, Searched,
    Source, SourceId, Statistics, Type, TypeId, TypeKind,
};

use super::record_blob::{pack_blob, unpack_blob};

/// A noun that the catalog keeps with its history.
pub trait Record: Serialize + DeserializeOwned + Clone {
    /// One byte, unique among records; never reused.
    const KIND: u8;
    /// Its name to people.
    const NAME: &'static str;
    /// Version of its layout; a reader takes all versions up to its own.
    const VERSION: u8 = 1;
    /// What it is found by. Either all ids of a kind have one length, or none holds a zero byte.
    type Id;
    /// The id of this record.
    fn id(&self) -> Self::Id;
    /// The bytes of an id.
    fn id_bytes(id: &Self::Id) -> Vec<u8>;
    /// Index entries that lead to the current version: index and value. All values of an index have one length or hold no zero byte.
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        Vec::new()
    }
    /// What is kept of it, behind the version of the layout.
    ///
    /// # Errors
    /// If it does not fit MessagePack, which is a defect.
    fn pack(&self, out: &mut Vec<u8>) -> Result<(), rmp_serde::encode::Error> {
        self.serialize(&mut rmp_serde::Serializer::new(out).with_struct_map())
    }
    /// Takes what was kept.
    ///
    /// # Errors
    /// If it is damaged.
    fn unpack(_version: u8, bytes: &[u8]) -> Result<Self, rmp_serde::decode::Error> {
        rmp_serde::from_slice(bytes)
    }
    /// The record that other records imply where none of its own is kept.
    ///
    /// # Errors
    /// `Corrupt` if a record is damaged.
    fn implied(_catalog: &Catalog, _id: &Self::Id, _as_of: AsOf) -> Result<Option<Self>> {
        Ok(None)
    }
}

/// Secondary orders of current records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Index {
    /// One value → blobs that are not searched, or in part only.
    NotSearched = 1,
    /// Raw content digest → blobs.
    Digest = 2,
    /// Artifact → events.
    EventsOfArtifact = 3,
    /// Execution → events.
    EventsOfExecution = 4,
    /// Blob → datasets.
    DatasetOfBlob = 5,
    /// Name of a type → type.
    TypeName = 6,
    /// URI of an artifact → artifact.
    ArtifactUri = 7,
    /// Type and name → artifact, execution or context.
    NodeName = 8,
    /// Blob → artifacts, one a version.
    ArtifactOfBlob = 9,
    /// Context → ties.
    TiesOfContext = 10,
    /// Artifact → attributions.
    ContextsOfArtifact = 11,
    /// Execution → associations.
    ContextsOfExecution = 12,
    /// Blob → statistics of its parts.
    StatisticsOfBlob = 13,
    /// Free for records of the erasure line: plan or request → steps, approvals.
    OfRequest = 14,
    /// Keyed digest of an erased person's identifier → suppression.
    Suppressed = 15,
    /// Name of a dataset → dataset.
    DatasetName = 16,
    /// Digest of a part's bytes, layers peeled → blobs.
    PartDigest = 17,
    /// Digest of a part's rows → blobs.
    RowsDigest = 18,
    /// Artifact → the blob whose current version it is.
    BlobOfArtifact = 19,
}

/// Encodes a record for the store.
///
/// # Errors
/// `Internal` if the type does not fit MessagePack, which is a defect.
pub fn encode<R: Record>(record: &R) -> Result<Vec<u8>> {
    let mut bytes = vec![R::VERSION];
    record.pack(&mut bytes).map_err(|error| Error::internal("encode record", R::NAME).with_source(error))?;
    Ok(bytes)
}

/// Decodes a record of this or an earlier layout.
///
/// # Errors
/// `Corrupt` if the bytes are damaged or come from a later release.
pub fn decode<R: Record>(bytes: &[u8]) -> Result<R> {
    let (version, body) = bytes.split_first().ok_or_else(|| Error::corrupt("decode record", R::NAME))?;
    if *version > R::VERSION {
        let context =
            format!("{} of layout {version} was written by a later release; upgrade this one", R::NAME);
        return Err(Error::corrupt("decode record", context));
    }
    R::unpack(*version, body).map_err(|error| Error::corrupt("decode record", R::NAME).with_source(error))
}

impl Record for Source {
    const KIND: u8 = b'S';
    const NAME: &'static str = "source";
    type Id = SourceId;
    fn id(&self) -> SourceId {
        self.id.clone()
    }
    fn id_bytes(id: &SourceId) -> Vec<u8> {
        id.0.clone().into_bytes()
    }
}

impl Record for BlobVersion {
    const KIND: u8 = b'b';
    const NAME: &'static str = "blob";
    const VERSION: u8 = 2;
    type Id = BlobId;
    fn id(&self) -> BlobId {
        self.blob
    }
    fn id_bytes(id: &BlobId) -> Vec<u8> {
        id.0.to_vec()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        let mut entries: Vec<_> =
            self.digest.iter().map(|digest| (Index::Digest, digest.0.to_vec())).collect();
        // A part that is all of the blob is found by the blob's digest.
        let parts = self.parts.iter().filter(|part| self.digest.is_none() || part.digest != self.digest);
        entries.extend(parts.filter_map(|part| Some((Index::PartDigest, part.digest?.0.to_vec()))));
        let rows = self.parts.iter().filter_map(|part| part.rows_digest);
        entries.extend(rows.map(|rows| (Index::RowsDigest, rows.0.to_vec())));
        entries.push((Index::BlobOfArtifact, self.artifact.0.to_be_bytes().to_vec()));
        if self.searched != Searched::Full {
            entries.push((Index::NotSearched, Vec::new()));
        }
        entries
    }
    fn pack(&self, out: &mut Vec<u8>) -> Result<(), rmp_serde::encode::Error> {
        pack_blob(self, out)
    }
    fn unpack(_version: u8, bytes: &[u8]) -> Result<Self, rmp_serde::decode::Error> {
        unpack_blob(bytes)
    }
}

impl Record for Dataset {
    const KIND: u8 = b'd';
    const NAME: &'static str = "dataset";
    type Id = DatasetId;
    fn id(&self) -> DatasetId {
        self.id.clone()
    }
    fn id_bytes(id: &DatasetId) -> Vec<u8> {
        id.0.clone().into_bytes()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        let mut entries: Vec<_> =
            self.blobs.iter().map(|blob| (Index::DatasetOfBlob, blob.0.to_vec())).collect();
        entries.push((Index::DatasetName, self.name.clone().into_bytes()));
        entries
    }
}

impl Record for Schema {
    const KIND: u8 = b's';
    const NAME: &'static str = "schema";
    type Id = SchemaId;
    fn id(&self) -> SchemaId {
        self.id
    }
    fn id_bytes(id: &SchemaId) -> Vec<u8> {
        id.0.to_vec()
    }
}

impl Record for Statistics {
    const KIND: u8 = b't';
    const NAME: &'static str = "statistics";
    type Id = (BlobId, Vec<String>);
    fn id(&self) -> Self::Id {
        (self.blob, self.member.clone())
    }
    fn id_bytes((blob, member): &Self::Id) -> Vec<u8> {
        let member = blake3::hash(member.join("\u{1f}").as_bytes());
        [&blob.0[..], &member.as_bytes()[..8]].concat()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        vec![(Index::StatisticsOfBlob, self.blob.0.to_vec())]
    }
}

impl Record for Findings {
    const KIND: u8 = b'f';
    const NAME: &'static str = "findings";
    type Id = BlobId;
    fn id(&self) -> BlobId {
        self.blob
    }
    fn id_bytes(id: &BlobId) -> Vec<u8> {
        id.0.to_vec()
    }
}

impl Record for ContentSketch {
    const KIND: u8 = b'c';
    const NAME: &'static str = "content sketch";
    type Id = BlobId;
    fn id(&self) -> BlobId {
        self.blob
    }
    fn id_bytes(id: &BlobId) -> Vec<u8> {
        id.0.to_vec()
    }
}

impl Record for Type {
    const KIND: u8 = b'T';
    const NAME: &'static str = "type";
    type Id = TypeId;
    fn id(&self) -> TypeId {
        self.id
    }
    fn id_bytes(id: &TypeId) -> Vec<u8> {
        id.0.to_be_bytes().to_vec()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        vec![(Index::TypeName, type_name_key(self.of, &self.name))]
    }
}

/// The index value under which a type is found by name.
pub fn type_name_key(of: TypeKind, name: &str) -> Vec<u8> {
    [&[b'0' + of as u8], name.as_bytes()].concat()
}

/// The index value under which an artifact, execution or context is found by type and name.
pub fn node_name_key(of: TypeKind, type_id: TypeId, name: &str) -> Vec<u8> {
    format!("{}{}/{name}", of as u8, type_id.0).into_bytes()
}

impl Record for Artifact {
    const KIND: u8 = b'A';
    const NAME: &'static str = "artifact";
    type Id = ArtifactId;
    fn id(&self) -> ArtifactId {
        self.id
    }
    fn id_bytes(id: &ArtifactId) -> Vec<u8> {
        id.0.to_be_bytes().to_vec()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        let mut entries = Vec::new();
        entries.extend(self.uri.as_ref().map(|uri| (Index::ArtifactUri, uri.clone().into_bytes())));
        let name = |name: &String| (Index::NodeName, node_name_key(TypeKind::Artifact, self.type_id, name));
        entries.extend(self.name.as_ref().map(name));
        entries.extend(self.blob.map(|blob| (Index::ArtifactOfBlob, blob.0.to_vec())));
        entries
    }
    fn implied(catalog: &Catalog, id: &ArtifactId, as_of: AsOf) -> Result<Option<Self>> {
        implied::artifact(catalog, *id, as_of)
    }
}

impl Record for Execution {
    const KIND: u8 = b'E';
    const NAME: &'static str = "execution";
    type Id = ExecutionId;
    fn id(&self) -> ExecutionId {
        self.id
    }
    fn id_bytes(id: &ExecutionId) -> Vec<u8> {
        id.0.to_be_bytes().to_vec()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        let name = |name: &String| (Index::NodeName, node_name_key(TypeKind::Execution, self.type_id, name));
        self.name.as_ref().map(name).into_iter().collect()
    }
}

impl Record for Context {
    const KIND: u8 = b'C';
    const NAME: &'static str = "context";
    type Id = ContextId;
    fn id(&self) -> ContextId {
        self.id
    }
    fn id_bytes(id: &ContextId) -> Vec<u8> {
        id.0.to_be_bytes().to_vec()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        vec![(Index::NodeName, node_name_key(TypeKind::Context, self.type_id, &self.name))]
    }
}

impl Record for Event {
    const KIND: u8 = b'e';
    const NAME: &'static str = "event";
    type Id = (ExecutionId, ArtifactId, EventKind);
    fn id(&self) -> Self::Id {
        (self.execution, self.artifact, self.kind)
    }
    fn id_bytes((execution, artifact, kind): &Self::Id) -> Vec<u8> {
        [&execution.0.to_be_bytes()[..], &artifact.0.to_be_bytes(), &[*kind as u8]].concat()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        vec![
            (Index::EventsOfArtifact, self.artifact.0.to_be_bytes().to_vec()),
            (Index::EventsOfExecution, self.execution.0.to_be_bytes().to_vec()),
        ]
    }
    fn implied(catalog: &Catalog, id: &Self::Id, as_of: AsOf) -> Result<Option<Self>> {
        let event = implied::event(catalog, id.1, as_of)?;
        Ok(event.filter(|event| event.id() == *id))
    }
}

impl Record for Attribution {
    const KIND: u8 = b'1';
    const NAME: &'static str = "attribution";
    type Id = (ContextId, ArtifactId);
    fn id(&self) -> Self::Id {
        (self.context, self.artifact)
    }
    fn id_bytes((context, artifact): &Self::Id) -> Vec<u8> {
        [context.0.to_be_bytes(), artifact.0.to_be_bytes()].concat()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        vec![
            (Index::TiesOfContext, self.context.0.to_be_bytes().to_vec()),
            (Index::ContextsOfArtifact, self.artifact.0.to_be_bytes().to_vec()),
        ]
    }
}

impl Record for Association {
    const KIND: u8 = b'2';
    const NAME: &'static str = "association";
    type Id = (ContextId, ExecutionId);
    fn id(&self) -> Self::Id {
        (self.context, self.execution)
    }
    fn id_bytes((context, execution): &Self::Id) -> Vec<u8> {
        [context.0.to_be_bytes(), execution.0.to_be_bytes()].concat()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        vec![
            (Index::TiesOfContext, self.context.0.to_be_bytes().to_vec()),
            (Index::ContextsOfExecution, self.execution.0.to_be_bytes().to_vec()),
        ]
    }
}
