//! What can be asked of a key's provider, and its answers in our own words.
//!
//! Must not know: any provider's wire format or address.

use serde::{Deserialize, Serialize};

use super::{Risk, SecretRef, Verdict};
use crate::base::{Fingerprint, Stamp};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ProviderOp {
    /// Find the leaked key's row(s) across all projects, admin keys included.
    Locate,
    /// One liveness probe of a key.
    Probe { key: SecretRef },
    /// Delete the key; refused when the row no longer looks like `row` (apart from its last use).
    Revoke { row: KeyRow },
    /// Delete the service account that owns the key, and with it all `dies` keys; refused when the list changed.
    RevokeAccount { row: KeyRow, dies: Vec<KeyRow> },
    /// Usage, costs and audit log of one key.
    Usage { row: KeyRow, window: Window },
    /// Is there already an account or key of this name in the project?
    FindIssued { project: String, name: String },
    /// Make a key: a service account of this name in the project. The value goes to the vault as `Replacement`.
    Issue { project: String, name: String },
    /// Delete an account made by `Issue` whose key value is lost.
    Discard { project: String, issued: Issued },
}

impl ProviderOp {
    pub fn risk(&self) -> Risk {
        match self {
            Self::Locate | Self::Probe { .. } | Self::Usage { .. } | Self::FindIssued { .. } => Risk::Read,
            Self::Issue { .. } => Risk::Outward,
            Self::Revoke { .. } | Self::RevokeAccount { .. } | Self::Discard { .. } => Risk::Irreversible,
        }
    }

    pub fn words(&self) -> String {
        match self {
            Self::Locate => "find the key's row".into(),
            Self::Probe { key } => format!("probe {}", key.words()),
            Self::Revoke { row } => format!("delete key {}", row.id),
            Self::RevokeAccount { row, .. } => format!("delete service account {}", row.owner.name),
            Self::Usage { .. } => "read usage, costs and audit log".into(),
            Self::FindIssued { name, .. } => format!("look for a key named {name}"),
            Self::Issue { name, .. } => format!("issue key {name}"),
            Self::Discard { issued, .. } => format!("delete the orphan {}", issued.name),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum ProviderReply {
    Located(KeyReport),
    Probed(Probe),
    Revoked {
        id: String,
    },
    AccountRevoked {
        account: String,
        died: Vec<String>,
    },
    Usage(Box<UsageReading>),
    /// Empty when there is none of that name.
    IssuedFound {
        found: Vec<Issued>,
    },
    Issued(Issued),
    Discarded {
        id: String,
    },
}

/// A key as its provider lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    pub id: String,
    pub name: String,
    /// As the provider prints it: `sk-abc...def`.
    pub redacted: String,
    /// Empty for an admin key, which belongs to the organisation.
    pub project_id: String,
    pub project_name: String,
    pub created: Option<Stamp>,
    /// `None`: never, or the provider doesn't say.
    pub last_used: Option<Stamp>,
    pub owner: Owner,
    pub admin: bool,
}

impl KeyRow {
    /// The same key, unchanged apart from its last use.
    pub fn same_as(&self, other: &Self) -> bool {
        Self { last_used: None, ..self.clone() } == Self { last_used: None, ..other.clone() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub kind: OwnerKind,
    pub id: String,
    /// A person's e-mail or an account's name.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerKind {
    User,
    ServiceAccount,
    Unknown,
}

impl OwnerKind {
    pub fn words(self) -> &'static str {
        match self {
            Self::User => "person",
            Self::ServiceAccount => "service account",
            Self::Unknown => "unknown owner",
        }
    }
}

/// What a search for the leaked key's row brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyReport {
    /// Rows whose redacted value fits the leaked key. One is the rule; none or several ask a person.
    pub matches: Vec<KeyRow>,
    /// Other keys of the same owner accounts: they die with the account.
    pub siblings: Vec<KeyRow>,
    pub projects: u32,
    pub keys_seen: u32,
    /// Places whose keys the provider would not list, each with its reason. Not empty: the key may be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_searched: Vec<String>,
}

/// One classified probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    pub key: SecretRef,
    pub verdict: Verdict,
    pub status: Option<u16>,
    /// The provider's own error code, e.g. `invalid_api_key`.
    pub code: Option<String>,
    /// In our words: "works", "works, restricted", "key refused".
    pub why: String,
    pub request_id: Option<String>,
}

impl Probe {
    /// `401 invalid_api_key`
    pub fn short(&self) -> String {
        let status = self.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
        self.code.as_ref().map_or_else(|| status.clone(), |code| format!("{status} {code}"))
    }
}

/// A key that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    pub key_id: String,
    pub account_id: String,
    pub name: String,
    pub project_id: String,
    pub created: Option<Stamp>,
    /// Of the captured value; `None` when the value was not seen (found by name afterwards).
    pub print: Option<Fingerprint>,
}

/// The spans a usage review looks at: `from..to` by the minute, `baseline..from` by the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub baseline: Stamp,
    pub from: Stamp,
    pub to: Stamp,
}

/// Everything one review round saw. A part that failed says so and hides nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageReading {
    pub window: Window,
    pub parts: Vec<PartState>,
    pub rows: Vec<UsageRow>,
    pub costs: Vec<CostRow>,
    pub audit: Vec<AuditRow>,
    /// End of the newest bucket that held data.
    pub data_up_to: Option<Stamp>,
}

/// One endpoint's fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartState {
    /// `completions`, `embeddings`, …, `costs`, `audit_logs`.
    pub part: String,
    /// `None`: read in full. Otherwise why not.
    pub failed: Option<String>,
    /// The endpoint can't be filtered by key: its figures are the project's.
    pub whole_project: bool,
}

/// One bucket's figures for one endpoint and model. `input`, `cached` and `output` are tokens, except: `images` puts images
/// into `output`, `audio_speeches` characters and `audio_transcriptions` seconds into `input`, `vector_stores` bytes into
/// `input`. A figure the endpoint does not have is 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRow {
    pub part: String,
    pub model: String,
    pub start: Stamp,
    /// 60 or 3600.
    pub seconds: u32,
    pub requests: u64,
    pub input: u64,
    pub cached: u64,
    pub output: u64,
}

/// One day's cost of the key, US dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostRow {
    pub day: Stamp,
    pub usd: f64,
    pub line_item: Option<String>,
}

/// One administrative act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub at: Stamp,
    /// The provider's event name; an open set.
    pub what: String,
    pub actor: String,
    pub ip: Option<String>,
    pub about: String,
}
