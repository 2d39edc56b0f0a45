//! Backups, the way back, and taking the new key back from a place.

use super::*;

#[test]
fn undo_puts_every_byte_back_unless_somebody_wrote_since() {
    let bench = Bench::new();
    let text = "\u{feff}A='OLD'\r\n# OLD";
    let place = bench.file(".env", text);
    bench.put(&place).unwrap();
    assert_eq!(bench.undo(&place), Ok(TargetReply::Undone { at: place.clone() }));
    assert_eq!(bench.read(".env"), with_keys(text));
    assert!(bench.undo(&place).unwrap_err().why.contains("no backup"), "once is enough");

    bench.put(&place).unwrap();
    bench.file(".env", "A=NEW\nB=added by a colleague\n");
    let fault = bench.undo(&place).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Changed);
    assert!(fault.hints.iter().any(|h| h.contains(".bak")), "{fault}");
    assert_eq!(bench.read(".env"), with_keys("A=NEW\nB=added by a colleague\n"));
}

#[test]
fn two_writes_are_undone_one_by_one() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    bench.put(&place).unwrap();
    bench.file(".env", "A=NEW\nB=OLD\n");
    bench.put(&place).unwrap();
    bench.undo(&place).unwrap();
    assert_eq!(bench.read(".env"), with_keys("A=NEW\nB=OLD\n"));
    assert_eq!(bench.undo(&place).unwrap_err().kind, FaultKind::Changed);
    bench.file(".env", "A=NEW\n");
    bench.undo(&place).unwrap();
    assert_eq!(bench.read(".env"), with_keys("A=OLD\n"));
}

#[test]
fn backups_are_private_hold_no_key_in_notes_and_are_destroyed() {
    let bench = Bench::new();
    let places = [bench.file("a/.env", "A=OLD\n"), bench.file("b/.env", "A=OLD\n")];
    for place in &places {
        bench.put(place).unwrap();
    }
    assert_eq!(mode(&bench.backups()), 0o700);
    let names = Bench::names(&bench.backups());
    assert_eq!(names.len(), 4, "{names:?}");
    for name in &names {
        let path = bench.backups().join(name);
        assert_eq!(mode(&path), 0o600, "{name}");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.contains(&leaked()), is_backup(name), "{name}");
        assert!(!text.contains(&fresh()));
    }
    fs::write(bench.backups().join("not-ours.txt"), "stays").unwrap();
    assert_eq!(bench.run(&TargetOp::DropBackups), Ok(TargetReply::BackupsDropped { files: 2 }));
    assert_eq!(Bench::names(&bench.backups()), ["not-ours.txt"]);
    assert_eq!(bench.run(&TargetOp::DropBackups), Ok(TargetReply::BackupsDropped { files: 0 }));
    assert!(bench.undo(&places[0]).is_err());
}

#[test]
fn no_write_without_a_backup() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    fs::write(bench.backups(), "a file where the directory should be").unwrap();
    let fault = bench.put(&place).unwrap_err();
    assert!(fault.hints.iter().any(|h| h.contains("no write without a backup")), "{fault}");
    assert_eq!(bench.read(".env"), with_keys("A=OLD\n"));
}

#[test]
fn a_damaged_backup_is_not_put_back() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    bench.put(&place).unwrap();
    let backup = Bench::names(&bench.backups()).into_iter().find(|name| is_backup(name)).unwrap();
    fs::write(bench.backups().join(backup), "rotten").unwrap();
    assert!(bench.undo(&place).unwrap_err().what.contains("damaged"));
    assert_eq!(bench.holds(&place), Holds::Replacement);
}

#[test]
fn the_new_key_is_taken_back_only_by_its_print() {
    let bench = Bench::new();
    let print: Fingerprint = bench.vault.print(SecretRef::Replacement).unwrap();
    for (text, there) in [
        ("A=\"NEW\"\n", true),
        ("U=https://x/?k=NEW&y\n", true),
        ("# NEW\n", true),
        ("A=OLD\n", false),
        ("A=NEWx\n", true),
        ("sk-proj-", false),
    ] {
        let place = bench.file(".env", text);
        let vault = Vault::new("salt");
        let files = Files::new(vault.clone(), Vec::new(), bench.backups());
        let finish = files.run(&TargetOp::Recover { at: place, print: print.clone() }, &bench.wire);
        assert_eq!(matches!(finish, Finish::Outcome(Outcome::Done { .. })), there, "{text}: {finish:?}");
        assert_eq!(vault.print(SecretRef::Replacement), there.then(|| print.clone()), "{text}");
    }
}
