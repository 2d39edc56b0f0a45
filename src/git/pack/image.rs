//! The first bytes of a pack, as many as there is room for, read once and shared by all threads: every pass over the pack
//! then reads memory. (Mapping the file would do without the copy, but takes `unsafe`, and dies when the file is cut off.)
//!
//! Must not know: what the bytes are.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Mutex;

use super::inflate::room;

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
    /// The first bytes of `file`, about `held` of them. Empty when `stop` says so, or when they can't be read: then
    /// whoever reads on without it learns which part is bad. `each` is shown every part up to `end` that was read, held or
    /// not, and where it begins.
    pub(super) fn read(
        file: &File,
        held: u64,
        end: u64,
        threads: usize,
        stop: &(dyn Fn() -> bool + Sync),
        each: &(dyn Fn(u64, &[u8]) + Sync),
    ) -> Self {
        let part = PART as u64;
        let held = if held < end { held - held % part } else { end };
        let mut bytes = vec![0; usize::try_from(held).unwrap_or_default()];
        let count = usize::try_from(end.div_ceil(part)).unwrap_or_default();
        let threads = threads.min(count);
        let parts = bytes.chunks_mut(PART).map(Some).chain(std::iter::repeat_with(|| None));
        let parts = Mutex::new(parts.zip((0..end).step_by(PART)));
        let work = || {
            let mut passing = Vec::new();
            loop {
                let next = parts.lock().map_or(None, |mut parts| parts.next());
                let Some((held, at)) = next else { return true };
                let into = held.unwrap_or_else(|| {
                    room(&mut passing, usize::try_from(part.min(end - at)).unwrap_or_default());
                    &mut passing
                });
                if stop() || file.read_exact_at(into, at).is_err() {
                    return false;
                }
                each(at, into);
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn all_is_shown_and_the_start_is_held() {
        let content: Vec<u8> = (0_u32..).flat_map(u32::to_le_bytes).take(2 * PART + 777).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        let (part, end) = (PART as u64, content.len() as u64 - 20);
        for (held, len) in [(0, 0), (5, 0), (part + 5, part), (2 * part, 2 * part), (end, end), (end + 9, end)] {
            let shown = Mutex::new(Vec::new());
            let each = |at: u64, bytes: &[u8]| shown.lock().unwrap().push((at, bytes.to_vec()));
            let image = Image::read(&file, held, end, 2, &|| false, &each);
            assert_eq!((image.len(), image.get(0, len)), (len, content.get(..usize::try_from(len).unwrap())), "{held}");
            let mut shown = shown.into_inner().unwrap();
            shown.sort_unstable();
            assert_eq!(shown.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, part, 2 * part], "{held}");
            let all: Vec<u8> = shown.into_iter().flat_map(|(_, bytes)| bytes).collect();
            assert_eq!(all, content[..content.len() - 20], "{held}");
        }
        assert_eq!(Image::read(&file, end, end + part, 2, &|| false, &|_, _| {}).len(), 0, "cut off");
        assert_eq!(Image::read(&file, end, end, 2, &|| true, &|_, _| {}).len(), 0, "stopped");
    }
}
