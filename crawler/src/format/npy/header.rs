//! The header of an NPY file: a literal of Python with the kind of its values, their order and their shape.

use catalog::model::FeaturePath;

use crate::content::Content;
use crate::format::FormatError;

/// Longest header; NumPy itself refuses more than 10,000 characters unless it is told otherwise.
const HEADER_BYTES_MAX: u64 = 1 << 20;
/// Columns that are read of one row.
const COLUMNS_MAX: usize = 1_024;

/// Where the rows are, and how they look.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) rows: u64,
    pub(super) row_bytes: u64,
    pub(super) columns: Vec<Column>,
    /// Something of a row is in no column.
    pub(super) left_out: bool,
    /// Where the data begin.
    pub(super) data_at: u64,
}

/// A column that is read.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) path: FeaturePath,
    pub(super) kind: Kind,
    pub(super) big_endian: bool,
    /// Where it begins in a row.
    pub(super) at: usize,
}

/// The kind of a value, with its width in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int(usize),
    UInt(usize),
    Float(usize),
    /// A date or a span, in units of its own.
    Time(usize),
    Bytes(usize),
    Text(usize),
}

impl Kind {
    pub(super) fn width(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Int(width) | Self::UInt(width) | Self::Float(width) | Self::Time(width) => width,
            Self::Bytes(width) | Self::Text(width) => width,
        }
    }
}

/// One value's type: how it is read, or how much of it is passed over.
struct Typed {
    kind: Option<Kind>,
    width: u64,
    big_endian: bool,
}

/// Reads the header.
///
/// # Errors
/// `Truncated` or `Corrupt` if it is none, `Unsupported` if the values are pickled or laid out column by column.
pub(super) fn read(content: &Content) -> Result<Header, FormatError> {
    let start = content.range(0, 12)?;
    let (len, from) = match start.get(6) {
        Some(1) => (start.get(8..10).map(|len| u64::from(u16::from_le_bytes([len[0], len[1]]))), 10),
        Some(2 | 3) => {
            (start.get(8..12).map(|len| u64::from(u32::from_le_bytes([len[0], len[1], len[2], len[3]]))), 12)
        }
        Some(_) => return Err(corrupt("its version is not known")),
        None => (None, 0),
    };
    let len = len.ok_or_else(|| FormatError::Truncated("ends within its header".into()))?;
    if len > HEADER_BYTES_MAX {
        return Err(FormatError::Limit("its header is too long to be read".into()));
    }
    let text = content.range(from, len as usize)?;
    if (text.len() as u64) < len {
        return Err(FormatError::Truncated("ends within its header".into()));
    }
    let text = String::from_utf8_lossy(&text);
    let mut literal = Literal { rest: &text };
    let (mut fields, mut shape, mut by_columns) = (Vec::new(), None, false);
    literal.expect("{")?;
    while !literal.takes("}") {
        let key = literal.string()?;
        literal.expect(":")?;
        match key.as_str() {
            "descr" => fields = literal.fields()?,
            "shape" => shape = Some(literal.numbers()?),
            _ => by_columns = literal.word() == "True",
        }
        literal.takes(",");
    }
    let shape = shape.ok_or_else(|| corrupt("its header tells no shape"))?;
    if by_columns && shape.len() > 1 && !shape.contains(&1) {
        return Err(FormatError::Unsupported("its values are laid out column by column".into()));
    }
    layout(&fields, &shape, from + len)
}

/// What a row is made of: the fields of a structure, or the values along all dimensions but the first.
fn layout(fields: &[(String, String, Vec<u64>)], shape: &[u64], data_at: u64) -> Result<Header, FormatError> {
    let rows = shape.first().copied().unwrap_or(1);
    let size = |dimensions: &[u64]| {
        let product = dimensions.iter().try_fold(1_u64, |size, dimension| size.checked_mul(*dimension));
        product.ok_or_else(|| corrupt("its shape is larger than any file"))
    };
    let across = size(shape.get(1..).unwrap_or_default())?;
    let too_wide = || corrupt("a row is larger than any file");
    let (mut width, mut read) = (0_u64, Vec::new());
    let mut left_out = false;
    for (name, kind, of) in fields {
        let (typed, count) = (typed(kind)?, size(of)?);
        match typed.kind {
            Some(kind) if count > 0 => read.push((name, kind, typed.big_endian, width, count)),
            _ => left_out = true,
        }
        let bytes = count.checked_mul(typed.width).ok_or_else(too_wide)?;
        width = width.checked_add(bytes).ok_or_else(too_wide)?;
    }
    let row_bytes = width.checked_mul(across).ok_or_else(too_wide)?;
    // Without a byte a row there is none.
    let rows = if row_bytes == 0 { 0 } else { rows };
    let mut header = Header { rows, row_bytes, columns: Vec::new(), left_out, data_at };
    if read.is_empty() {
        return Ok(header);
    }
    for place in 0..across {
        for (name, kind, big_endian, within, count) in &read {
            for item in 0..*count {
                if header.columns.len() == COLUMNS_MAX {
                    header.left_out = true;
                    return Ok(header);
                }
                let mut name = if name.is_empty() { "value".to_owned() } else { (*name).clone() };
                if across > 1 {
                    name = format!("{name}_{place}");
                }
                if *count > 1 {
                    name = format!("{name}_{item}");
                }
                let at = place * width + within + item * kind.width() as u64;
                let at = usize::try_from(at).map_err(|_| too_wide())?;
                let path = FeaturePath::column(&name);
                header.columns.push(Column { path, kind: *kind, big_endian: *big_endian, at });
            }
        }
    }
    Ok(header)
}

