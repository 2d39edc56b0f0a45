//! The words of the command line: the commands, what holds for all of them, and the options of the small ones.
//!
//! Must not know: what they set off.

mod incident;
mod key;
mod purge;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::ThemeName;

pub(super) use incident::{Export, Format, Look, OneIncident, Respond, Resume};
pub(super) use key::{KeySource, KeySources};
pub(super) use purge::{ArchiveChoice, BinaryChoice, EmptiedChoice, FileWay, Find, Purge};

/// Stop the bleeding after an API key leaked: revoke, review usage, issue a new key, update targets, purge history.
///
/// Without a command: the start screen. A first look, with nothing at risk: `stanch drill`.
#[derive(Debug, Parser)]
#[command(name = "stanch", version, propagate_version = true)]
pub struct Cli {
    /// Read this config file instead of the standard one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Plain lines instead of the full screen (screen readers, pipes)
    #[arg(long, global = true)]
    pub linear: bool,
    /// Only ASCII characters
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Colours
    #[arg(long, global = true, value_enum)]
    pub theme: Option<Theme>,
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Theme {
    Dark,
    Light,
    Mono,
}

impl From<Theme> for ThemeName {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Dark => Self::Dark,
            Theme::Light => Self::Light,
            Theme::Mono => Self::Mono,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// A key has leaked: open a live incident
    Respond(Respond),
    /// Go on with an incident
    Resume(Resume),
    /// Train on a simulated leak; nothing leaves this machine
    Drill(Drill),
    /// Every copy of the key in repositories: exit 3 when there is one
    Find(Find),
    /// Rewrite a repository's history without the key: plan, apply, push, check, papers, undo, finish
    #[command(after_help = "Exit codes: 0 clean, nothing left; 3 a copy is left, or a plan would change something; 4 \
        nobody saw the end of a write (--check looks), or a remote left a question open.")]
    Purge(Purge),
    /// Is this key live, refused or unknown? One read: exit 0 refused, 3 live, 4 unknown
    Check(Check),
    /// How an incident stands; without an id, the list
    Status(Look),
    /// Print an incident's report
    Export(Export),
    /// Print an incident's story, record by record
    Replay(OneIncident),
    /// What is missing before the next leak
    Ready(Json),
    /// Print the man page, shell completions, the keys, a config to start from, or the schemas of
    /// `find --json` and `purge --json`
    Print(Print),
}

#[derive(Debug, Clone, Default, Args)]
pub struct Drill {
    /// A scenario's name, or the path of your own
    #[arg(default_value = "friday-push")]
    pub scenario: String,
    /// List the scenarios
    #[arg(long)]
    pub list: bool,
    /// The same seed gives the same drill
    #[arg(long)]
    pub seed: Option<u64>,
    /// How many seconds of the drill pass in one second; 0: time passes only while the program waits for something
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=600))]
    pub pace: u32,
    /// Let a script play it: `reference`, or a file
    #[arg(long, value_name = "reference|FILE")]
    pub script: Option<String>,
    /// Print the result as one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Check {
    #[command(flatten)]
    pub key: KeySource,
    /// Print the result as one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Json {
    /// Print the result as one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Print {
    #[arg(value_enum)]
    pub what: What,
    /// For completions: which shell
    #[arg(long, value_enum)]
    pub shell: Option<clap_complete::Shell>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum What {
    Man,
    Completions,
    Keys,
    Config,
    Schema,
}
