//! What one frame is drawn from, worked out once: how every stage stands, what it wants, and the sheet in sight.
//!
//! Must not know: cells.

use crate::incident::StepState;
use crate::stages::{self, Action, DoNow, Sheet, Stage};

use super::App;

/// One stage as it stands.
#[derive(Debug)]
pub(crate) struct Standing {
    pub stage: &'static dyn Stage,
    pub state: StepState,
    pub do_now: DoNow,
}

/// The walk as it stands, and the stage in sight.
#[derive(Debug)]
pub(crate) struct Scene {
    /// In walking order.
    pub walk: Vec<Standing>,
    pub sheet: Sheet,
}

impl std::fmt::Debug for dyn Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

impl App {
    pub(crate) fn scene(&self) -> Scene {
        Scene { walk: self.walk(), sheet: self.sheet() }
    }

    /// The stage in sight, with the one next thing as it is for all of the program.
    pub(crate) fn sheet(&self) -> Sheet {
        let view = self.view(self.here);
        Sheet { do_now: stages::do_now(self.here(), &view), ..self.here().sheet(&view) }
    }

    fn walk(&self) -> Vec<Standing> {
        let standing = |stage: &'static dyn Stage| {
            let view = self.view(stage.id());
            Standing { stage, state: stages::state(stage, &view), do_now: stages::do_now(stage, &view) }
        };
        stages::order(&self.view("")).into_iter().map(standing).collect()
    }

    /// The first stage in order that is neither settled nor merely waiting for time to pass.
    pub fn recommended(&self) -> Option<&'static dyn Stage> {
        recommended(&self.walk())
    }

    /// What the stage in sight waits for ends in moments: until then nothing else is next.
    pub fn holds(&self) -> bool {
        stages::holds(self.here(), &self.view(self.here))
    }

    /// The one action the stage in sight recommends, if it can be done now. The last stage recommends none while an
    /// earlier one wants something: closing early is possible, never advised.
    pub fn advised(&self) -> Option<&'static Action> {
        self.advised_in(&self.walk())
    }

    fn advised_in(&self, walk: &[Standing]) -> Option<&'static Action> {
        let here = walk.iter().find(|standing| standing.stage.id() == self.here)?;
        if self.here == "close" && recommended(walk).is_some_and(|other| other.id() != self.here) {
            return None;
        }
        let view = self.view(self.here);
        let wanted = here.do_now.action;
        here.stage.actions().iter().find(|a| Some(a.id) == wanted && (a.ready)(&view).is_ok())
    }
}

fn recommended(walk: &[Standing]) -> Option<&'static dyn Stage> {
    walk.iter().find(|s| !s.state.settled() && s.do_now.action.is_some()).map(|s| s.stage)
}

impl Scene {
    pub(crate) fn recommended(&self) -> Option<&'static dyn Stage> {
        recommended(&self.walk)
    }

    pub(crate) fn advised(&self, app: &App) -> Option<&'static Action> {
        app.advised_in(&self.walk)
    }
}
