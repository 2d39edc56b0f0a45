//! Git's objects as bytes: enough reading to change one field and keep every other byte.
//!
//! Must not know: where objects are stored.

use git2::{ObjectType, Oid};
use sha1::{Digest as _, Sha1};

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};

/// One header of a commit or tag, with its continuation lines and its last line feed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header<'a> {
    pub(super) key: &'a [u8],
    pub(super) whole: &'a [u8],
}

impl Header<'_> {
    /// The id a `tree`, `parent` or `object` line names.
    pub(super) fn id(&self) -> Option<Oid> {
        oid(self.whole.get(self.key.len() + 1..)?.trim_ascii_end())
    }

    pub(super) fn is_signature(&self) -> bool {
        matches!(self.key, b"gpgsig" | b"gpgsig-sha256")
    }
}

/// Headers, and the rest: the empty line and the message.
pub(super) fn split(object: &[u8]) -> (Vec<Header<'_>>, &[u8]) {
    let mut headers: Vec<Header<'_>> = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(rest) = object.get(at..) {
        if rest.is_empty() || rest.first() == Some(&b'\n') {
            break;
        }
        let end = memchr::memchr(b'\n', rest).map_or(object.len(), |i| at + i + 1);
        if rest.first() == Some(&b' ') && !headers.is_empty() {
            if let (Some(last), Some(whole)) = (headers.last_mut(), object.get(start..end)) {
                last.whole = whole;
            }
        } else {
            start = at;
            let whole = object.get(at..end).unwrap_or_default();
            let key = whole.split(|b| *b == b' ' || *b == b'\n').next().unwrap_or_default();
            headers.push(Header { key, whole });
        }
        at = end;
    }
    (headers, object.get(at..).unwrap_or_default())
}

/// What the graph needs of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) tree: Oid,
    pub(super) parents: Vec<Oid>,
    /// Committer's time, Unix seconds.
    pub(super) time: i64,
}

pub(super) fn commit(object: &[u8]) -> Option<Commit> {
    let (headers, _) = split(object);
    let tree = headers.first().filter(|h| h.key == b"tree")?.id()?;
    let parents = headers.iter().filter(|h| h.key == b"parent").map(Header::id).collect::<Option<Vec<Oid>>>()?;
    let committer = headers.iter().find(|h| h.key == b"committer").map_or(&b""[..], |h| h.whole);
    let mut words = committer.trim_ascii_end().rsplit(|b| *b == b' ');
    let time = words.nth(1).and_then(|w| std::str::from_utf8(w).ok()).and_then(|w| w.parse().ok()).unwrap_or(0);
    Some(Commit { tree, parents, time })
}

/// The object a tag names.
pub(super) fn tag_target(object: &[u8]) -> Option<Oid> {
    split(object).0.iter().find(|h| h.key == b"object")?.id()
}

/// Where the signature in a tag's message starts, as git finds it: the last line that opens one.
pub(super) fn tag_signature(body: &[u8]) -> Option<usize> {
    const OPENINGS: [&[u8]; 4] = [
        b"-----BEGIN PGP SIGNATURE-----",
        b"-----BEGIN PGP MESSAGE-----",
        b"-----BEGIN SIGNED MESSAGE-----",
        b"-----BEGIN SSH SIGNATURE-----",
    ];
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', body).map(|i| i + 1));
    starts.filter(|at| OPENINGS.iter().any(|o| body.get(*at..).is_some_and(|rest| rest.starts_with(o)))).max()
}

/// One entry of a tree. `mode` is kept as written, even when old tools wrote it oddly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) mode: &'a [u8],
    pub(super) name: &'a [u8],
    pub(super) id: Oid,
}

impl Entry<'_> {
    pub(super) fn is_tree(&self) -> bool {
        Sort::of(self.mode) == Sort::Tree
    }
}

/// What an entry's mode says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Tree,
    /// Of a submodule.
    Commit,
    File,
}

impl Sort {
    /// As git reads it: octal, and only the bits of the sort count. Old tools wrote `040000` and `40755`.
    pub(super) fn of(mode: &[u8]) -> Self {
        let bits = mode.iter().try_fold(0_u32, |bits, digit| match digit {
            b'0'..=b'7' => Some(bits << 3 | u32::from(digit - b'0')),
            _ => None,
        });
        match bits.map(|bits| bits & 0o170_000) {
            Some(0o040_000) => Self::Tree,
            Some(0o160_000) => Self::Commit,
            _ => Self::File,
        }
    }
}

/// The entries of a tree; `None` when it is malformed.
pub(super) fn entries(tree: &[u8]) -> Option<Vec<Entry<'_>>> {
    let mut entries = Vec::new();
    let mut rest = tree;
    while !rest.is_empty() {
        let space = memchr::memchr(b' ', rest)?;
        let nul = memchr::memchr(0, rest)?;
        let id = Oid::from_bytes(rest.get(nul + 1..nul + 21)?).ok()?;
        entries.push(Entry { mode: rest.get(..space)?, name: rest.get(space + 1..nul)?, id });
        rest = rest.get(nul + 21..)?;
    }
    Some(entries)
}

/// Where a tree names an object: its id lies at `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) at: usize,
    pub(super) sort: Sort,
    pub(super) id: Oid,
}

