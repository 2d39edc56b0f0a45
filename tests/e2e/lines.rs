//! The line-by-line face of the program through pipes: what it prints, and a person who answers by lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use crate::home::Home;
use crate::pty::LIMIT;

pub(crate) struct Lines {
    child: Child,
    stdin: Option<ChildStdin>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    over: bool,
}

impl Lines {
    /// The program with nothing but pipes around it.
    pub(crate) fn start(home: &Home, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
        command.args(args).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("STANCH_STATE_DIR", home.path()).env("HOME", home.path()).envs(env.iter().copied());
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = piped.spawn().unwrap();
        let seen = Arc::<(Mutex<Seen>, Condvar)>::default();
        let (sink, stdout) = (seen.clone(), child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                sink.0.lock().unwrap().lines.push(line);
                sink.1.notify_all();
            }
            sink.0.lock().unwrap().over = true;
            sink.1.notify_all();
        });
        let stdin = child.stdin.take();
        Self { child, stdin, seen }
    }

    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Waits for a line after the first `from` ones that fits; gives its number and its words.
    pub(crate) fn wait(&self, from: usize, what: &str, fits: impl Fn(&str) -> bool) -> (usize, String) {
        let end = Instant::now() + LIMIT;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if let Some(at) = (from..seen.lines.len()).find(|at| fits(&seen.lines[*at])) {
                return (at, seen.lines[at].clone());
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !seen.over, "waited for {what} in\n{}", seen.lines.join("\n"));
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits for a prompt at `from` or later; everything so far, and where the newest prompt is.
    pub(crate) fn prompt(&self, from: usize) -> (Vec<String>, usize) {
        self.wait(from, "a prompt", is_prompt);
        let shown = self.seen.0.lock().unwrap().lines.clone();
        let newest = shown.iter().rposition(|line| is_prompt(line)).unwrap();
        (shown, newest)
    }

    /// Lets go of the input, waits for the end.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        drop(self.stdin.take());
        let status = self.child.wait().unwrap();
        let mut seen = self.seen.0.lock().unwrap();
        while !seen.over {
            seen = self.seen.1.wait(seen).unwrap();
        }
        (status, seen.lines.join("\n"))
    }
}

/// What the newest prompt wants.
enum Wants {
    Say(String),
    Closed,
    Wait,
}

/// Ends a question, or is the line of keys.
fn is_prompt(line: &str) -> bool {
    let question =
        ["and Enter does it;", "and Enter to do it;", "an empty line goes back)", "a number;", "Enter goes on."];
    line.starts_with("NEXT: ") || line.starts_with("   ") && question.iter().any(|end| line.contains(end))
}

fn wants(shown: &[String], prompt: usize) -> Wants {
    let line = shown[prompt].as_str();
    let say = |words: &str| Wants::Say(words.to_owned());
    if let Some(keys) = line.strip_prefix("NEXT: ") {
        let pane = shown[..prompt].iter().rev().find(|l| l.starts_with("Do now: ")).unwrap();
        return match keys.split(' ').next().unwrap() {
            _ if pane.contains("Closed. e writes") => Wants::Closed,
            // what only time settles is no reason to close early
            "z" if pane.contains("Close with") => Wants::Wait,
            "wait," => Wants::Wait,
            key => say(key),
        };
    }
    match line.trim() {
        "Enter goes on." => say(""),
        line if line.starts_with("y and Enter") => say("y"),
        line if line.starts_with("Type a number") => say("1"),
        line if line.contains("(= takes ") => say("="),
        line => match line.strip_prefix("Type ").and_then(|rest| rest.split_once(" and Enter")) {
            Some((phrase, _)) => say(phrase),
            None => say("seen by hand"),
        },
    }
}

#[test]
fn the_whole_walk_line_by_line_through_pipes() {
    let home = Home::new();
    let mut lines = Lines::start(&home, &["--linear", "drill", "friday-push", "--seed", "1", "--pace", "600"], &[]);
    let mut next = 0;
    for step in 0.. {
        assert!(step < 200, "no end in sight:\n{}", lines.prompt(0).0.join("\n"));
        let (shown, prompt) = lines.prompt(next);
        next = prompt + 1;
        match wants(&shown, prompt) {
            Wants::Say(words) => {
                lines.say(&words);
                // until it is on record, the same is offered again
                if words == "y" && shown[..prompt].iter().rev().any(|l| l == "?? Close the incident") {
                    lines.wait(0, "the close", |line| line.contains(" Closed"));
                }
            }
            Wants::Wait => {}
            Wants::Closed => break,
        }
    }
    lines.say("q");
    let (status, text) = lines.end();
    assert!(status.success(), "{status}\n{text}");
    assert!(!text.contains('\u{1b}'), "no escape sequence goes through a pipe");
    assert!(text.contains("DRILL friday-push: "), "the score is told");
    crate::kill::judge(&home, "lines");
}

