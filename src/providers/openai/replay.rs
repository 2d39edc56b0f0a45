//! Operations as straight-line code. Each turn runs the operation from its start over the exchanges so far; where they
//! end, `?` hands the next request out. So no operation keeps a state of its own, and the same input gives the same turn.
//!
//! Must not know: any endpoint.

use crate::base::{Fault, FaultKind};
use crate::providers::{Answer, Exchange, Request, Turn};

/// Why an operation's code ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// It wants the answer to this.
    Send(Request),
    Fail(Fault),
}

/// Boxed: a request is large, and a stop is rare.
pub(super) type Step<T> = Result<T, Box<Stop>>;

impl Stop {
    pub(super) fn into_turn(self) -> Turn {
        match self {
            Self::Send(request) => Turn::Send(request),
            Self::Fail(fault) => Turn::Fail(fault),
        }
    }
}

impl From<Fault> for Box<Stop> {
    fn from(fault: Fault) -> Self {
        Self::new(Stop::Fail(fault))
    }
}

/// The exchanges not yet walked.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    left: &'a [Exchange],
}

impl<'a> Replay<'a> {
    pub(super) fn new(so_far: &'a [Exchange]) -> Self {
        Self { left: so_far }
    }

    /// The answer to `request`: from the exchanges, or by asking for it now.
    pub(super) fn ask(&mut self, request: Request) -> Step<&'a Result<Answer, Fault>> {
        let Some((first, rest)) = self.left.split_first() else {
            return Err(Box::new(Stop::Send(request)));
        };
        if first.request != request {
            let why = format!("expected the answer to {}, found one to {}", request.path, first.request.path);
            return Err(Fault::new(FaultKind::Internal, "the exchanges are not of this operation", why).into());
        }
        self.left = rest;
        Ok(&first.answer)
    }
}
