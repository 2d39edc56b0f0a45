//! The search over bytes that come in pieces and are never held as a whole.
//!
//! Must not know: where they come from.

use std::io::Read;

use zeroize::Zeroizing;

use super::{Hit, Search};

/// Bytes taken at a time, or the search's reach when that is more.
const BLOCK: usize = 1 << 18;
/// Bytes of memory to begin with. Most of what comes is small, and all of it is wiped at the end.
const SMALL: usize = 1 << 13;

impl Search<'_> {
    /// Reads to the end and adds to `seen` the first hit of each key and form, its place counted from where reading
    /// began; gives how many bytes came. After an error, `seen` has what came before it. In memory at once: a block and
    /// twice the reach.
    pub(in crate::git) fn stream(&self, reader: &mut dyn Read, seen: &mut Vec<Hit>) -> std::io::Result<u64> {
        self.pass(reader, &mut |held, gone| self.add(held, gone, seen))
    }

    /// The same; gives whether there is a sign of something packed.
    pub(in crate::git) fn stream_with_signs(
        &self,
        reader: &mut dyn Read,
        seen: &mut Vec<Hit>,
    ) -> std::io::Result<bool> {
        let mut signs = false;
        self.pass(reader, &mut |held, gone| {
            self.add(held, gone, seen);
            signs = signs || self.signs(held).next().is_some();
        })?;
        Ok(signs)
    }

    fn add(&self, held: &[u8], gone: u64, seen: &mut Vec<Hit>) {
        for mut hit in self.hits(held) {
            if !seen.iter().any(|known| known.key == hit.key && known.form == hit.form) {
                let before = usize::try_from(gone).unwrap_or(usize::MAX);
                hit.start = hit.start.saturating_add(before);
                hit.end = hit.end.saturating_add(before);
                seen.push(hit);
            }
        }
    }

    /// Shows all that comes, in stretches that overlap, and how many bytes came before each.
    fn pass(&self, reader: &mut dyn Read, show: &mut dyn FnMut(&[u8], u64)) -> std::io::Result<u64> {
        let keep = self.reach().saturating_sub(1);
        let block = BLOCK.max(self.reach());
        let most = keep + block;
        let mut held = Zeroizing::new(vec![0; most.min(SMALL)]);
        // Bytes in `held`, and how many came before them.
        let (mut len, mut gone) = (0usize, 0u64);
        loop {
            let read = match reader.read(held.get_mut(len..).unwrap_or_default()) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                read => read,
            };
            len += *read.as_ref().unwrap_or(&0);
            if len < held.len() && !matches!(read, Ok(0) | Err(_)) {
                continue;
            }
            if len == held.len() && len < most && matches!(read, Ok(1..)) {
                let mut more = Zeroizing::new(vec![0; most.min(8 * len)]);
                more.get_mut(..len).unwrap_or_default().copy_from_slice(&held);
                held = more;
                continue;
            }
            show(held.get(..len).unwrap_or_default(), gone);
            if read? == 0 {
                return Ok(gone + len as u64);
            }
            held.copy_within(len - keep..len, 0);
            gone += (len - keep) as u64;
            len = keep;
        }
    }
}
