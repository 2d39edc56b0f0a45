//! Refuses keys in the argument list.
//!
//! Must not know: what the arguments mean. What it refuses it never repeats.

use std::ffi::OsStr;

use crate::base::Fault;

/// Starts that are a vendor's alone: with [`SHORT`] characters in all, it is taken for a key.
const STARTS: [&str; 16] = [
    "sk-proj-",
    "sk-svcacct-",
    "sk-service-",
    "sk-admin-",
    "sk-None-",
    "sk-ant-",
    "sk-or-",
    "sk_live_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "hf_",
];
const SHORT: usize = 20;
/// After a bare `sk-`, a run without hyphens this long: names of folders have hyphens, keys have not.
const RUN: usize = 16;

/// Refuses the program's arguments when one of them looks like it holds a key.
pub fn refuse_argv<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Option<Fault> {
    let spoiled = args.into_iter().position(|arg| looks_like_key(arg.as_ref().as_encoded_bytes()))?;
    Some(
        Fault::input(
            format!("argument {spoiled} looks like a key, and was not used"),
            "arguments are visible in the process list and stay in the shell's history, so treat that key as known to \
             everybody who can use this machine",
        )
        .hint("type it at the hidden prompt: start again without it")
        .hint("or `--key-stdin < FILE`, `--key-file FILE`, `--key-env NAME` (the variable's name)")
        .hint("take the line out of the shell's history; when it is not the key that leaked, replace that key as well"),
    )
}

/// Does a word in `text` have the shape of a vendor's key?
pub fn looks_like_key(text: &[u8]) -> bool {
    text.split(|byte| !is_word(*byte)).any(|word| {
        if word.len() < SHORT {
            return false;
        }
        STARTS.iter().any(|start| word.starts_with(start.as_bytes()))
            || word.strip_prefix(b"sk-").is_some_and(|rest| rest.split(|b| *b == b'-').any(|run| run.len() >= RUN))
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_keys_wherever_they_stand_and_repeats_none() {
        let tail = "Ab9".repeat(12);
        for start in ["sk-", "sk-proj-", "sk-ant-", "ghp_"] {
            let key = format!("{start}{tail}");
            for arg in [key.clone(), format!("--key={key}"), format!("'{key}'"), format!("https://x/{key}?y")] {
                let fault = refuse_argv(["stanch", "respond", &arg]).unwrap();
                assert!(fault.what.starts_with("argument 2"), "{fault}");
                assert!(!fault.to_string().contains(&tail));
                assert!(fault.hints.iter().any(|h| h.contains("--key-stdin")));
            }
        }
    }

    #[test]
    fn lets_ordinary_arguments_through() {
        let fine =
            ["stanch", "--repo", "/home/ann/sk-learn-experiments-2026", "task-management-system-number-one", "sk-1"];
        assert_eq!(refuse_argv(fine), None);
    }
}
