//! The tables: repositories, the preview of a plan, the map of copies.
//!
//! Must not know: the words above them.

use std::path::{Path, PathBuf};

use crate::effect::git::{CopyMap, Plan};
use crate::incident::RepoFacts;
use crate::stages::sheet::Table;
use crate::stages::targets::diff_line;
use crate::stages::{Block, Text, Tone, View};

use super::lists::{file, place, what};
use super::name;
use super::next::{Next, next, repo_state};
use super::weigh::weigh;

pub(super) fn body(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> Vec<Block> {
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
            leads: true,
        }));
    }
    if let Some((_, plan)) = facts.plan.as_ref().filter(|(_, p)| !p.choices.is_empty() && facts.finished.is_none()) {
        blocks.push(files(facts, plan));
    }
    blocks.extend(super::outside::papers(facts));
    if matches!(next(at, repo, facts), Next::Plan | Next::Choose | Next::Apply) {
        let lines = weigh(at, facts).into_iter().map(Text::plain);
        let ways = Text::tone(Tone::Dim, "w rewrites, o leaves it as it is, d puts it off: each goes on record");
        let lines = lines.chain(std::iter::once(ways)).collect();
        blocks.push(Block::Lines { title: "Should it be rewritten at all?".into(), lines });
    }
    if let Some((_, plan)) = facts.plan.as_ref().filter(|(_, p)| !p.diff.is_empty() && facts.applied.is_none()) {
        blocks.push(Block::Lines {
            title: "Preview: every distinct line that changes (l shows it alone)".into(),
            lines: preview(plan),
        });
    }
    if let Some((_, map)) = facts.map.as_ref().filter(|(_, m)| !m.copies.is_empty()) {
        blocks.push(map_table(map));
    }
    blocks
}

/// Files that can't be edited as text, and what becomes of each.
fn files(facts: &RepoFacts, plan: &Plan) -> Block {
    let over = facts.applied.is_some();
    let title = if over { "Files not edited as text" } else { "Files that can't be edited as text (r, b, F decide)" };
    let lines = plan.choices.iter().flat_map(file).collect();
    Block::Lines { title: title.into(), lines }
}

pub(super) fn preview(plan: &Plan) -> Vec<Text> {
    let refs = plan.refs.iter().map(|r| Text::plain(format!("{}  {} -> {}", r.name, short(&r.old), short(&r.new))));
    plan.diff.iter().map(|line| diff_line(line)).chain(refs).collect()
}

pub(super) fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

pub(super) fn map_table(map: &CopyMap) -> Block {
    let rows = map.copies.iter().map(|copy| {
        vec![
            Text::plain(what(copy)),
            Text::plain(copy.path.clone().unwrap_or_else(|| "(its message)".into())),
            Text::plain(copy.form.clone()),
            Text::plain(place(copy)),
            Text::plain(short(&copy.id)),
            Text::plain(copy.first.as_deref().map(short).unwrap_or_default()),
            Text::tone(Tone::Dim, copy.remedy.clone()),
        ]
    });
    let head = ["What", "Path", "Form", "Where", "Id", "Since", "Remedy"].map(str::to_owned).to_vec();
    Block::Table(Table {
        title: "Map of copies (m shows it alone)".into(),
        head,
        rows: rows.collect(),
        ..Table::default()
    })
}
