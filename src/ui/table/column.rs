//! Columns, and how many cells each of them gets.
//!
//! Must not know: what stands in them.

use crate::ui::text::{Align, Cut};

/// Blank cells between two columns.
pub(super) const GAP: u16 = 2;

/// One column: at least `min` cells, and `weight` shares of what is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub title: String,
    pub min: u16,
    pub weight: u16,
    pub align: Align,
    pub cut: Cut,
}

impl Column {
    pub fn new(title: impl Into<String>, min: u16, weight: u16) -> Self {
        Self { title: title.into(), min, weight, align: Align::Left, cut: Cut::End }
    }

    #[must_use]
    pub fn right(mut self) -> Self {
        self.align = Align::Right;
        self
    }

    /// Long texts lose their middle, as suits a path.
    #[must_use]
    pub fn middle(mut self) -> Self {
        self.cut = Cut::Middle;
        self
    }
}

/// Cells each column gets. From the right, columns whose minimum doesn't fit get nothing; the first always gets some.
pub fn widths(columns: &[Column], total: u16) -> Vec<u16> {
    let mut widths = vec![0_u16; columns.len()];
    let mut free = total;
    let mut kept = 0;
    for (i, column) in columns.iter().enumerate() {
        let gap = if i == 0 { 0 } else { GAP };
        let need = if i == 0 { column.min.min(total) } else { column.min };
        if need.saturating_add(gap) > free {
            break;
        }
        free -= need + gap;
        kept = i + 1;
        if let Some(width) = widths.get_mut(i) {
            *width = need;
        }
    }
    let shares: u32 = columns.iter().take(kept).map(|c| u32::from(c.weight)).sum();
    let mut given = 0_u16;
    let mut seen = 0_u32;
    for (column, width) in columns.iter().zip(&mut widths).take(kept) {
        seen += u32::from(column.weight);
        // running totals: what rounding takes from one column goes to the next, nothing is lost
        let upto = u16::try_from(u32::from(free) * seen / shares.max(1)).unwrap_or(free);
        *width += upto - given;
        given = upto;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn widths_use_all_there_is_and_no_more() {
        let columns = [Column::new("a", 8, 3), Column::new("b", 6, 0), Column::new("c", 6, 1)];
        for total in 0..200 {
            let widths = widths(&columns, total);
            let kept = u16::try_from(widths.iter().filter(|w| **w > 0).count()).unwrap();
            let used = widths.iter().sum::<u16>() + GAP * kept.saturating_sub(1);
            assert!(used <= total, "{total}: {widths:?}");
            assert!(total < 24 || used == total, "{total}: {widths:?}");
            assert!(total == 0 || widths[0] > 0);
        }
    }
}
