//! The licence to act: an [`Armed`] effect exists only after the journal knows about it.
//!
//! Must not know: files. Only the journal's own folder can make one.

use crate::effect::Effect;
use crate::incident::StepRef;

/// An effect the journal has allowed. For one that writes, its intent is on disk. Whoever executes effects takes only
/// this, and [`super::Journal::outcome`] consumes it, so an outcome without an intent can't be written down.
///
/// Reading one is fine:
///
/// ```
/// use stanch::shell::journal::Armed;
/// fn intent(armed: Armed) -> Option<u64> { armed.id() }
/// ```
///
/// Making one is not; its fields are private (this would build if they were not):
///
/// ```compile_fail,E0451
/// use stanch::{effect::Effect, incident::StepRef, shell::journal::Armed};
/// fn forge(step: StepRef, effect: Effect) -> Armed { Armed { id: None, step, effect } }
/// ```
///
/// The same words build for a struct whose fields are public, so the failure above is about privacy alone:
///
/// ```
/// use stanch::{effect::Effect, incident::StepRef};
/// struct Open { id: Option<u64>, step: StepRef, effect: Effect }
/// fn forge(step: StepRef, effect: Effect) -> Open { Open { id: None, step, effect } }
/// ```
///
/// No second one from a first, none from thin air, none from a file:
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<stanch::shell::journal::Armed>();
/// ```
/// ```compile_fail,E0277
/// fn defaults<T: Default>() {}
/// defaults::<stanch::shell::journal::Armed>();
/// ```
/// ```compile_fail,E0277
/// fn reads<T: serde::de::DeserializeOwned>() {}
/// reads::<stanch::shell::journal::Armed>();
/// ```
/// ```
/// fn copies<T: Clone>() {}
/// fn defaults<T: Default>() {}
/// fn reads<T: serde::de::DeserializeOwned>() {}
/// copies::<stanch::incident::StepRef>();
/// defaults::<stanch::effect::Progress>();
/// reads::<stanch::incident::StepRef>();
/// fn prints<T: std::fmt::Debug>() {}
/// prints::<stanch::shell::journal::Armed>();
/// ```
#[must_use = "an armed effect is carried out and settled; dropping it leaves an open intent"]
#[derive(Debug)]
pub struct Armed {
    id: Option<u64>,
    step: StepRef,
    effect: Effect,
}

impl Armed {
    pub(super) fn new(id: Option<u64>, step: StepRef, effect: Effect) -> Self {
        Self { id, step, effect }
    }

    /// The intent's number; `None` for a read, which has none.
    pub fn id(&self) -> Option<u64> {
        self.id
    }

    pub fn step(&self) -> &StepRef {
        &self.step
    }

    pub fn effect(&self) -> &Effect {
        &self.effect
    }

    pub(super) fn into_parts(self) -> (Option<u64>, StepRef, Effect) {
        (self.id, self.step, self.effect)
    }
}
