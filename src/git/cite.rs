//! Ids of commits in messages: `(cherry picked from commit …)`, `This reverts commit …`, `Fixes: 1a2b3c4 ("…")`. Where a
//! rewritten message names a rewritten commit, the new id takes the old one's place, as long and in the same case.
//!
//! A message can only name what existed before it, so citations make no circles, and one pass in the right order is
//! enough, whatever branch the cited commit is on. Abbreviations can make a circle by chance; such a one is left.
//!
//! Must not know: how commits are written.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};
use std::ops::Range;

use git2::Oid;

use super::config::Config;
use super::find::Scan;

/// Shortest word taken for an abbreviated id, unless `core.abbrev` is shorter: what git itself prints at least.
pub(super) const LEAST: usize = 7;
/// Digits of a whole id.
const WHOLE: usize = 40;

/// How this repository's people write ids.
#[derive(Debug, Clone, Default)]
pub(super) struct Style {
    least: usize,
    /// `host/owner/name` of each remote.
    ours: Vec<String>,
}

impl Style {
    pub(super) fn of(config: &Config) -> Self {
        let least = config.abbrev.filter(|n| (4..=LEAST).contains(n)).unwrap_or(LEAST);
        Self { least, ours: config.urls.iter().map(|url| place(url)).collect() }
    }

    /// What may be ids of our commits in `text`.
    fn words(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut words = words(text, self.least);
        words.retain(|at| !self.is_foreign(text, at));
        words
    }

    /// The same as digits, for an object's message: kept by the scan.
    pub(super) fn cited(&self, body: &[u8]) -> Vec<String> {
        self.words(body).into_iter().filter_map(|at| digits(body, &at)).collect()
    }

    /// In the address of another repository's commit, or after `owner/name@`.
    fn is_foreign(&self, text: &[u8], at: &Range<usize>) -> bool {
        let ends = |b: &u8| b.is_ascii_whitespace() || b"<>()[]{}\"'`,;".contains(b);
        let start = text.get(..at.start).and_then(|head| head.iter().rposition(ends)).map_or(0, |i| i + 1);
        let before = String::from_utf8_lossy(text.get(start..at.start).unwrap_or_default()).into_owned();
        if before.contains("://") {
            let place = place(&before);
            let inside = |our: &String| place.strip_prefix(our.as_str()).is_some_and(|rest| rest.starts_with('/'));
            return !self.ours.iter().any(inside);
        }
        before
            .strip_suffix('@')
            .is_some_and(|owner| !owner.is_empty() && !self.ours.iter().any(|our| our.ends_with(&format!("/{owner}"))))
    }
}

/// `host/owner/name` of an address in any of git's ways to write it.
fn place(url: &str) -> String {
    let rest = url.split_once("://").map_or_else(|| url.replacen(':', "/", 1), |(_, rest)| rest.to_owned());
    let rest = match rest.split_once('@') {
        Some((user, rest)) if !user.contains('/') => rest.to_owned(),
        _ => rest,
    };
    rest.trim_end_matches('/').strip_suffix(".git").map_or(rest.clone(), str::to_owned)
}

/// Words of `least` to 40 hexadecimal digits, also as `git describe` writes them (`v1-3-g1a2b3c4`).
fn words(text: &[u8], least: usize) -> Vec<Range<usize>> {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(skip) = text.get(at..).and_then(|rest| rest.iter().position(is_word)) {
        let start = at + skip;
        let rest = text.get(start..).unwrap_or_default();
        let end = start + rest.iter().position(|b| !is_word(b)).unwrap_or(rest.len());
        let described = rest.first() == Some(&b'g') && start.checked_sub(1).and_then(|i| text.get(i)) == Some(&b'-');
        let from = start + usize::from(described);
        let hex = text.get(from..end).is_some_and(|word| word.iter().all(u8::is_ascii_hexdigit));
        if hex && (least..=WHOLE).contains(&(end - from)) {
            found.push(from..end);
        }
        at = end;
    }
    found
}

