//! Where keys come from: hidden prompt, standard input, a file, a named variable, or a look at where one leaked.
//! Never the argument list.
//!
//! Must not know: what a key is for. Bytes go from the source to a zeroed buffer to a [`Secret`], with no copy left behind.

mod argv;
mod echo;
mod hunt;
mod line;
mod masked;
mod prompt;
mod terminal;

pub use argv::{looks_like_key, refuse_argv};
pub use echo::Echo;
pub use hunt::{Candidate, Candidates, find_by_shape};
pub use masked::Masked;
pub use prompt::{prompt, prompt_on};
pub use terminal::answer_from_terminal;

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::base::fault::Result;
use crate::base::secret::LONGEST;
use crate::base::{Fault, Secret};

/// Most that is read from a file or standard input, bytes.
pub const MOST: usize = 1 << 20;

/// A key that was read, and what a person should know about the place.
#[derive(Debug)]
pub struct Taken {
    pub secret: Secret,
    pub warnings: Vec<String>,
}

/// `--key-stdin`: all of `source`, which must be one key and nothing else.
pub fn key_stdin(source: impl Read) -> Result<Secret> {
    let bytes = slurp(source, "standard input")?;
    if bytes.is_empty() {
        return Err(Fault::input("no key was given", "standard input is empty")
            .hint("pipe it in: `stanch … --key-stdin < FILE`")
            .hint("or leave --key-stdin away and type it at the hidden prompt"));
    }
    Secret::new(&bytes)
}

/// After `--key-stdin` read a pipe to its end: makes the terminal this process belongs to its standard input. `false`:
/// there is none, or nobody looks at one.
pub fn stdin_from_terminal() -> bool {
    if !crate::shell::front::stdout_is_terminal() {
        return false;
    }
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    terminal.is_ok_and(|terminal| rustix::stdio::dup2_stdin(&terminal).is_ok())
}

/// `--key-file`: the whole file, which must be one key and nothing else. Warns when others can read it.
pub fn key_file(path: &Path) -> Result<Taken> {
    let (bytes, warnings) = file(path)?;
    let secret = Secret::new(&bytes)
        .map_err(|fault| Fault { what: format!("{} holds no single key", path.display()), ..fault })?;
    Ok(Taken { secret, warnings })
}

/// The same for several keys, each on a line of its own, and the warnings.
pub fn keys_file(path: &Path) -> Result<(Vec<Secret>, Vec<String>)> {
    let (bytes, warnings) = file(path)?;
    Ok((lines(&bytes, &path.display().to_string())?, warnings))
}

/// `--key-stdin` where several keys may be given, each on a line of its own.
pub fn keys_stdin(source: impl Read) -> Result<Vec<Secret>> {
    let bytes = slurp(source, "standard input")?;
    lines(&bytes, "standard input")
}

fn lines(bytes: &Zeroizing<Vec<u8>>, name: &str) -> Result<Vec<Secret>> {
    let given = bytes.split(|b| *b == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    let secret = |(n, line): (usize, &[u8])| {
        let what = format!("line {} of {name} is not a key", n + 1);
        Secret::new(&Zeroizing::new(line.to_vec())).map_err(|fault| Fault { what, ..fault })
    };
    let secrets: Vec<Secret> = given.map(secret).collect::<Result<_>>()?;
    if secrets.is_empty() {
        return Err(Fault::input("no key was given", format!("{name} is empty")).hint("one key on each line"));
    }
    Ok(secrets)
}

/// A file's bytes, and a word when others can read them.
fn file(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Vec<String>)> {
    let cant = |why: &dyn std::fmt::Display| {
        Fault::input(format!("no key can be read from {}", path.display()), why.to_string())
            .hint("give a file that holds exactly the key, on one line")
    };
    let file = File::open(path).map_err(|e| cant(&e))?;
    let about = file.metadata().map_err(|e| cant(&e))?;
    if about.is_dir() {
        return Err(cant(&"it is a directory"));
    }
    let mode = about.permissions().mode();
    let bytes = slurp(file, &path.display().to_string())?;
    let mut warnings = Vec::new();
    // A pipe of the shell, `<(pass show key)`, has no lasting mode to warn about.
    if about.is_file() && mode & 0o077 != 0 {
        warnings.push(format!(
            "{} can be read by others (mode {:04o}): `chmod 600` it, or delete it when this is over",
            path.display(),
            mode & 0o7777
        ));
    }
    Ok((bytes, warnings))
}

/// `--key-env`: the variable `name`. It stays set; `lookup` is the environment.
pub fn key_env(name: &str, lookup: impl Fn(&str) -> Option<std::ffi::OsString>) -> Result<Secret> {
    let none = |why: &str| {
        Fault::input(format!("no key can be read from the variable {name}"), why)
            .hint(format!("set it in this shell without putting it in the history: `read -rs {name}; export {name}`"))
            .hint("or use --key-stdin or --key-file")
    };
    // Names with `=` or a null byte do not exist; asking the system for them is an error on some.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(Fault::input("--key-env wants the name of a variable", "this is no name a variable can have")
            .hint("give the name alone, e.g. LEAKED_KEY; never the key itself"));
    }
    let value = lookup(name).ok_or_else(|| none("it is not set"))?;
    let bytes = Zeroizing::new(value.into_encoded_bytes());
    if bytes.trim_ascii().is_empty() {
        return Err(none("it is empty"));
    }
    Secret::new(&bytes).map_err(|fault| Fault { what: format!("the variable {name} holds no key"), ..fault })
}

/// Everything `source` has, at most [`MOST`] bytes. The buffer never grows, so no copy of its start is left in memory.
fn slurp(source: impl Read, name: &str) -> Result<Zeroizing<Vec<u8>>> {
    let cant = |e: std::io::Error| Fault::machine(format!("{name} can't be read"), e);
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST + 1));
    // Only as much as fits: reading exactly to the capacity does not make the vector grow.
    source.take(MOST as u64 + 1).read_to_end(&mut bytes).map_err(cant)?;
    if bytes.len() > MOST {
        return Err(Fault::input(
            "this is not a key",
            format!("{name} has more than {MOST} bytes, a key at most {LONGEST}"),
        )
        .hint("give exactly the key, on one line, nothing else"));
    }
    Ok(bytes)
}
