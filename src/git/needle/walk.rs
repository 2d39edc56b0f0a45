//! From one place where a form may stand to the whole of it: forth and back, symbol by symbol, every way of writing
//! followed at once.
//!
//! Must not know: how the place was found.

use super::forms::{Form, Kind};
use super::units::{GAP, UNIT, between, ends_between, units};

/// Ways followed at once; more than a handful is no text anybody wrote.
const WAYS: usize = 16;

/// Start and end of `form` when its symbol number `n` is written at `at`.
pub(super) fn whole(form: &Form, hay: &[u8], at: usize, n: usize) -> Option<(usize, usize)> {
    let (before, after) = form.symbols.split_at_checked(n)?;
    let mut ends = vec![at];
    for (i, symbol) in after.iter().enumerate() {
        match ends.as_mut_slice() {
            [end] if hay.get(*end).is_some_and(|byte| plain(form, *byte)) => {
                // Nothing else starts with such a byte.
                hay.get(*end).filter(|byte| stands_for(form, **byte, *symbol))?;
                *end += 1;
            }
            _ => ends = forth(form, hay, &ends, *symbol, i > 0),
        }
        if ends.is_empty() {
            return None;
        }
    }
    let mut starts = vec![at];
    let mut run = run_before(form, hay, at)?;
    for symbol in before.iter().rev() {
        match starts.as_mut_slice() {
            // Nothing else ends with so many of them.
            [start] if *start >= run + UNIT && *symbol != u16::from(b'\n') => {
                hay.get(*start - 1).filter(|byte| stands_for(form, **byte, *symbol))?;
                *start -= 1;
            }
            _ => {
                starts = back(form, hay, &starts, *symbol);
                if let [start] = starts[..]
                    && start < run
                {
                    run = run_before(form, hay, start)?;
                }
            }
        }
        if starts.is_empty() {
            return None;
        }
    }
    let (start, end) = (*starts.iter().min()?, *ends.iter().max()?);
    (end - start <= longest(form)).then_some((start, end))
}

/// Whether the byte stands for itself wherever it is: no escape and no break has one at its start, and those that end
/// with one have another byte among their last [`UNIT`]. Most of most keys is such bytes: they need not be followed in
/// all ways at once.
fn plain(form: &Form, byte: u8) -> bool {
    match form.kind {
        Kind::Utf16 { .. } | Kind::Dump => false,
        Kind::Text => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
        // `-` and `_` may stand for others.
        Kind::Hex | Kind::Base64 { .. } => byte.is_ascii_alphanumeric(),
    }
}

/// Where the plain bytes before `at` begin. No form is longer than is looked back: a file may be one run of megabytes.
fn run_before(form: &Form, hay: &[u8], at: usize) -> Option<usize> {
    let before = hay.get(..at)?.iter().rev().take(longest(form) + UNIT);
    Some(at - before.take_while(|byte| plain(form, **byte)).count())
}

/// Whether a plain byte is the symbol.
fn stands_for(form: &Form, byte: u8, symbol: u16) -> bool {
    let [low, _] = symbol.to_le_bytes();
    byte == low || form.kind == Kind::Hex && byte.eq_ignore_ascii_case(&low)
}

/// Most bytes that `form` may take: what is longer is not taken for it.
pub(super) fn longest(form: &Form) -> usize {
    form.symbols.len() * UNIT / 2 + 4 * GAP
}

fn forth(form: &Form, hay: &[u8], from: &[usize], symbol: u16, inner: bool) -> Vec<usize> {
    let mut ends = Vec::new();
    for at in from {
        let mut next = |at| units(form, hay, at, symbol, &mut |end| add(&mut ends, end));
        next(*at);
        if inner {
            between(form, hay, *at, &mut next);
        }
    }
    ends
}

/// Where `symbol` starts that ends, with or without a break after it, at one of `to`. Reading forth decides what ends
/// where: there is one grammar, not two.
fn back(form: &Form, hay: &[u8], to: &[usize], symbol: u16) -> Vec<usize> {
    let mut starts = Vec::new();
    let unit = if symbol == u16::from(b'\n') { GAP } else { UNIT };
    let mut ending = |end: usize| {
        for start in end.saturating_sub(unit)..end {
            let mut ends_here = false;
            units(form, hay, start, symbol, &mut |e| ends_here |= e == end);
            if ends_here {
                add(&mut starts, start);
            }
        }
    };
    for at in to {
        ending(*at);
        let last = at.checked_sub(1).and_then(|i| hay.get(i));
        if last.is_some_and(|b| ends_between(form, *b)) {
            for gap in at.saturating_sub(GAP)..*at {
                let mut ends_here = false;
                between(form, hay, gap, &mut |e| ends_here |= e == *at);
                if ends_here {
                    ending(gap);
                }
            }
        }
    }
    starts
}

fn add(ways: &mut Vec<usize>, at: usize) {
    if ways.len() < WAYS && !ways.contains(&at) {
        ways.push(at);
    }
}

/// The start and end of each symbol's writing in `found`, which [`whole`] cut out. Breaks lie between them.
pub(super) fn steps(form: &Form, found: &[u8]) -> Vec<(usize, usize)> {
    // Per symbol, where a way of writing it ends, and where it started and what came before.
    let mut rows: Vec<Vec<(usize, usize, usize)>> = Vec::with_capacity(form.symbols.len());
    for symbol in form.symbols.iter() {
        let last = rows.last().map_or_else(|| vec![(0, 0, 0)], Clone::clone);
        let mut row: Vec<(usize, usize, usize)> = Vec::new();
        for (n, (at, _, _)) in last.iter().enumerate() {
            let mut next = |start| {
                units(form, found, start, *symbol, &mut |end| {
                    if row.len() < WAYS && !row.iter().any(|(known, _, _)| *known == end) {
                        row.push((end, start, n));
                    }
                });
            };
            next(*at);
            if !rows.is_empty() {
                between(form, found, *at, &mut next);
            }
        }
        rows.push(row);
    }
    let mut steps = Vec::with_capacity(rows.len());
    let mut n = rows.last().and_then(|row| row.iter().position(|(end, _, _)| *end == found.len()));
    for row in rows.iter().rev() {
        let Some((end, start, before)) = n.and_then(|n| row.get(n)) else { return Vec::new() };
        steps.push((*start, *end));
        n = Some(*before);
    }
    steps.reverse();
    steps
}
