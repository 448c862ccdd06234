//! Images: what is written beside the pixels. EXIF with its places and names, XMP, IPTC, comments and text chunks; the picture
//! itself is not looked at. An image is one unit: it is deleted as a whole.

use std::io::Read;

use bytes::Bytes;
use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};

use super::arrow::RowsFn;
use super::magic::{signed, zipped};
use super::passages::{Taking, passages};
use super::{At, Bounds, Format, FormatError, Sink, WHOLE, locate_by_reading};
use crate::content::Content;

#[cfg(test)]
mod tests;

/// Pictures of every kind; which one, the media type says.
pub(super) static FORMAT: Format = Format {
    id: "image",
    media_type: "image/*",
    extensions: &[
        "png", "jpg", "jpeg", "gif", "webp", "tif", "tiff", "bmp", "heic", "avif", "jxl", "ico", "psd",
    ],
    sniff: |head| signed(head, "image").or_else(|| zipped(head, "image")),
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: None,
    container: None,
};

/// Bytes of metadata of one image, unpacked.
const METADATA_BYTES_MAX: usize = 16 << 20;
/// Segments and chunks of one image, those of its pixels too.
const PIECES_MAX: usize = 1 << 20;
/// Fields of one image.
const FIELDS_MAX: usize = 10_000;
/// Packets of XMP in an image of no known structure.
const PACKETS_MAX: usize = 16;
/// Bytes of an image of no known structure in which XMP is looked for.
const SCANNED_BYTES_MAX: usize = 64 << 20;

/// Every image with metadata has these, so that all have one schema.
const FEATURES: [&str; 9] =
    ["field", "value", "artist", "copyright", "description", "comment", "taken", "latitude", "longitude"];

static XMP: Taking = Taking {
    skip: &[],
    join: &[],
    attribute: |_, name, value| {
        name != "about" && name != "xmptk" && !value.starts_with("http://ns.adobe.com/")
    },
};

struct Fields<'a> {
    sink: &'a mut dyn Sink,
    features: Vec<usize>,
    rows: u64,
    /// Bytes of metadata that may still be read.
    left: usize,
    /// Something was not read for its number or size.
    limited: bool,
}

impl Fields<'_> {
    fn add(&mut self, field: &str, value: &str) {
        let value = value.trim_matches(|letter: char| letter == '\0' || letter.is_whitespace());
        if value.is_empty() {
            return;
        }
        if self.rows >= FIELDS_MAX as u64 {
            self.limited = true;
            return;
        }
        if self.features.is_empty() {
            let sink = &mut *self.sink;
            self.features =
                FEATURES.iter().map(|&name| sink.feature(&FeaturePath::column(name), None)).collect();
        }
        let at = At { row: self.rows, unit: WHOLE, offset: None };
        self.sink.row(self.rows);
        self.rows += 1;
        let place = match field {
            "Artist" | "creator" | "CameraOwnerName" | "By-line" | "Author" => 2,
            "Copyright" | "rights" => 3,
            "ImageDescription" | "description" | "title" | "Caption" | "Description" => 4,
            "UserComment" | "Comment" => 5,
            "DateTimeOriginal" => 6,
            "GPSLatitude" => 7,
            "GPSLongitude" => 8,
            _ => 1,
        };
        if place == 1 {
            self.sink.cell(self.features[0], at, Value::Text(field.into()));
        }
        self.sink.cell(self.features[place], at, Value::Text(value.into()));
    }

    /// Whether a piece of this length may be read.
    fn may_take(&mut self, len: u64) -> bool {
        let left = usize::try_from(len).ok().and_then(|len| self.left.checked_sub(len));
        self.limited |= left.is_none();
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// EXIF as TIFF (CIPA DC-008).
    fn exif(&mut self, bytes: Vec<u8>) {
        let exif = match exif::Reader::new().continue_on_error(true).read_raw(bytes) {
            Ok(exif) => exif,
            Err(exif::Error::PartialResult(partial)) => {
                self.sink.anomaly(AnomalyKind::Corrupt, "some of its EXIF cannot be read".into());
                partial.into_inner().0
            }
            Err(_) => {
                self.sink.anomaly(AnomalyKind::Corrupt, "its EXIF cannot be read".into());
                return;
            }
        };
        for field in exif.fields() {
            let name = field.tag.to_string();
            let text = match &field.value {
                exif::Value::Ascii(parts) => {
                    parts.iter().map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>().join(" ")
                }
                exif::Value::Rational(parts) if name == "GPSLatitude" || name == "GPSLongitude" => {
                    let of: Vec<f64> = parts.iter().take(3).map(exif::Rational::to_f64).collect();
                    let degrees: f64 = of.iter().zip([1.0, 60.0, 3600.0]).map(|(part, by)| part / by).sum();
                    let way = if name == "GPSLatitude" {
                        exif::Tag::GPSLatitudeRef
                    } else {
                        exif::Tag::GPSLongitudeRef
                    };
                    let way =
                        exif.get_field(way, field.ifd_num).map(|field| field.display_value().to_string());
                    let negative = way.is_some_and(|way| way.contains('S') || way.contains('W'));
                    format!("{:.6}", if negative { -degrees } else { degrees })
                }
                exif::Value::Undefined(bytes, _) | exif::Value::Byte(bytes) => text_of(bytes),
                _ => continue,
            };
            self.add(&name, &text);
        }
    }

    fn xmp(&mut self, bytes: Vec<u8>) {
        let read = passages(&bytes.into(), &XMP, METADATA_BYTES_MAX, &mut |passage| {
            let name = passage.name.rsplit('@').next().unwrap_or(passage.name).to_owned();
            self.add(&name, passage.text);
            Ok(true)
        });
        if let Err(error) = read {
            self.sink.anomaly(error.anomaly(), format!("its XMP cannot be read: {error}"));
        }
    }

    /// IPTC-IIM 4.2 within Photoshop's resources.
    fn iptc(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while let Some([0x1c, record, set, high, low, ..]) = bytes.get(at..) {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            let value = bytes.get(at + 5..at + 5 + len).unwrap_or_default();
            let name = match (record, set) {
                (2, 80) => "By-line",
                (2, 120) => "Caption",
                (2, 116) => "Copyright",
                (2, _) => "IPTC",
                _ => "",
            };
            if !name.is_empty() {
                self.add(name, &text_of(value));
            }
            at += 5 + len;
        }
    }
}

