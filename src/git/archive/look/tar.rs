//! The walk through a tar, header by header as it comes.
//!
//! Must not know: where the tar lies, what its files are.

use std::io::{self, Read};

use super::super::tar::{self, Header};
use super::Look;

/// Bytes of a name or of pax fields that are read.
const NAME: u64 = 1 << 16;

impl Look<'_> {
    /// `None`: it broke off before its end.
    pub(super) fn tar(&mut self, reader: &mut dyn Read) -> Option<()> {
        let (mut long, mut size) = (None, None);
        let mut block = [0; tar::BLOCK];
        loop {
            let mut got = 0;
            while let Some(rest) = block.get_mut(got..).filter(|rest| !rest.is_empty()) {
                match reader.read(rest) {
                    Ok(0) => break,
                    Ok(read) => got += read,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => return None,
                }
            }
            // Two blocks of zeros end it; some writers leave them away.
            if got == 0 || block.iter().all(|b| *b == 0) {
                return Some(());
            }
            let mut header = Header::read(block.get(..got)?)?;
            if !self.count() {
                return Some(());
            }
            if let Some(size) = size.take() {
                header.size = size;
            }
            self.search_bytes(&block);
            let mut content = Read::take(&mut *reader, header.size);
            if header.is_about_next() {
                let mut told = Vec::new();
                content.by_ref().take(NAME).read_to_end(&mut told).ok()?;
                self.search_bytes(&told);
                match header.kind {
                    b'L' => long = Some(told.strip_suffix(b"\0").unwrap_or(&told).to_vec()),
                    b'x' => {
                        let (path, bytes) = tar::pax(&told);
                        long = path.or(long);
                        size = bytes;
                    }
                    _ => {}
                }
            } else {
                let name = long.take().unwrap_or(header.name.clone());
                let name = self.search.text(&name);
                self.within(name, |look| look.file(&mut content));
            }
            io::copy(&mut content, &mut io::sink()).ok()?;
            let short = content.limit() > 0;
            let padding = header.padding();
            let skipped = io::copy(&mut Read::take(&mut *reader, padding), &mut io::sink()).ok()?;
            if short || skipped < padding {
                return None;
            }
        }
    }
}
