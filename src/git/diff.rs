//! The preview's lines: what stands there now, key masked, and what will stand there.
//!
//! Must not know: which objects deserve a line.

use std::collections::HashSet;

use git2::Oid;
use sha2::{Digest as _, Sha256};

use super::fold;
use super::needle::{Hit, Pieces, Search};
use super::pack::flow::Flow;
use super::repo::Repo;
use super::rewrite::Rewriter;
use crate::base::Fault;
use crate::base::fault::Result;

/// Pairs shown; a person reads no more before typing the phrase.
const PAIRS: usize = 200;
/// Copies of one object that are looked at for distinct lines.
const COPIES: usize = 5000;
/// Bytes of a line kept on either side of the key.
const AROUND: usize = 60;
/// Objects that a thread takes at once.
const SHARE: usize = 64;

/// Says of an object that is no text what it is and what becomes of it.
pub(super) type About<'a> = &'a (dyn Fn(Oid) -> Option<(String, String)> + Sync);

/// A line as it stands and as it will stand.
type Pair = (String, String);

/// `-` and `+` lines, one pair per distinct line.
pub(super) fn lines(repo: &Repo<'_>, rewriter: &Rewriter<'_>, ids: &[Oid], about: About<'_>) -> Result<Vec<String>> {
    let mut shown = HashSet::new();
    let mut known = HashSet::new();
    let mut out = Vec::new();
    let mut more = 0;
    for (id, text) in ids.iter().zip(texts(repo, rewriter, ids, about)?) {
        repo.go_on()?;
        let pairs = if let Some(pairs) = text {
            pairs
        } else if let Some(flow) = rewriter.scan.library.large(*id) {
            match about(*id) {
                Some((what, way)) => vec![named(&what, flow.size, way)],
                None => streamed(repo, flow, &mut known)?,
            }
        } else {
            let Ok(object) = rewriter.read(*id) else { continue };
            match about(*id) {
                Some((what, way)) => vec![named(&what, object.len() as u64, way)],
                None => pairs(repo.search, &object, &mut known)?,
            }
        };
        for (old, new) in pairs {
            if !shown.insert(old.clone()) {
                continue;
            }
            if shown.len() > PAIRS {
                more += 1;
                continue;
            }
            out.push(format!("-{old}"));
            out.push(format!("+{new}"));
        }
    }
    if more > 0 {
        out.push(format!(" and {more} more lines"));
    }
    Ok(out)
}

/// The pairs of each object that is held and text, on all cores. `None`: it is something else, or can't be read so.
fn texts(repo: &Repo<'_>, rewriter: &Rewriter<'_>, ids: &[Oid], about: About<'_>) -> Result<Vec<Option<Vec<Pair>>>> {
    let (search, library) = (repo.search, &rewriter.scan.library);
    let tools = || (library.desk(), HashSet::new());
    fold::shared(ids.len(), SHARE, repo.ask.cancel, tools, |(desk, known), n| {
        let id = *ids.get(n)?;
        if about(id).is_some() || library.large(id).is_some() {
            return None;
        }
        let (_, data) = desk.read(id)?;
        pairs(search, &data, known).ok()
    })
}

fn named(what: &str, bytes: u64, way: String) -> Pair {
    (format!("[leaked] in {what} of {}", size(bytes)), way)
}

/// The pairs of a file that is too large to be held, piece by piece.
fn streamed(repo: &Repo<'_>, flow: Flow<'_>, known: &mut HashSet<[u8; 32]>) -> Result<Vec<Pair>> {
    let lost = |e: std::io::Error| Fault::machine("a large file can't be read", e);
    let mut pieces = Pieces::new(repo.search, flow);
    let (mut all, mut shown) = (Vec::new(), HashSet::new());
    while all.len() <= COPIES {
        repo.go_on()?;
        let Some(piece) = pieces.next().map_err(lost)? else { break };
        all.extend(pairs(repo.search, piece, known)?.into_iter().filter(|(old, _)| shown.insert(old.clone())));
    }
    Ok(all)
}

