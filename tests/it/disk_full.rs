//! A disk that fills up under the journal: a child process whose files may not grow. Its own process, because the limit
//! is the process's; the write is cut in the middle of a line, as a full disk does it.

use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use stanch::incident::Event;
use stanch::shell::journal::{Journal, read_only};

use crate::journal::{ID, clock, done, look, start, step, write};

const CHILD: &str = "STANCH_TEST_DISK_FULL";

#[test]
fn a_full_disk_refuses_writes_keeps_what_happened_and_heals() {
    let me = std::env::current_exe().unwrap();
    let name = "disk_full::child";
    let out = Command::new(me).args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && said.contains("healed"), "{said}");
}

#[tokio::test]
async fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    // Without somebody who listens, the kernel ends the process at the limit.
    let _xfsz = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(25)).unwrap();
    let (_dir, store, mut journal) = start();
    let (armed, _) = journal.arm(step(), write()).unwrap();
    let size = std::fs::metadata(store.journal(ID)).unwrap().len();
    let limit = |most| setrlimit(Resource::Fsize, Rlimit { current: most, ..getrlimit(Resource::Fsize) }).unwrap();

    limit(Some(size + 40));
    let refused = journal.arm(step(), write()).unwrap_err();
    assert!(refused.what.contains("was not started"), "{refused}");
    assert!(refused.hints.iter().any(|h| h.contains("by hand at the provider")), "{refused}");
    assert_eq!(std::fs::metadata(store.journal(ID)).unwrap().len(), size, "the half line was taken back");
    let outcome = journal.outcome(armed, done()).unwrap();
    let (read, _) = journal.arm(step(), look()).unwrap();
    let observed = journal.outcome(read, done()).unwrap();
    assert_eq!((outcome.seq, observed.seq, journal.owed()), (2, 3, 2), "kept in memory, in their places");
    assert!(journal.broken().is_some() && journal.retry().is_err());
    assert_eq!(read_only(&store.journal(ID)).unwrap().len(), 2);

    limit(None);
    let (next, _) = journal.arm(step(), write()).unwrap();
    assert_eq!((next.id(), journal.owed()), (Some(2), 0), "the refused intent left no number behind");
    assert!(journal.broken().is_none());
    journal.outcome(next, done()).unwrap();
    drop(journal);
    let records = read_only(&store.journal(ID)).unwrap();
    assert_eq!((&records[2], &records[3], records.len()), (&outcome, &observed, 6));
    let again = Journal::open(&store, ID, clock(), "bob").unwrap().records;
    assert!(!again.iter().any(|r| matches!(r.event, Event::Unknown { .. })));
    println!("healed");
}
