//! What `find` and `purge` say to a person, at 80 columns: what was found, what it costs, what to do next.
//!
//! Must not know: how any of it came about.

use std::path::Path;

use crate::base::words::{self, count};
use crate::effect::git::{
    Aftermath, Archives, Binaries, Copy, CopyKind, CopyMap, Emptied, FileChoice, Filed, Outside, Plan, Proof,
    PushOutcome, PushReport, RemoteAfter, Serves, Standing,
};
use crate::ui::text::{Cut, truncate, wrap};

const WIDTH: usize = 80;
/// Cells of a path; some are made to fill a screen.
const PATH: usize = 320;
/// Lines of one list; `--json` has all.
const SHOWN: usize = 12;

/// Lines that grow, each broken at the terminal's edge.
#[derive(Default)]
struct Page(Vec<String>);

impl Page {
    fn say(&mut self, text: impl AsRef<str>) {
        // One line, whatever a name in it holds: it must not look like a word of ours.
        self.0.extend(wrap(&words::tame(text.as_ref()), WIDTH));
    }

    fn list<T>(&mut self, all: &[T], line: impl Fn(&T) -> String) {
        for item in all.iter().take(SHOWN) {
            self.say(line(item));
        }
        let more = all.len().saturating_sub(SHOWN);
        if more > 0 {
            self.say(format!("    and {more} more (--json has all)"));
        }
    }

    fn end(self) -> String {
        self.0.join("\n")
    }
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

fn number(n: u64, thing: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), thing)
}

/// Which keys are meant, where there are several.
fn keys(page: &mut Page, keys: &[String]) {
    if keys.len() > 1 {
        page.say(format!("{} looked for: {}", count(keys.len(), "key"), keys.join(", ")));
    }
}

pub(super) fn found(repo: &Path, prints: &[String], map: &CopyMap) -> String {
    let mut page = Page::default();
    page.say(format!("{}", repo.display()));
    keys(&mut page, prints);
    if map.copies.is_empty() {
        page.say(format!("No copy of the key in {}.", number(map.objects, "object")));
    } else {
        page.say(format!(
            "{} of the key; {} looked through.",
            count(map.copies.len(), "copy"),
            number(map.objects, "object")
        ));
        copies(&mut page, &map.copies);
        page.say("Next: `stanch purge --plan` shows what a rewrite would change; it changes nothing.");
    }
    not(&mut page, "Not looked into", &map.not_looked_into);
    page.end()
}

/// The map: one group for each place, and the smallest act that clears it.
fn copies(page: &mut Page, all: &[Copy]) {
    type Here = fn(&Copy) -> bool;
    let places: [(&str, Here); 4] = [
        ("On a remote", |c| c.on_remote),
        ("In this repository only, as far as this clone knows", |c| c.reachable && !c.on_remote),
        ("Unreachable: no ref leads to it", |c| !c.reachable && !apart(c)),
        ("In the index and in git's own files", |c| !c.on_remote && !c.reachable && apart(c)),
    ];
    for (title, here) in places {
        let these: Vec<&Copy> = all.iter().filter(|c| here(c)).collect();
        if these.is_empty() {
            continue;
        }
        page.say("");
        page.say(format!("{title} ({})", these.len()));
        let mut remedy = "";
        for copy in these.iter().take(SHOWN) {
            if copy.remedy != remedy {
                remedy = &copy.remedy;
                page.say(format!("  to do: {remedy}"));
            }
            page.say(format!("    {}", one(copy)));
        }
        if these.len() > SHOWN {
            page.say(format!("    and {} more (--json has all)", these.len() - SHOWN));
        }
    }
    page.say("");
}

fn apart(copy: &Copy) -> bool {
    !matches!(copy.what, CopyKind::Blob | CopyKind::Commit | CopyKind::Tag | CopyKind::Tree)
}

fn one(copy: &Copy) -> String {
    let what = match copy.what {
        CopyKind::Blob => "file",
        CopyKind::Commit => "commit message or name",
        CopyKind::Tag => "tag message",
        CopyKind::Tree => "file name",
        other => {
            return format!(
                "{} {} ({})",
                format!("{other:?}").to_lowercase(),
                copy.path.as_deref().unwrap_or(&copy.id),
                copy.form
            );
        }
    };
    let path =
        copy.path.as_ref().map(|path| format!(" {}", truncate(path, PATH, Cut::Middle, "…"))).unwrap_or_default();
    let since = match (&copy.first, &copy.last) {
        (Some(first), Some(last)) if first != last => format!(", from {} to {}", short(first), short(last)),
        (Some(first), _) => format!(", in {}", short(first)),
        _ => format!(", {}", short(&copy.id)),
    };
    let refs = if copy.refs.is_empty() { String::new() } else { format!("; {}", copy.refs.join(", ")) };
    format!("{what}{path} ({}){since}{refs}", copy.form)
}

