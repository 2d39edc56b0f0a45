//! Options of the commands that open, go on with and look at an incident.
//!
//! Must not know: what they set off.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::key::KeySource;

#[derive(Debug, Clone, Default, Args)]
pub struct Respond {
    #[command(flatten)]
    pub key: KeySource,
    /// Whose key it is
    #[arg(long, default_value = "openai")]
    pub provider: String,
    /// How it was found: mail, bill, scanner, colleague, post …
    #[arg(long, value_name = "WORD", default_value = "not told")]
    pub found_by: String,
    /// Since when it is exposed, UTC: 2026-11-20 13:52
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// A repository to look through; may be given several times
    #[arg(long, value_name = "PATH")]
    pub repo: Vec<PathBuf>,
    /// A folder below which env files are looked for; may be given several times
    #[arg(long, value_name = "PATH")]
    pub env_root: Vec<PathBuf>,
    /// A playbook file of your own
    #[arg(long, value_name = "FILE")]
    pub playbook: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct Resume {
    /// The incident's id, or its short name; without one, the newest that is not closed
    pub id: Option<String>,
    #[command(flatten)]
    pub key: KeySource,
    /// Only look; another process may be working on it
    #[arg(long)]
    pub observe: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Look {
    /// The incident's id, or its short name
    pub id: Option<String>,
    /// Print the result as one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct OneIncident {
    /// The incident's id, or its short name; without one, the newest
    pub id: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct Export {
    /// The incident's id, or its short name; without one, the newest
    pub id: Option<String>,
    #[arg(long, value_enum, default_value = "md")]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    Md,
    Json,
}
