//! The history engine against its peers, on repositories that the person running it names:
//! `cargo bench --bench history -- purge <repository>…`
//!
//! Only ratios within one run say something. Needs GNU time at `/usr/bin/time`, `git filter-repo` on the PATH, and for
//! BFG its path in `BFG_JAR`; a peer that is not there is left out.

#![allow(clippy::expect_used, clippy::panic)]

mod plant;
mod purge;

use std::path::PathBuf;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.split_first() {
        Some((first, rest)) if first == "--child" => purge::child(rest),
        Some((part, repos)) if part == "purge" && !repos.is_empty() => {
            let repos: Vec<PathBuf> = repos.iter().map(|r| std::path::absolute(r).expect("a path")).collect();
            purge::run(&repos);
        }
        _ => println!("cargo bench --bench history -- purge <repository>…"),
    }
}
