//! What was chosen for a plan, as the options that give `--apply` the same plan.
//!
//! Must not know: why it was chosen.

use crate::base::words;
use crate::effect::git::{Archives, Binaries, Emptied, FileChoice, Plan};

/// The options that give `--apply` the same plan.
pub(super) fn chosen(plan: &Plan) -> String {
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
