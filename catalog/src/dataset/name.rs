//! What a file's name says: the words that stay and the numbers, dates and ids that vary within a family of files.

use super::segment::{is_id, is_uuid};
use super::words::is_month;

/// A file's name taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    /// The name in lower case with what varies replaced by `#`; equal for files of one family.
    pub(super) pattern: Box<str>,
    /// Last extension, in lower case, without the compression's.
    pub(super) extension: Box<str>,
    /// How it varies.
    pub(super) varies: Varies,
}

impl Name {
    /// Words of the pattern before its extension.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        let stem = self.pattern.strip_suffix(&*self.extension).and_then(|stem| stem.strip_suffix('.'));
        let stem = stem.filter(|_| !self.extension.is_empty()).unwrap_or(&self.pattern);
        stem.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
    }

    /// Takes a folder's name out of it: files of tenants and regions often repeat whose they are.
    pub(super) fn forget(&mut self, folder: &str) {
        let said = name(folder).pattern;
        if said.len() < 3 || !said.contains(char::is_alphabetic) {
            return;
        }
        let Some(at) = self.pattern.find(&*said) else { return };
        let bounded = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        let (before, after) = (&self.pattern[..at], &self.pattern[at + said.len()..]);
        if bounded(before.chars().next_back()) && bounded(after.chars().next()) && said != self.pattern {
            self.pattern = format!("{before}#{after}").into();
            self.varies = Varies::Counted;
        }
    }
}

/// What in a name varies, from the surest sign of a family to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Varies {
    /// Numbers, dates, UUIDs or hashes.
    Counted,
    /// Codes of letters and digits that look random, too short to be sure.
    Random,
    /// Nothing.
    No,
}

const COMPRESSIONS: [&str; 12] =
    ["gz", "gzip", "zst", "zstd", "bz2", "bzip2", "xz", "lz4", "snappy", "sz", "br", "z"];
const SEPARATORS: [char; 13] = ['-', '_', '.', ' ', '+', '@', ',', '=', '~', '(', ')', '[', ']'];

/// A file's name without its compression's extension.
pub(super) fn plain(file: &str) -> &str {
    let mut plain = file;
    while let Some((stem, extension)) = plain.rsplit_once('.') {
        let mut known = COMPRESSIONS.iter();
        if stem.is_empty() || !known.any(|known| known.eq_ignore_ascii_case(extension)) {
            break;
        }
        plain = stem;
    }
    plain
}

/// Takes a file's name apart.
pub(super) fn name(file: &str) -> Name {
    let (stem, extension) = split_extension(without_piece(plain(file)));
    let extension = extension.to_lowercase();
    let tokens = tokens(stem);
    let mut varies = tokens.iter().map(|token| token.1).min().unwrap_or(Varies::No);
    let mut pattern = joined(&tokens);
    if without_piece(plain(file)).len() < plain(file).len() {
        varies = Varies::Counted;
    }
    if let Some(base) = rolled(&pattern, &extension) {
        pattern = base;
        varies = Varies::Counted;
    }
    let pattern = if extension.is_empty() { pattern } else { format!("{pattern}.{extension}") };
    Name { pattern: pattern.into(), extension: extension.into(), varies }
}

/// A name without what a program put behind its extension that cut the file in pieces: `orders.csv.part1`,
/// `orders.csv.aa` and `orders.csv.ab`.
fn without_piece(plain: &str) -> &str {
    let is_piece = |behind: &str| {
        let lower = behind.to_ascii_lowercase();
        let number =
            lower.strip_prefix("part").or(lower.strip_prefix("chunk")).or(lower.strip_prefix("split"));
        let number = number.map(|number| number.trim_start_matches(['-', '_']));
        let counted = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let lettered =
            behind.len() == 2 && behind.starts_with('a') && behind.as_bytes()[1].is_ascii_lowercase();
        number.is_some_and(counted) || lettered
    };
    match plain.rsplit_once('.') {
        Some((whole, behind)) if is_piece(behind) && !split_extension(whole).1.is_empty() => whole,
        _ => plain,
    }
}

