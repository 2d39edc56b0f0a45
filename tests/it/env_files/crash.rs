//! A write that is killed, or that has no room: the old content or the new one, never a mixture.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::*;

fn inside(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture"]).env("STANCH_TEST_FOLDER", folder);
    command
}

/// The bench's executor in another process, for a folder of the parent's.
fn executor() -> (Files, Wire, TargetRef) {
    let folder = PathBuf::from(std::env::var_os("STANCH_TEST_FOLDER").unwrap());
    let bench = Bench::new();
    let files = Files::new(bench.vault.clone(), Vec::new(), folder.join("backups"));
    (files, bench.wire.clone(), at(&folder.join("tree/.env")))
}

#[test]
fn kill_between_any_two_steps_leaves_old_or_new() {
    let bench = Bench::new();
    let text = format!("{}A=OLD\nB=OLD\n", "# a line of comment\n".repeat(2000));
    let place = bench.file(".env", &text);
    let (old, new) = (with_keys(&text), with_keys(&text.replace("OLD", "NEW")));
    for round in 0..12 {
        let mut child = inside("env_files::crash::write_and_undo_for_ever", bench.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Every round gets a little further into a write before the kill.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.by_ref().any(|line| line.unwrap().contains("begun")));
        for _ in 0..round {
            lines.next();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let now = bench.read(".env");
        assert!(now == old || now == new, "round {round}: a mixture of {} bytes", now.len());
        assert_eq!(mode(Path::new(&place.place)), 0o600);
    }
    // Whatever was left over is gone with the next write, and both ways still work.
    bench.file(".stanch-999999999-left.tmp", "A=NEW\n");
    bench.put(&place).unwrap();
    bench.undo(&place).ok();
    bench.put(&place).unwrap();
    assert_eq!(bench.read(".env"), new);
    assert_eq!(Bench::names(&bench.tree()), [".env"]);
}

#[test]
#[ignore = "run and killed by the test above"]
fn write_and_undo_for_ever() {
    let (files, wire, place) = executor();
    println!("begun");
    loop {
        if let Finish::Outcome(Outcome::Done { reply: Reply::Target { reply: TargetReply::Inspected { found } } }) =
            files.run(&TargetOp::Inspect { at: place.clone() }, &wire)
        {
            let put = TargetOp::Put { at: place.clone(), expect: found.content, with: SecretRef::Replacement };
            files.run(&put, &wire);
            println!("put");
            files.run(&TargetOp::Undo { at: place.clone() }, &wire);
            println!("undone");
        }
    }
}

/// Runs a test of this program in a mount namespace of its own, after `script`; where that is not allowed there is nothing
/// to test.
fn with_mounts(script: &str, name: &str) {
    let bench = Bench::new();
    let script = format!("cd \"$STANCH_TEST_FOLDER\" && {script} && touch mounted && exec \"$0\" \"$@\"");
    let test = inside(name, bench.folder.path());
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", &script])
        .arg(test.get_program())
        .args(test.get_args())
        .env("STANCH_TEST_FOLDER", bench.folder.path())
        .output();
    let Ok(output) = output else { return };
    if bench.folder.path().join("mounted").exists() {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn content_of(finish: Finish) -> String {
    match finish {
        Finish::Outcome(Outcome::Done { reply: Reply::Target { reply: TargetReply::Inspected { found } } }) => {
            found.content
        }
        other => panic!("{other:?}"),
    }
}

/// As in a container that gets its env file from outside: nothing can be renamed over a mount.
#[test]
fn a_mounted_file_is_written_in_place() {
    with_mounts(
        "touch outside tree/.env && mount --bind outside tree/.env",
        "env_files::crash::write_and_undo_in_place",
    );
}

#[test]
fn a_mounted_file_in_a_read_only_directory_is_written_in_place() {
    with_mounts(
        "touch outside tree/.env && mount --bind tree tree && cd \"$PWD\" && mount --bind outside tree/.env \
         && mount -o remount,ro,bind tree",
        "env_files::crash::write_and_undo_in_place",
    );
}

#[test]
#[ignore = "run by the tests above, with mounts of their making"]
fn write_and_undo_in_place() {
    let (files, wire, place) = executor();
    let path = Path::new(&place.place);
    fs::write(path, with_keys("A=OLD\nLAST=1\n")).unwrap();
    let inode = fs::metadata(path).unwrap().ino();
    let expect = content_of(files.run(&TargetOp::Inspect { at: place.clone() }, &wire));
    files.run(&TargetOp::Put { at: place.clone(), expect, with: SecretRef::Replacement }, &wire);
    assert_eq!(fs::read_to_string(path).unwrap(), with_keys("A=NEW\nLAST=1\n"));
    files.run(&TargetOp::Undo { at: place.clone() }, &wire);
    assert_eq!(fs::read_to_string(path).unwrap(), with_keys("A=OLD\nLAST=1\n"));
    assert_eq!(fs::metadata(path).unwrap().ino(), inode);
    assert_eq!(Bench::names(path.parent().unwrap()), [".env"]);
}

#[test]
fn a_full_disk_leaves_the_file_as_it_was() {
    with_mounts("mount -t tmpfs -o size=16k,mode=700 none tree", "env_files::crash::write_on_a_full_disk");
}

#[test]
#[ignore = "run by the test above, on a disk of its making"]
fn write_on_a_full_disk() {
    let (files, wire, place) = executor();
    let path = Path::new(&place.place);
    let text = with_keys(&format!("A=OLD\n{}", "#".repeat(4040)));
    fs::write(path, &text).unwrap();
    fs::write(path.with_file_name("filler"), vec![1; 8000]).unwrap();
    let expect = content_of(files.run(&TargetOp::Inspect { at: place.clone() }, &wire));
    let put = TargetOp::Put { at: place.clone(), expect, with: SecretRef::Replacement };
    let refuse = || {
        let Finish::Outcome(Outcome::Failed { fault }) = files.run(&put, &wire) else { panic!("it was written") };
        assert!(fault.why.contains("the disk is full"), "{fault}");
        assert!(fault.hints.iter().any(|h| h.contains("as it was")), "{fault}");
        assert_eq!(fs::read_to_string(path).unwrap(), text);
        assert!(!path.parent().unwrap().read_dir().unwrap().any(|e| e.unwrap().path().extension().is_some()));
    };
    refuse();
    // Written in place it would need one page more than there is.
    fs::hard_link(path, path.with_file_name("second")).unwrap();
    fs::write(path.with_file_name("filler2"), vec![1; 4096]).ok();
    refuse();
}
