//! Git's packs as they lie on disk: reading them, and writing new ones.
//!
//! Must not know: refs, the key, what is rewritten.

pub(super) mod delta;
pub(super) mod deltify;
pub(super) mod entry;
pub(super) mod file;
pub(super) mod forest;
pub(super) mod index;
pub(super) mod index_write;
pub(super) mod inflate;
pub(super) mod near;
pub(super) mod write;