/// Text of bytes that may be UTF-8, Latin-1 or UTF-16 (as Windows writes its own fields), or none.
fn text_of(bytes: &[u8]) -> String {
    let body = ["ASCII\0\0\0", "UNICODE\0"].iter().find_map(|code| bytes.strip_prefix(code.as_bytes()));
    let body = body.unwrap_or(bytes);
    let zeros = body.iter().skip(1).step_by(2).filter(|byte| **byte == 0).count();
    if zeros * 4 > body.len() {
        let units = body.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        return char::decode_utf16(units).map(|unit| unit.unwrap_or(' ')).collect();
    }
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) if body.iter().all(|byte| *byte >= 0x20) => {
            body.iter().map(|byte| char::from(*byte)).collect()
        }
        Err(_) => String::new(),
    }
}

fn read(content: &Content, _: &Dialect, _: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let mut fields = Fields { sink, features: Vec::new(), rows: 0, left: METADATA_BYTES_MAX, limited: false };
    let start = content.range(0, 16)?;
    match &start[..] {
        [0xff, 0xd8, ..] => jpeg(content, &mut fields)?,
        [0x89, b'P', b'N', b'G', ..] => chunks(content, 8, true, &mut fields)?,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            chunks(content, 12, false, &mut fields)?;
        }
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => {
            let bytes = scan(content, &mut fields)?;
            fields.exif(bytes.to_vec());
        }
        _ => {
            scan(content, &mut fields)?;
        }
    }
    if fields.limited {
        let reason = "it has more metadata, or more pieces, than are read".to_owned();
        fields.sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    Ok(())
}

/// Segments up to the scan (ISO/IEC 10918-1 annex B).
fn jpeg(content: &Content, fields: &mut Fields<'_>) -> Result<(), FormatError> {
    let mut at = 2;
    for _ in 0..PIECES_MAX {
        let head = content.range(at, 4)?;
        let [0xff, marker, high, low] = head[..] else {
            let reason = "its segments end before its picture begins".to_owned();
            fields.sink.anomaly(AnomalyKind::Truncated, reason);
            return Ok(());
        };
        if matches!(marker, 0xda | 0xd9) {
            return Ok(());
        }
        if marker == 0xff {
            at += 1;
            continue;
        }
        let len = u64::from(u16::from_be_bytes([high, low]));
        let is_metadata = matches!(marker, 0xe1 | 0xed | 0xfe) && fields.may_take(len);
        let body = content.range(at + 4, if is_metadata { len.saturating_sub(2) as usize } else { 0 })?;
        match (marker, &body[..]) {
            (0xe1, body) if body.starts_with(b"Exif\0") => fields.exif(body[6.min(body.len())..].to_vec()),
            (0xe1, body) if body.starts_with(b"http://ns.adobe.com/xap/1.0/\0") => {
                fields.xmp(body[29..].to_vec())
            }
            (0xed, body) => {
                if let Some(place) = memchr::memmem::find(body, b"\x1c\x02") {
                    fields.iptc(&body[place..]);
                }
            }
            (0xfe, body) => fields.add("Comment", &text_of(body)),
            _ => {}
        }
        at += 2 + len.max(2);
    }
    fields.limited = true;
    Ok(())
}

