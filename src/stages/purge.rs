//! Stage 5: no object of the repositories holds the key, git itself says so, and the remote has the clean history.
//! The least urgent step: "plan now, run in daylight" is a good answer at three in the morning.
//!
//! Must not know: how history is rewritten.

use std::path::{Path, PathBuf};

use crate::base::SecretRef;
use crate::base::words::count;
use crate::effect::git::{CopyMap, Plan};
use crate::effect::{Effect, GitOp, Risk};
use crate::incident::{RepoFacts, Step, StepRef, StepState};

use super::sheet::Table;
use super::targets::diff_line;
use super::{Act, Action, Ask, Block, DoNow, Due, Kind, Sheet, Stage, Text, Then, Tone, View, intake};

pub static PURGE: Purge = Purge;

#[derive(Debug)]
pub struct Purge;

fn step(what: &str, repo: &Path) -> StepRef {
    StepRef::new("purge", &format!("{what}:{}", repo.display()))
}

fn git(repo: &Path, op: GitOp) -> Effect {
    Effect::Git { repo: repo.to_owned(), op }
}

fn name(repo: &Path) -> String {
    repo.file_name().map_or_else(|| repo.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// What a repository wants next. The order of the walk through one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    Settle(String),
    Find,
    Plan,
    Refused(String),
    Apply,
    Prove,
    Push,
    Finish,
    Nothing(String),
}

impl Stage for Purge {
    fn id(&self) -> &'static str {
        "purge"
    }

    fn title(&self) -> &'static str {
        "Purge"
    }

    fn goal(&self) -> &'static str {
        "no object of the repositories holds the key, and git itself says so"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        if at.incident.repos.is_empty() {
            // Nothing was looked into: that is no finding.
            return vec![Step::new("repos", "repositories", StepState::Ready)];
        }
        at.incident
            .repos
            .iter()
            .map(|(repo, facts)| {
                Step::new(&format!("repo:{}", repo.display()), &name(repo), repo_state(at, repo, facts))
            })
            .collect()
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at)
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        let mut sheet = Sheet { do_now: do_now(at), ..Sheet::default() };
        sheet.way_out = vec![
            Text::plain(
                "d defers it to daylight, with an owner and a date: a rewrite stops nobody who has the key already",
            ),
            Text::plain("By hand: git filter-repo --sensitive-data-removal --replace-text FILE, then c checks it"),
        ];
        if let Some((repo, facts)) = chosen(at) {
            sheet.see = see(at, repo, facts);
            sheet.evidence = evidence(facts);
            sheet.body = body(at, facts);
        }
        sheet
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    /// Looks from intake on, so that the result is there when the stage opens; proves after a switch.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        if !at.held.contains(&SecretRef::Leaked) {
            return Vec::new();
        }
        let due = |(repo, facts): (&PathBuf, &RepoFacts)| match next(at, repo, facts) {
            Next::Find => Some(Due { step: step("find", repo), effect: git(repo, GitOp::Find), at: at.now }),
            Next::Prove if facts.proof.is_none() => {
                Some(Due { step: step("prove", repo), effect: git(repo, GitOp::Prove), at: at.now })
            }
            _ => None,
        };
        at.incident.repos.iter().filter_map(due).collect()
    }

    fn rows(&self, at: &View<'_>) -> usize {
        at.incident.repos.len()
    }

    fn not_looked_into(&self, at: &View<'_>) -> Option<&'static str> {
        at.incident.repos.is_empty().then_some("no repository was given")
    }
}