/// The word's digits in lower case.
fn digits(text: &[u8], at: &Range<usize>) -> Option<String> {
    Some(String::from_utf8_lossy(text.get(at.clone())?).to_ascii_lowercase())
}

/// A number: a ticket, a date. Only a whole id may be all digits.
fn is_number(digits: &str) -> bool {
    digits.len() < WHOLE && digits.bytes().all(|b| b.is_ascii_digit())
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

/// `text` with ids replaced as `now` says, lengths and case kept. For logs, where a word is surely an id or none.
pub(super) fn swapped(text: &[u8], now: &dyn Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    put(text, words(text, LEAST), |digits| now(digits).filter(|_| !is_number(digits)))
}

fn put(text: &[u8], words: Vec<Range<usize>>, mut now: impl FnMut(&str) -> Option<String>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in words {
        let Some(new) = digits(text, &at).and_then(|old| now(&old)) else { continue };
        let upper = text.get(at.clone()).is_some_and(|word| word.iter().any(u8::is_ascii_uppercase));
        out.extend_from_slice(text.get(from..at.start).unwrap_or_default());
        out.extend_from_slice(if upper { new.to_ascii_uppercase() } else { new }.as_bytes());
        from = at.end;
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    (from > 0).then_some(out)
}

/// Follows citations while commits are rewritten.
#[derive(Debug, Default)]
pub(super) struct Cites {
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
    pub(super) left: BTreeSet<(Oid, String)>,
    pub(super) followed: u64,
}

impl Cites {
    pub(super) fn new(scan: &Scan, changed: &HashSet<Oid>, alive: &HashSet<Oid>) -> Self {
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
    pub(super) fn order(&self, scan: &Scan, todo: &[Oid]) -> Vec<Oid> {
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
    pub(super) fn follow(
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

    pub(super) fn vanished(&mut self, id: Oid) {
        self.vanished.insert(id);
    }

    pub(super) fn made(&mut self, id: Oid) {
        self.fresh.insert(id);
    }

    /// True when an abbreviation that was written became ambiguous by a commit made later: then all is made again,
    /// with that one longer.
    pub(super) fn must_repeat(&mut self) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(text: &str, style: &Style) -> Vec<String> {
        style.cited(text.as_bytes())
    }

    #[test]
    fn words_that_may_be_ids() {
        let style = Style { least: LEAST, ours: vec![place("git@example.com:acme/pay.git")] };
        let id = "0123456789abcdef0123456789abcdef01234567";
        for (text, want) in [
            (format!("x {id}."), vec![id]),
            (format!("{id}0"), vec![]),
            ("abc123 abc1234 (ABC1234) xabc1234 abc1234_".into(), vec!["abc1234", "abc1234"]),
            ("v1.0-3-gabc1234 gabc1234".into(), vec!["abc1234"]),
            ("https://example.com/acme/other/commit/abc1234".into(), vec![]),
            ("<https://u@example.com/acme/pay/commit/abc1234>".into(), vec!["abc1234"]),
            ("https://example.com/acme/payroll/commit/abc1234".into(), vec![]),
            ("acme/pay@abc1234 other/pay@abc1235 a..abc1236".into(), vec!["abc1234", "abc1236"]),
        ] {
            assert_eq!(cited(&text, &style), want, "{text}");
        }
    }

    #[test]
    fn addresses_are_the_same_in_every_way_to_write_them() {
        for url in ["git@h.com:a/b.git", "https://h.com/a/b", "ssh://git@h.com/a/b.git/", "https://u:p@h.com/a/b.git"] {
            assert_eq!(place(url), "h.com/a/b", "{url}");
        }
    }

    #[test]
    fn a_circle_of_abbreviations_still_puts_parents_first() {
        let id = |n: u8| Oid::from_bytes(&[0xa0 + n; 20]).unwrap();
        let commit = |parents: Vec<Oid>| super::super::raw::Commit { tree: id(9), parents, time: 0 };
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
