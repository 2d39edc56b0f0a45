//! Text in lines of so many cells.
//!
//! Must not know: buffers.

use unicode_width::UnicodeWidthStr as _;

use super::{graphemes, width};

/// Breaks at blanks, inside a word only when it is wider than the line. Line ends in `text` are kept, and so is the
/// indentation of a line (for lists) and the blanks inside of it (for columns). No line at width 0.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    if max == 0 {
        return Vec::new();
    }
    text.split('\n').flat_map(|line| wrap_line(line, max)).collect()
}

fn wrap_line(line: &str, max: usize) -> Vec<String> {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let indent = " ".repeat(if blanks < max / 2 { blanks } else { 0 });
    let mut lines = Vec::new();
    // The line being filled and its width: measured anew for each grapheme, a long log would take whole frames.
    let (mut now, mut used) = (indent.clone(), indent.len());
    let mut gap = 0;
    for word in line.split(char::is_whitespace) {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        if now.len() > indent.len() {
            if used + gap + width(word) > max {
                lines.push(std::mem::replace(&mut now, indent.clone()));
                used = indent.len();
            } else {
                now.extend(std::iter::repeat_n(' ', gap));
                used += gap;
            }
        }
        for g in graphemes(word) {
            if used + g.width() > max && now.len() > indent.len() {
                lines.push(std::mem::replace(&mut now, indent.clone()));
                used = indent.len();
            }
            if used + g.width() <= max {
                now.push_str(g);
                used += g.width();
            }
        }
        gap = 1;
    }
    lines.push(now.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_blanks_and_keeps_the_indent() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("  - one two three", 9), ["  - one", "  two", "  three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("one   two three", 10), ["one   two", "three"], "columns stay");
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
        assert!(wrap("a", 0).is_empty());
    }
}
