//! How the program feels: first frame, key to frame during a scan, idle processor time, presses and time to the revoke.
//!
//! `cargo bench --bench feel` runs the release binary in a pseudo-terminal against the drill's simulator and prints a
//! table with the goals of the project and this machine. A goal that is missed is said, and is no failure: the figures
//! are for people. Under `cargo test` it does nothing. `cargo bench --bench feel -- scan idle` measures only these;
//! the names are start, scan, idle and revoke.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod figures;
mod machine;
mod place;
#[path = "../../tests/e2e/pty.rs"]
mod pty;
mod relay;
mod walk;

use figures::Table;
use place::Place;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        println!("this measures the release build: cargo bench --bench feel");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let place = Place::new(&runtime);
    let mut table = Table::default();
    let named: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|n| n == name);
    if wanted("start") {
        walk::first_frame(&place, &mut table);
    }
    if wanted("scan") {
        walk::control(&mut table);
        walk::key_to_frame(&place, 1, &mut table);
        walk::key_to_frame(&place, 4, &mut table);
    }
    if wanted("idle") {
        walk::idle(&place, &mut table);
    }
    if wanted("revoke") {
        walk::to_the_revoke(&place, &runtime, &mut table);
    }
    println!("\n{}\n{}", machine::words(), table.text());
}
