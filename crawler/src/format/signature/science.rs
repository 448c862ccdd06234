//! Measurements, models and statistics: scientific containers and the data files of statistics packages.

use super::{Signature, begins, has, holds, is_binary, u16_be, u16_le, u32_be, u32_le};
use crate::format::Head;

/// Signatures of scientific formats.
pub(super) static SIGNATURES: &[Signature] = &[
    begins("feather", "application/vnd.apache.feather", b"FEA1"),
    begins("npy", "application/x-npy", b"\x93NUMPY"),
    begins("matlab", "application/x-matlab-data", b"MATLAB 7.3 MAT-file"),
    begins("matlab", "application/x-matlab-data", b"MATLAB 5.0 MAT-file"),
    begins("hdf5", "application/x-hdf5", b"\x89HDF\r\n\x1a\n"),
    // A block of the user's own may come first (HDF5 file format 3.0, §II.A).
    begins("hdf5", "application/x-hdf5", b"\x89HDF\r\n\x1a\n").at(512),
    begins("hdf5", "application/x-hdf5", b"\x89HDF\r\n\x1a\n").at(1024),
    begins("hdf5", "application/x-hdf5", b"\x89HDF\r\n\x1a\n").at(2048),
    begins("hdf4", "application/x-hdf", b"\x0e\x03\x13\x01"),
    begins("netcdf", "application/x-netcdf", b"CDF\x01"),
    begins("netcdf", "application/x-netcdf", b"CDF\x02"),
    begins("netcdf", "application/x-netcdf", b"CDF\x05"),
    begins("grib", "application/x-grib", b"GRIB").and(|head| matches!(head.bytes.get(7), Some(1 | 2))),
    begins("grib", "application/x-bufr", b"BUFR").and(|head| matches!(head.bytes.get(7), Some(0..=4))),
    begins("fits", "application/fits", b"SIMPLE  =")
        .and(|head| holds(head, 30, b" T") || holds(head, 30, b" F")),
    begins("dicom", "application/dicom", b"DICM").at(128),
    begins("pcap", "application/vnd.tcpdump.pcap", b"\xd4\xc3\xb2\xa1"),
    begins("pcap", "application/vnd.tcpdump.pcap", b"\xa1\xb2\xc3\xd4"),
    begins("pcap", "application/vnd.tcpdump.pcap", b"\x4d\x3c\xb2\xa1"),
    begins("pcap", "application/vnd.tcpdump.pcap", b"\xa1\xb2\x3c\x4d"),
    begins("pcap", "application/x-pcapng", b"\x0a\x0d\x0d\x0a")
        .and(|head| matches!(u32_le(head, 8), Some(0x1a2b_3c4d | 0x4d3c_2b1a))),
    begins("warc", "application/warc", b"WARC/"),
    begins("warc", "application/x-internet-archive", b"filedesc://"),
    begins("las", "application/vnd.las", b"LASF").and(is_binary),
    begins("sas", "application/x-sas-data", SAS_DATA),
    begins("sas", "application/x-sas-catalog", SAS_CATALOG),
    begins("sas", "application/x-sas-xport", b"HEADER RECORD*******LIB"),
    begins("spss", "application/x-spss-sav", b"$FL2@(#)"),
    begins("spss", "application/x-spss-sav", b"$FL3@(#)"),
    begins("spss", "application/x-spss-por", b"").and(|head| holds(head, 512, b"SPSS PORT FILE")),
    begins("stata", "application/x-stata-dta", b"<stata_dta><header><release>"),
    begins("rdata", "application/x-rdata", b"RDX2\n"),
    begins("rdata", "application/x-rdata", b"RDX3\n"),
    begins("rdata", "application/x-rdata", b"RDA2\n"),
    begins("rdata", "application/x-rdata", b"RDA3\n"),
    begins("rdata", "application/x-rds", b"X\n\0\0\0").and(|head| matches!(head.bytes.get(5), Some(2 | 3))),
    begins("rdata", "application/x-rds", b"A\n2\n").and(|head| head.is_named(&["rds"])),
    begins("rdata", "application/x-rds", b"A\n3\n").and(|head| head.is_named(&["rds"])),
    begins("rcfile", "application/x-hadoop-rcfile", b"RCF\x01"),
    begins("rcfile", "application/x-hadoop-rcfile", b"SEQ")
        .and(|head| is_sequence(head) && holds(head, 512, b"RCFile$KeyBuffer")),
    begins("sequencefile", "application/x-hadoop-sequencefile", b"SEQ").and(is_sequence),
    begins("puffin", "application/x-iceberg-puffin", b"PFA1"),
    // A version, the first bitmap's length, and the number that its bytes begin with (Delta protocol, "Deletion Vector Format").
    begins("deletion_vector", "application/x-delta-deletion-vector", b"\xd1\xd3\x39\x64")
        .at(5)
        .and(|head| head.bytes[0] == 1 && u32_be(head, 1).is_some_and(|length| length >= 12)),
    begins("hudi_log", "application/x-hudi-log", b"#HUDI#"),
    begins("gguf", "application/x-gguf", b"GGUF"),
    begins("ggml", "application/x-ggml", b"lmgg"),
    begins("ggml", "application/x-ggml", b"tjgg"),
    begins("tflite", "application/x-tflite", b"TFL3").at(4),
];