fn split_extension(plain: &str) -> (&str, &str) {
    match plain.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty()
                && (1..=8).contains(&extension.len())
                && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && extension.bytes().any(|byte| byte.is_ascii_alphabetic()) =>
        {
            (stem, extension)
        }
        _ => (plain, ""),
    }
}

/// The pattern without what rolling adds: `app.log`, `app.log.1`, `app.log-20240501` and `app-2024-05-01.log` are
/// one family, and so are other files with a number behind their extension.
fn rolled(pattern: &str, extension: &str) -> Option<String> {
    if extension == "log" {
        return Some(pattern.trim_end_matches(['#', '-', '_', '.', ' ']).to_string());
    }
    let base = pattern.strip_suffix('#').filter(|_| extension.is_empty())?;
    let named = |base: &&str| base.contains(char::is_alphabetic);
    let dotted = base.strip_suffix('.').filter(named);
    let dated = || base.strip_suffix(['-', '_']).filter(|base| base.ends_with(".log"));
    dotted.or_else(dated).map(str::to_string)
}

/// Splits at separators, which are tokens too; what varies becomes `#`.
fn tokens(stem: &str) -> Vec<(String, Varies)> {
    let mut tokens = Vec::new();
    let mut rest = stem;
    while !rest.is_empty() {
        if let Some(uuid) = rest.get(..36).filter(|text| is_uuid(text)) {
            tokens.push(("#".to_string(), Varies::Counted));
            rest = &rest[uuid.len()..];
            continue;
        }
        if let Some(length) = query_id(rest) {
            tokens.push(("#".to_string(), Varies::Counted));
            rest = &rest[length..];
            continue;
        }
        let end = rest.find(SEPARATORS).unwrap_or(rest.len());
        if end == 0 {
            let separator = rest.chars().next().expect("the rest is not empty");
            tokens.push((separator.to_string(), Varies::No));
            rest = &rest[separator.len_utf8()..];
        } else {
            classify(&rest[..end], &mut tokens);
            rest = &rest[end..];
        }
    }
    // A month's name counts where a number stands beside it: `report-jan-2024`.
    for at in 0..tokens.len() {
        let beside = [at.checked_sub(2), Some(at + 2)].into_iter().flatten();
        let counted = beside.filter_map(|at| tokens.get(at)).any(|(_, varies)| *varies == Varies::Counted);
        let (text, _) = &tokens[at];
        if counted && (is_month(text) || text == "of") {
            tokens[at] = ("#".to_string(), Varies::Counted);
        }
        // And what stands for a key's value: `date=2024-05-01_region=eu`.
        if at >= 2 && tokens[at - 1].0 == "=" && tokens[at - 2].1 == Varies::No {
            tokens[at] = ("#".to_string(), Varies::Counted);
        }
        // So does a short code beside a random one: `out-1pc1yb3w-98ad`.
        if beside_random(&tokens, at) && is_code(&tokens[at].0) {
            tokens[at] = ("#".to_string(), Varies::Random);
        }
    }
    tokens
}

fn beside_random(tokens: &[(String, Varies)], at: usize) -> bool {
    let beside = [at.checked_sub(2), Some(at + 2)].into_iter().flatten();
    beside.filter_map(|at| tokens.get(at)).any(|(_, varies)| *varies == Varies::Random)
}

