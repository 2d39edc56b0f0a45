//! Writes the report beside the journal: Markdown and JSON, 0600, and never with a secret in it.
//!
//! Must not know: what a report says.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::app::report::Report;
use crate::base::Fault;
use crate::base::fault::Result;

use super::vault::Vault;

/// Writes `report.md` and `report.json` into `folder`; gives the Markdown's path.
pub fn write(folder: &Path, report: &Report, vault: &Vault) -> Result<PathBuf> {
    let json =
        serde_json::to_string_pretty(report).map_err(|e| Fault::machine("the report can't be put as JSON", e))?;
    put(&folder.join("report.json"), &json, vault)?;
    let markdown = folder.join("report.md");
    put(&markdown, &report.markdown(), vault)?;
    Ok(markdown)
}

fn put(path: &Path, text: &str, vault: &Vault) -> Result<()> {
    let bad = |e: std::io::Error| {
        Fault::machine(format!("{} can't be written", path.display()), e).hint("`stanch export` prints it instead")
    };
    let text = vault.clean(text);
    let mut file =
        std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path).map_err(bad)?;
    file.write_all(text.as_bytes()).map_err(bad)?;
    file.sync_all().map_err(bad)
}