fn not(page: &mut Page, title: &str, what: &[String]) {
    if !what.is_empty() {
        page.say(format!("{title}:"));
        page.list(what, |w| format!("  - {w}"));
    }
}

pub(super) fn plan(prints: &[String], plan: &Plan) -> String {
    let mut page = Page::default();
    keys(&mut page, prints);
    if plan.nothing_to_do {
        page.say("Nothing to do: no copy of the key was found.");
        not(&mut page, "Not looked into", &plan.not_looked_into);
        return page.end();
    }
    page.say(format!("{}: {} of the key.", plan.phrase, count(plan.copies.len(), "copy")));
    copies(&mut page, &plan.copies);
    cost(&mut page, plan);
    if !plan.diff.is_empty() {
        page.say("Preview, every distinct line:");
        page.list(&plan.diff, |line| format!("    {line}"));
        page.say("");
    }
    if !plan.refs.is_empty() {
        page.say("Refs that move:");
        page.list(&plan.refs, |r| format!("    {}  {} -> {}", r.name, short(&r.old), short(&r.new)));
        page.say("");
    }
    asked(&mut page, plan);
    packed(&mut page, plan);
    gitlinks(&mut page, plan);
    citations(&mut page, plan);
    not(&mut page, "Not looked into", &plan.not_looked_into);
    if plan.refusals.is_empty() {
        page.say("Nothing was changed. To do it (a backup is made first, --undo takes it back):");
        page.say(format!("    stanch purge --repo PATH --apply --yes={}{}", words::shell(&plan.phrase), chosen(plan)));
    } else {
        page.say("It can't be applied yet:");
        for refusal in &plan.refusals {
            page.say(format!("  - {}", refusal.why));
            page.say(format!("    do: {}", refusal.way_forward));
        }
    }
    page.end()
}

/// A look at a remote runs programs that the repository's configuration may name: said, so that nobody wonders.
fn asked(page: &mut Page, plan: &Plan) {
    let names: Vec<&str> = plan.remotes.iter().filter(|r| r.silent.is_none()).map(|r| r.name.as_str()).collect();
    if !names.is_empty() {
        page.say(format!("Asked, as `git fetch` would: {} (--offline asks no remote).", names.join(", ")));
        page.say("");
    }
}

/// Files that can't be edited as text, and large files beside the history.
fn packed(page: &mut Page, plan: &Plan) {
    if !plan.choices.is_empty() {
        page.say("Files that can't be edited as text:");
        page.list(&plan.choices, |choice| {
            let path = choice.path.as_deref().unwrap_or_else(|| short(&choice.id));
            let holds = if choice.holds.is_empty() { String::new() } else { format!(" ({})", choice.holds.join("; ")) };
            format!("    {} {path}{holds}: {}", choice.what, choice.way)
        });
        page.say("");
    }
    if !plan.lfs.is_empty() {
        page.say("Files of Git LFS that hold the key: removed here, the host must delete them on its side:");
        page.list(&plan.lfs, |object| {
            format!("    {} {}", short(&object.oid), object.paths.first().map_or("", String::as_str))
        });
        page.say("");
    }
}

/// Commits that change nothing any more, and ids that messages name.
fn citations(page: &mut Page, plan: &Plan) {
    if !plan.became_empty.is_empty() {
        page.say(format!(
            "{} changed nothing but the key, {}:",
            count(plan.became_empty.len(), "commit"),
            match plan.policy.emptied {
                Emptied::Keep => "and will change nothing (--emptied=drop leaves them out)",
                Emptied::Drop => "and will be gone (--emptied=keep keeps them)",
            }
        ));
        page.list(&plan.became_empty, |id| format!("    {}", short(id)));
    }
    if plan.citations_followed > 0 {
        let n = number(plan.citations_followed, "id");
        page.say(format!("{n} named in messages will name the new commits."));
    }
    if !plan.citations_left.is_empty() {
        page.say("Ids in messages that can't follow:");
        page.list(&plan.citations_left, |line| format!("    {line}"));
    }
    if !plan.became_empty.is_empty() || plan.citations_followed > 0 || !plan.citations_left.is_empty() {
        page.say("");
    }
}

