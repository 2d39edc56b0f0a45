//! The replacement over bytes that come in pieces and are never held as a whole: the same bytes come out as if they were.
//!
//! Must not know: where they come from.

use std::io::{self, Read};

use zeroize::Zeroizing;

use super::Search;

/// Bytes looked at together, beside the search's reach.
const BLOCK: usize = 4 << 20;
/// A replacement may change a character on either side, beyond a written line end.
const EDGE: usize = 16;

/// Cuts a stream into pieces where no copy of a key is, and none could come to be: each can be searched for itself.
pub(in crate::git) struct Pieces<'s, R> {
    search: &'s Search<'s>,
    reader: R,
    held: Zeroizing<Vec<u8>>,
    /// The next piece ends here.
    cut: usize,
    ended: bool,
}

impl<R> std::fmt::Debug for Pieces<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pieces({} held)", self.held.len())
    }
}

impl<'s, R: Read> Pieces<'s, R> {
    pub(in crate::git) fn new(search: &'s Search<'s>, reader: R) -> Self {
        Self { search, reader, held: Zeroizing::new(Vec::new()), cut: 0, ended: false }
    }

    /// The next piece; `None` after the last.
    pub(in crate::git) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.held.drain(..self.cut);
        self.cut = 0;
        while !self.ended {
            let wanted = (BLOCK + 2 * self.search.reach()).saturating_sub(self.held.len());
            let read = (&mut self.reader).take(wanted as u64).read_to_end(&mut self.held)?;
            self.ended = read < wanted;
            if self.ended {
                break;
            }
            self.cut = self.place();
            if self.cut > 0 {
                return Ok(self.held.get(..self.cut));
            }
            // Nothing but keys: more has to be seen.
            if self.held.len() > 16 * BLOCK {
                return Err(io::Error::other("megabytes of nothing but the key can't be taken apart"));
            }
            let more = (&mut self.reader).take(BLOCK as u64).read_to_end(&mut self.held)?;
            self.ended = more == 0;
        }
        self.cut = self.held.len();
        Ok(self.held.get(..self.cut).filter(|piece| !piece.is_empty()))
    }

    /// Where to cut what is held: far from any copy, if there is such a place, and after a line.
    fn place(&self) -> usize {
        let reach = self.search.reach();
        let limit = self.held.len().saturating_sub(reach);
        let hits = self.search.hits(&self.held);
        let before = |margin: usize| {
            let mut cut = limit;
            for hit in hits.iter().rev() {
                if hit.start < cut + margin && hit.end + margin > cut {
                    cut = hit.start.saturating_sub(margin);
                }
            }
            cut
        };
        let far = before(reach);
        let cut = if far > limit / 2 { far } else { before(EDGE) };
        let line = self.held.get(..cut).and_then(|head| memchr::memrchr(b'\n', head)).map_or(0, |at| at + 1);
        let free = |at: usize| !hits.iter().any(|hit| hit.start < at + EDGE && hit.end + EDGE > at);
        if line > limit / 2 && free(line) { line } else { cut }
    }
}

/// What a stream becomes when each copy of a key is replaced.
pub(in crate::git) struct Cleaned<'s, R> {
    pieces: Pieces<'s, R>,
    fit: bool,
    out: Vec<u8>,
    at: usize,
}

impl<R> std::fmt::Debug for Cleaned<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cleaned({} made)", self.out.len())
    }
}

impl<'s, R: Read> Cleaned<'s, R> {
    /// `fit`: keep every length.
    pub(in crate::git) fn new(search: &'s Search<'s>, reader: R, fit: bool) -> Self {
        Self { pieces: Pieces::new(search, reader), fit, out: Vec::new(), at: 0 }
    }
}

impl<R: Read> Read for Cleaned<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            let (search, fit) = (self.pieces.search, self.fit);
            let Some(piece) = self.pieces.next()? else { return Ok(0) };
            let clean = search.replace(piece, fit).map_err(|fault| io::Error::other(fault.why))?;
            self.out.clear();
            self.out.extend_from_slice(clean.as_deref().unwrap_or(piece));
            self.at = 0;
        }
        let rest = self.out.get(self.at..).unwrap_or_default();
        let len = rest.len().min(buf.len());
        let (part, rest) = (buf.get_mut(..len).unwrap_or_default(), rest.get(..len).unwrap_or_default());
        part.copy_from_slice(rest);
        self.at += len;
        Ok(len)
    }
}

/// Whether content is other than text, as `binary` says it, of a stream.
pub(in crate::git) fn binary_stream(reader: &mut dyn Read) -> io::Result<bool> {
    let mut block = Zeroizing::new(vec![0; 1 << 16]);
    let (mut nul, mut units, mut odd) = (false, 0_u64, None::<u8>);
    // Of both orders: all of it may be text so far, and units of the first page.
    let mut orders = [(true, 0_u64), (true, 0_u64)];
    loop {
        let read = match reader.read(&mut block) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            break;
        }
        let part = block.get(..read).unwrap_or_default();
        nul |= memchr::memchr(0, part).is_some();
        if nul && orders.iter().all(|(text, _)| !text) {
            return Ok(true);
        }
        if !nul && units > 1 << 20 {
            // What has no NUL in a megabyte is no UTF-16; only a NUL matters from here on.
            orders = [(false, 0), (false, 0)];
            continue;
        }
        for byte in part {
            let Some(first) = odd.take() else {
                odd = Some(*byte);
                continue;
            };
            units += 1;
            let both = [u16::from_le_bytes([first, *byte]), u16::from_be_bytes([first, *byte])];
            for ((text, low), unit) in orders.iter_mut().zip(both) {
                *text &= unit >= 0x20 || matches!(unit, 9 | 10 | 13);
                *low += u64::from(unit < 0x100);
            }
        }
    }
    let utf16 = odd.is_none() && orders.iter().any(|(text, low)| *text && 2 * low > units);
    Ok(nul && !utf16)
}
