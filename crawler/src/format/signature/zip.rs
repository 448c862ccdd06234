//! What a ZIP is besides an archive: told by the names of its first members.

use crate::format::Head;

/// Members looked at.
const MEMBERS_MAX: usize = 64;

/// The format and media type of what stands in a ZIP; `None`: it is a ZIP of anything.
pub(in crate::format) fn kind(head: &Head<'_>) -> Option<(&'static str, &'static str)> {
    let (format, media_type) = kind_of(head)?;
    // Documents that are read are formats of their own.
    let own = [
        ("spreadsheetml", "xlsx"),
        ("ms-excel.sheet.macro", "xlsx"),
        ("ms-excel.template.macro", "xlsx"),
        ("wordprocessingml", "docx"),
        ("ms-word.", "docx"),
        ("presentationml", "pptx"),
        ("ms-powerpoint.", "pptx"),
        ("vnd.oasis.opendocument", "opendocument"),
        ("epub+zip", "epub"),
    ];
    let own = own.iter().find(|(part, _)| media_type.contains(part));
    Some((own.map_or(format, |(_, format)| *format), media_type))
}

fn kind_of(head: &Head<'_>) -> Option<(&'static str, &'static str)> {
    let names = names(head);
    if let Some(found) = by_mimetype(head) {
        return Some(found);
    }
    let has = |name: &str| names.contains(&name.as_bytes());
    let begins = |prefix: &str| names.iter().any(|there| there.starts_with(prefix.as_bytes()));
    if has("[Content_Types].xml") || begins("word/") || begins("xl/") || begins("ppt/") {
        return open_xml(head, &begins, &has);
    }
    if has("META-INF/container.xml") {
        return Some(("zip", "application/epub+zip"));
    }
    if has("content.xml") && (has("META-INF/manifest.xml") || has("styles.xml")) {
        return Some(("office", open_document(head)));
    }
    if has("AndroidManifest.xml") || has("classes.dex") || has("resources.arsc") {
        return Some(("zip", "application/vnd.android.package-archive"));
    }
    if begins("META-INF/MANIFEST.MF")
        || begins("META-INF/") && names.iter().any(|name| name.ends_with(b".class"))
    {
        let war = begins("WEB-INF/") || head.is_named(&["war"]);
        return Some(("zip", if war { "application/x-webarchive" } else { "application/java-archive" }));
    }
    if has("doc.kml") {
        return Some(("zip", "application/vnd.google-earth.kmz"));
    }
    if names.first().is_some_and(|name| name.ends_with(b".npy")) {
        return Some(("zip", "application/x-npz"));
    }
    if names.iter().any(|name| name.ends_with(b"/data.pkl") || *name == b"data.pkl") {
        return Some(("pytorch", "application/x-pytorch"));
    }
    if names.iter().any(|name| name.ends_with(b".app/Info.plist")) && begins("Payload/") {
        return Some(("zip", "application/x-ios-app"));
    }
    if has("Index/Document.iwa") || begins("Index/") {
        return iwork(head);
    }
    None
}

/// A first member `mimetype`, stored, says what it is (OpenDocument 1.3 part 2 §3.3, EPUB 3.3 OCF §4.3).
fn by_mimetype(head: &Head<'_>) -> Option<(&'static str, &'static str)> {
    const KINDS: &[(&str, &str, &str)] = &[
        ("application/epub+zip", "zip", "application/epub+zip"),
        ("application/vnd.oasis.opendocument.text", "office", "application/vnd.oasis.opendocument.text"),
        (
            "application/vnd.oasis.opendocument.spreadsheet",
            "office",
            "application/vnd.oasis.opendocument.spreadsheet",
        ),
        (
            "application/vnd.oasis.opendocument.presentation",
            "office",
            "application/vnd.oasis.opendocument.presentation",
        ),
        (
            "application/vnd.oasis.opendocument.graphics",
            "office",
            "application/vnd.oasis.opendocument.graphics",
        ),
        (
            "application/vnd.oasis.opendocument.formula",
            "office",
            "application/vnd.oasis.opendocument.formula",
        ),
        ("application/vnd.oasis.opendocument.chart", "office", "application/vnd.oasis.opendocument.chart"),
        ("application/vnd.oasis.opendocument.base", "office", "application/vnd.oasis.opendocument.base"),
        ("application/vnd.oasis.opendocument.image", "office", "application/vnd.oasis.opendocument.image"),
        ("application/vnd.sun.xml.writer", "office", "application/vnd.sun.xml.writer"),
        ("application/vnd.sun.xml.calc", "office", "application/vnd.sun.xml.calc"),
        ("application/vnd.sun.xml.impress", "office", "application/vnd.sun.xml.impress"),
        ("image/openraster", "image", "image/openraster"),
    ];
    let text = head.bytes.get(30..).filter(|rest| rest.starts_with(b"mimetype"))?;
    let length = usize::from(u16::from_le_bytes([*head.bytes.get(28)?, *head.bytes.get(29)?]));
    let text = text.get(8 + length..)?;
    let kind = KINDS.iter().rev().find(|(said, ..)| text.starts_with(said.as_bytes()))?;
    let template = text[kind.0.len()..].starts_with(b"-template");
    Some((kind.1, if template { template_of(kind.2) } else { kind.2 }))
}

