//! Text in so many cells: cut where it is too long, padded where it is too short.
//!
//! Must not know: buffers.

use unicode_width::UnicodeWidthStr as _;

use super::{graphemes, width};

/// Where a text that is too long loses a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cut {
    Start,
    Middle,
    #[default]
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    #[default]
    Left,
    Right,
    Centre,
}

/// `text` in at most `max` cells; what is lost shows as `ellipsis`.
pub fn truncate(text: &str, max: usize, cut: Cut, ellipsis: &str) -> String {
    if width(text) <= max {
        return graphemes(text).collect();
    }
    let mark = width(ellipsis);
    if max <= mark {
        return head(ellipsis, max);
    }
    let room = max - mark;
    match cut {
        Cut::End => head(text, room) + ellipsis,
        Cut::Start => ellipsis.to_owned() + &tail(text, room),
        Cut::Middle => head(text, room.div_ceil(2)) + ellipsis + &tail(text, room / 2),
    }
}

fn head(text: &str, max: usize) -> String {
    taken(graphemes(text), max).concat()
}

fn tail(text: &str, max: usize) -> String {
    let mut parts = taken(graphemes(text).rev(), max);
    parts.reverse();
    parts.concat()
}

/// As many leading pieces as fit into `max` cells.
fn taken<'a>(pieces: impl Iterator<Item = &'a str>, max: usize) -> Vec<&'a str> {
    let mut used = 0;
    pieces
        .take_while(|g| {
            used += g.width();
            used <= max
        })
        .collect()
}

/// `text` with each absolute path that is wider than `max` cells cut in its middle: a path broken over lines can't be
/// read. Its end, which tells most, stays longest.
pub fn fit_paths(text: &str, max: usize, ellipsis: &str) -> String {
    let fit = |word: &str| {
        let start =
            word.find('/').filter(|at| word.get(..*at).is_some_and(|head| head.chars().all(|c| "(`'".contains(c))));
        if start.is_none() || width(word) <= max {
            return word.to_owned();
        }
        let room = max.saturating_sub(width(ellipsis));
        let (first, last) = (head(word, room / 4), tail(word, room - room / 4));
        // Whole names where there are some: half a name is another name.
        let first = first.rfind('/').filter(|at| *at > 0).and_then(|at| first.get(..=at)).unwrap_or(&first);
        let last = last.find('/').and_then(|at| last.get(at..)).unwrap_or(&last);
        format!("{first}{ellipsis}{last}")
    };
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive([' ', '\n']) {
        let word = piece.trim_end_matches([' ', '\n']);
        out.push_str(&fit(word));
        out.push_str(piece.get(word.len()..).unwrap_or_default());
    }
    out
}

/// `text` in exactly `cells` cells: blanks added, or the end cut off with `ellipsis`.
pub fn pad(text: &str, cells: usize, align: Align, cut: Cut, ellipsis: &str) -> String {
    let text = truncate(text, cells, cut, ellipsis);
    let free = cells.saturating_sub(width(&text));
    let left = match align {
        Align::Left => 0,
        Align::Right => free,
        Align::Centre => free / 2,
    };
    format!("{}{text}{}", " ".repeat(left), " ".repeat(free - left))
}

#[cfg(test)]
mod tests {
    use super::super::wrap;
    use super::*;

    #[test]
    fn cuts_where_asked() {
        let cut = |max, cut| truncate("/home/ana/billing/.env", max, cut, "…");
        assert_eq!(cut(22, Cut::End), "/home/ana/billing/.env");
        assert_eq!(cut(10, Cut::End), "/home/ana…");
        assert_eq!(cut(10, Cut::Start), "…ling/.env");
        assert_eq!(cut(10, Cut::Middle), "/home….env");
        assert_eq!(cut(1, Cut::Middle), "…");
        assert_eq!(cut(0, Cut::Start), "");
    }

    #[test]
    fn wide_characters_never_overflow() {
        assert_eq!(truncate("漢字漢字", 5, Cut::End, "…"), "漢字…");
        assert_eq!(truncate("漢字漢字", 4, Cut::End, "…"), "漢…");
        assert_eq!(pad("漢", 4, Align::Right, Cut::End, "…"), "  漢");
        assert!(wrap("漢字漢字", 1).iter().all(|line| width(line) <= 1));
    }

    #[test]
    fn a_path_too_long_for_a_line_loses_whole_names_from_its_middle() {
        let text = "in /data/somebody/work/of/many/days/at/the/shop: 3 copies, and/or none";
        assert_eq!(fit_paths(text, 80, "…"), text);
        assert_eq!(fit_paths(text, 30, "…"), "in /data/…/days/at/the/shop: 3 copies, and/or none");
        assert_eq!(width(&fit_paths("/a-very-long-name-of-one-folder", 12, "…")), 12);
    }
}
