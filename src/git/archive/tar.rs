//! Headers of tar: old, ustar, pax and GNU. Source: POSIX `pax`, GNU tar's manual.
//!
//! Must not know: what is in the files.

/// Tar counts in blocks.
pub(super) const BLOCK: usize = 512;

/// One header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of content that follow; blocks are filled up with zeros.
    pub(super) size: u64,
    pub(super) kind: u8,
    /// With its folder, as the header alone has it.
    pub(super) name: Vec<u8>,
}

impl Header {
    /// `None`: no header.
    pub(super) fn read(block: &[u8]) -> Option<Self> {
        if !is_header(block) {
            return None;
        }
        let kind = *block.get(156)?;
        let name = text(block.get(..100)?);
        let prefix = if block.get(257..262) == Some(b"ustar") && block.get(262) == Some(&0) {
            text(block.get(345..500)?)
        } else {
            &[]
        };
        let name = if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() };
        // Links, devices and folders have no content, whatever their size says.
        let size = if matches!(kind, b'1'..=b'6') { 0 } else { number(block.get(124..136)?)? };
        Some(Self { size, kind, name })
    }

    /// A name or further fields of the file that comes next.
    pub(super) fn is_about_next(&self) -> bool {
        matches!(self.kind, b'x' | b'g' | b'L' | b'K' | b'X')
    }

    pub(super) fn padding(&self) -> u64 {
        (BLOCK as u64 - self.size % BLOCK as u64) % BLOCK as u64
    }
}

fn text(field: &[u8]) -> &[u8] {
    field.split(|b| *b == 0).next().unwrap_or_default()
}

/// Octal digits with blanks around them, or base 256 with the highest bit set.
fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let (head, tail) = field.split_at_checked(field.len() - 8)?;
        let zero = head.iter().enumerate().all(|(i, b)| *b == if i == 0 { 0x80 } else { 0 });
        return zero.then(|| tail.iter().fold(0, |sum, b| sum << 8 | u64::from(*b)));
    }
    let mut value = 0u64;
    let digits = field.iter().skip_while(|b| **b == b' ').take_while(|b| !matches!(b, b' ' | 0));
    for digit in digits {
        value = value.checked_mul(8)?.checked_add(u64::from(digit.checked_sub(b'0').filter(|d| *d < 8)?))?;
    }
    Some(value)
}

/// Whether the checksum is right: the sum of all bytes, its own field counted as blanks.
pub(super) fn is_header(block: &[u8]) -> bool {
    block.len() == BLOCK
        && block.first() != Some(&0)
        && block.get(148..156).and_then(number).is_some_and(|told| told == sum(block))
}

fn sum(block: &[u8]) -> u64 {
    block.iter().enumerate().map(|(i, b)| u64::from(if (148..156).contains(&i) { b' ' } else { *b })).sum()
}

/// Writes another size into a header, `None` when it has no room, and the checksum anew.
pub(super) fn resized(block: &[u8], size: u64) -> Option<Vec<u8>> {
    let mut block = block.to_vec();
    let field = block.get_mut(124..136)?;
    if field.first()? & 0x80 != 0 {
        let start = field.len() - 8;
        field.get_mut(start..)?.copy_from_slice(&size.to_be_bytes());
    } else {
        // As many digits as there were, and what ended them.
        let lead = field.iter().take_while(|b| **b == b' ').count();
        let digits = field.iter().skip(lead).take_while(|b| b.is_ascii_digit()).count();
        let text = format!("{size:0digits$o}");
        if text.len() != digits {
            return None;
        }
        field.get_mut(lead..lead + digits)?.copy_from_slice(text.as_bytes());
    }
    resummed(block)
}

/// Writes the checksum anew.
pub(super) fn resummed(mut block: Vec<u8>) -> Option<Vec<u8>> {
    let text = format!("{:06o}\0 ", sum(&block));
    block.get_mut(148..156)?.copy_from_slice(text.as_bytes().get(..8)?);
    Some(block)
}

/// What pax fields say about the next file: its path and its size. Each is `<length> <name>=<value>\n`.
pub(super) fn pax(fields: &[u8]) -> (Option<Vec<u8>>, Option<u64>) {
    let (mut path, mut size) = (None, None);
    let mut rest = fields;
    while let Some(blank) = rest.iter().take(20).position(|b| *b == b' ') {
        let length = rest.get(..blank).and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| d.parse::<usize>().ok());
        let Some(field) = length.filter(|l| *l > blank + 1).and_then(|l| rest.get(blank + 1..l)) else { break };
        let field = field.strip_suffix(b"\n").unwrap_or(field);
        if let Some(value) = field.strip_prefix(b"path=") {
            path = Some(value.to_vec());
        } else if let Some(value) = field.strip_prefix(b"size=") {
            size = std::str::from_utf8(value).ok().and_then(|d| d.parse().ok());
        }
        rest = rest.get(length.unwrap_or(rest.len())..).unwrap_or_default();
    }
    (path, size)
}
