//! Names in Han, kana and Hangul, where no blank and no capital marks a word: a known surname behind or before a phrase
//! that announces a person.

use super::super::Span;
use super::super::text::is_unspaced;
use super::words::cjk_surname;

/// Phrases that a name follows.
#[rustfmt::skip]
const BEFORE: &[&str] = &[
    "我是", "我叫", "姓名", "姓名:", "姓名：", "名字是", "名叫", "收件人", "收件人:", "收件人：", "联系人", "联系人:", "联系人：", "客户",
    "客户:", "客户：", "患者", "尊敬的", "亲爱的", "氏名", "氏名:", "氏名：", "お名前", "名前は", "名前:", "名前：", "担当者", "担当:", "担当：",
    "患者名", "이름은 ", "이름: ", "이름 ", "성명: ", "성명 ", "저는 ", "고객 ", "환자 ", "담당자 ",
];
/// Phrases that follow a name.
#[rustfmt::skip]
const AFTER: &[&str] = &[
    "と申します", "といいます", "と言います", "です", "様", "さん", "さま", "殿", "氏", "先生", "女士", "小姐", "입니다", "님", "씨", "이라고",
    "라고", "이에요", "예요", "선생님", "고객님",
];
const NAME_CHARS_MAX: usize = 6;

pub(super) fn find(text: &str, out: &mut Vec<Span>) {
    for phrase in BEFORE {
        for at in memchr::memmem::find_iter(text.as_bytes(), phrase) {
            let start = at + phrase.len();
            let run: usize = text[start..]
                .chars()
                .take(NAME_CHARS_MAX)
                .take_while(|c| is_name_char(*c))
                .map(char::len_utf8)
                .sum();
            push_if_name(start, cut_after(&text[start..start + run]), out);
        }
    }
    for phrase in AFTER {
        for end in memchr::memmem::find_iter(text.as_bytes(), phrase) {
            let run: usize = text[..end]
                .chars()
                .rev()
                .take(NAME_CHARS_MAX)
                .take_while(|c| is_name_char(*c))
                .map(char::len_utf8)
                .sum();
            let run = with_surname_apart(&text[..end], run);
            let name = &text[end - run..end];
            let fresh = text[..end - run].chars().next_back().is_none_or(|c| !is_unspaced(c));
            // `公開中です`: a predicate. What ends a sentence names somebody only if a name alone can stand there.
            let predicate = *phrase == "です" && !is_full_name(name, &text[..end - run]);
            if fresh && !predicate {
                push_if_name(end - run, name, out);
            }
        }
    }
}

/// Whether a surname of two signs or a blank inside says that a name of Japan stands there, or a topic before it does.
fn is_full_name(name: &str, before: &str) -> bool {
    let signs = name.chars().count();
    let introduced = ["は", "、", "が", "も"].iter().any(|particle| before.ends_with(particle)) && signs >= 4;
    let alone = before.chars().next_back().is_none_or(|c| matches!(c, '\n' | '。' | '：' | ':' | '「'));
    name.contains([' ', '\u{3000}'])
        || (cjk_surname(name).is_some_and(|length| length >= 6) && signs >= 3)
        || introduced
        || (alone && signs >= 3)
}

/// Takes in a surname that a blank parts from the given name (`小林 陽一`).
fn with_surname_apart(text: &str, run: usize) -> usize {
    let head = &text[..text.len() - run];
    let Some(blank) = head.chars().next_back().filter(|c| matches!(c, ' ' | '\u{3000}')) else { return run };
    let head = &head[..head.len() - blank.len_utf8()];
    let surname: usize =
        head.chars().rev().take(4).take_while(|c| is_name_char(*c)).map(char::len_utf8).sum();
    let longer = surname + blank.len_utf8() + run;
    if surname > 0 && whole(&text[text.len() - longer..]) == Some(true) { longer } else { run }
}

fn push_if_name(start: usize, name: &str, out: &mut Vec<Span>) {
    if whole(name) == Some(true) {
        let end = start + name.len();
        out.push(Span { start, end, kind: super::RECOGNISER.kind, subtype: None, confidence: 0.85 });
    }
}

/// A name behind a phrase ends where a phrase that follows names begins.
fn cut_after(name: &str) -> &str {
    let cut = AFTER.iter().filter_map(|a| name.find(a)).filter(|i| *i > 0).min();
    cut.map_or(name, |i| &name[..i])
}

/// For text wholly in these scripts, whether it is a surname with one to three characters behind; else `None`.
pub(super) fn whole(name: &str) -> Option<bool> {
    if name.is_empty() || !name.chars().all(|c| is_name_char(c) || c == ' ' || c == '\u{3000}') {
        return None;
    }
    let fits = cjk_surname(name).is_some_and(|surname| {
        let rest = name[surname..].chars().filter(|c| !c.is_whitespace()).count();
        (1..=3).contains(&rest)
    });
    Some(fits)
}

fn is_name_char(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{30A1}'..='\u{30FA}' | '々')
}
