//! `respond` and `resume`: a live incident, new or taken up again.
//!
//! Must not know: what the incident will ask for.

use std::path::{Path, PathBuf};

use crate::base::fault::Result;
use crate::base::{Clock, Fault, FaultKind, Secret, SecretRef, Stamp, words};
use crate::incident::{Mode, Opened};
use crate::providers;
use crate::shell::engine::Engine;
use crate::shell::places::{place, repository};
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
    let secret = key(&args.key, &args.provider, &salt, Meant::Provider)?;
    answerable(&args.key)?;
    if let Some((id, opened)) = same_key(&secret, context)
        && again(&id, &args.key)?
    {
        let vault = Vault::new(&opened.salt);
        vault.put(SecretRef::Leaked, secret);
        admin(&vault, context)?;
        return live(Which::Again(id), vault, clock, args.playbook, context);
    }
    let vault = Vault::new(&salt);
    let key = vault.put(SecretRef::Leaked, secret);
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

/// The newest open live incident about this very key.
fn same_key(secret: &Secret, context: &Context) -> Option<(String, Opened)> {
    let mut listed = context.settings.store.list().ok()?;
    listed.sort_by_key(|l| std::cmp::Reverse(l.opened));
    let open = listed.into_iter().filter(|l| l.closed.is_none() && l.fault.is_none() && l.mode == Some(Mode::Live));
    open.filter_map(|l| Some((l.id, opened(&l.path).ok()?)))
        .find(|(_, opened)| secret.fingerprint(&opened.salt).hash == opened.key.hash)
}

/// One key, one incident: is the open one meant? Without anybody to ask, it is only told.
fn again(id: &str, source: &KeySource) -> Result<bool> {
    let short = crate::base::id::short(id);
    if source.key_stdin || !front::stdin_is_terminal() {
        warn(&format!("incident {short} is open about the same key; `stanch resume {short}` goes on with it"));
        return Ok(false);
    }
    tell(&format!(
        "Incident {short} is open about this very key. Go on with it? Enter or y: yes; n: open a second one."
    ));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| Fault::machine("the answer can't be read", e))?;
    Ok(!line.trim().eq_ignore_ascii_case("n"))
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
    checked(given, config, &place)
}

/// The same for repositories, which must be some.
fn repositories(given: &[PathBuf], config: &[PathBuf]) -> Result<Vec<PathBuf>> {
    checked(given, config, &repository)
}

fn checked(given: &[PathBuf], config: &[PathBuf], full: &dyn Fn(&Path) -> Result<PathBuf>) -> Result<Vec<PathBuf>> {
    if !given.is_empty() {
        return given.iter().map(|path| full(path)).collect();
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

/// Whose key is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// The provider is asked about it: it must be one of its own.
    Provider,
    /// It is only looked for.
    Any,
}

/// The key, from where the arguments say, or by hidden prompt.
pub(super) fn key(source: &KeySource, provider: &str, salt: &str, meant: Meant) -> Result<Secret> {
    let of = providers::by_id(provider).unwrap_or(providers::ALL[0]);
    let doubt = |secret: &Secret| match meant {
        _ if source.any_key => None,
        Meant::Provider => input::foreign(secret, of),
        Meant::Any => input::shapeless(secret),
    };
    let taken = if source.key_stdin {
        let taken = input::key_stdin(std::io::stdin().lock())?;
        input::answer_from_terminal();
        taken
    } else if let Some(path) = &source.key_file {
        input::key_file(path)?
    } else if let Some(name) = &source.key_env {
        input::key_env(name, |name| std::env::var_os(name))?
    } else if !source.leaked_in.is_empty() {
        return hunt(&source.leaked_in, provider, salt);
    } else if front::stdin_is_terminal() {
        let prompt = input::Prompt { words: "The leaked key", may_be_empty: false, doubt: &doubt };
        return input::prompt(&prompt).map(|taken| told(taken, false));
    } else {
        return Err(Fault::input("no key was given", "there is no terminal to ask on")
            .hint("--key-stdin, --key-file FILE or --key-env VAR; --leaked-in PATH looks for it"));
    };
    shaped(taken, source.any_key, doubt)
}

/// The key, unless `doubt` says why it can hardly be the one; `any` takes it all the same.
pub(super) fn shaped(taken: input::Taken, any: bool, doubt: impl Fn(&Secret) -> Option<Fault>) -> Result<Secret> {
    match doubt(&taken.secret) {
        Some(fault) if !any => Err(fault.hint("give exactly the key; --any-key takes it all the same")),
        _ => Ok(told(taken, any)),
    }
}

/// The key, and on standard error what a person should know about it.
fn told(taken: input::Taken, insisted: bool) -> Secret {
    taken.cut.iter().chain(&taken.warnings).for_each(|word| warn(word));
    if insisted && input::shapeless(&taken.secret).is_some() {
        warn("taken as it is (--any-key): when it is not the key, nothing will be found and every probe says no");
    }
    taken.secret
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
    let taken = input::key_env(name, |name| std::env::var_os(name))?;
    taken.cut.iter().for_each(|cut| warn(&format!("{name}: {cut}")));
    if let Some(odd) = input::foreign(&taken.secret, providers::ALL[0]) {
        warn(&format!("{name}: {}: {}", odd.what, odd.why));
    }
    vault.put(SecretRef::Admin, taken.secret);
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
        key(&KeySource { any_key: true, ..source.clone() }, &opened.provider, &opened.salt, Meant::Any)?
    } else {
        let other = |secret: &Secret| other_key(secret, opened);
        let words = format!("The leaked key {} again; empty goes on without", opened.key);
        match input::prompt(&input::Prompt { words: &words, may_be_empty: true, doubt: &other }) {
            Ok(taken) => told(taken, false),
            Err(fault) if fault.kind == FaultKind::Input && fault.why.contains("it is empty") => return Ok(None),
            Err(fault) => return Err(fault),
        }
    };
    match other_key(&secret, opened) {
        Some(fault) => Err(fault),
        None => Ok(Some(secret)),
    }
}

/// Only the incident's key will do.
fn other_key(secret: &Secret, opened: &Opened) -> Option<Fault> {
    let same = secret.fingerprint(&opened.salt).hash == opened.key.hash;
    (!same).then(|| {
        Fault::input("this is not the incident's key", format!("the incident is about {}", opened.key))
            .hint("give that key, or leave it empty to go on without")
    })
}
