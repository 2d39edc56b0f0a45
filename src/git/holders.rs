//! Which refs hold what: every commit knows the refs that reach it, and hands them down to its tree and what is below.
//! Most commits of a history are held by the same refs: such sets are shared, so that memory and time grow with the
//! history and not with its square.
//!
//! Must not know: names of refs; they are numbers here.

use std::collections::HashMap;
use std::rc::Rc;

use git2::Oid;

use super::find::{Scan, Under};
use super::graph::{Bits, Graph};

/// Sets of refs, by what they hold.
#[derive(Debug, Default)]
pub(super) struct Holders {
    objects: HashMap<Oid, Rc<Bits>>,
}

impl Holders {
    /// `tips`: for each ref, the object it names. Only commits that must change are followed: no other leads to the key.
    pub(super) fn new(scan: &Scan, graph: &Graph, tips: &[Oid]) -> Self {
        let mut holders = Self::default();
        let nodes = graph.commits.all();
        let mut commits: Vec<Option<Rc<Bits>>> = vec![None; nodes.len()];
        let mut trees: Vec<Option<Rc<Bits>>> = vec![None; scan.ways.len()];
        let ends = scan.ends(tips);
        let numbers = graph.commits.numbers(&ends.values().copied().collect());
        let tags = scan.tags_to(&|id| scan.dirty.contains_key(&id));
        let leads = |tip: &Oid| {
            let on = |end: &Oid| numbers.contains_key(end) || scan.ways.number(*end).is_some();
            scan.dirty.contains_key(tip) || tags.contains(tip) || ends.get(tip).is_some_and(on)
        };
        let leading = tips.iter().enumerate().filter(|(_, tip)| leads(tip));
        for (at, bits) in &holders.tags(scan, leading) {
            if let Some(number) = numbers.get(at) {
                give(commits.get_mut(*number), bits);
            }
            if let Some(tree) = scan.ways.number(*at) {
                give(trees.get_mut(tree as usize), bits);
            }
        }
        for (number, node) in nodes.iter().enumerate().rev() {
            let Some(bits) = commits.get_mut(number).and_then(Option::take) else { continue };
            for parent in graph.commits.parents(number) {
                give(commits.get_mut(*parent as usize), &bits);
            }
            if let Some(tree) = node.tree {
                give(trees.get_mut(tree as usize), &bits);
            }
            if node.dirty {
                holders.give(node.id, &bits);
            }
        }
        holders.down(scan, trees);
        holders
    }

    /// The refs that reach the object `id`.
    pub(super) fn of(&self, id: Oid) -> Option<&Bits> {
        self.objects.get(&id).map(|bits| &**bits)
    }

    /// From tags to what they name, each after all that name it: what no tag is, with the refs that lead to it.
    fn tags<'t>(&mut self, scan: &Scan, tips: impl Iterator<Item = (usize, &'t Oid)>) -> HashMap<Oid, Rc<Bits>> {
        let mut held: HashMap<Oid, Rc<Bits>> = HashMap::new();
        for (n, tip) in tips {
            Rc::make_mut(held.entry(*tip).or_default()).add(n);
        }
        let mut above: HashMap<Oid, u32> = HashMap::new();
        for tip in held.keys() {
            let mut at = tip;
            while let Some(target) = scan.tags.get(at) {
                let count = above.entry(*target).or_default();
                *count += 1;
                // The first to come here goes on; a tip goes on by itself.
                if *count > 1 || held.contains_key(target) {
                    break;
                }
                at = target;
            }
        }
        let mut open: Vec<Oid> = held.keys().filter(|id| !above.contains_key(id)).copied().collect();
        let mut ends = HashMap::new();
        loop {
            while let Some(id) = open.pop() {
                let Some(bits) = held.remove(&id) else { continue };
                if scan.dirty.contains_key(&id) {
                    self.give(id, &bits);
                }
                let Some(target) = scan.tags.get(&id) else {
                    ends.insert(id, bits);
                    continue;
                };
                give_to(&mut held, *target, &bits);
                if let Some(count) = above.get_mut(target) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        open.push(*target);
                    }
                }
            }
            // What is left leads in rings, of which each is held by all that hold one of it.
            let Some(first) = held.keys().next().copied() else { return ends };
            self.ring(scan, first, &mut held);
        }
    }

    /// The ring of tags in which `first` is.
    fn ring(&mut self, scan: &Scan, first: Oid, held: &mut HashMap<Oid, Rc<Bits>>) {
        let next = |id: &Oid| scan.tags.get(id).copied().filter(|id| *id != first);
        let ring: Vec<Oid> = std::iter::successors(Some(first), next).take(scan.tags.len()).collect();
        let mut all = Rc::<Bits>::default();
        ring.iter().filter_map(|id| held.remove(id)).for_each(|bits| join(&mut all, &bits));
        for id in ring.iter().filter(|id| scan.dirty.contains_key(id)) {
            self.give(*id, &all);
        }
    }

    /// From trees to what is in them, each after all that hold it.
    fn down(&mut self, scan: &Scan, mut trees: Vec<Option<Rc<Bits>>>) {
        let ways = &scan.ways;
        let named = scan.named();
        let mut objects: Vec<Option<Rc<Bits>>> = vec![None; ways.objects_len()];
        let numbers = || 0..u32::try_from(ways.len()).unwrap_or(u32::MAX);
        let mut above = vec![0_u32; ways.len()];
        for under in numbers().flat_map(|n| ways.under(n)) {
            if let Under::Tree(n) = under
                && let Some(count) = above.get_mut(n as usize)
            {
                *count += 1;
            }
        }
        let mut open: Vec<u32> = numbers().filter(|n| above.get(*n as usize) == Some(&0)).collect();
        while let Some(number) = open.pop() {
            let bits = trees.get_mut(number as usize).and_then(Option::take);
            if let (Some(bits), Some(id)) = (&bits, ways.tree(number))
                && named.contains(&number)
            {
                self.give(id, bits);
            }
            for under in ways.under(number) {
                match under {
                    Under::Object(n) => bits.iter().for_each(|bits| give(objects.get_mut(n as usize), bits)),
                    Under::Tree(n) => {
                        if let Some(bits) = &bits {
                            give(trees.get_mut(n as usize), bits);
                        }
                        if let Some(count) = above.get_mut(n as usize) {
                            *count -= 1;
                            if *count == 0 {
                                open.push(n);
                            }
                        }
                    }
                }
            }
        }
        for (bits, n) in objects.iter().zip(0..) {
            if let (Some(bits), Some(id)) = (bits, ways.object(n)) {
                self.give(id, bits);
            }
        }
    }

    fn give(&mut self, id: Oid, bits: &Rc<Bits>) {
        give_to(&mut self.objects, id, bits);
    }
}

