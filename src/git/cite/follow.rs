//! Brings the ids in messages along while commits are rewritten.
//!
//! Must not know: how commits are written.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

use git2::Oid;

use super::words::{WHOLE, is_number, put};
use crate::git::find::Scan;

/// Follows citations while commits are rewritten.
#[derive(Debug, Default)]
pub(in crate::git) struct Cites {
    /// Every commit of before, sorted.
    commits: Vec<Oid>,
    /// Ids that stay, sorted: an abbreviation must not be theirs as well.
    stay: Vec<Oid>,
    fresh: BTreeSet<Oid>,
    /// Abbreviations that turned out to be ambiguous in the end: cited commit, length to use.
    longer: HashMap<Oid, usize>,
    /// What was written: the new id and how many digits of it.
    written: Vec<(Oid, Oid, usize)>,
    /// Commits that stand for their parents now: no id of theirs is left to be named.
    vanished: HashSet<Oid>,
    /// Citations that could not follow: who cites, and the word.
    pub(in crate::git) left: BTreeSet<(Oid, String)>,
    pub(in crate::git) followed: u64,
}

impl Cites {
    pub(in crate::git) fn new(scan: &Scan, changed: &HashSet<Oid>, alive: &HashSet<Oid>) -> Self {
        let mut commits: Vec<Oid> = scan.commits.keys().copied().collect();
        commits.sort_unstable();
        let stay = commits.iter().copied().filter(|id| alive.contains(id) && !changed.contains(id)).collect();
        let mut cites = Self { commits, stay, ..Self::default() };
        // What need not change keeps its id and with it the old citation.
        for (id, words) in &scan.cites {
            for word in words.iter().filter(|_| alive.contains(id) && !changed.contains(id)) {
                if scan.commits.contains_key(id) && cites.named(word).is_some_and(|cited| changed.contains(&cited)) {
                    cites.left.insert((*id, word.clone()));
                }
            }
        }
        cites
    }