/// Letters and digits mixed.
fn is_code(word: &str) -> bool {
    word.len() >= 3
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// The length of a query's id as Presto and Trino put it before their files' names: date, time, number, five random
/// letters or digits (`20240501_120000_00042_x3k9a`).
fn query_id(text: &str) -> Option<usize> {
    let mut length = 0;
    for (place, wanted) in [8, 6, 5, 5].into_iter().enumerate() {
        let part = text.get(length..length + wanted)?;
        let fits = |byte: u8| byte.is_ascii_digit() || (place == 3 && byte.is_ascii_lowercase());
        if !part.bytes().all(fits) {
            return None;
        }
        length += wanted;
        if place < 3 {
            text[length..].strip_prefix('_')?;
            length += 1;
        }
    }
    let ends = text[length..].chars().next().is_none_or(|c| SEPARATORS.contains(&c));
    ends.then_some(length)
}

/// One token between separators: a word, something that varies, or a word with a number behind it (`sales2023`).
fn classify(token: &str, tokens: &mut Vec<(String, Varies)>) {
    let lower = token.to_lowercase();
    let digits = lower.bytes().filter(u8::is_ascii_digit).count();
    let ascii = lower.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if digits == lower.len() || (ascii && (is_id(&lower) || is_moment(&lower) || is_within_moment(&lower))) {
        tokens.push(("#".to_string(), Varies::Counted));
        return;
    }
    if digits == 0 || !ascii {
        tokens.push((lower, Varies::No));
        return;
    }
    let letters = lower.bytes().take_while(u8::is_ascii_alphabetic).count();
    let behind = lower.len() - letters == digits;
    if lower.len() >= 6 && !behind {
        tokens.push(("#".to_string(), Varies::Random));
    } else if behind && letters == 1 && digits > 1 && !lower.starts_with('v') {
        // A place in a grid, a code of a shop (`a01`, `b12`): the letter counts too. Versions (`v01`) do not.
        tokens.push(("#".to_string(), Varies::Counted));
    } else if behind && letters > 0 {
        tokens.push((lower[..letters].to_string(), Varies::No));
        tokens.push(("#".to_string(), Varies::Counted));
    } else {
        tokens.push((lower, Varies::No));
    }
}

/// `01t13`, `00z`: what separators within a date and time leave of them.
fn is_within_moment(token: &str) -> bool {
    let digits = |text: &str| text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (day, time) = token.split_once('t').unwrap_or(("00", token.strip_suffix('z').unwrap_or("")));
    day.len() == 2 && digits(day) && digits(time.trim_end_matches('z')) && time.len() <= 7
}

/// `20240501t1000z`, `2024q1`, `2024w18`, `2024h2`, `jan24`, `01may2024`: a date's digits with its letters.
fn is_moment(token: &str) -> bool {
    let letters = token.trim_start_matches(|c: char| c.is_ascii_digit());
    let month = letters.trim_end_matches(|c: char| c.is_ascii_digit());
    let (day, year) = (token.len() - letters.len(), letters.len() - month.len());
    if is_month(month) && day <= 2 && matches!(year, 2 | 4) {
        return true;
    }
    let shape: String = token.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let starts = token.starts_with("19") || token.starts_with("20");
    starts && matches!(shape.as_str(), "0000q0" | "0000h0" | "0000w00" | "0000m00")
        || (starts
            && shape.starts_with("00000000t")
            && shape[9..].trim_end_matches('z').bytes().all(|b| b == b'0'))
        || (token.starts_with('t')
            && token.len() >= 5
            && shape[1..].trim_end_matches('z').bytes().all(|b| b == b'0'))
}

/// The pattern: neighbouring parts that vary, and what separates them, become one `#`.
fn joined(tokens: &[(String, Varies)]) -> String {
    let mut pattern = String::new();
    let mut at = 0;
    while at < tokens.len() {
        let (text, varies) = &tokens[at];
        pattern.push_str(text);
        at += 1;
        if *varies == Varies::No {
            continue;
        }
        loop {
            let separated = tokens.get(at).is_some_and(|token| token.0.starts_with(SEPARATORS));
            match (tokens.get(at), tokens.get(at + 1)) {
                (Some((_, next)), _) if *next != Varies::No => at += 1,
                (_, Some((_, next))) if separated && *next != Varies::No => at += 2,
                _ => break,
            }
        }
    }
    pattern
}
