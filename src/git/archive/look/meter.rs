//! What is unpacked is counted, over all levels, and reading ends at a bound.
//!
//! Must not know: formats, keys.

use std::cell::Cell;
use std::io::{self, Read};

use super::super::{Bounds, Why};

/// Bytes unpacked between two looks at the bounds.
const PIECE: usize = 1 << 16;

/// Counts what is unpacked, over all levels.
pub(super) struct Meter<'a> {
    pub(super) bytes: Cell<u64>,
    pub(super) files: Cell<u64>,
    pub(super) over: Cell<Option<Why>>,
    most: u64,
    by_ratio: bool,
    pub(super) bounds: &'a Bounds<'a>,
}

impl<'a> Meter<'a> {
    /// For a file of `size` bytes.
    pub(super) fn new(size: u64, bounds: &'a Bounds<'a>) -> Self {
        let by_ratio = bounds.ratio.saturating_mul(size);
        Self {
            bytes: Cell::new(0),
            files: Cell::new(0),
            over: Cell::new(None),
            most: bounds.bytes.min(bounds.free.max(by_ratio)),
            by_ratio: by_ratio < bounds.bytes,
            bounds,
        }
    }
}

/// A reader of unpacked bytes that counts.
pub(super) struct Metered<'a, R> {
    pub(super) inner: R,
    pub(super) meter: &'a Meter<'a>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let few = buf.len().min(PIECE);
        let read = self.inner.read(buf.get_mut(..few).unwrap_or_default())?;
        let meter = self.meter;
        meter.bytes.set(meter.bytes.get() + read as u64);
        if meter.bytes.get() > meter.most {
            let what = if meter.by_ratio { "how far content may unpack" } else { "unpacked bytes" };
            meter.over.set(Some(Why::Bound(what)));
        } else if (meter.bounds.stop)() {
            meter.over.set(Some(Why::Bound("time: it was cancelled")));
        }
        if meter.over.get().is_some() { Err(io::Error::other("a bound")) } else { Ok(read) }
    }
}
