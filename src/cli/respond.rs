//! `respond` and `resume`: a live incident, new or taken up again.
//!
//! Must not know: what the incident will ask for.

use std::path::{Path, PathBuf};

use crate::base::fault::Result;
use crate::base::{Clock, Fault, FaultKind, Secret, SecretRef, Stamp, words};
use crate::git;
use crate::incident::{Mode, Opened};
use crate::providers;
use crate::shell::engine::Engine;
use crate::shell::session::{self, Wanted, Which};
use crate::shell::vault::Vault;
use crate::shell::{front, input, journal};

use super::args::{KeySource, Respond, Resume};
use super::{Context, drill, run, say};

/// An address of this machine where nobody answers.
const NOWHERE: &str = "http://127.0.0.1:9/v1";

pub(super) async fn respond(args: Respond, context: Context) -> Result<u8> {
    let engine = open(args, &context)?;
    let (app, code) = run::run(engine, None, &context).await?;
    say(&format!("stanch resume {}", crate::base::id::short(&app.incident.opened.incident)))?;
    Ok(code)
}

fn open(args: Respond, context: &Context) -> Result<Engine> {
    if providers::by_id(&args.provider).is_none() {
        let known: Vec<&str> = providers::ALL.iter().map(|p| p.id()).collect();
        let why = format!("there is no provider {}", args.provider);
        return Err(Fault::input("no incident was opened", why).hint(format!("known: {}", known.join(", "))));
    }
    let since = args.since.as_deref().map(time).transpose()?;
    let clock = Clock::real();
    let repos = repositories(&args.repo, &context.settings.config.repos)?;
    let roots = places(&args.env_root, &context.settings.config.env_roots)?;
    let (incident, salt) = session::new_opened(Mode::Live, clock.now())?;
    let vault = Vault::new(&salt);
    let key = vault.put(SecretRef::Leaked, key(&args.key, &args.provider, &salt)?);
    answerable(&args.key)?;
    let has_admin = admin(&vault, context)?;
    let opened = Opened {
        incident,
        mode: Mode::Live,
        provider: args.provider,
        key,
        salt,
        found_by: args.found_by,
        exposed_since: since.unwrap_or_else(|| clock.now()),
        exposed_known: since.is_some(),
        repos,
        roots,
        has_admin,
        drill: None,
    };
    live(Which::New(Box::new(opened)), vault, clock, args.playbook, context)
}

fn live(which: Which, vault: Vault, clock: Clock, playbook: Option<PathBuf>, context: &Context) -> Result<Engine> {
    let config = &context.settings.config;
    let wanted = Wanted {
        store: &context.settings.store,
        which,
        vault,
        clock,
        base: config.openai.base_url.clone(),
        base_configured: context.settings.base_configured,
        hooks: config.targets.clone(),
        prices: config.prices.clone(),
        playbook,
        label: String::new(),
    };
    session::open(wanted, None)
}

pub(super) async fn resume(args: Resume, context: Context) -> Result<u8> {
    let store = &context.settings.store;
    let id = which(args.id.as_deref(), &context)?;
    let opened = opened(&store.journal(&id))?;
    if opened.drill.is_some() && !args.observe {
        return drill::again(&id, &opened, context).await;
    }
    let vault = Vault::new(&opened.salt);
    if !args.observe {
        if let Some(secret) = key_again(&args.key, &opened)? {
            vault.put(SecretRef::Leaked, secret);
        }
        answerable(&args.key)?;
        admin(&vault, &context)?;
    }
    let chosen = if args.observe { Which::Observe(id) } else { Which::Again(id) };
    let mut context = context;
    if opened.drill.is_some() {
        // Nothing is sent while only looking; a drill's address must be one of this machine all the same.
        context.settings.config.openai.base_url = NOWHERE.into();
    }
    let engine = live(chosen, vault, Clock::real(), None, &context)?;
    Ok(run::run(engine, None, &context).await?.1)
}

/// The id that was said, or the newest incident that is not closed.
pub(super) fn which(said: Option<&str>, context: &Context) -> Result<String> {
    let store = &context.settings.store;
    if let Some(said) = said {
        return store.resolve(said);
    }
    let listed = store.list()?;
    let open = listed.iter().filter(|l| l.fault.is_none()).max_by_key(|l| (l.closed.is_none(), l.opened));
    open.map(|l| l.id.clone()).ok_or_else(|| {
        let why = if listed.is_empty() { "none was opened yet" } else { "none that is there can be read" };
        Fault::input("there is no incident to take", why)
            .hint("`stanch status` lists what is there and what is wrong with it")
            .hint("`stanch respond` opens one, `stanch drill` trains")
    })
}

/// An incident's first record.
pub(super) fn opened(path: &Path) -> Result<Opened> {
    let reading = journal::read(path)?;
    match reading.fault {
        // Nothing of it can be believed: why not is worth more than that it is empty.
        Some(fault) if reading.records.is_empty() => Err(fault),
        _ => Ok(crate::incident::Incident::fold(&reading.records)?.opened),
    }
}

fn time(text: &str) -> Result<Stamp> {
    Stamp::parse(text).ok_or_else(|| {
        Fault::input(format!("--since {text} is not a time"), "it can't be read").hint("UTC: 2026-11-20 13:52")
    })
}

/// Absolute paths of what was given, else of what the config names. What was given and is not there is said at once, not
/// found out in the middle of the walk; what only the config names is left out with a word, so that a folder somebody
/// moved last month does not stop tonight's response.
fn places(given: &[PathBuf], config: &[PathBuf]) -> Result<Vec<PathBuf>> {
    checked(given, config, &|_| Ok(()))
}

