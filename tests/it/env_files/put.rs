//! Writing the new key: what changes, what stays, what is refused.

use super::*;

#[test]
fn replaces_the_key_and_not_one_other_byte() {
    for (before, spots) in [
        ("OPENAI_API_KEY=OLD\n", 1),
        ("OPENAI_API_KEY=OLD", 1),
        ("# head\n\nexport OPENAI_API_KEY='OLD'   # billing\nB=2\n", 1),
        ("A=\"OLD\"\r\nB=\"x OLD y\"\r\n# was OLD\r\n", 3),
        ("\u{feff}A=`OLD`\nA=OLD\n", 2),
        ("URL=https://u:p@h/?key=OLD&x=1\nOLD\n", 2),
        ("PEM=\"one\nOLD\nthree\"\nGARBAGE LINE\nB=' x '", 1),
    ] {
        let bench = Bench::new();
        let place = bench.file(".env", before);
        let Ok(TargetReply::Written { now, spots: written, .. }) = bench.put(&place) else { panic!("{before}") };
        assert_eq!(bench.read(".env"), with_keys(&before.replace("OLD", "NEW")));
        assert_eq!(written, spots, "{before}");
        assert_eq!(bench.holds(&place), Holds::Replacement);
        assert_eq!(bench.inspect(&place).content, now);
        assert_eq!(Bench::names(&bench.tree()), [".env"], "nothing is left beside it");
    }
}

#[test]
fn bytes_that_are_no_text_stay_as_they_are() {
    let bench = Bench::new();
    let place = bench.file(".env", "");
    let around = |key: String| [b"X=\xff\xfe\nKEY=", key.as_bytes(), b"\n\xc3(=\n"].concat();
    fs::write(&place.place, around(leaked())).unwrap();
    bench.put(&place).unwrap();
    assert_eq!(fs::read(&place.place).unwrap(), around(fresh()));
}

#[test]
fn a_browser_variable_never_gets_a_new_key() {
    let bench = Bench::new();
    let place = bench.file(".env", "NEXT_PUBLIC_OPENAI_KEY=OLD\n");
    assert!(bench.inspect(&place).blocked.unwrap().contains("must not go there"));
    let fault = bench.put(&place).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert_eq!(bench.read(".env"), with_keys("NEXT_PUBLIC_OPENAI_KEY=OLD\n"));
    assert!(!bench.backups().exists());
}

#[test]
fn a_read_only_file_is_left_alone() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    fs::set_permissions(&place.place, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(bench.inspect(&place).blocked.unwrap().contains("chmod u+w"));
    assert!(bench.put(&place).unwrap_err().why.contains("read-only (mode 0400)"));
    assert_eq!(bench.holds(&place), Holds::Leaked);
}

#[test]
fn a_file_that_changed_since_the_look_is_not_written() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    let seen = bench.inspect(&place).content;
    bench.file(".env", "A=OLD\nB=2\n");
    let fault = bench.put_expecting(&place, &seen).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Changed);
    assert!(
        fault.what.contains("changed since it was looked at") && fault.hints[0].contains("look at it again"),
        "{fault}"
    );
    assert_eq!(bench.read(".env"), with_keys("A=OLD\nB=2\n"));
    bench.file(".env", "A=else\n");
    assert_eq!(bench.put_expecting(&place, &seen).unwrap_err().kind, FaultKind::Changed);
}

#[test]
fn writing_twice_is_writing_once() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    let seen = bench.inspect(&place).content;
    let first = bench.put_expecting(&place, &seen).unwrap();
    let inode = fs::metadata(&place.place).unwrap().ino();
    assert_eq!(bench.put_expecting(&place, &seen).unwrap(), first);
    assert_eq!(fs::metadata(&place.place).unwrap().ino(), inode, "the second time touched the file");
}

#[test]
fn keeps_mode_owner_and_attributes() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    let path = Path::new(&place.place);
    fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        std::os::unix::fs::chown(path, Some(12), Some(34)).unwrap();
    }
    let marked = rustix::fs::setxattr(path, "user.note", b"kept", rustix::fs::XattrFlags::empty()).is_ok();
    bench.put(&place).unwrap();
    assert_eq!(mode(path), 0o640);
    if root {
        let meta = fs::metadata(path).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (12, 34));
    }
    if marked {
        let mut value = [0; 8];
        assert_eq!(rustix::fs::getxattr(path, "user.note", &mut value[..]).unwrap(), 4);
    }
    bench.undo(&place).unwrap();
    assert_eq!(mode(path), 0o640);
}

#[test]
fn a_link_stays_a_link() {
    let bench = Bench::new();
    fs::create_dir(bench.folder.path().join("elsewhere")).unwrap();
    let real = bench.folder.path().canonicalize().unwrap().join("elsewhere/shared");
    fs::write(&real, with_keys("A=OLD\n")).unwrap();
    let link = bench.tree().join(".env");
    symlink(&real, &link).unwrap();
    let (found, _, files) = bench.discover(&[bench.tree()]);
    assert_eq!((found.len(), files), (1, 1));
    assert!(found[0].warnings.iter().any(|w| w.contains("it is a link")), "{found:?}");
    bench.put(&at(&link)).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), with_keys("A=NEW\n"));
    bench.undo(&at(&link)).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), with_keys("A=OLD\n"));
}

#[test]
fn all_names_of_a_file_get_the_key() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\nLAST=1\n");
    let other = bench.tree().join("other.env");
    fs::hard_link(&place.place, &other).unwrap();
    assert!(bench.inspect(&place).warnings.iter().any(|w| w.contains("2 names")));
    bench.put(&place).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), with_keys("A=NEW\nLAST=1\n"));
    // The old content is shorter: nothing of the new may stay behind it.
    bench.undo(&at(&other)).unwrap_err();
    bench.undo(&place).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), with_keys("A=OLD\nLAST=1\n"));
}

#[test]
fn cancel_stops_a_search_and_a_write() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    let expect = bench.inspect(&place).content;
    bench.wire.cancel.cancel();
    let search = TargetOp::Discover { roots: vec![bench.tree()] };
    assert_eq!(bench.run(&search).unwrap_err().kind, FaultKind::Cancelled);
    assert_eq!(bench.put_expecting(&place, &expect).unwrap_err().kind, FaultKind::Cancelled);
    assert_eq!(bench.read(".env"), with_keys("A=OLD\n"));
}

/// Root may write everywhere: for it there is nothing to test.
#[test]
fn in_a_directory_that_can_not_be_written_the_file_is_written_in_place() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let bench = Bench::new();
    let place = bench.file("closed/.env", "A=OLD\n");
    let unreadable = bench.file("closed/secret.env", "A=OLD\n");
    fs::set_permissions(&unreadable.place, fs::Permissions::from_mode(0o200)).unwrap();
    let closed = bench.tree().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    let (found, skipped, _) = bench.discover(&[bench.tree()]);
    assert!(found[0].warnings.iter().any(|w| w.contains("directory can't be written")), "{found:?}");
    assert!(skipped[0].why.contains("no permission"), "{skipped:?}");
    bench.put(&place).unwrap();
    assert_eq!(bench.read("closed/.env"), with_keys("A=NEW\n"));
    bench.undo(&place).unwrap();
    assert_eq!(bench.read("closed/.env"), with_keys("A=OLD\n"));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}
