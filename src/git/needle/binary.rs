//! What is text and what is not: in what is not, every length stays.
//!
//! Must not know: keys.

/// Whether content is other than text. Git's own way to tell is a NUL, too, but UTF-16 is text.
pub(in crate::git) fn binary(hay: &[u8]) -> bool {
    memchr::memchr(0, hay).is_some() && !utf16(hay)
}

/// All of it is UTF-16 without control characters, most of it from the first page.
fn utf16(hay: &[u8]) -> bool {
    let (pairs, []) = hay.as_chunks::<2>() else { return false };
    let text = |unit: fn([u8; 2]) -> u16| {
        let units = || pairs.iter().map(|pair| unit(*pair));
        let low = units().filter(|u| *u < 0x100).count();
        2 * low > pairs.len() && units().all(|u| u >= 0x20 || matches!(u, 9 | 10 | 13))
    };
    text(u16::from_le_bytes) || text(u16::from_be_bytes)
}
