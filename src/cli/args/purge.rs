//! Options of `find` and `purge`, and what can be chosen for files that can't be edited as text.
//!
//! Must not know: what they set off.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::key::KeySources;

/// What becomes of an archive that holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ArchiveChoice {
    Repack,
    Drop,
    Leave,
}

/// What becomes of another file that is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BinaryChoice {
    SameLength,
    Drop,
    Leave,
}

/// What becomes of commits that change nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmptiedChoice {
    Keep,
    Drop,
}

/// What becomes of one file that is no text and holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileWay {
    Redact,
    Drop,
    Leave,
}

/// What only a plan or an apply can be told.
const OTHERS: [&str; 5] = ["push", "check", "papers", "undo", "finish"];

/// `rel/app.zip=drop`; a path may have an equals sign in it.
fn file_choice(text: &str) -> Result<(String, FileWay), String> {
    let (path, way) = text.rsplit_once('=').ok_or("it wants PATH=redact, PATH=drop or PATH=leave")?;
    if path.is_empty() {
        return Err("it names no path".into());
    }
    Ok((path.to_owned(), FileWay::from_str(way, false)?))
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
    /// Where it stands, what the remotes still serve, and whether the old history came back. Rolls an interrupted switch
    /// to one of its ends first
    #[arg(long, group = "step")]
    pub check: bool,
    /// Write the texts for others into DIR: support request, letters to colleagues and owners of forks, colleagues'
    /// script, ban hook
    #[arg(long, group = "step", value_name = "DIR")]
    pub papers: Option<PathBuf>,
    /// For archives that hold the key (gzip, zip, tar): pack them anew without it, drop the files, or leave them
    #[arg(long, value_enum, value_name = "CHOICE", conflicts_with_all = OTHERS)]
    pub archives: Option<ArchiveChoice>,
    /// For other binary files: overwrite the key in place, drop the files, or leave them
    #[arg(long, value_enum, value_name = "CHOICE", conflicts_with_all = OTHERS)]
    pub binaries: Option<BinaryChoice>,
    /// For commits that change nothing once the key is gone: keep them (the default), or drop them
    #[arg(long, value_enum, value_name = "CHOICE", conflicts_with_all = OTHERS)]
    pub emptied: Option<EmptiedChoice>,
    /// What a submodule's commits became (`old new`, one pair a line): commits here that name the old ones follow. Kept
    /// for later calls. Purges of the submodule by this program are known without it
    #[arg(long, value_name = "FILE")]
    pub commit_map: Option<PathBuf>,
    /// For --plan and --apply: ask no remote. For a repository whose config you don't trust
    #[arg(long, conflicts_with_all = OTHERS)]
    pub offline: bool,
    /// For one file, against what holds for its sort: PATH=redact, PATH=drop or PATH=leave; may be given several times
    #[arg(long, value_name = "PATH=CHOICE", value_parser = file_choice, conflicts_with_all = OTHERS)]
    pub file: Vec<(String, FileWay)>,
    /// The phrase the plan names: the repository's name
    #[arg(long, value_name = "REPO_NAME")]
    pub yes: Option<String>,
    /// Print the result as one JSON document
    #[arg(long)]
    pub json: bool,
}
