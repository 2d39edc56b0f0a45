//! In which order git reads objects out with the least work: each soon after the one it is stored as a delta against,
//! which git then still has at hand. Git itself says what there is and what stands on what.
//!
//! Must not know: what the objects hold. An order that is wrong costs time, never an object.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use git2::Oid;

use super::super::cli::Git;
use super::super::raw;
use super::pipe::Pipe;
use super::{child, objects};
use crate::base::Fault;
use crate::base::fault::Result;

/// No number.
const NONE: u32 = u32::MAX;

/// Every object of the repository at `dir`, once each, and whether git ended well.
pub(super) fn all(git: &Git<'_>, dir: &Path) -> Result<(Vec<Oid>, bool)> {
    let mut command = objects::cat_file(git, dir);
    command.args(["--batch-all-objects", "--unordered", "--buffer", "--batch-check=%(objectname) %(deltabase)"]);
    let (listed, well) = child::reading(git, command, None, |pipe| {
        let listed = listed(pipe);
        // A list that a cancel cut off is no answer.
        objects::go_on(git)?;
        listed
    })?;
    Ok((families(&listed), well))
}

/// Objects, each with its base; no base is the zero id. One that git can't read has none.
fn listed(pipe: &mut Pipe<'_>) -> Result<Vec<(Oid, Oid)>> {
    let cant = |e: std::io::Error| Fault::machine("git's answer can't be read", e);
    let mut lines = BufReader::with_capacity(1 << 16, pipe);
    let (mut line, mut all) = (Vec::new(), Vec::new());
    while lines.read_until(b'\n', &mut line).map_err(cant)? > 0 {
        let mut words = line.trim_ascii_end().split(|b| *b == b' ');
        let id = words.next().and_then(raw::oid);
        let id = id.ok_or_else(|| cant(std::io::Error::other("a line does not begin with an id")))?;
        all.push((id, words.next().and_then(raw::oid).unwrap_or(Oid::ZERO_SHA1)));
        line.clear();
    }
    Ok(all)
}

/// Each of `listed` once: bases before what stands on them, one family after the other.
fn families(listed: &[(Oid, Oid)]) -> Vec<Oid> {
    let count = u32::try_from(listed.len()).unwrap_or(NONE);
    let id = |n: u32| listed.get(n as usize).map(|(id, _)| *id);
    let mut by_id: Vec<u32> = (0..count).collect();
    by_id.sort_unstable_by_key(|n| id(*n));
    // The first that stands on each, and for each the next one that stands on the same.
    let (mut first, mut next) = (vec![NONE; listed.len()], vec![NONE; listed.len()]);
    let mut roots = Vec::new();
    for (n, (_, base)) in (0..count).zip(listed).rev() {
        let found = by_id.binary_search_by_key(&Some(*base), |n| id(*n)).ok().and_then(|at| by_id.get(at));
        match found.and_then(|base| first.get_mut(*base as usize)).zip(next.get_mut(n as usize)) {
            Some((first, next)) => *next = std::mem::replace(first, n),
            None => roots.push(n),
        }
    }
    drop(by_id);
    let mut order = Vec::with_capacity(listed.len());
    let mut open = Vec::new();
    let mut seen = vec![false; listed.len()];
    // At last those that stand on each other: such things can be where an object is stored twice.
    for root in roots.into_iter().rev().chain(0..count) {
        open.push(root);
        while let Some(n) = open.pop() {
            if seen.get_mut(n as usize).is_none_or(|seen| std::mem::replace(seen, true)) {
                continue;
            }
            order.extend(id(n));
            open.extend([&next, &first].into_iter().filter_map(|of| of.get(n as usize)).filter(|n| **n != NONE));
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_once_and_soon_after_its_base() {
        let oid = |n: u8| if n == 0 { Oid::ZERO_SHA1 } else { Oid::from_bytes(&[n; 20]).unwrap() };
        let order = |listed: &[(u8, u8)]| {
            let listed: Vec<_> = listed.iter().map(|(id, base)| (oid(*id), oid(*base))).collect();
            families(&listed).iter().map(|id| id.as_bytes()[0]).collect::<Vec<_>>()
        };
        assert_eq!(order(&[]), [0_u8; 0]);
        assert_eq!(order(&[(5, 4), (1, 0), (2, 0), (3, 1), (4, 2), (6, 1), (7, 4), (8, 3)]), [1, 3, 8, 6, 2, 4, 5, 7]);
        // A base that is not there, two that stand on each other and one on them, one that stands on itself.
        assert_eq!(order(&[(1, 99), (2, 3), (3, 2), (4, 3), (5, 5), (6, 0)]), [1, 6, 2, 3, 4, 5]);
    }
}
