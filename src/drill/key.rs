//! A key as the provider keeps it: what it is, whose, and how it dies.
//!
//! Must not know: its value, which is derived from the seed again when it is needed.

use serde::{Deserialize, Serialize};

use crate::base::Stamp;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub id: String,
    pub name: String,
    /// The token's number.
    pub n: u64,
    pub class: Class,
    pub origin: Origin,
    /// Id; empty for an admin key.
    pub project: String,
    pub owner: Owner,
    /// Its owner lost access to the project.
    pub hidden: bool,
    pub hash: String,
    pub redacted: String,
    pub created: Stamp,
    /// Last request made with it over HTTP; simulated traffic comes on top.
    pub used: Option<Stamp>,
    pub expires: Option<Stamp>,
    pub gone: Option<Gone>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    pub at: Stamp,
    /// From here on every request is refused.
    pub dead: Stamp,
    /// Went with its service account.
    pub with_account: bool,
    /// Requests since `at`.
    pub asked: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Project,
    ServiceAccount,
    Admin,
}

impl Class {
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Project => "sk-proj-",
            Self::ServiceAccount => "sk-svcacct-",
            Self::Admin => "sk-admin-",
        }
    }

    pub(super) fn half(self) -> usize {
        if self == Self::Admin { 58 } else { 74 }
    }
}

/// What a key is in the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Leaked,
    Sibling,
    /// The administrator's.
    Admin,
    /// Was there before and has nothing to do with it.
    Bystander,
    /// Made during the drill.
    Made,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// A person's or a service account's id.
    pub id: String,
    pub name: String,
    /// Empty for a service account.
    pub email: String,
    pub account: bool,
    pub created: Stamp,
}

/// What a new key is to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub name: String,
    pub class: Class,
    pub origin: Origin,
    pub project: String,
    pub owner: Owner,
    pub hidden: bool,
    pub created: Stamp,
}

impl Key {
    /// Takes it away: refused for good from `dead` on.
    pub fn delete(&mut self, at: Stamp, delay_s: u32, with_account: bool) {
        let dead = at.plus_secs(i64::from(delay_s));
        self.gone.get_or_insert(Gone { at, dead, with_account, asked: 0 });
    }

    /// Does the provider take it for this request? Counts the request while the key is dying.
    pub fn answers(&mut self, now: Stamp, one_in: u32) -> bool {
        if self.expires.is_some_and(|end| now >= end) {
            return false;
        }
        match &mut self.gone {
            None => true,
            Some(gone) if now >= gone.dead => false,
            Some(gone) => {
                gone.asked = gone.asked.saturating_add(1);
                gone.asked.is_multiple_of(one_in.max(1))
            }
        }
    }

    /// In the lists: neither deleted nor expired.
    pub fn listed(&self, now: Stamp) -> bool {
        self.gone.is_none() && self.expires.is_none_or(|end| now < end)
    }
}
