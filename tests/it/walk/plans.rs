//! Plans of a made-up history, what the engine says of it, and the questions it leads to.

use stanch::app::{Msg, Order, Overlay};
use stanch::effect::Outcome;
use stanch::effect::git::{
    Archives, Choice, CopyMap, Emptied, Fate, GitOp, GitReply, Plan, Policy, Proof, ProofLine, Refusal,
};
use stanch::incident::Event;
use stanch::ui::Key;

use super::driver::Walk;
use super::facts::{ALL, g, git};

pub(super) fn purged(walk: &mut Walk) {
    let map = CopyMap { copies: vec![copy()], objects: 9, ..CopyMap::default() };
    walk.saw("purge", "find:/srv/repo", git(GitOp::Find), g(GitReply::Found(map)));
    let (id, phrase) = ("p1".into(), "repo".into());
    let plan = Plan { id, phrase, push_needed: true, copies: vec![copy()], ..Plan::default() };
    walk.saw("purge", "plan:/srv/repo", git(GitOp::Plan), g(GitReply::Planned(Box::new(plan))));
}

pub(super) fn copy() -> stanch::effect::git::Copy {
    stanch::effect::git::Copy {
        id: "a".repeat(40),
        what: stanch::effect::git::CopyKind::Blob,
        form: "plain".into(),
        path: None,
        first: None,
        last: None,
        refs: Vec::new(),
        on_remote: true,
        reachable: true,
        remedy: String::new(),
    }
}

pub(super) fn in_file(what: &str, id: char, path: &str, fate: Fate, way: &str) -> Choice {
    Choice {
        id: id.to_string().repeat(40),
        path: Some(path.into()),
        what: what.into(),
        holds: vec!["gzip > tar > app/.env: plain".into()],
        fate,
        way: way.into(),
    }
}

/// The key in an archive and in a binary, and nobody chose yet.
pub(super) fn undecided() -> Plan {
    let way = "--archives=repack, --archives=drop or --archives=leave";
    Plan {
        id: "p1".into(),
        phrase: "repo".into(),
        copies: vec![copy()],
        choices: vec![
            in_file("archive", 'a', "rel/app.tar.gz", Fate::Asked, "not decided yet"),
            in_file("binary", 'b', "bin/tool", Fate::SameLength, "the key is overwritten, every length stays"),
        ],
        refusals: vec![Refusal { why: "the key is inside of an archive".into(), way_forward: way.into(), asks: true }],
        ..Plan::default()
    }
}

pub(super) fn decided_plan(archives: Archives) -> Plan {
    let policy = Policy { archives, ..Policy::default() };
    let fate = match archives {
        Archives::Ask => Fate::Asked,
        Archives::Drop => Fate::Dropped,
        Archives::Repack => Fate::Repacked,
        Archives::Leave => Fate::Left,
    };
    let mut plan = Plan { id: "p2".into(), policy, refusals: Vec::new(), ..undecided() };
    plan.choices[0].fate = fate;
    plan
}

pub(super) fn emptying(emptied: Emptied) -> Plan {
    let policy = Policy { emptied, ..Policy::default() };
    Plan { policy, choices: Vec::new(), became_empty: vec!["c".repeat(40), "d".repeat(40)], ..undecided() }
}

pub(super) fn planned(walk: &mut Walk, plan: Plan) {
    let op = if plan.policy == Policy::default() { GitOp::Plan } else { GitOp::PlanAs { policy: plan.policy.clone() } };
    walk.saw("purge", "plan:/srv/repo", git(op), g(GitReply::Planned(Box::new(plan))));
}

pub(super) fn applied() -> Outcome {
    g(GitReply::Applied { plan: "p1".into(), refs: 1, backup: "/b".into(), dropped: 0, came_back: vec![] })
}

pub(super) fn proved() -> Outcome {
    let line = ProofLine { what: "all objects".into(), clean: true, saw: "none".into() };
    g(GitReply::Proved(Proof { checks: vec![line], not_checked: Vec::new() }))
}

/// Until the question about archives stands.
pub(super) fn asked_about_archives() -> Walk {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    planned(&mut walk, undecided());
    walk
}

pub(super) fn answer(walk: &mut Walk, action: &str, pick: char) -> Vec<Order> {
    walk.app.update(Msg::Do { id: action.into(), hand: walk.hand });
    assert!(matches!(walk.app.overlay, Overlay::Asking(_)), "{:?}", walk.app.said);
    walk.press(Key::char(pick))
}

pub(super) fn decisions(orders: &[Order]) -> Vec<Event> {
    let decided = |o: &Order| match o {
        Order::Record(event @ Event::Decided { .. }) => Some(event.clone()),
        _ => None,
    };
    orders.iter().filter_map(decided).collect()
}
