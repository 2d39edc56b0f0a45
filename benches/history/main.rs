//! The history engine against its peers and its limit, on repositories that the person running it names:
//! `cargo bench --bench history -- find <repository>…`, or `grow`, which makes its own.
//!
//! Only ratios within one run say something. Needs GNU time at `/usr/bin/time`. Repositories are copied first; nothing
//! is changed in them.

#![allow(clippy::expect_used, clippy::panic)]

mod cost;
mod find;
mod grow;
#[path = "../feel/machine.rs"]
mod machine;
mod plant;

use std::path::PathBuf;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--inflate", objects] => return find::inflate(objects),
        ["find", repos @ ..] if !repos.is_empty() => {
            let repos: Vec<PathBuf> = repos.iter().map(|r| std::path::absolute(r).expect("a path")).collect();
            find::run(&repos);
        }
        ["grow"] => grow::run(),
        _ => return println!("cargo bench --bench history -- find <repository>… | grow"),
    }
    println!("{}", machine::words());
}