/// Nobody who only listens can tell a program that thinks from one that waits for them.
#[test]
fn every_line_is_answered_by_a_prompt_even_the_same_wrong_one_again() {
    let home = Home::new();
    let mut lines = Lines::start(&home, &["--linear", "drill", "friday-push", "--seed", "1", "--pace", "0"], &[]);
    let mut next = lines.prompt(0).1 + 1;
    // the clock stands still here: what is told twice is told at one instant
    let mut say = |line: &str, told: &str, fits: &dyn Fn(&str) -> bool| {
        lines.say(line);
        let (prompt, _) = lines.wait(next, &format!("a prompt after {line:?}"), fits);
        let shown = lines.prompt(0).0;
        assert!(
            told.is_empty() || shown[next..prompt].iter().any(|l| l.contains(told)),
            "{line}: {:?}",
            &shown[next..]
        );
        next = prompt + 1;
    };
    let keys: &dyn Fn(&str) -> bool = &|line| line.starts_with("NEXT: ");
    let back: &dyn Fn(&str) -> bool = &|line| line.ends_with("an empty line goes back.");
    say("", "", keys);
    let open: &dyn Fn(&str) -> bool = &|line| line.ends_with("(an empty line goes back)");
    say("r", "?? Add a repository", open);
    for _ in 0..2 {
        say("/nowhere", "/nowhere can't be looked into: No such file", open);
        say("/", "/ can't be opened: there is no git repository there; give the folder that holds `.git`", open);
    }
    say("", "nothing was done", keys);
    say("a", "", &|line| line.starts_with("NEXT: r "));
    for _ in 0..2 {
        say("%", "% does nothing here", keys);
        say("two words", "one key a line", keys);
    }
    say("r", "?? Revoke", back);
    say("wrong", "wrong phrase", back);
    say("wrong", "wrong phrase", back);
    say("", "nothing was done", keys);
    let (status, text) = lines.end();
    assert_eq!(status.code(), Some(3), "steps are open\n{text}");
}

#[test]
fn without_an_input_it_ends_by_itself_and_output_may_go_away() {
    let home = Home::new();
    let lines =
        Lines::start(&home, &["drill", "friday-push", "--seed", "1", "--pace", "600"], &[("TERM", "xterm-256color")]);
    lines.prompt(0);
    let (status, text) = lines.end();
    assert_eq!(status.code(), Some(3), "steps are open\n{text}");
    assert!(text.contains("stanch resume"), "{text}");
}

#[test]
fn lines_do_not_repeat_while_only_figures_change() {
    let home = Home::new();
    let mut lines = Lines::start(&home, &["--linear", "drill", "friday-push", "--seed", "1", "--pace", "600"], &[]);
    lines.prompt(0);
    lines.say("");
    lines.wait(0, "the intake", |line| line.starts_with("NEXT: a "));
    lines.say("a");
    let (first, _) = lines.wait(0, "the revocation", |line| line.starts_with("NEXT: r "));
    // an hour of the drill: the ages on the pane are others, once in seconds, then in minutes
    // (they may have come before the revocation was offered)
    lines.wait(0, "the news", |line| line.contains("Tomasz asks"));
    lines.say("?");
    let (table, _) =
        lines.wait(first, "the keys", |line| line.contains("quit") || line.contains("leave; nothing is lost"));
    let (_, text) = lines.end();
    let again = text.lines().take(table).filter(|line| line.starts_with("NEXT: r ")).count();
    assert!(again <= 2, "{again} times\n{text}");
}

/// What lies over a screen is said once, and is over: nothing that is typed next goes into it.
#[test]
fn every_page_is_told_in_lines_and_the_next_line_is_a_command_again() {
    let home = Home::new();
    let mut lines = Lines::start(&home, &["--linear", "drill", "friday-push", "--seed", "1", "--pace", "0"], &[]);
    let mut next = lines.prompt(0).1 + 1;
    lines.say("");
    next = lines.wait(next, "the intake", |line| line.starts_with("NEXT: a ")).0 + 1;
    lines.wait(0, "the map", |line| line.contains("of prototype: 6 copies"));
    let pages = [
        ("J", "== The story so far", "Opened (DRILL)"),
        ("L", "== Requests", "GET"),
        ("?", "== Help", "accept the recommended order."),
        (":help", "== Help", "leave; nothing is lost"),
        (":", "== Commands", ":purge.map  "),
        (":purge.map", "== Copies in prototype", "blob .env: plain, pushed"),
    ];
    for (typed, head, within) in pages {
        lines.say(typed);
        let (at, _) = lines.wait(next, head, |line| line.starts_with(head));
        let (within_at, _) = lines.wait(at, within, |line| line.contains(within));
        next = lines.wait(within_at, "a prompt", |line| line.starts_with("NEXT: ")).0 + 1;
    }
    for typed in ["/", ":filter", "ctrl-z"] {
        lines.say(typed);
        next = lines
            .wait(next, "why not", |line| {
                line == format!("! {typed} is for the full screen; here every line is printed whole")
            })
            .0;
        next = lines.wait(next, "a prompt", |line| line.starts_with("NEXT: ")).0 + 1;
    }
    lines.say("y");
    lines.wait(next, "what can be copied", |line| line.ends_with("Type a number; an empty line goes back."));
    lines.say("2");
    let (at, _) = lines.wait(next, "the copy", |line| line == "To copy:");
    lines.wait(at, "the print", |line| line.starts_with("   sk-proj-"));
    lines.say("0");
    let (at, _) = lines.wait(at, "the intake again", |line| line.starts_with("== Intake"));
    lines.wait(at, "its keys", |line| line.starts_with("NEXT: a "));
    let (status, text) = lines.end();
    assert_eq!(status.code(), Some(3), "steps are open\n{text}");
}
