//! Where in the source a file lies that a table's log names by a URI of its own: the log may have been written for
//! another bucket, mount or cluster, and the table copied here since.

/// The path in the source of a file that a log names.
///
/// `source_url` is the crawled URL, `root` the table's folder in it. In this order: a URI below the source's URL; a
/// relative path; a path in which the table's folder can be recognised, with as many of its parents as possible; a
/// path from its last `data` or `metadata` folder on, for a table that was renamed.
pub fn place(uri: &str, source_url: &str, root: &str) -> String {
    let uri = plain_scheme(uri);
    let source = plain_scheme(source_url);
    let source = source.trim_end_matches('/');
    if let Some(path) = uri.strip_prefix(source).and_then(|rest| rest.strip_prefix('/')) {
        return path.to_string();
    }
    let Some(path) = absolute(&uri) else { return join(root, &uri) };
    let folders: Vec<&str> = path.split('/').filter(|folder| !folder.is_empty()).collect();
    let own: Vec<&str> = root.split('/').filter(|folder| !folder.is_empty()).collect();
    for known in (1..=own.len()).rev() {
        let tail = &own[own.len() - known..];
        let found = folders.windows(known).position(|window| window == tail);
        if let Some(at) = found.filter(|at| at + known < folders.len()) {
            return join(root, &folders[at + known..].join("/"));
        }
    }
    let inside = folders.iter().rposition(|folder| matches!(*folder, "data" | "metadata"));
    let from = inside.unwrap_or(folders.len().saturating_sub(1));
    join(root, &folders[from..].join("/"))
}

/// Undoes percent escapes; bytes that make no UTF-8 leave the text as it is.
pub fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                plain.push(byte);
                at += 3;
            }
            _ => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_string())
}

/// One spelling for the schemes of one store.
fn plain_scheme(uri: &str) -> String {
    for (scheme, plain) in [("s3a://", "s3://"), ("s3n://", "s3://"), ("gcs://", "gs://")] {
        if let Some(rest) = uri.strip_prefix(scheme) {
            return format!("{plain}{rest}");
        }
    }
    match uri.strip_prefix("file:") {
        Some(rest) => format!("file:///{}", rest.trim_start_matches('/')),
        None => uri.to_string(),
    }
}

/// The path of an absolute URI, without scheme and authority; none of a relative one.
fn absolute(uri: &str) -> Option<&str> {
    match uri.split_once("://") {
        Some((_, rest)) => Some(rest.split_once('/').map_or("", |(_, path)| path)),
        None => uri.strip_prefix('/'),
    }
}

fn join(root: &str, path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    if root.is_empty() { path.to_string() } else { format!("{root}/{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_wherever_its_log_thinks_it_lies() {
        let cases = [
            ("data/a.parquet", "s3://lake", "silver/t", "silver/t/data/a.parquet"),
            ("s3a://lake/silver/t/data/a.parquet", "s3://lake", "silver/t", "silver/t/data/a.parquet"),
            ("s3://other/wh/silver/t/p=1/a.parquet", "file:///mnt/x", "silver/t", "silver/t/p=1/a.parquet"),
            ("hdfs://nn:8020/wh/t/data/a.parquet", "file:///mnt", "copy/of/t", "copy/of/t/data/a.parquet"),
            ("file:/tmp/wh/t/data/a.parquet", "file:///mnt", "renamed", "renamed/data/a.parquet"),
            ("/tmp/wh/t/metadata/m0.avro", "file:///mnt", "renamed", "renamed/metadata/m0.avro"),
            ("file:///mnt/t/a.parquet", "file:///mnt/", "t", "t/a.parquet"),
            ("s3://b/t/data/a.parquet", "s3://b/t", "", "data/a.parquet"),
            ("abfss://c@acc.dfs.core.windows.net/t/data/a", "az://c", "t", "t/data/a"),
        ];
        for (uri, source, root, path) in cases {
            assert_eq!(place(uri, source, root), path, "{uri} in {source}, table {root}");
        }
    }
}
