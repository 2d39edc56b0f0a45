//! A new object as its difference from an old one of the same length, in which only ids changed.
//!
//! Must not know: where it is kept, who reads the old one.

use git2::Oid;

/// Bytes of an id, and of a place and an id.
pub(super) const ID: usize = 20;
pub(super) const CHANGE: usize = 4 + ID;
/// A larger object is kept whole.
const PATCHED: usize = 1 << 20;

/// How a new object differs from an old one of the same length.
#[derive(Debug)]
pub(in crate::git) struct Patch {
    pub(in crate::git) old: Oid,
    /// Where another id comes to stand, and which.
    pub(in crate::git) changes: Vec<(usize, Oid)>,
}

impl Patch {
    /// The new object made of the old one.
    pub(in crate::git) fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for (at, id) in &self.changes {
            if let Some(slot) = bytes.get_mut(*at..*at + ID) {
                slot.copy_from_slice(id.as_bytes());
            }
        }
        bytes
    }

    /// How it is kept; `None` when it saves nothing.
    pub(super) fn record(&self, size: usize) -> Option<Vec<u8>> {
        let length = ID + self.changes.len() * CHANGE;
        if self.changes.is_empty() || length >= size || size > PATCHED {
            return None;
        }
        let mut record = Vec::with_capacity(length);
        record.extend_from_slice(self.old.as_bytes());
        for (at, id) in &self.changes {
            record.extend_from_slice(&u32::try_from(*at).ok()?.to_le_bytes());
            record.extend_from_slice(id.as_bytes());
        }
        Some(record)
    }

    pub(super) fn parse(record: &[u8]) -> Option<Self> {
        let (old, rest) = record.split_at_checked(ID)?;
        let change = |change: &[u8]| {
            let (at, id) = change.split_first_chunk::<4>()?;
            Some((usize::try_from(u32::from_le_bytes(*at)).ok()?, Oid::from_bytes(id).ok()?))
        };
        let changes = rest.chunks_exact(CHANGE).map(change).collect::<Option<_>>()?;
        Some(Self { old: Oid::from_bytes(old).ok()?, changes })
    }
}
