//! Files of our own: written whole or not at all, readable by their owner only. None holds the key except the backup.
//!
//! `read` reads, `put` writes one file and `many` writes many, `copy` copies to the backup and back, `rights` says who may
//! read, `disk` makes it last, `folder` lists and removes.
//!
//! Must not know: what they mean.

mod copy;
mod disk;
mod folder;
mod many;
mod put;
mod read;
mod rights;

pub(super) use copy::{copy_private, copy_whole, link_private, link_whole};
pub(super) use disk::{bring_to_disk, flush, sync_dir};
pub(super) use folder::{files, remove, remove_all};
pub(super) use many::put_all;
pub(super) use put::{Mode, TEMP, put, put_like, put_stream, put_with};
pub(super) use read::{bytes, open, read, read_if};
pub(super) use rights::{hide, private_dir, set_mode, write_private};
