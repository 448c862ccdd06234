//! Ids and digests as types of their own, hex to people and raw bytes to the store.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Declares a fixed-size byte id: the impls are the same to the letter, and a generic would show in every signature.
macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $size]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = hex::FromHexError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $size];
                hex::decode_to_slice(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
                } else {
                    let bytes = deserializer.deserialize_bytes(ByteArray::<$size>)?;
                    Ok(Self(bytes))
                }
            }
        }
    };
}

struct ByteArray<const N: usize>;

impl<'de, const N: usize> serde::de::Visitor<'de> for ByteArray<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

/// Declares a numeric id as ML Metadata has them: positive 64-bit integers.
macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// Declares a textual id.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

bytes_id!(
    /// A blob, whatever its version: BLAKE3 of its source's id and its path, cut to 16 bytes, behind four bytes that
    /// blobs of one folder share, so that what is crawled together is kept together.
    BlobId, 20
);
bytes_id!(
    /// BLAKE3-256 of some bytes.
    Digest, 32
);
bytes_id!(
    /// Order-independent digest of a multiset of rows; see `sketch::rows`.
    RowsDigest, 16
);
bytes_id!(
    /// A schema, by its content.
    SchemaId, 16
);
bytes_id!(
    /// A keyed digest of one identifier of a data subject.
    TokenDigest, 12
);
number_id!(
    /// An artifact in the graph.
    ArtifactId
);
number_id!(
    /// An execution in the graph: a crawl run, a pipeline run, a training run, an erasure.
    ExecutionId
);
number_id!(
    /// A context in the graph: a dataset, a pipeline, an experiment.
    ContextId
);
number_id!(
    /// A declared type of artifacts, executions or contexts.
    TypeId
);
text_id!(
    /// A source: BLAKE3 of its canonical URL, twelve hex digits.
    SourceId
);
text_id!(
    /// A dataset: BLAKE3 of its source, root, format and name pattern, sixteen hex digits.
    DatasetId
);

text_id!(
    /// An erasure request, by its random name.
    RequestId
);
text_id!(
    /// An erasure plan, by its random name.
    PlanId
);

impl SourceId {
    /// The id of the source at a canonical URL.
    pub fn of(url: &str) -> Self {
        Self(hex::encode(&blake3::hash(url.as_bytes()).as_bytes()[..6]))
    }
}

impl BlobId {
    /// The id of the blob at a path of a source.
    pub fn of(source: &SourceId, path: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(source.0.as_bytes());
        hasher.update(&[0]);
        let mut id = [0; 20];
        // The source, its first and its second level of folders, and the folder that holds the blob.
        let folder = path.rfind('/').map_or(0, |slash| slash + 1);
        let mut slashes = path.match_indices('/').map(|(slash, _)| slash + 1);
        let levels = [0, slashes.next().unwrap_or(folder), slashes.next().unwrap_or(folder), folder];
        for (byte, level) in id.iter_mut().zip(levels) {
            let mut folder = hasher.clone();
            *byte = folder.update(&path.as_bytes()[..level]).finalize().as_bytes()[0];
        }
        hasher.update(path.as_bytes());
        id[4..].copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(id)
    }
}