/// Commits of submodules that follow.
fn gitlinks(page: &mut Page, plan: &Plan) {
    if plan.gitlinks.is_empty() {
        return;
    }
    page.say("Commits of submodules that were purged: the commits here that name them follow.");
    page.list(&plan.gitlinks, |link| format!("    {}  {} -> {}", link.path, short(&link.old), short(&link.new)));
    page.say("Push the submodule before this repository: others fetch those commits from there.");
    page.say("");
}

/// The options that give `--apply` the same plan.
fn chosen(plan: &Plan) -> String {
    let policy = &plan.policy;
    let archives = match policy.archives {
        Archives::Ask => "",
        Archives::Repack => " --archives=repack",
        Archives::Drop => " --archives=drop",
        Archives::Leave => " --archives=leave",
    };
    let binaries = match policy.binaries {
        Binaries::SameLength => "",
        Binaries::Drop => " --binaries=drop",
        Binaries::Leave => " --binaries=leave",
    };
    let emptied = match policy.emptied {
        Emptied::Keep => "",
        Emptied::Drop => " --emptied=drop",
    };
    let way = |choice: &FileChoice| match choice {
        FileChoice::Redact => "redact",
        FileChoice::Drop => "drop",
        FileChoice::Leave => "leave",
    };
    let path = |id: &String| plan.choices.iter().find(|c| c.id == *id).and_then(|c| c.path.clone());
    let mut files: Vec<String> = policy
        .files
        .iter()
        .map(|(id, c)| format!(" --file {}", words::shell(&format!("{}={}", path(id).as_ref().unwrap_or(id), way(c)))))
        .collect();
    files.sort_unstable();
    files.dedup();
    format!("{archives}{binaries}{emptied}{}", files.concat())
}

/// What a rewrite costs, so that a person can decide against it.
fn cost(page: &mut Page, plan: &Plan) {
    if plan.refs.is_empty() {
        page.say("No ref changes and nothing is pushed: the copies are only dropped from this repository.");
        page.say("");
        return;
    }
    page.say("A rewrite costs:");
    page.say(format!("  {} of {} get a new id", plan.commits_changed, number(plan.commits_total, "commit")));
    if !plan.signatures_lost.is_empty() {
        page.say(format!("  {} lost", count(plan.signatures_lost.len(), "signature")));
    }
    for remote in &plan.remotes {
        if !remote.refs.is_empty() {
            page.say(format!(
                "  {} of {} to force-push, each with a lease",
                count(remote.refs.len(), "ref"),
                remote.name
            ));
        }
        if remote.looked_aside > 0 {
            let refs = count(remote.looked_aside, "ref");
            page.say(format!("  (looked into {refs} of {} that are not here, fetched aside)", remote.name));
        }
        if !remote.pull_requests.is_empty() {
            let open = match remote.open.len() {
                0 => String::new(),
                n => format!(", {n} of them open as it seems"),
            };
            let n = count(remote.pull_requests.len(), "pull request");
            page.say(format!(
                "  {n} on the old history at {}{open}: only the host's support can clean them",
                remote.name
            ));
        }
    }
    if plan.push_needed {
        page.say("  everybody with a clone must rebase: `--papers DIR` writes the script for them");
        page.say("If the key is dead and nothing else leaks, you may leave the history as it is. You decide.");
    } else {
        page.say("No remote is known to have it: no force push is needed.");
    }
    page.say("");
}

fn proof(page: &mut Page, proof: &Proof) {
    for check in &proof.checks {
        let word = if check.clean { "clean    " } else { "NOT CLEAN" };
        page.say(format!("  {word}  {}: {}", check.what, check.saw));
    }
    not(page, "Not checked", &proof.not_checked);
}

pub(super) fn applied(plan: &Plan, (backup, dropped): (&str, u64), came_back: &[String], shown: &Proof) -> String {
    let mut page = Page::default();
    page.say(format!("{}: the clean history stands. {} moved.", plan.phrase, count(plan.refs.len(), "ref")));
    page.say("Proof, by git itself:");
    proof(&mut page, shown);
    if !came_back.is_empty() {
        page.say("Somebody brought the old history back while the switch ran. It is kept, for their work rests on it:");
        page.list(came_back, |name| format!("    {name}"));
    }
    if !shown.clean() {
        page.say("A copy is left, or a check failed: plan again, or take it back with --undo.");
    } else if plan.push_needed {
        page.say(format!("Next: stanch purge --repo PATH --push --yes={}", words::shell(&plan.phrase)));
    }
    if dropped > 0 {
        page.say(format!("{} that nothing needed went, too: only the backup has them.", number(dropped, "object")));
    }
    if !backup.is_empty() {
        page.say(format!("The backup STILL CONTAINS THE KEY: {backup}"));
        page.say("--finish destroys it, --undo puts the old history back.");
    }
    page.end()
}

