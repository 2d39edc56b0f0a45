//! L7: the command line. Parses, gathers what a session needs, picks a front end, and turns the end into an exit code.
//!
//! Must not know: what a stage does. A key never comes in an argument.

mod args;
mod check;
mod drill;
mod key;
mod keys;
mod looks;
mod out;
mod print;
mod purge;
mod ready;
mod respond;
mod run;
mod start;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, words};
use crate::shell::panics::Panics;
use crate::shell::settings::{Flags, Settings};
use crate::shell::{harden, input, vault};

pub use args::Cli;
use args::Verb;
pub(crate) use out::{say, say_json};
use out::{tell, warn};

/// Exit codes; the same for every command.
pub mod exit {
    pub const DONE: u8 = 0;
    pub const FAILED: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const OPEN: u8 = 3;
    pub const UNKNOWN: u8 = 4;
    pub const INTERRUPTED: u8 = 130;
}

/// Everything a command is run with.
#[derive(Debug)]
pub(crate) struct Context {
    pub settings: Settings,
    pub linear: bool,
    pub panics: Panics,
}

/// The whole program.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let panics = Panics::install(vault::clean_everywhere);
    if let Some(fault) = input::refuse_argv(args.iter().skip(1)) {
        return fail(&fault, exit::USAGE);
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap knows which stream.
            let code = u8::try_from(error.exit_code()).unwrap_or(exit::USAGE);
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    // What the system refuses here only weakens a defence in depth; `stanch ready` tells.
    let _ = harden::harden();
    match run(cli, panics) {
        Ok(code) => ExitCode::from(code),
        Err(fault) => {
            let code = match fault.kind {
                FaultKind::Input => exit::USAGE,
                FaultKind::Cancelled => exit::INTERRUPTED,
                _ => exit::FAILED,
            };
            fail(&fault, code)
        }
    }
}

fn run(cli: Cli, panics: Panics) -> Result<u8> {
    let flags = Flags {
        config: cli.config,
        base_url: None,
        theme: cli.theme.map(Into::into),
        ascii: cli.ascii.then_some(true),
        mouse: None,
    };
    if let Some(Verb::Print(what)) = &cli.verb {
        return print::print(what);
    }
    let settings = Settings::load(&flags, &|name| std::env::var_os(name))?;
    let context = Context { settings, linear: cli.linear, panics };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Fault::machine("the program can't start", e))?;
    let done = runtime.block_on(command(cli.verb, context));
    // A read that hangs on a dead disk must not hold the end up.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    done
}

async fn command(verb: Option<Verb>, context: Context) -> Result<u8> {
    match verb {
        None => start::start(context).await,
        Some(Verb::Respond(args)) => respond::respond(args, context).await,
        Some(Verb::Resume(args)) => respond::resume(args, context).await,
        Some(Verb::Drill(args)) => drill::drill(args, context).await,
        Some(Verb::Find(args)) => purge::find(&args, &context),
        Some(Verb::Purge(args)) => purge::purge(&args, &context),
        Some(Verb::Check(args)) => check::check(args, context).await,
        Some(Verb::Status(args)) => looks::status(&args, &context),
        Some(Verb::Export(args)) => looks::export(&args, &context),
        Some(Verb::Replay(args)) => looks::replay(&args, &context),
        Some(Verb::Ready(args)) => ready::ready(&args, &context),
        Some(Verb::Print(what)) => print::print(&what),
    }
}

fn fail(fault: &Fault, code: u8) -> ExitCode {
    // A standard error that is gone can't be told so.
    let _ = writeln!(std::io::stderr(), "stanch: {}", told(fault));
    ExitCode::from(code)
}

/// A fault for a terminal: nothing in it is obeyed, and a line that a name brings with it does not stand at the margin,
/// where our own do.
fn told(fault: &Fault) -> String {
    let inner = |text: &String| words::tame_lines(text).replace('\n', "\n    ");
    let hints = fault.hints.iter().map(inner).collect();
    Fault { kind: fault.kind, what: inner(&fault.what), why: inner(&fault.why), hints }.to_string()
}
