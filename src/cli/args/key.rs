//! Where keys come from, as options.
//!
//! Must not know: how a key is read.

use std::path::PathBuf;

use clap::Args;

/// Where the key comes from. Never from an argument: those are visible to everybody on the machine.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct KeySource {
    /// Read the key from standard input
    #[arg(long, group = "source")]
    pub key_stdin: bool,
    /// Read the key from a file
    #[arg(long, value_name = "FILE", group = "source")]
    pub key_file: Option<PathBuf>,
    /// Read the key from this environment variable
    #[arg(long, value_name = "VAR", group = "source")]
    pub key_env: Option<String>,
    /// I only know where it leaked: look for keys in this file or folder and let me choose
    #[arg(long, value_name = "PATH", group = "source")]
    pub leaked_in: Vec<PathBuf>,
    /// Take the key even when it does not look like one
    #[arg(long)]
    pub any_key: bool,
}

/// Where one or several keys come from.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct KeySources {
    /// Read the keys from standard input, one on each line
    #[arg(long, group = "source")]
    pub key_stdin: bool,
    /// Read keys from a file, one on each line; may be given several times
    #[arg(long, value_name = "FILE", group = "source")]
    pub key_file: Vec<PathBuf>,
    /// Read a key from this environment variable; may be given several times
    #[arg(long, value_name = "VAR", group = "source")]
    pub key_env: Vec<String>,
    /// I only know where it leaked: look for keys in this file or folder and let me choose
    #[arg(long, value_name = "PATH", group = "source")]
    pub leaked_in: Vec<PathBuf>,
    /// Take a key even when it does not look like one
    #[arg(long)]
    pub any_key: bool,
}
