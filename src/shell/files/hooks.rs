//! The user's declared commands: reload what uses a place, and check that it works.
//!
//! Must not know: what the commands do. They run without a shell and without secrets.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::child::{self, Ended as ChildEnd, Ran};
use super::{End, Ended, Files, path_of};
use crate::base::{Fault, FaultKind};
use crate::config::Hooks;
use crate::effect::TargetReply;
use crate::effect::target::{Hook, TargetRef};
use crate::shell::finish::Wire;

/// How much of a command's output is kept, characters.
const SAID: usize = 400;

impl Files {
    /// A reload that does not end in time may have happened: that is for a check to tell.
    pub(super) fn reload(&self, at: &TargetRef, wire: &Wire) -> Ended {
        let hooks = self.declared(at, Hook::Reload)?;
        let ran = self.call(at, &hooks.reload, hooks.timeout_s, wire)?;
        match ran.ended {
            ChildEnd::Exit(_) => Ok(self.reply(at, Hook::Reload, &ran)),
            ChildEnd::TimedOut => Err(End::Lost(format!(
                "the reload command for {} did not end within {} s and was stopped; {}",
                at.place,
                hooks.timeout_s,
                self.said(&ran)
            ))),
            ChildEnd::Cancelled => Err(End::Lost(format!("the reload command for {} was stopped midway", at.place))),
            ChildEnd::Unseen(e) => Err(End::Lost(format!("the reload command for {} ran unseen: {e}", at.place))),
        }
    }

    pub(super) fn prove(&self, at: &TargetRef, wire: &Wire) -> Ended {
        let hooks = self.declared(at, Hook::Check)?;
        let ran = self.call(at, &hooks.check, hooks.timeout_s, wire)?;
        match ran.ended {
            ChildEnd::Exit(_) => Ok(self.reply(at, Hook::Check, &ran)),
            ChildEnd::TimedOut => Err(Fault::new(
                FaultKind::Unreachable,
                format!("the check command for {} did not end within {} s", at.place, hooks.timeout_s),
                self.said(&ran),
            )
            .hint("try again, or raise `timeout_s` of this place in the config")
            .into()),
            ChildEnd::Cancelled => {
                Err(Fault::new(FaultKind::Cancelled, "the check was stopped", "somebody pressed cancel").into())
            }
            ChildEnd::Unseen(e) => Err(Fault::machine("the check ran, but its end was not seen", e).into()),
        }
    }

    /// The declared command of a place, if there is one.
    pub(super) fn hook_for<'a>(&'a self, place: &Path, argv: fn(&Hooks) -> &Vec<String>) -> Option<&'a Hooks> {
        let same = |declared: &Path| {
            declared == place || declared.canonicalize().is_ok_and(|d| place.canonicalize().is_ok_and(|p| p == d))
        };
        self.hooks.iter().find(|hooks| !argv(hooks).is_empty() && same(&hooks.place))
    }

    fn declared(&self, at: &TargetRef, what: Hook) -> Result<&Hooks, Fault> {
        let (word, argv, example): (_, fn(&Hooks) -> &Vec<String>, _) = match what {
            Hook::Reload => {
                ("reload", |h| &h.reload, r#"["docker", "compose", "up", "-d", "--force-recreate", "api"]"#)
            }
            Hook::Check => ("check", |h| &h.check, r#"["curl", "-fsS", "http://127.0.0.1:8080/health"]"#),
        };
        self.hook_for(path_of(at)?, argv).ok_or_else(|| {
            Fault::refused(format!("there is no {word} command for {}", at.place), "the config declares none")
                .hint(format!("add to the config:\n[[targets]]\nplace = {:?}\n{word} = {example}", at.place))
                .hint("or do it by hand and say so")
        })
    }

    fn call(&self, at: &TargetRef, argv: &[String], limit_s: u64, wire: &Wire) -> Result<Ran, Fault> {
        let began = Instant::now();
        let (program, arguments) = argv.split_first().ok_or_else(|| Fault::input("no command", "it is empty"))?;
        let line = argv.join(" ");
        if self.vault.clean(&line) != line {
            return Err(Fault::refused(
                format!("the command for {} was not run", at.place),
                "a key stands in its arguments",
            )
            .hint("take the key out of the config: every user of this machine can read a process's arguments"));
        }
        let folder = path_of(at)?.parent().map(PathBuf::from).unwrap_or_default();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&folder);
        child::without_secrets(&mut command, &self.vault);
        let ran = child::run(command, Duration::from_secs(limit_s), &wire.cancel).map_err(|e| {
            Fault::machine(format!("can't run `{program}` in {}", folder.display()), e)
                .hint("give the program's full path in the config, and see that it may be executed")
        })?;
        let status = match &ran.ended {
            ChildEnd::Exit(status) => status.code(),
            _ => None,
        };
        self.log(wire, "run", &line, status, began, ended_words(&ran.ended));
        Ok(ran)
    }

    fn reply(&self, at: &TargetRef, what: Hook, ran: &Ran) -> TargetReply {
        let ok = matches!(&ran.ended, ChildEnd::Exit(status) if status.success());
        TargetReply::Ran { at: at.clone(), what, ok, said: self.said(ran) }
    }

    /// `exit 1: connection refused`
    fn said(&self, ran: &Ran) -> String {
        let said = ran.said(SAID, &self.vault);
        let ended = ended_words(&ran.ended);
        if said.is_empty() { format!("{ended}, without a word") } else { format!("{ended}: {said}") }
    }
}

fn ended_words(ended: &ChildEnd) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match ended {
        ChildEnd::Exit(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "ended".to_owned(),
        },
        ChildEnd::TimedOut => "no end in time".to_owned(),
        ChildEnd::Cancelled => "stopped".to_owned(),
        ChildEnd::Unseen(_) => "end not seen".to_owned(),
    }
}
