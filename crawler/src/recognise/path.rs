//! Names of folders, files and members: how they may be read, who stands in them, and how they look without.

use std::borrow::Cow;

use catalog::model::Category;

use super::key::is_key_name;
use super::{Span, recognise};

/// Stands in the place of a name that tells of somebody.
const HIDDEN: &str = "***";
/// Endings that may follow what a name says: `.csv.gz` and one more.
const ENDINGS_MAX: usize = 3;

/// How a path or the name of a member may be read: its segments, each as it is and with up to three endings off
/// (`ada@mail.example.csv` reads as an address under `.csv` until then), and the value of each `key=value` with the
/// normalised name of its key, if that is a person's.
pub fn name_readings(name: &str) -> impl Iterator<Item = (Option<String>, &str)> {
    name_spellings(name).flat_map(|spelling| {
        let valued = spelling.split_once('=').map(|(name, value)| (is_key_name(name), value));
        std::iter::once((None, spelling)).chain(valued)
    })
}

/// The segments of a path, each as it is and with up to three endings off.
pub fn name_spellings(name: &str) -> impl Iterator<Item = &str> {
    name.split('/').flat_map(spellings)
}

fn spellings(segment: &str) -> impl Iterator<Item = &str> {
    let endings = segment.rmatch_indices('.').map(|(place, _)| &segment[..place]);
    std::iter::once(segment).chain(endings).take(1 + ENDINGS_MAX)
}

/// A path as those see it who have no right to personal data: segments that tell of somebody read `***`, but for their endings
/// and the keys before their values (`exports/***.csv.gz`, `email=***`). What is personal only beside other data, such as a city,
/// stays.
pub fn hide_persons(path: &str) -> Cow<'_, str> {
    hide_persons_but(path, &|_| false)
}

/// Like [`hide_persons`], but for kinds of which somebody said that they are a false alarm.
pub fn hide_persons_but<'p>(path: &'p str, is_false_alarm: &dyn Fn(&str) -> bool) -> Cow<'p, str> {
    let mut spans = Vec::new();
    let mut hidden: Option<Vec<Cow<'p, str>>> = None;
    for (at, segment) in path.split('/').enumerate() {
        // A member's place in its archive is written `a.zip!/b.csv`.
        let (name, mark) = segment.strip_suffix('!').map_or((segment, ""), |name| (name, "!"));
        let mut telling = None;
        for spelling in spellings(name) {
            if tells(spelling, &mut spans, is_false_alarm) {
                telling = Some(spelling);
            }
        }
        if let Some(spelling) = telling {
            let all = hidden.get_or_insert_with(|| path.split('/').map(Cow::Borrowed).collect());
            let key = spelling.split_once('=').map_or("", |(key, _)| &spelling[..=key.len()]);
            let key = if tells(key, &mut spans, is_false_alarm) { "" } else { key };
            all[at] = format!("{key}{HIDDEN}{}{mark}", &name[spelling.len()..]).into();
        }
    }
    hidden.map_or(Cow::Borrowed(path), |segments| segments.join("/").into())
}

/// Whether a name tells of somebody.
fn tells(name: &str, spans: &mut Vec<Span>, is_false_alarm: &dyn Fn(&str) -> bool) -> bool {
    spans.clear();
    recognise(name, spans);
    spans.iter().any(|span| Category::of(span.kind) != Category::Indirect && !is_false_alarm(span.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_of_somebody_is_hidden_and_the_rest_of_a_path_stays() {
        for (path, shown) in [
            ("exports/zoe.quist@mail.example.csv", "exports/***.csv"),
            ("exports/zoe.quist@mail.example.csv.gz", "exports/***.csv.gz"),
            ("users/email=zoe.quist@mail.example/part-0.parquet", "users/email=***/part-0.parquet"),
            (
                "s3://lake/zoe.quist%40mail.example/a.zip!/zoe.quist@mail.example.txt",
                "s3://lake/***/a.zip!/***.txt",
            ),
            ("by/zoe.quist@mail.example.zip!/a.csv", "by/***.zip!/a.csv"),
            ("calls/+49 30 901820.wav", "calls/***.wav"),
            (
                "raw/orders/dt=2024-05-01/part-00000.snappy.parquet",
                "raw/orders/dt=2024-05-01/part-00000.snappy.parquet",
            ),
            ("", ""),
        ] {
            assert_eq!(hide_persons(path), shown, "{path}");
        }
        let kept = hide_persons_but("exports/zoe.quist@mail.example.csv", &|kind| kind == "EMAIL_ADDRESS");
        assert_eq!(kept, "exports/zoe.quist@mail.example.csv", "somebody said that it is a false alarm");
    }
}
