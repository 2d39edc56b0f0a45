//! The built program in a real pseudo-terminal, watched through a terminal emulator.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::similar_names, clippy::unused_self)]

mod guard;
mod home;
mod key_stdin;
mod kill;
mod lines;
mod person;
mod pty;
mod reflex;
mod still;
mod terminal;
mod walk;

use pty::Pty;

#[test]
fn the_program_starts_in_a_terminal_and_gives_it_back() {
    let mut pty = Pty::stanch(&["--help"], &[], (80, 24));
    pty.wait_exit();
    pty.assert_restored();
}
