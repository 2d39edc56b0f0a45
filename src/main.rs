//! The program: parses, chooses a front end, gives the exit code.

fn main() {}
