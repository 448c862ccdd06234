//! Names of accounts: behind a word that announces one, and columns of words built from people's names.

use super::text::{clean_before, lower_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span, name};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "USERNAME",
    id_name: "username",
    identifies: false,
    announced: None,
    find,
    normalise,
    column,
};

/// What stands right before a user name. Two-part entries come with the sign between.
#[rustfmt::skip]
const BEFORE: &[&str] = &[
    "user=", "username=", "usr=", "login=", "user_name=", "uname=", "userid=", "account=", "username:",
    "login:", "user name:", "log in as ", "logged in as ", "login as ", "signed in as ", "username ",
    "user name ", "handle: ", "benutzer=", "benutzername: ", "utilisateur ", "usuario ", "usuario: ",
    "nick ", "nickname ", "nickname: ", "skype: ", "discord: ", "\"username\":\"", "\"login\":\"",
    "\"user_name\":\"", "\"handle\":\"", "\"nickname\":\"", "\"screen_name\":\"", "\"username\": \"",
    "\"login\": \"", "\"user_name\": \"", "\"handle\": \"", "\"user\":\"", "\"user\": \"", "for user ",
    "user '", "user \"",
];
/// Those of [`BEFORE`] that are also plain words of a sentence.
const PLAIN: &[&str] =
    &["handle: ", "utilisateur ", "usuario ", "user name ", "username ", "nick ", "nickname ", "for user "];
const AFTER: &[&str] = &[
    " on telegram",
    " on twitter",
    " on instagram",
    " on discord",
    " on skype",
    " on slack",
    " on github",
    " on whatsapp",
    " on signal",
];
/// Accounts of machines and words that are no names.
#[rustfmt::skip]
const NOBODY: &[&str] = &[
    "root", "admin", "administrator", "system", "guest", "nobody", "null", "none", "true", "false",
    "service", "postgres", "mysql", "anonymous", "unknown", "the", "and", "for", "has", "was", "who",
    "not", "with", "from", "test", "user", "name", "login", "password", "www-data", "daemon", "api",
    "bot", "default", "public", "this", "that", "agent", "interface", "experience", "input", "data",
    "info", "uucp", "ftp", "git", "sshd", "mail", "news", "lp", "games", "man", "sync", "bin", "sys", "proxy", "backup", "list", "ntp",
    "dhcp", "oracle", "hadoop", "hdfs", "yarn", "spark", "zookeeper", "jenkins", "ubuntu", "ec2-user", "vagrant", "support",
    "nagios", "tomcat", "apache", "nginx", "redis", "mongodb", "elasticsearch", "airflow", "kafka", "grafana", "prometheus",
];
const NAME_BYTES_MAX: usize = 32;
/// Ends of the words, up to their blank, behind which a name may stand.
const WORDS_BEFORE: [&[u8]; 6] = [b"as", b"name", b"suario", b"ateur", b"user", b"nick"];

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    // Every opening ends in `=`, `:`, a quote or a blank behind a rare word, and every ending begins with ` on `.
    let bytes = text.as_bytes();
    for mark in memchr::memchr2_iter(b'=', b':', bytes) {
        let mut from = mark + 1;
        while from < bytes.len() && matches!(bytes[from], b' ' | b'"' | b'\'') && from < mark + 4 {
            from += 1;
        }
        push(text, from, out);
    }
    // One pass over the blanks serves all words: cells are short, and a search for each word costs more to begin than to do.
    for blank in memchr::memchr_iter(b' ', bytes) {
        if WORDS_BEFORE.iter().any(|word| bytes[..blank].ends_with(word)) {
            let quoted = matches!(bytes.get(blank + 1), Some(b'"' | b'\''));
            push(text, blank + 1 + usize::from(quoted), out);
        }
        if bytes[blank..].starts_with(b" on ") {
            push_before(text, blank, out);
        }
    }
}

/// A name before ` on ` and what follows that.
fn push_before(text: &str, at: usize, out: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let named = AFTER
        .iter()
        .any(|a| bytes[at..].len() >= a.len() && bytes[at..at + a.len()].eq_ignore_ascii_case(a.as_bytes()));
    let start = bytes[..at].iter().rposition(|b| !is_name_byte(*b)).map_or(0, |i| i + 1);
    let word = &text[start..at];
    // `shared on GitHub` is a verb.
    let verb = word.ends_with("ed") || word.ends_with("ing");
    let odd = word.bytes().any(|b| b.is_ascii_digit() || b == b'_') || (is_like(word) && !verb);
    if named && odd && is_form(word) && clean_before(text, start) {
        out.push(span(start, at, 0.85));
    }
}