fn next(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> Next {
    if let Some(unknown) =
        at.incident.unknowns().find(|i| matches!(&i.effect, Effect::Git { repo: of, .. } if of == repo))
    {
        return Next::Settle(unknown.effect.words());
    }
    if facts.finished.is_some() {
        return Next::Nothing("clean, proven, backup destroyed".into());
    }
    if facts.applied.is_none() {
        return match (&facts.map, &facts.plan) {
            (None, _) => Next::Find,
            (Some((_, map)), _) if map.copies.is_empty() => Next::Nothing(format!("{} objects, no copy", map.objects)),
            (_, None) => Next::Plan,
            (_, Some((_, plan))) if plan.nothing_to_do => Next::Nothing("nothing to do".into()),
            (_, Some((_, plan))) => plan.refusals.first().map_or(Next::Apply, |r| Next::Refused(r.why.clone())),
        };
    }
    let push_needed = facts.plan.as_ref().is_some_and(|(_, plan)| plan.push_needed);
    match (&facts.proof, &facts.push) {
        (None, _) => Next::Prove,
        (Some((_, proof)), _) if !proof.clean() => Next::Prove,
        (_, None) if push_needed => Next::Push,
        (_, Some((_, push))) if push.refs.iter().any(|r| !r.ok) => Next::Push,
        _ => Next::Finish,
    }
}

fn repo_state(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> StepState {
    let find = step("find", repo);
    if at.running.iter().any(|r| r.effect.writes() && matches!(&r.effect, Effect::Git { repo: of, .. } if of == repo)) {
        return StepState::Running;
    }
    let next = next(at, repo, facts);
    if let Next::Settle(what) = &next {
        return StepState::Unknown(format!("{what}: nobody saw the end"));
    }
    if let Some((_, answer)) = at.incident.by_hand.get(&step("repo", repo)) {
        return StepState::ByHand(answer.clone());
    }
    match next {
        Next::Settle(what) => StepState::Unknown(what),
        Next::Find if at.is_running(&find) => StepState::Running,
        Next::Find => at.fault(&find).unwrap_or(StepState::Ready),
        Next::Plan | Next::Apply => {
            at.fault(&step("apply", repo)).or_else(|| at.fault(&step("plan", repo))).unwrap_or(StepState::Ready)
        }
        Next::Refused(why) => StepState::Failed(why),
        Next::Prove => facts
            .proof
            .as_ref()
            .map_or(StepState::Verifying("asking git itself".into()), |_| StepState::Failed("a copy is left".into())),
        Next::Push => StepState::Verifying("clean here; the remote still has the old history".into()),
        Next::Finish => StepState::Verifying("clean and proven; the backup still contains the key".into()),
        Next::Nothing(why) => StepState::Done(why),
    }
}

/// The repository under the cursor.
fn chosen<'a>(at: &'a View<'_>) -> Option<(&'a PathBuf, &'a RepoFacts)> {
    at.incident.repos.iter().nth(at.cursor).or_else(|| at.incident.repos.iter().next())
}

/// The repository an action is about: the one under the cursor if it wants that, else the first that does.
fn wants<'a>(at: &'a View<'_>, test: impl Fn(&Next) -> bool) -> Option<(&'a PathBuf, &'a RepoFacts)> {
    let fits = |(repo, facts): &(&'a PathBuf, &'a RepoFacts)| test(&next(at, repo, facts));
    chosen(at).filter(fits).or_else(|| at.incident.repos.iter().find(fits))
}

