//! Where one key comes from: the options, a hidden prompt, or a look through the place where it leaked.
//!
//! Must not know: what the key is wanted for.

use std::path::PathBuf;

use crate::base::fault::Result;
use crate::base::{Fault, Secret};
use crate::providers;
use crate::shell::{front, input};

use super::args::KeySource;
use super::{tell, warn};

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
pub(super) fn told(taken: input::Taken, insisted: bool) -> Secret {
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
