//! A playbook: the stages' order and gates, as data a team can read, change and print.
//!
//! Must not know: what a stage does.

use serde::{Deserialize, Serialize};

use crate::base::Fault;
use crate::base::fault::Result;

/// The five stages every playbook must order.
pub const STAGES: [&str; 5] = ["revoke", "usage", "issue", "targets", "purge"];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    pub id: String,
    pub title: String,
    pub stages: Vec<String>,
    /// What this order costs, in half a sentence.
    pub price: String,
    /// What it buys.
    pub why: String,
    #[serde(default, rename = "gate")]
    pub gates: Vec<Gate>,
}

/// `stage` is locked until `needs` is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    pub stage: String,
    pub needs: String,
    pub why: String,
}

impl Playbook {
    /// `from` names the file, for errors.
    pub fn parse(text: &str, from: &str) -> Result<Self> {
        let bad = |why: String| {
            Fault::input(format!("the playbook {from} can't be used"), why)
                .hint(format!("order exactly these stages: {}", STAGES.join(", ")))
        };
        let book: Self = toml::from_str(text).map_err(|e| bad(e.to_string().trim().to_owned()))?;
        let mut ordered = book.stages.clone();
        ordered.sort();
        let mut wanted = STAGES.map(str::to_owned).to_vec();
        wanted.sort();
        if ordered != wanted {
            return Err(bad(format!("its stages are: {}", book.stages.join(", "))));
        }
        for gate in &book.gates {
            let place = |stage: &str| book.stages.iter().position(|s| s == stage);
            match (place(&gate.needs), place(&gate.stage)) {
                (Some(needs), Some(stage)) if needs < stage => {}
                _ => return Err(bad(format!("{} can't wait for {}", gate.stage, gate.needs))),
            }
        }
        Ok(book)
    }

    /// The playbooks that ship with the program.
    pub fn built_in() -> Result<Vec<Self>> {
        [
            (include_str!("../../assets/playbooks/contain-first.toml"), "contain-first"),
            (include_str!("../../assets/playbooks/continuity-first.toml"), "continuity-first"),
        ]
        .into_iter()
        .map(|(text, id)| Self::parse(text, id))
        .collect()
    }

    pub fn gates_of<'a>(&'a self, stage: &'a str) -> impl Iterator<Item = &'a Gate> {
        self.gates.iter().filter(move |gate| gate.stage == stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_ones_are_sound_and_purge_comes_last() {
        let books = Playbook::built_in().unwrap();
        assert_eq!(books.len(), 2);
        assert!(books.iter().all(|b| b.stages.last().is_some_and(|s| s == "purge")));
    }

    #[test]
    fn a_missing_stage_a_backward_gate_and_an_unknown_key_are_refused() {
        let good = include_str!("../../assets/playbooks/contain-first.toml");
        for (from, to) in [("\"purge\"]", "]"), ("needs = \"revoke\"", "needs = \"purge\""), ("price =", "prize =")] {
            let text = good.replacen(from, to, 1);
            assert!(Playbook::parse(&text, "x").is_err(), "{from} -> {to}");
        }
    }
}
