//! What one pass over the bytes of a text tells all recognisers: which classes of characters it holds, and where the
//! runs of letters and digits stand that may be a number. Most text is plain words, which nobody needs to read again.

/// What a text must hold for a recogniser to have a chance.
pub(super) const DIGIT: u8 = 1;
pub(super) const AT: u8 = 2;
pub(super) const COLON: u8 = 4;
pub(super) const DOT: u8 = 8;
pub(super) const UPPER: u8 = 16;
pub(super) const WIDE: u8 = 32;
pub(super) const LETTER: u8 = 64;

/// Runs without a digit are kept from this length on: keys and addresses of crypto currencies.
const LONG: usize = 26;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = match b as u8 {
            b'0'..=b'9' => DIGIT,
            b'@' => AT,
            b':' => COLON,
            b'.' => DOT,
            b'A'..=b'Z' => UPPER | LETTER,
            b'a'..=b'z' => LETTER,
            0x80..=0xFF => WIDE,
            _ => 0,
        };
        b += 1;
    }
    table
}

/// A run of ASCII letters and digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The first digit; `end` if there is none.
    pub digit: usize,
}

/// A text and what one pass over it told.
pub struct Outline<'t> {
    /// The text itself.
    pub(super) text: &'t str,
    /// Classes of its characters.
    pub(super) classes: u8,
    /// Its runs that hold a digit or are long, in order.
    runs: Vec<Run>,
}

impl<'t> Outline<'t> {
    /// Reads a text once.
    pub(super) fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let (mut runs, mut classes, mut at) = (Vec::new(), 0, 0);
        while let Some(b) = bytes.get(at) {
            let class = CLASS[usize::from(*b)];
            classes |= class;
            if class & (LETTER | DIGIT) == 0 {
                at += 1;
                continue;
            }
            let start = at;
            let mut of_run = class;
            at += 1;
            while let Some(b) = bytes.get(at) {
                let class = CLASS[usize::from(*b)];
                if class & (LETTER | DIGIT) == 0 {
                    break;
                }
                of_run |= class;
                at += 1;
            }
            classes |= of_run;
            if of_run & DIGIT != 0 || at - start >= LONG {
                let digit = bytes[start..at].iter().position(u8::is_ascii_digit).map_or(at, |i| start + i);
                runs.push(Run { start, end: at, digit });
            }
        }
        Self { text, classes, runs }
    }

    /// Runs that hold a digit.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Run> + '_ {
        self.runs.iter().copied().filter(|run| run.digit < run.end)
    }

    /// Runs of at least `min` characters, which must be no less than 26 for those without digits.
    pub(super) fn long(&self, min: usize) -> impl Iterator<Item = Run> + '_ {
        self.runs.iter().copied().filter(move |run| run.end - run.start >= min)
    }

    /// Calls `visit` with the start of each run that holds a digit among its first seven characters, begins cleanly,
    /// and has at least `min` letters and digits up to the next character that is neither one nor one of ` -./`.
    pub(super) fn each_number_start(&self, min: usize, mut visit: impl FnMut(usize)) {
        let bytes = self.text.as_bytes();
        for run in self.numbers() {
            let near = run.digit - run.start <= 6;
            if near && reach(bytes, run, min) && super::text::clean_before(self.text, run.start) {
                visit(run.start);
            }
        }
    }
}

/// Whether `min` letters and digits follow with no more than one separator between any two.
fn reach(bytes: &[u8], run: Run, min: usize) -> bool {
    let mut seen = run.end - run.start;
    let mut gap = 0;
    for b in &bytes[run.end..] {
        if seen >= min {
            return true;
        }
        if b.is_ascii_alphanumeric() {
            seen += 1;
            gap = 0;
        } else if matches!(b, b' ' | b'-' | b'.' | b'/') && gap == 0 {
            gap = 1;
        } else {
            return false;
        }
    }
    seen >= min
}