/// The same for repositories, which must be some.
fn repositories(given: &[PathBuf], config: &[PathBuf]) -> Result<Vec<PathBuf>> {
    checked(given, config, &|path| git::openable(path).map_err(|fault| Fault { kind: FaultKind::Input, ..fault }))
}

fn checked(given: &[PathBuf], config: &[PathBuf], check: &dyn Fn(&Path) -> Result<()>) -> Result<Vec<PathBuf>> {
    let full = |path: &PathBuf| {
        let full = path.canonicalize().map_err(|e| {
            Fault::input(format!("{} can't be looked into", path.display()), e.to_string())
                .hint("give a path that exists")
        })?;
        check(&full).map(|()| full)
    };
    if !given.is_empty() {
        return given.iter().map(full).collect();
    }
    let mut found = Vec::new();
    for path in config {
        match full(path) {
            Ok(path) => found.push(path),
            Err(fault) => warn(&format!("left out, although the config names it: {fault}")),
        }
    }
    Ok(found)
}

/// A word beside the work.
pub(super) fn warn(text: &str) {
    tell(&format!("stanch: {text}"));
}

/// On standard error: standard output belongs to the answer.
fn tell(text: &str) {
    use std::io::Write as _;
    // A standard error that is gone can't be told so.
    let _ = writeln!(std::io::stderr(), "{}", words::tame_lines(text));
}

/// Standard input gave the key and ended: the answers come from the terminal then, or there is nobody to give any.
fn answerable(source: &KeySource) -> Result<()> {
    if !source.key_stdin || front::stdin_is_terminal() || input::stdin_from_terminal() {
        return Ok(());
    }
    Err(Fault::input("no incident was opened", "standard input held the key, and there is no terminal to answer on")
        .hint("start it at a terminal: the key may still come from a pipe")
        .hint("or give the key with --key-file FILE or --key-env VAR, and the answers on standard input"))
}

/// The key, from where the arguments say, or by hidden prompt.
pub(super) fn key(source: &KeySource, provider: &str, salt: &str) -> Result<Secret> {
    if source.key_stdin {
        let key = input::key_stdin(std::io::stdin().lock())?;
        input::answer_from_terminal();
        return Ok(key);
    }
    if let Some(path) = &source.key_file {
        let taken = input::key_file(path)?;
        taken.warnings.iter().for_each(|warning| warn(warning));
        return Ok(taken.secret);
    }
    if let Some(name) = &source.key_env {
        return input::key_env(name, |name| std::env::var_os(name));
    }
    if !source.leaked_in.is_empty() {
        return hunt(&source.leaked_in, provider, salt);
    }
    if !front::stdin_is_terminal() {
        return Err(Fault::input("no key was given", "there is no terminal to ask on")
            .hint("--key-stdin, --key-file FILE or --key-env VAR; --leaked-in PATH looks for it"));
    }
    input::prompt("The leaked key (hidden; it is never shown): ")
}

/// "I only know where it leaked": the keys found there, masked, for a person to choose from.
fn hunt(paths: &[PathBuf], provider: &str, salt: &str) -> Result<Secret> {
    let provider = providers::by_id(provider).unwrap_or(providers::ALL[0]);
    let found = input::find_by_shape(paths, &|text| provider.spot(text), salt)?;
    let mut text = format!("{} files looked at.\n", found.files);
    for (n, candidate) in found.list.iter().enumerate() {
        use std::fmt::Write as _;
        let _ =
            writeln!(text, "  {}  {}  {}  {}", n + 1, candidate.print, candidate.print.kind.words(), candidate.place);
    }
    match found.list.len() {
        0 => Err(Fault::input("no key was found there", format!("{} files hold nothing of that shape", found.files))
            .hint("give the key itself: --key-stdin, --key-file FILE or --key-env VAR")),
        1 => {
            tell(&format!("{text}The only one; taken."));
            found.choose(0)
        }
        count => {
            tell(&format!("{text}Which one leaked? (1 to {count})"));
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map_err(|e| Fault::machine("the answer can't be read", e))?;
            match line.trim().parse::<usize>() {
                Ok(n) if (1..=count).contains(&n) => found.choose(n - 1),
                _ => Err(Fault::input("no key was chosen", "that was not one of the numbers")),
            }
        }
    }
}

/// Takes the admin key from its variable, if it is set.
fn admin(vault: &Vault, context: &Context) -> Result<bool> {
    let name = &context.settings.config.openai.admin_key_env;
    if std::env::var_os(name).is_none_or(|value| value.is_empty()) {
        return Ok(false);
    }
    vault.put(SecretRef::Admin, input::key_env(name, |name| std::env::var_os(name))?);
    Ok(true)
}

/// The leaked key again, after the program ended: the vault forgets. Without it, probes, env files and repositories
/// can't be worked on; everything else can.
fn key_again(source: &KeySource, opened: &Opened) -> Result<Option<Secret>> {
    let given =
        source.key_stdin || source.key_file.is_some() || source.key_env.is_some() || !source.leaked_in.is_empty();
    if !given && !front::stdin_is_terminal() {
        return Ok(None);
    }
    let secret = if given {
        key(source, &opened.provider, &opened.salt)?
    } else {
        match input::prompt(&format!("The leaked key {} again (hidden; empty goes on without): ", opened.key)) {
            Ok(secret) => secret,
            Err(fault) if fault.kind == crate::base::FaultKind::Input && fault.why.contains("empty") => {
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        }
    };
    if secret.fingerprint(&opened.salt).hash != opened.key.hash {
        return Err(Fault::input("this is not the incident's key", format!("the incident is about {}", opened.key))
            .hint("give that key, or leave it empty to go on without"));
    }
    Ok(Some(secret))
}
