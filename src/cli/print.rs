//! `print`: documents made from the program's own tables, so that they can't go stale.
//!
//! Must not know: settings; it works on a machine without any.

use clap::CommandFactory as _;

use crate::app::keys_markdown;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::shell::settings;

use super::args::{Cli, Print, What};
use super::{exit, say, say_json};

pub(super) fn print(what: &Print) -> Result<u8> {
    match what.what {
        What::Keys => say(&keys_markdown())?,
        What::Config => say(settings::SAMPLE)?,
        What::Man => say(&man()?)?,
        What::Schema => say_json(&schemas()?)?,
        What::Completions => {
            let shell = what.shell.or_else(clap_complete::Shell::from_env).ok_or_else(|| {
                Fault::input("which shell?", "SHELL does not tell")
                    .hint("--shell bash, zsh, fish, elvish or powershell")
            })?;
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stanch", &mut script);
            say(&String::from_utf8_lossy(&script))?;
        }
    }
    Ok(exit::DONE)
}

/// What `--json` prints, by command: JSON Schema, one document for each.
const SCHEMAS: [(&str, &str); 9] = [
    ("find", include_str!("../../assets/schema/find.json")),
    ("plan", include_str!("../../assets/schema/plan.json")),
    ("apply", include_str!("../../assets/schema/apply.json")),
    ("proof", include_str!("../../assets/schema/proof.json")),
    ("push", include_str!("../../assets/schema/push.json")),
    ("check", include_str!("../../assets/schema/check.json")),
    ("papers", include_str!("../../assets/schema/papers.json")),
    ("undo", include_str!("../../assets/schema/undo.json")),
    ("finish", include_str!("../../assets/schema/finish.json")),
];

fn schemas() -> Result<serde_json::Map<String, serde_json::Value>> {
    let read = |(name, text): &(&str, &str)| {
        let schema = serde_json::from_str(text).map_err(|e| {
            Fault::new(crate::base::FaultKind::Internal, format!("the schema {name} is broken"), e.to_string())
        })?;
        Ok(((*name).to_owned(), schema))
    };
    SCHEMAS.iter().map(read).collect()
}

/// The man page: the commands as clap knows them, the keys as the program does, exit codes and variables.
fn man() -> Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|e| Fault::machine("the man page can't be made", e))?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    page.push_str(EXTRA);
    page.push_str(".SH KEYS\n");
    let mut last = String::new();
    for (section, keys, what, _) in crate::app::keys_table() {
        if section != last {
            page.extend([".SS \"", &escape(&section), "\"\n"]);
            last = section;
        }
        page.extend([".TP\n.B ", &escape(&keys), "\n", &escape(&what), "\n"]);
    }
    Ok(page)
}

/// A line that starts with a dot or a quote would be a request to roff.
fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

const EXTRA: &str = r".SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
failed
.TP
.B 2
wrong usage
.TP
.B 3
steps are open, a copy of the key is left, or the key is live
.TP
.B 4
the outcome or the answer is unknown
.TP
.B 130
interrupted
.SH ENVIRONMENT
.TP
.B OPENAI_ADMIN_KEY
the admin key (another name can be set in the config)
.TP
.B STANCH_OPENAI_BASE_URL
the provider's API, e.g. a stand\-in on this machine
.TP
.B STANCH_STATE_DIR
where incidents are kept
.TP
.B STANCH_CONFIG
the config file
.TP
.B STANCH_THEME, STANCH_ASCII, NO_COLOR
how it looks
";
