//! The journal: what it keeps, what it refuses, and what a crash, a full disk or a meddler leaves of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use stanch::base::{Clock, Fault, Fingerprint, KeyKind, Secret, SecretRef, Stamp, id};
use stanch::effect::provider::{KeyRow, Owner, OwnerKind};
use stanch::effect::{Effect, Outcome, ProviderOp, ProviderReply, Reply};
use stanch::incident::{Event, Mode, Opened, Record, StepRef};
use stanch::shell::finish::Finish;
use stanch::shell::journal::{Journal, Reopened, Store, Tail, read, read_only};
use stanch::shell::vault::Vault;
use zeroize::Zeroizing;

const START: Stamp = Stamp(1_795_228_896_000);

pub(crate) fn clock() -> Clock {
    Clock::stepped(START)
}

pub(crate) fn opened(incident: &str) -> Opened {
    let key = Fingerprint {
        prefix: "sk-proj-".into(),
        last4: "9f3a".into(),
        hash: "ab".repeat(32),
        kind: KeyKind::OpenAiProject,
        length: 64,
    };
    Opened {
        incident: incident.into(),
        mode: Mode::Drill,
        provider: "openai".into(),
        key,
        salt: "salt".into(),
        found_by: "mail".into(),
        exposed_since: START,
        exposed_known: false,
        repos: vec![PathBuf::from("/r")],
        roots: vec![],
        has_admin: true,
        drill: None,
    }
}

pub(crate) fn step() -> StepRef {
    StepRef::new("revoke", "kill")
}

pub(crate) fn row() -> KeyRow {
    KeyRow {
        id: "key_1".into(),
        name: "billing".into(),
        redacted: "sk-pr...9f3a".into(),
        project_id: "proj_1".into(),
        project_name: "acme".into(),
        created: None,
        last_used: None,
        owner: Owner { kind: OwnerKind::User, id: "u".into(), name: "ann".into() },
        admin: false,
    }
}

pub(crate) fn write() -> Effect {
    Effect::Provider { provider: "openai".into(), op: ProviderOp::Revoke { row: row() } }
}

pub(crate) fn look() -> Effect {
    Effect::Provider { provider: "openai".into(), op: ProviderOp::Locate }
}

pub(crate) fn done() -> Finish {
    let reply = Reply::Provider { reply: ProviderReply::Revoked { id: "key_1".into() } };
    Finish::Outcome(Outcome::Done { reply })
}

fn note(text: &str) -> Event {
    Event::Note { text: text.into() }
}

pub(crate) fn start() -> (tempfile::TempDir, Store, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().join("incidents"));
    let (journal, _) = Journal::create(&store, opened(ID), clock(), "ann@here").unwrap();
    (dir, store, journal)
}

pub(crate) const ID: &str = "20261121T024136Z-otter-4f";

fn reopen(store: &Store) -> Result<Reopened, Fault> {
    Journal::open(store, ID, clock(), "bob@there")
}

fn kinds(records: &[Record]) -> Vec<String> {
    let word = |r: &Record| serde_json::to_value(&r.event).unwrap()["event"].as_str().unwrap().to_owned();
    records.iter().map(word).collect()
}

/// A whole little incident: opened, a write, a read, a note.
fn lived(journal: &mut Journal) {
    let (armed, intent) = journal.arm(step(), write()).unwrap();
    assert_eq!(armed.id(), Some(1));
    assert!(matches!(intent.unwrap().event, Event::Intent { id: 1, .. }));
    journal.outcome(armed, done()).unwrap();
    let (armed, intent) = journal.arm(step(), look()).unwrap();
    assert_eq!((armed.id(), intent), (None, None));
    let lost = journal.outcome(armed, Finish::Lost("timed out".into())).unwrap();
    assert!(
        matches!(lost.event, Event::Observed { outcome: Outcome::Failed { .. }, .. }),
        "a lost read changed nothing"
    );
    journal.append(note("the bill is up")).unwrap();
}

#[test]
fn what_went_in_comes_out_chained() {
    let (_dir, store, mut journal) = start();
    lived(&mut journal);
    drop(journal);
    let text = fs::read_to_string(store.journal(ID)).unwrap();
    let records = read_only(&store.journal(ID)).unwrap();
    assert_eq!(kinds(&records), ["opened", "intent", "outcome", "observed", "note"]);
    let mut prev = "0".repeat(64);
    for (record, (line, seq)) in records.iter().zip(text.lines().zip(0_u64..)) {
        use sha2::Digest as _;
        assert_eq!((record.seq, &record.prev, record.by.as_str()), (seq, &prev, "ann@here"));
        assert_eq!(record.at, START);
        prev = id::hex(&sha2::Sha256::digest(line));
    }
}