    /// The one commit that `digits` names.
    fn named(&self, digits: &str) -> Option<Oid> {
        match starting(&self.commits, digits) {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// `todo` (parents first) in an order where the cited come before those that cite them, too.
    pub(in crate::git) fn order(&self, scan: &Scan, todo: &[Oid]) -> Vec<Oid> {
        let place: HashMap<Oid, usize> = todo.iter().enumerate().map(|(n, id)| (*id, n)).collect();
        let mut waits: Vec<(usize, usize)> = vec![(0, 0); todo.len()];
        let mut then: Vec<Vec<(usize, bool)>> = vec![Vec::new(); todo.len()];
        for (n, id) in todo.iter().enumerate() {
            let parents = scan.commits.get(id).into_iter().flat_map(|c| &c.parents).filter_map(|p| place.get(p));
            let cited = scan.cites.get(id).into_iter().flatten().filter(|word| !is_number(word));
            let cited = cited.filter_map(|word| self.named(word)).filter_map(|c| place.get(&c).copied());
            for (before, hard) in parents.map(|p| (*p, true)).chain(cited.map(|c| (c, false))) {
                if let (Some(list), Some(wait)) = (then.get_mut(before), waits.get_mut(n)) {
                    list.push((n, hard));
                    if hard { wait.0 += 1 } else { wait.1 += 1 }
                }
            }
        }
        let mut ready: BinaryHeap<Reverse<usize>> =
            waits.iter().enumerate().filter(|(_, wait)| **wait == (0, 0)).map(|(n, _)| Reverse(n)).collect();
        let mut done = vec![false; todo.len()];
        let mut order = Vec::with_capacity(todo.len());
        let mut stuck = 0;
        while order.len() < todo.len() {
            let n = match ready.pop() {
                Some(Reverse(n)) => n,
                // A circle of abbreviations: the first whose parents are done goes, whatever it cites.
                None => match (stuck..todo.len())
                    .find(|n| done.get(*n) == Some(&false) && waits.get(*n).is_some_and(|w| w.0 == 0))
                {
                    Some(n) => n,
                    None => break,
                },
            };
            let Some(seen) = done.get_mut(n).filter(|seen| !**seen) else { continue };
            *seen = true;
            while done.get(stuck) == Some(&true) {
                stuck += 1;
            }
            order.extend(todo.get(n));
            for (next, hard) in then.get(n).into_iter().flatten() {
                let Some(wait) = waits.get_mut(*next) else { continue };
                let counter = if *hard { &mut wait.0 } else { &mut wait.1 };
                *counter -= 1;
                if *wait == (0, 0) && done.get(*next) == Some(&false) {
                    ready.push(Reverse(*next));
                }
            }
        }
        order
    }

    /// The message `body` of `citing` with new ids; `None`: nothing to replace.
    pub(in crate::git) fn follow(
        &mut self,
        scan: &Scan,
        citing: Oid,
        body: &[u8],
        changed: &HashSet<Oid>,
        map: &HashMap<Oid, Oid>,
    ) -> Option<Vec<u8>> {
        if !scan.cites.contains_key(&citing) {
            return None;
        }
        put(body, scan.style.words(body), |digits| {
            let cited = self.named(digits).filter(|cited| changed.contains(cited))?;
            let gone = self.vanished.contains(&cited);
            let Some(new) = map.get(&cited).copied().filter(|_| !gone && !is_number(digits)) else {
                self.left.insert((citing, digits.to_owned()));
                return None;
            };
            let length = self.length(new, self.longer.get(&cited).copied().unwrap_or(digits.len()));
            self.followed += 1;
            self.written.push((cited, new, length));
            Some(new.to_string().chars().take(length).collect())
        })
    }

    /// At least `length` digits, and as many more as it takes to name `id` alone among what is known by now.
    fn length(&self, id: Oid, length: usize) -> usize {
        let text = id.to_string();
        let alone = |n: &usize| {
            let digits = text.get(..*n).unwrap_or(&text);
            let fresh =
                bounds(digits).map(|(first, last)| self.fresh.range(first..=last).filter(|o| **o != id).count());
            starting(&self.stay, digits).is_empty() && fresh == Some(0)
        };
        (length..WHOLE).find(alone).unwrap_or(WHOLE)
    }

    pub(in crate::git) fn vanished(&mut self, id: Oid) {
        self.vanished.insert(id);
    }

    pub(in crate::git) fn made(&mut self, id: Oid) {
        self.fresh.insert(id);
    }

    /// True when an abbreviation that was written became ambiguous by a commit made later: then all is made again,
    /// with that one longer.
    pub(in crate::git) fn must_repeat(&mut self) -> bool {
        let written = std::mem::take(&mut self.written);
        let mut repeat = false;
        for (cited, new, length) in written {
            let wanted = self.length(new, length);
            if wanted > length {
                self.longer.insert(cited, wanted);
                repeat = true;
            }
        }
        if repeat {
            self.vanished.clear();
            self.fresh.clear();
            self.followed = 0;
        }
        repeat
    }
}

/// Smallest and largest id that start with `digits`.
fn bounds(digits: &str) -> Option<(Oid, Oid)> {
    let fill =
        |with: char| Oid::from_str(&digits.chars().chain(std::iter::repeat(with)).take(WHOLE).collect::<String>());
    Some((fill('0').ok()?, fill('f').ok()?))
}

/// The ids in the sorted `ids` that start with `digits`.
fn starting<'i>(ids: &'i [Oid], digits: &str) -> &'i [Oid] {
    let Some((first, last)) = bounds(digits) else { return &[] };
    let from = ids.partition_point(|id| *id < first);
    let to = ids.partition_point(|id| *id <= last);
    ids.get(from..to).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_of_abbreviations_still_puts_parents_first() {
        let id = |n: u8| Oid::from_bytes(&[0xa0 + n; 20]).unwrap();
        let commit = |parents: Vec<Oid>| crate::git::raw::Commit { tree: id(9), parents, time: 0 };
        let mut scan = Scan::default();
        scan.commits.insert(id(1), commit(vec![]));
        scan.commits.insert(id(2), commit(vec![id(1)]));
        scan.commits.insert(id(3), commit(vec![]));
        scan.cites.insert(id(1), vec!["a2a2a2a2".into(), "a3a3a3a3".into()]);
        let all: HashSet<Oid> = [id(1), id(2), id(3)].into();
        let cites = Cites::new(&scan, &all, &all);
        assert_eq!(cites.order(&scan, &[id(1), id(2), id(3)]), [id(3), id(1), id(2)]);
    }
}
