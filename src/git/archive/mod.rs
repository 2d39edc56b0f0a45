//! Files within files: what gzip, zip and tar hold, and their nestings, within bounds. What a bound cut off, and what is
//! packed in a way this program can't read, is told, never passed over.
//!
//! `look` walks through as a stream and searches, `coded` reads base64 in the middle of a text; `repack` writes the same archive with the key taken out; `tar` and `zip`
//! read the two formats' headers. All of it is bytes of strangers: no length is believed before it is held against
//! what is there.
//!
//! Must not know: repositories, what is done about a finding.

mod coded;
mod look;
mod repack;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

use super::needle::Search;

/// How far is looked. Generous for what people commit, small for bombs.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'a> {
    /// Archives within archives.
    pub(super) depth: usize,
    /// Bytes unpacked from one blob, all levels together.
    pub(super) bytes: u64,
    /// Unpacked bytes for each byte of the blob, counted from [`Self::free`] on.
    pub(super) ratio: u64,
    /// Unpacked bytes that no ratio is asked of.
    pub(super) free: u64,
    /// Files in one blob, all levels together.
    pub(super) files: u64,
    /// Bytes of what must be held in memory at once: a zip within another archive, and all that is repacked.
    pub(super) held: u64,
    /// Asked often; true ends the look.
    pub(super) stop: &'a (dyn Fn() -> bool + Sync),
}

impl std::fmt::Debug for Bounds<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bounds({} deep, {} bytes)", self.depth, self.bytes)
    }
}

impl<'a> Bounds<'a> {
    pub(super) fn new(stop: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self { depth: 8, bytes: 1 << 30, ratio: 400, free: 32 << 20, files: 100_000, held: 256 << 20, stop }
    }
}

/// One file within an archive that holds a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inside {
    /// `gzip > tar > app/.env`, names masked.
    pub(super) place: String,
    /// `plain`, `base64`, …
    pub(super) form: &'static str,
    /// Which of the keys.
    pub(super) key: usize,
}

impl std::fmt::Display for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.form)
    }
}

/// One part of an archive that was not looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unseen {
    /// As in [`Inside::place`].
    pub(super) place: String,
    pub(super) why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Why {
    /// Packed in a way that is known and not read.
    Kind(&'static str),
    Encrypted,
    Damaged,
    /// A bound: of what.
    Bound(&'static str),
}

impl Why {
    pub(super) fn words(self) -> String {
        match self {
            Self::Kind(name) => format!("{name} is not unpacked by this program"),
            Self::Encrypted => "it is encrypted".into(),
            Self::Damaged => "it is damaged or only looks like an archive".into(),
            Self::Bound(what) => format!("more than the bound on {what}"),
        }
    }
}

/// What a look into one blob gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Looked {
    pub(super) inside: Vec<Inside>,
    pub(super) unseen: Vec<Unseen>,
    /// Bytes unpacked.
    pub(super) bytes: u64,
}

/// What a file is by its first bytes (and, for a zip with something before it, its last).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Gzip,
    Zip,
    Tar,
    /// Hides its content from a search, and is not unpacked here.
    Other(&'static str),
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::Other(name) => name,
        }
    }

    /// Whether this program can unpack it.
    pub(super) fn opens(self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

/// Bytes of a file's start that tell what it is.
pub(super) const HEAD: usize = 512;

const OTHERS: [(&[u8], &str); 15] = [
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x1f\x9d", "compress"),
    (b"\x5d\0\0\x80\0\xff", "lzma"),
    (b"LZIP", "lzip"),
    (b"MSCF", "cabinet"),
    (b"\xed\xab\xee\xdb", "rpm"),
    (b"%PDF-", "what is compressed in a PDF"),
    (b"PAR1", "parquet"),
    (b"PACK\0\0\0\x02", "a pack of git"),
    (b"hsqs", "squashfs"),
];

/// Whether a search of the bytes themselves is not enough. `bytes`: the whole file, or its start of [`HEAD`] bytes or more.
pub(super) fn looks_like(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(b"\x1f\x8b\x08") {
        return Some(Kind::Gzip);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") || zip::ends_like_one(bytes) {
        return Some(Kind::Zip);
    }
    if bytes.get(..HEAD).is_some_and(tar::is_header) {
        return Some(Kind::Tar);
    }
    // The letters and digit after `BZh` are fixed, too; text may begin with three letters.
    let bzip2 = |head: &[u8]| head != b"BZh" || bytes.get(4..7) == Some(b"1AY") || bytes.get(4..6) == Some(b"\x17\x72");
    OTHERS.iter().find(|(head, _)| bytes.starts_with(head) && bzip2(head)).map(|(_, name)| Kind::Other(name))
}

/// Every file in the archive `bytes` that holds a key.
pub(super) fn search(search: &Search<'_>, bytes: &[u8], bounds: &Bounds<'_>) -> Looked {
    look::blob(search, bytes, bounds)
}

/// The archive `bytes` with each key inside replaced and all else as it was; `None`: there is none inside. The same
/// bytes always give the same result.
pub(super) fn repacked(
    search: &Search<'_>,
    bytes: &[u8],
    bounds: &Bounds<'_>,
) -> std::result::Result<Option<Vec<u8>>, repack::No> {
    repack::blob(search, bytes, bounds)
}

/// Whether something in `bytes` can be unpacked: it is an archive, or one may begin in the middle of it.
pub(super) fn opens(of: &Search<'_>, bytes: &[u8]) -> bool {
    looks_like(bytes).is_some_and(Kind::opens) || of.signs(bytes).next().is_some()
}

/// Whether a key is packed inside of `bytes`.
pub(super) fn holds(of: &Search<'_>, bytes: &[u8], stop: &(dyn Fn() -> bool + Sync)) -> bool {
    opens(of, bytes) && !search(of, bytes, &Bounds::new(stop)).inside.is_empty()
}