#[test]
fn only_the_owner_can_enter() {
    let (_dir, store, journal) = start();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.root()), 0o700);
    assert_eq!(mode(&store.root().join(ID)), 0o700);
    assert_eq!(mode(&store.journal(ID)), 0o600);
    assert_eq!(mode(&store.root().join(ID).join("lock")), 0o600);
    drop(journal);
    fs::set_permissions(store.root(), fs::Permissions::from_mode(0o755)).unwrap();
    Journal::create(&store, opened("20261121T024137Z-fern-00"), clock(), "ann").unwrap();
    assert_eq!(mode(store.root()), 0o700, "tightened");
}

#[test]
fn an_intent_is_on_disk_before_the_effect_is_armed() {
    let (_dir, store, mut journal) = start();
    let (armed, _) = journal.arm(step(), write()).unwrap();
    let on_disk = read_only(&store.journal(ID)).unwrap();
    assert!(matches!(&on_disk[1].event, Event::Intent { id, .. } if Some(*id) == armed.id()));
}

#[test]
fn a_write_without_an_answer_is_unknown_on_resume_and_ids_go_on() {
    let (_dir, store, mut journal) = start();
    lived(&mut journal);
    let (lost, _) = journal.arm(step(), write()).unwrap();
    journal.outcome(lost, Finish::Lost("the line dropped".into())).unwrap();
    let (crashed, _) = journal.arm(step(), write()).unwrap();
    assert_eq!(crashed.id(), Some(3));
    drop(journal);

    let Reopened { mut journal, records, torn } = reopen(&store).unwrap();
    assert_eq!(torn, 0);
    let tail: Vec<&Event> = records.iter().rev().take(2).map(|r| &r.event).collect();
    assert!(matches!(tail[0], Event::Unknown { id: 3, why } if why.contains("before an answer was seen")), "{tail:?}");
    assert!(matches!(tail[1], Event::Resumed { torn: 0 }), "only the open one becomes unknown");
    assert_eq!(records.last().unwrap().by, "bob@there");
    assert_eq!(journal.arm(step(), write()).unwrap().0.id(), Some(4));
    drop(journal);

    let again = reopen(&store).unwrap().records;
    let unknown = |id| again.iter().filter(|r| matches!(r.event, Event::Unknown { id: i, .. } if i == id)).count();
    assert_eq!((unknown(2), unknown(3), unknown(4)), (1, 1, 1), "said once each");
    assert_eq!(read_only(&store.journal(ID)).unwrap(), again);
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_noted() {
    let (_dir, store, mut journal) = start();
    lived(&mut journal);
    let (_armed, _) = journal.arm(step(), write()).unwrap();
    drop(journal);
    let whole = fs::read(store.journal(ID)).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    for cut in last..whole.len() {
        fs::write(store.journal(ID), &whole[..cut]).unwrap();
        let Reopened { records, torn, .. } = reopen(&store).unwrap();
        assert_eq!(torn, (cut - last) as u64);
        assert!(matches!(records.last().unwrap().event, Event::Resumed { torn: t } if t == torn), "at {cut}");
        assert_eq!(read_only(&store.journal(ID)).unwrap(), records, "at {cut}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever half-written bytes a crash leaves after any number of whole lines, what was whole is kept.
    #[test]
    fn any_torn_tail_leaves_the_whole_lines(keep in 0_usize..8, junk in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (_dir, store, mut journal) = start();
        for n in 0..keep {
            journal.append(note(&format!("note {n}"))).unwrap();
        }
        drop(journal);
        let before = read_only(&store.journal(ID)).unwrap();
        let junk: Vec<u8> = junk.into_iter().filter(|b| *b != b'\n').collect();
        let mut bytes = fs::read(store.journal(ID)).unwrap();
        bytes.extend_from_slice(&junk);
        fs::write(store.journal(ID), bytes).unwrap();
        let Reopened { mut journal, records, torn } = reopen(&store).unwrap();
        prop_assert_eq!(torn, junk.len() as u64);
        prop_assert_eq!(&records[..=keep], &before[..]);
        journal.append(note("on")).unwrap();
        prop_assert_eq!(read_only(&store.journal(ID)).unwrap().len(), keep + 3);
    }

    /// Changing any one byte of any line but the last is noticed.
    #[test]
    fn any_changed_byte_breaks_the_chain(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let (_dir, store, mut journal) = start();
        lived(&mut journal);
        drop(journal);
        let mut bytes = fs::read(store.journal(ID)).unwrap();
        let last = bytes[..bytes.len() - 1].iter().rposition(|b| *b == b'\n').unwrap();
        let spot = at.index(last);
        prop_assume!(bytes[spot] != to);
        bytes[spot] = to;
        fs::write(store.journal(ID), bytes).unwrap();
        prop_assert!(reopen(&store).is_err());
    }
}

#[test]
fn a_bad_line_in_the_middle_names_itself_and_what_can_be_done() {
    let spoil = [
        ("\"event\":\"outcome\"", "\"event\":\"rumour\""),
        ("{\"v\":1,\"seq\":2", "{\"v\":1,\"seq\":3"),
        ("{\"v\":1,\"seq\":2", "nonsense"),
        ("{\"v\":1,\"seq\":2", "{\"v\":0,\"seq\":2"),
    ];
    for (old, new) in spoil {
        let (_dir, store, mut journal) = start();
        lived(&mut journal);
        drop(journal);
        let text = fs::read_to_string(store.journal(ID)).unwrap();
        assert!(text.contains(old), "{old}");
        fs::write(store.journal(ID), text.replacen(old, new, 1)).unwrap();
        let fault = reopen(&store).unwrap_err();
        assert!(fault.what.starts_with("line 3"), "{fault}");
        assert!(fault.hints.iter().any(|h| h.contains("--observe")), "{fault}");
        let reading = read(&store.journal(ID)).unwrap();
        assert_eq!((reading.records.len(), reading.newer), (2, false), "sound up to there");
        assert_eq!(read_only(&store.journal(ID)).unwrap_err(), fault);
    }
}

#[test]
fn a_dropped_line_and_a_changed_text_are_seen() {
    let (_dir, store, mut journal) = start();
    lived(&mut journal);
    drop(journal);
    let text = fs::read_to_string(store.journal(ID)).unwrap();
    let missing: Vec<&str> = text.lines().enumerate().filter(|(n, _)| *n != 1).map(|(_, l)| l).collect();
    fs::write(store.journal(ID), missing.join("\n") + "\n").unwrap();
    assert!(reopen(&store).unwrap_err().why.contains("missing"));
    fs::write(store.journal(ID), text.replacen("key_1", "key_2", 1)).unwrap();
    assert!(reopen(&store).unwrap_err().why.contains("changed"));
}

#[test]
fn a_newer_format_is_read_up_to_there_and_never_written() {
    let (_dir, store, mut journal) = start();
    lived(&mut journal);
    drop(journal);
    let mut text = fs::read_to_string(store.journal(ID)).unwrap();
    text.push_str("{\"v\":2,\"seq\":5,\"prev\":\"x\",\"event\":{\"event\":\"telepathy\"}}\n");
    fs::write(store.journal(ID), &text).unwrap();
    let fault = reopen(&store).unwrap_err();
    assert!(fault.why.contains("format 2") && fault.hints[0].contains("update stanch"), "{fault}");
    let reading = read(&store.journal(ID)).unwrap();
    assert_eq!((reading.records.len(), reading.newer), (5, true));
    assert_eq!(fs::read_to_string(store.journal(ID)).unwrap(), text, "not a byte written");
}

#[test]
fn a_second_writer_is_told_who_holds_it() {
    let (_dir, store, journal) = start();
    let fault = reopen(&store).unwrap_err();
    assert!(
        fault.why.contains("ann@here") && fault.why.contains(&format!("process {}", std::process::id())),
        "{fault}"
    );
    assert!(fault.hints[0].contains("--observe"), "{fault}");
    drop(journal);
    assert_eq!(fs::read(store.root().join(ID).join("lock")).unwrap(), b"");
    reopen(&store).unwrap();
}

#[test]
fn an_observer_sees_whole_lines_as_they_come() {
    let (_dir, store, mut journal) = start();
    let mut tail = Tail::new(&store.journal(ID), 1);
    assert_eq!(tail.poll().unwrap(), [], "the first record is not asked for");
    let one = journal.append(note("one")).unwrap();
    assert_eq!(tail.poll().unwrap(), [one]);
    assert_eq!(tail.poll().unwrap(), []);
    let two = journal.append(note("two")).unwrap();
    let whole = fs::read(store.journal(ID)).unwrap();
    fs::write(store.journal(ID), &whole[..whole.len() - 1]).unwrap();
    assert_eq!(tail.poll().unwrap(), [], "not whole yet");
    fs::write(store.journal(ID), &whole).unwrap();
    assert_eq!(tail.poll().unwrap(), [two]);
    fs::write(store.journal(ID), &whole[..10]).unwrap();
    assert!(tail.poll().unwrap_err().what.contains("shrank"));
}

#[test]
fn a_secret_never_reaches_the_disk() {
    let (_dir, store, mut journal) = start();
    let vault = Vault::new("salt");
    let value = format!("sk-{}-{}", "proj", "Zq7\"\\".repeat(8));
    vault.put(SecretRef::Leaked, Secret::new(&Zeroizing::new(value.clone().into_bytes())).unwrap());
    journal.guard(vault);
    let fault = journal.append(note(&format!("I pasted {value} in chat"))).unwrap_err();
    assert!(fault.why.contains("secret") && !fault.to_string().contains("Zq7"), "{fault}");
    let (armed, _) = journal.arm(step(), write()).unwrap();
    let reply = Reply::Provider { reply: ProviderReply::Revoked { id: value.clone() } };
    let record = journal.outcome(armed, Finish::Outcome(Outcome::Done { reply })).unwrap();
    assert!(matches!(record.event, Event::Unknown { id: 1, .. }), "closed honestly, without the value");
    assert!(journal.broken().is_none(), "the disk is fine");
    journal.append(note("on")).unwrap();
    drop(journal);
    assert!(!fs::read_to_string(store.journal(ID)).unwrap().contains("Zq7"));
    assert_eq!(kinds(&reopen(&store).unwrap().records), ["opened", "intent", "unknown", "note", "resumed"]);
}

#[test]
fn a_deleted_or_foreign_written_journal_refuses_writes_but_not_reads() {
    let (_dir, store, mut journal) = start();
    let path = store.journal(ID);
    let aside = path.with_extension("aside");
    fs::copy(&path, &aside).unwrap();
    fs::write(&path, [fs::read(&aside).unwrap(), b"{}\n".to_vec()].concat()).unwrap();
    let fault = journal.arm(step(), write()).unwrap_err();
    assert!(fault.what.contains("was not started") && fault.why.contains("something else wrote"), "{fault}");
    assert!(journal.broken().is_some());
    let _read = journal.arm(step(), look()).unwrap();
    fs::copy(&aside, &path).unwrap();
    let _write = journal.arm(step(), write()).unwrap();
    assert!(journal.broken().is_none(), "well again by itself");
    fs::remove_file(&path).unwrap();
    assert!(journal.arm(step(), write()).unwrap_err().why.contains("deleted"));
}

#[test]
fn lists_newest_first_broken_ones_too_and_finds_by_what_people_say() {
    let (dir, store, mut journal) = start();
    assert!(Store::new(dir.path().join("nowhere")).list().unwrap().is_empty());
    journal.append(Event::Closed { open: vec![] }).unwrap();
    let later = "20261122T000000Z-otter-50";
    drop(Journal::create(&store, opened(later), clock(), "ann").unwrap());
    let broken = "20261123T000000Z-fern-01";
    fs::create_dir(store.root().join(broken)).unwrap();
    fs::write(store.journal(broken), "garbage\n").unwrap();
    fs::write(store.root().join("stray file"), "").unwrap();

    let list = store.list().unwrap();
    assert_eq!(list.iter().map(|l| l.id.as_str()).collect::<Vec<_>>(), [broken, later, ID]);
    assert!(list[0].fault.is_some() && list[0].mode.is_none());
    assert_eq!((list[1].mode, list[1].closed, list[1].opened), (Some(Mode::Drill), None, Some(START)));
    assert_eq!(list[2].closed, Some(START));
    assert_eq!(list[2].key.as_ref().unwrap().last4, "9f3a");

    assert_eq!(store.resolve(ID).unwrap(), ID);
    assert_eq!(store.resolve("otter-4f").unwrap(), ID);
    assert_eq!(store.resolve("otter-4").unwrap(), ID, "the start of the short name");
    assert_eq!(store.resolve("20261122").unwrap(), later);
    assert!(store.resolve("2026112").unwrap_err().why.contains("otter-50"), "names the candidates");
    assert!(store.resolve("").is_err() && store.resolve("../x").is_err());
}

#[test]
fn an_incident_is_created_once_and_only_where_it_can_be() {
    let (dir, store, _journal) = start();
    assert!(Journal::create(&store, opened(ID), clock(), "ann").is_err());
    for bad in ["", "../up", "a/b", "a b"] {
        assert!(Journal::create(&store, opened(bad), clock(), "ann").is_err(), "{bad}");
    }
    fs::write(dir.path().join("file"), "").unwrap();
    let nowhere = Store::new(dir.path().join("file/incidents"));
    let fault = Journal::create(&nowhere, opened(ID), clock(), "ann").unwrap_err();
    assert!(fault.hints.iter().any(|h| h.contains("STANCH_STATE_DIR")), "{fault}");
}
