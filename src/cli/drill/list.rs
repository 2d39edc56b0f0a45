//! `drill --list`: the scenarios that come with the program.
//!
//! Must not know: how one is played.

use crate::base::fault::Result;
use crate::cli::{exit, say, say_json};
use crate::drill::Scenario;

pub(super) fn list(json: bool) -> Result<u8> {
    let all = Scenario::shipped()?;
    if json {
        let rows: Vec<_> = all
            .iter()
            .map(|s| serde_json::json!({"id": s.id, "title": s.title, "level": s.level, "story": s.story}))
            .collect();
        say_json(&rows)?;
        return Ok(exit::DONE);
    }
    for scenario in all {
        say(&format!("{:14} {:13} {}", scenario.id, format!("{:?}", scenario.level).to_lowercase(), scenario.title))?;
    }
    Ok(exit::DONE)
}
