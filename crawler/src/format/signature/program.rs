//! Programs and their parts.

use super::{Signature, begins, has, is_binary, u16_be, u16_le, u32_be, u32_le};
use crate::format::Head;

const PROGRAM: &str = "program";

/// Signatures of programs.
pub(super) static SIGNATURES: &[Signature] = &[
    begins(PROGRAM, "application/x-object", b"\x7fELF").and(|head| elf_type(head) == Some(1)),
    begins(PROGRAM, "application/x-executable", b"\x7fELF").and(|head| elf_type(head) == Some(2)),
    begins(PROGRAM, "application/x-sharedlib", b"\x7fELF").and(|head| elf_type(head) == Some(3)),
    begins(PROGRAM, "application/x-coredump", b"\x7fELF").and(|head| elf_type(head) == Some(4)),
    begins(PROGRAM, "application/x-executable", b"\x7fELF"),
    begins(PROGRAM, "application/x-mach-binary", b"\xfe\xed\xfa\xce"),
    begins(PROGRAM, "application/x-mach-binary", b"\xfe\xed\xfa\xcf"),
    begins(PROGRAM, "application/x-mach-binary", b"\xce\xfa\xed\xfe"),
    begins(PROGRAM, "application/x-mach-binary", b"\xcf\xfa\xed\xfe"),
    // Java and Apple chose the same number: versions of Java begin at 43, and nobody joins that many architectures.
    begins(PROGRAM, "application/java-vm", b"\xca\xfe\xba\xbe")
        .and(|head| u16_be(head, 6).is_some_and(|version| (43..100).contains(&version))),
    begins(PROGRAM, "application/x-mach-binary", b"\xca\xfe\xba\xbe")
        .and(|head| u32_be(head, 4).is_some_and(|count| (1..43).contains(&count))),
    begins(PROGRAM, "application/wasm", b"\0asm"),
    begins(PROGRAM, "application/vnd.android.dex", b"dex\n0"),
    begins(PROGRAM, "application/vnd.microsoft.portable-executable", b"MZ").and(is_portable_executable),
    begins(PROGRAM, "application/x-dosexec", b"MZ").and(is_binary),
    begins(PROGRAM, "application/x-bytecode.lua", b"\x1bLua"),
    begins(PROGRAM, "application/x-llvm", b"BC\xc0\xde"),
    begins(PROGRAM, "application/x-archive", b"!<thin>\n"),
];

/// Signs that need a check.
pub(super) static FAINT: &[Signature] = &[
    begins(PROGRAM, "application/x-bytecode.python", b"\x0d\x0d\x0a")
        .at(1)
        .and(|head| head.bytes.first().is_some_and(|_| is_binary(head)) && head.bytes.len() > 16)
        .weak(0.8),
    begins(PROGRAM, "application/x-bytecode.python", b"\r\n")
        .at(2)
        .and(|head| is_binary(head) && head.is_named(&["pyc", "pyo"]))
        .weak(0.85),
    begins(PROGRAM, "application/x-coff", b"").and(is_coff).weak(0.7),
    begins(PROGRAM, "application/octet-stream", b"\xeb\x3c\x90")
        .and(|head| has(head, 510, b"\x55\xaa"))
        .weak(0.3),
];

/// Type of an ELF file, in its byte order.
fn elf_type(head: &Head<'_>) -> Option<u16> {
    if head.bytes.get(5) == Some(&2) { u16_be(head, 16) } else { u16_le(head, 16) }
}

/// The header that DOS never looks at is where its first header says.
fn is_portable_executable(head: &Head<'_>) -> bool {
    u32_le(head, 60).is_some_and(|place| has(head, place as usize, b"PE\0\0"))
}

/// Objects of x86 compilers under Windows: a machine, few sections, no optional header.
fn is_coff(head: &Head<'_>) -> bool {
    matches!(u16_le(head, 0), Some(0x14c | 0x8664))
        && u16_le(head, 2).is_some_and(|sections| (1..100).contains(&sections))
        && u16_le(head, 16) == Some(0)
        && head.is_named(&["obj", "o"])
}
