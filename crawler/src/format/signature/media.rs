//! Sound, moving pictures and fonts.

use super::picture::is_brand;
use super::{Signature, begins, has, holds, is_binary, u16_be, u32_be, u32_le};
use crate::format::Head;

const AUDIO: &str = "audio";
const VIDEO: &str = "video";
const FONT: &str = "font";

/// Signatures of sound, moving pictures and fonts.
pub(super) static SIGNATURES: &[Signature] = &[
    begins(AUDIO, "audio/vnd.wave", b"RIFF").and(|head| has(head, 8, b"WAVE")),
    begins(AUDIO, "audio/vnd.wave", b"RF64").and(|head| has(head, 8, b"WAVE")),
    begins(AUDIO, "audio/vnd.wave", b"RIFX").and(|head| has(head, 8, b"WAVE")),
    begins(AUDIO, "audio/qcelp", b"RIFF").and(|head| has(head, 8, b"QLCM")),
    begins(AUDIO, "audio/midi", b"RIFF").and(|head| has(head, 8, b"RMID")),
    begins(VIDEO, "video/vnd.avi", b"RIFF").and(|head| has(head, 8, b"AVI ")),
    begins(AUDIO, "audio/flac", b"fLaC"),
    begins(VIDEO, "video/ogg", b"OggS")
        .and(|head| has(head, 28, b"\x80theora") || has(head, 28, b"\x01video")),
    begins(VIDEO, "video/ogg", b"OggS").and(|head| has(head, 28, b"fishead") && holds(head, 4096, b"theora")),
    begins(AUDIO, "audio/ogg", b"OggS"),
    begins(AUDIO, "audio/x-aiff", b"FORM").and(|head| has(head, 8, b"AIFF") || has(head, 8, b"AIFC")),
    begins(AUDIO, "audio/midi", b"MThd\0\0\0\x06"),
    begins(AUDIO, "audio/AMR", b"#!AMR\n"),
    begins(AUDIO, "audio/AMR-WB", b"#!AMR-WB\n"),
    begins(AUDIO, "audio/x-ape", b"MAC ").and(is_binary),
    begins(AUDIO, "audio/x-wavpack", b"wvpk"),
    begins(AUDIO, "audio/basic", b".snd\0\0"),
    begins(AUDIO, "audio/x-musepack", b"MPCK"),
    begins(AUDIO, "audio/x-musepack", b"MP+").and(is_binary),
    begins(AUDIO, "audio/x-voc", b"Creative Voice File\x1a"),
    begins(AUDIO, "audio/x-caf", b"caff\0\x01"),
    begins(AUDIO, "audio/x-dsf", b"DSD \x1c\0\0\0"),
    begins(AUDIO, "audio/x-xm", b"Extended Module: "),
    begins(AUDIO, "audio/x-it", b"IMPM").and(is_binary),
    begins(AUDIO, "audio/x-s3m", b"SCRM").at(44),
    begins(AUDIO, "audio/x-mod", b"M.K.").at(1080),
    begins(AUDIO, "audio/x-mod", b"M!K!").at(1080),
    begins(AUDIO, "audio/flac", b"ID3").and(|head| after_tag(head).starts_with(b"fLaC")),
    begins(AUDIO, "audio/aac", b"ID3").and(|head| frames(after_tag(head), adts)),
    begins(AUDIO, "audio/mpeg", b"ID3").and(|head| matches!(head.bytes, [_, _, _, 2..=4, 0..=9, ..])),
    begins(AUDIO, "audio/mp4", b"ftypM4A").at(4),
    begins(AUDIO, "audio/mp4", b"ftypM4B").at(4),
    begins(AUDIO, "audio/mp4", b"ftypM4P").at(4),
    begins(VIDEO, "video/quicktime", b"ftypqt").at(4),
    begins(VIDEO, "video/3gpp2", b"ftyp3g2").at(4),
    begins(VIDEO, "video/3gpp", b"ftyp3g").at(4),
    begins(VIDEO, "video/x-m4v", b"ftypM4V").at(4),
    begins(VIDEO, "video/mp4", b"ftyp").at(4).and(|head| {
        u32_be(head, 0).is_some_and(|length| length <= 4096) && !is_brand(head, &[b"jp2 ", b"jpx "])
    }),
    begins(VIDEO, "video/quicktime", b"moov").at(4).and(is_atom),
    begins(VIDEO, "video/quicktime", b"mdat").at(4).and(is_atom),
    begins(VIDEO, "video/quicktime", b"wide").at(4).and(is_atom),
    begins(VIDEO, "video/quicktime", b"pnot").at(4).and(is_atom),
    begins(VIDEO, "video/quicktime", b"free").at(4).and(is_atom),
    begins(VIDEO, "video/quicktime", b"skip").at(4).and(is_atom),
    begins(VIDEO, "video/webm", b"\x1a\x45\xdf\xa3").and(|head| holds(head, 256, b"webm")),
    begins(VIDEO, "video/matroska", b"\x1a\x45\xdf\xa3"),
    begins(VIDEO, "video/x-flv", b"FLV\x01"),
    begins(VIDEO, "application/vnd.ms-asf", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    begins(VIDEO, "video/mpeg", b"\0\0\x01\xba"),
    begins(VIDEO, "video/mpeg", b"\0\0\x01\xb3"),
    begins(VIDEO, "video/H264", b"\0\0\0\x01\x67"),
    begins(VIDEO, "application/vnd.adobe.flash.movie", b"FWS").and(is_flash),
    begins(VIDEO, "application/vnd.adobe.flash.movie", b"CWS").and(is_flash),
    begins(VIDEO, "application/vnd.adobe.flash.movie", b"ZWS").and(is_flash),
    begins(VIDEO, "application/vnd.rn-realmedia", b".RMF\0"),
    begins(AUDIO, "audio/vnd.rn-realaudio", b".ra\xfd\0"),
    begins(VIDEO, "application/mxf", b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02"),
    begins(VIDEO, "video/x-ivf", b"DKIF\0\0"),
    begins(VIDEO, "video/x-fli", b"\x11\xaf")
        .at(4)
        .and(|head| has(head, 14, b"\x03\0") || has(head, 14, b"\0\0")),
    begins(VIDEO, "video/x-fli", b"\x12\xaf").at(4).and(|head| has(head, 14, b"\x03\0")),
    begins(VIDEO, "video/mp2t", b"\x47").and(|head| is_repeated(head, 0, 188)),
    begins(VIDEO, "video/mp2t", b"\x47").at(4).and(|head| is_repeated(head, 4, 192)),
    begins(FONT, "font/woff", b"wOFF"),
    begins(FONT, "font/woff2", b"wOF2"),
    begins(FONT, "font/otf", b"OTTO\0"),
    begins(FONT, "font/ttf", b"true\0"),
    begins(FONT, "font/ttf", b"\0\x01\0\0\0").and(is_font),
    begins(FONT, "font/collection", b"ttcf\0"),
    begins(FONT, "application/vnd.ms-fontobject", b"LP").at(34).and(|head| {
        has(head, 64, b"\0\0\0\0") && matches!(u32_le(head, 8), Some(0x0001_0000 | 0x0002_0001 | 0x0002_0002))
    }),
    begins(FONT, "application/x-font-type1", b"%!PS-AdobeFont-1"),
    begins(FONT, "application/x-font-type1", b"%!FontType1"),
    begins(FONT, "application/x-font-type1", b"\x80\x01").and(|head| has(head, 6, b"%!PS-AdobeFont")),
    begins(FONT, "application/x-font-adobe-metric", b"StartFontMetrics "),
    begins(FONT, "application/x-font-bdf", b"STARTFONT "),
    begins(FONT, "application/x-font-pcf", b"\x01fcp"),
];

/// Frames of sound without a header: their sync words are a few bits.
pub(super) static FAINT: &[Signature] = &[
    begins(AUDIO, "audio/aac", b"\xff").and(|head| is_binary(head) && frames(head.bytes, adts)).weak(0.9),
    begins(AUDIO, "audio/mpeg", b"\xff").and(|head| is_binary(head) && frames(head.bytes, mpeg)).weak(0.9),
    begins(AUDIO, "audio/mpeg", b"").and(|head| head.is_named(&["mp3"]) && padded(head)).weak(0.9),
    begins(AUDIO, "audio/ac3", b"\x0b\x77").and(is_binary).weak(0.85),
];

fn is_atom(head: &Head<'_>) -> bool {
    is_binary(head) && u32_be(head, 0).is_some_and(|length| length == 1 || length >= 8)
}

/// A version that there was, and a length that is more than the header's.
fn is_flash(head: &Head<'_>) -> bool {
    head.bytes.get(3).is_some_and(|version| (1..60).contains(version)) && is_binary(head)
}

/// The sync byte of a transport stream at the beginning of packet after packet.
fn is_repeated(head: &Head<'_>, from: usize, packet: usize) -> bool {
    let places = (from..head.bytes.len()).step_by(packet).take(5);
    places.clone().count() >= 3 && places.into_iter().all(|place| head.bytes[place] == 0x47)
}

/// A table directory (OpenType 1.9, "Table Directory"): some tables, the first of which has a name of letters.
fn is_font(head: &Head<'_>) -> bool {
    let count = u16_be(head, 4).unwrap_or_default();
    let named = head.bytes.get(12..16).is_some_and(|name| {
        name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'/'))
    });
    (1..=100).contains(&count) && named
}