/// Chunks of PNG (W3C PNG §11.3), or of a RIFF file.
fn chunks(content: &Content, start: u64, is_png: bool, fields: &mut Fields<'_>) -> Result<(), FormatError> {
    let mut at = start;
    for _ in 0..PIECES_MAX {
        let head = content.range(at, 8)?;
        let Some((first, second)) =
            head.split_first_chunk::<4>().and_then(|(a, b)| Some((*a, *b.first_chunk::<4>()?)))
        else {
            if is_png {
                fields.sink.anomaly(AnomalyKind::Truncated, "its chunks have no end".into());
            }
            return Ok(());
        };
        let (name, len) = match is_png {
            true => (second, u64::from(u32::from_be_bytes(first))),
            false => (first, u64::from(u32::from_le_bytes(second))),
        };
        if &name == b"IEND" {
            return Ok(());
        }
        let is_metadata = matches!(&name, b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf" | b"EXIF" | b"XMP ");
        if is_metadata && fields.may_take(len) {
            let body = || content.range(at + 8, len as usize);
            match &name {
                b"tEXt" | b"zTXt" | b"iTXt" => png_text(&name, &body()?, fields),
                b"eXIf" | b"EXIF" => {
                    let body = body()?;
                    fields.exif(body.strip_prefix(b"Exif\0\0").unwrap_or(&body).to_vec());
                }
                b"XMP " => fields.xmp(body()?.to_vec()),
                _ => {}
            }
        }
        at += 8 + len + if is_png { 4 } else { len & 1 };
    }
    fields.limited = true;
    Ok(())
}

fn png_text(name: &[u8; 4], body: &[u8], fields: &mut Fields<'_>) {
    let Some(end) = body.iter().position(|byte| *byte == 0) else { return };
    let (key, rest) = (String::from_utf8_lossy(&body[..end]).into_owned(), &body[end + 1..]);
    let (packed, text) = match name {
        b"tEXt" => (false, rest),
        b"zTXt" => (true, rest.get(1..).unwrap_or_default()),
        _ => {
            let packed = rest.first() == Some(&1);
            // Compression flag and method, then language and translated keyword.
            let mut parts = rest.get(2..).unwrap_or_default().splitn(3, |byte| *byte == 0);
            (packed, parts.nth(2).unwrap_or_default())
        }
    };
    let mut plain = Vec::new();
    if packed {
        let decoder = flate2::read::ZlibDecoder::new(text);
        if decoder.take(fields.left as u64).read_to_end(&mut plain).is_err() {
            fields.sink.anomaly(AnomalyKind::Corrupt, "a text in it cannot be unpacked".into());
        }
        fields.left = fields.left.saturating_sub(plain.len());
        fields.limited |= fields.left == 0;
    } else {
        plain.extend_from_slice(text);
    }
    if key == "XML:com.adobe.xmp" { fields.xmp(plain) } else { fields.add(&key, &text_of(&plain)) }
}

/// XMP wherever it lies (XMP part 3 §1.1): its packet can be told without knowing what is around it. Gives the bytes looked at.
fn scan(content: &Content, fields: &mut Fields<'_>) -> Result<Bytes, FormatError> {
    let bytes = content.range(0, SCANNED_BYTES_MAX)?;
    if bytes.len() as u64 != content.len() {
        let reason = format!("metadata was looked for in its first {SCANNED_BYTES_MAX} bytes only");
        fields.sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    let mut from = 0;
    for (place, end) in memchr::memmem::find_iter(&bytes, b"</x:xmpmeta>").enumerate() {
        if place >= PACKETS_MAX {
            fields.limited = true;
            break;
        }
        let start = memchr::memmem::find(&bytes[from..end], b"<x:xmpmeta").map(|start| from + start);
        if let Some(start) = start.filter(|start| fields.may_take((end - start) as u64)) {
            fields.xmp(bytes[start..end + 12].to_vec());
        }
        from = end + 12;
    }
    Ok(bytes)
}
