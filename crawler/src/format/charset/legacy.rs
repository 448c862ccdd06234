//! Encodings of before Unicode that are neither ASCII nor Latin-1: Cyrillic, Greek, Hebrew, Arabic, Thai, Chinese, Japanese, Korean,
//! and those of Europe's other Latin alphabets. In all of them a line feed is a line feed.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

/// Bytes above ASCII from which on one Latin alphabet is told from another; with fewer, the commonest is as good a guess.
const LATIN_MIN: usize = 64;
/// Bytes above ASCII from which on a guess is taken at all.
const GUESS_MIN: usize = 8;
/// Letters among the characters above ASCII, in text of an alphabet with one byte a letter.
const LETTERS_MIN: f64 = 0.9;
/// Bytes that are looked at.
const LOOKED_AT: usize = 16 << 10;

/// Encodings whose letters are Latin.
const LATIN: [&str; 8] = [
    "windows-1250",
    "windows-1254",
    "windows-1257",
    "windows-1258",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "macintosh",
];

/// The encoding of bytes that are text, but not Unicode; `None` if they may as well be Latin-1, or no text.
pub(super) fn detect(bytes: &[u8], complete: bool) -> Option<&'static Encoding> {
    let complete = complete && bytes.len() <= LOOKED_AT;
    let bytes = &bytes[..bytes.len().min(LOOKED_AT)];
    let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
    if high < GUESS_MIN {
        return None;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, complete);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let is_latin_1 = guess == encoding_rs::WINDOWS_1252 || guess == encoding_rs::ISO_8859_15;
    if is_latin_1 || (LATIN.contains(&guess.name()) && high < LATIN_MIN) {
        return None;
    }
    reads(guess, bytes, complete).then_some(guess)
}

/// Whether bytes make sense in an encoding: its letters, and nothing that it does not have.
fn reads(encoding: &'static Encoding, bytes: &[u8], complete: bool) -> bool {
    let text = encoding.decode_without_bom_handling(bytes).0;
    // The head may end inside a character.
    let text = if complete { &*text } else { text.trim_end_matches(char::REPLACEMENT_CHARACTER) };
    let (mut beyond, mut letters) = (0_u32, 0_u32);
    for letter in text.chars().filter(|letter| !letter.is_ascii()) {
        if letter == char::REPLACEMENT_CHARACTER || ('\u{80}'..='\u{9f}').contains(&letter) {
            return false;
        }
        beyond += 1;
        // Signs of East Asian text stand in ranges of their own, between the letters.
        letters += u32::from(letter.is_alphabetic() || letter >= '\u{2000}' || letter == '\u{a0}');
    }
    beyond > 0 && f64::from(letters) >= f64::from(beyond) * LETTERS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text in its encoding is told as that, or as one that reads the same.
    #[test]
    fn text_of_many_alphabets_is_told() {
        let cases = [
            ("windows-1251", "имя,город,сумма\nАнна Петрова,Москва,12\nПётр Иванов,Тверь,7\n"),
            ("KOI8-R", "Уважаемая Анна, ваш заказ отправлен сегодня утром.\n"),
            ("IBM866", "Отчёт о работе за май: всё в порядке, ошибок нет.\n"),
            ("windows-1253", "όνομα;πόλη\nΆννα Παπαδοπούλου;Αθήνα\nΝίκος;Πάτρα\n"),
            ("windows-1255", "שם,עיר\nאנה לוי,חיפה\nדוד כהן,ירושלים\n"),
            ("windows-1256", "الاسم,المدينة\nآنا,القاهرة\nمحمد,بيروت\n"),
            ("Shift_JIS", "氏名,住所\n田中太郎,東京都千代田区\n山田花子,大阪市北区\n"),
            ("EUC-JP", "これは日本語の文章です。今日はいい天気ですね。\n"),
            ("GBK", "姓名,城市,金额\n王小明,北京市,12\n李雷,上海市,7\n"),
            ("Big5", "姓名,城市,金額\n王小明,臺北市,12\n林美玲,高雄市,7\n"),
            ("EUC-KR", "이름,도시\n김철수,서울특별시\n이영희,부산광역시\n"),
        ];
        for (name, text) in cases {
            let encoding = Encoding::for_label(name.as_bytes()).unwrap();
            let (bytes, _, lost) = encoding.encode(text);
            assert!(!lost, "{name}");
            let told = detect(&bytes, true).unwrap_or_else(|| panic!("{name} is not told"));
            assert_eq!(
                told.decode_without_bom_handling(&bytes).0,
                text,
                "{name} is taken for {}",
                told.name()
            );
        }
    }

    #[test]
    fn what_may_be_latin_1_or_no_text_is_left_alone() {
        let latin = "name;stadt\nJörg Müller;Köln\nRenée Noël;Besançon\nAña Ibáñez;Málaga\n";
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(latin);
        assert_eq!(detect(&bytes, true), None);
        let mut seed = 1_u32;
        let noise = |_: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8 | 0x20
        };
        assert_eq!(detect(&(0..4_096).map(noise).collect::<Vec<u8>>(), false), None);
    }
}
