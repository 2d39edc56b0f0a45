//! What the system tells the process, as one sequence.
//!
//! Must not know: what to do about it.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::base::Fault;
use crate::base::fault::Result;

/// A signal that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sig {
    /// Asked to end.
    Term,
    /// The terminal is gone.
    Hup,
    /// Interrupted from outside; Ctrl-C in the full screen is a key.
    Int,
    /// Asked to stop from outside; Ctrl-Z in the full screen is a key.
    Stop,
    /// Running again: the terminal may have been somebody else's meanwhile.
    Cont,
    /// The terminal has another size.
    Winch,
}

impl Sig {
    /// The exit code the shell's convention wants after this signal: 128 and its number.
    pub fn exit_code(self) -> u8 {
        use rustix::process::Signal as S;
        let number = match self {
            Self::Term => S::TERM,
            Self::Hup => S::HUP,
            Self::Int => S::INT,
            Self::Stop => S::TSTP,
            Self::Cont => S::CONT,
            Self::Winch => S::WINCH,
        };
        128 + u8::try_from(number.as_raw()).unwrap_or(0)
    }
}

/// Listens from creation on; from then on none of these ends or stops the process by itself.
#[derive(Debug)]
pub struct Signals {
    term: Signal,
    hup: Signal,
    int: Signal,
    stop: Signal,
    cont: Signal,
    winch: Signal,
}

impl Signals {
    /// Must be called inside a tokio runtime.
    pub fn listen() -> Result<Self> {
        let on = |kind| signal(kind).map_err(|e| Fault::machine("signals can't be received", e));
        let raw = |s: rustix::process::Signal| SignalKind::from_raw(s.as_raw());
        Ok(Self {
            term: on(SignalKind::terminate())?,
            hup: on(SignalKind::hangup())?,
            int: on(SignalKind::interrupt())?,
            stop: on(raw(rustix::process::Signal::TSTP))?,
            cont: on(raw(rustix::process::Signal::CONT))?,
            winch: on(SignalKind::window_change())?,
        })
    }

    /// The next one, those that end the process first. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Sig {
        tokio::select! {
            biased;
            _ = self.term.recv() => Sig::Term,
            _ = self.hup.recv() => Sig::Hup,
            _ = self.int.recv() => Sig::Int,
            _ = self.stop.recv() => Sig::Stop,
            _ = self.cont.recv() => Sig::Cont,
            _ = self.winch.recv() => Sig::Winch,
        }
    }
}

/// Ends with the first signal that asks the process to end; from the call on none of these ends it by itself. A hang-up
/// that the process was started to ignore stays ignored (`nohup`), where the system tells.
///
/// Must be called inside a tokio runtime.
pub fn ending() -> Result<impl Future<Output = ()> + Send + 'static> {
    let on = |kind| signal(kind).map_err(|e| Fault::machine("signals can't be received", e));
    let (mut int, mut term) = (on(SignalKind::interrupt())?, on(SignalKind::terminate())?);
    let hup = SignalKind::hangup();
    let mut hup = if is_ignored(hup, &std::fs::read_to_string("/proc/self/status").unwrap_or_default()) {
        None
    } else {
        Some(on(hup)?)
    };
    Ok(async move {
        let hung_up = async {
            match &mut hup {
                Some(hup) => hup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = int.recv() => {}
            _ = term.recv() => {}
            _ = hung_up => {}
        }
    })
}

/// Whether Linux says so in `status`, what it tells of the process.
fn is_ignored(kind: SignalKind, status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    u32::try_from(kind.as_raw_value() - 1).is_ok_and(|bit| mask.checked_shr(bit).is_some_and(|mask| mask & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signal_arrives_and_the_process_lives() {
        use rustix::process::{Signal as S, getpid, kill_process};
        let mut signals = Signals::listen().unwrap();
        for (raised, want) in [(S::HUP, Sig::Hup), (S::WINCH, Sig::Winch), (S::CONT, Sig::Cont)] {
            kill_process(getpid(), raised).unwrap();
            assert_eq!(signals.next().await, want);
        }
        assert_eq!(Sig::Int.exit_code(), 130);
    }

    #[test]
    fn what_was_ignored_from_the_start_is_read_from_the_mask() {
        let ignored = |kind, mask: &str| is_ignored(kind, &format!("Name:\tx\nSigIgn:\t{mask}\nSigCgt:\tffff\n"));
        assert!(ignored(SignalKind::hangup(), "0000000000001001"));
        assert!(!ignored(SignalKind::hangup(), "0000000000001006"));
        assert!(ignored(SignalKind::interrupt(), "0000000000001006"));
        assert!(!is_ignored(SignalKind::hangup(), ""));
    }
}
