//! A script: what an operator does and how long they think before it. The reference run of a scenario, or a user's own.
//!
//! Must not know: what the action ids mean; whoever plays it resolves them.

use serde::{Deserialize, Serialize};

use crate::base::Fault;
use crate::base::fault::Result;

/// Longest script taken, steps.
const LONGEST: usize = 2000;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    #[serde(rename = "script", default)]
    pub steps: Vec<Step>,
}

/// One act of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Seconds of the drill's clock between the step before and this one.
    #[serde(default)]
    pub think_s: u32,
    /// An action id: `intake.accept`.
    #[serde(rename = "do")]
    pub act: String,
    /// Text typed where the action asks for some. `{last4}` and `{repo}` are filled in by the player.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Script {
    /// Reads a script file: `[[script]]` tables and nothing else. `from` names it in errors.
    pub fn parse(text: &str, from: &str) -> Result<Self> {
        let script: Self = toml::from_str(text).map_err(|e| {
            Fault::input(format!("the script {from} can't be used"), e.to_string().trim().to_owned())
                .hint("each step is a [[script]] table with think_s, do and, where text is typed, type")
        })?;
        check(&script.steps).map_err(|why| {
            Fault::input(format!("the script {from} can't be used"), why)
                .hint("each step is a [[script]] table with think_s, do and, where text is typed, type")
        })?;
        Ok(script)
    }

    /// Seconds of thinking in all: the least a run of it takes.
    pub fn thinking_s(&self) -> i64 {
        self.steps.iter().map(|step| i64::from(step.think_s)).sum()
    }
}

/// Why these steps can't be a script, if they can't.
pub(super) fn check(steps: &[Step]) -> std::result::Result<(), String> {
    if steps.is_empty() {
        return Err("it has no step".into());
    }
    if steps.len() > LONGEST {
        return Err(format!("it has {} steps, at most {LONGEST} are taken", steps.len()));
    }
    if let Some(at) = steps.iter().position(|step| step.act.trim().is_empty()) {
        return Err(format!("step {} does nothing: `do` is empty", at + 1));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_steps_and_refuses_the_rest_with_the_reason() {
        let script = Script::parse(
            "[[script]]\nthink_s = 20\ndo = \"intake.accept\"\n[[script]]\ndo = \"x\"\ntype = \"{last4}\"",
            "f",
        );
        let script = script.unwrap();
        assert_eq!(script.steps.len(), 2);
        assert_eq!(script.thinking_s(), 20);
        assert_eq!(script.steps[1].text.as_deref(), Some("{last4}"));
        for (text, why) in
            [("[[script]]\ndo = \"x\"\nthnk_s = 3", "thnk_s"), ("", "no step"), ("[[script]]\ndo = \" \"", "step 1")]
        {
            let fault = Script::parse(text, "f").unwrap_err();
            assert!(fault.why.contains(why), "{fault}");
        }
    }
}
