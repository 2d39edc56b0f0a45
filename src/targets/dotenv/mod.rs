//! Env-style files: `.env` and its many relatives, one `NAME=value` a line.
//!
//! There is no one standard: shells, docker, compose, and a loader per language read them a little differently. The lexer
//! takes what any of them takes, and the encoder writes only what all of them read alike, or says why it can't.
//! Must not know: the disk, which value is a secret.

mod encode;
mod judge;
mod lex;

use zeroize::Zeroizing;

use super::{FileFormat, Job, Judgement, Quote, Span, Support, Target};
use crate::base::Fault;
use crate::effect::TargetOp;

pub static DOTENV: DotEnv = DotEnv;

#[derive(Debug)]
pub struct DotEnv;

impl Target for DotEnv {
    fn id(&self) -> &'static str {
        "dotenv"
    }

    fn name(&self) -> &'static str {
        "env file"
    }

    fn support(&self, _: &TargetOp) -> Support {
        Support::Automatic
    }

    fn plan(&self, _: &TargetOp) -> Result<Job, Fault> {
        Ok(Job::File(&DOTENV))
    }
}

impl FileFormat for DotEnv {
    fn claims(&self, file_name: &str) -> bool {
        claims(file_name)
    }

    fn spans(&self, content: &[u8]) -> Result<Vec<Span>, Fault> {
        lex::spans(content)
    }

    fn encode(&self, value: &[u8], like: Quote) -> Result<Zeroizing<Vec<u8>>, Fault> {
        encode::encode(value, like)
    }

    fn decode(&self, raw: &[u8], quote: Quote) -> Zeroizing<Vec<u8>> {
        encode::decode(raw, quote)
    }

    fn judge(&self, file_name: &str, spans: &[Span], holding: &[usize]) -> Judgement {
        judge::judge(file_name, spans, holding)
    }
}

/// Endings of files that are programs, documents or data of another format though `env` is part of their name.
const OTHER_FORMATS: [&str; 36] = [
    "c", "cc", "cjs", "cpp", "cs", "css", "d", "ex", "exs", "go", "gz", "h", "hpp", "html", "java", "js", "json",
    "jsx", "kt", "lock", "map", "md", "mjs", "php", "pl", "py", "pyc", "rb", "rs", "scss", "toml", "ts", "tsx", "vue",
    "yaml", "yml",
];

/// `.env`, `.env.local`, `prod.env`, `.env-prod`, `.envrc`, `env.list`, `env.sh`, `.env~`; not `env.py`, `environment.ts`.
fn claims(file_name: &str) -> bool {
    let name = file_name.to_ascii_lowercase();
    let name = name.trim_end_matches('~');
    let last = name.rsplit('.').next().unwrap_or_default();
    if name.contains('.') && OTHER_FORMATS.contains(&last) {
        return false;
    }
    let whole = |part: &str| matches!(part, "env" | "envrc" | "flaskenv");
    name.split('.').any(whole)
        || name.starts_with(".env-")
        || name.starts_with(".env_")
        || matches!(name, "environment" | "env_file" | "env-file" | "envfile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_env_files_and_leaves_programs() {
        for name in [
            ".env",
            ".env.local",
            ".env.production",
            "prod.env",
            "docker.env",
            ".envrc",
            "env.list",
            "env.sh",
            ".env~",
            ".env.bak",
            ".env-prod",
            ".ENV",
            "env",
            ".flaskenv",
            "environment",
        ] {
            assert!(claims(name), "{name}");
        }
        for name in
            ["env.py", "environment.ts", "env.d.ts", ".env.ts", "venv", "main.rs", "envoy.yaml", ".environs", ""]
        {
            assert!(!claims(name), "{name}");
        }
    }
}