fn template_of(media_type: &'static str) -> &'static str {
    match media_type {
        "application/vnd.oasis.opendocument.text" => "application/vnd.oasis.opendocument.text-template",
        "application/vnd.oasis.opendocument.spreadsheet" => {
            "application/vnd.oasis.opendocument.spreadsheet-template"
        }
        "application/vnd.oasis.opendocument.presentation" => {
            "application/vnd.oasis.opendocument.presentation-template"
        }
        "application/vnd.oasis.opendocument.graphics" => {
            "application/vnd.oasis.opendocument.graphics-template"
        }
        other => other,
    }
}

/// OpenDocument whose `mimetype` does not come first: its name tells which.
fn open_document(head: &Head<'_>) -> &'static str {
    match head.extension().as_str() {
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "odp" => "application/vnd.oasis.opendocument.presentation",
        "odg" => "application/vnd.oasis.opendocument.graphics",
        _ => "application/vnd.oasis.opendocument.text",
    }
}

/// Office Open XML (ECMA-376-2 §10.1.2.2): a folder by program; macros and templates only their names tell.
fn open_xml(
    head: &Head<'_>,
    begins: &dyn Fn(&str) -> bool,
    has: &dyn Fn(&str) -> bool,
) -> Option<(&'static str, &'static str)> {
    let sheet_binary = has("xl/workbook.bin");
    let kinds: [(&str, &str, &str); 5] = [
        ("word/", "office", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("xl/", "office", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("ppt/", "office", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("visio/", "office", "application/vnd.ms-visio.drawing.main+xml"),
        ("Documents/1/Pages/", "office", "application/vnd.ms-xpsdocument"),
    ];
    let macros: [(&[&str], &str); 12] = [
        (&["docm"], "application/vnd.ms-word.document.macroEnabled.12"),
        (&["dotm"], "application/vnd.ms-word.template.macroEnabled.12"),
        (&["dotx"], "application/vnd.openxmlformats-officedocument.wordprocessingml.template"),
        (&["xlsm"], "application/vnd.ms-excel.sheet.macroEnabled.12"),
        (&["xltm"], "application/vnd.ms-excel.template.macroEnabled.12"),
        (&["xlam"], "application/vnd.ms-excel.addin.macroEnabled.12"),
        (&["xltx"], "application/vnd.openxmlformats-officedocument.spreadsheetml.template"),
        (&["pptm"], "application/vnd.ms-powerpoint.presentation.macroEnabled.12"),
        (&["ppsm"], "application/vnd.ms-powerpoint.slideshow.macroEnabled.12"),
        (&["potm"], "application/vnd.ms-powerpoint.template.macroEnabled.12"),
        (&["potx"], "application/vnd.openxmlformats-officedocument.presentationml.template"),
        (&["ppsx"], "application/vnd.openxmlformats-officedocument.presentationml.slideshow"),
    ];
    let by_name = || match head.extension().as_str() {
        "docx" => Some(kinds[0].2),
        "xlsx" | "xlsb" => Some(kinds[1].2),
        "pptx" => Some(kinds[2].2),
        "vsdx" => Some(kinds[3].2),
        "xps" | "oxps" => Some(kinds[4].2),
        _ => None,
    };
    let by_folder = kinds.iter().find(|(folder, ..)| begins(folder)).map(|(_, _, media_type)| *media_type);
    let plain = by_folder.or_else(by_name).unwrap_or("application/x-openxml");
    let special =
        macros.iter().find(|(endings, _)| head.is_named(endings)).map(|(_, media_type)| *media_type);
    Some(match (sheet_binary || head.is_named(&["xlsb"]), special) {
        (true, _) => ("office", "application/vnd.ms-excel.sheet.binary.macroEnabled.12"),
        (_, Some(special)) => ("office", special),
        _ => ("office", plain),
    })
}

fn iwork(head: &Head<'_>) -> Option<(&'static str, &'static str)> {
    match head.extension().as_str() {
        "pages" => Some(("office", "application/vnd.apple.pages")),
        "numbers" => Some(("office", "application/vnd.apple.numbers")),
        "key" => Some(("office", "application/vnd.apple.keynote")),
        _ => None,
    }
}

/// Names of members: by local headers that follow each other, then by the directory's end in the tail. What lies within a member's
/// bytes is none of this archive's.
fn names<'a>(head: &Head<'a>) -> Vec<&'a [u8]> {
    let (mut names, mut at) = (Vec::new(), 0);
    while names.len() < MEMBERS_MAX
        && let Some(header) = head.bytes.get(at..).filter(|rest| rest.starts_with(b"PK\x03\x04"))
        && let Some(name) = name(header, 26, 30)
    {
        names.push(name);
        at += 30 + name.len() + usize::from(short(header, 28));
        let encoded = usize::from(short(header, 18)) | usize::from(short(header, 20)) << 16;
        // Sizes may stand after the data (APPNOTE §4.4.4, bit 3): then the next header is looked for.
        let sizes_follow = short(header, 6) & 8 != 0 && encoded == 0;
        let next = || memchr::memmem::find(head.bytes.get(at..)?, b"PK\x03\x04");
        at += if sizes_follow { next().unwrap_or(head.bytes.len()) } else { encoded };
    }
    let directory = directory(head.tail).unwrap_or_default();
    let found = memchr::memmem::find_iter(directory, b"PK\x01\x02").take(MEMBERS_MAX);
    names.extend(found.filter_map(|place| name(directory.get(place..)?, 28, 46)));
    names
}

/// What of the central directory lies in the tail (APPNOTE §4.3.16).
fn directory(tail: &[u8]) -> Option<&[u8]> {
    let end = memchr::memmem::rfind(tail, b"PK\x05\x06")?;
    let len = u32::from_le_bytes(tail.get(end + 12..end + 16)?.try_into().ok()?);
    Some(&tail[end.saturating_sub(len as usize)..end])
}

fn short(header: &[u8], at: usize) -> u16 {
    header.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn name(header: &[u8], length_at: usize, name_at: usize) -> Option<&[u8]> {
    let length = u16::from_le_bytes(header.get(length_at..length_at + 2)?.try_into().ok()?);
    header.get(name_at..name_at + usize::from(length))
}