pub(super) fn pushed(report: &PushReport, shown: &Proof) -> String {
    let mut page = Page::default();
    for pushed in &report.refs {
        let word = match pushed.outcome {
            PushOutcome::Pushed => "pushed    ",
            PushOutcome::CleanAlready => "clean     ",
            PushOutcome::Deleted => "deleted   ",
            PushOutcome::Protected => "PROTECTED ",
            PushOutcome::Behind => "BEHIND    ",
            PushOutcome::Old | PushOutcome::Failed => "NOT pushed",
        };
        let said = if pushed.outcome == PushOutcome::Pushed { "" } else { pushed.said.as_str() };
        page.say(format!("  {word}  {}{}{said}", pushed.name, if said.is_empty() { "" } else { ": " }));
    }
    if report.refs.is_empty() {
        page.say("The remote has no ref that the rewrite changed.");
    }
    if !report.needs_support.is_empty() {
        page.say("Only the host's support can clean (`--papers DIR` writes the request):");
        page.list(&report.needs_support, |name| format!("    {name}"));
    }
    if !report.came_back.is_empty() {
        page.say("Something fetched the old history again before the push: plan and apply once more.");
    }
    page.say("Proof, once more after the push:");
    proof(&mut page, shown);
    if report.refs.iter().any(|r| !r.ok) {
        page.say("Push again when the reason is gone: what is done is left alone.");
    } else {
        page.say("Next: `stanch purge --repo PATH --check` shows what the remotes still serve.");
    }
    page.end()
}

pub(super) fn checked(at: Standing, finished: bool, after: Option<&Aftermath>) -> String {
    let mut page = Page::default();
    page.say(match at {
        Standing::Old => "The old history stands, with the key.",
        Standing::New if finished => "The clean history stands; the backup is destroyed.",
        Standing::New => "The clean history stands; the backup still contains the key.",
        Standing::Mixed => "Some refs are old and some are new: plan and apply again.",
    });
    let Some(after) = after else { return page.end() };
    if !after.here.is_empty() {
        page.say("THE OLD HISTORY IS BACK HERE:");
        page.list(&after.here, |line| format!("    {line}"));
    }
    if !after.came_back.is_empty() {
        page.say("Objects that held the key are in this repository again: plan and apply once more.");
    }
    for remote in &after.remotes {
        one_remote(&mut page, remote);
    }
    not(&mut page, "Not checked", &after.not_checked);
    match after.outside() {
        Outside::Gone => page.say("Nothing outside was seen to have the old history."),
        Outside::Unknown => page.say("Nobody was seen to have the old history; not everything was answered."),
        Outside::Seen => {}
    }
    page.end()
}

fn one_remote(page: &mut Page, remote: &RemoteAfter) {
    page.say(format!("{} ({})", remote.name, remote.url));
    if let Some(why) = &remote.silent {
        page.say(format!("  UNKNOWN: {why}"));
        return;
    }
    page.list(&remote.old, |name| format!("  OLD      {name}: not pushed yet, --push"));
    page.list(&remote.again, |name| {
        format!("  BACK     {name}: somebody pushed from a clone of before; put it back, send them the script")
    });
    page.list(&remote.anew, |name| {
        format!("  KEY      {name}: its newer commits bring the key again; fetch, plan, apply, push")
    });
    if !remote.pull_requests.is_empty() {
        let numbers: Vec<String> = remote.pull_requests.iter().map(|n| format!("#{n}")).collect();
        page.say(format!("  OLD      pull requests {}: only the host's support can clean them", numbers.join(", ")));
    }
    for served in &remote.served {
        let word = match served.answer {
            Serves::Yes => "SERVED   ",
            Serves::No => "gone     ",
            Serves::Unknown => "unknown  ",
        };
        page.say(format!("  {word}{}: {}", short(&served.id), served.said));
    }
    for fork in &remote.forks {
        let word = match fork.holds {
            Some(true) => "FORK     ",
            Some(false) => "fork     ",
            None => "fork?    ",
        };
        page.say(format!("  {word}{}: {}", fork.place, fork.said));
    }
}

pub(super) fn filed(filed: &Filed) -> String {
    let mut page = Page::default();
    page.say(format!("Written to {} (none holds the key):", filed.dir.display()));
    for (name, what) in &filed.files {
        page.say(format!("  {name}: {what}"));
    }
    page.end()
}
