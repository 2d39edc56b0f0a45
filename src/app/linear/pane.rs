//! The stage in sight in lines, in parts that can be compared with what was said before, and what can be typed.
//!
//! Must not know: what was said before.

use crate::stages::{Block, Text};

use super::super::App;

/// A stage in lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pane {
    pub stage: &'static str,
    pub head: String,
    /// What to do now, what it costs, how it is checked.
    pub now: Vec<String>,
    /// What is seen, the evidence, the way out, the tables: a title, if it has one, and its lines.
    pub parts: Vec<(Option<String>, Vec<String>)>,
    /// What else can be typed.
    pub also: String,
    pub next: String,
}

impl Pane {
    pub fn of(app: &App) -> Self {
        let stage = app.here();
        let sheet = app.sheet();
        let costs = [&sheet.do_now.effect, &sheet.do_now.check].into_iter().filter(|t| !t.is_empty());
        let part = |name: &str, texts: &[Text]| {
            (None, texts.iter().map(|t| format!("{name}: {}", t.flat())).collect::<Vec<_>>())
        };
        let slots = [part("You see", &sheet.see), part("Evidence", &sheet.evidence), part("Way out", &sheet.way_out)];
        Self {
            stage: stage.id(),
            head: format!("== {}. Goal: {}", stage.title(), stage.goal()),
            now: std::iter::once(format!("Do now: {}", sheet.do_now.what))
                .chain(costs.map(|t| format!("  {t}")))
                .collect(),
            parts: slots.into_iter().chain(sheet.body.iter().map(block)).collect(),
            also: also(app),
            next: next(app),
        }
    }

    /// All of it but the keys.
    pub fn lines(&self) -> Vec<String> {
        let parts = self.parts.iter().flat_map(|(title, lines)| title.iter().chain(lines));
        std::iter::once(&self.head).chain(&self.now).chain(parts).cloned().collect()
    }
}

fn block(block: &Block) -> (Option<String>, Vec<String>) {
    match block {
        Block::Lines { title, lines } => {
            (Some(format!("-- {title}")), lines.iter().map(|l| format!("   {}", l.flat())).collect())
        }
        Block::Table(table) => {
            let row = |cells: &Vec<Text>| {
                let cells = table.head.iter().zip(cells).map(|(head, cell)| (head, cell.flat()));
                let named = cells.filter(|(_, cell)| !cell.is_empty()).map(|(head, cell)| match head.as_str() {
                    "" => cell,
                    head => format!("{head}: {cell}"),
                });
                format!("   {}", named.collect::<Vec<_>>().join("; "))
            };
            (Some(format!("-- {}", table.title)), table.rows.iter().map(row).collect())
        }
        Block::Chart(chart) => {
            let sum: f64 = chart.points.iter().map(|(_, v)| v).sum();
            let most = chart.points.iter().map(|(_, v)| *v).fold(0.0, f64::max);
            let marks: Vec<String> = chart
                .marks
                .iter()
                .map(|(at, _, word)| format!("{word} {}", crate::base::Stamp::from_secs(*at).minute()))
                .collect();
            let line = format!("-- {}: {sum:.0} in all, at most {most:.0}; {}", chart.title, marks.join(", "));
            (None, vec![line])
        }
    }
}

/// The one next thing, or that there is none.
pub(super) fn next(app: &App) -> String {
    let here = app.here().id();
    let other = app.recommended().filter(|other| other.id() != here && !app.holds());
    match (app.advised(), other) {
        (Some(action), _) => format!("NEXT: {} {}", action.key, action.label),
        (None, Some(other)) => format!("NEXT: n go on with {}", other.title()),
        (None, None) => "NEXT: wait, the program goes on by itself".to_owned(),
    }
}

/// Labels have commas in them, so none stands between two keys.
fn also(app: &App) -> String {
    let stage = app.here();
    let view = app.view(stage.id());
    let advised = app.advised().map(|a| a.id);
    let also = stage.actions().iter().filter(|a| Some(a.id) != advised && (a.ready)(&view).is_ok());
    let mut also: Vec<String> = also.map(|a| format!("{} {}", a.key, a.label)).collect();
    also.extend(["n next thing, 0-6 a stage, ? help, q leave".to_owned()]);
    format!("Also: {}", also.join("; "))
}