/// An array-protocol type string: byte order, kind, width; `<f8`, `|S10`, `>M8[ns]`.
fn typed(kind: &str) -> Result<Typed, FormatError> {
    let wrong = || corrupt("the type of its values is none of NumPy's");
    let (order, rest) = match kind.as_bytes().first() {
        Some(b'<' | b'>' | b'|' | b'=') => kind.split_at(1),
        _ => ("|", kind),
    };
    let mut letters = rest.chars();
    let letter = letters.next().ok_or_else(wrong)?;
    let digits: String = letters.take_while(char::is_ascii_digit).collect();
    let width: u64 = digits.parse().or_else(|_| if digits.is_empty() { Ok(0) } else { Err(wrong()) })?;
    if letter == 'O' {
        return Err(FormatError::Unsupported("its values are pickled, which is never run".into()));
    }
    let width = if letter == 'U' { width.checked_mul(4).ok_or_else(wrong)? } else { width };
    let short = usize::try_from(width).map_err(|_| wrong())?;
    let read = match (letter, short) {
        ('b' | '?', 1) => Some(Kind::Bool),
        ('i', 1 | 2 | 4 | 8) => Some(Kind::Int(short)),
        ('u', 1 | 2 | 4 | 8) => Some(Kind::UInt(short)),
        ('f', 2 | 4 | 8) => Some(Kind::Float(short)),
        ('M' | 'm', 8) => Some(Kind::Time(short)),
        ('S' | 'a', _) => Some(Kind::Bytes(short)),
        ('U', _) => Some(Kind::Text(short)),
        ('V' | 'c' | 'f', _) => None,
        _ => return Err(wrong()),
    };
    Ok(Typed { kind: read, width, big_endian: order == ">" })
}

fn corrupt(reason: &str) -> FormatError {
    FormatError::Corrupt(reason.into())
}

/// A literal of Python, as far as headers use it.
struct Literal<'a> {
    rest: &'a str,
}

impl Literal<'_> {
    fn takes(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), FormatError> {
        if self.takes(token) {
            Ok(())
        } else {
            Err(corrupt("its header is not the literal that it should be"))
        }
    }

    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn string(&mut self) -> Result<String, FormatError> {
        let quote = if self.takes("'") { '\'' } else { '"' };
        if quote == '"' {
            self.expect("\"")?;
        }
        let (text, rest) =
            self.rest.split_once(quote).ok_or_else(|| corrupt("a text of its header has no end"))?;
        self.rest = rest;
        Ok(text.to_owned())
    }

    /// `(3, 4)`, `(3,)`, `()`.
    fn numbers(&mut self) -> Result<Vec<u64>, FormatError> {
        self.expect("(")?;
        let mut numbers = Vec::new();
        while !self.takes(")") {
            let number = self.word();
            let number = number.trim_end_matches('L').parse();
            numbers.push(number.map_err(|_| corrupt("a dimension of its shape is no number"))?);
            self.takes(",");
        }
        Ok(numbers)
    }

    /// A type, or a list of named ones with dimensions of their own: `[('x', '<f4'), ('y', '<i2', (2,))]`.
    fn fields(&mut self) -> Result<Vec<(String, String, Vec<u64>)>, FormatError> {
        if !self.takes("[") {
            return Ok(vec![(String::new(), self.string()?, Vec::new())]);
        }
        let mut fields = Vec::new();
        while !self.takes("]") {
            self.expect("(")?;
            let name = if self.takes("(") {
                // A title and a name.
                self.string()?;
                self.expect(",")?;
                let name = self.string()?;
                self.expect(")")?;
                name
            } else {
                self.string()?
            };
            self.expect(",")?;
            self.rest = self.rest.trim_start();
            if self.rest.starts_with('[') {
                return Err(FormatError::Unsupported("it has structures within structures".into()));
            }
            let kind = self.string()?;
            self.takes(",");
            self.rest = self.rest.trim_start();
            let of = if self.rest.starts_with('(') { self.numbers()? } else { Vec::new() };
            self.expect(")")?;
            self.takes(",");
            fields.push((name, kind, of));
        }
        Ok(fields)
    }
}
