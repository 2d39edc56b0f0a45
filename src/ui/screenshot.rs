//! The program's own frame as text, and as an SVG picture for the README. The same frame gives the same bytes.
//!
//! Must not know: what is on the frame, or where the picture goes.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

/// Pixels of one cell, the title bar and the margin.
const CELL: (u32, u32) = (9, 19);
const BAR: u32 = 34;
const MARGIN: u32 = 12;

/// The frame as lines, blanks at their ends cut.
pub fn plain(buf: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buf) {
        let line: String = row.iter().map(|(_, cell)| cell.symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Each row as the cells that start something, with their column: the second half of a wide character isn't one.
fn rows(buf: &Buffer) -> Vec<Vec<At<'_>>> {
    let area = buf.area;
    (area.top()..area.bottom())
        .map(|y| {
            let mut row = Vec::new();
            let mut x = area.left();
            while x < area.right() {
                let Some(cell) = buf.cell((x, y)) else { break };
                row.push((x - area.left(), cell));
                x = x.saturating_add(u16::try_from(cell.symbol().width()).unwrap_or(1).max(1));
            }
            row
        })
        .collect()
}

/// The sixteen ANSI colours of a picture, with ground and text.
struct Ink {
    ansi: [&'static str; 16],
    ground: &'static str,
    text: &'static str,
    bar: &'static str,
}

const DARK: Ink = Ink {
    ansi: [
        "#1d2027", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#7f848e", "#ff7b86",
        "#b5e890", "#ffd68a", "#7cc4ff", "#dd90f2", "#6fd3df", "#ffffff",
    ],
    ground: "#1d2027",
    text: "#c8ccd4",
    bar: "#2c313a",
};

const LIGHT: Ink = Ink {
    ansi: [
        "#24292f", "#c4262e", "#1a7f37", "#9a6700", "#0550ae", "#8250df", "#1b7c83", "#d0d7de", "#6e7781", "#a40e26",
        "#2da44e", "#bf8700", "#218bff", "#a475f9", "#3192aa", "#ffffff",
    ],
    ground: "#ffffff",
    text: "#24292f",
    bar: "#eaeef2",
};

impl Ink {
    fn of(&self, colour: Color, default: &str) -> String {
        let ansi = |i: usize| self.ansi.get(i).copied().unwrap_or(self.text).to_owned();
        match colour {
            Color::Reset => default.to_owned(),
            Color::Black => ansi(0),
            Color::Red => ansi(1),
            Color::Green => ansi(2),
            Color::Yellow => ansi(3),
            Color::Blue => ansi(4),
            Color::Magenta => ansi(5),
            Color::Cyan => ansi(6),
            Color::Gray => ansi(7),
            Color::DarkGray => ansi(8),
            Color::LightRed => ansi(9),
            Color::LightGreen => ansi(10),
            Color::LightYellow => ansi(11),
            Color::LightBlue => ansi(12),
            Color::LightMagenta => ansi(13),
            Color::LightCyan => ansi(14),
            Color::White => ansi(15),
            Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
            Color::Indexed(i @ 0..=15) => ansi(usize::from(i)),
            Color::Indexed(i @ 16..=231) => {
                let level = |n: u8| if n == 0 { 0 } else { 55 + n * 40 };
                let (r, g, b) = (level((i - 16) / 36), level((i - 16) / 6 % 6), level((i - 16) % 6));
                format!("#{r:02x}{g:02x}{b:02x}")
            }
            Color::Indexed(i) => {
                let grey = 8 + (i - 232) * 10;
                format!("#{grey:02x}{grey:02x}{grey:02x}")
            }
        }
    }
}

/// How a run of cells looks in the picture.
#[derive(PartialEq, Eq, Clone)]
struct Paint {
    fg: String,
    bg: String,
    modifier: Modifier,
}

fn paint(cell: &Cell, ink: &Ink) -> Paint {
    let (fg, bg) = (ink.of(cell.fg, ink.text), ink.of(cell.bg, ink.ground));
    let modifier = cell.modifier;
    if modifier.contains(Modifier::REVERSED) { Paint { fg: bg, bg: fg, modifier } } else { Paint { fg, bg, modifier } }
}

/// An SVG picture of the frame in a window titled `title`, on a dark or a light ground.
pub fn svg(buf: &Buffer, title: &str, light: bool) -> String {
    let ink = if light { &LIGHT } else { &DARK };
    let (w, h) =
        (u32::from(buf.area.width) * CELL.0 + 2 * MARGIN, u32::from(buf.area.height) * CELL.1 + BAR + 2 * MARGIN);
    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="{t}">
<title>{t}</title>
<rect width="{w}" height="{h}" rx="8" fill="{ground}"/>
<path d="M0 8a8 8 0 0 1 8-8h{straight}a8 8 0 0 1 8 8v{side}h-{w}z" fill="{bar}"/>
<circle cx="18" cy="17" r="5" fill="{r}"/><circle cx="36" cy="17" r="5" fill="{y}"/><circle cx="54" cy="17" r="5" fill="{g}"/>
<g font-family="ui-monospace,'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace" font-size="15" shape-rendering="crispEdges" xml:space="preserve" style="white-space:pre">
<text x="{mid}" y="22" text-anchor="middle" font-size="13" fill="{text}">{t}</text>"#,
        t = escape(title),
        ground = ink.ground,
        bar = ink.bar,
        straight = w.saturating_sub(16),
        side = BAR - 8,
        r = ink.ansi[1],
        y = ink.ansi[3],
        g = ink.ansi[2],
        mid = w / 2,
        text = ink.text,
    );
    for (row, y) in rows(buf).iter().zip(0_u32..) {
        draw_row(&mut out, row, BAR + MARGIN + y * CELL.1, ink);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Grounds first, then runs of text; blocks and lines as shapes, so that they join in every font.
fn draw_row(out: &mut String, row: &[At<'_>], y: u32, ink: &Ink) {
    for (x, width, cells) in runs(row, |cell| Some(paint(cell, ink).bg)) {
        let ground = cells.first().map(|(_, cell)| paint(cell, ink).bg).unwrap_or_default();
        if ground != ink.ground {
            let _ = writeln!(out, r#"<rect x="{x}" y="{y}" width="{width}" height="{}" fill="{ground}"/>"#, CELL.1);
        }
    }
    draw_shapes(out, row, y, ink);
    // symbols may come from another font than letters: a run of its own keeps that from spreading to its neighbours
    let written = |cell: &Cell| {
        let symbol = cell.symbol();
        shape(symbol, 0, 0, 1, "").is_none().then(|| (paint(cell, ink), symbol.is_ascii()))
    };
    for (x, width, cells) in runs(row, written) {
        let words: String = cells.iter().map(|(_, cell)| cell.symbol()).collect();
        let Some((_, cell)) = cells.first().filter(|_| !words.trim().is_empty()) else { continue };
        let look = paint(cell, ink);
        let _ = writeln!(
            out,
            r#"<text x="{x}" y="{}" textLength="{width}" lengthAdjust="spacingAndGlyphs" fill="{}"{}>{}</text>"#,
            y + 14,
            look.fg,
            attributes(look.modifier),
            escape(&words)
        );
    }
}

/// Neighbours of the same shape and colour that can be one wide shape are: no seams, and a smaller file.
fn draw_shapes(out: &mut String, row: &[At<'_>], y: u32, ink: &Ink) {
    let mut rest = row;
    while let Some(((col, cell), after)) = rest.split_first() {
        rest = after;
        let (symbol, look) = (cell.symbol(), paint(cell, ink));
        let same = |at: &&At<'_>| at.1.symbol() == symbol && paint(at.1, ink).fg == look.fg;
        let more = if spreads(symbol) { rest.iter().take_while(same).count() } else { 0 };
        let count = u32::try_from(more).unwrap_or(0) + 1;
        if let Some(shape) = shape(symbol, MARGIN + u32::from(*col) * CELL.0, y, count, &look.fg) {
            let _ = writeln!(out, "{shape}");
            rest = rest.get(more..).unwrap_or_default();
        }
    }
}

/// Side by side, the symbol looks like one wide one.
fn spreads(symbol: &str) -> bool {
    matches!(symbol, "─" | "▁" | "▂" | "▃" | "▄" | "▅" | "▆" | "▇" | "█")
}

type At<'a> = (u16, &'a Cell);

/// Neighbours with the same `key`, as left edge and width in pixels and the cells; without a key, none.
fn runs<'r, 'a, K: PartialEq>(row: &'r [At<'a>], key: impl Fn(&Cell) -> Option<K>) -> Vec<(u32, u32, &'r [At<'a>])> {
    row.chunk_by(|a, b| key(a.1) == key(b.1))
        .filter(|run| run.first().is_some_and(|(_, cell)| key(cell).is_some()))
        .map(|run| {
            let cells: usize = run.iter().map(|(_, cell)| cell.symbol().width().max(1)).sum();
            let left = run.first().map_or(0, |(col, _)| u32::from(*col));
            (MARGIN + left * CELL.0, u32::try_from(cells).unwrap_or(0) * CELL.0, run)
        })
        .collect()
}

fn attributes(modifier: Modifier) -> String {
    let table = [
        (Modifier::BOLD, r#" font-weight="bold""#),
        (Modifier::ITALIC, r#" font-style="italic""#),
        (Modifier::UNDERLINED, r#" text-decoration="underline""#),
        (Modifier::DIM, r#" opacity="0.65""#),
    ];
    table.iter().filter(|(m, _)| modifier.contains(*m)).map(|(_, text)| *text).collect()
}

/// Bars and box lines as geometry, `count` cells wide.
fn shape(symbol: &str, left: u32, top: u32, count: u32, ink: &str) -> Option<String> {
    let mut chars = symbol.chars();
    let (c, None) = (chars.next()?, chars.next()) else { return None };
    let (wide, high) = (CELL.0 * count, CELL.1);
    if let eighths @ 1..=8 = u32::from(c).wrapping_sub(0x2580) {
        let tall = high * eighths / 8;
        return Some(format!(
            r#"<rect x="{left}" y="{}" width="{wide}" height="{tall}" fill="{ink}"/>"#,
            top + high - tall
        ));
    }
    let (mid, level, right, low) = (left + wide / 2, top + high / 2, left + wide, top + high);
    let path = match c {
        '─' => format!("M{left} {level}H{right}"),
        '│' => format!("M{mid} {top}V{low}"),
        '┌' => format!("M{mid} {low}V{level}H{right}"),
        '┐' => format!("M{left} {level}H{mid}V{low}"),
        '└' => format!("M{mid} {top}V{level}H{right}"),
        '┘' => format!("M{left} {level}H{mid}V{top}"),
        _ => return None,
    };
    Some(format!(r#"<path d="{path}" fill="none" stroke="{ink}"/>"#))
}

/// For XML text and attributes; characters XML can't hold are dropped.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
