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
}
