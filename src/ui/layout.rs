//! Where things go at which size, and the key hints that fit.
//!
//! Must not know: what is shown in a slot.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::panel;
use super::text::{self, Cut};
use super::{Look, Role};

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// 100x30 and up: rail, pane and evidence.
    Full,
    /// 80x24 and up: rail and pane.
    Pane,
    /// 60x16 and up: pane under a rail of one line.
    Line,
    /// Below: no room for panes. The linear view says the same in lines.
    Linear,
}

impl Shape {
    pub fn of(width: u16, height: u16) -> Self {
        match (width, height) {
            (100.., 30..) => Self::Full,
            (80.., 24..) => Self::Pane,
            (60.., 16..) => Self::Line,
            _ => Self::Linear,
        }
    }
}

/// The places of a frame. What a shape has no room for has no area. In [`Shape::Linear`], `pane` is everything
/// between the first and the last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    pub shape: Shape,
    pub header: Rect,
    pub rail: Rect,
    pub pane: Rect,
    pub evidence: Rect,
    pub footer: Rect,
    /// The rows between header, body and footer.
    pub rules: [Rect; 2],
}

const RAIL: u16 = 24;
/// From this width on the evidence stands beside the pane, not under it.
const BESIDE: u16 = 150;

/// Splits `area` by its size.
pub fn split(area: Rect) -> Slots {
    // no terminal is that large, but sums below must not overflow
    let (width, height) = (area.width.min(u16::MAX - area.x), area.height.min(u16::MAX - area.y));
    let area = Rect { width, height, ..area };
    let shape = Shape::of(area.width, area.height);
    let none = Rect { width: 0, height: 0, ..area };
    let row = |n: u16, count: u16| Rect { y: area.y.saturating_add(n), height: count, ..area };
    let h = area.height;
    let header = row(0, h.min(1));
    let footer = row(h.saturating_sub(1), u16::from(h > 1));
    let bare = Slots { shape, header, rail: none, pane: none, evidence: none, footer, rules: [none, none] };
    match shape {
        Shape::Linear => Slots { pane: row(h.min(1), h.saturating_sub(2)), ..bare },
        Shape::Line => Slots { rail: row(1, 1), pane: row(3, h - 5), rules: [row(2, 1), row(h - 2, 1)], ..bare },
        Shape::Pane | Shape::Full => {
            let body = row(2, h - 4);
            let rail = Rect { width: RAIL - 1, ..body };
            let right = Rect { x: body.x + RAIL + 1, width: body.width - RAIL - 1, ..body };
            let (pane, evidence) = match shape {
                Shape::Full if area.width >= BESIDE => left_right(right, right.width / 3),
                Shape::Full => above_below(right, (right.height / 4).max(6)),
                _ => (right, none),
            };
            Slots { rail, pane, evidence, rules: [row(1, 1), row(h - 2, 1)], ..bare }
        }
    }
}

fn left_right(area: Rect, right: u16) -> (Rect, Rect) {
    let left = Rect { width: area.width - right - 1, ..area };
    (left, Rect { x: area.x + left.width + 1, width: right, ..area })
}

fn above_below(area: Rect, below: u16) -> (Rect, Rect) {
    let above = Rect { height: area.height - below, ..area };
    (above, Rect { y: area.y + above.height, height: below, ..area })
}

/// Draws the rules, and the line between rail and pane.
pub fn frame(slots: &Slots, buf: &mut Buffer, look: &Look) {
    for rule in slots.rules {
        panel::rule(rule, buf, look);
    }
    if slots.rail.height > 1 {
        for row in 0..slots.rail.height {
            text::put(
                buf,
                Rect { width: RAIL, ..slots.rail },
                RAIL - 1,
                row,
                look.glyphs.vertical,
                look.style(Role::Border),
            );
        }
    }
}

/// A key and its word for the footer. Rank 0 is the most important; the highest goes first when room is short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub key: String,
    pub word: String,
    pub rank: u8,
    pub enabled: bool,
}

