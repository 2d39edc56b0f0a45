//! The operations around a write: put, read back, undo, and take the new key back.
//!
//! Must not know: how bytes get to the disk.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{MutexGuard, PoisonError};

use memchr::memmem;
use zeroize::Zeroizing;

use super::content::{Content, changed, hash};
use super::find::Reading;
use super::look::{judge, unwritable};
use super::write::write;
use super::{Ended, Files, cancelled, format_of, path_of};
use crate::base::{Fault, FaultKind, Fingerprint, Secret, SecretRef};
use crate::effect::target::TargetRef;
use crate::effect::{TargetOp, TargetReply};
use crate::shell::finish::Wire;

impl Files {
    /// The new key wherever the leaked one stands. Doing it twice is doing it once.
    pub(super) fn put(&self, op: &TargetOp, at: &TargetRef, expect: &str, with: SecretRef, wire: &Wire) -> Ended {
        let _one = self.one_at_a_time();
        let (old, new) = (self.key(SecretRef::Leaked)?, self.key(with)?);
        if old.expose() == new.expose() {
            return Err(Fault::refused("nothing was written", "the new key is the leaked key")
                .hint("issue a new key")
                .into());
        }
        let (format, place) = (format_of(op, at)?, path_of(at)?);
        let content = Content::read(place)?;
        let reading = Reading::new(format, &content.bytes)?;
        let hits = reading.hits(old.expose());
        if hits.is_empty() {
            let spots = self.spots(&reading, &reading.hits(new.expose())).len();
            if spots > 0 {
                return Ok(TargetReply::Written { at: at.clone(), now: content.hash, spots });
            }
            return Err(changed(place, "neither the leaked key nor the new one stands in it").into());
        }
        if content.hash != expect {
            return Err(changed(place, "its content is not the one you saw; nothing was written").into());
        }
        if let Some(why) = judge(format, place, &reading, &hits).blocked.or_else(|| unwritable(&content)) {
            return Err(Fault::refused(format!("{} was not written", at.place), why).into());
        }
        let bytes = reading.replace(old.expose(), new.expose())?;
        let now = hash(&bytes);
        cancelled(wire)?;
        self.backups.keep(&content, &now)?;
        write(&content, &bytes, content.meta.permissions().mode() & 0o7777)?;
        Ok(TargetReply::Written { at: at.clone(), now, spots: self.spots(&reading, &hits).len() })
    }

    pub(super) fn read_back(&self, op: &TargetOp, at: &TargetRef) -> Result<TargetReply, Fault> {
        let content = Content::read(path_of(at)?)?;
        let reading = Reading::new(format_of(op, at)?, &content.bytes)?;
        Ok(TargetReply::ReadBack { at: at.clone(), holds: self.holds(&reading)? })
    }

    /// The bytes from before our last write, if they are what we wrote still.
    pub(super) fn undo(&self, at: &TargetRef, wire: &Wire) -> Ended {
        let _one = self.one_at_a_time();
        let place = path_of(at)?;
        let content = Content::read(place)?;
        let Some((_, backup)) = self.backups.newest(&content.real)? else {
            return Err(Fault::refused(
                format!("{} can't be undone", at.place),
                "there is no backup of it: it was not written in this incident, was undone already, or backups were destroyed",
            )
            .into());
        };
        if content.hash != backup.note.before {
            if content.hash != backup.note.after {
                return Err(changed(place, "somebody else wrote it after us; an undo would take their work away")
                    .hint(format!(
                        "the content from before is in {}: compare and merge by hand",
                        backup.bytes_path().display()
                    ))
                    .into());
            }
            let bytes = backup.bytes()?;
            cancelled(wire)?;
            write(&content, &bytes, backup.note.mode)?;
        }
        self.backups.forget(&backup)?;
        Ok(TargetReply::Undone { at: at.clone() })
    }

    pub(super) fn drop_backups(&self) -> Result<TargetReply, Fault> {
        let _one = self.one_at_a_time();
        Ok(TargetReply::BackupsDropped { files: self.backups.destroy()? })
    }

    /// The value of print `print` from a place it was written to, back to the vault.
    pub(super) fn recover(&self, op: &TargetOp, at: &TargetRef, print: &Fingerprint) -> Result<TargetReply, Fault> {
        let content = Content::read(path_of(at)?)?;
        let reading = Reading::new(format_of(op, at)?, &content.bytes)?;
        let values = reading.spans.iter().map(|span| reading.decoded(span));
        // Within a longer value or a comment a key is known by its vendor's fixed start.
        let starts = (!print.prefix.is_empty()).then(|| memmem::find_iter(&content.bytes, print.prefix.as_bytes()));
        let windows = starts.into_iter().flatten().filter_map(|start| {
            content.bytes.get(start..start.checked_add(print.length)?).map(|bytes| Zeroizing::new(bytes.to_vec()))
        });
        for candidate in values.chain(windows).filter(|bytes| bytes.len() == print.length) {
            let Ok(secret) = Secret::new(&candidate) else { continue };
            if secret.fingerprint(self.vault.salt()).hash == print.hash {
                self.vault.put(SecretRef::Replacement, secret);
                return Ok(TargetReply::Recovered { at: at.clone() });
            }
        }
        Err(Fault::new(
            FaultKind::Changed,
            format!("the new key {print} is not in {}", at.place),
            "no value in it has that key's print",
        )
        .hint("try another place it was written to")
        .hint("or delete the new key at the provider and issue another one"))
    }

    fn one_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
