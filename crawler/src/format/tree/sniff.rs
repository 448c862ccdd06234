//! What some bytes are: every row of the table looks at them, the surest wins.

use catalog::model::Dialect;

use super::super::layer::{self, Layer};
use super::super::{Bounds, FORMATS, Format, HEAD_BYTES, Head, magic};

/// What some content is.
#[derive(Clone, Debug)]
pub struct Sniffed {
    /// Its format.
    pub format: &'static Format,
    /// Its media type; where the format is a family, the member's own.
    pub media_type: &'static str,
    /// How sure the sniffer is, 0 to 1.
    pub confidence: f32,
    /// How its text is written.
    pub dialect: Dialect,
    /// Layers around it, outermost first.
    pub layers: Vec<&'static str>,
    /// Whether the name says another format than the bytes.
    pub mislabelled: bool,
}

/// The format of layer-free bytes by every row of the table: the surest wins, earlier rows first; a usual ending raises a little.
pub fn sniff(head: &Head<'_>) -> Sniffed {
    let extension = extension(head.name);
    let mut best: Option<(&'static Format, f32, Dialect)> = None;
    for format in FORMATS {
        let Some(sniff) = (format.sniff)(head) else {
            continue;
        };
        let usual = format.extensions.contains(&extension.as_str());
        let confidence = if usual { (sniff.confidence + 0.03).min(0.999) } else { sniff.confidence };
        if best.as_ref().is_none_or(|(_, surest, _)| confidence > *surest) {
            best = Some((format, confidence, sniff.dialect));
        }
    }
    let (format, confidence, dialect) = best.expect("the last row of the table takes any bytes");
    Sniffed {
        format,
        confidence,
        dialect,
        media_type: magic::media_type(format, head),
        layers: Vec::new(),
        mislabelled: is_mislabelled(format, &extension),
    }
}

/// The same from the first bytes of stored content, and its last ones if they are at hand: layers are peeled as far as the head goes.
pub fn sniff_head(bytes: &[u8], tail: &[u8], complete: bool, name: &str) -> Sniffed {
    let (mut layers, mut name, mut peeled, mut all) =
        (Vec::new(), name.to_owned(), None::<Vec<u8>>, complete);
    loop {
        let head = peeled.as_deref().unwrap_or(bytes);
        let tail = if layers.is_empty() { tail } else { &[] };
        let complete = all && head.len() <= HEAD_BYTES;
        let layer = match outermost(head, tail, complete, &name) {
            Outermost::Layer(layer) if layers.len() < Bounds::default().depth_max as usize => layer,
            Outermost::Layer(_) => {
                return Sniffed { layers, ..sniff(&Head::new(head, tail, complete, &name)) };
            }
            Outermost::Format(sniffed) => return Sniffed { layers, ..*sniffed },
        };
        let (head, whole) = layer.peel_head(head, all);
        (peeled, all) = (Some(head), whole);
        name = layer.strip(&name);
        layers.push(layer.id);
    }
}

/// A format below this is none that knows the bytes.
const KNOWN_CONFIDENCE_MIN: f32 = 0.1;

/// What begins with some bytes.
pub(super) enum Outermost {
    Layer(&'static Layer),
    Format(Box<Sniffed>),
}

/// A layer with a magic, else the format that the bytes are; where none knows them, a layer without a magic if it decodes.
pub(super) fn outermost(bytes: &[u8], tail: &[u8], complete: bool, name: &str) -> Outermost {
    if let Some(layer) = layer::detect(bytes) {
        return Outermost::Layer(layer);
    }
    let sniffed = sniff(&Head::new(bytes, tail, complete, name));
    let bytes = &bytes[..bytes.len().min(HEAD_BYTES)];
    let is_known = sniffed.confidence >= KNOWN_CONFIDENCE_MIN;
    let bare = if is_known { None } else { layer::detect_bare(bytes, complete, name) };
    bare.map_or_else(|| Outermost::Format(Box::new(sniffed)), Outermost::Layer)
}

fn extension(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}

fn is_mislabelled(format: &Format, extension: &str) -> bool {
    let claimed =
        FORMATS.iter().any(|other| other.extensions.contains(&extension)) || layer::names_layer(extension);
    // Text is whatever people write into `.txt` and `.log`.
    let vague = matches!(extension, "txt" | "text" | "log" | "out" | "md");
    claimed && !vague && format.id != "empty" && !format.extensions.contains(&extension)
}