impl Hint {
    pub fn new(key: impl Into<String>, word: impl Into<String>, rank: u8) -> Self {
        Self { key: key.into(), word: word.into(), rank, enabled: true }
    }
}

/// The hints that fit into `width` cells, in the given order. Of equal rank the later one goes first. A disabled one
/// is dim and in brackets. The last one left is cut rather than dropped.
pub fn hints(hints: &[Hint], width: usize, look: &Look) -> Line<'static> {
    let mut kept: Vec<&Hint> = hints.iter().collect();
    let words = |hint: &Hint| {
        if hint.enabled { format!("{} {}", hint.key, hint.word) } else { format!("({} {})", hint.key, hint.word) }
    };
    let size = |kept: &[&Hint]| kept.iter().map(|h| text::width(&words(h)) + 3).sum::<usize>().saturating_sub(3);
    while kept.len() > 1 && size(&kept) > width {
        let worst = kept.iter().enumerate().max_by_key(|(i, hint)| (hint.rank, *i)).map_or(0, |(i, _)| i);
        kept.remove(worst);
    }
    let mut spans = Vec::new();
    let mut room = width;
    for (i, hint) in kept.into_iter().enumerate() {
        let gap = if i == 0 { "" } else { "   " };
        let whole = text::truncate(&words(hint), room.saturating_sub(gap.len()), Cut::End, look.glyphs.ellipsis);
        room = room.saturating_sub(text::width(&whole) + gap.len());
        spans.push(text::span(gap, look.style(Role::Text)));
        match whole.split_once(' ').filter(|_| hint.enabled) {
            Some((key, word)) => {
                spans.push(text::span(key, look.style(Role::Accent)));
                spans.push(text::span(format!(" {word}"), look.style(Role::Text)));
            }
            None => spans.push(text::span(whole, look.style(if hint.enabled { Role::Accent } else { Role::Dim }))),
        }
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Palette, Theme};

    #[test]
    fn the_breakpoints_are_those_of_the_design() {
        for (w, h, want) in [
            (100, 30, Shape::Full),
            (99, 30, Shape::Pane),
            (100, 29, Shape::Pane),
            (80, 24, Shape::Pane),
            (79, 24, Shape::Line),
            (60, 16, Shape::Line),
            (59, 16, Shape::Linear),
            (60, 15, Shape::Linear),
            (0, 0, Shape::Linear),
        ] {
            assert_eq!(Shape::of(w, h), want, "{w}x{h}");
        }
    }

    #[test]
    fn slots_stay_inside_and_never_overlap() {
        for w in 0..220 {
            for h in 0..60 {
                let area = Rect::new(3, 2, w, h);
                let s = split(area);
                let all = [s.header, s.rail, s.pane, s.evidence, s.footer, s.rules[0], s.rules[1]];
                for (i, a) in all.iter().enumerate().filter(|(_, a)| !a.is_empty()) {
                    assert_eq!(a.intersection(area), *a, "{w}x{h} slot {i}");
                    let crossed = all.iter().skip(i + 1).any(|b| !b.is_empty() && a.intersects(*b));
                    assert!(!crossed, "{w}x{h} slot {i}");
                }
            }
        }
    }

    #[test]
    fn hints_go_by_rank_and_the_best_stays() {
        let look = Look::new(Theme::new(Palette::Mono), false);
        let all = [Hint::new("r", "revoke", 0), Hint::new("c", "check", 2), Hint::new("?", "help", 1)];
        let show = |width| hints(&all, width, &look).to_string();
        assert_eq!(show(80), "r revoke   c check   ? help");
        assert_eq!(show(20), "r revoke   ? help");
        assert_eq!(show(9), "r revoke");
        assert_eq!(show(4), "r r…");
        assert_eq!(show(0), "");
        let off = [Hint { enabled: false, ..Hint::new("p", "purge", 0) }];
        assert_eq!(hints(&off, 20, &look).to_string(), "(p purge)");
    }
}
