//! The journal's thread: order, refusals, and a disk that fails and heals, told as they happen.

use std::fs;

use stanch::incident::Event;
use stanch::shell::journal::read_only;
use stanch::shell::writer::{Command, Writer, Written};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::journal::{ID, done, look, start, step, write};

fn note(text: &str) -> Command {
    Command::Append(Event::Note { text: text.into() })
}

fn next(answers: &mut UnboundedReceiver<Written>) -> Written {
    answers.blocking_recv().expect("the thread lives")
}

#[test]
fn serves_in_order_and_gives_the_journal_back() {
    let (_dir, store, journal) = start();
    let (out, mut answers) = unbounded_channel();
    let writer = Writer::start(journal, out).unwrap();
    writer.send(Command::Arm { run: 7, step: step(), effect: write() }).unwrap();
    writer.send(Command::Arm { run: 8, step: step(), effect: look() }).unwrap();
    writer.send(note("one")).unwrap();
    let Written::Armed { run: 7, armed, record: Some(intent) } = next(&mut answers) else { panic!("a write") };
    assert_eq!((intent.seq, armed.id()), (1, Some(1)));
    assert!(matches!(next(&mut answers), Written::Armed { run: 8, record: None, .. }), "a read leaves no record");
    assert!(matches!(next(&mut answers), Written::Record(record) if record.seq == 2));
    writer.send(Command::Settle { run: 7, armed, finish: done() }).unwrap();
    let journal = writer.finish().unwrap();
    assert_eq!(journal.owed(), 0);
    assert!(
        matches!(next(&mut answers), Written::Record(record) if matches!(record.event, Event::Outcome { id: 1, .. }))
    );
    assert!(answers.blocking_recv().is_none());
    assert_eq!(read_only(&store.journal(ID)).unwrap().len(), 4);
}

#[test]
fn says_when_the_disk_fails_and_when_it_heals() {
    let (_dir, store, journal) = start();
    let (out, mut answers) = unbounded_channel();
    let writer = Writer::start(journal, out).unwrap();
    let good = fs::read(store.journal(ID)).unwrap();
    // A foreign line is trouble of the same kind as a full disk, and one that a test can take away again.
    fs::write(store.journal(ID), [good.clone(), b"{}\n".to_vec()].concat()).unwrap();
    writer.send(note("kept in memory")).unwrap();
    assert!(matches!(next(&mut answers), Written::Broken(_)));
    assert!(matches!(next(&mut answers), Written::Record(record) if record.seq == 1));
    writer.send(Command::Arm { run: 1, step: step(), effect: write() }).unwrap();
    assert!(matches!(next(&mut answers), Written::Refused { run: Some(1), .. }), "said once that it is broken");
    fs::write(store.journal(ID), good).unwrap();
    writer.send(Command::Retry).unwrap();
    assert!(matches!(next(&mut answers), Written::Mended));
    writer.finish().unwrap();
    assert_eq!(read_only(&store.journal(ID)).unwrap().len(), 2);
}
