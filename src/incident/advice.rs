//! Which order: the three facts that settle it, and the rule. Facts: vendors disagree in public; the rule table is
//! the one of the responders' procedure, without brakes or a fuse, which makes it stricter.
//!
//! Must not know: how the facts were asked.

use serde::{Deserialize, Serialize};

use crate::base::KeyKind;

use super::Incident;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    Yes,
    No,
    Unknown,
}

impl Fact {
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    pub fn parse(text: &str) -> Self {
        match text {
            "yes" => Self::Yes,
            "no" => Self::No,
            _ => Self::Unknown,
        }
    }

    /// For a key that turns through them.
    #[must_use]
    pub fn turn(self) -> Self {
        match self {
            Self::Unknown => Self::Yes,
            Self::Yes => Self::No,
            Self::No => Self::Unknown,
        }
    }
}

/// The topics under which the facts are journaled, and the questions they answer.
pub const QUESTIONS: [(&str, &str); 3] = [
    ("public", "Was it exposed publicly?"),
    ("burning", "Is somebody spending on it now?"),
    ("production", "Does production depend on it?"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub public: Fact,
    pub burning: Fact,
    pub production: Fact,
    pub admin_key: bool,
}

impl Facts {
    pub fn of(incident: &Incident) -> Self {
        let fact =
            |topic: &str| incident.decision(&format!("fact.{topic}")).map_or(Fact::Unknown, |d| Fact::parse(&d.choice));
        Self {
            public: fact("public"),
            burning: fact("burning"),
            production: fact("production"),
            admin_key: incident.opened.key.kind == KeyKind::OpenAiAdmin,
        }
    }
}

/// A recommendation: the playbook's id and the reason, in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    pub playbook: &'static str,
    pub reason: &'static str,
}

const CONTAIN: &str = "contain-first";
const CONTINUE: &str = "continuity-first";

/// The rule. Doubt goes towards containing: there is no "wait to find out" without a fuse.
pub fn advise(facts: Facts) -> Advice {
    let (playbook, reason) = match (facts.public, facts.burning, facts.production) {
        _ if facts.admin_key => (CONTAIN, "an admin key can make more keys; production should never use one"),
        (_, Fact::Yes, _) => (CONTAIN, "somebody is spending on it: an outage costs less than the thief"),
        (_, _, Fact::No) => (CONTAIN, "nothing in production depends on it: killing it costs nothing"),
        (Fact::No, _, Fact::Yes) => (CONTINUE, "it is not public and production depends on it: switch over, then kill"),
        (Fact::Yes, Fact::No, Fact::Yes) => {
            (CONTINUE, "no abuse seen yet and production depends on it: switch over fast, then kill")
        }
        (Fact::Yes, _, _) => (CONTAIN, "it is public: bots try such keys within minutes"),
        (_, _, Fact::Unknown) => (CONTAIN, "nobody knows what depends on it: don't wait to find out while it works"),
        (Fact::Unknown, _, Fact::Yes) => (CONTAIN, "nobody knows how public it is: take it for public"),
    };
    Advice { playbook, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Fact::{No, Unknown, Yes};

    #[test]
    fn the_rule_table() {
        let table = [
            (Unknown, Unknown, Unknown, false, CONTAIN),
            (Yes, Yes, Yes, false, CONTAIN),
            (Yes, No, Yes, false, CONTINUE),
            (Yes, Unknown, Yes, false, CONTAIN),
            (No, No, Yes, false, CONTINUE),
            (No, Unknown, Yes, false, CONTINUE),
            (No, Yes, Yes, false, CONTAIN),
            (No, No, Unknown, false, CONTAIN),
            (Yes, No, No, false, CONTAIN),
            (No, No, Yes, true, CONTAIN),
        ];
        for (public, burning, production, admin_key, want) in table {
            let facts = Facts { public, burning, production, admin_key };
            assert_eq!(advise(facts).playbook, want, "{facts:?}");
        }
    }
}
