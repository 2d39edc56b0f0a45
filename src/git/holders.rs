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
        let mut trees: Vec<Option<Rc<Bits>>> = vec![None; scan.ways.len()];
        for (n, tip) in tips.iter().enumerate() {
            let mut bits = Bits::default();
            bits.add(n);
            let bits = Rc::new(bits);
            let mut at = *tip;
            loop {
                holders.give(at, &bits);
                match scan.tags.get(&at) {
                    Some(target) => at = *target,
                    None => break,
                }
            }
            if let Some(tree) = scan.ways.number(at) {
                give(trees.get_mut(tree as usize), &bits);
            }
        }
        for id in graph.order.iter().rev().filter(|id| graph.changed.contains(id)) {
            let (Some(commit), Some(bits)) = (scan.commits.get(id), holders.objects.get(id).cloned()) else { continue };
            for parent in commit.parents.iter().filter(|parent| graph.changed.contains(parent)) {
                holders.give(*parent, &bits);
            }
            if let Some(tree) = scan.ways.number(commit.tree) {
                give(trees.get_mut(tree as usize), &bits);
            }
        }
        holders.down(scan, trees);
        holders
    }

    /// The refs that reach the object `id`.
    pub(super) fn of(&self, id: Oid) -> Option<&Bits> {
        self.objects.get(&id).map(|bits| &**bits)
    }

    /// From trees to what is in them, each after all that hold it.
    fn down(&mut self, scan: &Scan, mut trees: Vec<Option<Rc<Bits>>>) {
        let ways = &scan.ways;
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
                && scan.dirty.contains_key(&id)
            {
                self.give(id, bits);
            }
            for under in ways.under(number) {
                match under {
                    Under::Object(id) => bits.iter().for_each(|bits| self.give(id, bits)),
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
    }

    fn give(&mut self, id: Oid, bits: &Rc<Bits>) {
        match self.objects.get_mut(&id) {
            Some(known) => join(known, bits),
            None => drop(self.objects.insert(id, bits.clone())),
        }
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