/// The entries of a tree whose ids are `wanted`; `None` when it is malformed.
pub(super) fn slots(tree: &[u8], wanted: &dyn Fn(&[u8]) -> bool) -> Option<Vec<Slot>> {
    let mut slots = Vec::new();
    let mut rest = tree;
    while !rest.is_empty() {
        let space = rest.iter().position(|b| matches!(b, b' ' | 0)).filter(|at| rest.get(*at) == Some(&b' '))?;
        let nul = space + memchr::memchr(0, rest.get(space..)?)?;
        let id = rest.get(nul + 1..nul + 21)?;
        if wanted(id) {
            let (at, mode) = (tree.len() - rest.len() + nul + 1, rest.get(..space)?);
            slots.push(Slot { at, sort: Sort::of(mode), id: Oid::from_bytes(id).ok()? });
        }
        rest = rest.get(nul + 21..)?;
    }
    Some(slots)
}

/// What a tree calls the object `id`.
pub(super) fn name_in(tree: &[u8], id: Oid) -> Option<&[u8]> {
    let mut rest = tree;
    loop {
        let nul = memchr::memchr(0, rest)?;
        let (head, after) = rest.split_at(nul);
        if after.get(1..21)? == id.as_bytes() {
            return head.get(memchr::memchr(b' ', head)? + 1..);
        }
        rest = after.get(21..)?;
    }
}

/// One entry as a tree holds it.
pub(super) fn write_entry(out: &mut Vec<u8>, mode: &[u8], name: &[u8], id: Oid) {
    out.extend_from_slice(mode);
    out.push(b' ');
    out.extend_from_slice(name);
    out.push(0);
    out.extend_from_slice(id.as_bytes());
}

/// Git's order of names in a tree: a directory sorts as if its name ended in a slash.
pub(super) fn sort_key(name: &[u8], is_tree: bool) -> Vec<u8> {
    let mut key = name.to_vec();
    if is_tree {
        key.push(b'/');
    }
    key
}

/// The id of an object.
pub(super) fn id(kind: ObjectType, bytes: &[u8]) -> Result<Oid> {
    let sum = Sha1::new().chain_update(format!("{kind} {}\0", bytes.len())).chain_update(bytes).finalize();
    Oid::from_bytes(&sum).map_err(|e| Fault::new(FaultKind::Internal, "an object can't be named", e.message()))
}

/// Forty hexadecimal digits.
pub(super) fn oid(text: &[u8]) -> Option<Oid> {
    if text.len() != 40 {
        return None;
    }
    Oid::from_str(std::str::from_utf8(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_every_byte() {
        let object = b"tree 1111111111111111111111111111111111111111\nauthor A <a> 1 +0000\ncommitter C <c> 77 +0100\n\
            gpgsig -----BEGIN\n x\n \n end\nHG:extra y\n\nmessage\nwithout end";
        let (headers, body) = split(object);
        let joined: Vec<u8> = headers.iter().flat_map(|h| h.whole.to_vec()).chain(body.to_vec()).collect();
        assert_eq!(joined, object);
        assert_eq!(headers.len(), 5);
        assert_eq!(headers[3].whole, b"gpgsig -----BEGIN\n x\n \n end\n");
        assert_eq!(body, b"\nmessage\nwithout end");
        assert_eq!(commit(object).unwrap().time, 77);
    }

    #[test]
    fn a_broken_object_is_not_a_commit() {
        for bad in [&b""[..], b"tree", b"tree 12\n", b"parent 1111111111111111111111111111111111111111\n", b"\n\n"] {
            assert_eq!(commit(bad), None);
        }
        assert_eq!(entries(b"100644 a\0short"), None);
    }

    #[test]
    fn slots_are_where_the_wanted_ids_lie() {
        let (a, b) = ([1; 20], [0; 20]);
        let tree = [&b"100644 x y\0"[..], &a, b"40000 z\0", &b, b"160000 s\0", &a].concat();
        let found = |id: [u8; 20]| {
            let slots = slots(&tree, &|known| known == id).unwrap();
            slots.into_iter().map(|slot| (slot.at, slot.sort)).collect::<Vec<_>>()
        };
        assert_eq!(found(a), [(11, Sort::File), (68, Sort::Commit)]);
        assert_eq!(found(b), [(39, Sort::Tree)]);
        for cut in [&tree[..tree.len() - 1], b"100644 x", b"100644\0x y", b"x", &[&b"1\0 2\0"[..], &a].concat()] {
            assert_eq!((slots(cut, &|_| true), entries(cut)), (None, None));
        }
    }

    #[test]
    fn names_by_id() {
        let (a, b) = ([1; 20], [2; 20]);
        let tree = [&b"100644 x y\0"[..], &a, b"40000 z\0", &b, b"100644 cut\0", &b[..9]].concat();
        let name = |id: [u8; 20]| name_in(&tree, Oid::from_bytes(&id).unwrap());
        assert_eq!((name(a), name(b), name([3; 20])), (Some(&b"x y"[..]), Some(&b"z"[..]), None));
    }

    #[test]
    fn ids_are_those_git_gives() {
        for (kind, bytes) in [(ObjectType::Blob, &b"x\n"[..]), (ObjectType::Tree, b""), (ObjectType::Commit, b"\0\xff")]
        {
            assert_eq!(id(kind, bytes).unwrap(), Oid::hash_object(kind, bytes).unwrap());
        }
    }

    #[test]
    fn the_last_signature_counts() {
        let body = b"\nx -----BEGIN PGP SIGNATURE-----\n-----BEGIN SSH SIGNATURE-----\nabc\n";
        assert_eq!(tag_signature(body), Some(33));
        assert_eq!(tag_signature(b"\nplain"), None);
    }
}
