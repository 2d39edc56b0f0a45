//! What the options choose for files that can't be edited as text. The same options give `--plan` and `--apply` the same
//! plan.
//!
//! Must not know: which files there are.

use crate::effect::git::{Archives, Binaries, Emptied, FileChoice, Policy};

use super::super::args::{ArchiveChoice, BinaryChoice, EmptiedChoice, FileWay, Purge};

/// What was chosen for files that can't be edited as text. The same options give `--plan` and `--apply` the same plan.
pub(super) fn policy(args: &Purge) -> Policy {
    let archives = args.archives.map_or(Archives::Ask, |choice| match choice {
        ArchiveChoice::Repack => Archives::Repack,
        ArchiveChoice::Drop => Archives::Drop,
        ArchiveChoice::Leave => Archives::Leave,
    });
    let binaries = args.binaries.map_or(Binaries::SameLength, |choice| match choice {
        BinaryChoice::SameLength => Binaries::SameLength,
        BinaryChoice::Drop => Binaries::Drop,
        BinaryChoice::Leave => Binaries::Leave,
    });
    let emptied = args.emptied.map_or(Emptied::Keep, |choice| match choice {
        EmptiedChoice::Keep => Emptied::Keep,
        EmptiedChoice::Drop => Emptied::Drop,
    });
    Policy { archives, binaries, emptied, ..Policy::default() }
}

pub(super) fn files(args: &Purge) -> Vec<(String, FileChoice)> {
    let choice = |way: &FileWay| match way {
        FileWay::Redact => FileChoice::Redact,
        FileWay::Drop => FileChoice::Drop,
        FileWay::Leave => FileChoice::Leave,
    };
    args.file.iter().map(|(path, way)| (path.clone(), choice(way))).collect()
}
