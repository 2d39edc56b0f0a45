//! Four bytes each that say: from here on something is packed, in the middle of a file. They are found along with the
//! anchors, in the same pass.
//!
//! Must not know: how it is unpacked.

use super::anchors::ANCHOR;

/// What begins, or ends, at such a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) enum Sign {
    /// A gzip in base64: what Terraform, cloud-init and Helm write.
    CodedGzip,
    /// The same in base64 once more: a Helm release in a Kubernetes Secret.
    CodedTwice,
    /// A zip in base64.
    CodedZip,
    /// A gzip after something else: an installer, an image of a disk.
    Gzip,
    /// The end of a zip, whatever comes before it.
    ZipEnd,
    /// The end of the mark in a header of a tar.
    Tar,
}

/// Rare in what is not packed; the marks of tar in POSIX's writing and GNU's.
pub(super) const ALL: [([u8; ANCHOR], Sign); 8] = [
    (*b"H4sI", Sign::CodedGzip),
    (*b"SDRz", Sign::CodedTwice),
    (*b"UEsD", Sign::CodedZip),
    (*b"\x1f\x8b\x08\x00", Sign::Gzip),
    (*b"\x1f\x8b\x08\x08", Sign::Gzip),
    (*b"PK\x05\x06", Sign::ZipEnd),
    (*b"r\x0000", Sign::Tar),
    (*b"r  \x00", Sign::Tar),
];

impl Sign {
    /// What the bytes at `at` say.
    pub(in crate::git) fn at(hay: &[u8], at: usize) -> Option<Self> {
        let here = hay.get(at..at.checked_add(ANCHOR)?)?;
        ALL.iter().find(|(bytes, _)| bytes == here).map(|(_, sign)| *sign)
    }
}
