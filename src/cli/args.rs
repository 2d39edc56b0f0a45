//! The words of the command line.
//!
//! Must not know: what they set off.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::ThemeName;

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
    /// Rewrite a repository's history without the key: plan, apply, push, undo, finish
    Purge(Purge),
    /// Is this key live, dead or unknown? One read
    Check(Check),
    /// How an incident stands; without an id, the list
    Status(Look),
    /// Print an incident's report
    Export(Export),
    /// Print an incident's story, record by record
    Replay(OneIncident),
    /// What is missing before the next leak
    Ready(Json),
    /// Print the man page, shell completions, the keys, a config to start from, or the schemas of `--json`
    Print(Print),
}

/// What becomes of an archive that holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ArchiveChoice {
    Repack,
    Drop,
    Leave,
}

/// What becomes of another file that is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BinaryChoice {
    SameLength,
    Drop,
    Leave,
}

/// What becomes of commits that change nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EmptiedChoice {
    Keep,
    Drop,
}

/// What becomes of one file that is no text and holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FileWay {
    Redact,
    Drop,
    Leave,
}

/// `rel/app.zip=drop`; a path may have an equals sign in it.
fn file_choice(text: &str) -> Result<(String, FileWay), String> {
    let (path, way) = text.rsplit_once('=').ok_or("it wants PATH=redact, PATH=drop or PATH=leave")?;
    if path.is_empty() {
        return Err("it names no path".into());
    }
    Ok((path.to_owned(), FileWay::from_str(way, false)?))
}

/// Where the key comes from. Never from an argument: those are visible to everybody on the machine.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub struct KeySource {
    /// Read the key from standard input
    #[arg(long)]
    pub key_stdin: bool,
    /// Read the key from a file
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Read the key from this environment variable
    #[arg(long, value_name = "VAR")]
    pub key_env: Option<String>,
    /// I only know where it leaked: look for keys in this file or folder and let me choose
    #[arg(long, value_name = "PATH")]
    pub leaked_in: Vec<PathBuf>,
}

/// Where one or several keys come from.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub struct KeySources {
    /// Read the keys from standard input, one on each line
    #[arg(long)]
    pub key_stdin: bool,
    /// Read keys from a file, one on each line; may be given several times
    #[arg(long, value_name = "FILE")]
    pub key_file: Vec<PathBuf>,
    /// Read a key from this environment variable; may be given several times
    #[arg(long, value_name = "VAR")]
    pub key_env: Vec<String>,
    /// I only know where it leaked: look for keys in this file or folder and let me choose
    #[arg(long, value_name = "PATH")]
    pub leaked_in: Vec<PathBuf>,
}

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
pub struct Find {
    /// A repository; may be given several times
    #[arg(long, value_name = "PATH", required = true)]
    pub repo: Vec<PathBuf>,
    #[command(flatten)]
    pub key: KeySources,
    /// Print the result as one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line; the group lets through exactly one step")]
#[command(group(clap::ArgGroup::new("step").required(true).multiple(false)))]
pub struct Purge {
    /// The repository
    #[arg(long, value_name = "PATH")]
    pub repo: PathBuf,
    #[command(flatten)]
    pub key: KeySources,
    /// Show what would change; changes nothing. Asks the remotes what they hold, as `git fetch` does it: with your git's
    /// credentials and ssh, and with those that the repository's own config names
    #[arg(long, group = "step")]
    pub plan: bool,
    /// Back up and switch to the clean history
    #[arg(long, group = "step", requires = "yes")]
    pub apply: bool,
    /// Push the clean history ref by ref, with leases
    #[arg(long, group = "step", requires = "yes")]
    pub push: bool,
    /// Put everything back from the backup
    #[arg(long, group = "step")]
    pub undo: bool,
    /// Destroy the backup, which contains the key
    #[arg(long, group = "step", requires = "yes")]
    pub finish: bool,
    /// Where it stands, what the remotes still serve, and whether the old history came back
    #[arg(long, group = "step")]
    pub check: bool,
    /// Write the texts for others into DIR: support request, colleagues' script, ban hook
    #[arg(long, group = "step", value_name = "DIR")]
    pub papers: Option<PathBuf>,
    /// For archives that hold the key (gzip, zip, tar): pack them anew without it, drop the files, or leave them
    #[arg(long, value_enum, value_name = "CHOICE")]
    pub archives: Option<ArchiveChoice>,
    /// For other binary files: overwrite the key in place, drop the files, or leave them
    #[arg(long, value_enum, value_name = "CHOICE")]
    pub binaries: Option<BinaryChoice>,
    /// For commits that change nothing once the key is gone: keep them (the default), or drop them
    #[arg(long, value_enum, value_name = "CHOICE")]
    pub emptied: Option<EmptiedChoice>,
    /// What a submodule's commits became (`old new`, one pair a line): commits here that name the old ones follow. Kept
    /// for later calls. Purges of the submodule by this program are known without it
    #[arg(long, value_name = "FILE")]
    pub commit_map: Option<PathBuf>,
    /// For --plan and --apply: ask no remote. For a repository whose config you don't trust
    #[arg(long, conflicts_with_all = ["push", "check", "papers", "undo", "finish"])]
    pub offline: bool,
    /// For one file, against what holds for its sort: PATH=redact, PATH=drop or PATH=leave; may be given several times
    #[arg(long, value_name = "PATH=CHOICE", value_parser = file_choice)]
    pub file: Vec<(String, FileWay)>,
    /// The phrase the plan names: the repository's name
    #[arg(long, value_name = "REPO_NAME")]
    pub yes: Option<String>,
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