fn do_now(at: &View<'_>) -> DoNow {
    if at.incident.repos.is_empty() {
        return DoNow {
            action: Some("purge.repo"),
            what: "Give a repository to look through (a), or skip this with a reason (s)".into(),
            effect: "None was given, so nothing was looked into: the key may stand in any history.".into(),
            check: "It is looked through at once; a read.".into(),
        };
    }
    let wait = |what: String| DoNow { what, check: "Reads only.".into(), ..DoNow::default() };
    let waiting = |n: &Next| !matches!(n, Next::Nothing(_));
    let Some((repo, facts)) = wants(at, waiting) else {
        return DoNow { what: "Nothing. No repository given holds the key.".into(), ..DoNow::default() };
    };
    let name = name(repo);
    let busy = at.running_in("purge").find(|r| matches!(&r.effect, Effect::Git { repo: of, .. } if of == repo));
    if let Some(running) = busy {
        let check = if running.effect.writes() { "The proof, or the table of refs, follows." } else { "Reads only." };
        return DoNow { check: check.into(), ..wait(format!("Wait: {}", running.effect.words())) };
    }
    let (action, what, effect, check) = match next(at, repo, facts) {
        Next::Settle(what) => (
            "purge.check",
            format!("Check where {name} stands: {what}"),
            "A read.".to_owned(),
            "Old or new, never a mixture.",
        ),
        Next::Find if at.without_leaked().is_some() => return at.without_leaked().unwrap_or_default(),
        Next::Find => return wait(format!("Wait: looking through every object of {name}")),
        Next::Plan => (
            "purge.plan",
            format!("Plan the rewrite of {name}"),
            "Writes new objects that nothing refers to; no ref moves.".into(),
            "You see exactly what would change.",
        ),
        Next::Refused(why) => {
            ("purge.plan", format!("{name} can't be rewritten safely: {why}"), way_forward(facts), "Then plan again.")
        }
        Next::Apply => (
            "purge.switch",
            format!("Switch {name} to the clean history, or defer it (d)"),
            cost(facts),
            "git's own object list must not find the key.",
        ),
        Next::Prove => (
            "purge.prove",
            format!("A copy is left in {name}: look at the proof"),
            "Runs the proof again; a read.".into(),
            "Every line must be clean.",
        ),
        Next::Push => (
            "purge.push",
            format!("Push the clean history of {name}"),
            "Force-pushes ref by ref, each with a lease.".into(),
            "The table tells per ref.",
        ),
        Next::Finish => (
            "purge.finish",
            format!("Finish {name}: destroy the backup"),
            "After that there is no undo.".into(),
            "The backup is seen to be gone.",
        ),
        Next::Nothing(why) => return wait(why),
    };
    DoNow { action: Some(action), what, effect, check: check.into() }
}

fn way_forward(facts: &RepoFacts) -> String {
    facts.plan.as_ref().and_then(|(_, p)| p.refusals.first()).map(|r| r.way_forward.clone()).unwrap_or_default()
}

fn cost(facts: &RepoFacts) -> String {
    let Some((_, plan)) = &facts.plan else { return String::new() };
    let push = if plan.push_needed { "a force push follows" } else { "never pushed: no force push needed" };
    let signatures = match plan.signatures_lost.len() {
        0 => "no signature is lost".to_owned(),
        1 => "1 signature is lost".to_owned(),
        n => format!("{n} signatures are lost"),
    };
    format!(
        "{} of {} commits and {} change, {signatures}; {push}.",
        plan.commits_changed,
        plan.commits_total,
        count(plan.refs.len(), "ref"),
    )
}

