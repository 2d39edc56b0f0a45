//! A tar without the key, in its names and in its files.
//!
//! Must not know: what its files are.

use super::super::tar::{self, Header};
use super::{Answer, DAMAGED, LARGE, Packer};

impl Packer<'_> {
    pub(super) fn tar(&self, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = 0;
        let mut changed = false;
        let mut told_size = false;
        while let Some(block) = bytes.get(at..at + tar::BLOCK).filter(|b| b.iter().any(|b| *b != 0)) {
            let header = Header::read(block).ok_or(DAMAGED)?;
            if told_size {
                return Err("it has a file whose size is told apart from its header");
            }
            let size = usize::try_from(header.size).map_err(|_| LARGE)?;
            let padding = usize::try_from(header.padding()).map_err(|_| LARGE)?;
            let start = at + tar::BLOCK;
            let end = start.checked_add(size).ok_or(DAMAGED)?;
            let content = bytes.get(start..end).ok_or(DAMAGED)?;
            told_size = header.kind == b'x' && tar::pax(content).1.is_some();
            let clean =
                if header.is_about_next() { self.fitted(content)? } else { self.file(content, depth + 1, room)? };
            let head = self.fitted(block)?;
            changed |= clean.is_some() || head.is_some();
            let mut head = match head {
                Some(head) => tar::resummed(head).ok_or(DAMAGED)?,
                None => block.to_vec(),
            };
            match clean {
                None => {
                    out.append(&mut head);
                    out.extend_from_slice(bytes.get(start..end + padding).ok_or(DAMAGED)?);
                }
                Some(clean) => {
                    if clean.len() != size {
                        head =
                            tar::resized(&head, clean.len() as u64).ok_or("a header in it has no room for a size")?;
                    }
                    out.append(&mut head);
                    out.extend_from_slice(&clean);
                    out.resize(out.len().next_multiple_of(tar::BLOCK), 0);
                }
            }
            at = end + padding;
        }
        out.extend_from_slice(bytes.get(at..).unwrap_or_default());
        Ok(changed.then_some(out))
    }
}