/// Signs that need a check, or a name.
pub(super) static FAINT: &[Signature] = &[
    begins("stata", "application/x-stata-dta", b"").and(is_old_stata).weak(0.85),
    begins("matlab", "application/x-matlab-data", b"")
        .and(|head| head.is_named(&["mat"]) && is_matlab4(head))
        .weak(0.85),
    begins("matlab", "application/x-matlab-data", b"")
        .and(|head| head.is_named(&["mat"]) && is_matlab5(head))
        .weak(0.9),
    begins("dicom", "application/dicom", b"")
        .and(|head| head.is_named(&["dcm", "dicom"]) && is_bare_dicom(head))
        .weak(0.85),
    begins("bson", "application/bson", b"").and(is_bson).weak(0.85),
];

const SAS_DATA: &[u8] =
    b"\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\0\x09\xc7\x31\x8c\x18\x1f\x10\x11";
const SAS_CATALOG: &[u8] =
    b"\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x63\xb3\x14\x11\xcf\xbd\x92\x08\0\x09\xc7\x31\x8c\x18\x1f\x10\x11";

/// A version, then the name of the keys' class (Hadoop's `SequenceFile.java`).
fn is_sequence(head: &Head<'_>) -> bool {
    matches!(head.bytes, [_, _, _, 0..=6, length, first, ..]
        if *length > 3 && (first.is_ascii_alphabetic() || *length > 127))
}

/// Releases 104 to 115: release, byte order, file type, nothing, number of variables.
fn is_old_stata(head: &Head<'_>) -> bool {
    let variables = match head.bytes {
        [104..=115, 1, 1, 0, ..] => u16_be(head, 4),
        [104..=115, 2, 1, 0, ..] => u16_le(head, 4),
        _ => None,
    };
    variables.is_some_and(|count| count > 0)
}

/// Level 4 (MathWorks, "MAT-File Format", §2): type, rows, columns, imaginary part, length of a name that ends in zero.
fn is_matlab4(head: &Head<'_>) -> bool {
    let read = if u32_le(head, 0).is_some_and(|kind| kind < 100) { u32_le } else { u32_be };
    let field = |at: usize| read(head, at).unwrap_or(u32::MAX) as usize;
    let (kind, imaginary, length) = (field(0), field(12), field(16));
    kind % 1000 < 60
        && kind < 5000
        && imaginary < 2
        && (1..256).contains(&length)
        && head.bytes.get(20 + length - 1) == Some(&0)
}

/// Level 5 with a text of its own: version 1 and the mark of byte order end the header.
fn is_matlab5(head: &Head<'_>) -> bool {
    has(head, 124, b"\0\x01IM") || has(head, 124, b"\x01\0MI")
}

/// A data set without the preamble: elements of the first groups, in order.
fn is_bare_dicom(head: &Head<'_>) -> bool {
    matches!(head.bytes, [2 | 8, 0, _, 0, ..] | [0, 2 | 8, 0, _, ..]) && is_binary(head)
}

/// One document that is as long as it says and ends in zero (bsonspec.org); several only if their name says so.
fn is_bson(head: &Head<'_>) -> bool {
    let length = u32_le(head, 0).unwrap_or_default() as usize;
    let element = matches!(head.bytes.get(4), Some(1..=0x13));
    let named = head.is_named(&["bson"]);
    let ends = head.bytes.get(length.wrapping_sub(1)) == Some(&0);
    length >= 5
        && element
        && ends
        && is_binary(head)
        && (named || head.complete && length == head.bytes.len())
}