/// `known`: hashes of the lines that were seen before, in this or another object; they are not worked out again.
fn pairs(search: &Search<'_>, data: &[u8], known: &mut HashSet<[u8; 32]>) -> Result<Vec<Pair>> {
    let hits = search.hits(data);
    let mut pairs = Vec::new();
    let mut done = 0;
    for (n, hit) in hits.iter().enumerate().take(COPIES) {
        // One pair shows all copies of a line.
        if hit.start < done {
            continue;
        }
        if hit.form.starts_with("utf-16") {
            pairs.push((format!("[leaked] ({})", hit.form), format!("a placeholder ({})", hit.form)));
            continue;
        }
        let (start, end) = window(data, &hits, n);
        done = end;
        let seen = data.get(start..end).unwrap_or_default();
        let around = (start.checked_sub(1).and_then(|at| data.get(at)) == Some(&b'\n'), data.get(end) == Some(&b'\n'));
        let ends = [start == 0, around.0, end >= data.len(), around.1].map(u8::from);
        if !known.insert(Sha256::new().chain_update(ends).chain_update(seen).finalize().into()) {
            continue;
        }
        let Some(clean) = search.replace(seen, false)? else { continue };
        let more = |at: usize, end: u8| if data.get(at).is_some_and(|b| *b != end) { "…" } else { "" };
        let before = if start > 0 { more(start - 1, b'\n') } else { "" };
        let frame = |text: &str| format!("{before}{}{}", plain(text).trim_end(), more(end, b'\n'));
        // The placeholder's own neighbours may spell a key with it: what is shown is masked in any case.
        pairs.push((frame(&search.text(seen)), frame(&search.text(&clean))));
    }
    Ok(pairs)
}

/// The line of hit number `n`, cut to what a screen shows, but never within a copy of a key.
fn window(data: &[u8], hits: &[Hit], n: usize) -> (usize, usize) {
    let Some(hit) = hits.get(n) else { return (0, 0) };
    let head = data.get(..hit.start).unwrap_or_default();
    let tail = data.get(hit.end..).unwrap_or_default();
    let line = memchr::memrchr(b'\n', head).map_or(0, |at| at + 1);
    let mut start = line.max(hit.start.saturating_sub(AROUND));
    let mut end = hit.end + memchr::memchr(b'\n', tail).unwrap_or(tail.len()).min(AROUND);
    for other in hits.get(..n).unwrap_or_default().iter().rev().take(64) {
        if other.start < start && other.end > start {
            start = other.start;
        }
    }
    for other in hits.get(n..).unwrap_or_default() {
        if other.start >= end {
            break;
        }
        end = end.max(other.end);
    }
    // Not within a letter either.
    while start > line && data.get(start).is_some_and(|b| b & 0xc0 == 0x80) {
        start -= 1;
    }
    while data.get(end).is_some_and(|b| b & 0xc0 == 0x80) {
        end += 1;
    }
    (start, end)
}

fn plain(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn size(bytes: u64) -> String {
    match bytes {
        0..=2047 => format!("{bytes} bytes"),
        2048..=2_097_151 => format!("{} KB", bytes / 1024),
        _ => format!("{} MB", bytes / (1024 * 1024)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::needle::Needles;
    use super::*;

    fn key() -> String {
        format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(12))
    }

    fn shown(text: &str) -> Vec<(String, String)> {
        let key = key();
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        let pairs = pairs(&needles.search(), text.as_bytes(), &mut HashSet::new()).unwrap();
        // No piece of the key that anybody could use.
        for piece in key.as_bytes().windows(12) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(pairs.iter().all(|(old, new)| !old.contains(piece) && !new.contains(piece)), "{pairs:?}");
        }
        pairs
    }

    #[test]
    fn a_line_before_and_after() {
        let pairs = shown(&format!("one\nk = {}\t# note\nthree", key()));
        assert_eq!(pairs, [("k = [leaked] # note".into(), "k = REMOVED-BY-STANCH # note".into())]);
    }

    #[test]
    fn long_lines_are_cut_and_never_within_a_key() {
        let key = key();
        for gap in 0..80 {
            let text = format!("{}{key}{}{key}{}", "é".repeat(99), "x".repeat(gap), "y".repeat(gap + 50));
            let pairs = shown(&text);
            assert!(pairs[0].0.starts_with("…é") && pairs[0].0.len() < 400, "{pairs:?}");
        }
    }

    #[test]
    fn a_key_in_several_lines_is_one_pair() {
        let key = key();
        let pairs = shown(&format!("a \\\n{}\\\n{} b\nc", &key[..40], &key[40..]));
        assert_eq!(pairs.len(), 1);
        assert!(pairs[0].0.contains("[leaked]"), "{pairs:?}");
    }
}