fn see(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> Vec<Text> {
    let mut see = vec![Text::tone(Tone::Strong, repo.display().to_string())];
    for running in at.running_in("purge") {
        let p = &running.progress;
        let of = if p.total > 0 { format!(" {} of {}", p.done, p.total) } else { String::new() };
        see.push(Text::plain(format!("{}:{of} {}", running.effect.words(), p.words)));
    }
    if let Some((_, map)) = &facts.map {
        see.push(Text::plain(format!(
            "{} looked through, {} of the key {}",
            count(usize::try_from(map.objects).unwrap_or(usize::MAX), "object"),
            count(map.copies.len(), "copy"),
            if facts.applied.is_some() { "found then" } else { "found" }
        )));
        see.extend(map.not_looked_into.iter().map(|n| Text::tone(Tone::Warn, format!("not looked into: {n}"))));
    }
    if let Some((_, plan)) = &facts.plan.as_ref().filter(|(_, p)| !p.nothing_to_do) {
        if next(at, repo, facts) != Next::Apply {
            see.push(Text::plain(cost(facts)));
        }
        if let Some(first) = plan.first_changed.first() {
            see.push(Text::plain(format!("First changed commit: {first}")));
        }
        see.extend(plan.refusals.iter().map(|r| Text::tone(Tone::Bad, format!("{}; {}", r.why, r.way_forward))));
    }
    for what in ["find", "plan", "apply", "prove", "push", "undo", "finish", "check"] {
        if let Some((_, fault)) = at.incident.faults.get(&step(what, repo)) {
            see.push(Text::tone(Tone::Bad, format!("{}: {}", fault.what, fault.why)));
            see.extend(fault.hints.iter().map(|hint| Text::tone(Tone::Dim, format!("try: {hint}"))));
        }
    }
    if facts.applied.is_some() && facts.finished.is_none() {
        see.push(Text::tone(Tone::Warn, "The backup still contains the key until you finish."));
    }
    see
}

fn evidence(facts: &RepoFacts) -> Vec<Text> {
    let mut seen = Vec::new();
    if let Some((_, proof)) = &facts.proof {
        for check in &proof.checks {
            let (tone, word) = if check.clean { (Tone::Good, "clean") } else { (Tone::Bad, "NOT CLEAN") };
            seen.push(Text::tone(tone, word).and(Tone::Plain, format!("  {}: {}", check.what, check.saw)));
        }
        // The proof is from before the backup's end; what it says of the backup is over then.
        let over = |n: &&String| facts.finished.is_some() && n.starts_with("the backup");
        seen.extend(
            proof.not_checked.iter().filter(|n| !over(n)).map(|n| Text::tone(Tone::Dim, format!("not checked: {n}"))),
        );
    }
    if let Some((_, push)) = &facts.push {
        for pushed in &push.refs {
            let (tone, word) = if pushed.ok { (Tone::Good, "pushed") } else { (Tone::Bad, "not pushed") };
            seen.push(Text::tone(tone, word).and(Tone::Plain, format!("  {} {}", pushed.name, pushed.said)));
        }
        seen.extend(
            push.needs_support.iter().map(|r| Text::tone(Tone::Warn, format!("only the host's support can clean {r}"))),
        );
    }
    if facts.push.as_ref().is_some_and(|(_, push)| push.refs.iter().any(|r| r.ok)) {
        seen.push(Text::tone(
            Tone::Dim,
            "not seen: the host may serve the old commits by their id until it collects garbage: ask its support to",
        ));
    }
    if let Some(when) = facts.finished {
        seen.push(
            Text::tone(Tone::Good, "gone").and(Tone::Plain, format!("   the backup: destroyed at {}", when.time())),
        );
    }
    seen
}

fn body(at: &View<'_>, facts: &RepoFacts) -> Vec<Block> {
    let mut blocks = Vec::new();
    if at.incident.repos.len() > 1 {
        let row = |(repo, facts): (&PathBuf, &RepoFacts)| {
            let state = repo_state(at, repo, facts);
            let copies = facts.map.as_ref().map_or("?".into(), |(_, m)| m.copies.len().to_string());
            vec![Text::plain(name(repo)), Text::plain(copies), Text::plain(state.word()), Text::plain(state.detail())]
        };
        let head = ["Repository", "Copies", "State", ""].map(str::to_owned).to_vec();
        blocks.push(Block::Table(Table {
            title: "Repositories".into(),
            head,
            rows: at.incident.repos.iter().map(row).collect(),
            picks: true,
            leads: false,
        }));
    }
    if let Some((_, plan)) = facts.plan.as_ref().filter(|(_, p)| !p.diff.is_empty() && facts.applied.is_none()) {
        blocks.push(Block::Lines { title: "Preview: every distinct line that changes".into(), lines: preview(plan) });
    }
    if let Some((_, map)) = facts.map.as_ref().filter(|(_, m)| !m.copies.is_empty()) {
        blocks.push(map_table(map));
    }
    blocks
}

fn preview(plan: &Plan) -> Vec<Text> {
    let refs = plan.refs.iter().map(|r| Text::plain(format!("{}  {} -> {}", r.name, short(&r.old), short(&r.new))));
    plan.diff.iter().map(|line| diff_line(line)).chain(refs).collect()
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

fn map_table(map: &CopyMap) -> Block {
    let rows = map.copies.iter().map(|copy| {
        let place = if copy.on_remote {
            "pushed"
        } else if copy.reachable {
            "local"
        } else {
            "unreachable"
        };
        vec![
            Text::plain(format!("{:?}", copy.what).to_lowercase()),
            Text::plain(copy.path.clone().unwrap_or_else(|| "(its message)".into())),
            Text::plain(copy.form.clone()),
            Text::plain(place),
            Text::plain(short(&copy.id)),
            Text::plain(copy.first.as_deref().map(short).unwrap_or_default()),
            Text::tone(Tone::Dim, copy.remedy.clone()),
        ]
    });
    let head = ["What", "Path", "Form", "Where", "Id", "Since", "Remedy"].map(str::to_owned).to_vec();
    Block::Table(Table { title: "Map of copies".into(), head, rows: rows.collect(), ..Table::default() })
}

fn quiet(at: &View<'_>) -> Result<(), String> {
    at.running_in("purge").next().map_or(Ok(()), |r| Err(format!("running: {} (x cancels)", r.effect.words())))
}

/// Ready when some repository wants this step and nothing runs.
fn ready(at: &View<'_>, test: fn(&Next) -> bool, why: &str) -> Result<(), String> {
    quiet(at)?;
    if !at.held.contains(&SecretRef::Leaked) {
        return Err("the leaked key is not in the vault; resume with a key source".into());
    }
    wants(at, test).map(|_| ()).ok_or_else(|| why.to_owned())
}

fn plan_of(facts: &RepoFacts) -> (String, String) {
    facts.plan.as_ref().map(|(_, p)| (p.id.clone(), p.phrase.clone())).unwrap_or_default()
}

/// A write of one repository behind its name.
fn phrase(
    at: &View<'_>,
    test: fn(&Next) -> bool,
    what: &str,
    title: &str,
    body: fn(&Path, &RepoFacts) -> Vec<String>,
    op: fn(String) -> GitOp,
) -> Act {
    let Some((repo, facts)) = wants(at, test) else { return Act::Now(Vec::new()) };
    let (plan, phrase) = plan_of(facts);
    let ask = Ask::new(format!("{title} {}", name(repo)), body(repo, facts), Kind::Phrase(phrase));
    Act::guarded(ask, step(what, repo), git(repo, op(plan)))
}

static ACTIONS: [Action; 10] = [
    Action {
        id: "purge.plan",
        key: 'p',
        label: "plan the rewrite",
        why: "Writes the new objects unreferenced and shows exactly what a switch would change.",
        risk: Risk::Read,
        ready: |at| {
            ready(at, |n| matches!(n, Next::Plan | Next::Apply | Next::Refused(_)), "no repository waits for a plan")
        },
        go: |at| {
            let Some((repo, _)) =
                wants(at, |n| matches!(n, Next::Plan | Next::Refused(_))).or_else(|| wants(at, |n| *n == Next::Apply))
            else {
                return Act::Now(Vec::new());
            };
            Act::perform(step("plan", repo), git(repo, GitOp::Plan))
        },
    },
    Action {
        id: "purge.switch",
        key: 'w',
        label: "switch to the clean history",
        why: "Backs up outside the repository, moves all refs at once, expires and prunes. Undo until finish.",
        risk: Risk::Irreversible,
        ready: |at| {
            if let Some(why) = super::locked("purge", at) {
                return Err(why);
            }
            ready(at, |n| *n == Next::Apply, "no repository has a plan that can be applied")
        },
        go: |at| {
            let body = |repo: &Path, facts: &RepoFacts| {
                vec![
                    repo.display().to_string(),
                    cost(facts),
                    "Backed up first; u undoes it until you finish. Colleagues must rebase, never merge.".into(),
                    "If a ref moved since the plan, nothing is done.".into(),
                ]
            };
            phrase(at, |n| *n == Next::Apply, "apply", "Rewrite", body, |plan| GitOp::Apply { plan })
        },
    },
    Action {
        id: "purge.prove",
        key: 'v',
        label: "prove it again",
        why: "git's own enumeration of all objects, a fresh clone, fsck: independent of the program's reader.",
        risk: Risk::Read,
        ready: |at| ready(at, |n| matches!(n, Next::Prove | Next::Push | Next::Finish), "nothing was switched yet"),
        go: |at| {
            wants(at, |n| matches!(n, Next::Prove | Next::Push | Next::Finish))
                .map_or(Act::Now(Vec::new()), |(repo, _)| Act::perform(step("prove", repo), git(repo, GitOp::Prove)))
        },
    },
    Action {
        id: "purge.push",
        key: 'f',
        label: "force-push the clean history",
        why: "Ref by ref with leases, through your own git: a colleague's newer commit is never overwritten.",
        risk: Risk::Irreversible,
        ready: |at| ready(at, |n| *n == Next::Push, "no repository waits for a push"),
        go: |at| {
            let body = |repo: &Path, facts: &RepoFacts| {
                let refs = facts.plan.as_ref().map(|(_, p)| p.refs.len()).unwrap_or_default();
                vec![
                    format!("{}: up to {refs} refs to its remote", repo.display()),
                    "Everybody with a clone is affected. A ref that moved on the remote is not touched.".into(),
                ]
            };
            phrase(at, |n| *n == Next::Push, "push", "Push", body, |plan| GitOp::Push { plan })
        },
    },
    Action {
        id: "purge.finish",
        key: 'z',
        label: "finish: destroy the backup",
        why: "The backup still contains the key. After this there is no undo.",
        risk: Risk::Irreversible,
        ready: |at| ready(at, |n| *n == Next::Finish, "not proven or not pushed yet"),
        go: |at| {
            let body = |repo: &Path, _: &RepoFacts| {
                vec![repo.display().to_string(), "The old history is gone for good after this.".into()]
            };
            phrase(at, |n| *n == Next::Finish, "finish", "Finish", body, |plan| GitOp::Finish { plan })
        },
    },
    Action {
        id: "purge.undo",
        key: 'u',
        label: "undo the switch",
        why: "Puts refs, HEAD, index, stashes and reflogs back from the backup.",
        risk: Risk::Write,
        ready: |at| {
            quiet(at)?;
            match chosen(at) {
                Some((_, facts)) if facts.finished.is_some() => Err("the backup is destroyed already".into()),
                Some((_, facts)) if facts.applied.is_some() => Ok(()),
                _ => Err("nothing was switched in this repository".into()),
            }
        },
        go: |at| {
            let Some((repo, facts)) = chosen(at) else { return Act::Now(Vec::new()) };
            let plan = facts.applied.as_ref().map(|(_, plan)| plan.clone()).unwrap_or_default();
            let body = vec![repo.display().to_string(), "The key will be in the history again.".into()];
            Act::guarded(
                Ask::new("Undo the switch", body, Kind::Confirm),
                step("undo", repo),
                git(repo, GitOp::Undo { plan }),
            )
        },
    },
    Action {
        id: "purge.check",
        key: 'c',
        label: "check: where does it stand?",
        why: "A read. Settles a switch, push or undo whose end nobody saw; else looks again.",
        risk: Risk::Read,
        ready: |at| ready(at, |_| true, "no repository was given"),
        go: |at| {
            let Some((repo, facts)) = wants(at, |n| matches!(n, Next::Settle(_))).or_else(|| chosen(at)) else {
                return Act::Now(Vec::new());
            };
            let plan = plan_of(facts).0;
            let op = if plan.is_empty() { GitOp::Find } else { GitOp::Check { plan } };
            let what = if op == GitOp::Find { "find" } else { "check" };
            Act::perform(step(what, repo), git(repo, op))
        },
    },
    Action {
        id: "purge.by_hand",
        key: 'h',
        label: "I purged it by hand",
        why: "With filter-repo, BFG or by deleting the repository; say how you know that no copy is left.",
        risk: Risk::Read,
        ready: |at| chosen(at).map(|_| ()).ok_or_else(|| "no repository was given".into()),
        go: |at| {
            let Some((repo, _)) = chosen(at) else { return Act::Now(Vec::new()) };
            let body = vec![
                repo.display().to_string(),
                "BFG protects HEAD: clean the tip first. filter-branch is not advised by git itself.".into(),
            ];
            let asks = vec![Ask::line("Purged by hand", "How do you know that no copy is left?", body)];
            Act::Ask { asks, then: Then::ByHand(step("repo", repo)) }
        },
    },
    Action {
        id: "purge.repo",
        key: 'a',
        label: "add a repository to look through",
        why: intake::REPO_WHY,
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |_| intake::add_repo(),
    },
    Action {
        id: "purge.drop",
        key: 't',
        label: "take a repository off the list",
        why: intake::DROP_WHY,
        risk: Risk::Read,
        ready: |at| intake::droppable(at, true, false),
        go: |at| intake::drop_one(at, true, false),
    },
];
