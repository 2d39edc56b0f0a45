//! The key on standard input, the person at the terminal.

use std::path::Path;

use crate::pty::Pty;

#[test]
fn a_key_on_standard_input_leaves_the_terminal_to_the_person() {
    let dir = tempfile::tempdir().unwrap();
    let key = format!("{}-proj-{}", "sk", "Ab9".repeat(16));
    let file = dir.path().join("key");
    std::fs::write(&file, &key).unwrap();
    let home = dir.path().to_str().unwrap();
    let env = [("HOME", home), ("STANCH_STATE_DIR", home), ("STANCH_OPENAI_BASE_URL", "http://127.0.0.1:9/v1")];
    let script = format!("exec '{}' respond --key-stdin < '{}'", env!("CARGO_BIN_EXE_stanch"), file.display());
    let mut pty = Pty::spawn(Path::new("/bin/sh"), &["-c", &script], &env, (100, 30));
    pty.wait_for(" LIVE ");
    assert!(pty.is_raw() && pty.screen(vt100::Screen::alternate_screen), "{}", pty.contents());
    pty.send("?");
    pty.wait_for(" Help ");
    pty.send("\x1b");
    pty.wait_gone(" Help ");
    pty.send("q");
    pty.wait_exit();
    pty.assert_restored();
    assert!(pty.never_showed(&key));
}
