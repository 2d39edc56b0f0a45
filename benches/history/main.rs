//! The history engine against its peers and its limit, on repositories that the person running it names:
//! `cargo bench --bench history -- find <repository>…`, the same with `purge`, or `grow`, which makes its own.
//!
//! Only ratios within one run say something. Needs GNU time at `/usr/bin/time`, and for `purge` `git filter-repo` on the
//! PATH and BFG's path in `BFG_JAR`; a peer that is not there is left out. Repositories are copied first; nothing is
//! changed in them.

#![allow(clippy::expect_used, clippy::panic)]

mod cancel;
mod cost;
mod find;
mod grow;
#[path = "../feel/machine.rs"]
mod machine;
mod plant;
mod purge;

use std::path::PathBuf;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--inflate", objects] => return find::inflate(objects),
        ["--child", what, repo, backup, key] => return purge::child(what, repo, backup, key),
        ["plant", how, repo, to, key] => return plant::keep(how, repo.as_ref(), to.as_ref(), key.as_ref()),
        ["find", repos @ ..] if !repos.is_empty() => find::run(&full(repos)),
        ["purge", repos @ ..] if !repos.is_empty() => purge::run(&full(repos)),
        ["grow"] => grow::run(),
        _ => {
            return println!(
                "cargo bench --bench history -- find <repository>… | purge <repository>… | grow | plant few|many <repository> <to> <key file>"
            );
        }
    }
    println!("{}", machine::words());
}

fn full(repos: &[&str]) -> Vec<PathBuf> {
    repos.iter().map(|repo| std::path::absolute(repo).expect("a path")).collect()
}