/// What follows a tag (ID3v2.4 §3.1): its length has seven bits a byte.
fn after_tag<'a>(head: &Head<'a>) -> &'a [u8] {
    let Some([a, b, c, d]) = head.bytes.get(6..10) else {
        return &[];
    };
    let length = [a, b, c, d].iter().fold(0, |length, byte| length << 7 | usize::from(**byte & 0x7f));
    head.bytes.get(10 + length..).unwrap_or_default()
}

/// Zero bytes before the first frame, as some encoders leave.
fn padded(head: &Head<'_>) -> bool {
    let start = head.bytes.iter().position(|byte| *byte != 0).unwrap_or_default();
    start < 8192 && frames(&head.bytes[start..], mpeg)
}

/// Whether two frames follow each other at least, as far as they are at hand.
fn frames(bytes: &[u8], length: fn(&[u8]) -> Option<usize>) -> bool {
    let (mut place, mut count) = (0, 0);
    while count < 4 {
        let Some(frame) = bytes.get(place..).filter(|rest| rest.len() >= 8) else {
            break;
        };
        let Some(length) = length(frame) else {
            return false;
        };
        place += length;
        count += 1;
    }
    count >= 2
}

/// Length of a frame of MPEG audio (ISO/IEC 11172-3 §2.4.1.3, 13818-3).
fn mpeg(frame: &[u8]) -> Option<usize> {
    const RATES: [[usize; 15]; 5] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let &[0xff, second, third, ..] = frame else {
        return None;
    };
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    let (rate, sampling) = (usize::from(third >> 4), usize::from(third >> 2 & 3));
    if second & 0xe0 != 0xe0 || version == 1 || layer == 0 || rate == 0 || rate == 15 || sampling == 3 {
        return None;
    }
    let first = version == 3;
    let table = match (first, layer) {
        (true, 3) => 0,
        (true, 2) => 1,
        (true, _) => 2,
        (false, 3) => 3,
        (false, _) => 4,
    };
    let hertz = [44_100, 48_000, 32_000][sampling] >> [2, 0, 1, 0][usize::from(version)];
    let (bits, padding) = (RATES[table][rate] * 1000, usize::from(third >> 1 & 1));
    Some(match layer {
        3 => (12 * bits / hertz + padding) * 4,
        1 if !first => 72 * bits / hertz + padding,
        _ => 144 * bits / hertz + padding,
    })
}

/// Length of a frame of AAC (ISO/IEC 13818-7 §6.2).
fn adts(frame: &[u8]) -> Option<usize> {
    let &[0xff, second, third, fourth, fifth, sixth, ..] = frame else {
        return None;
    };
    let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth) >> 5;
    (second & 0xf6 == 0xf0 && third >> 2 & 15 < 13 && length > 7).then_some(length)
}
