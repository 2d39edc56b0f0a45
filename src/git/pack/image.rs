//! The first bytes of a pack, as many as there is room for, read once and shared by all threads: every pass over the pack
//! then reads memory. (Mapping the file would do without the copy, but takes `unsafe`, and dies when the file is cut off.)
//!
//! Must not know: what the bytes are.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Mutex;

/// Bytes that one thread reads at a time.
const PART: usize = 1 << 20;

#[derive(Default)]
pub(in crate::git) struct Image(Vec<u8>);

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({} bytes)", self.0.len())
    }
}

impl Image {
    /// The first `len` bytes of `file`. Empty when `stop` says so, or when they can't be read: then whoever reads on
    /// without it learns which part is bad. `each` is shown every part that was read, and where it begins.
    pub(super) fn read(
        file: &File,
        len: u64,
        threads: usize,
        stop: &(dyn Fn() -> bool + Sync),
        each: &(dyn Fn(u64, &[u8]) + Sync),
    ) -> Self {
        let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
        let threads = threads.min(bytes.len().div_ceil(PART));
        let parts = Mutex::new(bytes.chunks_mut(PART).zip(0_u64..));
        let work = || {
            loop {
                let part = parts.lock().map_or(None, |mut parts| parts.next());
                let Some((part, n)) = part else { return true };
                let at = n * PART as u64;
                if stop() || file.read_exact_at(part, at).is_err() {
                    return false;
                }
                each(at, part);
            }
        };
        let whole = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let own = work();
            others.into_iter().all(|other| other.join().unwrap_or(false)) && own
        });
        if whole { Self(bytes) } else { Self::default() }
    }

    pub(in crate::git) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// The bytes from `start` to `end`; `None` when not all of them are held.
    #[inline]
    pub(super) fn get(&self, start: u64, end: u64) -> Option<&[u8]> {
        self.0.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }
}
