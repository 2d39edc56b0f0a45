//! `ready`: what is missing before the next leak. Reads only, and only this machine.
//!
//! Must not know: any provider's answer; it asks nobody.

use serde::Serialize;

use crate::base::Stamp;
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::stamp::span_text;
use crate::incident::Mode;

use super::args::Json;
use super::{Context, exit, say, say_json};

/// One line of the list.
#[derive(Debug, Serialize)]
struct Line {
    what: &'static str,
    ok: bool,
    seen: String,
    todo: &'static str,
}

pub(super) fn ready(args: &Json, context: &Context) -> Result<u8> {
    let lines = [admin(context), git(), state(context), repos(context), roots(context), hooks(context), drill(context)];
    if args.json {
        say_json(&lines)?;
    } else {
        for line in &lines {
            let (word, todo) = if line.ok {
                ("ok     ", String::new())
            } else {
                ("MISSING", format!("\n          do: {}", line.todo))
            };
            say(&format!("{word}  {}: {}{todo}", line.what, line.seen))?;
        }
    }
    Ok(if lines.iter().all(|line| line.ok) { exit::DONE } else { exit::OPEN })
}

fn admin(context: &Context) -> Line {
    let name = &context.settings.config.openai.admin_key_env;
    let ok = std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let seen = if ok { format!("{name} is set") } else { format!("{name} is not set") };
    Line {
        what: "admin key",
        ok,
        seen,
        todo: "know who has one, and how to reach them at night; without it, revoking goes by hand",
    }
}

fn git() -> Line {
    let out = std::process::Command::new("git").arg("--version").stdin(std::process::Stdio::null()).output();
    let seen =
        out.as_ref().ok().filter(|o| o.status.success()).map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    Line {
        what: "git",
        ok: seen.is_some(),
        seen: seen.unwrap_or_else(|| "not found".into()),
        todo: "install git: purge and push use it",
    }
}

fn state(context: &Context) -> Line {
    let root = context.settings.store.root();
    let made = std::fs::create_dir_all(root).and_then(|()| tempfile::tempfile_in(root));
    let seen = match &made {
        Ok(_) => format!("{} can be written", root.display()),
        Err(e) => format!("{}: {e}", root.display()),
    };
    Line { what: "place for journals", ok: made.is_ok(), seen, todo: "set STANCH_STATE_DIR to a folder you can write" }
}

fn repos(context: &Context) -> Line {
    let count = context.settings.config.repos.len();
    Line {
        what: "repositories",
        ok: count > 0,
        seen: format!("{count} in the config"),
        todo: "list under `repos` where your keys could have been committed",
    }
}

fn roots(context: &Context) -> Line {
    let count = context.settings.config.env_roots.len();
    Line {
        what: "env roots",
        ok: count > 0,
        seen: format!("{count} in the config"),
        todo: "list under `env_roots` where env files are",
    }
}

fn hooks(context: &Context) -> Line {
    let all = &context.settings.config.targets;
    let whole = all.iter().filter(|h| !h.reload.is_empty() && !h.check.is_empty()).count();
    let seen = format!("{whole} of {} targets have a reload and a check command", all.len());
    Line {
        what: "targets",
        ok: whole > 0 && whole == all.len(),
        seen,
        todo: "declare [[targets]] place, reload and check: then an update is proven, not hoped",
    }
}

fn drill(context: &Context) -> Line {
    let listed = context.settings.store.list().unwrap_or_default();
    // A drill's own clock says when it is played, not when it was: the file does.
    let written = |path: &std::path::Path| {
        let since =
            std::fs::metadata(path).and_then(|about| about.modified()).ok()?.duration_since(std::time::UNIX_EPOCH);
        since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).map(Stamp::from_secs)
    };
    let last = listed.iter().filter(|l| l.mode == Some(Mode::Drill)).filter_map(|l| written(&l.path)).max();
    let now = machine_now();
    let ok = last.is_some_and(|at| now.since(at) < 31 * 86_400);
    let seen = last.map_or_else(|| "never".into(), |at| format!("{} ago", span_text(now.since(at))));
    Line { what: "last drill", ok, seen, todo: "stanch drill" }
}
