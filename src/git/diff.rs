//! The preview's lines: what stands there now, key masked, and what will stand there.
//!
//! Must not know: which objects deserve a line.

use std::collections::HashSet;

use git2::{Odb, Oid};

use super::repo::Repo;
use crate::base::fault::Result;

/// Pairs shown; a person reads no more before typing the phrase.
const PAIRS: usize = 200;
/// Characters of a line kept on either side of the key.
const AROUND: usize = 60;

/// `-` and `+` lines, one pair per distinct line.
pub(super) fn lines(repo: &Repo<'_>, odb: &Odb<'_>, ids: &[Oid]) -> Result<Vec<String>> {
    let mut shown = HashSet::new();
    let mut out = Vec::new();
    let mut more = 0;
    for id in ids {
        repo.go_on()?;
        let Ok(object) = odb.read(*id) else { continue };
        for (old, new) in pairs(repo, object.data())? {
            if !shown.insert(old.clone()) {
                continue;
            }
            if shown.len() > PAIRS {
                more += 1;
                continue;
            }
            out.push(format!("-{old}"));
            out.push(format!("+{new}"));
        }
    }
    if more > 0 {
        out.push(format!(" and {more} more lines"));
    }
    Ok(out)
}

fn pairs(repo: &Repo<'_>, data: &[u8]) -> Result<Vec<(String, String)>> {
    let binary = memchr::memchr(0, data).is_some();
    let mut pairs = Vec::new();
    if !binary {
        for line in data.split(|b| *b == b'\n') {
            if let Some(clean) = repo.search.replace(line, false)? {
                let old = repo.search.text(line);
                let at = old.find("[leaked]").unwrap_or(0);
                pairs.push((short(&old, at), short(&String::from_utf8_lossy(&clean), at)));
            }
        }
    }
    if pairs.is_empty() {
        let form = repo.search.form_in(data).unwrap_or("plain");
        let kind = if binary { "not text" } else { "over several lines" };
        pairs.push((format!("[leaked] ({form}, {kind})"), format!("a placeholder ({form}, {kind})")));
    }
    Ok(pairs)
}

fn short(line: &str, at: usize) -> String {
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let before = line.get(..at).unwrap_or_default();
    let skip = before.chars().count().saturating_sub(AROUND);
    let total = line.chars().count();
    let cut: String = line.chars().skip(skip).take(2 * AROUND + 20).collect();
    let head = if skip > 0 { "…" } else { "" };
    let tail = if skip + 2 * AROUND + 20 < total { "…" } else { "" };
    format!("{head}{}{tail}", cut.trim_end())
}
