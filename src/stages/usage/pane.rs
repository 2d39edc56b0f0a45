//! What the pane shows of the figures: what they say, the chart, the tables, and the way out by hand.
//!
//! Must not know: where on the screen it stands.

use std::collections::BTreeMap;

use crate::effect::ProviderOp;
use crate::effect::provider::{UsageReading, Window};
use crate::incident::usage::{Abuse, Assessment, as_f64, in_window};
use crate::providers::Support;

use super::super::sheet::{Chart, Table};
use super::super::{Block, Text, Tone, View, by_hand};
use super::money::money;
use super::state::{refused, up_to};

pub(super) fn see(at: &View<'_>, reading: &UsageReading, assessment: &Assessment) -> Vec<Text> {
    let tone = match assessment.verdict {
        Abuse::Abused => Tone::Bad,
        Abuse::NoSign => Tone::Good,
        Abuse::CannotTell => Tone::Warn,
    };
    let mut see = vec![
        Text::plain("The figures say: ")
            .and(tone, assessment.verdict.words())
            .and(Tone::Dim, format!("  ({})", up_to(reading))),
    ];
    see.extend(assessment.reasons.iter().take(3).map(|reason| Text::plain(format!("- {reason}"))));
    see.push(Text::plain(money(at, reading)));
    for part in reading.parts.iter().filter(|p| p.failed.is_some()) {
        see.push(Text::tone(
            Tone::Warn,
            format!("{} could not be read: {}", part.part, part.failed.clone().unwrap_or_default()),
        ));
    }
    see.push(Text::tone(Tone::Dim, "Usage carries no IP address: where it came from can't be told from here."));
    see
}

pub(super) fn chart(at: &View<'_>, reading: &UsageReading) -> Block {
    let mut minutes: BTreeMap<i64, u64> = BTreeMap::new();
    for row in in_window(reading) {
        *minutes.entry(row.start.secs()).or_default() += row.requests;
    }
    let mut marks = vec![(reading.window.from.secs(), 'L', "leak".to_owned())];
    if let Some(when) = refused(at) {
        marks.push((when.secs(), 'R', "refused".to_owned()));
    }
    marks.push((at.now.secs(), 'N', "now".to_owned()));
    Block::Chart(Chart {
        title: "Requests per minute".into(),
        points: minutes.into_iter().map(|(t, n)| (t, as_f64(n))).collect(),
        from: reading.window.from.plus_secs(-120).secs(),
        to: at.now.secs(),
        marks,
        unit: "req/min".into(),
    })
}

pub(super) fn table(assessment: &Assessment) -> Block {
    let rows = assessment.lines.iter().map(|line| {
        let ratio = match line.ratio {
            _ if line.new && line.requests > 0 => Text::tone(Tone::Bad, "new"),
            Some(ratio) if ratio >= 3.0 => Text::tone(Tone::Bad, format!("x{ratio:.1}")),
            Some(ratio) => Text::plain(format!("x{ratio:.1}")),
            None => Text::tone(Tone::Dim, "-"),
        };
        vec![
            line.model.as_str().into(),
            line.part.as_str().into(),
            format!("{:.1}", line.baseline).into(),
            format!("{:.1}", line.window).into(),
            ratio,
            line.tokens.to_string().into(),
        ]
    });
    Block::Table(Table {
        title: "By model and endpoint (requests per hour)".into(),
        head: ["Model", "Endpoint", "Before", "Window", "Ratio", "Tokens"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        ..Table::default()
    })
}

pub(super) fn audit(reading: &UsageReading) -> Option<Block> {
    let lines: Vec<Text> = reading
        .audit
        .iter()
        .rev()
        .take(12)
        .map(|row| {
            let ip = row.ip.as_ref().map(|ip| format!(" from {ip}")).unwrap_or_default();
            Text::plain(format!("{} {} by {}{ip} {}", row.at.minute(), row.what, row.actor, row.about))
        })
        .collect();
    (!lines.is_empty()).then(|| Block::Lines { title: "Audit log since the leak".into(), lines })
}

pub(super) fn way_out(at: &View<'_>) -> Vec<Text> {
    let Some(row) = at.incident.row().cloned() else {
        return vec!["By hand: open the provider's usage page, filter by the key, then v".into()];
    };
    let window = Window { baseline: at.now, from: at.now, to: at.now };
    match at.provider.support(&ProviderOp::Usage { row, window }, false) {
        Support::ByHand(how) => by_hand(how, None),
        _ => Vec::new(),
    }
}
