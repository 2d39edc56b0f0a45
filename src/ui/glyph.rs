//! The symbols, twice: Unicode (each one cell wide) and plain ASCII.
//!
//! Must not know: which set is in use elsewhere. Text from outside may hold anything; [`fold_buffer`] makes a whole
//! frame ASCII when the terminal can't show more.

use ratatui::buffer::Buffer;

use super::Role;
use super::text;

/// How a thing stands. The word belongs to the caller; glyph and colour come from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sign {
    Done,
    Here,
    Ready,
    Waiting,
    Locked,
    Running,
    Failed,
    Unknown,
    ByHand,
    Skipped,
    Deferred,
}

impl Sign {
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Here,
        Self::Ready,
        Self::Waiting,
        Self::Locked,
        Self::Running,
        Self::Failed,
        Self::Unknown,
        Self::ByHand,
        Self::Skipped,
        Self::Deferred,
    ];

    pub fn role(self) -> Role {
        match self {
            Self::Done | Self::ByHand => Role::Good,
            Self::Here | Self::Running => Role::Accent,
            Self::Ready => Role::Text,
            Self::Waiting | Self::Locked | Self::Skipped => Role::Dim,
            Self::Failed => Role::Bad,
            Self::Unknown | Self::Deferred => Role::Warn,
        }
    }
}

/// One set of symbols.
#[derive(Debug)]
pub struct Glyphs {
    pub ascii: bool,
    pub done: &'static str,
    pub here: &'static str,
    pub ready: &'static str,
    pub waiting: &'static str,
    pub locked: &'static str,
    pub failed: &'static str,
    pub unknown: &'static str,
    pub by_hand: &'static str,
    pub skipped: &'static str,
    pub deferred: &'static str,
    pub spinner: &'static [&'static str],
    pub horizontal: &'static str,
    pub vertical: &'static str,
    /// Top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// From empty to full, in equal steps.
    pub ramp: &'static [&'static str],
    pub ellipsis: &'static str,
    pub arrow: &'static str,
    /// Between two numbers of a range.
    pub dash: &'static str,
    /// Stands for one hidden character.
    pub hidden: &'static str,
    pub separator: &'static str,
}

pub static UNICODE: Glyphs = Glyphs {
    ascii: false,
    done: "✓",
    here: "▸",
    ready: "○",
    waiting: "·",
    locked: "⊘",
    failed: "✗",
    unknown: "?",
    by_hand: "✎",
    skipped: "↷",
    deferred: "⏷",
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
    horizontal: "─",
    vertical: "│",
    corners: ["┌", "┐", "└", "┘"],
    ramp: &[" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    ellipsis: "…",
    arrow: "→",
    dash: "–",
    hidden: "•",
    separator: "·",
};

pub static ASCII: Glyphs = Glyphs {
    ascii: true,
    done: "v",
    here: ">",
    ready: "o",
    waiting: ".",
    locked: "#",
    failed: "x",
    unknown: "?",
    by_hand: "h",
    skipped: "s",
    deferred: "d",
    spinner: &["|", "/", "-", "\\"],
    horizontal: "-",
    vertical: "|",
    corners: ["+", "+", "+", "+"],
    ramp: &[" ", ".", ":", "#"],
    ellipsis: "~",
    arrow: "->",
    dash: "-",
    hidden: "*",
    separator: "|",
};

impl Glyphs {
    pub fn sign(&self, sign: Sign, tick: u64) -> &'static str {
        match sign {
            Sign::Done => self.done,
            Sign::Here => self.here,
            Sign::Ready => self.ready,
            Sign::Waiting => self.waiting,
            Sign::Locked => self.locked,
            Sign::Running => self.spin(tick),
            Sign::Failed => self.failed,
            Sign::Unknown => self.unknown,
            Sign::ByHand => self.by_hand,
            Sign::Skipped => self.skipped,
            Sign::Deferred => self.deferred,
        }
    }

    /// The spinner's frame at `tick`.
    pub fn spin(&self, tick: u64) -> &'static str {
        let frames = u64::try_from(self.spinner.len()).unwrap_or(1).max(1);
        let at = usize::try_from(tick % frames).unwrap_or(0);
        self.spinner.get(at).copied().unwrap_or(self.here)
    }

    /// One cell of a bar, `fill` of 0..=1 full. Anything above nothing shows at least the first step.
    pub fn level(&self, fill: f64) -> &'static str {
        let top = self.ramp.len().saturating_sub(1);
        if !fill.is_finite() || fill <= 0.0 {
            return self.ramp.first().copied().unwrap_or(" ");
        }
        // the ramps have at most nine steps: the cast is exact
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let step = (fill.min(1.0) * top as f64).round() as usize;
        self.ramp.get(step.clamp(1, top.max(1))).copied().unwrap_or(" ")
    }
}

/// `text` with every symbol a plain terminal can't show replaced by something close.
pub fn fold(text: &str) -> String {
    text::graphemes(text).map(|g| if g.is_ascii() { g } else { near(g) }).collect()
}

/// Makes a drawn frame pure ASCII, cell by cell; widths stay as they are.
pub fn fold_buffer(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let near = near(cell.symbol());
            let one = near.get(..1).unwrap_or("?");
            cell.set_symbol(one);
        }
    }
}

fn near(grapheme: &str) -> &'static str {
    match grapheme {
        "…" => "...",
        "–" | "—" | "‑" | "─" | "━" => "-",
        "→" | "▸" | "›" | "»" => ">",
        "←" | "‹" | "«" => "<",
        "•" | "★" => "*",
        "│" | "┃" => "|",
        "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" => "+",
        "“" | "”" | "„" => "\"",
        "‘" | "’" => "'",
        "✓" => "v",
        "✗" | "×" => "x",
        "█" | "▇" | "▆" | "▅" => "#",
        "▄" | "▃" => ":",
        "·" | "▂" | "▁" => ".",
        "\u{a0}" => " ",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(set: &Glyphs) -> Vec<&'static str> {
        let mut all: Vec<_> = Sign::ALL.iter().map(|s| set.sign(*s, 0)).collect();
        all.extend(set.spinner.iter().chain(set.ramp).chain(&set.corners));
        all.extend([set.horizontal, set.vertical, set.ellipsis, set.dash, set.hidden, set.separator]);
        all
    }

    #[test]
    fn every_symbol_is_one_cell_and_ascii_is_ascii() {
        for symbol in all(&UNICODE).into_iter().chain(all(&ASCII)) {
            assert_eq!(text::width(symbol), 1, "{symbol}");
        }
        assert!(all(&ASCII).iter().all(|s| s.is_ascii()) && ASCII.arrow.is_ascii());
    }

    #[test]
    fn signs_differ_by_shape_not_only_by_colour() {
        for set in [&UNICODE, &ASCII] {
            let shapes: std::collections::BTreeSet<_> = Sign::ALL.iter().map(|s| set.sign(*s, 0)).collect();
            assert_eq!(shapes.len(), Sign::ALL.len());
        }
    }

    #[test]
    fn a_little_is_never_nothing() {
        for set in [&UNICODE, &ASCII] {
            assert_eq!(set.level(0.0), " ");
            assert_ne!(set.level(1e-9), " ");
            assert_eq!(set.level(7.0), *set.ramp.last().unwrap());
            assert_eq!(set.level(f64::NAN), " ");
        }
    }

    #[test]
    fn folds_to_ascii() {
        assert_eq!(fold("sk-proj-…9f3a → 3–9 漢"), "sk-proj-...9f3a > 3-9 ?");
    }
}