fn push(text: &str, start: usize, out: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let length = bytes[start.min(bytes.len())..]
        .iter()
        .take(NAME_BYTES_MAX + 1)
        .take_while(|b| is_name_byte(**b))
        .count();
    if !(3..=NAME_BYTES_MAX).contains(&length) {
        return;
    }
    let end = start + text[start..start + length].trim_end_matches(['.', '-']).len();
    let before = lower_before(text, start, 24);
    let announced = BEFORE.iter().any(|b| before.ends_with(b) && starts_word(&before, b));
    // Behind a plain word, as in `handle errors`, only what has the looks of an account will do.
    let word = &text[start..end];
    let signed = !before.ends_with(' ') || before.ends_with("as ") || before.ends_with([':', '=']);
    let signed = signed || before.trim_end().ends_with([':', '=']);
    let odd = word.bytes().any(|b| b.is_ascii_digit() || b == b'_' || b == b'.');
    // In a sentence a word made of a name's letters is still a word: only two parts, or a digit, tell.
    let plain = PLAIN.iter().any(|opening| before.ends_with(opening));
    let announced =
        announced && if plain { odd || is_two_names(word) } else { signed || is_like(word) || odd };
    // `from_user=from_user` and `handle: module::Type` are code.
    let code = text[end..].starts_with("::")
        || before.trim_end_matches(['=', ':', ' ', '"', '\'']).ends_with(&word.to_lowercase());
    if announced && !code && is_form(&text[start..end]) && !matches!(bytes.get(end), Some(b'@' | b'(' | b'/'))
    {
        out.push(span(start, end, 0.85));
    }
}

fn starts_word(before: &str, opening: &str) -> bool {
    before[..before.len() - opening.len()].chars().next_back().is_none_or(|c| !c.is_alphanumeric())
}

fn span(start: usize, end: usize, confidence: f32) -> Span {
    Span { start, end, kind: RECOGNISER.kind, subtype: None, confidence }
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')
}

fn is_form(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    letters >= 2
        && word.len() >= 3
        && word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && !NOBODY.contains(&lower.as_str())
        && (!word.bytes().any(|b| b.is_ascii_uppercase())
            || word.bytes().any(|b| b.is_ascii_digit() || b == b'_' || b == b'.'))
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    (is_form(value) && value.len() <= NAME_BYTES_MAX && value.bytes().all(is_name_byte))
        .then(|| value.to_lowercase())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let like = facts.shape.share_of(facts.shape.username_like);
    let named = facts.header_has(&[
        "username",
        "user name",
        "login",
        "handle",
        "nickname",
        "nick",
        "screen name",
        "uname",
        "userid",
        "benutzername",
        "usuario",
        "utilisateur",
    ]);
    if named && facts.form_share() >= 0.6 && facts.shape.distinct_share() >= 0.2 {
        return Some(0.9);
    }
    (like >= 0.6 && facts.form_share() >= 0.8 && facts.shape.distinct_share() >= 0.5)
        .then_some(0.5 + 0.3 * like)
}

/// Whether a lower-case word is a given name and a surname in one.
fn is_two_names(word: &str) -> bool {
    let known = |part: &str| part.len() >= 3 && name::is_known(part);
    let initial = word.len() >= 6 && known(word.get(1..).unwrap_or_default());
    word.is_ascii()
        && word.len() >= 6
        && (initial || (3..word.len().saturating_sub(2)).any(|at| known(&word[..at]) && known(&word[at..])))
}

/// Whether a cell is one lower-case word made of people's names and perhaps digits: `zortiz`, `karen_58`, `anna.berg`.
pub(super) fn is_like(cell: &str) -> bool {
    if !(4..=24).contains(&cell.len())
        || !cell
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-'))
    {
        return false;
    }
    let word = cell.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '.' | '-'));
    let numbered = word.len() < cell.len();
    let mut parts = word.split(['_', '.', '-']);
    let known = |part: &str| part.len() >= 3 && name::is_known(part);
    let (Some(first), second) = (parts.next(), parts.next()) else { return false };
    if second.is_some() {
        return known(first) || second.is_some_and(known);
    }
    if !first.bytes().all(|b| b.is_ascii_lowercase()) {
        return false;
    }
    let initial = first.len() >= 5 && known(&first[1..]);
    let two = (3..first.len().saturating_sub(2)).any(|at| known(&first[..at]) && known(&first[at..]));
    (numbered && known(first)) || initial || two
}
