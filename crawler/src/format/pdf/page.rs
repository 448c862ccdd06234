//! The text of a page in the order in which it is drawn (ISO 32000-2 §9.4): what is drawn on goes on, what begins a line begins one.
//! No width of a letter is known, so gaps within a line are told by the moves that make them.

use std::collections::BTreeMap;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Encoding, Object, ObjectId};

/// Bytes of drawing of one page, unpacked: each operation takes many times its own bytes.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// Bytes of one font's table of letters, unpacked.
const FONT_BYTES_MAX: usize = 4 << 20;
/// A move to the left by so many thousandths of the font's size is a space.
const SPACE: f32 = -180.0;

/// Gives the lines of a page.
///
/// # Errors
/// If its drawing cannot be unpacked or understood.
pub(super) fn lines(document: &Document, page: ObjectId, each: &mut dyn FnMut(&str)) -> lopdf::Result<()> {
    let fonts = encodings(document, document.get_page_fonts(page)?);
    draw(&document.get_page_content_with_limit(page, PAGE_BYTES_MAX)?, &fonts, each)
}

/// Gives the lines of a drawing that pages take in by name, with fonts of its own.
///
/// # Errors
/// As `lines`.
pub(super) fn lines_of_form(
    document: &Document,
    form: &lopdf::Stream,
    each: &mut dyn FnMut(&str),
) -> lopdf::Result<()> {
    let resources = form.dict.get_deref(b"Resources", document).and_then(Object::as_dict);
    let fonts = resources.and_then(|resources| resources.get_deref(b"Font", document)?.as_dict());
    let mut named = BTreeMap::new();
    for (name, font) in fonts.into_iter().flat_map(Dictionary::iter) {
        if let Ok(font) = document.dereference(font).and_then(|(_, font)| font.as_dict()) {
            named.insert(name.clone(), font);
        }
    }
    draw(&form.get_plain_content_with_limit(PAGE_BYTES_MAX)?, &encodings(document, named), each)
}

type Fonts<'a> = BTreeMap<Vec<u8>, Encoding<'a>>;

fn encodings<'a>(document: &'a Document, fonts: BTreeMap<Vec<u8>, &'a Dictionary>) -> Fonts<'a> {
    let encoding = |(name, font): (Vec<u8>, &'a Dictionary)| {
        Some((name, font.get_font_encoding_with_limit(document, FONT_BYTES_MAX).ok()?))
    };
    fonts.into_iter().filter_map(encoding).collect()
}

fn draw(drawing: &[u8], fonts: &Fonts<'_>, each: &mut dyn FnMut(&str)) -> lopdf::Result<()> {
    let mut pen = Pen { fonts, font: None, line: String::new(), y: 0.0, each };
    for operation in Content::decode(drawing)?.operations {
        pen.take(&operation);
    }
    pen.end_line();
    Ok(())
}

struct Pen<'a> {
    fonts: &'a Fonts<'a>,
    font: Option<&'a Encoding<'a>>,
    line: String,
    /// Height of the line, as the last placing of the text has it.
    y: f32,
    each: &'a mut dyn FnMut(&str),
}

impl Pen<'_> {
    fn take(&mut self, operation: &Operation) {
        let operands = &operation.operands;
        let number = |place: usize| operands.get(place).and_then(|operand| operand.as_float().ok());
        match operation.operator.as_str() {
            "Tf" => {
                let name = operands.first().and_then(|name| name.as_name().ok());
                self.font = name.and_then(|name| self.fonts.get(name));
            }
            "Td" | "TD" => match number(1) {
                Some(0.0) => self.space(),
                _ => self.end_line(),
            },
            "Tm" => {
                let y = number(5).unwrap_or_default();
                if y == self.y {
                    self.space()
                } else {
                    self.end_line()
                }
                self.y = y;
            }
            "T*" | "ET" => self.end_line(),
            "Tj" => self.show(operands.first()),
            "'" => {
                self.end_line();
                self.show(operands.first());
            }
            "\"" => {
                self.end_line();
                self.show(operands.get(2));
            }
            "TJ" => {
                let pieces = operands.first().and_then(|pieces| pieces.as_array().ok());
                for piece in pieces.into_iter().flatten() {
                    match piece.as_float() {
                        Ok(moved) if moved < SPACE => self.space(),
                        Ok(_) => {}
                        Err(_) => self.show(Some(piece)),
                    }
                }
            }
            _ => {}
        }
    }

    fn show(&mut self, text: Option<&Object>) {
        let Some(bytes) = text.and_then(|text| text.as_str().ok()) else { return };
        match self.font.map(|font| Document::decode_text(font, bytes)) {
            Some(Ok(text)) => self.line.push_str(&text),
            // Without a table of letters they are mostly what they look like.
            _ => self.line.extend(bytes.iter().map(|byte| char::from(*byte))),
        }
    }

    fn space(&mut self) {
        if !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    fn end_line(&mut self) {
        if !self.line.trim().is_empty() {
            (self.each)(&self.line);
        }
        self.line.clear();
    }
}
