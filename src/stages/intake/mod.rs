//! Stage 0: the three facts that settle the order, and the decision.
//!
//! Must not know: how the key came in; that was before the journal opened.

mod actions;
mod order;
mod places;
mod see;

use crate::incident::{Step, StepState};

use actions::ACTIONS;
use order::{advice, price, title};
use see::{questions, see};

use super::{Action, DoNow, Due, Sheet, Stage, Text, View};

pub(super) use places::{DROP_WHY, REPO_WHY, ROOT_WHY, add_repo, add_root, drop_one, droppable};

pub static INTAKE: Intake = Intake;

#[derive(Debug)]
pub struct Intake;

impl Stage for Intake {
    fn id(&self) -> &'static str {
        "intake"
    }

    fn title(&self) -> &'static str {
        "Intake"
    }

    fn goal(&self) -> &'static str {
        "the order is decided, with its reason"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        let state = at
            .incident
            .decision("order")
            .map_or(StepState::Ready, |d| StepState::Done(format!("{}: {}", d.choice, d.reason)));
        vec![Step::new("order", "decide the order", state)]
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        if at.incident.decision("order").is_some() {
            return DoNow { what: "The order is decided. Go on with the next stage.".into(), ..DoNow::default() };
        }
        let advice = advice(at);
        DoNow {
            action: Some("intake.accept"),
            what: format!("Take the order \"{}\": {}", title(at, advice.playbook), advice.reason),
            effect: format!("Price: {}.", price(at, advice.playbook)),
            check: "Answer what you know with p, b, d; unknown is an honest answer.".into(),
        }
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        let decided = at.incident.decision("order");
        let evidence = decided
            .map(|d| Text::plain(format!("{} by {}: {} ({})", d.at.time(), d.by, d.choice, d.reason)))
            .into_iter()
            .collect();
        Sheet {
            do_now: self.do_now(at),
            see: questions(at).into_iter().chain(see(at)).collect(),
            evidence,
            way_out: vec!["o takes the other order, with your reason".into()],
            body: Vec::new(),
        }
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    fn reads(&self, _: &View<'_>) -> Vec<Due> {
        Vec::new()
    }
}
