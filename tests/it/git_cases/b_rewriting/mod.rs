//! B. Rewriting right: only what must change changes, byte for byte.

mod citations;
mod content;
mod headers;
mod kinds;
mod shape;
mod sizes;

use super::Case;
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    [content::cases(), shape::cases(), headers::cases(), citations::cases(), kinds::cases(), sizes::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// A commit out of raw bytes becomes the tip of main.
fn raw_tip(w: &World, bytes: &[u8]) -> String {
    let id = w.pipe(&["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], bytes);
    w.git(&["reset", "-q", "--hard", &id]);
    id
}