fn give_to(held: &mut HashMap<Oid, Rc<Bits>>, id: Oid, bits: &Rc<Bits>) {
    match held.get_mut(&id) {
        Some(known) => join(known, bits),
        None => drop(held.insert(id, bits.clone())),
    }
}

fn give(slot: Option<&mut Option<Rc<Bits>>>, bits: &Rc<Bits>) {
    match slot {
        Some(Some(known)) => join(known, bits),
        Some(empty) => *empty = Some(bits.clone()),
        None => {}
    }
}

/// Adds `more`; the larger of the two is shared where it has both.
fn join(known: &mut Rc<Bits>, more: &Rc<Bits>) {
    if Rc::ptr_eq(known, more) || known.covers(more) {
        return;
    }
    if more.covers(known) {
        *known = more.clone();
    } else {
        Rc::make_mut(known).join(more);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use git2::ObjectType;

    use super::*;

    fn id(n: usize) -> Oid {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&u32::try_from(n).unwrap().to_be_bytes());
        Oid::from_bytes(&bytes).unwrap()
    }

    /// `targets`: what each tag names; a number beyond them is no tag. All of them hold the key.
    fn scan(targets: &[usize]) -> Scan {
        let tags = targets.iter().enumerate().map(|(tag, target)| (id(tag), id(*target))).collect();
        let dirty = (0..=targets.len()).map(|n| (id(n), (ObjectType::Tag, "plain"))).collect();
        Scan { dirty, tags, ..Scan::default() }
    }

    #[test]
    fn tags_are_held_by_all_that_lead_to_them_however_they_do() {
        const TAGS: usize = 7;
        let mut seed = 1_usize;
        let mut dice = move |sides: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % sides
        };
        for _ in 0..2000 {
            let targets: Vec<usize> = (0..TAGS).map(|_| dice(TAGS + 1)).collect();
            let tips: Vec<usize> = (0..4).map(|_| dice(TAGS + 1)).collect();
            let holders =
                Holders::new(&scan(&targets), &Graph::default(), &tips.iter().map(|n| id(*n)).collect::<Vec<_>>());
            let mut wanted = vec![BTreeSet::new(); TAGS + 1];
            for (n, tip) in tips.iter().enumerate() {
                let way = std::iter::successors(Some(*tip), |at| targets.get(*at).copied()).take(2 * TAGS);
                way.for_each(|at| {
                    wanted[at].insert(n);
                });
            }
            for (at, wanted) in wanted.iter().enumerate() {
                let held: BTreeSet<usize> = holders.of(id(at)).into_iter().flat_map(Bits::iter).collect();
                assert_eq!(held, *wanted, "{at} of {targets:?}, named {tips:?}");
            }
        }
    }

    /// By the square it would take minutes: each has a name of its own, and only the lowest holds the key.
    #[test]
    fn a_high_stack_of_tags_and_a_wide_ring_cost_little() {
        const HIGH: usize = 20_000;
        let since = std::time::Instant::now();
        for end in [HIGH, 0] {
            let targets: Vec<usize> = (0..HIGH).map(|n| if n + 1 == HIGH { end } else { n + 1 }).collect();
            let mut scan = scan(&targets);
            scan.dirty.retain(|at, _| *at == id(HIGH - 1));
            let tips: Vec<Oid> = (0..HIGH).map(id).collect();
            let holders = Holders::new(&scan, &Graph::default(), &tips);
            assert_eq!(holders.of(id(HIGH - 1)).unwrap().iter().count(), HIGH);
        }
        assert!(since.elapsed() < std::time::Duration::from_mins(1));
    }
}
