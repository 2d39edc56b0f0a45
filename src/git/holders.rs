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
        let numbers = graph.commits.numbers(&tips.iter().map(|tip| scan.peeled(*tip)).collect());
        for (n, tip) in tips.iter().enumerate() {
            let mut bits = Bits::default();
            bits.add(n);
            let bits = Rc::new(bits);
            let mut at = *tip;
            for id in scan.chain(*tip) {
                holders.give(id, &bits);
                at = id;
            }
            if let Some(number) = numbers.get(&at) {
                give(commits.get_mut(*number), &bits);
            }
            if let Some(tree) = scan.ways.number(at) {
                give(trees.get_mut(tree as usize), &bits);
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
